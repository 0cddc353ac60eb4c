//! Servers that have forgotten intents pay nothing twice.

use std::path::Path;
use std::process::Command;

use runcomfy_batch::{PostgresOptions, PostgresStore, State, Store, StoreErrorKind};
use runcomfy_testkit::postgres::PostgresServer;

use crate::{ESTIMATE, jobs, register, restart};

/// Copies a data folder, as a backup does, with its owner.
fn copy(from: &Path, to: &Path) {
    let _ = std::fs::remove_dir_all(to);
    let status = Command::new("cp").arg("-a").args([from, to]).status();
    assert!(status.unwrap().success());
}

async fn open(server: &PostgresServer, journal: &Path) -> PostgresStore {
    let options = PostgresOptions::new().journal(journal);
    options.open(&server.url().parse().unwrap()).await.unwrap()
}

#[tokio::test]
async fn promoted_server_claims_nothing_until_it_is_accepted() {
    let Some(mut server) = PostgresServer::start() else {
        return;
    };
    let store = PostgresStore::open(&server.url()).await.unwrap();
    store.import(jobs(2)).await.unwrap();
    let mut me = register(&store).await;
    store.claim(&mut me, 1).await.unwrap();
    // A promotion begins a new timeline.
    server.kill();
    std::fs::write(server.data().join("standby.signal"), "").unwrap();
    server.restart();
    let data = server.data();
    server.run("pg_ctl", &["promote", "-w", "-D", data.to_str().unwrap()]);
    while store.counts().await.is_err() {}
    let mut claim = store.claim(&mut me, 1).await;
    if claim
        .as_ref()
        .is_err_and(|error| error.kind() == StoreErrorKind::Unreachable)
    {
        claim = store.claim(&mut me, 1).await;
    }
    let error = claim.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::ServerChanged, "{error}");
    // Ids are taken always, and leases renewed.
    store.beat(&mut me).await.unwrap();
    assert_eq!(store.counts().await.unwrap().intent, 1);
    store.accept_server().await.unwrap();
    assert_eq!(store.claim(&mut me, 1).await.unwrap().jobs.len(), 1);
}

#[tokio::test]
async fn intent_that_a_restored_server_forgot_is_in_doubt() {
    let Some(mut server) = PostgresServer::start() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let (backup, journal) = (folder.path().join("backup"), folder.path().join("journal"));
    let store = open(&server, &journal).await;
    store.import(jobs(3)).await.unwrap();
    server.kill();
    copy(&server.data(), &backup);
    restart(&mut server, &store).await;
    let mut me = register(&store).await;
    let claims = store.claim(&mut me, 2).await.unwrap();
    drop(store);
    // The server comes back as it was before the claim.
    server.kill();
    copy(&backup, &server.data());
    server.restart();
    let forgetful = PostgresStore::open(&server.url()).await.unwrap();
    assert_eq!(forgetful.counts().await.unwrap().ready, 3);
    let store = open(&server, &journal).await;
    let counts = store.counts().await.unwrap();
    assert_eq!((counts.ready, counts.in_doubt), (1, 2));
    assert_eq!(counts.money.in_doubt.micros(), 2 * ESTIMATE.micros());
    // A late id ends the doubt.
    let mut me = register(&store).await;
    let id = (claims.jobs[0].key.clone(), "r-1".parse().unwrap());
    store.received(me.id(), vec![id]).await.unwrap();
    let rows = store.rows(None, 0, 9).await.unwrap();
    let states: Vec<_> = rows.iter().map(|row| row.state).collect();
    assert_eq!(states, [State::Submitted, State::InDoubt, State::Ready]);
    assert_eq!(store.claim(&mut me, 8).await.unwrap().jobs.len(), 1);
    // A second look changes nothing.
    drop(store);
    let store = open(&server, &journal).await;
    assert_eq!(store.counts().await.unwrap().doubts, 1);
}

#[tokio::test]
async fn intent_that_was_made_twice_stops_the_worker() {
    let Some(mut server) = PostgresServer::start() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let (backup, journal) = (folder.path().join("backup"), folder.path().join("journal"));
    let store = open(&server, &journal).await;
    store.import(jobs(1)).await.unwrap();
    server.kill();
    copy(&server.data(), &backup);
    restart(&mut server, &store).await;
    let mut me = register(&store).await;
    let lost = store.claim(&mut me, 1).await.unwrap();
    server.kill();
    copy(&backup, &server.data());
    server.restart();
    // Another worker, which has no journal, claims the job first.
    let other = PostgresStore::open(&server.url()).await.unwrap();
    let mut me = register(&other).await;
    let again = other.claim(&mut me, 1).await.unwrap();
    assert_eq!(again.jobs[0].key, lost.jobs[0].key);
    let options = PostgresOptions::new().journal(&journal);
    let error = options
        .open(&server.url().parse().unwrap())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::ServerChanged);
    let key = lost.jobs[0].key.as_str();
    assert!(error.to_string().contains(key), "{error}");
}
