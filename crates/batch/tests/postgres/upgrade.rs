//! A store of an older version is brought to the newest one, and keeps what it has.

use runcomfy_batch::{PostgresStore, State, Store, StoreErrorKind};
use runcomfy_testkit::postgres::PostgresServer;

use crate::{ESTIMATE, jobs, register};

/// The schema as version 1 has created it.
const FIRST_VERSION: &str = include_str!("version_1.sql");

/// The schema as version 2 has created it.
const SECOND_VERSION: &str = include_str!("version_2.sql");

#[tokio::test]
async fn store_of_version_2_learns_its_service() {
    let Some(server) = PostgresServer::start() else {
        return;
    };
    let create = format!(
        "CREATE SCHEMA runcomfy_batch; SET search_path = runcomfy_batch, pg_temp; {SECOND_VERSION};
         INSERT INTO migration (version) VALUES (1), (2); INSERT INTO batch (id) VALUES ('0123456789abcdef');
         INSERT INTO server SELECT * FROM current_server()"
    );
    let _ = server.sql(&create);
    let import = "SELECT * FROM runcomfy_batch.import(NULL, '{job 1}', '{a/b}', '{\"1\"}', '{40000}', '{0}', '')";
    let _ = server.sql(import);
    let store = PostgresStore::open(&server.url()).await.unwrap();
    let plan = "SET enable_seqscan = off; SET search_path = runcomfy_batch;
         EXPLAIN SELECT * FROM attempt WHERE request_id = 'r-1'";
    assert!(server.sql(plan).contains("attempt_request"), "no index");
    let mut me = register(&store).await;
    let [a, b] = ["https://a.example/v1", "https://b.example/v1"].map(str::to_owned);
    store.use_service(me.id(), a.clone()).await.unwrap();
    assert_eq!(store.claim(&mut me, 8).await.unwrap().jobs.len(), 1);
    let error = store.use_service(me.id(), b.clone()).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::OtherService);
    assert!(
        error.to_string().contains(&a) && error.to_string().contains(&b),
        "{error}"
    );
    assert_eq!(store.service().await.unwrap(), Some(a));
    // A person knows that the service has moved.
    store.accept_service(b.clone()).await.unwrap();
    store.use_service(me.id(), b.clone()).await.unwrap();
    assert_eq!(store.service().await.unwrap(), Some(b));
}

#[tokio::test]
async fn store_of_version_1_keeps_its_jobs() {
    let Some(server) = PostgresServer::start() else {
        return;
    };
    let create = format!(
        "CREATE SCHEMA runcomfy_batch; SET search_path = runcomfy_batch, pg_temp; {FIRST_VERSION};
         INSERT INTO migration (version) VALUES (1); INSERT INTO batch (id) VALUES ('0123456789abcdef');
         INSERT INTO server SELECT * FROM current_server()"
    );
    let _ = server.sql(&create);
    let import = "SELECT * FROM runcomfy_batch.import(NULL, '{job 1,job 2}', '{a/b,a/b}', '{\"1\",\"2\"}', '{40000,40000}', '{0,0}', '')";
    let _ = server.sql(import);
    let claim = "SELECT count(*) FROM runcomfy_batch.claim(NULL, runcomfy_batch.register(NULL, 'old', 600000000), 1)";
    assert_eq!(server.sql(claim), "2");
    let url = server.url();
    let (one, two) = tokio::join!(PostgresStore::open(&url), PostgresStore::open(&url));
    let (store, other) = (one.unwrap(), two.unwrap());
    assert_eq!((store.id(), other.id()), ("0123456789abcdef", store.id()));
    let versions = "SELECT version FROM runcomfy_batch.migration ORDER BY 1";
    assert_eq!(server.sql(versions), "1\n2\n3");
    let mut me = register(&store).await;
    store.import(jobs(3)).await.unwrap();
    let claims = other.claim(&mut me, 8).await.unwrap().jobs;
    let keys: Vec<_> = claims.iter().map(|job| job.key.as_str()).collect();
    assert_eq!(keys, ["0123456789abcdef-2-1", "0123456789abcdef-3-1"]);
    let rows = store.rows(Some(State::Intent), 0, 9).await.unwrap();
    assert_eq!(rows.len(), 3);
    let reserved = store.counts().await.unwrap().money.reserved;
    assert_eq!(reserved.micros(), 3 * ESTIMATE.micros());
}
