//! The commands by which a person decides: `resolve`, `cancel`, `doctor`.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use runcomfy_batch::{
    Clock, JobId, JobKey, Money, NewJob, Resolution, SqliteOptions, SqliteStore, Store, Timestamp,
};
use runcomfy_emulator::{Call, Reply};
use serde_json::json;

use super::jobs::{FILE, Jobs};
use crate::support::{Ended, TEXT_TO_IMAGE};

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

/// Nothing can be asked for at the service, so that the next run would find it in doubt as before.
#[test]
fn cancelled_doubt_is_still_to_be_decided_on() {
    let doubt = Doubt::new();
    let cancelled = doubt.batch("cancel boats.jsonl --all");
    assert_eq!(cancelled.code, 0, "{cancelled:?}");
    let words = "in doubt stay so until `runcomfy batch resolve` decides";
    assert!(cancelled.out.contains(words), "{cancelled:?}");
    assert_eq!(doubt.batch("resolve KEY boats.jsonl --no-job").code, 0);
    let cancelled = doubt.batch("cancel boats.jsonl --all");
    assert!(!cancelled.out.contains("in doubt"), "{cancelled:?}");
}

#[test]
fn doubt_is_not_resubmitted_while_its_submit_may_arrive() {
    let doubt = Doubt::new();
    let refused = doubt.batch("resolve KEY boats.jsonl --resubmit");
    assert_eq!(refused.code, 75, "{refused:?}");
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
    let ended = jobs.ends(&["--budget", "none"], 1);
    let list = "`runcomfy batch list boats.jsonl --state cancelled` lists";
    assert!(ended.err.contains(list), "{ended:?}");
    assert!(!ended.err.contains("--state failed"), "{ended:?}");
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

/// Starts a batch of three jobs, whose submits are all in doubt.
fn three_doubts() -> (Jobs, Vec<String>) {
    let jobs = Jobs::new(3);
    for _ in 0..3 {
        jobs.service.emulator.script(Call::Submit, Reply::lost());
    }
    jobs.ends(&["--concurrency", "1"], 69);
    let ledger = jobs.service.emulator.ledger();
    let keys = ledger.iter().map(|paid| paid.idempotency_key().unwrap());
    let keys = keys.map(str::to_owned).collect();
    (jobs, keys)
}

fn resolve(jobs: &Jobs, more: &[&str]) -> Ended {
    jobs.service.run(&[&["batch", "resolve"], more].concat())
}

#[test]
fn several_doubts_are_decided_on_at_once() {
    let (jobs, keys) = three_doubts();
    let two = [&keys[0], &keys[2], FILE, "--no-job"];
    let decided = resolve(&jobs, &two);
    assert_eq!(decided.code, 0, "{decided:?}");
    let lines: Vec<&str> = decided.out.lines().collect();
    assert_eq!(lines.len(), 2, "{decided:?}");
    assert!(lines[1].starts_with(&format!("{} (job 3 `boat-3`): ", keys[2])));
    let json = [&two[..], &["--output", "json"]].concat();
    let again = resolve(&jobs, &json).good_json();
    assert_eq!(again["decided"][0]["changed"], false);
    let mixed = [&keys[1], "x-1-1", FILE, "--no-job", "--output", "record"];
    let mixed = resolve(&jobs, &mixed);
    assert_eq!(mixed.code, 65, "{mixed:?}");
    let json = mixed.json();
    assert_eq!(json["decided"][0]["id"], "boat-2");
    assert_eq!(json["undecided"][0]["key"], "x-1-1");
    assert_eq!(json["error"]["exit_code"], 65);
    let status = jobs
        .service
        .run(&["batch", "status", FILE, "--output", "json"]);
    assert_eq!(status.json()["jobs"]["failed"], 3);
}

#[test]
fn all_doubts_are_decided_on_each_by_itself() {
    let (jobs, _) = three_doubts();
    let early = resolve(&jobs, &["--all", FILE, "--resubmit"]);
    assert_eq!(early.code, 75, "{early:?}");
    assert!(
        early.err.contains("3 of 3 submits not decided on"),
        "{early:?}"
    );
    for n in 1..=3 {
        let named = format!("(job {n} `boat-{n}`): may still arrive; decide on it after 20");
        assert!(early.err.contains(&named), "{early:?}");
    }
    let json = resolve(&jobs, &["--all", FILE, "--resubmit", "--output", "record"]).json();
    assert_eq!(json["error"]["kind"], "too_early");
    assert!(
        json["undecided"][2]["until"]
            .as_str()
            .unwrap()
            .ends_with('Z')
    );
    let all = resolve(&jobs, &["--all", FILE, "--no-job", "--output", "json"]).good_json();
    assert_eq!(all["decided"].as_array().unwrap().len(), 3);
    let none = resolve(&jobs, &["--all", FILE, "--no-job"]);
    assert_eq!(none.code, 0, "{none:?}");
    assert!(none.out.contains("no submit is in doubt"), "{none:?}");
    assert_eq!(jobs.submitted(), 3);
}

/// Creates a store with three jobs whose submits are in doubt: one that is wanted, one whose cancellation was
/// requested, and one that is submitted again already.
async fn doubts(path: &Path) -> SqliteStore {
    let clock = Clock::manual(Timestamp::from_micros(1_795_000_000_000_000));
    let options = SqliteOptions::new().clock(clock.clone());
    let store = options.open(path).unwrap();
    let ids: [JobId; 3] = ["wanted", "unwanted", "again"].map(|id| id.parse().unwrap());
    let jobs = ids.clone().map(|id| {
        let input = json!({ "prompt": "Boat" });
        NewJob::new(id, TEXT_TO_IMAGE, input, Money::from_micros(40_000))
    });
    store.import(jobs.to_vec()).await.unwrap();
    let mut me = store.register("test", Duration::ZERO).await.unwrap();
    let claims = store.claim(&mut me, 3).await.unwrap();
    let keys = claims.jobs.into_iter().map(|job| job.key);
    let keys: Vec<JobKey> = keys.collect();
    let lost = keys
        .iter()
        .map(|key| (key.clone(), "no response".to_owned()));
    store.doubtful(me.id(), lost.collect()).await.unwrap();
    clock.advance(Duration::from_secs(301));
    store.cancel(Some(vec![ids[1].clone()])).await.unwrap();
    let again = store.resolve(keys[2].clone(), Resolution::Resubmit);
    again.await.unwrap();
    store
}

/// All of them would be paid again, also those that a person wants no longer or that are submitted again already.
#[tokio::test]
async fn all_leaves_jobs_that_are_not_to_be_paid_again() {
    let folder = tempfile::tempdir().unwrap();
    let store = doubts(&folder.path().join("boats.jsonl.batch.db")).await;
    let mut command = crate::support::command();
    let command = command.current_dir(folder.path());
    let command = command.args(["batch", "resolve", "--all", FILE, "--resubmit"]);
    let ended = Ended::from(command.output().unwrap());
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(
        ended.err.contains("its cancellation was requested"),
        "{ended:?}"
    );
    assert!(
        ended
            .err
            .contains("1 submit left in doubt, of jobs that are submitted again"),
        "{ended:?}"
    );
    assert!(ended.out.contains("`wanted`"), "{ended:?}");
    let counts = store.counts().await.unwrap();
    assert_eq!((counts.ready, counts.in_doubt, counts.doubts), (2, 1, 3));
}

#[test]
fn arguments_of_a_decision_belong_together() {
    let doubt = Doubt::new();
    for (line, words) in [
        ("resolve KEY --no-job", "found only `"),
        ("resolve boats.jsonl --no-job", "found only `boats.jsonl`"),
        ("resolve --no-job", "no file and no --store"),
        (
            "resolve --store boats.jsonl.batch.db --no-job",
            "found no KEY",
        ),
        (
            "resolve KEY boats.jsonl --all --no-job",
            "found KEYs beside --all",
        ),
        (
            "resolve KEY KEY boats.jsonl --request-id ID",
            "the KEY of its submit alone",
        ),
        (
            "resolve --all boats.jsonl --request-id ID",
            "cannot be used with",
        ),
    ] {
        let refused = doubt.batch(line);
        assert_eq!(refused.code, 2, "{refused:?}");
        assert!(refused.err.contains(words), "{line}: {refused:?}");
    }
    let by_store = "resolve KEY --store boats.jsonl.batch.db --no-job";
    assert_eq!(doubt.batch(by_store).code, 0);
}

#[test]
fn id_of_a_saved_job_changes_nothing() {
    let jobs = Jobs::new(1);
    jobs.ends(&[], 0);
    let paid = &jobs.service.emulator.ledger()[0];
    let (key, id) = (paid.idempotency_key().unwrap(), &*paid.request_id);
    let before = std::fs::read(jobs.path("boats.jsonl.batch.db")).unwrap();
    let saved = resolve(&jobs, &[key, FILE, "--request-id", id]);
    assert_eq!(saved.code, 0, "{saved:?}");
    let words = "already, whose files are saved; nothing was changed";
    assert!(saved.out.contains(words), "{saved:?}");
    assert!(!saved.out.contains("waits"), "{saved:?}");
    let after = std::fs::read(jobs.path("boats.jsonl.batch.db")).unwrap();
    assert_eq!(before, after);
}
