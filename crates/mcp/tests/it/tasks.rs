//! A job is a task for clients that have tasks, and survives the process that made it.

use std::time::Duration;

use serde_json::{Value, json};

use crate::client::{Agent, Generation};
use crate::world::{World, boat, emulator, sqlite};

fn with_tasks() -> Value {
    json!({ "extensions": { "io.modelcontextprotocol/tasks": {} } })
}

#[tokio::test(flavor = "multi_thread")]
async fn wait_is_a_task_that_outlives_its_server() {
    let world = World::new(emulator().run_time(Duration::from_secs(60))).await;
    let server = world.server(sqlite(world.folder.path())).build();
    let agent = Agent::connect(&server, Generation::Stateless, with_tasks()).await;
    agent.call("submit", boat("boat-1")).await;
    let wait = json!({ "name": "wait", "arguments": { "id": "boat-1" } });
    let response = agent.request("tools/call", wait).await;
    let task = &response["result"];
    assert_eq!(
        (&task["resultType"], &task["status"]),
        (&json!("task"), &json!("working")),
        "{task}"
    );
    let id = json!({ "taskId": task["taskId"] });
    agent.close().await;
    server.close().await;
    drop(server);
    let server = world.server(sqlite(world.folder.path())).build();
    let agent = Agent::connect(&server, Generation::Stateless, with_tasks()).await;
    let working = agent.request("tasks/get", id.clone()).await;
    assert_eq!(working["result"]["status"], "working", "{working}");
    world.emulator.advance(Duration::from_secs(60));
    let task = loop {
        let response = agent.request("tasks/get", id.clone()).await;
        if response["result"]["status"] != "working" {
            break response["result"].clone();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert_eq!(task["status"], "completed", "{task}");
    let kinds = task["result"]["content"].as_array().unwrap().iter();
    let kinds: Vec<&Value> = kinds.map(|block| &block["type"]).collect();
    assert_eq!(kinds, ["text", "resource_link", "image"]);
    assert_eq!(world.paid(), 1);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelled_task_is_a_cancelled_job() {
    let world = World::new(emulator().queue_time(Duration::from_secs(60))).await;
    let server = world.server(sqlite(world.folder.path())).build();
    let agent = Agent::connect(&server, Generation::Stateless, with_tasks()).await;
    agent.call("submit", boat("boat-1")).await;
    let id = json!({ "taskId": "boat-1" });
    agent.request("tasks/cancel", id.clone()).await;
    loop {
        let response = agent.request("tasks/get", id.clone()).await;
        match response["result"]["status"].as_str().unwrap() {
            "working" => tokio::time::sleep(Duration::from_millis(50)).await,
            status => break assert_eq!(status, "cancelled"),
        }
    }
    let missing = agent
        .request("tasks/get", json!({ "taskId": "nope" }))
        .await;
    assert!(missing["error"]["message"].is_string(), "{missing}");
    server.close().await;
}
