//! The flag `--job-file`: no interruption loses a job, and none is paid twice.

use std::fs::File;
use std::path::PathBuf;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use crate::support::{Ended, Service, TEXT_TO_IMAGE, all_at_once};
use runcomfy_emulator::{Call, Reply};
use runcomfy_testkit::cases::Cases;
use serde_json::{Value, json};

const RUN: [&str; 8] = [
    "run",
    TEXT_TO_IMAGE,
    "--prompt",
    "x",
    "--poll-secs",
    "0",
    "--job-file",
    "job.json",
];

fn path(service: &Service) -> PathBuf {
    service.folder.path().join("job.json")
}

fn content(service: &Service) -> Value {
    let text = std::fs::read_to_string(path(service)).unwrap();
    serde_json::from_str(&text).unwrap_or_else(|why| panic!("{why}: {text:?}"))
}

fn names(service: &Service) -> Vec<String> {
    let entries = std::fs::read_dir(service.folder.path()).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn job_that_is_done_is_done_once() {
    let service = Service::new();
    let first = service.json(&RUN).good_json();
    let saved = content(&service);
    let key = service.emulator.ledger()[0]
        .idempotency_key()
        .unwrap()
        .to_owned();
    assert_eq!(
        (&saved["key"], &saved["request_id"], &saved["done"]),
        (&json!(key), &first["request_id"], &json!(true))
    );
    assert_eq!(names(&service), ["image.png", "job.json"]);
    let requests = service.emulator.requests().len();
    let again = service.json(&RUN).good_json();
    assert_eq!(
        (&again["output"], &again["files"][0]["path"]),
        (&first["output"], &json!("image.png"))
    );
    let mut offline = service.command(&[&RUN[..], &["--output", "json"]].concat());
    offline.env_remove("RUNCOMFY_TOKEN");
    let offline = Ended::from(offline.output().unwrap());
    assert_eq!(offline.good_json(), first["output"], "no token is needed");
    assert_eq!(
        service.emulator.requests().len(),
        requests,
        "nothing is sent"
    );
    assert_eq!(names(&service), ["image.png", "job.json"]);

    std::fs::remove_file(service.folder.path().join("image.png")).unwrap();
    service.json(&RUN).good_json();
    assert_eq!(
        names(&service),
        ["image.png", "job.json"],
        "what is missing is saved"
    );
    assert_eq!(service.emulator.ledger().len(), 1);
}

#[test]
fn submit_without_a_wait_is_continued() {
    let service = Service::new();
    let no_wait = [&RUN[..], &["--no-wait"]].concat();
    let id = service.json(&no_wait).good_json()["request_id"].clone();
    assert_eq!(service.json(&no_wait).good_json()["request_id"], id);
    let done = service.json(&RUN).good_json();
    assert_eq!(
        (&done["request_id"], &done["status"]),
        (&id, &json!("succeeded"))
    );
    assert_eq!(service.emulator.ledger().len(), 1);
}

#[test]
fn other_input_is_refused_with_the_difference() {
    let service = Service::new();
    service.json(&RUN).good_json();
    let before = content(&service);
    let mut other = RUN;
    other[3] = "y";
    let refused = service.run(&[&other[..], &["--width-x-height", "1024x1024"]].concat());
    assert_eq!(refused.code, 65, "{refused:?}");
    for part in [
        "\n  /prompt was \"x\", now \"y\"\n",
        "/width×height is now \"1024x1024(1:1)\"",
        "Nothing was submitted, so nothing is charged.",
    ] {
        assert!(refused.err.contains(part), "{part}: {refused:?}");
    }
    let key = service.run(&[&RUN[..], &["--key", "mine"]].concat());
    assert!(key.code == 65 && key.err.contains("now `mine`"), "{key:?}");
    assert_eq!(
        (service.emulator.ledger().len(), content(&service)),
        (1, before)
    );

    std::fs::write(path(&service), "{\"not\": \"ours\"}").unwrap();
    let foreign = service.run(&RUN);
    assert!(
        foreign.code == 65 && foreign.err.contains("is not a job file"),
        "{foreign:?}"
    );
    assert_eq!(
        std::fs::read(path(&service)).unwrap(),
        b"{\"not\": \"ours\"}"
    );
}

#[test]
fn lost_response_is_never_submitted_again() {
    let service = Service::new();
    let lost = Reply::lost().carried_out();
    service.emulator.script(Call::Submit, lost);
    let first = service.json(&[&RUN[..], &["--key", "mine"]].concat());
    assert_eq!(first.code, 69, "{first:?}");
    for _ in 0..2 {
        let again = service.json(&RUN);
        let error = &again.json()["error"];
        assert_eq!(
            (
                again.code,
                &error["may_have_been_submitted"],
                &error["idempotency_key"]
            ),
            (69, &json!(true), &json!("mine")),
            "{again:?}"
        );
    }
    let ledger = service.emulator.ledger();
    assert_eq!(
        (ledger.len(), ledger[0].idempotency_key()),
        (1, Some("mine"))
    );
}

#[test]
fn refused_submit_leaves_no_job_file() {
    let service = Service::new();
    service
        .emulator
        .script(Call::Submit, Reply::refused(402, 400_002));
    let refused = service.run(&RUN);
    assert_eq!((refused.code, names(&service)), (65, vec![]), "{refused:?}");
    service.json(&RUN).good_json();
    assert_eq!(service.emulator.ledger().len(), 1);
}

#[test]
fn failed_job_is_not_submitted_again() {
    let service = Service::new();
    service.emulator.fail_next(json!("out of paint"));
    assert_eq!(service.run(&RUN).code, 1);
    let again = service.json(&RUN);
    assert_eq!(
        (again.code, &again.json()["error"]["kind"]),
        (1, &json!("job_failed")),
        "{again:?}"
    );
    assert_eq!(service.emulator.ledger().len(), 1);
}

#[test]
fn second_command_is_refused_while_the_first_runs() {
    let service = Service::slow();
    let mut first = service.command(&RUN);
    let mut first = first
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    service.until_received(Call::Status);
    let second = service.run(&RUN);
    assert!(
        second.code == 75 && second.err.contains("another command works on the job file"),
        "{second:?}"
    );
    service.emulator.advance(Duration::from_secs(3600));
    assert!(first.wait().unwrap().success());
    assert_eq!(service.run(&RUN).code, 0);
    assert_eq!(service.emulator.ledger().len(), 1);
}

/// Kills the command at random moments until it says that it is done, or that the outcome is unknown.
/// The ledger of the service judges.
#[test]
fn kill_at_any_moment_loses_nothing_and_pays_once() {
    // Moments per service, spread over the time of a run.
    let kills = Cases::from_env(12).count;
    all_at_once(0..4_u64, |thread| {
        for kill in 0..kills {
            let service = Service::with(|builder| {
                let time = Duration::from_millis(20);
                builder.queue_time(time).run_time(time)
            });
            let mut attempts = 0;
            let last = loop {
                attempts += 1;
                assert!(attempts < 200, "it comes to an end");
                let mut command = service.command(&[&RUN[..], &["--output", "record"]].concat());
                let output = File::create(service.folder.path().join(".out")).unwrap();
                let mut child = command
                    .stdout(output)
                    .stderr(Stdio::null())
                    .spawn()
                    .unwrap();
                // Each attempt lives a little longer, so that it comes to an end.
                let moment = 3 + thread * 7 + kill * 11 + attempts * 17;
                thread::sleep(Duration::from_millis(moment));
                // Fails if the command has ended already.
                let _ = child.kill();
                if let Some(code) = child.wait().unwrap().code() {
                    break code;
                }
            };
            let ledger = service.emulator.ledger();
            assert!(ledger.len() <= 1, "{} jobs are paid", ledger.len());
            let saved = content(&service);
            if let Some(job) = ledger.first() {
                assert_eq!(saved["key"], json!(job.idempotency_key().unwrap()));
            }
            match last {
                0 => {
                    assert_eq!(saved["request_id"], json!(ledger[0].request_id));
                    let file = saved["files"][0]["path"].as_str().unwrap();
                    assert!(std::fs::metadata(file).unwrap().len() > 0);
                    let images = names(&service);
                    let images = images.iter().filter(|name| name.starts_with("image"));
                    assert!(images.count() >= 1);
                }
                // Killed during the submit: the key is there, and nothing was sent again.
                69 => assert_eq!(saved["request_id"], Value::Null),
                code => panic!("{code}"),
            }
        }
    });
}
