//! The wait of `run` and `resume` for a job that stays queued, and notices about slow requests.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::Duration;

use crate::support::{Ended, RUN, Service, TEXT_TO_IMAGE, all_at_once};
use runcomfy_emulator::{Call, Fault, Reply};
use serde_json::json;

#[test]
fn job_queued_too_long_is_cancelled_for_free() {
    let service = Service::slow();
    let run = ["run", TEXT_TO_IMAGE, "--prompt", "x"];
    let limit = ["--cancel-if-queued-after", "1"];
    let ended = service.run(&[&run[..], &limit].concat());
    assert_eq!(ended.code, 1, "{ended:?}");
    let id = service.emulator.ledger()[0].request_id.clone();
    let why = format!(
        "error: the job was still queued after 1s and was cancelled [request {id}]\n\
         The job did not run, so nothing is charged.\n"
    );
    assert!(ended.err.ends_with(&why), "{ended:?}");
    assert_eq!(service.status(&id), "cancelled");

    let no_wait = [&run[..], &["--no-wait"]].concat();
    let id = service.json(&no_wait).json()["request_id"].clone();
    let resumed = service.json(&[&["resume", id.as_str().unwrap()][..], &limit].concat());
    let json = resumed.json();
    assert_eq!(
        (resumed.code, &json["request_id"], &json["status"]),
        (1, &id, &json!("cancelled"))
    );
    assert_eq!(json["error"]["kind"], "job_cancelled");
}

/// A user who sees nothing believes that nothing happens.
#[test]
fn slow_requests_print_a_notice() {
    let run = ["run", TEXT_TO_IMAGE, "--prompt", "x", "--no-wait"];
    let cases = [
        (Call::Submit, &run[..], "the service has not responded yet;"),
        (
            Call::Catalogue,
            &["run", "acme/paint", "--colour", "red"],
            "querying the catalogue for the schema of `acme/paint`",
        ),
        (
            Call::Catalogue,
            &["run", TEXT_TO_IMAGE, "--prompt", "x", "--dry-run"],
            "querying the catalogue for the price",
        ),
        (Call::Balance, &["balance"], "waiting for the response"),
        (
            Call::Result,
            &["result", "some-id"],
            "waiting for the response",
        ),
    ];
    all_at_once(cases, |(call, arguments, notice)| {
        let service = Service::new();
        service.emulator.script(call, Reply::stall());
        let mut waiting = service
            .command(arguments)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(waiting.stderr.take().unwrap()).lines();
        let mut lines = lines.map(Result::unwrap);
        assert!(lines.any(|line| line.starts_with(notice)), "{notice}");
        waiting.kill().unwrap();
        waiting.wait().unwrap();
    });
}

#[test]
fn job_that_starts_just_in_time_is_waited_for() {
    let service = Service::slow();
    let too_late = json!({ "status": "in_progress", "outcome": "not_cancellable" });
    service
        .emulator
        .script(Call::Cancel, Reply::json(202, &too_late));
    let mut run = service.command(&["run", TEXT_TO_IMAGE, "--prompt", "x"]);
    run.args(["--cancel-if-queued-after", "1", "--poll-secs", "0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let run = run.spawn().unwrap();
    service.until_received(Call::Cancel);
    service.emulator.advance(Duration::from_secs(3600));
    let ended = Ended::from(run.wait_with_output().unwrap());
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(ended.err.contains("\nqueued, next in line ("), "{ended:?}");
    assert!(
        ended.err.contains(
            "\nthe job was still queued after the limit, but it has started or ended meanwhile"
        ),
        "{ended:?}"
    );
    assert_eq!(service.files(), 1);
}

/// A poll that is refused changes nothing for the job, which is paid.
#[test]
fn refused_poll_names_resume() {
    let cases = [
        (Reply::refused(401, 400_004), 77, "the job keeps running"),
        (Reply::expired(), 65, "the job may still be running"),
        (
            Reply::refused(400, 400_001),
            65,
            "the job may still be running",
        ),
        (
            Reply::json(403, &json!({})),
            77,
            "the job may still be running",
        ),
    ];
    all_at_once(cases, |(reply, code, runs)| {
        let service = Service::slow();
        let run = ["run", TEXT_TO_IMAGE, "--prompt", "x", "--no-wait"];
        let id = service.json(&run).json()["request_id"].clone();
        let id = id.as_str().unwrap();
        service.emulator.script(Call::Status, reply);
        let ended = service.run(&["resume", id]);
        assert_eq!(ended.code, code, "{ended:?}");
        for part in [runs, &format!("Resume the wait: runcomfy resume {id}")] {
            assert!(ended.err.contains(part), "{part}: {ended:?}");
        }
    });
}

/// A job that has ended neither keeps running nor is charged later.
#[test]
fn refused_result_of_ended_job_is_not_resumed() {
    let cases = [
        (
            "failed",
            "`runcomfy balance` shows whether the job was charged.",
        ),
        ("cancelled", "The job did not run, so nothing is charged."),
        ("completed", "If it succeeded, it is charged."),
    ];
    all_at_once(cases, |(status, money)| {
        let service = Service::slow();
        let run = ["run", TEXT_TO_IMAGE, "--prompt", "x", "--no-wait"];
        let id = service.json(&run).json()["request_id"].clone();
        let id = id.as_str().unwrap();
        let ended = Reply::json(200, &json!({ "request_id": id, "status": status }));
        service.emulator.script(Call::Status, ended);
        let refused = Reply::refused(400, 400_001);
        service.emulator.script(Call::Result, refused);
        let ended = service.run(&["resume", id]);
        assert_eq!(ended.code, 65, "{ended:?}");
        for part in [money, &format!("See its result: runcomfy result {id}")] {
            assert!(ended.err.contains(part), "{part}: {ended:?}");
        }
        assert!(!ended.err.contains("keeps running"), "{ended:?}");
    });
}

#[test]
fn error_beside_an_output_is_shown() {
    let error = json!({"error": {"code": 7, "text": "half of it"}});
    for failed in [false, true] {
        let service = Service::new();
        let mut members = error.clone();
        if failed {
            members["status"] = "failed".into();
        }
        let both = Fault::from_nth(Call::Result, 1, Reply::patched(members));
        service.emulator.add_fault(both);
        let text = service.run(&RUN);
        assert_eq!(text.code, i32::from(failed), "{text:?}");
        assert!(text.err.contains("half of it"), "{text:?}");
        let json = service.json(&RUN);
        assert_eq!(json.code, i32::from(failed), "{json:?}");
        let json = json.json();
        assert!(json["output"]["image"].is_string(), "{json}");
        let shown = if failed {
            &json["error"]["detail"]
        } else {
            &json["warnings"][0]["detail"]
        };
        assert_eq!(shown, &error["error"], "{json}");
        let id = json["request_id"].as_str().unwrap();
        let result = service.run(&["result", id]);
        assert_eq!(result.code, i32::from(failed), "{result:?}");
        assert!(result.err.contains("half of it"), "{result:?}");
    }
}
