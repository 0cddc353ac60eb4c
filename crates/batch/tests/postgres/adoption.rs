//! The living processes share the jobs of a dead one.

use std::time::Duration;

use runcomfy_batch::{Incarnation, PostgresStore, Store};
use runcomfy_testkit::postgres::PostgresServer;

use crate::{jobs, register};

const JOBS: u64 = 90;

/// Claims so many jobs, and has an id for each.
async fn submit(store: &PostgresStore, me: &mut Incarnation, number: usize) {
    let claims = store.claim(me, number).await.unwrap().jobs;
    let ids = claims.into_iter().map(|job| {
        let id = format!("r-{}", job.n).parse().unwrap();
        (job.key, id)
    });
    store.received(me.id(), ids.collect()).await.unwrap();
}

#[tokio::test]
async fn jobs_of_a_dead_process_are_shared_by_the_living() {
    let Some(server) = PostgresServer::start() else {
        return;
    };
    let store = PostgresStore::open(&server.url()).await.unwrap();
    store.import(jobs(JOBS)).await.unwrap();
    let mut dead = store
        .register("dead", Duration::from_secs(600))
        .await
        .unwrap();
    let mut workers = Vec::new();
    for _ in 0..3 {
        workers.push(register(&store).await);
    }
    // One is at work already.
    submit(&store, &mut workers[0], 20).await;
    submit(&store, &mut dead, 70).await;
    let end = "UPDATE runcomfy_batch.incarnation SET alive_until = 0 WHERE process = 'dead'";
    let _ = server.sql(end);
    let mut adopted = Vec::new();
    for worker in &mut workers {
        let beat = store.beat(worker).await.unwrap();
        adopted.push(beat.adopted.len());
    }
    assert_eq!(adopted, [10, 30, 30]);
    // It is fenced: what was its own is not any more.
    let ended = store.beat(&mut dead).await.unwrap_err();
    assert_eq!(
        ended.kind(),
        runcomfy_batch::StoreErrorKind::IncarnationEnded
    );
    // The last one takes all that the others leave.
    let end = "UPDATE runcomfy_batch.incarnation SET alive_until = 0 WHERE id <> (SELECT max(id) FROM runcomfy_batch.incarnation)";
    let _ = server.sql(end);
    let beat = store.beat(&mut workers[2]).await.unwrap();
    assert_eq!(beat.adopted.len(), 60);
}
