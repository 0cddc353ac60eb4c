//! A store of an older version is brought to the newest one, and keeps what it has.

use runcomfy_batch::{PostgresStore, State, Store};
use runcomfy_testkit::postgres::PostgresServer;

use crate::{ESTIMATE, jobs, register};

/// The schema as version 1 has created it.
const FIRST_VERSION: &str = include_str!("version_1.sql");

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
    assert_eq!(server.sql(versions), "1\n2");
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
