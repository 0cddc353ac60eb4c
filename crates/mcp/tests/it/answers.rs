//! Answers say what a state means for the money, and recommend only what can succeed.

use std::time::Duration;

use runcomfy_emulator::{Call, Fault, Reply};
use serde_json::{Value, json};

use crate::client::{Agent, Generation};
use crate::world::{MODEL, World, boat, emulator, sqlite};

fn next(answer: &Value) -> &str {
    answer["next"].as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn price_recommends_no_submit_beyond_the_budget() {
    for (budget, is_enough) in [(0.04, true), (0.03, false)] {
        let world = World::new(emulator()).await;
        let (server, agent) = world.agent(budget).await;
        let of_input = json!({ "model": MODEL, "input": { "prompt": "b" } });
        let price = agent.call("price", of_input).await;
        let next = next(&price);
        assert_eq!(
            next.contains("To pay that, call `submit`"),
            is_enough,
            "{next}"
        );
        let is_refused = next.contains("`submit` would be refused: it costs $0.04")
            && next.contains("has $0.03 left")
            && next.contains("--budget USD");
        assert_eq!(is_refused, !is_enough, "{next}");
        server.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cancel_says_that_a_job_is_not_cancelled() {
    let lost = Fault::nth(Call::Submit, 2, Reply::lost().carried_out());
    let world = World::new(emulator().fault(lost)).await;
    let (server, agent) = world.agent(1.0).await;
    agent.call("submit", boat("saved")).await;
    agent.end("saved").await;
    agent.call("submit", boat("doubtful")).await;
    for (key, state, expected) in [
        (
            "saved",
            "saved",
            "It was not cancelled: it had succeeded before, and is charged.",
        ),
        (
            "doubtful",
            "in_doubt",
            "It was not cancelled: nobody knows whether",
        ),
    ] {
        let answer = agent.call("cancel", json!({ "id": key })).await;
        assert_eq!(answer["state"], state);
        assert!(next(&answer).starts_with(expected), "{answer}");
    }
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn job_that_cannot_be_saved_is_told_as_paid() {
    let broken = Fault::from_nth(Call::File, 1, Reply::html(503));
    let world = World::new(emulator().fault(broken)).await;
    let (server, agent) = world.agent(1.0).await;
    agent.call("submit", boat("boat-1")).await;
    let answer = loop {
        let wait = json!({ "id": "boat-1", "seconds": 2 });
        let answer = agent.call("wait", wait).await;
        if answer.get("reason").is_some() {
            break answer;
        }
    };
    assert_eq!(answer["state"], "saving", "{answer}");
    let reason = answer["reason"].as_str().unwrap();
    assert!(reason.contains("files could not be saved"), "{reason}");
    assert!(
        next(&answer).starts_with("It has succeeded and is paid"),
        "{answer}"
    );
    // It keeps no other job waiting.
    let status = agent.call("batch_status", json!({})).await;
    assert_eq!(status.get("paused"), None, "{status}");
    assert_eq!(world.paid(), 1);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn models_are_found_by_words_in_any_order() {
    let world = World::new(emulator()).await;
    let (server, agent) = world.agent(1.0).await;
    for query in [
        "dreamina image BYTEDANCE",
        "text-to-image 4-0",
        "image text",
    ] {
        let found = agent.call("search_models", json!({ "query": query })).await;
        let mut models = found["models"].as_array().unwrap().iter();
        assert!(models.any(|it| it["model_id"] == MODEL), "{query}: {found}");
    }
    let query = json!({ "query": "dreamina zebra" });
    let found = agent.call("search_models", query).await;
    assert_eq!((&found["total"], &found["models"]), (&json!(0), &json!([])));
    assert!(next(&found).contains("the categories: ") && next(&found).contains("image"));
    let second = json!({ "query": "bytedance", "limit": 1, "offset": 1 });
    let second = agent.call("search_models", second).await;
    assert_eq!(second["models"].as_array().unwrap().len(), 1);
    assert!(second["total"].as_u64().unwrap() > 1, "{second}");
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn params_of_another_form_are_invalid_params() {
    let world = World::new(emulator()).await;
    let (server, agent) = world.agent(1.0).await;
    for params in [
        json!(null),
        json!({ "name": "price", "arguments": [1] }),
        json!({ "name": 7 }),
    ] {
        let error = agent.request("tools/call", params.clone()).await["error"].clone();
        assert_eq!(error["code"], -32602, "{params}: {error}");
        let message = error["message"].as_str().unwrap();
        assert!(
            message.contains("expected an object with the text `name`"),
            "{message}"
        );
        assert!(message.contains("Nothing was submitted"), "{message}");
    }
    let error = agent.request("tools/run", json!({})).await["error"].clone();
    assert_eq!(error["code"], -32601, "{error}");
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn message_of_a_violation_names_what_is_allowed() {
    let world = World::new(emulator()).await;
    let (server, agent) = world.agent(1.0).await;
    let input = json!({ "promt": "b", "width×height": "7x7" });
    let arguments = json!({ "model": MODEL, "input": input });
    let refusal = agent.refused("validate", arguments).await;
    let message = refusal["error"].as_str().unwrap();
    assert!(message.contains("did you mean `prompt`?"), "{message}");
    let members = r#"expected one of "1024x1024(1:1)", "2048x2048(1:1)""#;
    assert!(message.contains(members), "{message}");
    // Programs read the list of the violation, and nothing names it a third time.
    let text = refusal.to_string();
    assert_eq!(text.matches("1024x1024(1:1)").count(), 2, "{text}");
    server.close().await;
}

/// Whoever waits for it is in time.
const SOON: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn job_that_runs_is_not_cancelled_for_certain() {
    let world = World::new(emulator().run_time(SOON)).await;
    let (server, agent) = world.agent(1.0).await;
    agent.call("submit", boat("boat-1")).await;
    let answer = agent.call("cancel", json!({ "id": "boat-1" })).await;
    assert!(next(&answer).starts_with("It was not cancelled: the service cancels only"));
    assert!(
        next(&answer).contains("is charged. Call `wait`"),
        "{answer}"
    );
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn job_of_an_ended_emulator_cannot_be_resumed() {
    let mut world = World::new(emulator().run_time(SOON)).await;
    let server = world.server(sqlite(world.folder.path())).emulated().build();
    let agent = Agent::connect(&server, Generation::Initialize, json!({})).await;
    agent.call("submit", boat("boat-1")).await;
    agent.close().await;
    server.close().await;
    drop(server);
    world.emulator = emulator().start().await.unwrap();
    let server = world.server(sqlite(world.folder.path())).emulated().build();
    let agent = Agent::connect(&server, Generation::Initialize, json!({})).await;
    let answer = agent.end("boat-1").await;
    let reason = "the emulator that had the job has ended, and the job with it";
    assert_eq!(
        (&answer["state"], &answer["reason"]),
        (&json!("failed"), &json!(reason))
    );
    server.close().await;
}
