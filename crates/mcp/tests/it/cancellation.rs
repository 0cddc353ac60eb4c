//! A call that the client gives up on loses no job, and pays nothing twice.

use std::time::Duration;

use runcomfy_emulator::{Call, Fault, Reply};
use serde_json::{Value, json};

use crate::client::{Agent, Generation};
use crate::world::{World, boat, emulator, sqlite};

/// Waits for something that the test has no event for.
async fn until(mut is_so: impl AsyncFnMut() -> bool) {
    while !is_so().await {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn submit(arguments: &Value) -> Value {
    json!({ "name": "submit", "arguments": arguments })
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelled_wait_leaves_its_job_running() {
    let world = World::new(emulator().run_time(Duration::from_secs(600))).await;
    let (server, agent) = world.agent(1.0).await;
    agent.call("submit", boat("boat-1")).await;
    let wait = json!({
        "name": "wait", "arguments": { "id": "boat-1" }, "_meta": { "progressToken": "p" },
    });
    let waits = async || until(async || !agent.notifications().is_empty()).await;
    agent.cancelled(wait, waits).await;
    // Nothing is waited for any more: no progress comes.
    let reported = agent.notifications().len();
    let state = agent
        .call("wait", json!({ "id": "boat-1", "seconds": 3 }))
        .await["state"]
        .clone();
    assert!(
        ["submitted", "running"].contains(&state.as_str().unwrap()),
        "{state}"
    );
    assert_eq!(agent.notifications().len(), reported);
    world.emulator.advance(Duration::from_secs(600));
    assert_eq!(agent.end("boat-1").await["state"], "saved");
    assert_eq!(world.paid(), 1);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelled_submit_ends_under_its_key() {
    let slow = Reply::genuine().delayed(Duration::from_millis(500));
    let world = World::new(emulator().fault(Fault::nth(Call::Submit, 1, slow))).await;
    let (server, agent) = world.agent(1.0).await;
    let is_known = async || world.emulator.count(Call::Submit) == 1;
    agent
        .cancelled(submit(&boat("boat-1")), async || until(is_known).await)
        .await;
    assert_eq!(agent.end("boat-1").await["state"], "saved");
    let result = agent.result("result", json!({ "id": "boat-1" })).await;
    assert_eq!(result["structuredContent"]["state"], "saved");
    assert_eq!(agent.call("submit", boat("boat-1")).await["state"], "saved");
    assert_eq!(world.paid(), 1);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn submit_that_is_cancelled_before_the_agreement_pays_nothing() {
    let world = World::new(emulator()).await;
    let server = world.server(sqlite(world.folder.path())).build();
    let can_ask = json!({ "elicitation": {} });
    let agent = Agent::connect(&server, Generation::Initialize, can_ask).await;
    let is_asked = async || !agent.questions().is_empty();
    agent
        .cancelled(submit(&boat("boat-1")), async || until(is_asked).await)
        .await;
    let refusal = agent.refused("result", json!({ "id": "boat-1" })).await;
    assert!(
        refusal["next"].as_str().unwrap().contains("same key"),
        "{refusal}"
    );
    assert_eq!(world.paid(), 0);
    // A late answer of the person is that of the next call.
    agent.person(json!({ "action": "accept", "content": { "pay": true } }));
    agent.call("submit", boat("boat-1")).await;
    assert_eq!(world.paid(), 1);
    server.close().await;
}
