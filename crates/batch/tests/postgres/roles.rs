//! Roles with no more than the documentation grants them.

use runcomfy_batch::{PostgresOptions, PostgresStore, Store, StoreErrorKind};
use runcomfy_testkit::postgres::PostgresServer;

use crate::{jobs, register};

const PAGE: &str = include_str!("../../../../docs/batch.md");

/// Returns the block of SQL that grants rights.
fn grants() -> String {
    let blocks = PAGE.split("```").skip(1).step_by(2);
    let mut blocks = blocks.filter_map(|block| block.strip_prefix("sql\n"));
    let block = blocks.find(|block| block.contains("GRANT"));
    block.expect("the page grants rights").to_owned()
}

#[tokio::test]
async fn roles_need_what_the_page_grants() {
    let Some(server) = PostgresServer::start() else {
        return;
    };
    let (before, after) = grants()
        .split_once("\n\n")
        .map(|(before, after)| (before.to_owned(), after.to_owned()))
        .unwrap();
    let url = |role: &str| {
        let url = server.url().replace("postgres@", &format!("{role}@"));
        format!("{url}?batch=boats").parse().unwrap()
    };
    let _ = server.sql(&before);
    let owner = PostgresOptions::new().open(&url("boats_owner")).await;
    owner.unwrap().import(jobs(2)).await.unwrap();
    let _ = server.sql(&after);
    let worker = PostgresOptions::new().must_exist();
    let worker = worker.open(&url("boats_worker")).await.unwrap();
    let mut me = register(&worker).await;
    let claims = worker.claim(&mut me, 1).await.unwrap();
    let id = vec![(claims.jobs[0].key.clone(), "r-1".parse().unwrap())];
    worker.received(me.id(), id).await.unwrap();
    worker.beat(&mut me).await.unwrap();
    let reader = PostgresOptions::new().must_exist();
    let reader: PostgresStore = reader.open(&url("boats_reader")).await.unwrap();
    assert_eq!(reader.counts().await.unwrap().submitted, 1);
    assert_eq!(reader.rows(None, 0, 9).await.unwrap().len(), 2);
    assert_eq!(reader.processes().await.unwrap().len(), 1);
    assert_eq!(reader.events(0, 9).await.unwrap().len(), 2);
    let refused = reader.import(jobs(3)).await.unwrap_err();
    assert_eq!(refused.kind(), StoreErrorKind::Io, "{refused}");
    assert!(
        refused.to_string().contains("refuses this role"),
        "{refused}"
    );
}
