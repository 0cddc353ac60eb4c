//! No cost is paid that was not agreed to, and none beyond the budget.

use runcomfy_batch::{Money, State};
use runcomfy_emulator::{Call, Fault, Reply};
use serde_json::{Value, json};

use crate::client::{Agent, Generation, assert_nothing_submitted};
use crate::world::{MODEL, PRICE, World, boat, emulator, sqlite};

fn unconfirmed(key: &str) -> Value {
    let mut arguments = boat(key);
    arguments.as_object_mut().unwrap().remove("confirmed_cost");
    arguments
}

#[tokio::test(flavor = "multi_thread")]
async fn submit_wants_the_cost_that_price_said() {
    let world = World::new(emulator()).await;
    let (server, agent) = world.agent(1.0).await;
    let refusal = agent.refused("submit", unconfirmed("boat-1")).await;
    assert_eq!(refusal["cost_usd"], PRICE);
    let mut arguments = boat("boat-1");
    arguments["confirmed_cost"] = json!(0.05);
    let refusal = agent.refused("submit", arguments).await;
    assert_eq!(refusal["cost_usd"], PRICE);
    assert_nothing_submitted(&refusal);
    assert_eq!(world.paid(), 0);
    // The next call is the one that the refusal names.
    agent.call("submit", boat("boat-1")).await;
    assert_eq!(world.paid(), 1);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn person_is_asked_where_the_client_can_ask() {
    let world = World::new(emulator()).await;
    let server = world.server(sqlite(world.folder.path())).build();
    let can_ask = json!({ "elicitation": {} });
    let agent = Agent::connect(&server, Generation::Initialize, can_ask).await;
    for answer in [
        json!({ "action": "decline" }),
        json!({ "action": "cancel" }),
        json!({ "action": "accept", "content": { "pay": false } }),
    ] {
        agent.person(answer);
        // The model's word does not stand for the person's.
        agent.refused("submit", boat("boat-1")).await;
    }
    assert_eq!(world.paid(), 0);
    agent.person(json!({ "action": "accept", "content": { "pay": true } }));
    let answer = agent.call("submit", unconfirmed("boat-1")).await;
    assert!(answer["request_id"].is_string(), "{answer}");
    let question = agent.questions().pop().unwrap();
    assert!(
        question["message"].as_str().unwrap().contains("$0.04"),
        "{question}"
    );
    // A repeated call pays nothing, and asks nothing.
    let asked = agent.questions().len();
    agent.call("submit", unconfirmed("boat-1")).await;
    assert_eq!((agent.questions().len(), world.paid()), (asked, 1));
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stateless_client_repeats_the_call_with_the_answer() {
    let world = World::new(emulator()).await;
    let server = world.server(sqlite(world.folder.path())).build();
    let can_ask = json!({ "elicitation": { "form": {} } });
    let agent = Agent::connect(&server, Generation::Stateless, can_ask).await;
    let call = json!({ "name": "submit", "arguments": unconfirmed("boat-1") });
    let response = agent.request("tools/call", call.clone()).await;
    let result = &response["result"];
    assert_eq!(result["resultType"], "input_required", "{response}");
    let question = &result["inputRequests"]["cost"]["params"];
    assert!(
        question["message"].as_str().unwrap().contains("$0.04"),
        "{question}"
    );
    assert_eq!(world.paid(), 0);
    let repeat = |state: &Value, pay: bool| {
        let mut call = call.clone();
        call["requestState"] = state.clone();
        call["inputResponses"] =
            json!({ "cost": { "action": "accept", "content": { "pay": pay } } });
        call
    };
    // A state of another price asks again.
    let response = agent
        .request("tools/call", repeat(&json!("$0.01"), true))
        .await;
    assert_eq!(response["result"]["resultType"], "input_required");
    let response = agent
        .request("tools/call", repeat(&result["requestState"], false))
        .await;
    assert_eq!(response["result"]["isError"], true);
    assert_eq!(world.paid(), 0);
    let response = agent
        .request("tools/call", repeat(&result["requestState"], true))
        .await;
    let answer = &response["result"]["structuredContent"];
    assert!(answer["request_id"].is_string(), "{response}");
    assert_eq!(world.paid(), 1);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn budget_belongs_to_the_store_and_survives_restarts() {
    let world = World::new(emulator()).await;
    let (server, agent) = world.agent(0.1).await;
    for key in ["boat-1", "boat-2"] {
        agent.call("submit", boat(key)).await;
        agent.end(key).await;
    }
    agent.close().await;
    server.close().await;
    drop(server);
    let store = sqlite(world.folder.path());
    let server = world.server(store).build();
    let agent = Agent::connect(&server, Generation::Initialize, json!({})).await;
    let refusal = agent.refused("submit", boat("boat-3")).await;
    assert!(
        refusal["error"].as_str().unwrap().contains("$0.02 left"),
        "{refusal}"
    );
    assert_eq!(refusal["money_of_the_store"]["spent_usd"], 0.08);
    assert_eq!(world.paid(), 2);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_account_withdraws_the_job() {
    let fault = Fault::from_nth(Call::Submit, 1, Reply::refused(402, 402_001));
    let world = World::new(emulator().fault(fault)).await;
    let store = sqlite(world.folder.path());
    let server = world.server(store.clone()).build();
    let agent = Agent::connect(&server, Generation::Initialize, json!({})).await;
    let refusal = agent.refused("submit", boat("boat-1")).await;
    assert!(
        refusal["error"].as_str().unwrap().contains("account"),
        "{refusal}"
    );
    let counts = store.counts().await.unwrap();
    assert_eq!(
        (counts.of_state(State::Cancelled), counts.money.committed()),
        (1, Money::ZERO)
    );
    // Once the user has paid, nothing is submitted before a call asks for it.
    world.emulator.clear_faults();
    assert_eq!(world.paid(), 0);
    agent.call("submit", boat("boat-1")).await;
    assert_eq!(agent.end("boat-1").await["state"], "saved");
    assert_eq!(world.paid(), 1);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn model_without_a_price_needs_a_price_per_job() {
    let world = World::new(emulator()).await;
    world
        .emulator
        .add_fault(Fault::from_nth(Call::Catalogue, 1, Reply::html(503)));
    let store = sqlite(world.folder.path());
    let server = world.server(store.clone()).build();
    let agent = Agent::connect(&server, Generation::Initialize, json!({})).await;
    let refusal = agent
        .refused(
            "price",
            json!({ "model": MODEL, "input": { "prompt": "b" } }),
        )
        .await;
    assert!(
        refusal["next"]
            .as_str()
            .unwrap()
            .contains("--price-per-job"),
        "{refusal}"
    );
    agent.close().await;
    server.close().await;
    let price = Money::from_usd(PRICE).unwrap();
    let server = world.server(store).price_per_job(price).build();
    let agent = Agent::connect(&server, Generation::Initialize, json!({})).await;
    agent.call("submit", boat("boat-1")).await;
    assert_eq!(world.paid(), 1);
    server.close().await;
}
