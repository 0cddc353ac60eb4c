//! `batch run`: each job once, within the budget, resumed by the same command.

use std::time::Duration;

use runcomfy_batch::Store;
use runcomfy_emulator::{Call, Reply};
use serde_json::Value;

use super::jobs::{FILE, Jobs, open};
use crate::support::{Ended, with_stdin};

#[test]
fn same_command_resumes_within_a_new_budget() {
    let jobs = Jobs::new(6);
    let stopped = jobs.ends(&["--budget", "0.13"], 3);
    assert!(stopped.err.contains("$0.01 is left"), "{stopped:?}");
    assert!(stopped.err.contains("for about $0.24"), "{stopped:?}");
    assert_eq!((jobs.submitted(), jobs.pictures()), (3, 3));
    // The budget belongs to the store.
    jobs.ends(&[], 3);
    let ended = jobs.ends(&["--budget", "none", "--output", "json"], 0);
    let json = ended.json();
    assert_eq!(json["jobs"]["saved"], 6);
    assert_eq!(json["money"]["spent"], 0.24);
    assert_eq!(json["ended_by"], "done");
    jobs.ends(&[], 0);
    assert_eq!((jobs.submitted(), jobs.pictures()), (6, 6));
}

#[test]
fn nothing_is_submitted_while_a_line_is_invalid() {
    let jobs = Jobs::new(0);
    let lines = "{\"input\": {\"prompt\": \"x\"}}\n\n{\"input\": {\"prompt\": 7}}\n{\"inptu\": {}}\n\
        {\"model\": \"acme/paint\", \"input\": {}}\nnone\n";
    jobs.write(FILE, lines);
    let refused = jobs.ends(&[], 65);
    for fault in [
        "boats.jsonl:3:22: prompt: found 7",
        "boats.jsonl:4:1: the input is missing",
        "boats.jsonl:4:11: unknown member `inptu`",
        "boats.jsonl:5:11: there is no model `acme/paint`",
        "boats.jsonl:6:2: not JSON",
    ] {
        assert!(refused.err.contains(fault), "{fault}: {refused:?}");
    }
    assert!(!jobs.path("boats.jsonl.batch.db").exists());
    let json = jobs.ends(&["--output", "json"], 65);
    let line: Value = serde_json::from_str(json.err.lines().last().unwrap()).unwrap();
    assert_eq!(line["faults"][0]["line"], 3);
    assert_eq!(jobs.submitted(), 0);
    let skipped = jobs.ends(&["--skip-invalid"], 0);
    assert!(skipped.err.contains("4 lines of `boats.jsonl` left out"));
    assert_eq!(jobs.prompts(), ["x"]);
}

#[test]
fn skipped_line_that_was_ready_is_withdrawn() {
    let jobs = Jobs::new(2);
    jobs.ends(&["--budget", "0.04"], 3);
    jobs.write(FILE, "{\"id\": \"boat-1\", \"input\": {\"prompt\": \"Boat 1\"}}\n{\"id\": \"boat-2\", \"input\": {}}\n");
    let ended = jobs.ends(&["--budget", "none", "--skip-invalid"], 0);
    assert!(ended.err.contains("withdrawn"), "{ended:?}");
    assert_eq!(jobs.submitted(), 1);
}

#[test]
fn edited_lines_are_named_before_they_cost_money() {
    let jobs = Jobs::new(1);
    let line = |prompt: &str| format!("{{\"input\": {{\"prompt\": \"{prompt}\"}}}}\n");
    let named = |prompt: &str| line(prompt).replacen('{', "{\"id\": \"a\", ", 1);
    jobs.write(FILE, named("x") + &line("y"));
    jobs.ends(&[], 0);
    jobs.write(FILE, named("other") + &line("other"));
    // Without an agreement nothing is submitted.
    let mut arguments = Jobs::arguments(FILE, &[]);
    arguments.retain(|argument| *argument != "--yes");
    let refused = jobs.service.run(&arguments);
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(refused.err.contains("line 1 was edited"), "{refused:?}");
    let new = "a line without `id` that was edited is a new job";
    assert!(refused.err.contains(new), "{refused:?}");
    assert_eq!(jobs.submitted(), 2);
    jobs.ends(&[], 0);
    assert_eq!(jobs.prompts(), ["other", "x", "y"]);
}

#[test]
fn changed_schema_is_refused_with_the_difference() {
    let jobs = Jobs::new(1);
    let schema = |max: u32| {
        format!(r#"{{"properties": {{"prompt": {{"type": "string", "maxLength": {max}}}}}}}"#)
    };
    let run = |more: &[&str]| {
        let begin = [
            "batch",
            "run",
            FILE,
            "--model",
            "acme/paint",
            "--schema",
            "paint.json",
        ];
        jobs.service
            .run(&[&begin[..], &["--price-per-job", "0.04", "--yes"], more].concat())
    };
    jobs.write("paint.json", schema(100));
    // The service does not know the model: the job fails, and nothing is charged.
    assert_eq!(run(&[]).code, 1);
    jobs.write("paint.json", schema(90));
    let refused = run(&[]);
    assert_eq!(refused.code, 65, "{refused:?}");
    let difference = "/properties/prompt/maxLength was 100, now 90";
    assert!(refused.err.contains(difference), "{refused:?}");
    assert_eq!(run(&["--accept-schema"]).code, 1);
    assert_eq!(run(&[]).code, 1);
}

#[test]
fn jobs_on_standard_input_need_a_store() {
    let jobs = Jobs::new(0);
    let csv = "id,prompt\na,Boat\nb,Ship\n";
    let run = |more: &[&str]| {
        let arguments = Jobs::arguments("-", more);
        with_stdin(&mut jobs.service.command(&arguments), csv.as_bytes())
    };
    let refused = run(&[]);
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(refused.err.contains("--store"), "{refused:?}");
    for _ in 0..2 {
        let ended = run(&["--store", "x.batch.db", "--repeat", "2"]);
        assert_eq!(ended.code, 0, "{ended:?}");
    }
    assert_eq!(jobs.prompts(), ["Boat", "Boat", "Ship", "Ship"]);
    for end in ["png", "json"] {
        assert!(
            jobs.path("x.out")
                .join(format!("000002-a_2.{end}"))
                .exists()
        );
    }
}

#[test]
fn doubt_is_named_and_never_submitted_again() {
    let jobs = Jobs::new(3);
    jobs.service.emulator.script(Call::Submit, Reply::lost());
    let ended = jobs.ends(&[], 69);
    let key = jobs.service.emulator.ledger()[0]
        .idempotency_key()
        .unwrap()
        .to_owned();
    assert!(ended.err.contains(&key), "{ended:?}");
    assert!(
        ended.err.contains("batch resolve KEY boats.jsonl"),
        "{ended:?}"
    );
    jobs.ends(&[], 69);
    assert_eq!((jobs.submitted(), jobs.pictures()), (3, 2));
}

#[test]
fn failed_jobs_are_listed() {
    let jobs = Jobs::new(3);
    let fails = Reply::job_fails("no boat");
    jobs.service.emulator.script(Call::Submit, fails);
    let ended = jobs.ends(&["--concurrency", "1"], 1);
    assert!(ended.err.contains("of 3 jobs, 1 failed"), "{ended:?}");
    assert!(ended.err.contains("job 1 `boat-1` ("), "{ended:?}");
}

#[test]
fn stores_that_cannot_be_used_are_explained() {
    let jobs = Jobs::new(1);
    jobs.ends(&[], 0);
    let store = jobs.path("boats.jsonl.batch.db");
    let whole = std::fs::read(&store).unwrap();
    let mut newer = whole.clone();
    // `user_version`, which SQLite documents to be at byte 60.
    newer[63] = 99;
    let mut damaged = whole.clone();
    damaged[4096..].fill(7);
    for (bytes, message) in [
        (&newer[..], "the store has version 99"),
        (&damaged, "the store is damaged"),
        (b"{}", "the file is no store"),
    ] {
        std::fs::write(&store, bytes).unwrap();
        let _ = std::fs::remove_file(jobs.path("boats.jsonl.batch.db-wal"));
        let ended = jobs.ends(&[], 66);
        assert!(ended.err.contains(message), "{ended:?}");
        assert_eq!(std::fs::read(&store).unwrap(), bytes);
    }
    assert_eq!(jobs.submitted(), 1);
}

#[test]
fn local_files_are_sent_and_patterns_expanded() {
    use crate::support::{EDIT, PICTURE};

    let jobs = Jobs::new(0);
    for name in ["b.gif", "a.gif"] {
        jobs.write(name, PICTURE);
    }
    let line = |urls: &str| {
        format!(
            "{{\"model\": \"{EDIT}\", \"input\": {{\"prompt\": \"x\", \"image_urls\": {urls}}}}}\n"
        )
    };
    jobs.write(
        FILE,
        line("[\"*.gif\"]") + &line("[\"*.png\"]") + &line("[\"-\"]"),
    );
    let refused = jobs.ends(&[], 65);
    assert!(refused.err.contains(":2:"), "{refused:?}");
    assert!(
        refused.err.contains("no file matches `*.png`"),
        "{refused:?}"
    );
    assert!(refused.err.contains("standard input"), "{refused:?}");
    jobs.write(FILE, line("[\"*.gif\"]"));
    jobs.ends(&[], 0);
    let ledger = jobs.service.emulator.ledger();
    let sent = ledger[0].input["image_urls"].as_array().unwrap();
    assert_eq!(sent.len(), 2);
    let is_picture = |url: &Value| url.as_str().unwrap().starts_with("data:image/gif");
    assert!(sent.iter().all(is_picture), "{sent:?}");
    let store = open(jobs.service.folder.path());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let rows = runtime.block_on(store.rows(None, 0, 9)).unwrap();
    assert_eq!(
        rows[0].input["image_urls"],
        serde_json::json!(["a.gif", "b.gif"])
    );
}

#[test]
fn emulated_run_needs_no_token_and_no_agreement() {
    let jobs = Jobs::new(2);
    let mut command = jobs.service.command(&[
        "batch",
        "run",
        FILE,
        "--model",
        crate::support::TEXT_TO_IMAGE,
        "--emulate",
    ]);
    command.env_remove("RUNCOMFY_TOKEN");
    let ended = Ended::from(command.output().unwrap());
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_eq!(jobs.submitted(), 0);
    assert!(jobs.path("boats.jsonl.emulated.batch.db").exists());
    assert!(!jobs.path("boats.jsonl.batch.db").exists());
    let status = jobs.service.run(&["batch", "status", FILE]);
    assert_eq!(status.code, 66, "{status:?}");
    let hint = "whose store is boats.jsonl.emulated.batch.db";
    assert!(status.err.contains(hint), "{status:?}");
}

#[test]
fn log_has_a_line_of_json_for_each_transition() {
    let jobs = Jobs::new(2);
    let ended = jobs.ends(&["--log-format", "json", "--output", "json"], 0);
    let lines = ended
        .err
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    let lines: Vec<Value> = lines.collect();
    let states: Vec<(&str, &str)> = lines
        .iter()
        .filter(|line| line["n"] == 1)
        .filter_map(|line| Some((line["state.from"].as_str()?, line["state.to"].as_str()?)))
        .collect();
    assert_eq!(states, [("intent", "submitted"), ("submitted", "saved")]);
    let saved = lines
        .iter()
        .find(|line| line["state.to"] == "saved")
        .unwrap();
    for member in [
        "time",
        "level",
        "target",
        "message",
        "batch",
        "key",
        "request_id",
        "worker",
    ] {
        assert!(saved.get(member).is_some(), "{member}: {saved}");
    }
    assert_eq!(
        (&saved["target"], &saved["cost"]),
        (&"runcomfy::batch".into(), &0.04.into())
    );
}

#[cfg(unix)]
#[test]
fn signal_leaves_jobs_for_the_next_run() {
    use rustix::process::{Pid, Signal, kill_process};

    use crate::support::exit_code;

    let minute = Duration::from_secs(60);
    let jobs = Jobs::with(4, |builder| builder.run_time(minute));
    let arguments = Jobs::arguments(FILE, &["--rate", "1/h"]);
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let mut command = jobs.service.command(&arguments);
        let piped = std::process::Stdio::piped;
        let before = jobs.service.polls();
        let child = command.stdout(piped()).stderr(piped()).spawn().unwrap();
        while jobs.service.polls() == before {
            std::thread::sleep(Duration::from_millis(10));
        }
        kill_process(Pid::from_child(&child), signal).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(exit_code(output.status), code);
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(text.contains("1 running at the service"), "{text}");
        assert!(text.contains("3 not submitted"), "{text}");
    }
    assert_eq!(jobs.submitted(), 1);
    jobs.service.emulator.advance(minute * 100);
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                jobs.service.emulator.advance(minute);
                std::thread::sleep(Duration::from_millis(20));
            }
        });
        let ended = jobs.run(FILE, &["--rate", "none"]);
        done.store(true, std::sync::atomic::Ordering::Relaxed);
        assert_eq!(ended.code, 0, "{ended:?}");
    });
    assert_eq!((jobs.submitted(), jobs.pictures()), (4, 4));
}

#[cfg(unix)]
#[test]
fn store_in_use_names_its_process() {
    let minute = Duration::from_secs(60);
    let jobs = Jobs::with(2, |builder| builder.run_time(minute));
    let mut command = jobs.service.command(&Jobs::arguments(FILE, &[]));
    let null = std::process::Stdio::null;
    let mut child = command.stdout(null()).stderr(null()).spawn().unwrap();
    jobs.service.until_received(Call::Submit);
    let ended = jobs.run(FILE, &[]);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(ended.code, 75, "{ended:?}");
    let name = format!("process {}", child.id());
    assert!(ended.err.contains(&name), "{ended:?}");
}

#[cfg(unix)]
#[test]
fn terminal_is_asked_before_money_is_spent() {
    use crate::support::terminal::Terminal;

    let jobs = Jobs::new(2);
    let mut arguments = Jobs::arguments(FILE, &[]);
    arguments.retain(|argument| *argument != "--yes");
    for (answer, code, submitted) in [("n\n", 65, 0), ("y\n", 0, 2)] {
        let mut terminal = Terminal::new(&jobs.service.command(&arguments));
        terminal.until("Submit 2 jobs, for about $0.08? [y/N]");
        assert_eq!(jobs.submitted(), 0);
        terminal.type_in(answer);
        let (ended, _) = terminal.end();
        assert_eq!(ended.code, code, "{ended:?}");
        assert_eq!(jobs.submitted(), submitted);
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_in_a_terminal_leaves_what_runs() {
    use crate::support::terminal::Terminal;

    let jobs = Jobs::with(3, |builder| builder.run_time(Duration::from_secs(60)));
    let arguments = Jobs::arguments(FILE, &["--rate", "1/h"]);
    let mut terminal = Terminal::new(&jobs.service.command(&arguments));
    // On the screen.
    terminal.until("0 of 3");
    while jobs.service.polls() == 0 {
        std::thread::sleep(Duration::from_millis(10));
    }
    terminal.press_ctrl_c();
    let (ended, _) = terminal.end();
    assert_eq!(ended.code, 130, "{ended:?}");
    let lines = ended.err.replace('\n', " ");
    assert!(
        lines.contains("1 running at the service, 2 not submitted"),
        "{ended:?}"
    );
    assert!(lines.contains("Run the same command again"), "{ended:?}");
}

#[test]
fn account_without_balance_stops_the_batch() {
    let jobs = Jobs::with(3, |builder| builder.balance(0.05));
    let ended = jobs.ends(&["--concurrency", "1"], 69);
    assert!(ended.err.contains("refuses the account"), "{ended:?}");
    assert!(ended.err.contains("2 jobs are not submitted"), "{ended:?}");
}
