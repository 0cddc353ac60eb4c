//! Settings and schemas that are not as they should be.

use std::time::Duration;

use runcomfy_batch::{Attempts, PostgresOptions, PostgresStore, Resolution, Store, StoreErrorKind};
use runcomfy_testkit::postgres::PostgresServer;

use crate::{jobs, register, restart};

/// Opens what cannot be opened; returns the kind of the error and its text.
async fn refusal(url: &str) -> (StoreErrorKind, String) {
    let error = PostgresStore::open(url).await.unwrap_err();
    (error.kind(), error.to_string())
}

#[tokio::test]
async fn processes_that_open_together_create_one_batch() {
    let Some(server) = PostgresServer::start() else {
        return;
    };
    let url = server.url();
    let missing = PostgresOptions::new()
        .must_exist()
        .open(&url.parse().unwrap())
        .await;
    assert_eq!(missing.unwrap_err().kind(), StoreErrorKind::NotFound);
    let (one, two, three) = tokio::join!(
        PostgresStore::open(&url),
        PostgresStore::open(&url),
        PostgresStore::open(&url),
    );
    let (one, two, three) = (one.unwrap(), two.unwrap(), three.unwrap());
    assert_eq!((one.id(), one.id()), (two.id(), three.id()));
    assert_eq!(one.import(jobs(3)).await.unwrap().added, 3);
    let again = two.import(jobs(4)).await.unwrap();
    assert_eq!((again.added, again.known), (1, 3));
    // Another batch has a schema of its own.
    let other = PostgresStore::open(&format!("{url}?batch=boats"))
        .await
        .unwrap();
    assert_ne!(other.id(), one.id());
    assert_eq!(other.counts().await.unwrap().total(), 0);
    // As the schema says, with any tool.
    let sql = "SET search_path = runcomfy_batch; SELECT state, count(*) FROM job GROUP BY state";
    assert_eq!(server.sql(sql), "ready|4");
}

#[tokio::test]
async fn server_that_may_forget_is_refused() {
    let Some(server) = PostgresServer::start() else {
        return;
    };
    let url = server.url();
    for (setting, word) in [
        ("synchronous_commit = off", "synchronous_commit"),
        (
            "default_transaction_isolation = 'serializable'",
            "read committed",
        ),
    ] {
        drop(PostgresStore::open(&url).await.unwrap());
        let _ = server.sql(&format!("ALTER DATABASE postgres SET {setting}"));
        let (kind, text) = refusal(&url).await;
        assert_eq!(kind, StoreErrorKind::NotDurable, "{text}");
        assert!(text.contains(word), "{text}");
        let _ = server.sql("ALTER DATABASE postgres RESET ALL");
    }
    // A session of a pooler may have other settings than the one that was looked at, and a server new ones.
    let store = PostgresStore::open(&url).await.unwrap();
    for setting in ["synchronous_commit", "fsync"] {
        let reload = |change: &str| {
            let _ = server.sql(&format!("ALTER SYSTEM {change}"));
            let _ = server.sql("SELECT pg_reload_conf()");
        };
        reload(&format!("SET {setting} = off"));
        let error = loop {
            if let Err(error) = store.import(jobs(1)).await {
                break error;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        };
        assert_eq!(error.kind(), StoreErrorKind::NotDurable, "{error}");
        let (kind, text) = refusal(&url).await;
        assert_eq!(kind, StoreErrorKind::NotDurable, "{text}");
        assert!(text.contains(&format!("{setting} is off")), "{text}");
        reload(&format!("RESET {setting}"));
        while store.import(jobs(1)).await.is_err() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

#[tokio::test]
async fn schema_that_is_no_store_is_left_alone() {
    let Some(server) = PostgresServer::start() else {
        return;
    };
    let url = server.url();
    let _ = server.sql("CREATE SCHEMA boats; CREATE TABLE boats.job (name text)");
    let (kind, text) = refusal(&format!("{url}?batch=boats")).await;
    assert_eq!(kind, StoreErrorKind::NotAStore, "{text}");
    drop(PostgresStore::open(&url).await.unwrap());
    let _ = server.sql("INSERT INTO runcomfy_batch.migration (version) VALUES (4)");
    let (kind, text) = refusal(&url).await;
    assert_eq!(kind, StoreErrorKind::NewerVersion);
    assert!(
        text.contains("version 4") && text.contains("Update the program"),
        "{text}"
    );
    let (kind, text) = refusal("postgres://nobody:secret@127.0.0.1:1/none").await;
    assert_eq!(kind, StoreErrorKind::Unreachable);
    assert!(
        text.contains("cannot be reached") && !text.contains("secret"),
        "{text}"
    );
}

#[tokio::test]
async fn lost_connection_is_made_again() {
    let Some(mut server) = PostgresServer::start() else {
        return;
    };
    let store = PostgresStore::open(&server.url()).await.unwrap();
    store.import(jobs(2)).await.unwrap();
    let mut me = register(&store).await;
    let claims = store.claim(&mut me, 1).await.unwrap();
    server.kill();
    // The server's other processes live on for a moment.
    let error = loop {
        if let Err(error) = store.counts().await {
            break error;
        }
    };
    assert_eq!(error.kind(), StoreErrorKind::Unreachable);
    assert!(
        error.to_string().contains("could not be reached"),
        "{error}"
    );
    restart(&mut server, &store).await;
    // Nothing was forgotten, and it is the same server.
    let beat = store.beat(&mut me).await.unwrap();
    assert!(beat.doubts.is_empty() && beat.given_back.is_empty());
    let again = store.claim(&mut me, 2).await.unwrap();
    assert_eq!((claims.jobs.len(), again.jobs.len()), (1, 1));
}

#[tokio::test]
async fn lease_ends_by_the_clock_of_the_server() {
    let Some(server) = PostgresServer::start() else {
        return;
    };
    let store = PostgresStore::open(&server.url()).await.unwrap();
    store.import(jobs(1)).await.unwrap();
    let mut old = store.register("old", Duration::from_secs(2)).await.unwrap();
    let mut new = register(&store).await;
    store.beat(&mut old).await.unwrap();
    let claims = store.claim(&mut old, 1).await.unwrap();
    tokio::time::sleep(Duration::from_millis(2100)).await;
    let ended = store.beat(&mut old).await.unwrap_err();
    assert_eq!(ended.kind(), StoreErrorKind::IncarnationEnded);
    let beat = store.beat(&mut new).await.unwrap();
    assert_eq!(beat.doubts, [claims.jobs[0].key.clone()]);
    // Its id ends the doubt, late as it is.
    let id = (claims.jobs[0].key.clone(), "r-1".parse().unwrap());
    store.received(old.id(), vec![id]).await.unwrap();
    let counts = store.counts().await.unwrap();
    assert_eq!((counts.submitted, counts.in_doubt), (1, 0));
    assert_eq!(store.beat(&mut new).await.unwrap().adopted.len(), 1);
}

#[tokio::test]
async fn processes_are_named_also_when_they_have_ended() {
    let Some(server) = PostgresServer::start() else {
        return;
    };
    let store = PostgresStore::open(&server.url()).await.unwrap();
    store.import(jobs(1)).await.unwrap();
    assert_eq!(store.processes().await.unwrap(), []);
    let mut me = register(&store).await;
    store.claim(&mut me, 1).await.unwrap();
    for is_living in [true, false] {
        let processes = store.processes().await.unwrap();
        assert_eq!(processes.len(), 1);
        let it = &processes[0];
        assert_eq!((it.id, &*it.name), (me.id(), "a test"));
        assert_eq!(it.is_living, is_living);
        let sql = "UPDATE runcomfy_batch.incarnation SET alive_until = 0";
        let _ = server.sql(sql);
    }
}

/// The submit may arrive for some time after the doubt, whenever a person declares that it did not.
#[tokio::test]
async fn declaration_leaves_the_time_of_a_doubt() {
    let Some(server) = PostgresServer::start() else {
        return;
    };
    let store = PostgresStore::open(&server.url()).await.unwrap();
    store.import(jobs(1)).await.unwrap();
    let mut me = register(&store).await;
    let key = store.claim(&mut me, 1).await.unwrap().jobs[0].key.clone();
    let doubt = vec![(key.clone(), "no response".to_owned())];
    store.doubtful(me.id(), doubt).await.unwrap();
    let attempts = || store.attempts(Attempts::All);
    let before = attempts().await.unwrap();
    tokio::time::sleep(Duration::from_millis(5)).await;
    store.resolve(key.clone(), Resolution::NoJob).await.unwrap();
    let after = attempts().await.unwrap();
    assert_eq!(before[0].ended_at, after[0].ended_at);
    let resubmit = store.resolve(key, Resolution::Resubmit).await;
    let until = resubmit.unwrap_err().until().unwrap();
    let wait = until.since(after[0].ended_at.unwrap());
    assert_eq!(wait, Duration::from_secs(300));
}
