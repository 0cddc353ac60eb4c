//! The commands by which a person decides: `resolve`, `cancel`, `doctor`.

use std::process::Stdio;
use std::time::Duration;

use runcomfy_emulator::{Call, Reply};

use super::jobs::{FILE, Jobs};
use crate::support::Ended;

/// A batch whose first submit is in doubt: the service has its job, and the response was lost.
struct Doubt {
    jobs: Jobs,
    key: String,
    id: String,
}

impl Doubt {
    fn new() -> Self {
        let jobs = Jobs::new(2);
        jobs.service.emulator.script(Call::Submit, Reply::lost());
        jobs.ends(&["--concurrency", "1"], 69);
        let paid = &jobs.service.emulator.ledger()[0];
        let (key, id) = (paid.idempotency_key().unwrap(), &paid.request_id);
        Self {
            key: key.to_owned(),
            id: id.clone(),
            jobs,
        }
    }

    fn batch(&self, line: &str) -> Ended {
        let line = line.replace("KEY", &self.key).replace("ID", &self.id);
        let arguments: Vec<&str> = ["batch"].into_iter().chain(line.split(' ')).collect();
        self.jobs.service.run(&arguments)
    }
}

#[test]
fn found_job_is_waited_for_and_saved() {
    let doubt = Doubt::new();
    let resolved = doubt.batch("resolve KEY boats.jsonl --request-id ID");
    assert_eq!(resolved.code, 0, "{resolved:?}");
    doubt.jobs.ends(&[], 0);
    assert_eq!((doubt.jobs.submitted(), doubt.jobs.pictures()), (2, 2));
    // A second decision changes nothing.
    let refused = doubt.batch("resolve KEY boats.jsonl --no-job");
    assert_eq!(refused.code, 65, "{refused:?}");
    assert!(refused.err.contains("is not in doubt"), "{refused:?}");
}

/// A wrong id would have the picture of another job saved, or a paid job forgotten.
#[test]
fn id_that_is_not_of_the_doubt_is_refused() {
    let doubt = Doubt::new();
    let other = doubt.jobs.service.emulator.ledger()[1].request_id.clone();
    for (id, code, words) in [
        (other.as_str(), 65, "is that of"),
        ("no-such-job", 65, "the service knows no job no-such-job"),
    ] {
        let refused = doubt.batch(&format!("resolve KEY boats.jsonl --request-id {id}"));
        assert_eq!(refused.code, code, "{refused:?}");
        assert!(refused.err.contains(words), "{refused:?}");
    }
    let status = doubt.batch("status boats.jsonl --output json").json();
    assert_eq!(status["money"]["in_doubt"], 0.04);
    let refused = Reply::refused(401, 401_001);
    doubt.jobs.service.emulator.script(Call::Status, refused);
    let unchecked = doubt.batch("resolve KEY boats.jsonl --request-id ID");
    assert_eq!(unchecked.code, 77, "{unchecked:?}");
    let status = doubt.batch("status boats.jsonl --output json").json();
    assert_eq!(status["money"]["in_doubt"], 0.04);
}

#[test]
fn declared_job_fails_and_releases_its_money() {
    let doubt = Doubt::new();
    let status = doubt.batch("status boats.jsonl --output json").json();
    assert_eq!(status["money"]["in_doubt"], 0.04);
    assert_eq!(doubt.batch("resolve KEY boats.jsonl --no-job").code, 0);
    let status = doubt.batch("status boats.jsonl --output json").json();
    assert_eq!(status["money"]["in_doubt"], 0.0);
    doubt.jobs.ends(&[], 1);
    assert_eq!(doubt.jobs.submitted(), 2);
}

#[test]
fn doubt_is_not_resubmitted_while_its_submit_may_arrive() {
    let doubt = Doubt::new();
    let refused = doubt.batch("resolve KEY boats.jsonl --resubmit");
    assert_eq!(refused.code, 65, "{refused:?}");
    assert!(refused.err.contains("may still arrive"), "{refused:?}");
    let unknown = doubt.batch("resolve x-1-1 boats.jsonl --no-job");
    assert_eq!(unknown.code, 65, "{unknown:?}");
    assert_eq!(doubt.batch("resolve KEY boats.jsonl").code, 2);
}

#[test]
fn failed_job_is_submitted_again_on_demand() {
    let jobs = Jobs::new(1);
    let fails = Reply::job_fails("no boat");
    jobs.service.emulator.script(Call::Submit, fails);
    jobs.ends(&[], 1);
    let key = jobs.service.emulator.ledger()[0]
        .idempotency_key()
        .unwrap()
        .to_owned();
    let resolved = jobs
        .service
        .run(&["batch", "resolve", &key, FILE, "--resubmit"]);
    assert_eq!(resolved.code, 0, "{resolved:?}");
    // The store has the input that failed, and submits that one.
    let line = std::fs::read_to_string(jobs.path(FILE)).unwrap();
    jobs.write(FILE, line.replace("Boat", "Ship"));
    let refused = jobs.ends(&[], 65);
    assert!(refused.err.contains("line 1 was edited"), "{refused:?}");
    assert_eq!(jobs.submitted(), 1);
    jobs.write(FILE, line);
    jobs.ends(&[], 0);
    assert_eq!((jobs.submitted(), jobs.pictures()), (2, 1));
}

#[test]
fn cancelled_jobs_are_never_submitted() {
    let jobs = Jobs::new(4);
    jobs.ends(&["--budget", "0.04", "--concurrency", "1"], 3);
    let cancel = |more: &[&str]| {
        let line = [&["batch", "cancel", FILE, "--output", "json"], more].concat();
        jobs.service.piped(&line)
    };
    let refused = cancel(&["--job", "boat-9"]);
    assert_eq!(refused.code, 65, "{refused:?}");
    let one = cancel(&["--job", "boat-2"]).good_json();
    assert_eq!(one["cancelled"], 1);
    let ready = cancel(&["--state", "ready"]).good_json();
    assert_eq!(
        (&ready["cancelled"], &ready["requested"]),
        (&2.into(), &0.into())
    );
    assert_eq!(cancel(&["--all"]).good_json()["cancelled"], 0);
    jobs.ends(&["--budget", "none"], 1);
    assert_eq!(jobs.submitted(), 1);
}

#[test]
fn doctor_names_held_jobs_and_their_process() {
    let minute = Duration::from_secs(60);
    let jobs = Jobs::with(1, |builder| builder.run_time(minute));
    let arguments = Jobs::arguments(FILE, &[]);
    let mut command = jobs.service.command(&arguments);
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while jobs.service.polls() == 0 {
        std::thread::sleep(Duration::from_millis(10));
    }
    let doctor = || jobs.service.run(&["batch", "doctor", FILE]);
    let running = doctor();
    child.kill().unwrap();
    child.wait().unwrap();
    let killed = doctor();
    let id = jobs.service.emulator.ledger()[0].request_id.clone();
    let process = format!("process {}", child.id());
    for (ended, texts) in [
        (running, ["works on it since", "it is waited for"]),
        (
            killed,
            ["no process works on it", "the next run waits for it"],
        ),
    ] {
        assert_eq!(ended.code, 0, "{ended:?}");
        for text in texts
            .into_iter()
            .chain([&*id, &*process, "1 held", "is whole"])
        {
            assert!(ended.out.contains(text), "{text}: {ended:?}");
        }
    }
    jobs.write("boats.jsonl.batch.db", "{}");
    assert_eq!(doctor().code, 66);
}
