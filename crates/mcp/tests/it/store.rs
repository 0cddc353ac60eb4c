//! One process submits; all others read.

use std::time::Duration;

use runcomfy_batch::{Money, NewJob};
use serde_json::json;

use crate::client::{Agent, Generation, assert_nothing_submitted};
use crate::world::{MODEL, World, boat, emulator, sqlite};

#[tokio::test(flavor = "multi_thread")]
async fn second_server_reads_and_names_the_one_that_submits() {
    let world = World::new(emulator()).await;
    let first = world
        .server(sqlite(world.folder.path()))
        .process("process 1, the first");
    let first = first.build();
    let agent = Agent::connect(&first, Generation::Initialize, json!({})).await;
    agent.call("submit", boat("boat-1")).await;
    agent.end("boat-1").await;
    let second = world.server(sqlite(world.folder.path())).build();
    let other = Agent::connect(&second, Generation::Initialize, json!({})).await;
    let refusal = other.refused("submit", boat("boat-2")).await;
    assert!(
        refusal["error"]
            .as_str()
            .unwrap()
            .contains("process 1, the first"),
        "{refusal}"
    );
    assert_nothing_submitted(&refusal);
    // All that is free works.
    assert_eq!(
        other.call("wait", json!({ "id": "boat-1" })).await["state"],
        "saved"
    );
    other
        .call(
            "price",
            json!({ "model": MODEL, "input": { "prompt": "b" } }),
        )
        .await;
    other.call("batch_status", json!({})).await;
    assert_eq!(other.call("submit", boat("boat-1")).await["state"], "saved");
    agent.close().await;
    first.close().await;
    drop(first);
    // It takes over as soon as the first has ended.
    assert!(other.call("submit", boat("boat-2")).await["request_id"].is_string());
    assert_eq!(world.paid(), 2);
    second.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn status_of_a_large_store_lists_few_jobs_and_counts_all() {
    let world = World::new(emulator()).await;
    let store = sqlite(world.folder.path());
    // Another process holds the store, so that nothing is submitted.
    let _other = store.register("process 1", Duration::from_secs(30)).await;
    for (batch, count) in [("first", 1500), ("second", 2500)] {
        let job = |n: u64| {
            let id = format!("{batch}/{n}").parse().unwrap();
            NewJob::new(id, MODEL, json!({ "prompt": "b" }), Money::ZERO)
        };
        store.import((1..=count).map(job).collect()).await.unwrap();
    }
    let server = world.server(sqlite(world.folder.path())).build();
    let agent = Agent::connect(&server, Generation::Initialize, json!({})).await;
    for (arguments, total, listed) in [
        (json!({}), 4000, 20),
        (json!({ "batch": "second" }), 2500, 20),
        // Its jobs are not among the latest.
        (json!({ "batch": "first" }), 1500, 0),
    ] {
        let status = agent.call("batch_status", arguments).await;
        assert_eq!(status["jobs"], json!({ "ready": total, "total": total }));
        let latest = status["latest"].as_array().unwrap();
        assert_eq!(latest.len(), listed, "{status}");
        assert!(
            latest.first().is_none_or(|job| job["key"] == "second/2500"),
            "{status}"
        );
    }
    // A part of a name is no batch.
    agent
        .refused("batch_status", json!({ "batch": "sec" }))
        .await;
    let list = agent.request("resources/list", json!({})).await;
    assert_eq!(list["result"]["resources"], json!([]));
    server.close().await;
}
