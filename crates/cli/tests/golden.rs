//! What is printed, letter by letter. `RUNCOMFY_GOLDEN=write cargo test -p runcomfy-cli --test
//! golden` writes the files anew; their difference is for review.

// A set-up that fails ends the test.
#![allow(clippy::unwrap_used)]

mod support;

use std::path::Path;
use std::time::Duration;

use runcomfy_emulator::{Call, Reply};
use serde_json::{Value, json};
use support::{EDIT, Ended, Service, TEXT_TO_IMAGE, command};

#[track_caller]
fn check(name: &str, text: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name);
    if std::env::var_os("RUNCOMFY_GOLDEN").is_some_and(|value| value == "write") {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, text).unwrap();
    }
    let golden = std::fs::read_to_string(&file).unwrap_or_default();
    let golden = golden.replace("\r\n", "\n");
    assert!(golden == text, "{} differs; found:\n{text}", file.display());
}

fn help(arguments: &[&str]) -> String {
    let mut help = command();
    help.args(arguments).env("COLUMNS", "80");
    let help = Ended::from(help.output().unwrap());
    assert_eq!((help.code, &*help.err), (0, ""), "{arguments:?}");
    // clap fills empty lines of an indented text.
    let lines = help
        .out
        .lines()
        .map(|line| line.trim_end().to_owned() + "\n");
    lines.collect()
}

#[test]
fn help_texts_are_as_reviewed() {
    check("help.txt", &help(&["--help"]));
    check("run.txt", &help(&["run", "--help"]));
    check("edit.txt", &help(&["run", EDIT, "--help"]));
    check("edit-short.txt", &help(&["run", EDIT, "-h"]));
    check("models-list.txt", &help(&["models", "list", "--help"]));
    check("resume.txt", &help(&["resume", "--help"]));
    check("init.txt", &help(&["init", "--help"]));
    check("completion.txt", &help(&["completion", "--help"]));
}

/// What is another in every run.
fn settled(json: &mut Value, base_url: &str) {
    match json {
        Value::String(text) => {
            *text = text.replace(base_url, "http://emulator");
            if let Some((before, key)) = text.split_once(" [key ") {
                let after = key.split_once(']').unwrap().1;
                *text = format!("{before} [key …]{after}");
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|item| settled(item, base_url)),
        Value::Object(map) => {
            for (name, value) in map {
                match name.as_str() {
                    "created_at" | "finished_at" | "idempotency_key" if value.is_string() => {
                        *value = "…".into();
                    }
                    _ => settled(value, base_url),
                }
            }
        }
        _ => {}
    }
}

/// Runs a line with `--output json`, and gives it with what came of it.
fn line(service: &Service, arguments: &[&str]) -> (Value, String) {
    let ended = service.json(arguments);
    let mut json = ended.json();
    settled(&mut json, &service.emulator.base_url());
    let quoted = arguments.iter().map(|word| {
        if word.contains([' ', '{']) {
            format!("'{word}'")
        } else {
            (*word).to_owned()
        }
    });
    let line = quoted.collect::<Vec<_>>().join(" ");
    let text = format!(
        "$ runcomfy {line} --output json    # exit code {}\n{json:#}\n\n",
        ended.code
    );
    (json, text)
}

#[test]
fn json_is_as_reviewed() {
    let minute = Duration::from_secs(60);
    let service = Service::with(|builder| builder.queue_time(minute).run_time(minute).seed(7));
    let mut all = String::new();
    let mut say = |arguments: &[&str]| {
        let (json, text) = line(&service, arguments);
        all += &text;
        json
    };
    let run = ["run", TEXT_TO_IMAGE, "--prompt", "A boat"];
    let no_wait = [&run[..], &["--no-wait"]].concat();
    let id = say(&no_wait)["request_id"].clone();
    let id = id.as_str().unwrap();
    say(&["status", id]);
    say(&[&run[..], &["--timeout", "2"]].concat());
    service.emulator.advance(minute);
    say(&["cancel", id]);
    service.emulator.advance(minute);
    say(&["result", id]);
    service.emulator.advance(minute);
    say(&["resume", id, "--no-download"]);
    say(&["run", EDIT, "--scale", "7", "--input", r#"{"promt": "x"}"#]);
    service.emulator.script(Call::Submit, Reply::lost());
    say(&run);
    service
        .emulator
        .script(Call::Submit, Reply::refused(402, 400_002));
    say(&run);
    let detail = json!([{"errorCode": 7, "error": "out of paint"}]);
    service
        .emulator
        .script(Call::Submit, Reply::job_fails(detail));
    let failing = say(&no_wait)["request_id"].clone();
    service.emulator.advance(minute * 10);
    say(&["result", failing.as_str().unwrap()]);
    say(&["result", "no-such-id"]);
    say(&[&run[..], &["--dry-run"]].concat());
    say(&["validate", TEXT_TO_IMAGE, "--prompt", "A boat"]);
    say(&["models", "list", "--limit", "1"]);
    say(&["models", "categories"]);
    say(&["balance"]);
    say(&["--no-such-flag"]);
    check("json.txt", &all);
}
