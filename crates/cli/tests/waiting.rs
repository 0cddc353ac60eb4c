//! What `run` and `resume` do with a job that does not begin.

// A set-up that fails ends the test.
#![allow(clippy::unwrap_used)]

mod support;

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::Duration;

use runcomfy_emulator::{Call, Reply};
use serde_json::json;
use support::{Ended, Service, TEXT_TO_IMAGE};

#[test]
fn a_job_that_does_not_begin_in_time_is_cancelled_and_nothing_is_paid() {
    let service = Service::slow();
    let run = ["run", TEXT_TO_IMAGE, "--prompt", "x"];
    let impatient = ["--cancel-if-queued-after", "1"];
    let told = service.run(&[&run[..], &impatient].concat());
    assert_eq!(told.code, 1, "{told:?}");
    let id = service.emulator.ledger()[0].request_id.clone();
    let why = format!(
        "error: the job was still queued after 1s and was cancelled [request {id}]\n\
         Nothing ran, so nothing is charged.\n"
    );
    assert!(told.err.ends_with(&why), "{told:?}");
    assert_eq!(service.status(&id), "cancelled");

    let id = service.json(&[&run[..], &["--no-wait"]].concat()).json()["request_id"].clone();
    let resumed = service.json(&[&["resume", id.as_str().unwrap()][..], &impatient].concat());
    let json = resumed.json();
    assert_eq!(
        (resumed.code, &json["request_id"], &json["status"]),
        (1, &id, &json!("cancelled"))
    );
    assert_eq!(json["error"]["kind"], "job_cancelled");
}

/// Who sees nothing believes that nothing happens.
#[test]
fn what_is_waited_for_is_said() {
    let service = Service::new();
    let run = ["run", TEXT_TO_IMAGE, "--prompt", "x", "--no-wait"];
    for (call, arguments, said) in [
        (Call::Submit, &run[..], "the service has not answered yet;"),
        (
            Call::Catalogue,
            &["run", "acme/paint", "--colour", "red"],
            "asking the catalogue for the schema of `acme/paint`",
        ),
        (
            Call::Catalogue,
            &["run", TEXT_TO_IMAGE, "--prompt", "x", "--dry-run"],
            "asking the catalogue for the price",
        ),
        (Call::Balance, &["balance"], "waiting for an answer"),
        (
            Call::Result,
            &["result", "some-id"],
            "waiting for an answer",
        ),
    ] {
        service.emulator.script(call, Reply::stall());
        let mut waiting = service
            .command(arguments)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(waiting.stderr.take().unwrap()).lines();
        let mut lines = lines.map(Result::unwrap);
        assert!(lines.any(|line| line.starts_with(said)), "{said}");
        waiting.kill().unwrap();
        waiting.wait().unwrap();
    }
}

#[test]
fn a_job_that_begins_just_in_time_is_waited_for() {
    let service = Service::slow();
    let too_late =
        json!({ "request_id": "x", "status": "in_progress", "outcome": "not_cancellable" });
    service
        .emulator
        .script(Call::Cancel, Reply::json(202, &too_late));
    let mut run = service.command(&["run", TEXT_TO_IMAGE, "--prompt", "x"]);
    run.args(["--cancel-if-queued-after", "1", "--poll-secs", "0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let run = run.spawn().unwrap();
    while service.emulator.count(Call::Cancel) == 0 {
        std::thread::sleep(Duration::from_millis(10));
    }
    service.emulator.advance(Duration::from_secs(3600));
    let told = Ended::from(run.wait_with_output().unwrap());
    assert_eq!(told.code, 0, "{told:?}");
    assert!(
        told.err
            .contains("\nthe job was to be cancelled, but it runs already or has ended"),
        "{told:?}"
    );
    assert_eq!(service.files(), 1);
}
