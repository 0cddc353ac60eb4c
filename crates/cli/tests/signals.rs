//! Signals to stop: whatever the command is about, its last words are told, and the id of a job
//! that is paid is among them.

// A set-up that fails ends the test.
#![allow(clippy::unwrap_used)]
#![cfg(unix)]

mod support;

use std::fs::File;
use std::io::{Read, Seek};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use runcomfy_emulator::{Call, Reply};
use serde_json::{Value, json};
use support::{EDIT, Ended, Service, TEXT_TO_IMAGE};

const RUN: [&str; 6] = ["run", TEXT_TO_IMAGE, "--prompt", "x", "--output", "json"];
const LONG: Duration = Duration::from_secs(3600);

fn start(command: &mut Command) -> Child {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Sends a signal to a command that has made such a call.
fn signal_at(service: &Service, call: Call, child: &Child, signal: &str) {
    while service.emulator.count(call) == 0 {
        thread::sleep(Duration::from_millis(10));
    }
    send(child, signal);
}

fn send(child: &Child, signal: &str) {
    let pid = child.id().to_string();
    let sent = Command::new("kill").args(["-s", signal, &pid]).status();
    assert!(sent.unwrap().success());
}

/// Before that the signal ends it as ever. Linux tells what a process listens to.
fn until_it_listens(child: &Child) {
    /// The place of Ctrl-C in the mask.
    const INTERRUPT: u64 = 1 << 1;
    let Ok(mut about) = File::open(format!("/proc/{}/status", child.id())) else {
        return thread::sleep(Duration::from_secs(1));
    };
    let mut listens = || {
        let mut text = String::new();
        about.rewind().unwrap();
        about.read_to_string(&mut text).unwrap();
        let mask = text.lines().find_map(|line| line.strip_prefix("SigCgt:"));
        u64::from_str_radix(mask.unwrap().trim(), 16).unwrap() & INTERRUPT != 0
    };
    while !listens() {
        thread::sleep(Duration::from_millis(10));
    }
}

fn end(child: Child) -> Ended {
    child.wait_with_output().unwrap().into()
}

#[test]
fn a_command_that_is_terminated_tells_the_id_and_leaves_the_job_alone() {
    for (signal, code) in [("TERM", 143), ("HUP", 129)] {
        let service = Service::slow();
        let run = start(&mut service.command(&RUN));
        signal_at(&service, Call::Status, &run, signal);
        let ended = end(run);
        let json = ended.json();
        let id = service.emulator.ledger()[0].request_id.clone();
        assert_eq!(
            (ended.code, &json["request_id"], &json["error"]["exit_code"]),
            (code, &json!(id), &json!(code)),
            "{ended:?}"
        );
        let advice = format!(
            "The job goes on, and is charged when it is done. Take it up again: runcomfy resume {id}"
        );
        assert_eq!(
            (&json["error"]["kind"], &json["error"]["advice"]),
            (&json!("stopped"), &json!(advice))
        );
        assert_eq!(service.status(&id), "in_queue");

        let quiet = ["resume", &id, "-q"];
        let resumed = start(&mut service.command(&quiet));
        while service.emulator.count(Call::Status) < 3 {
            thread::sleep(Duration::from_millis(10));
        }
        send(&resumed, signal);
        let ended = end(resumed);
        assert_eq!(
            (ended.code, ended.err),
            (
                code,
                format!("stopped: left before the job has ended\n{advice}\n")
            )
        );
    }
}

#[test]
fn a_submit_that_is_terminated_is_not_taken_for_nothing() {
    let service = Service::new();
    let stalled = Reply::stall().carried_out();
    service.emulator.script(Call::Submit, stalled);
    let run = start(&mut service.command(&RUN));
    signal_at(&service, Call::Submit, &run, "TERM");
    let ended = end(run);
    let error = &ended.json()["error"];
    assert_eq!(
        (ended.code, &error["may_have_been_submitted"]),
        (143, &json!(true)),
        "{ended:?}"
    );
}

/// Whoever starts a command with `nohup` wants it to outlive the terminal.
#[test]
fn a_hang_up_that_is_ignored_stays_ignored() {
    let service = Service::slow();
    let mut ignoring = Command::new("sh");
    let run = service.command(&RUN);
    ignoring
        .args(["-c", "trap '' HUP; exec \"$@\"", "sh"])
        .arg(run.get_program())
        .args(run.get_args())
        .args(["--poll-secs", "0"])
        .current_dir(service.folder.path());
    for (name, value) in run.get_envs() {
        match value {
            Some(value) => ignoring.env(name, value),
            None => ignoring.env_remove(name),
        };
    }
    // Only Linux tells what is ignored; elsewhere it is known by the missing terminal.
    let run = start(&mut ignoring);
    signal_at(&service, Call::Status, &run, "HUP");
    service.emulator.advance(LONG);
    assert_eq!(end(run).good_json()["status"], "succeeded");
}

#[test]
fn who_asks_only_can_leave_at_any_time() {
    let free = "Nothing was submitted, so nothing is charged.";
    for (call, arguments, advice) in [
        (
            Call::Catalogue,
            &["run", "acme/paint", "--colour", "red"][..],
            free,
        ),
        (
            Call::Catalogue,
            &["run", TEXT_TO_IMAGE, "--prompt", "x", "--dry-run"],
            free,
        ),
        (Call::Catalogue, &["models", "list"], ""),
        (Call::Status, &["status", "some-id"], ""),
        (Call::Result, &["result", "some-id"], ""),
        (Call::Balance, &["balance"], ""),
    ] {
        let service = Service::new();
        service.emulator.script(call, Reply::stall());
        let asking = start(service.command(arguments).args(["--output", "json"]));
        signal_at(&service, call, &asking, "INT");
        let ended = end(asking);
        let error = &ended.json()["error"];
        assert_eq!(
            (ended.code, &error["kind"], &error["advice"]),
            (130, &json!("stopped"), &json!(advice)),
            "{arguments:?}"
        );
    }
}

#[test]
fn who_types_the_input_can_leave() {
    let service = Service::new();
    for arguments in [
        &["run", TEXT_TO_IMAGE, "--input", "-"][..],
        &["run", EDIT, "--prompt", "x", "--image-urls", "-"],
        // The catalogue was asked before.
        &["run", "acme/paint", "--input", "-"],
    ] {
        service
            .emulator
            .script(Call::Catalogue, Reply::refused(404, 403_001));
        let mut typing = start(service.command(arguments).args(["--output", "json"]));
        // Held open.
        let stdin = typing.stdin.take();
        until_it_listens(&typing);
        send(&typing, "INT");
        let ended = end(typing);
        drop(stdin);
        assert_eq!(
            (ended.code, &ended.json()["error"]["kind"]),
            (130, &Value::from("stopped")),
            "{ended:?}"
        );
    }
}
