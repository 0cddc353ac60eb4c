//! A process that is killed loses nothing.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use runcomfy_batch::{End, Ending, Store};
use serde_json::json;

use crate::{ESTIMATE, jobs, open, register};

/// Number of submits that the process has in flight at most.
const ROOM: usize = 8;

const JOBS: u64 = 300;

/// Name of the variable that makes a test the process that is killed.
const STORE: &str = "RUNCOMFY_BATCH_TEST_STORE";

/// Works on the batch, and prints each key as a service would see it: after the intent, before the id.
#[tokio::test]
#[ignore = "the process that `killed_process_pays_nothing_twice` starts and kills"]
async fn work() {
    let Ok(path) = std::env::var(STORE) else {
        return;
    };
    let store = open(Path::new(&path));
    let mut me = register(&store).await.unwrap();
    loop {
        let beat = store.beat(&mut me).await.unwrap();
        let adopted = beat.adopted.iter().map(|adopted| adopted.job.key.clone());
        let mut submitted: Vec<_> = adopted.collect();
        let claims = store.claim(&mut me, ROOM).await.unwrap();
        for job in &claims.jobs {
            println!("sent {}", job.key);
            submitted.push(job.key.clone());
        }
        let ids = claims
            .jobs
            .iter()
            .map(|job| (job.key.clone(), job.key.as_str().parse().unwrap()));
        store.received(me.id(), ids.collect()).await.unwrap();
        let saved = |key| Ending::new(key, End::Saved(json!(null))).cost(ESTIMATE);
        store
            .settle(me.id(), submitted.into_iter().map(saved).collect())
            .await
            .unwrap();
        if store.counts().await.unwrap().is_done() {
            println!("done");
            return;
        }
    }
}

fn start(store: &Path) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["killed::work", "--exact", "--ignored", "--nocapture"]);
    command
        .env(STORE, store)
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command.spawn().unwrap()
}

/// Reads the keys that a process sends; kills it after some of them, where `kill_after` says so.
fn keys_of(mut child: Child, kill_after: Option<usize>) -> Vec<String> {
    let mut keys = Vec::new();
    let output = child.stdout.take().unwrap();
    for line in BufReader::new(output).lines() {
        let line = line.unwrap();
        keys.extend(line.split_once("sent ").map(|(_, key)| key.to_owned()));
        if kill_after.is_some_and(|number| keys.len() == number) {
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    keys
}

#[tokio::test]
async fn killed_process_pays_nothing_twice() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("jobs.batch.db");
    let store = open(&path);
    store.import(jobs(JOBS)).await.unwrap();
    let mut sent = Vec::new();
    let mut kills = 0;
    for round in 0..100 {
        // The system releases the lock of a killed process.
        let kill_after = (round < 10).then_some(1 + round * 3);
        let keys = keys_of(start(&path), kill_after);
        kills += usize::from(kill_after.is_some_and(|number| keys.len() >= number));
        sent.extend(keys);
        if store.counts().await.unwrap().is_done() {
            break;
        }
    }
    let counts = store.counts().await.unwrap();
    let number = sent.len();
    sent.sort_unstable();
    sent.dedup();
    assert_eq!(sent.len(), number, "a key was sent twice");
    assert_eq!(counts.saved + counts.in_doubt, JOBS, "{counts:?}");
    assert!(
        counts.in_doubt <= (kills * ROOM) as u64,
        "{counts:?} after {kills} kills"
    );
    assert_eq!(
        counts.money.spent.micros(),
        counts.saved * ESTIMATE.micros()
    );
    assert_eq!(
        counts.money.in_doubt.micros(),
        counts.in_doubt * ESTIMATE.micros()
    );
    assert!(kills >= 10, "{kills} kills");
    // Whatever was sent is saved or named as a doubt.
    let rows = store.rows(None, 0, usize::MAX).await.unwrap();
    for key in sent {
        let row = rows
            .iter()
            .find(|row| row.attempt.as_ref().unwrap().key.as_str() == key);
        assert!(row.is_some(), "{key} is in no books");
    }
}
