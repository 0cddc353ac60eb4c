//! A store that was deleted, renamed or linked: no job is paid a second time.

use std::fs;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use super::jobs::{FILE, Jobs};
use crate::support::Ended;

const STORE: &str = "boats.jsonl.batch.db";
const LOCK: &str = "boats.jsonl.batch.db.lock";

/// Checks that a command was refused, that it says all these words, and that the service has so many jobs.
#[track_caller]
fn assert_refused(jobs: &Jobs, ended: &Ended, code: i32, words: &[&str], submitted: usize) {
    assert_eq!(ended.code, code, "{ended:?}");
    for word in words {
        assert!(ended.err.contains(word), "{word}: {ended:?}");
    }
    assert_eq!(jobs.submitted(), submitted, "{ended:?}");
}

fn start(jobs: &Jobs, more: &[&str]) -> Child {
    let mut command = jobs.service.command(&Jobs::arguments(FILE, more));
    let piped = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    piped.spawn().unwrap()
}

#[test]
fn deleted_store_is_not_begun_again() {
    let jobs = Jobs::new(2);
    jobs.ends(&[], 0);
    fs::remove_file(jobs.path(STORE)).unwrap();
    let words = [LOCK, "deleted, renamed or moved", "nothing was submitted"];
    assert_refused(&jobs, &jobs.run(FILE, &[]), 66, &words, 2);
    let status = jobs.service.run(&["batch", "status", FILE]);
    assert_refused(&jobs, &status, 66, &words, 2);
    assert_refused(&jobs, &jobs.run(FILE, &["--no-submit"]), 66, &words, 2);
    assert!(!jobs.path(STORE).exists());
    // Without the lock file the manifests still name what is paid.
    fs::remove_file(jobs.path(LOCK)).unwrap();
    let words = [
        "2 jobs of this file",
        "`boat-1`",
        "boats.jsonl.out",
        "--out DIR",
    ];
    for _ in 0..2 {
        let refused = jobs.run(FILE, &[]);
        let has_example = ["`boat-1`", "`boat-2`"].map(|id| refused.err.contains(id));
        assert!(has_example.contains(&true), "{refused:?}");
        let others = [words[0], words[2], words[3], "Nothing was submitted"];
        assert_refused(&jobs, &refused, 65, &others, 2);
    }
    assert!(!jobs.path(STORE).exists());
    jobs.ends(&["--out", "again"], 0);
    assert_eq!(jobs.submitted(), 4);
}

#[test]
fn only_jobs_of_the_file_are_paid_already() {
    let jobs = Jobs::new(3);
    jobs.ends(&[], 0);
    for name in [STORE, LOCK] {
        fs::remove_file(jobs.path(name)).unwrap();
    }
    // Other prompts by the same ids, and other ids.
    let lines = fs::read_to_string(jobs.path(FILE)).unwrap();
    let first = lines.lines().next().unwrap();
    jobs.write(FILE, lines.replace("Boat", "Ship"));
    jobs.write("new.jsonl", first.replace("boat-1", "ship-1") + "\n");
    jobs.ends(&[], 0);
    let more = ["--out", "boats.jsonl.out"];
    assert_eq!(jobs.run("new.jsonl", &more).code, 0);
    assert_eq!(jobs.submitted(), 7);
    jobs.write(
        "old.jsonl",
        format!("{first}\n{}", first.replace("boat-1", "boat-9")),
    );
    let refused = jobs.run("old.jsonl", &more);
    assert_refused(&jobs, &refused, 65, &["1 job of this file", "`boat-1`"], 7);
}

#[test]
fn job_that_was_being_saved_is_paid() {
    for manifest in [
        r#"{"key":"0123456789abcdef-1-1","state":"saving"}"#.to_owned(),
        format!(
            r#"{{"key":"0123456789abcdef-1-1","id":"boat-1","model":"{}","input":{{"prompt":"Boat 1"}},"state":"saving"}}"#,
            crate::support::TEXT_TO_IMAGE
        ),
    ] {
        let jobs = Jobs::new(1);
        fs::create_dir(jobs.path("boats.jsonl.out")).unwrap();
        jobs.write("boats.jsonl.out/000001-boat-1.json", manifest);
        let refused = jobs.run(FILE, &[]);
        assert_refused(&jobs, &refused, 65, &["000001-boat-1.json", "--out DIR"], 0);
    }
    // One of another batch, whose process is saving it to the same folder.
    let jobs = Jobs::new(1);
    fs::create_dir(jobs.path("boats.jsonl.out")).unwrap();
    let other =
        r#"{"key":"0123456789abcdef-1-1","id":"x","model":"a/b","input":{},"state":"saving"}"#;
    jobs.write("boats.jsonl.out/000001-x.json", other);
    jobs.write("boats.jsonl.out/notes.json", "{}");
    jobs.ends(&[], 0);
}

#[test]
fn link_to_a_file_has_the_store_of_the_file() {
    use std::os::unix::fs::symlink;

    let jobs = Jobs::new(2);
    jobs.ends(&[], 0);
    fs::create_dir(jobs.path("links")).unwrap();
    symlink("../boats.jsonl", jobs.path("links/l.jsonl")).unwrap();
    symlink("links/l.jsonl", jobs.path("l.jsonl")).unwrap();
    for link in ["l.jsonl", "links/l.jsonl"] {
        let ended = jobs.run(link, &["--output", "json"]);
        assert_eq!((ended.code, jobs.submitted()), (0, 2), "{ended:?}");
        assert_eq!(ended.json()["jobs"]["saved"], 2);
        let status = jobs.service.run(&["batch", "status", link]);
        assert_eq!(status.code, 0, "{status:?}");
    }
    assert!(!jobs.path("l.jsonl.out").exists());
    // The first run by the link is known by the file.
    symlink("ships.jsonl", jobs.path("s.jsonl")).unwrap();
    jobs.write("ships.jsonl", "{\"input\":{\"prompt\":\"Ship\"}}\n");
    for name in ["s.jsonl", "ships.jsonl"] {
        assert_eq!(jobs.run(name, &[]).code, 0);
        assert_eq!(jobs.submitted(), 3);
    }
}

#[test]
fn store_beside_a_link_stays_in_use() {
    let jobs = Jobs::new(2);
    std::os::unix::fs::symlink(FILE, jobs.path("l.jsonl")).unwrap();
    jobs.ends(&["--store", "l.jsonl.batch.db"], 0);
    let ended = jobs.run("l.jsonl", &[]);
    assert_eq!((ended.code, jobs.submitted()), (0, 2), "{ended:?}");
    // A second store, beside the file: neither knows the jobs of the other.
    jobs.ends(&["--store", STORE], 0);
    assert_eq!(jobs.submitted(), 4);
    let refused = jobs.run("l.jsonl", &[]);
    let words = ["l.jsonl.batch.db", STORE, "two stores", "--store"];
    assert_refused(&jobs, &refused, 2, &words, 4);
}

#[test]
fn another_store_warns_of_jobs_that_are_paid_already() {
    let jobs = Jobs::new(3);
    jobs.ends(&["--budget", "0.09"], 3);
    assert_eq!(jobs.submitted(), 2);
    let warning =
        "2 jobs of this file are submitted already, by the batch of the store boats.jsonl.batch.db";
    let planned = jobs.run(FILE, &["--store", "other.db", "--dry-run"]);
    assert!(planned.err.contains(warning), "{planned:?}");
    let ended = jobs.run(FILE, &["--store", "other.db"]);
    assert_eq!((ended.code, jobs.submitted()), (0, 5), "{ended:?}");
    assert!(ended.err.contains(warning), "{ended:?}");
    // A store that has run the file knows its own jobs, and so does the one beside it when it is named.
    for store in ["other.db", STORE, "./boats.jsonl.batch.db"] {
        let ended = jobs.run(FILE, &["--store", store, "--budget", "none"]);
        assert_eq!(ended.code, 0, "{ended:?}");
        assert!(!ended.err.contains("submitted already"), "{ended:?}");
    }
    assert_eq!(jobs.submitted(), 6);
    // Both stores are named once, however their folder is written.
    let planned = jobs.run(FILE, &["--store", "./third.db", "--dry-run"]);
    assert_eq!(
        planned.err.matches("submitted already").count(),
        2,
        "{planned:?}"
    );
    // A copy of the file is another batch.
    fs::copy(jobs.path(FILE), jobs.path("copy.jsonl")).unwrap();
    let ended = jobs.run("copy.jsonl", &["--dry-run"]);
    for store in ["store boats.jsonl.batch.db;", "store other.db;"] {
        let warning =
            format!("3 jobs of this file are submitted already, by the batch of the {store}");
        assert!(ended.err.contains(&warning), "{warning}: {ended:?}");
    }
}

/// Until its first checkpoint all that a store knows is in the file beside it.
#[test]
fn store_of_a_killed_first_run_is_not_forgotten() {
    let jobs = Jobs::with(2, |builder| builder.run_time(Duration::from_secs(60)));
    let mut child = start(&jobs, &["--store", "other.db"]);
    while jobs.submitted() < 2 {
        std::thread::sleep(Duration::from_millis(5));
    }
    let ids = || std::fs::read(jobs.path("other.db-wal")).unwrap();
    let id = jobs.service.emulator.ledger()[1].request_id.clone();
    while !String::from_utf8_lossy(&ids()).contains(&id) {
        std::thread::sleep(Duration::from_millis(5));
    }
    for is_living in [true, false] {
        let ended = jobs.run(FILE, &["--dry-run"]);
        let warning =
            "2 jobs of this file are submitted already, by the batch of the store other.db;";
        assert!(ended.err.contains(warning), "{is_living} {ended:?}");
        let _ = (child.kill(), child.wait());
    }
}

#[test]
fn store_that_was_named_before_is_not_forgotten() {
    let jobs = Jobs::new(2);
    jobs.ends(&["--store", "other.db"], 0);
    let ended = jobs.run(FILE, &["--dry-run"]);
    let warning = "2 jobs of this file are submitted already, by the batch of the store other.db; boats.jsonl.batch.db knows nothing of them";
    assert!(ended.err.contains(warning), "{ended:?}");
    // Jobs with the same ids and other inputs are other jobs.
    jobs.write(
        "ships.jsonl",
        "{\"id\":\"boat-1\",\"input\":{\"prompt\":\"Ship\"}}\n",
    );
    let ended = jobs.run("ships.jsonl", &["--dry-run"]);
    assert!(!ended.err.contains("submitted already"), "{ended:?}");
}

#[test]
fn renamed_file_is_told_to_rename_its_store() {
    let jobs = Jobs::new(3);
    jobs.ends(&["--budget", "0.09"], 3);
    assert_eq!(jobs.submitted(), 2);
    // A hard link has no other name of its own.
    fs::hard_link(jobs.path(FILE), jobs.path("ships.jsonl")).unwrap();
    let refused = jobs.run("ships.jsonl", &[]);
    let words = ["2 jobs of this file", "`boats.jsonl` is the same file"];
    assert_refused(&jobs, &refused, 65, &words, 2);
    fs::remove_file(jobs.path(FILE)).unwrap();
    let refused = jobs.run("ships.jsonl", &[]);
    let words = [
        "2 jobs of this file are submitted already",
        "mv boats.jsonl.batch.db ships.jsonl.batch.db",
        "mv boats.jsonl.batch.db.lock ships.jsonl.batch.db.lock",
        "mv boats.jsonl.out ships.jsonl.out",
        "Nothing was submitted",
    ];
    assert_refused(&jobs, &refused, 65, &words, 2);
    assert!(!jobs.path("ships.jsonl.batch.db").exists());
    let commands = refused.err.lines().filter(|line| line.starts_with("  mv "));
    for command in commands {
        let words: Vec<&str> = command.split_whitespace().collect();
        fs::rename(jobs.path(words[1]), jobs.path(words[2])).unwrap();
    }
    let ended = jobs.run("ships.jsonl", &["--budget", "none"]);
    assert_eq!((ended.code, jobs.submitted()), (0, 3), "{ended:?}");
}

#[test]
fn store_of_another_file_is_no_hindrance() {
    let jobs = Jobs::new(1);
    jobs.ends(&[], 0);
    jobs.write("ships.jsonl", "{\"input\":{\"prompt\":\"Ship\"}}\n");
    fs::remove_file(jobs.path(FILE)).unwrap();
    jobs.write("other.jsonl.batch.db", "no store");
    let ended = jobs.run("ships.jsonl", &[]);
    assert_eq!((ended.code, jobs.submitted()), (0, 2), "{ended:?}");
}

/// Deletes the store of a run that has submitted some of its jobs, with the files beside it or without. Nobody pays
/// for a job twice.
#[test]
fn store_deleted_under_a_run_stops_it_and_every_other() {
    let jobs = Jobs::with(12, |builder| builder.run_time(Duration::from_millis(400)));
    let child = start(&jobs, &["--concurrency", "2"]);
    while jobs.submitted() < 2 {
        std::thread::sleep(Duration::from_millis(5));
    }
    fs::remove_file(jobs.path(STORE)).unwrap();
    let second = jobs.run(FILE, &[]);
    assert_eq!(second.code, 66, "{second:?}");
    assert!(second.err.contains(LOCK), "{second:?}");
    let first: Ended = child.wait_with_output().unwrap().into();
    assert_eq!(first.code, 69, "{first:?}");
    assert!(
        first.err.contains("was deleted, renamed or moved"),
        "{first:?}"
    );
    let submitted = jobs.submitted();
    assert!((2..=4).contains(&submitted), "{submitted}");
    // Each paid job is saved, and named by a manifest.
    assert_eq!(jobs.pictures(), submitted);
    fs::remove_file(jobs.path(LOCK)).unwrap();
    let _ = fs::remove_file(
        jobs.path(STORE.to_owned().as_str())
            .with_extension("db-wal"),
    );
    let third = jobs.run(FILE, &[]);
    let found = format!("{submitted} jobs of this file");
    assert_refused(&jobs, &third, 65, &[&found], submitted);
}

/// Nothing is left of the store but the process, which shows within a beat that it is there.
#[test]
fn store_deleted_with_all_files_is_missed() {
    let minute = Duration::from_secs(60);
    let jobs = Jobs::with(4, |builder| builder.run_time(minute));
    let child = start(&jobs, &["--concurrency", "2"]);
    while jobs.submitted() < 2 {
        std::thread::sleep(Duration::from_millis(5));
    }
    for end in ["", "-wal", "-shm", ".lock"] {
        fs::remove_file(jobs.path(&format!("{STORE}{end}"))).unwrap();
    }
    let begun = Instant::now();
    while !jobs.path(LOCK).exists() && begun.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_refused(&jobs, &jobs.run(FILE, &[]), 66, &[LOCK], 2);
    jobs.service.emulator.advance(minute);
    let first: Ended = child.wait_with_output().unwrap().into();
    assert_eq!((first.code, jobs.pictures()), (69, 2), "{first:?}");
    assert_refused(&jobs, &jobs.run(FILE, &[]), 66, &[LOCK], 2);
}

#[test]
fn emulated_store_is_begun_again_without_a_word() {
    let jobs = Jobs::new(2);
    for _ in 0..2 {
        let ended = jobs.ends(&["--emulate", "--output", "json"], 0);
        assert_eq!(ended.json()["jobs"]["saved"], 2);
        fs::remove_file(jobs.path("boats.jsonl.emulated.batch.db")).unwrap();
    }
    let status = ["batch", "status", "boats.jsonl.emulated.batch.db"];
    let missing = jobs.service.run(&status);
    assert!(
        missing.err.contains("no batch has run there"),
        "{missing:?}"
    );
    assert_eq!(jobs.submitted(), 0);
}
