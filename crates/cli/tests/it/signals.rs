//! Signals that stop the command: its last lines are printed, with the request id of a job that may be
//! charged.

use std::fs::File;
use std::io::{Read, Seek};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::support::{EDIT, Ended, Service, TEXT_TO_IMAGE, all_at_once, copy_env, exit_code};
use runcomfy_emulator::{Call, Reply};
use serde_json::{Value, json};

const RUN: [&str; 6] = ["run", TEXT_TO_IMAGE, "--prompt", "x", "--output", "record"];
/// Signals that stop a command at once, and its exit codes.
const STOPS: [(&str, i32); 3] = [("TERM", 143), ("HUP", 129), ("QUIT", 131)];
const LONG: Duration = Duration::from_secs(3600);

fn start(command: &mut Command) -> Child {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Sends a signal to a command once the emulator has received a call of this kind.
fn signal_at(service: &Service, call: Call, child: &Child, signal: &str) {
    service.until_received(call);
    send(child, signal);
}

fn send(child: &Child, signal: &str) {
    let pid = child.id().to_string();
    let sent = Command::new("kill").args(["-s", signal, &pid]).status();
    assert!(sent.unwrap().success());
}

/// Waits until the command handles signals. Linux reports which ones a process handles.
fn until_it_listens(child: &Child) {
    /// The bits of INT and TERM in the mask.
    const STOPS: u64 = 1 << 1 | 1 << 14;
    let Ok(mut about) = File::open(format!("/proc/{}/status", child.id())) else {
        return thread::sleep(Duration::from_secs(1));
    };
    let mut listens = || {
        let mut text = String::new();
        about.rewind().unwrap();
        about.read_to_string(&mut text).unwrap();
        let mask = text.lines().find_map(|line| line.strip_prefix("SigCgt:"));
        u64::from_str_radix(mask.unwrap().trim(), 16).unwrap() & STOPS == STOPS
    };
    while !listens() {
        thread::sleep(Duration::from_millis(10));
    }
}

fn end(child: Child) -> Ended {
    child.wait_with_output().unwrap().into()
}

#[test]
fn terminated_wait_reports_the_id_and_keeps_the_job() {
    all_at_once(STOPS, |(signal, code)| {
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
            "The job keeps running and is charged when it succeeds. Resume the wait: runcomfy resume {id}"
        );
        assert_eq!(
            (&json["error"]["kind"], &json["error"]["advice"]),
            (&json!("stopped"), &json!(advice))
        );
        assert_eq!(service.status(&id), "in_queue");

        let quiet = ["resume", &id, "-q", "--poll-secs", "0"];
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
                format!("stopped: interrupted before the job ended\n{advice}\n")
            )
        );
    });
}

#[test]
fn terminated_submit_has_an_unknown_outcome() {
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

#[test]
fn stopped_submit_shows_its_key_in_words() {
    for (signal, code) in STOPS {
        for quiet in [false, true] {
            let service = Service::new();
            let stalled = Reply::stall().carried_out();
            service.emulator.script(Call::Submit, stalled);
            let mut command = service.command(&RUN[..4]);
            let run = start(command.args(quiet.then_some("--quiet")));
            signal_at(&service, Call::Submit, &run, signal);
            let ended = end(run);
            let ledger = service.emulator.ledger();
            let key = ledger[0].idempotency_key().unwrap();
            assert_eq!(ended.code, code, "{ended:?}");
            let key = format!("The idempotency key of the submit is {key}");
            assert!(ended.err.contains(&key), "{ended:?}");
        }
    }
}

/// Timers, limits and watchdogs end a process by other signals than a person does.
#[cfg(target_os = "linux")]
#[test]
fn any_other_signal_during_a_submit_shows_its_key() {
    let signals = [
        ("USR1", 10),
        ("USR2", 12),
        ("ALRM", 14),
        ("VTALRM", 26),
        ("PROF", 27),
        ("XCPU", 24),
        ("XFSZ", 25),
        ("ABRT", 6),
        ("IO", 29),
    ];
    all_at_once(signals, |(signal, number)| {
        for format in ["text", "json", "record"] {
            let service = Service::new();
            let stalled = Reply::stall().carried_out();
            service.emulator.script(Call::Submit, stalled);
            let mut command = service.command(&RUN[..4]);
            let run = start(command.args(["--quiet", "--output", format]));
            signal_at(&service, Call::Submit, &run, signal);
            let ended = end(run);
            let ledger = service.emulator.ledger();
            let key = ledger[0].idempotency_key().unwrap();
            assert_eq!(ended.code, 128 + number, "{ended:?}");
            let shown = ended.out.clone() + &ended.err;
            assert!(shown.contains(key), "{signal} {ended:?}");
        }
    });
}

/// A broken pipe is an error of a write, not the end of the command.
#[cfg(target_os = "linux")]
#[test]
fn pipe_signal_ends_no_submit() {
    let service = Service::slow();
    let run = start(&mut service.command(&[&RUN[..], &["--poll-secs", "0"]].concat()));
    signal_at(&service, Call::Status, &run, "PIPE");
    service.emulator.advance(LONG);
    assert_eq!(end(run).good_json()["status"], "succeeded");
}

/// Between two attempts nothing is in flight: the service has refused the last one for certain.
#[test]
fn stopped_backoff_submits_nothing() {
    let stops = [("INT", 130), STOPS[0], STOPS[1], STOPS[2]];
    all_at_once(stops, |(signal, code)| {
        let service = Service::new();
        let busy = Reply::refused(429, 429_001).retry_after(Duration::from_secs(20));
        service.emulator.script(Call::Submit, busy);
        let run = start(&mut service.command(&RUN));
        service.until_received(Call::Submit);
        // The response is read.
        thread::sleep(Duration::from_millis(700));
        send(&run, signal);
        let ended = end(run);
        let json = ended.json();
        let error = &json["error"];
        assert_eq!(
            (
                ended.code,
                &error["may_have_been_submitted"],
                &error["idempotency_key"]
            ),
            (code, &json!(false), &json!(null)),
            "{ended:?}"
        );
        assert_eq!(
            error["advice"],
            "Nothing was submitted, so nothing is charged."
        );
        assert!(!ended.err.contains("in flight"), "{ended:?}");
        assert_eq!(service.emulator.count(Call::Submit), 1);
    });
}

/// A shell ends a loop when it sees that the command was ended by the signal.
#[cfg(target_os = "linux")]
#[test]
fn ctrl_c_ends_the_loop_of_a_shell() {
    use std::os::unix::process::{CommandExt, ExitStatusExt};

    let service = Service::slow();
    let run = service.command(&RUN);
    // These tests may run in the background of a shell, where signals are ignored.
    let mut bash = Command::new("env");
    bash.args(["--default-signal=INT", "bash", "-c"]);
    bash.args(["for i in 1 2 3; do \"$@\"; done; echo still here", "bash"]);
    bash.arg(run.get_program()).args(RUN).process_group(0);
    bash.current_dir(service.folder.path());
    copy_env(&run, &mut bash);
    let mut shell = start(&mut bash);
    service.until_received(Call::Status);
    let group = format!("-{}", shell.id());
    let sent = Command::new("kill")
        .args(["-s", "INT", "--", &group])
        .status();
    assert!(sent.unwrap().success());
    let status = shell.wait().unwrap();
    let ended: Ended = shell.wait_with_output().unwrap().into();
    assert_eq!(status.signal(), Some(2), "{ended:?}");
    assert_eq!(service.emulator.count(Call::Submit), 1);
    assert!(!ended.out.contains("still here"), "{ended:?}");
    assert_eq!(ended.code, 130);
}

/// A command started with `nohup` outlives its terminal.
#[test]
fn ignored_hang_up_stays_ignored() {
    let service = Service::slow();
    let mut ignoring = Command::new("sh");
    let run = service.command(&RUN);
    ignoring
        .args(["-c", "trap '' HUP; exec \"$@\"", "sh"])
        .arg(run.get_program())
        .args(run.get_args())
        .args(["--poll-secs", "0"])
        .current_dir(service.folder.path());
    copy_env(&run, &mut ignoring);
    // Only Linux reports ignored signals; elsewhere the missing terminal is the sign.
    let run = start(&mut ignoring);
    signal_at(&service, Call::Status, &run, "HUP");
    service.emulator.advance(LONG);
    assert_eq!(end(run).good_json()["status"], "succeeded");
}

#[test]
fn query_can_be_interrupted() {
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
        let asking = start(service.command(arguments).args(["--output", "record"]));
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
fn reading_standard_input_can_be_interrupted() {
    let service = Service::new();
    for arguments in [
        &["run", TEXT_TO_IMAGE, "--input", "-"][..],
        &["run", EDIT, "--prompt", "x", "--image-urls", "-"],
        // With a query of the catalogue before.
        &["run", "acme/paint", "--input", "-", "--unchecked"],
    ] {
        service
            .emulator
            .script(Call::Catalogue, Reply::refused(404, 403_001));
        let mut typing = start(service.command(arguments).args(["--output", "record"]));
        // Keeps standard input open.
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

/// A pager that shows the first page reads no more until its user scrolls.
#[test]
fn blocked_output_can_be_interrupted() {
    all_at_once([("INT", 130), ("TERM", 143)], |(signal, code)| {
        let service = Service::new();
        // More than a pipe holds.
        let output = json!({ "text": "x".repeat(1 << 20) });
        let long = json!({ "request_id": "a", "status": "succeeded", "output": output });
        service
            .emulator
            .script(Call::Result, Reply::json(200, &long));
        let mut printing = start(&mut service.command(&["result", "a", "--output", "record"]));
        let mut stdout = printing.stdout.take().unwrap();
        stdout.read_exact(&mut [0]).unwrap();
        send(&printing, signal);
        assert_eq!(exit_code(printing.wait().unwrap()), code);
    });
}

/// Makes a pipe that nobody writes to: to open it blocks.
fn pipe(service: &Service) -> String {
    let path = service.folder.path().join("pipe").display().to_string();
    assert!(
        Command::new("mkfifo")
            .arg(&path)
            .status()
            .unwrap()
            .success()
    );
    path
}

#[test]
fn pipe_is_no_media_and_blocks_nothing() {
    let service = Service::new();
    let pipe = pipe(&service);
    let probed = service.run(&["probe", &pipe, "/dev/zero"]);
    assert_eq!(probed.code, 66, "{probed:?}");
    assert_eq!(
        probed.out.matches("not a plain file").count(),
        2,
        "{probed:?}"
    );
}

#[test]
fn pipe_or_device_is_never_attached() {
    let service = Service::new();
    let pipe = pipe(&service);
    for path in ["/dev/null", &pipe] {
        let refused = service.run(&["run", EDIT, "--prompt", "x", "--image-urls", path]);
        assert_eq!(refused.code, 65, "{refused:?}");
        let why = "which is a pipe or a device";
        assert!(refused.err.contains(why), "{refused:?}");
    }
    assert!(service.emulator.ledger().is_empty());
}

/// Opened, it would block the command before any signal is heard.
#[test]
fn token_file_that_is_a_pipe_blocks_nothing() {
    let service = Service::new();
    let pipe = pipe(&service);
    let folder = std::path::Path::new(&pipe).parent().unwrap();
    std::fs::rename(&pipe, folder.join("token.json")).unwrap();
    let mut command = service.command(&["balance", "--output", "text"]);
    command
        .env_remove("RUNCOMFY_TOKEN")
        .env_remove("RUNCOMFY_API_TOKEN")
        .env("RUNCOMFY_CONFIG_DIR", folder);
    let ended = end(start(&mut command));
    assert_eq!(ended.code, 77, "{ended:?}");
    assert!(ended.err.contains("token.json"), "{ended:?}");
}

#[test]
fn reading_a_pipe_with_json_can_be_interrupted() {
    let service = Service::new();
    let pipe = pipe(&service);
    let at_pipe = format!("@{pipe}");
    for arguments in [
        ["run", TEXT_TO_IMAGE, "--input", &at_pipe],
        ["validate", TEXT_TO_IMAGE, "--input-file", &pipe],
    ] {
        for (signal, code) in [("INT", 130), ("TERM", 143)] {
            let reading = start(service.command(&arguments).args(["--output", "record"]));
            until_it_listens(&reading);
            send(&reading, signal);
            assert_eq!(end(reading).code, code, "{arguments:?} {signal}");
        }
    }
}

#[test]
fn endless_json_is_refused() {
    let service = Service::new();
    let ended = service.run(&["validate", TEXT_TO_IMAGE, "--input-file", "/dev/zero"]);
    assert_eq!(ended.code, 66, "{ended:?}");
    assert!(ended.err.contains("more than 64 MiB"), "{ended:?}");
}
