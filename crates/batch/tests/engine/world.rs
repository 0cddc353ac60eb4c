//! An emulator, a store and a folder.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use runcomfy::{Client, RetryPolicy};
use runcomfy_batch::{
    Batch, Clock, Faults, MemoryStore, Money, NewJob, Progress, SqliteOptions, Store, Summary,
};
use runcomfy_emulator::{Builder, Emulator};
use serde_json::json;
use tempfile::TempDir;

/// Model of the jobs.
pub(crate) const MODEL: &str = "bytedance/dreamina-4-0/text-to-image";

/// Price of a job that succeeds.
pub(crate) const PRICE: Money = Money::from_micros(70_000);

/// Estimate of a job.
pub(crate) const ESTIMATE: Money = Money::from_micros(100_000);

/// An emulator, and a folder for files and a store.
pub(crate) struct World {
    pub(crate) emulator: Emulator,
    pub(crate) folder: TempDir,
    pub(crate) faults: Faults,
}

/// Kind of the store under test.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Memory,
    Sqlite,
}

/// Returns a builder of an emulator that runs jobs at once.
pub(crate) fn emulator() -> Builder {
    Emulator::builder()
        .built_in_models()
        .slots(1000)
        .price(PRICE.to_usd())
}

/// Returns a client for an emulator.
pub(crate) fn client(base_url: &str) -> Client {
    let backoff = Duration::from_millis(1);
    let retry = RetryPolicy::new()
        .initial_backoff(backoff)
        .max_backoff(backoff);
    let client = Client::builder().token("t").base_url(base_url).retry(retry);
    client.include_cost(true).build().unwrap()
}

/// Opens the store in a folder.
pub(crate) fn sqlite(folder: &Path, faults: Faults) -> Arc<dyn Store> {
    let options = SqliteOptions::new().faults(faults);
    Arc::new(options.open(folder.join("jobs.batch.db")).unwrap())
}

/// Returns jobs with the ids `job 1` and so on.
pub(crate) fn jobs(count: usize) -> Vec<NewJob> {
    let job = |n| {
        let id = format!("job {n}").parse().unwrap();
        NewJob::new(
            id,
            MODEL,
            json!({ "prompt": format!("Boat {n}") }),
            ESTIMATE,
        )
    };
    (1..=count).map(job).collect()
}

impl World {
    pub(crate) async fn new(builder: Builder) -> Self {
        Self {
            emulator: builder.start().await.unwrap(),
            folder: tempfile::tempdir().unwrap(),
            faults: Faults::new(),
        }
    }

    /// Opens a store with jobs.
    pub(crate) async fn store(&self, kind: Kind, count: usize) -> Arc<dyn Store> {
        let faults = self.faults.clone();
        let store: Arc<dyn Store> = match kind {
            Kind::Memory => Arc::new(MemoryStore::new(Clock::system()).faults(faults)),
            Kind::Sqlite => sqlite(self.folder.path(), faults),
        };
        store.import(jobs(count)).await.unwrap();
        store
    }

    pub(crate) fn batch(&self, store: &Arc<dyn Store>) -> Batch {
        batch(store, &self.emulator.base_url(), self.folder.path())
    }

    /// Runs a store to its end, and returns the words of the events too.
    pub(crate) async fn run(&self, store: &Arc<dyn Store>) -> (Summary, Vec<Progress>) {
        let mut running = self.batch(store).start();
        let mut events = Vec::new();
        while let Some(event) = running.next().await {
            events.push(event);
        }
        (running.summary().await.unwrap(), events)
    }

    /// Checks that no key was sent twice, and returns the number of jobs that the service has.
    pub(crate) fn submitted(&self) -> usize {
        let ledger = self.emulator.ledger();
        let keys = ledger.iter().map(|entry| entry.idempotency_key().unwrap());
        assert_eq!(
            keys.collect::<HashSet<_>>().len(),
            ledger.len(),
            "a key was sent twice"
        );
        ledger.len()
    }

    /// Checks that each prompt was paid at most once.
    pub(crate) fn check_no_duplicates(&self) {
        self.submitted();
        let ledger = self.emulator.ledger();
        let prompts = ledger.iter().map(|entry| entry.input["prompt"].to_string());
        assert_eq!(
            prompts.collect::<HashSet<_>>().len(),
            ledger.len(),
            "a job was paid twice"
        );
    }

    /// Returns the number of saved pictures.
    pub(crate) fn pictures(&self) -> usize {
        let files = std::fs::read_dir(self.folder.path().join("out"));
        let names = files
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap());
        names
            .filter(|name| name.contains(".png") && !name.starts_with('.'))
            .count()
    }
}

/// Returns a batch that saves in the folder `out`.
pub(crate) fn batch(store: &Arc<dyn Store>, base_url: &str, folder: &Path) -> Batch {
    let batch = Batch::new(Arc::clone(store), client(base_url), folder.join("out"));
    batch
        .poll_every(Duration::from_millis(100))
        .spill(folder.join("ids.jsonl"))
}

/// Returns the words of events.
pub(crate) fn words(events: &[Progress]) -> Vec<&'static str> {
    events.iter().map(Progress::as_str).collect()
}
