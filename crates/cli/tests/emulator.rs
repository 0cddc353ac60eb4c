//! `runcomfy emulator` serves other commands, with faults from a file.

// A set-up that fails ends the test.
#![allow(clippy::unwrap_used)]

mod support;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};

use serde_json::{Value, json};
use support::{Ended, TEXT_TO_IMAGE, command};

/// Ended when the test is.
struct Served(Child);

impl Drop for Served {
    fn drop(&mut self) {
        // One that has ended already cannot be killed, and need not.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Nobody reads on after the first line, which must not matter.
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
fn faults_of_a_file_are_played_to_another_command() {
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
    let taken = run(&submit);
    assert_eq!(taken.code, 0, "{taken:?}");
    let taken = taken.json();
    let id = taken["request_id"].as_str().unwrap();
    assert_eq!(run(&["status", id]).code, 65);
    assert_eq!(run(&["result", id]).code, 0);
}

#[test]
fn a_script_reads_the_address_and_mistakes_are_told() {
    let folder = tempfile::tempdir().unwrap();
    for (before, options) in [
        (&["--output", "json"][..], &[][..]),
        (&[], &["--output", "json"]),
        (&[], &["-q", "--output=json"]),
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
    let mut faulty = command();
    faulty.args(["emulator", "--speed", "--output", "json"]);
    let faulty = Ended::from(faulty.output().unwrap());
    assert_eq!(
        (faulty.code, &faulty.json()["error"]["message"]),
        (64, &json!("unknown option `--speed`"))
    );

    let emulator =
        |option: &str| Ended::from(command().args(["emulator", option]).output().unwrap());
    let faulty = emulator("--speed");
    assert_eq!(
        (faulty.code, &*faulty.err),
        (
            64,
            "error: unknown option `--speed`\nTry `runcomfy emulator --help`.\n"
        )
    );
    let missing = emulator("--faults=nope.json");
    assert_eq!(missing.code, 66, "{missing:?}");
    assert!(missing.err.starts_with("error: nope.json: "), "{missing:?}");
    let help = emulator("--help");
    assert!(
        help.code == 0 && help.out.contains("Usage: runcomfy emulator [OPTIONS]"),
        "{help:?}"
    );
}
