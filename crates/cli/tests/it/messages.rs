//! Messages about command lines that go wrong, as reviewed: the golden file has a case for each.
//! `UPDATE_EXPECT=1 cargo test -p runcomfy-cli messages` rewrites it; review the difference.

use std::net::TcpListener;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use runcomfy_emulator::{Call, Fault, Reply};
use serde_json::{Value, json};

use crate::golden;
use crate::support::{EDIT, Ended, PICTURE, Service, TEXT_TO_IMAGE, all_at_once, command};

/// A GIF image of 8000 x 400 pixels.
const WIDE: &[u8] = b"GIF89a\x40\x1f\x90\x01\x00\x00\x00;";

/// The first two thirds of a file.
macro_rules! cut {
    ($name:literal) => {{
        let whole = include_bytes!(concat!("../../../media/tests/fixtures/", $name));
        &whole[..whole.len() * 2 / 3]
    }};
}

/// Command lines, `M` and `E` standing for the two models of images, `USED` for a port on which a program listens; a
/// variable may come first. They need
/// neither token nor network.
const LINES: &str = "\
run bytedance/dreamina-4-0/text-to-imag --prompt x
run bytedance/dreamina-4-0/text-to-imag --prompt x --emulate
run dreamina --prompt x
run dreamina-4.0/edit --prompt x
run https://www.runcomfy.com/models/bytedance/dreamina-4-0/edit --emulate --prompt x
run https://www.runcomfy.com/models/bytedance/dreamina-4-0/edit/api?tab=1 --emulate --prompt x
run www.runcomfy.com/models/bytedance/dreamina-4-0/edit --emulate --prompt x
run https://www.runcomfy.com/playground/bytedance/dreamina-4-0/edit --emulate --prompt x
run acme/paint --emulate --prompt x
run acme/paint --prompt x
run acme/paint --input {} --unchecked
run --prompt x
run
list
history
rn M
frobnicate
models lst
models frobnicate
models list --limit x
models list --limit 0
models list --offset -1
login --token
run M --promt x --emulate
run M --widthxheight x --emulate
run M --seed 1.5 --emulate
status --seed some-id
run M --emulate
run M --prompt x --width-x-height 2048x9 --emulate
run M --prompt x --width-x-height 2048x2048(1:2) --emulate
run M --prompt x --width-x-height 2048x2047 --emulate
run M --prompt x --width-x-height 2 --emulate
run M --prompt x --width-x-height 2560×1440 --emulate
run M --prompt x --width-x-height 16:9 --emulate
run acme/paint --text x --unchecked
run M --PROMPT x --emulate
run M E --prompt x --emulate
run M --json --prompt x --emulate
run E --prompt x --image-urls cut.png --dry-run --emulate
run E --prompt x --image-urls cut.jpg --dry-run --emulate
run E --prompt x --image-urls cut.mp4 --dry-run --emulate
run E --prompt x --image-urls data:text/plain,hello --emulate
run E --prompt x --image-urls data:;base64,AAAA --dry-run --emulate
run E --prompt x --image-urls www.example.com/a.jpg
run M --input {\"input\":{\"prompt\":\"x\"}} --emulate
run M --input @
run M --prompt x --job-file empty.json
run M --prompt x --output JSON
run M --prompt x --color ALWAYS
models search flux
models list flux
models show M
models categories image
status one two
whoami --json
version
completion BASH
emulator --faults nofile
emulator --schemas nodir
emulator --prt 1
emulator --port USED
probe ok.gif cut.png
run M --prompt x --width-x-height 2048x2048 --dry-run --emulate
run M --prompt x --scale big --emulate
run M --prompt x --scale 7 --emulate
run E --prompt x --force-single yes
run E --prompt x --force-single FALSE
run E --prompt x --force-single=yes --image-urls ok.gif
run M --scale --prompt x
run M x --emulate
run M --prompt x y --emulate
run M --prompt x
balance
run E --prompt x --image-urls nofile.jpg
run E --prompt x --image-urls file:///nowhere/a.png
run E --prompt x --image-urls C:/nowhere/a.png
run E --prompt x --image-urls [\"https://example.com/a.jpg\"]
run E --prompt x --image-urls htps://example.com/a.jpg
run E --prompt x --image-urls https:/example.com/a.jpg
run E --prompt x --image-urls http://example.com/a.jpg --no-check-media --dry-run --emulate
run E --prompt x --image-urls http://example.com/a.jpg --dry-run --emulate
run E --prompt x --image-urls https://nohost.invalid/a.jpg
run E --prompt x --image-urls wide.gif
run E --prompt x --image-urls wide.gif --emulate
run E --prompt x --image-urls big.gif
run E --prompt x --image-urls note.txt
run E --prompt x --image-urls .
run E --prompt x --image-urls ok.gif,tiny.gif
run E --prompt x --image-urls ok.gif tiny.gif --dry-run --emulate
run M --input {'prompt':'x'}
run M --input in.json
run M --input @missing.json
run M --input-file empty.json
run M --input [\"x\"]
run M --input {\"prompt\":\"x\",\"prompt\":\"y\"} --dry-run --emulate
run M --prompt \"\" --dry-run --emulate
run M --prompt x --extra {scale:1}
run M --prompt x --extra {'lora':{}}
run E --prompt - --image-urls - --dry-run --emulate
status not/an/id
resume <id>
run M --prompt @note.txt --dry-run --emulate
run M --prompt - --dry-run --emulate
run M --prompt @missing.txt --emulate
run M --prompt @@home --dry-run --emulate
run M --prompt x --max-cost much
run M --prompt x --max-cost -1
run M --prompt x --color blue
run M --prompt x --timeout 5m --dry-run --emulate
run M --prompt x --timeout 5x
run M --prompt x --timeout -1
run M --prompt x --output json.txt
RUNCOMFY_MODEL_API_BASE=localhost:8188 run M --prompt x
RUNCOMFY_MODEL_API_BASE=http://127.0.0.1:1/v1 run M --prompt x
RUNCOMFY_MODEL_API_BASE=http://127.0.0.1:1/v1 models list
run M --prompt x --output-dir /proc/x
models get M
models get M --built-in
models get dreamina --built-in
models get acme/paint --built-in
run M —prompt x
run M -o x.png --prompt x
run M -prompt x --emulate
run -prompt x M --emulate
run M -pormpt x
models list -search x
skill
skill --out Skills_Of_Mine
skill --out runcomfy
skill --built-in --models bytedance/* --out runcomfy
skill --built-in --models [ --out runcomfy
skill --built-in --check --out runcomfy
completion nushell";

/// Returns a folder with the files that the lines name.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in [
        ("ok.gif", PICTURE),
        ("tiny.gif", PICTURE),
        ("wide.gif", WIDE),
        ("note.txt", b"The password is swordfish."),
        ("in.json", b"{\"prompt\": \"x\"}"),
        ("empty.json", b""),
        ("cut.png", cut!("palette.png")),
        ("cut.jpg", cut!("progressive.jpg")),
        ("cut.mp4", cut!("last.mp4")),
    ] {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    // A picture with what may be anything behind it.
    let big = folder.path().join("big.gif");
    std::fs::write(&big, PICTURE).unwrap();
    let big = std::fs::File::options().write(true).open(big).unwrap();
    big.set_len(16_781_926).unwrap();
    folder
}

/// Runs a line, and returns it with its exit code and what it prints; `used` is the port of another program.
fn case(line: &str, folder: &Path, used: &str) -> String {
    let mut words = line.split(' ').peekable();
    let mut command = command();
    let is_variable = |word: &&str| word.starts_with("RUNCOMFY_");
    if let Some((name, value)) = words.next_if(is_variable).and_then(|w| w.split_once('=')) {
        command.env(name, value).env("RUNCOMFY_TOKEN", "t");
    }
    if line.contains("/proc/x") {
        command.env("RUNCOMFY_TOKEN", "t");
    }
    let words = words.map(|word| match word {
        "M" => TEXT_TO_IMAGE,
        "E" => EDIT,
        "USED" => used,
        "\"\"" => "",
        word => word,
    });
    command
        .args(["--output", "text"])
        .args(words)
        .current_dir(folder);
    command.stdin(std::process::Stdio::null());
    let text = shown(line, &command.output().unwrap().into());
    if !line.contains("USED") {
        return text;
    }
    let system = text.find(" (os error ").unwrap();
    let end = system + text[system..].find(')').unwrap();
    format!("{}{}", &text[..system], &text[end + 1..]).replace(used, "USED")
}

fn shown(line: &str, ended: &Ended) -> String {
    let all = format!("{}{}", ended.err, ended.out);
    let lines = all
        .trim_end()
        .lines()
        .map(|line| line.trim_end().to_owned() + "\n");
    format!(
        "$ runcomfy {line}    # exit code {}\n{}\n",
        ended.code,
        lines.collect::<String>()
    )
}

#[track_caller]
fn check(name: &str, cases: Vec<(usize, String)>) {
    let mut cases = cases;
    cases.sort();
    let text: String = cases.into_iter().map(|(_, text)| text).collect();
    golden::check(name, &text);
}

#[test]
fn messages_are_as_reviewed() {
    let folder = folder();
    let other_program = TcpListener::bind("127.0.0.1:0").unwrap();
    let used = other_program.local_addr().unwrap().port().to_string();
    let cases = Mutex::new(Vec::new());
    all_at_once(LINES.lines().enumerate(), |(index, line)| {
        let text = case(line, folder.path(), &used);
        cases.lock().unwrap().push((index, text));
    });
    check("messages.txt", cases.into_inner().unwrap());
}

/// Commands about an address, a job or a model that the service does not know.
fn not_found() -> Vec<Case> {
    vec![
        (
            "list 404",
            vec!["models", "list"],
            Call::Catalogue,
            Some(Reply::html(404)),
        ),
        (
            "categories 404",
            vec!["models", "categories"],
            Call::Catalogue,
            Some(Reply::new(404, "")),
        ),
        (
            "model 404",
            vec!["models", "get", "acme/x"],
            Call::Catalogue,
            Some(Reply::new(404, "")),
        ),
        (
            "balance 404",
            vec!["balance"],
            Call::Balance,
            Some(Reply::new(404, "")),
        ),
        (
            "address of a status",
            vec!["status", "https://service/v1/requests/unknown-id/status"],
            Call::Status,
            None,
        ),
        (
            "part of a model id",
            vec!["models", "get", "dreamina"],
            Call::Catalogue,
            None,
        ),
    ]
}

/// Runs whose price is above the maximum, or unknown.
fn prices() -> Vec<Case> {
    let run = |max| {
        let run = ["run", TEXT_TO_IMAGE, "--prompt", "x", "--no-wait"];
        [&run[..], &["--max-cost", max]].concat()
    };
    vec![
        (
            "price above the maximum",
            run("0.03"),
            Call::Catalogue,
            None,
        ),
        (
            "unknown price",
            run("0.03"),
            Call::Catalogue,
            Some(Reply::patched(json!({ "base_price_usd": null }))),
        ),
        (
            "unknown unit",
            run("9"),
            Call::Catalogue,
            Some(Reply::patched(json!({ "price_unit": "hour" }))),
        ),
        (
            "no catalogue",
            run("9"),
            Call::Catalogue,
            Some(Reply::refused(403, 403_001)),
        ),
    ]
}

/// Runs of models that the service answers in ways that no documentation has.
fn odd_replies() -> Vec<Case> {
    let run = ["run", TEXT_TO_IMAGE, "--prompt", "x", "--poll-secs", "0"];
    let saved = [&run[..], &["-q", "--output", "pretty"]].concat();
    let internal = || Some(Reply::refused(200, 500_001));
    let with_lora = r#"{"prompt":"x","lora":{}}"#;
    vec![
        (
            "file 404",
            saved.clone(),
            Call::File,
            Some(Reply::new(404, "")),
        ),
        (
            "file 403",
            saved.clone(),
            Call::File,
            Some(Reply::new(403, "")),
        ),
        (
            "file 500",
            saved.clone(),
            Call::File,
            // Else the download is retried for long.
            Some(Reply::new(500, "").retry_after(Duration::from_secs(3600))),
        ),
        (
            "submit: HTTP 200, code 500001",
            [&run[..], &["--no-wait"]].concat(),
            Call::Submit,
            internal(),
        ),
        (
            "status: HTTP 200, code 500001",
            saved.clone(),
            Call::Status,
            internal(),
        ),
        (
            "output null",
            saved,
            Call::Result,
            Some(Reply::patched(json!({ "output": null }))),
        ),
        (
            "property beside the schema",
            vec![
                "run",
                TEXT_TO_IMAGE,
                "--input",
                with_lora,
                "--unchecked",
                "--no-wait",
            ],
            Call::Submit,
            None,
        ),
        (
            "refused --extra",
            [&run[..], &["--extra", r#"{"lora":{}}"#]].concat(),
            Call::Submit,
            None,
        ),
    ]
}

/// A name, a command line, and the reply to a call.
type Case = (&'static str, Vec<&'static str>, Call, Option<Reply>);

#[test]
fn messages_about_the_service_are_as_reviewed() {
    let reply = |status: u16, code: u32| Some(Reply::refused(status, code));
    let entry = |schema: Value| {
        Some(Reply::json(
            200,
            &json!({ "model_id": "acme/x/y", "input_schema": schema }),
        ))
    };
    let input = ["--input", r#"{"prompt":"x"}"#, "--no-wait"];
    let sent = [&["run", "acme/x/y"], &input[..]].concat();
    let unchecked = [&sent[..], &["--unchecked"]].concat();
    let run = ["run", TEXT_TO_IMAGE, "--prompt", "x", "--no-wait"];
    let mut cases: Vec<Case> = vec![
        (
            "catalogue 404",
            unchecked.clone(),
            Call::Catalogue,
            reply(404, 404_001),
        ),
        (
            "catalogue 401",
            unchecked.clone(),
            Call::Catalogue,
            reply(401, 400_004),
        ),
        (
            "catalogue 404",
            sent.clone(),
            Call::Catalogue,
            reply(404, 404_001),
        ),
        (
            "catalogue 401",
            sent.clone(),
            Call::Catalogue,
            reply(401, 400_004),
        ),
        (
            "catalogue 403",
            sent.clone(),
            Call::Catalogue,
            reply(403, 403_001),
        ),
        (
            "schema null",
            sent.clone(),
            Call::Catalogue,
            entry(Value::Null),
        ),
        ("schema {}", sent.clone(), Call::Catalogue, entry(json!({}))),
        (
            "submit 403",
            run.to_vec(),
            Call::Submit,
            reply(403, 403_001),
        ),
        (
            "list 403",
            vec!["models", "list"],
            Call::Catalogue,
            reply(403, 403_001),
        ),
        (
            "no hit",
            vec!["models", "list", "--search", "zzz"],
            Call::Catalogue,
            None,
        ),
        (
            "no kind",
            vec!["models", "list", "--kind", "foo"],
            Call::Catalogue,
            None,
        ),
        ("status", vec!["status", "unknown-id"], Call::Status, None),
        ("word as an id", vec!["status", "abc"], Call::Status, None),
    ];
    cases.extend(not_found());
    cases.extend(prices());
    cases.extend(odd_replies());
    let shown_cases = Mutex::new(Vec::new());
    all_at_once(
        cases.into_iter().enumerate(),
        |(index, (name, line, call, reply))| {
            let service = Service::with(|builder| builder.seed(7));
            match reply {
                // A download is repeated, and so is what fails it.
                Some(reply) if call == Call::File => {
                    service.emulator.add_fault(Fault::every(call, 1, reply));
                }
                Some(reply) => service.emulator.script(call, reply),
                None => {}
            }
            let ended = service.run(&line);
            let words = format!("{}    # {name}", line.join(" "));
            let text =
                shown(&words, &ended).replace(&service.emulator.base_url(), "http://emulator");
            let text = without_key(&text);
            shown_cases.lock().unwrap().push((index, text));
        },
    );
    check("service-messages.txt", shown_cases.into_inner().unwrap());
}

/// Replaces the idempotency key, which differs in each run.
fn without_key(text: &str) -> String {
    let Some((before, key)) = text.split_once(" [key ") else {
        return text.to_owned();
    };
    let (_, after) = key.split_once(']').unwrap();
    format!("{before} [key …]{after}")
}

/// Replaces the times, which differ in each run.
fn without_times(json: &mut Value) {
    for name in ["created_at", "finished_at"] {
        if let Some(time) = json.get_mut(name).filter(|time| !time.is_null()) {
            *time = "…".into();
        }
    }
}

#[test]
fn results_are_as_reviewed() {
    let service = Service::with(|builder| builder.seed(7));
    let mut all = String::new();
    let mut result = |name: &str, before: &dyn Fn(), after: &dyn Fn(&str)| {
        before();
        let run = ["run", TEXT_TO_IMAGE, "--prompt", "x", "--no-wait"];
        let job = service.json(&run).good_json();
        let id = job["request_id"].as_str().unwrap();
        after(id);
        let ended = service.piped(&["result", id, "--no-download", "--output", "json"]);
        let mut json = ended.json();
        without_times(&mut json);
        let mut error = match ended.err.lines().last() {
            Some(line) => serde_json::from_str(line).unwrap(),
            None => Value::Null,
        };
        without_times(&mut error);
        let text = format!(
            "$ runcomfy result ID --output json    # {name}, exit code {}\n{json:#}\n{error:#}\n\n",
            ended.code
        );
        all += &text.replace(&service.emulator.base_url(), "http://emulator");
    };
    let nothing = || {};
    result(
        "failed",
        &|| {
            service
                .emulator
                .fail_next(json!([{ "errorCode": 7, "error": "out of paint" }]));
        },
        &|_| {},
    );
    let patch = |patch: Value| {
        let patched = Reply::patched(patch);
        service.emulator.script(Call::Result, patched);
    };
    result("cancelled", &nothing, &|_| {
        patch(json!({ "status": "cancelled", "output": null }));
    });
    result("cost, seed and logs", &nothing, &|_| {
        patch(json!({ "cost": { "usd": 0.04 }, "seed": 7, "logs": ["begun"] }));
    });
    golden::check("results.txt", &all);
}

#[test]
fn used_port_is_named() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let port = address.port().to_string();
    let ended: Ended = command()
        .args(["emulator", "--port", &port])
        .output()
        .unwrap()
        .into();
    assert_eq!(ended.code, 69, "{ended:?}");
    for words in [&*format!("cannot listen on {address}"), "--port 0"] {
        assert!(ended.err.contains(words), "{ended:?}");
    }
}

#[test]
fn price_within_the_maximum_is_submitted() {
    let service = Service::new();
    let run = ["run", TEXT_TO_IMAGE, "--prompt", "x", "--no-wait"];
    for (max, code, jobs) in [("0.03", 65, 0), ("0.04", 0, 1), ("$5", 0, 2)] {
        let ended = service.run(&[&run[..], &["--max-cost", max]].concat());
        assert_eq!(ended.code, code, "{ended:?}");
        assert_eq!(service.emulator.ledger().len(), jobs, "{max}");
    }
    // A dry run is refused as the run would be.
    for (max, code) in [("0.03", 65), ("0.04", 0)] {
        let line = ["--max-cost", max, "--dry-run"];
        let dry = service.run(&[&run[..4], &line].concat());
        assert_eq!(dry.code, code, "{dry:?}");
    }
    // An emulated run costs nothing.
    let emulated = ["run", TEXT_TO_IMAGE, "--prompt", "x", "--emulate"];
    let ended = service.run(&[&emulated[..], &["--max-cost", "0"]].concat());
    assert_eq!(ended.code, 0, "{ended:?}");
}
