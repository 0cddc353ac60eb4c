//! A whole job, step by step, in both generations of the protocol.

use std::time::Duration;

use runcomfy_emulator::{Call, Fault, Reply};
use serde_json::{Value, json};

use crate::client::{Agent, Generation, join_all};
use crate::world::{MODEL, PRICE, World, boat, emulator, sqlite};

#[tokio::test(flavor = "multi_thread")]
async fn agent_finds_prices_submits_and_sees_a_picture() {
    for generation in [Generation::Initialize, Generation::Stateless] {
        let world = World::new(emulator()).await;
        let server = world.server(sqlite(world.folder.path())).build();
        let agent = Agent::connect(&server, generation, json!({})).await;
        let found = agent
            .call("search_models", json!({ "query": "text-to-image" }))
            .await;
        assert_eq!(found["models"][0]["model_id"], MODEL);
        let schema = agent.call("model_schema", json!({ "model": MODEL })).await;
        assert_eq!(schema["input_schema"]["required"], json!(["prompt"]));
        let input = json!({ "prompt": "A boat in the fog" });
        let of_input = json!({ "model": MODEL, "input": input });
        assert_eq!(
            agent.call("validate", of_input.clone()).await["valid"],
            true
        );
        let price = agent.call("price", of_input).await;
        assert_eq!(price["estimated_cost_usd"], PRICE);
        let submitted = agent.call("submit", boat("boat-1")).await;
        assert!(submitted["request_id"].is_string(), "{submitted}");
        let ended = agent.end("boat-1").await;
        assert_eq!(
            (&ended["state"], &ended["cost_usd"]),
            (&json!("saved"), &json!(PRICE))
        );
        // Either name is that of the job.
        let id = submitted["request_id"].clone();
        let result = agent.result("result", json!({ "id": id })).await;
        let content = result["content"].as_array().unwrap();
        let link = content
            .iter()
            .find(|block| block["type"] == "resource_link")
            .unwrap();
        assert!(
            link["uri"].as_str().unwrap().starts_with("file:///"),
            "{link}"
        );
        assert_eq!(link["mimeType"], "image/png");
        let image = content
            .iter()
            .find(|block| block["type"] == "image")
            .unwrap();
        assert!(image["data"].as_str().unwrap().len() < 50_000);
        let file = result["structuredContent"]["files"][0].as_str().unwrap();
        assert!(std::fs::metadata(file).unwrap().len() > 1000);
        let balance = agent.call("balance", json!({})).await;
        assert_eq!(balance["store"]["spent_usd"], PRICE);
        assert_eq!(world.paid(), 1);
        agent.close().await;
        server.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn repeated_key_is_the_same_job_after_a_restart() {
    let world = World::new(emulator().run_time(Duration::from_millis(300))).await;
    let (server, agent) = world.agent(1.0).await;
    let first = agent.call("submit", boat("boat-1")).await;
    let again = agent.call("submit", boat("boat-1")).await;
    assert_eq!(first["request_id"], again["request_id"]);
    agent.close().await;
    server.close().await;
    drop(server);
    // Another process, another session: the job is adopted, waited for and saved.
    let (server, agent) = world.agent(1.0).await;
    let third = agent.call("submit", boat("boat-1")).await;
    assert_eq!(first["request_id"], third["request_id"]);
    assert_eq!(agent.end("boat-1").await["state"], "saved");
    assert_eq!(world.paid(), 1);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_at_one_time_with_one_key_pay_once() {
    let world = World::new(emulator()).await;
    let (server, agent) = world.agent(1.0).await;
    let calls = (0..8).map(|_| agent.call("submit", boat("boat-1")));
    let answers = join_all(calls).await;
    assert_eq!(agent.end("boat-1").await["state"], "saved");
    assert!(answers.iter().all(|answer| answer["key"] == "boat-1"));
    assert_eq!(world.paid(), 1);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_response_is_told_as_in_doubt_and_never_resent() {
    let fault = Fault::nth(Call::Submit, 1, Reply::lost().carried_out());
    let world = World::new(emulator().fault(fault)).await;
    let (server, agent) = world.agent(1.0).await;
    // No error: an error invites another call.
    let answer = agent.call("submit", boat("boat-1")).await;
    assert_eq!(answer["state"], "in_doubt");
    let next = answer["next"].as_str().unwrap();
    assert!(next.contains("Do not submit it again") && next.contains("runcomfy batch resolve"));
    let again = agent.call("submit", boat("boat-1")).await;
    assert_eq!(again["state"], "in_doubt");
    let status = agent.call("batch_status", json!({})).await;
    assert_eq!(status["in_doubt"][0]["key"], "boat-1");
    assert_eq!(status["money_of_the_store"]["in_doubt_usd"], PRICE);
    assert_eq!(world.paid(), 1);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wait_reports_progress_and_ends_before_the_job() {
    let world = World::new(emulator().run_time(Duration::from_secs(600))).await;
    let (server, agent) = world.agent(1.0).await;
    agent.call("submit", boat("boat-1")).await;
    let params = json!({
        "name": "wait",
        "arguments": { "id": "boat-1", "seconds": 3 },
        "_meta": { "progressToken": "p" },
    });
    let response = agent.request("tools/call", params).await;
    let answer = &response["result"]["structuredContent"];
    assert!(
        answer["next"]
            .as_str()
            .unwrap()
            .contains("Call `wait` again"),
        "{answer}"
    );
    let progress = agent.notifications();
    assert!(
        progress
            .iter()
            .any(|it| it["method"] == "notifications/progress"),
        "{progress:?}"
    );
    world.emulator.advance(Duration::from_secs(600));
    assert_eq!(agent.end("boat-1").await["state"], "saved");
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn queued_job_is_cancelled_and_not_charged() {
    let world = World::new(emulator().queue_time(Duration::from_secs(600))).await;
    let (server, agent) = world.agent(1.0).await;
    agent.call("submit", boat("boat-1")).await;
    let answer = agent.call("cancel", json!({ "id": "boat-1" })).await;
    assert_eq!(answer["state"], "cancelled", "{answer}");
    let balance = agent.call("balance", json!({})).await;
    assert_eq!(balance["store"]["spent_usd"], 0.0);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn batch_is_submitted_once_and_reported() {
    let world = World::new(emulator()).await;
    let (server, agent) = world.agent(1.0).await;
    let jobs = |count: u32| -> Value {
        (1..=count)
            .map(|n| json!({ "input": { "prompt": format!("Boat {n}") } }))
            .collect()
    };
    let batch = |count: u32, cost: f64| json!({ "batch": "boats", "model": MODEL, "jobs": jobs(count), "confirmed_cost": cost });
    let refusal = agent.refused("batch_submit", batch(3, 0.04)).await;
    assert_eq!(refusal["cost_usd"], 0.12);
    assert_eq!(
        agent.call("batch_submit", batch(3, 0.12)).await["new_jobs"],
        3
    );
    let again = agent.call("batch_submit", batch(4, 0.04)).await;
    assert_eq!(
        (&again["new_jobs"], &again["known_jobs"]),
        (&json!(1), &json!(3))
    );
    for n in 1..=4 {
        assert_eq!(agent.end(&format!("boats/{n}")).await["state"], "saved");
    }
    let status = agent
        .call("batch_status", json!({ "batch": "boats" }))
        .await;
    assert_eq!(status["jobs"]["saved"], 4);
    for format in ["html", "csv", "jsonl"] {
        let report = agent
            .call("batch_report", json!({ "format": format }))
            .await;
        let text = std::fs::read_to_string(report["file"].as_str().unwrap()).unwrap();
        assert!(text.contains("boats/4"));
    }
    assert_eq!(world.paid(), 4);
    server.close().await;
}
