//! The command `runcomfy emulator`, which serves other commands and plays faults from a file.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};

use crate::support::{Ended, TEXT_TO_IMAGE, command};
use serde_json::{Value, json};

/// A running emulator, killed when the test ends.
struct Served(Child);

impl Drop for Served {
    fn drop(&mut self) {
        // Fails if the command has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts an emulator and returns its first line. Its output is not read any further, which must not
/// stop it.
fn serve(folder: &Path, before: &[&str], options: &[&str]) -> (Served, String) {
    let mut emulator = command();
    emulator
        .args(before)
        .args([
            "emulator",
            "--port",
            "0",
            "--run-time=0",
            "--queue-time",
            "0",
        ])
        .args(options)
        .current_dir(folder)
        .stdout(Stdio::piped());
    let mut served = Served(emulator.spawn().unwrap());
    let mut line = String::new();
    let stdout = served.0.stdout.take().unwrap();
    BufReader::new(stdout).read_line(&mut line).unwrap();
    (served, line)
}

#[test]
fn faults_of_a_file_reach_another_command() {
    let folder = tempfile::tempdir().unwrap();
    let faults = json!([
        { "call": "submit", "occurrence": 1, "fault": { "kind": "lost" } },
        { "call": "status", "from": 1, "lasting": 3600, "fault": { "kind": "http", "status": 404 } },
    ]);
    std::fs::write(folder.path().join("faults.json"), faults.to_string()).unwrap();
    let (_served, line) = serve(folder.path(), &[], &["--faults", "faults.json"]);
    let url = line.trim().strip_prefix("Listening on ").unwrap();
    let run = |arguments: &[&str]| {
        let mut run = command();
        run.env("RUNCOMFY_TOKEN", "t")
            .env("RUNCOMFY_MODEL_API_BASE", format!("{url}/v1"));
        Ended::from(
            run.args(arguments)
                .current_dir(folder.path())
                .output()
                .unwrap(),
        )
    };
    let submit = ["run", TEXT_TO_IMAGE, "--prompt", "x", "--no-wait"];
    let lost = run(&submit);
    assert_eq!(lost.code, 69, "{lost:?}");
    let accepted = run(&submit);
    assert_eq!(accepted.code, 0, "{accepted:?}");
    let accepted = accepted.json();
    let id = accepted["request_id"].as_str().unwrap();
    assert_eq!(run(&["status", id]).code, 65);
    assert_eq!(run(&["result", id]).code, 0);
}

#[test]
fn emulator_prints_its_url_or_its_error() {
    let folder = tempfile::tempdir().unwrap();
    for (before, options) in [
        (&["--output", "record"][..], &[][..]),
        (&[], &["--output", "record"]),
        (&[], &["-q", "--output=record"]),
    ] {
        let (_served, line) = serve(folder.path(), before, options);
        let json: Value = serde_json::from_str(&line).unwrap();
        assert!(
            json["base_url"]
                .as_str()
                .unwrap()
                .starts_with("http://127.0.0.1:")
        );
    }
    let mut invalid = command();
    invalid.args(["emulator", "--speed", "--output", "record"]);
    let invalid = Ended::from(invalid.output().unwrap());
    assert_eq!(
        (invalid.code, &invalid.json()["error"]["message"]),
        (
            2,
            &json!("unknown option `--speed`; did you mean `--seed`?")
        )
    );

    let emulator =
        |option: &str| Ended::from(command().args(["emulator", option]).output().unwrap());
    let invalid = emulator("--speed");
    assert_eq!(
        (invalid.code, &*invalid.err),
        (
            2,
            "error: unknown option `--speed`; did you mean `--seed`?\n`runcomfy emulator --help` describes the options and their files.\n"
        )
    );
    let missing = emulator("--faults=nope.json");
    assert_eq!(missing.code, 66, "{missing:?}");
    assert!(
        missing
            .err
            .starts_with("error: could not read the file of faults `nope.json`: "),
        "{missing:?}"
    );
    let help = emulator("--help");
    assert!(
        help.code == 0 && help.out.contains("Usage: runcomfy emulator [OPTIONS]"),
        "{help:?}"
    );
}
