//! `batch run` finishes what is paid, also where nothing more may be submitted.

use std::time::Duration;

use super::jobs::{FILE, Jobs};

const MINUTE: Duration = Duration::from_secs(60);

/// Starts a batch of three jobs, and kills it while the first one runs at the service.
fn killed() -> Jobs {
    let jobs = Jobs::with(3, |builder| builder.run_time(MINUTE));
    let arguments = Jobs::arguments(FILE, &["--rate", "1/h"]);
    let mut command = jobs.service.command(&arguments);
    let null = std::process::Stdio::null;
    let mut child = command.stdout(null()).stderr(null()).spawn().unwrap();
    while jobs.service.polls() == 0 {
        std::thread::sleep(Duration::from_millis(10));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    jobs.service.emulator.advance(MINUTE * 2);
    jobs
}

#[test]
fn paid_jobs_are_finished_before_a_refusal() {
    let jobs = killed();
    let text = std::fs::read_to_string(jobs.path(FILE)).unwrap();
    jobs.write(FILE, text.replace("\"Boat 2\"", "2"));
    let refused = jobs.ends(&[], 65);
    assert!(refused.err.contains("prompt: found 2"), "{refused:?}");
    let finished = "1 job is finished of those that were submitted before";
    assert!(refused.err.contains(finished), "{refused:?}");
    assert_eq!((jobs.submitted(), jobs.pictures()), (1, 1));
    // A second time there is nothing to finish.
    let refused = jobs.ends(&[], 65);
    assert!(!refused.err.contains("finished"), "{refused:?}");
}

#[test]
fn paid_jobs_are_finished_without_an_agreement_or_a_file() {
    let jobs = killed();
    let mut arguments = Jobs::arguments(FILE, &[]);
    arguments.retain(|argument| *argument != "--yes");
    std::fs::remove_file(jobs.path(FILE)).unwrap();
    let refused = jobs.service.run(&arguments);
    assert_eq!(refused.code, 66, "{refused:?}");
    assert_eq!((jobs.submitted(), jobs.pictures()), (1, 1));

    let jobs = killed();
    let refused = jobs.service.run(&arguments);
    assert_eq!(refused.code, 2, "{refused:?}");
    assert_eq!((jobs.submitted(), jobs.pictures()), (1, 1));
}

#[test]
fn no_submit_finishes_what_is_paid_alone() {
    let jobs = killed();
    jobs.write(FILE, "not a file of jobs\n");
    let arguments = ["batch", "run", FILE, "--no-submit", "--output", "json"];
    let ended = jobs.service.run(&arguments);
    assert_eq!(ended.code, 0, "{ended:?}");
    let json = ended.json();
    assert_eq!(
        (&json["jobs"]["saved"], &json["jobs"]["ready"]),
        (&1.into(), &2.into())
    );
    assert_eq!((jobs.submitted(), jobs.pictures()), (1, 1));
    let missing = jobs
        .service
        .run(&["batch", "run", "ships.jsonl", "--no-submit"]);
    assert_eq!(missing.code, 66, "{missing:?}");
    assert!(
        missing.err.contains("no batch has run there"),
        "{missing:?}"
    );
}
