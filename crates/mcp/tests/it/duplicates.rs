//! Jobs with the model and input of a job in flight: each is paid, and none without a word.

use std::time::Duration;

use runcomfy_mcp::Server;
use serde_json::{Value, json};

use crate::client::{Agent, Generation, assert_nothing_submitted};
use crate::world::{MODEL, PRICE, World, boat, emulator, sqlite};

/// Starts a world with a job that runs.
async fn in_flight(key: &str) -> (World, Server, Agent) {
    let world = World::new(emulator().run_time(Duration::from_secs(600))).await;
    let (server, agent) = world.agent(1.0).await;
    let answer = agent.call("submit", boat(key)).await;
    assert!(answer.get("note").is_none(), "{answer}");
    (world, server, agent)
}

fn unconfirmed(mut arguments: Value) -> Value {
    arguments.as_object_mut().unwrap().remove("confirmed_cost");
    arguments
}

/// Returns the arguments of a batch of the boat of `boat`, and of others.
fn batch(boats: u32, others: u32) -> Value {
    let same = (0..boats).map(|_| json!({ "input": boat("")["input"] }));
    let other = (0..others).map(|n| json!({ "input": { "prompt": format!("Boat {n}") } }));
    let jobs: Vec<Value> = same.chain(other).collect();
    let cost = f64::from(boats + others) * PRICE;
    json!({ "batch": "boats", "model": MODEL, "jobs": jobs, "confirmed_cost": cost })
}

#[track_caller]
fn assert_noted(answer: &Value, expected: &[&str]) {
    let note = answer["note"].as_str().unwrap_or_default();
    for expected in expected {
        assert!(note.contains(expected), "{expected}: {answer}");
    }
}

const SAME: &str = "The job \"boat-1\" has the model and input of \"boat-2\", and is ";
const INSTEAD: &str =
    "each of the two is paid. To get that job instead, call `wait` with the key \"boat-1\".";

#[tokio::test(flavor = "multi_thread")]
async fn job_like_one_in_flight_is_told_before_it_is_paid() {
    let (world, server, agent) = in_flight("boat-1").await;
    let refusal = agent.refused("submit", unconfirmed(boat("boat-2"))).await;
    assert_nothing_submitted(&refusal);
    assert_noted(&refusal, &[SAME, INSTEAD]);
    let refusal = agent
        .refused("batch_submit", unconfirmed(batch(1, 1)))
        .await;
    assert_noted(&refusal, &["\"boats/1\"", "\"boat-1\""]);
    assert_eq!(world.paid(), 1);
    // A person is asked with the same words.
    let can_ask = json!({ "elicitation": {} });
    let agent = Agent::connect(&server, Generation::Initialize, can_ask).await;
    agent.person(json!({ "action": "decline" }));
    agent.refused("submit", boat("boat-2")).await;
    agent.refused("batch_submit", batch(2, 0)).await;
    let questions = agent.questions();
    let asked = |n: usize| questions[n]["message"].as_str().unwrap().to_owned();
    assert!(asked(0).contains(SAME), "{questions:?}");
    let many =
        "2 of these jobs have the model and input of jobs in flight (\"boats/1\" of \"boat-1\"";
    assert!(asked(1).contains(many), "{questions:?}");
    assert_eq!(world.paid(), 1);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn job_like_one_in_flight_is_submitted_with_a_note() {
    let (world, server, agent) = in_flight("boat-1").await;
    let answer = agent.call("submit", boat("boat-2")).await;
    assert!(answer["request_id"].is_string(), "{answer}");
    assert_noted(&answer, &[SAME, INSTEAD, "`cancel`"]);
    let answer = agent.call("batch_submit", batch(7, 1)).await;
    assert_noted(
        &answer,
        &["7 of these jobs", "\"boats/5\"", "…", "`cancel`"],
    );
    assert!(!answer["note"].as_str().unwrap().contains("boats/6"));
    // Nothing is said of another input, and of a job that is its own.
    let mut other = boat("boat-3");
    other["input"] = json!({ "prompt": "Another boat" });
    for again in [other.clone(), other] {
        let answer = agent.call("submit", again).await;
        assert!(answer.get("note").is_none(), "{answer}");
    }
    let answer = agent.call("batch_submit", batch(7, 1)).await;
    assert!(answer.get("note").is_none(), "{answer}");
    while world.paid() < 11 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn job_like_one_that_has_ended_is_no_duplicate() {
    let world = World::new(emulator()).await;
    let (server, agent) = world.agent(1.0).await;
    agent.call("submit", boat("boat-1")).await;
    assert_eq!(agent.end("boat-1").await["state"], "saved");
    let answer = agent.call("submit", boat("boat-2")).await;
    assert!(answer.get("note").is_none(), "{answer}");
    server.close().await;
}

/// The other job is submitted while the person thinks about the cost.
#[tokio::test(flavor = "multi_thread")]
async fn duplicate_that_begins_before_the_agreement_is_told() {
    let world = World::new(emulator().run_time(Duration::from_secs(600))).await;
    let server = world.server(sqlite(world.folder.path())).build();
    let other = Agent::connect(&server, Generation::Initialize, json!({})).await;
    let can_ask = json!({ "elicitation": {} });
    let agent = Agent::connect(&server, Generation::Initialize, can_ask).await;
    let later = async {
        while agent.questions().is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        other.call("submit", boat("boat-1")).await;
        let accepted = json!({ "action": "accept", "content": { "pay": true } });
        agent.answer(accepted).await;
    };
    let (answer, ()) = tokio::join!(agent.call("submit", boat("boat-2")), later);
    assert_noted(&answer, &[SAME]);
    assert_eq!(world.paid(), 2);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn batch_with_a_key_twice_is_refused() {
    let world = World::new(emulator()).await;
    let (server, agent) = world.agent(1.0).await;
    let job = |key: Option<&str>, prompt: &str| match key {
        Some(key) => json!({ "key": key, "input": { "prompt": prompt } }),
        None => json!({ "input": { "prompt": prompt } }),
    };
    for jobs in [
        [job(Some("a"), "Boat"), job(Some("a"), "Another boat")],
        [job(Some("a"), "Boat"), job(Some("a"), "Boat")],
        // A job without a key has its number.
        [job(Some("2"), "Boat"), job(None, "Another boat")],
    ] {
        let mut batch = batch(1, 1);
        batch["jobs"] = json!(jobs);
        let refusal = agent.refused("batch_submit", batch).await;
        assert_nothing_submitted(&refusal);
        assert_eq!(refusal["jobs"][0]["index"], 1, "{refusal}");
        let error = refusal["jobs"][0]["error"].as_str().unwrap();
        assert!(error.contains("the index 0 too"), "{error}");
    }
    assert_eq!(world.paid(), 0);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_are_compared_by_their_value() {
    let (world, server, agent) = in_flight("boat-1").await;
    let spelled = |key: &str, number: &str| {
        let mut boat = boat(key);
        boat["input"]["scale"] = serde_json::from_str(number).unwrap();
        boat
    };
    let first = agent.call("submit", spelled("boat-2", "1")).await;
    let again = agent.call("submit", spelled("boat-2", "1.0")).await;
    assert_eq!(again["request_id"], first["request_id"], "{again}");
    let other = agent.call("submit", spelled("boat-3", "1.0")).await;
    assert_noted(
        &other,
        &["\"boat-2\" has the model and input of \"boat-3\""],
    );
    agent.refused("submit", spelled("boat-2", "0.5")).await;
    assert_eq!(world.paid(), 3);
    server.close().await;
}
