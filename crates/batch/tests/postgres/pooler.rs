//! A pooler in transaction mode gives each transition another session.

use std::collections::HashSet;

use runcomfy_batch::{End, Ending, PostgresStore, Store};
use runcomfy_testkit::postgres::{Pooler, PostgresServer};

use crate::{ESTIMATE, jobs, register};

/// Number of sessions that all stores share.
const SESSIONS: usize = 2;
const STORES: usize = 8;
const JOBS: u64 = 160;

/// Claims jobs until there are none, and settles each; returns their keys.
async fn work(store: &PostgresStore) -> Vec<String> {
    let mut me = register(store).await;
    let mut keys = Vec::new();
    loop {
        let claims = store.claim(&mut me, 3).await.unwrap();
        if claims.jobs.is_empty() {
            store.beat(&mut me).await.unwrap();
            return keys;
        }
        for job in claims.jobs {
            let id = format!("r-{}", job.n).parse().unwrap();
            let ids = vec![(job.key.clone(), id)];
            store.received(me.id(), ids).await.unwrap();
            let ending = Ending::new(job.key.clone(), End::Cancelled).cost(ESTIMATE);
            let refused = store.settle(me.id(), vec![ending]).await.unwrap();
            assert_eq!(refused, []);
            keys.push(job.key.to_string());
        }
    }
}

#[tokio::test]
async fn stores_work_behind_a_pooler_of_transactions() {
    let Some(server) = PostgresServer::start() else {
        return;
    };
    let Some(pooler) = Pooler::start(&server, SESSIONS) else {
        return;
    };
    // The schema is created through it too.
    let mut stores = Vec::new();
    for _ in 0..STORES {
        stores.push(PostgresStore::open(&pooler.url()).await.unwrap());
    }
    stores[0].import(jobs(JOBS)).await.unwrap();
    let tasks = stores.into_iter().map(|store| {
        tokio::spawn(async move {
            let keys = work(&store).await;
            (store, keys)
        })
    });
    let tasks: Vec<_> = tasks.collect();
    let (mut keys, mut workers) = (HashSet::new(), 0);
    let mut counts = None;
    for task in tasks {
        let (store, claimed) = task.await.unwrap();
        workers += usize::from(!claimed.is_empty());
        for key in claimed {
            assert!(keys.insert(key), "two stores have claimed one job");
        }
        counts = Some(store.counts().await.unwrap());
    }
    let counts = counts.unwrap();
    assert_eq!(
        (counts.cancelled, counts.money.reserved.micros()),
        (JOBS, 0)
    );
    assert_eq!(counts.money.spent.micros(), JOBS * ESTIMATE.micros());
    assert!(workers > 1, "{workers}");
    let sessions =
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'runcomfy-batch'";
    let sessions: usize = server.sql(sessions).parse().unwrap();
    assert!(sessions <= SESSIONS, "{sessions}");
}
