//! One process submits; all others read.

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
