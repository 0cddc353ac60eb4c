//! A store in Postgres survives what happens to servers and settings, or says what to do.

#![allow(clippy::unwrap_used)]

mod adoption;
mod forgotten;
mod pooler;
mod roles;
#[cfg(any(feature = "rustls", feature = "native-tls"))]
mod tls;
mod trouble;
mod upgrade;

use std::time::Duration;

use runcomfy_batch::{Incarnation, JobId, Money, NewJob, PostgresStore, Store};
use runcomfy_testkit::postgres::PostgresServer;
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

pub(crate) async fn register(store: &PostgresStore) -> Incarnation {
    store
        .register("a test", Duration::from_secs(600))
        .await
        .unwrap()
}

/// Starts a killed server again, and waits until a store has a connection to it: its old one fails once.
pub(crate) async fn restart(server: &mut PostgresServer, store: &PostgresStore) {
    server.restart();
    while store.counts().await.is_err() {}
}
