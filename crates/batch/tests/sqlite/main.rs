//! A store in a file survives what happens to files and processes, or says what to do.

#![allow(clippy::unwrap_used)]

mod killed;
mod trouble;

use std::path::Path;
use std::time::Duration;

use runcomfy_batch::{Incarnation, JobId, Money, NewJob, SqliteStore, Store, StoreError};
use serde_json::json;

/// Sum that each job of a test reserves.
pub(crate) const ESTIMATE: Money = Money::from_micros(40_000);

pub(crate) fn jobs(number: u64) -> Vec<NewJob> {
    let jobs = (1..=number).map(|n| {
        let id: JobId = format!("job {n}").parse().unwrap();
        NewJob::new(
            id,
            "a/b",
            json!({ "prompt": "a boat", "seed": n }),
            ESTIMATE,
        )
    });
    jobs.collect()
}

pub(crate) async fn register(store: &SqliteStore) -> Result<Incarnation, StoreError> {
    let process = format!("process {}", std::process::id());
    store.register(&process, Duration::ZERO).await
}

pub(crate) fn open(path: &Path) -> SqliteStore {
    SqliteStore::open(path).unwrap()
}
