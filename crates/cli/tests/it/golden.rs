//! Golden files of help texts and JSON. `UPDATE_EXPECT=1 cargo test -p runcomfy-cli golden` rewrites
//! them; review the difference.

use std::path::Path;
use std::time::Duration;

use crate::support::{EDIT, Ended, Service, TEXT_TO_IMAGE, command};
use expect_test::expect_file;
use runcomfy_emulator::{Call, Reply};
use serde_json::{Value, json};

#[track_caller]
pub(crate) fn check(name: &str, text: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    expect_file![folder.join(name)].assert_eq(text);
}

pub(crate) fn help(arguments: &[&str]) -> String {
    let mut help = command();
    help.args(arguments).env("COLUMNS", "80");
    let help = Ended::from(help.output().unwrap());
    assert_eq!((help.code, &*help.err), (0, ""), "{arguments:?}");
    // clap indents empty lines of a paragraph.
    let lines = help
        .out
        .lines()
        .map(|line| line.trim_end().to_owned() + "\n");
    lines.collect()
}

#[test]
fn help_texts_are_as_reviewed() {
    // Released programs have one more command.
    let is_released = cfg!(feature = "mcp");
    let name = if is_released {
        "help-released.txt"
    } else {
        "help.txt"
    };
    check(name, &help(&["--help"]));
    check("run.txt", &help(&["run", "--help"]));
    check("edit.txt", &help(&["run", EDIT, "--help"]));
    check("edit-short.txt", &help(&["run", EDIT, "-h"]));
    check("models-list.txt", &help(&["models", "list", "--help"]));
    check("resume.txt", &help(&["resume", "--help"]));
    check("init.txt", &help(&["init", "--help"]));
    check("skill.txt", &help(&["skill", "--help"]));
    #[cfg(feature = "batch")]
    for name in ["cancel", "list", "report", "resolve", "run", "work"] {
        check(
            &format!("batch-{name}.txt"),
            &help(&["batch", name, "--help"]),
        );
    }
    check("completion.txt", &help(&["completion", "--help"]));
}

/// Replaces the parts that differ in every run.
fn redact(json: &mut Value, base_url: &str) {
    match json {
        Value::String(text) => {
            *text = text.replace(base_url, "http://emulator");
            if let Some((before, key)) = text.split_once(" [key ") {
                let after = key.split_once(']').unwrap().1;
                *text = format!("{before} [key …]{after}");
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|item| redact(item, base_url)),
        Value::Object(map) => {
            for (name, value) in map {
                match name.as_str() {
                    "created_at" | "finished_at" | "idempotency_key" | "elapsed_seconds"
                        if !value.is_null() =>
                    {
                        *value = "…".into();
                    }
                    _ => redact(value, base_url),
                }
            }
        }
        _ => {}
    }
}

/// Runs a command with `--output record`, and returns its JSON and both as text.
fn line(service: &Service, arguments: &[&str]) -> (Value, String) {
    let ended = service.json(arguments);
    let mut json = ended.json();
    redact(&mut json, &service.emulator.base_url());
    let quoted = arguments.iter().map(|word| {
        if word.contains([' ', '{']) {
            format!("'{word}'")
        } else {
            (*word).to_owned()
        }
    });
    let line = quoted.collect::<Vec<_>>().join(" ");
    let text = format!(
        "$ runcomfy {line} --output record    # exit code {}\n{json:#}\n\n",
        ended.code
    );
    (json, text)
}

#[test]
fn record_is_as_reviewed() {
    let minute = Duration::from_secs(60);
    let service = Service::with(|builder| builder.queue_time(minute).run_time(minute).seed(7));
    let mut all = String::new();
    let mut run = |arguments: &[&str]| {
        let (json, text) = line(&service, arguments);
        all += &text;
        json
    };
    let submit = ["run", TEXT_TO_IMAGE, "--prompt", "A boat"];
    let no_wait = [&submit[..], &["--no-wait"]].concat();
    let id = run(&no_wait)["request_id"].clone();
    let id = id.as_str().unwrap();
    run(&["status", id]);
    run(&[&submit[..], &["--timeout", "1", "--poll-secs", "0"]].concat());
    service.emulator.advance(minute);
    run(&["cancel", id]);
    service.emulator.advance(minute);
    run(&["result", id]);
    service.emulator.advance(minute);
    run(&["resume", id, "--no-download"]);
    run(&["run", EDIT, "--scale", "7", "--input", r#"{"promt": "x"}"#]);
    service.emulator.script(Call::Submit, Reply::lost());
    run(&submit);
    service
        .emulator
        .script(Call::Submit, Reply::refused(402, 400_002));
    run(&submit);
    let detail = json!([{"errorCode": 7, "error": "out of paint"}]);
    service
        .emulator
        .script(Call::Submit, Reply::job_fails(detail));
    let failing = run(&no_wait)["request_id"].clone();
    service.emulator.advance(minute * 10);
    run(&["result", failing.as_str().unwrap()]);
    run(&["result", "no-such-id"]);
    run(&[&submit[..], &["--dry-run"]].concat());
    run(&["validate", TEXT_TO_IMAGE, "--prompt", "A boat"]);
    run(&["models", "list", "--limit", "1"]);
    run(&["models", "categories"]);
    run(&["balance"]);
    run(&["--no-such-flag"]);
    check("record.txt", &all);
}
