//! `batch run` before the first submit: everything is checked and agreed to.

use std::fs;
use std::time::Duration;

use runcomfy_batch::Store;
use serde_json::{Value, json};

use super::jobs::{FILE, Jobs, open};
use crate::support::{EDIT, Ended, PICTURE, WIDE};

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
fn budget_below_nothing_is_explained() {
    let jobs = Jobs::new(1);
    for sum in ["-1", "1e3", "abc"] {
        let refused = jobs.ends(&["--budget", sum], 2);
        assert!(
            refused.err.contains("expected a sum in US dollars"),
            "{refused:?}"
        );
    }
    assert_eq!(jobs.submitted(), 0);
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

/// Its path is no URL, and a service may take a text for one.
#[test]
fn file_that_is_gone_since_the_check_is_not_sent_as_a_text() {
    let minute = Duration::from_secs(60);
    let jobs = Jobs::with(0, |builder| builder.run_time(minute));
    let line = |name: &str| {
        jobs.write(name, PICTURE);
        let input = json!({ "prompt": "x", "image_urls": [name] });
        json!({ "model": EDIT, "input": input }).to_string() + "\n"
    };
    jobs.write(FILE, line("a.gif") + &line("b.gif"));
    let mut command = jobs
        .service
        .command(&Jobs::arguments(FILE, &["--concurrency", "1"]));
    let piped = std::process::Stdio::piped;
    let mut child = command.stdout(piped()).stderr(piped()).spawn().unwrap();
    while jobs.service.polls() == 0 {
        std::thread::sleep(Duration::from_millis(10));
    }
    fs::remove_file(jobs.path("b.gif")).unwrap();
    while child.try_wait().unwrap().is_none() {
        jobs.service.emulator.advance(minute);
        std::thread::sleep(Duration::from_millis(20));
    }
    let ended = Ended::from(child.wait_with_output().unwrap());
    assert_eq!(ended.code, 1, "{ended:?}");
    assert!(ended.err.contains("nothing was sent"), "{ended:?}");
    assert!(
        ended
            .err
            .contains("`b.gif`, which is no file in the folder"),
        "{ended:?}"
    );
    assert_eq!(jobs.submitted(), 1);
}

#[test]
fn local_files_are_sent_and_patterns_expanded() {
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
    assert_eq!(rows[0].input["image_urls"], json!(["a.gif", "b.gif"]));
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

#[test]
fn media_are_checked_as_in_run() {
    let jobs = Jobs::new(0);
    jobs.write("wide.gif", WIDE);
    let line = format!(
        "{{\"model\": \"{EDIT}\", \"input\": {{\"prompt\": \"x\", \"image_urls\": [\"wide.gif\"]}}}}\n"
    );
    jobs.write(FILE, line);
    let refused = jobs.ends(&[], 65);
    assert!(refused.err.contains("image_urls[0]"), "{refused:?}");
    assert!(refused.err.contains("ratio"), "{refused:?}");
    assert_eq!(jobs.submitted(), 0);
}

/// A wrong column is a fault of every line, and a person reads it once.
#[test]
fn same_fault_of_every_line_is_named_once() {
    let jobs = Jobs::new(0);
    let rows = (1..=10_000).map(|n| format!("boat-{n},Boat {n}\n"));
    jobs.write(
        "boats.csv",
        "id,promt\n".to_owned() + &rows.collect::<String>(),
    );
    let run = |more: &[&str]| jobs.run("boats.csv", more);
    let refused = run(&[]);
    assert_eq!(refused.code, 65, "{refused:?}");
    let counts = "found 20000 faults in 10000 lines of `boats.csv`\n";
    assert!(refused.err.contains(counts), "{refused:?}");
    let lines = "; so have 9999 more lines: 3, 4, 5, 6, …\n";
    assert_eq!(refused.err.matches(lines).count(), 2, "{refused:?}");
    assert_eq!(refused.err.matches("boats.csv:").count(), 2, "{refused:?}");
    let json = run(&["--output", "record"]).json();
    let faults = json["error"]["faults"].as_array().unwrap();
    assert_eq!(faults.len(), 2);
    for fault in faults {
        assert_eq!(fault["lines"], 10_000);
        assert_eq!(fault["first_lines"], json!([2, 3, 4, 5, 6]));
    }
    // So is a warning.
    let rows = (1..=100).map(|n| format!("boat-{n},\" \"\n"));
    jobs.write(
        "boats.csv",
        "id,prompt\n".to_owned() + &rows.collect::<String>(),
    );
    let warned = run(&["--dry-run"]);
    assert_eq!(warned.code, 0, "{warned:?}");
    let warnings = warned
        .err
        .lines()
        .filter(|line| line.starts_with("warning:"));
    let warnings: Vec<&str> = warnings.collect();
    assert_eq!(warnings.len(), 1, "{warned:?}");
    assert!(
        warnings[0].contains("so have 99 more lines: 3, 4"),
        "{warned:?}"
    );
}

/// The price is the first thing that a run asks the service for. Without an answer the cause is not a missing price.
#[test]
fn price_that_cannot_be_fetched_says_why() {
    let jobs = Jobs::with(1, |builder| builder.token("another"));
    let refused = jobs.run(FILE, &[]);
    assert_eq!(refused.code, 77, "{refused:?}");
    for words in ["Nothing was submitted", "`runcomfy login`"] {
        assert!(refused.err.contains(words), "{refused:?}");
    }
    let arguments = Jobs::arguments(FILE, &["--output", "text"]);
    let mut command = jobs.service.command(&arguments);
    let command = command.env("RUNCOMFY_MODEL_API_BASE", "http://127.0.0.1:1/v1");
    let unreachable = Ended::from(command.output().unwrap());
    assert_eq!(unreachable.code, 75, "{unreachable:?}");
    assert!(
        unreachable.err.contains("Nothing was submitted"),
        "{unreachable:?}"
    );
    assert!(
        !unreachable.err.contains("--price-per-job"),
        "{unreachable:?}"
    );
}

#[test]
fn same_lines_are_named_before_they_are_paid() {
    let jobs = Jobs::new(1);
    let line = "{\"input\":{\"prompt\":\"Boat\"}}\n";
    jobs.write(FILE, line.repeat(3));
    let ended = jobs.ends(&["--repeat", "2"], 0);
    let warning = "2 lines without `id` repeat the job of an earlier line, the first is line 2";
    assert!(ended.err.contains(warning), "{ended:?}");
    assert_eq!(jobs.submitted(), 6);
    let again = jobs.ends(&["--repeat", "2"], 0);
    assert!(!again.err.contains("repeat the job"), "{again:?}");
}

#[test]
fn estimate_below_the_price_is_named_before_the_agreement() {
    let jobs = Jobs::new(4);
    let mut arguments = Jobs::arguments(FILE, &["--price-per-job", "0", "--budget", "0.05"]);
    arguments.retain(|argument| *argument != "--yes");
    let refused = jobs.service.run(&arguments);
    assert_eq!(refused.code, 2, "{refused:?}");
    let estimate = "the estimate for 4 jobs of `bytedance/dreamina-4-0/text-to-image` is $0.00, below the catalogue's price, which makes about $0.16";
    let budget = "the budget of $0.05 can be exceeded by up to $0.11";
    for format in ["text", "json", "record"] {
        let arguments = [&arguments[..], &["--output", format]].concat();
        let refused = jobs.service.run(&arguments);
        for words in [estimate, budget] {
            assert!(refused.err.contains(words), "{words}: {refused:?}");
        }
    }
    let ended = jobs.ends(
        &[
            "--price-per-job",
            "0",
            "--budget",
            "0.05",
            "--concurrency",
            "4",
        ],
        0,
    );
    assert!(ended.err.contains(budget), "{ended:?}");
    let exceeded = "the budget of $0.05 is exceeded by $0.11";
    assert!(ended.out.contains(exceeded), "{ended:?}");
    let status = jobs.service.run(&["batch", "status", FILE]);
    assert!(status.out.contains(exceeded), "{status:?}");
    let watched = jobs.service.run(&["batch", "status", FILE, "--watch"]);
    assert!(watched.out.contains(exceeded), "{watched:?}");
}

/// The store reserves the highest cost for each job, so that the budget holds; the estimate is too low anyway.
#[test]
fn estimate_below_an_earlier_cost_is_named() {
    let jobs = Jobs::new(4);
    jobs.ends(&["--budget", "0.05"], 3);
    let store = ["--price-per-job", "0.01", "--budget", "0.09"];
    let ended = jobs.ends(&store, 3);
    assert!(ended.err.contains("for about $0.03"), "{ended:?}");
    let words = "is $0.03, and one has cost $0.04 in this batch, which is reserved for each: all may cost $0.12";
    assert!(ended.err.contains(words), "{ended:?}");
    assert!(!ended.err.contains("can be exceeded"), "{ended:?}");
    assert_eq!(jobs.submitted(), 2);
    // An estimate at the price, or above it, is not worth a word.
    let ended = jobs.ends(&["--price-per-job", "0.05", "--budget", "none"], 0);
    assert!(!ended.err.contains("the estimate for"), "{ended:?}");
}
