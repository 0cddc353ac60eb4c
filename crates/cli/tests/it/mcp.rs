//! The tools for agents, by the command itself.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use runcomfy_emulator::{Call, Fault, Reply};
use serde_json::{Value, json};

use crate::golden;
use crate::support::{EDIT, Ended, PICTURE, Service, TEXT_TO_IMAGE, command, exit_code};

/// A session of a client over standard input and output.
struct Agent {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    requests: u64,
    /// Number of questions to a person, who says no.
    questions: usize,
}

impl Agent {
    fn start(command: Command) -> Self {
        Self::with(command, &json!({}))
    }

    fn with(mut command: Command, capabilities: &Value) -> Self {
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut agent = Self {
            input: child.stdin.take().unwrap(),
            output: BufReader::new(child.stdout.take().unwrap()),
            child,
            requests: 0,
            questions: 0,
        };
        let params = json!({
            "protocolVersion": "2025-06-18", "capabilities": capabilities,
            "clientInfo": { "name": "test", "version": "1" },
        });
        agent.request("initialize", &params);
        agent.write(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
        agent
    }

    fn write(&mut self, message: &Value) {
        writeln!(self.input, "{message}").unwrap();
    }

    fn request(&mut self, method: &str, params: &Value) -> Value {
        self.requests += 1;
        let id = self.requests;
        self.write(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        let mut line = String::new();
        loop {
            line.clear();
            assert_ne!(
                self.output.read_line(&mut line).unwrap(),
                0,
                "{method} ended the session"
            );
            // Nothing but the protocol is on standard output.
            let message: Value = serde_json::from_str(&line).unwrap();
            if message["method"] == "elicitation/create" {
                self.questions += 1;
                let declined = json!({ "action": "decline", "content": { "pay": true } });
                let question = &message["id"];
                self.write(&json!({ "jsonrpc": "2.0", "id": question, "result": declined }));
            } else if message["id"] == id {
                return message["result"].clone();
            }
        }
    }

    /// Calls a tool, and returns its answer or its refusal.
    fn call(&mut self, tool: &str, arguments: &Value) -> Value {
        let params = json!({ "name": tool, "arguments": arguments });
        self.request("tools/call", &params)["structuredContent"].clone()
    }

    fn end(&mut self, key: &str) -> Value {
        loop {
            let answer = self.call("wait", &json!({ "id": key }));
            if !["submitting", "submitted", "running", "saving"]
                .contains(&answer["state"].as_str().unwrap())
            {
                return answer;
            }
        }
    }

    /// Closes the connection, and returns the exit code.
    fn close(self) -> i32 {
        let Self {
            mut child,
            input,
            output,
            ..
        } = self;
        drop((input, output));
        exit_code(child.wait().unwrap())
    }
}

/// Returns the command with a store in the folder of a service.
fn served(service: &Service, flags: &[&str]) -> Command {
    let arguments = [&["mcp", "--store", "agents.batch.db"], flags].concat();
    service.command(&arguments)
}

fn ended(command: &mut Command) -> Ended {
    command.stdin(Stdio::null()).output().unwrap().into()
}

#[test]
fn help_is_as_reviewed() {
    golden::check("mcp.txt", &golden::help(&["mcp", "--help"]));
}

#[test]
fn job_is_paid_once_over_two_sessions_and_within_the_budget() {
    let service = Service::new();
    let boat = |key: &str| {
        let input = json!({ "prompt": "A boat" });
        json!({ "model": TEXT_TO_IMAGE, "input": input, "key": key, "confirmed_cost": 0.04 })
    };
    let mut agent = Agent::start(served(&service, &["--budget", "0.05"]));
    let first = agent.call("submit", &boat("boat-1"));
    assert!(first["request_id"].is_string(), "{first}");
    assert_eq!(agent.end("boat-1")["state"], "saved");
    assert_eq!(agent.close(), 0);
    // The budget is that of the store.
    let mut agent = Agent::start(served(&service, &[]));
    assert_eq!(
        agent.call("submit", &boat("boat-1"))["request_id"],
        first["request_id"]
    );
    let refusal = agent.call("submit", &boat("boat-2"));
    assert!(
        refusal["error"].as_str().unwrap().contains("$0.01 left"),
        "{refusal}"
    );
    let file = agent.call("result", &json!({ "id": "boat-1" }))["files"][0].clone();
    let folder = service.folder.path().join("agents.out");
    assert!(
        std::path::Path::new(file.as_str().unwrap()).starts_with(folder),
        "{file}"
    );
    assert_eq!(agent.close(), 0);
    assert_eq!(service.emulator.ledger().len(), 1);
}

#[test]
fn doubt_names_the_whole_path_of_its_store() {
    let service = Service::new();
    let lost = Fault::nth(Call::Submit, 1, Reply::lost().carried_out());
    service.emulator.add_fault(lost);
    let mut agent = Agent::start(served(&service, &[]));
    let job = json!({
        "model": TEXT_TO_IMAGE, "input": { "prompt": "b" }, "key": "boat-1", "confirmed_cost": 0.04,
    });
    let answer = agent.call("submit", &job);
    assert_eq!(answer["state"], "in_doubt", "{answer}");
    let store = service.folder.path().canonicalize().unwrap();
    let store = store.join("agents.batch.db");
    let next = answer["next"].as_str().unwrap();
    let named = format!("--store {}", store.display());
    assert!(next.contains(&named), "{next}");
    assert_eq!(agent.close(), 0);
}

#[test]
fn missing_budget_is_a_warning_unless_emulated() {
    const WARNING: &str = "no budget is set";
    let service = Service::new();
    let paid = ended(&mut served(&service, &[]));
    assert!(paid.err.contains(WARNING), "{paid:?}");
    let mut emulated = service.command(&["mcp", "--emulate"]);
    let folder = service.folder.path();
    let emulated = ended(
        emulated
            .env("XDG_DATA_HOME", folder)
            .env("LOCALAPPDATA", folder),
    );
    assert!(!emulated.err.contains(WARNING), "{emulated:?}");
    assert!(folder.join("runcomfy/agents.emulated.batch.db").exists());
}

#[test]
fn person_is_asked_unless_the_user_said_yes() {
    let service = Service::new();
    let boat = json!({
        "model": TEXT_TO_IMAGE, "input": { "prompt": "A boat" }, "key": "boat-1", "confirmed_cost": 0.04,
    });
    let can_ask = json!({ "elicitation": {} });
    let mut agent = Agent::with(served(&service, &[]), &can_ask);
    let refusal = agent.call("submit", &boat);
    let error = refusal["error"].as_str().unwrap();
    assert!(error.contains("has not agreed"), "{refusal}");
    assert_eq!(agent.questions, 1);
    assert_eq!(agent.close(), 0);
    assert_eq!(service.emulator.ledger().len(), 0);
    let mut agent = Agent::with(served(&service, &["--yes"]), &can_ask);
    let answer = agent.call("submit", &boat);
    assert!(answer["request_id"].is_string(), "{answer}");
    assert_eq!(agent.questions, 0);
    assert_eq!(agent.close(), 0);
    assert_eq!(service.emulator.ledger().len(), 1);
}

#[test]
fn local_media_are_sent_and_other_files_never() {
    let service = Service::new();
    let folder = service.folder.path();
    std::fs::write(folder.join("boat.gif"), PICTURE).unwrap();
    std::fs::write(folder.join("note.txt"), "secret").unwrap();
    let job = |path: &str, key: &str| {
        let input = json!({ "prompt": "b", "image_urls": [path] });
        json!({ "model": EDIT, "input": input, "key": key, "confirmed_cost": 0.04 })
    };
    let mut agent = Agent::start(served(&service, &[]));
    for (path, expected) in [
        ("missing.gif", "which is no file in the folder"),
        (".", "the folder"),
        ("note.txt", "an image, a video or audio"),
        ("/dev/null", "a pipe or a device"),
        ("-", "the path of a file"),
    ] {
        let refusal = agent.call("submit", &job(path, "wrong"));
        let text = refusal["error"].as_str().unwrap();
        assert!(
            text.contains("/image_urls/0") && text.contains(expected),
            "{refusal}"
        );
        let money = refusal["money"].as_str().unwrap();
        assert!(money.starts_with("Nothing was submitted"), "{refusal}");
    }
    let answer = agent.call("submit", &job("boat.gif", "boat-1"));
    assert!(answer["request_id"].is_string(), "{answer}");
    assert_eq!(agent.end("boat-1")["state"], "saved");
    // In a batch too; the store keeps the path.
    let batch = json!({ "batch": "b", "jobs": [job("boat.gif", "1")], "confirmed_cost": 0.04 });
    let mut batch = batch;
    batch["jobs"][0]
        .as_object_mut()
        .unwrap()
        .remove("confirmed_cost");
    assert_eq!(agent.call("batch_submit", &batch)["new_jobs"], 1);
    assert_eq!(agent.end("b/1")["state"], "saved");
    assert_eq!(agent.close(), 0);
    let ledger = service.emulator.ledger();
    assert_eq!(ledger.len(), 2);
    for entry in ledger {
        let sent = entry.input["image_urls"][0].as_str().unwrap();
        assert!(sent.starts_with("data:image/gif;base64,"), "{sent}");
    }
}

#[test]
fn unusable_settings_are_refused_before_anything_listens() {
    let service = Service::new();
    let occupied = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let occupied = occupied.local_addr().unwrap().to_string();
    let token = "0123456789abcdef";
    for (flags, variable, code, expected) in [
        (
            &["--http", "127.0.0.1:0"][..],
            "",
            64,
            "RUNCOMFY_MCP_TOKEN is not set",
        ),
        (
            &["--http", "127.0.0.1:0"],
            "short",
            64,
            "5 characters, expected at least 16",
        ),
        (&["--http", "0.0.0.0:0"], token, 64, "other machines"),
        (&["--http", "nowhere"], token, 2, "or localhost:8765"),
        (
            &["--http", "localhost:0"],
            "short",
            64,
            "5 characters, expected at least 16",
        ),
        (&["--http", &occupied], token, 64, "cannot listen"),
        (
            &["--model", "bytedance/*"],
            "",
            65,
            "no model matches `bytedance/*`",
        ),
        (&["--budget", "much"], "", 2, "--budget"),
        (&["--budget", "-1"], "", 2, "expected a sum in US dollars"),
        (
            &["--price-per-job", "-nan"],
            "",
            2,
            "expected a sum in US dollars",
        ),
        (&["--concurrency", "0"], "", 2, "--concurrency"),
        (&["--emulate"], "", 2, "--store"),
    ] {
        let ended = ended(served(&service, flags).env("RUNCOMFY_MCP_TOKEN", variable));
        assert_eq!((ended.code, &*ended.out), (code, ""), "{ended:?}");
        assert!(ended.err.contains(expected), "{ended:?}");
        assert!(!ended.err.contains("listening"), "{ended:?}");
        assert!(!ended.err.contains(token), "{ended:?}");
    }
    std::fs::write(service.folder.path().join("note.txt"), "not a store").unwrap();
    let store = ended(&mut service.command(&["mcp", "--store", "note.txt"]));
    assert!(
        store.code != 0 && store.err.contains("note.txt"),
        "{store:?}"
    );
    let folder = ended(&mut service.command(&["mcp", "--store", "missing/agents.batch.db"]));
    assert!(
        folder.code != 0 && folder.err.contains("missing"),
        "{folder:?}"
    );
    let mut nobody = command();
    let store = service.folder.path().join("agents.batch.db");
    let nobody = ended(nobody.arg("mcp").arg("--store").arg(store));
    assert_eq!(nobody.code, 77, "{nobody:?}");
    for expected in ["`runcomfy login`", "`env`", "`runcomfy mcp --emulate`"] {
        assert!(nobody.err.contains(expected), "{nobody:?}");
    }
    assert!(!nobody.err.contains("runcomfy run"), "{nobody:?}");
    assert_eq!(service.emulator.ledger().len(), 0);
}
