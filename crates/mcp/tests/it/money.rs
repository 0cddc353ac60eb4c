//! No cost is paid that was not agreed to, and none beyond the budget.

use std::time::Duration;

use runcomfy_batch::{Limits, Money, NewJob, State};
use runcomfy_emulator::{Call, Fault, Reply};
use serde_json::{Value, json};

use crate::client::{Agent, Generation, assert_nothing_submitted, join_all};
use crate::world::{MODEL, PRICE, World, boat, emulator, sqlite};

fn unconfirmed(key: &str) -> Value {
    let mut arguments = boat(key);
    arguments.as_object_mut().unwrap().remove("confirmed_cost");
    arguments
}

/// Returns the arguments of a batch of so many jobs, with the cost confirmed.
fn batch(name: &str, jobs: u32) -> Value {
    let job = |n| json!({ "input": { "prompt": format!("Boat {n}") } });
    let list: Vec<Value> = (1..=jobs).map(job).collect();
    let cost = f64::from(jobs) * PRICE;
    json!({ "batch": name, "model": MODEL, "jobs": list, "confirmed_cost": cost })
}

fn money(usd: f64) -> Money {
    Money::from_usd(usd).unwrap()
}

fn assert_over_budget(refusal: &Value) {
    let error = refusal["error"].as_str().unwrap();
    assert!(
        error.starts_with("it would cost") && error.contains("and the budget has"),
        "{refusal}"
    );
    assert_nothing_submitted(refusal);
    let next = refusal["next"].as_str().unwrap();
    assert!(next.contains("--budget"), "{refusal}");
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
        json!({ "action": "accept" }),
        // The form may have been filled in before it was declined.
        json!({ "action": "decline", "content": { "pay": true } }),
        json!({ "action": "cancel", "content": { "pay": true } }),
    ] {
        agent.person(answer);
        // The model's word does not stand for the person's.
        let refusal = agent.refused("submit", boat("boat-1")).await;
        assert_nothing_submitted(&refusal);
        agent.refused("batch_submit", batch("boats", 2)).await;
    }
    assert_eq!((agent.questions().len(), world.paid()), (12, 0));
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
    let answered = |state: &Value, action: &str, pay: bool| {
        let mut call = call.clone();
        call["requestState"] = state.clone();
        call["inputResponses"] = json!({ "cost": { "action": action, "content": { "pay": pay } } });
        call
    };
    let repeat = |state: &Value, pay: bool| answered(state, "accept", pay);
    // A state of another price asks again.
    let response = agent
        .request("tools/call", repeat(&json!("$0.01"), true))
        .await;
    assert_eq!(response["result"]["resultType"], "input_required");
    let state = &result["requestState"];
    // So does that of a question about another job.
    for (name, value) in [
        ("key", json!("boat-2")),
        ("input", json!({ "prompt": "Another boat" })),
    ] {
        let mut call = repeat(state, true);
        call["arguments"][name] = value;
        let response = agent.request("tools/call", call).await;
        assert_eq!(response["result"]["resultType"], "input_required", "{name}");
    }
    for call in [
        repeat(state, false),
        answered(state, "decline", true),
        answered(state, "cancel", true),
    ] {
        let response = agent.request("tools/call", call).await;
        assert_eq!(response["result"]["isError"], true);
    }
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
async fn budget_of_the_price_is_enough_and_one_cent_less_is_not() {
    for (budget, is_enough) in [(0.04, true), (0.03, false), (0.039_999, false)] {
        let world = World::new(emulator()).await;
        let (server, agent) = world.agent(budget).await;
        if is_enough {
            assert!(agent.call("submit", boat("boat-1")).await["request_id"].is_string());
        } else {
            assert_over_budget(&agent.refused("submit", boat("boat-1")).await);
        }
        assert_eq!(world.paid(), usize::from(is_enough));
        server.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn batch_beyond_the_budget_is_refused_as_a_whole() {
    for (budget, is_enough) in [(0.12, true), (0.11, false)] {
        let world = World::new(emulator()).await;
        let (server, agent) = world.agent(budget).await;
        if is_enough {
            agent.call("batch_submit", batch("boats", 3)).await;
            for n in 1..=3 {
                assert_eq!(agent.end(&format!("boats/{n}")).await["state"], "saved");
            }
        } else {
            assert_over_budget(&agent.refused("batch_submit", batch("boats", 3)).await);
            let store = sqlite(world.folder.path());
            assert_eq!(store.counts().await.unwrap().total(), 0);
        }
        assert_eq!(world.paid(), if is_enough { 3 } else { 0 });
        server.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_asked_for_more_than_the_budget_has() {
    let world = World::new(emulator()).await;
    let store = sqlite(world.folder.path());
    let limits = Limits::none().budget(money(0.03));
    store.set_limits(limits).await.unwrap();
    let server = world.server(store).build();
    let can_ask = json!({ "elicitation": {} });
    let agent = Agent::connect(&server, Generation::Initialize, can_ask).await;
    agent.person(json!({ "action": "accept", "content": { "pay": true } }));
    assert_over_budget(&agent.refused("submit", boat("boat-1")).await);
    assert_over_budget(&agent.refused("batch_submit", batch("boats", 1)).await);
    assert!(agent.questions().is_empty());
    server.close().await;
}

/// The budget has room for a job when its person is asked, and another job takes it before the answer.
#[tokio::test(flavor = "multi_thread")]
async fn budget_is_checked_again_after_the_agreement() {
    let world = World::new(emulator()).await;
    let (server, other) = world.agent(0.04).await;
    let can_ask = json!({ "elicitation": {} });
    let agent = Agent::connect(&server, Generation::Initialize, can_ask).await;
    let later = async {
        while agent.questions().len() < 2 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        other.call("submit", boat("boat-2")).await;
        let accepted = json!({ "action": "accept", "content": { "pay": true } });
        agent.answer(accepted).await;
    };
    let (job, jobs, ()) = tokio::join!(
        agent.refused("submit", unconfirmed("boat-1")),
        agent.refused("batch_submit", batch("boats", 1)),
        later
    );
    assert_over_budget(&job);
    assert_over_budget(&jobs);
    assert_eq!(world.paid(), 1);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_at_one_time_share_the_budget() {
    let world = World::new(emulator()).await;
    let (server, agent) = world.agent(0.04).await;
    let names: Vec<String> = (1..=8).map(|n| format!("boats-{n}")).collect();
    let calls = names
        .iter()
        .map(|name| agent.result("batch_submit", batch(name, 1)));
    let answers = join_all(calls).await;
    let refused: Vec<_> = answers.iter().filter(|it| it["isError"] == true).collect();
    assert_eq!(refused.len(), names.len() - 1, "{answers:?}");
    for refusal in refused {
        assert_over_budget(&refusal["structuredContent"]);
    }
    // A job that was admitted without the money would wait for it.
    let counts = sqlite(world.folder.path()).counts().await.unwrap();
    assert_eq!((counts.total(), counts.ready), (1, 0));
    assert_eq!(world.paid(), 1);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_that_wait_for_their_submit_count() {
    let world = World::new(emulator().run_time(Duration::from_secs(600))).await;
    let store = sqlite(world.folder.path());
    let limits = Limits::none().budget(money(0.12));
    store.set_limits(limits).await.unwrap();
    let server = world.server(store.clone()).concurrency(1).build();
    let agent = Agent::connect(&server, Generation::Initialize, json!({})).await;
    agent.call("batch_submit", batch("first", 2)).await;
    agent.call("batch_submit", batch("second", 1)).await;
    while world.paid() == 0 {
        tokio::task::yield_now().await;
    }
    // One is submitted, and two have nothing reserved.
    let refusal = agent.refused("batch_submit", batch("third", 1)).await;
    assert_over_budget(&refusal);
    let money = &refusal["money_of_the_store"];
    assert_eq!(
        (&money["waiting_usd"], &money["left_usd"]),
        (&json!(0.08), &json!(0.0))
    );
    assert_over_budget(&agent.refused("submit", boat("boat-1")).await);
    assert_eq!(store.counts().await.unwrap().total(), 3);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn price_says_what_the_jobs_of_another_process_leave() {
    let world = World::new(emulator()).await;
    let store = sqlite(world.folder.path());
    let limits = Limits::none().budget(money(2.0));
    store.set_limits(limits).await.unwrap();
    let _other = store.register("process 1", Duration::from_secs(30)).await;
    let job = |n: u64| {
        let id = format!("others/{n}").parse().unwrap();
        NewJob::new(id, MODEL, json!({ "prompt": "b" }), money(0.001))
    };
    // More than are read at once.
    store.import((1..=1500).map(job).collect()).await.unwrap();
    let server = world.server(sqlite(world.folder.path())).build();
    let agent = Agent::connect(&server, Generation::Initialize, json!({})).await;
    let of_input = json!({ "model": MODEL, "input": { "prompt": "b" } });
    let price = agent.call("price", of_input).await;
    assert_eq!(price["budget_left_usd"], 0.5);
    server.close().await;
}

/// A job of a model that has cost more than its estimate waits for more than was admitted.
#[tokio::test(flavor = "multi_thread")]
async fn job_that_the_budget_cannot_start_is_withdrawn() {
    let world = World::new(emulator()).await;
    let down = Fault::from_nth(Call::Catalogue, 1, Reply::html(503));
    world.emulator.add_fault(down);
    let store = sqlite(world.folder.path());
    let limits = Limits::none().budget(money(0.06));
    store.set_limits(limits).await.unwrap();
    let server = world.server(store.clone()).price_per_job(money(0.01));
    let server = server.build();
    let agent = Agent::connect(&server, Generation::Initialize, json!({})).await;
    let cheap = |key: &str| {
        let mut arguments = boat(key);
        arguments["confirmed_cost"] = json!(0.01);
        arguments
    };
    agent.call("submit", cheap("boat-1")).await;
    assert_eq!(agent.end("boat-1").await["cost_usd"], PRICE);
    let refusal = agent.refused("submit", cheap("boat-2")).await;
    let error = refusal["error"].as_str().unwrap();
    assert!(error.contains("have cost up to $0.04"), "{refusal}");
    assert_nothing_submitted(&refusal);
    let counts = store.counts().await.unwrap();
    assert_eq!((counts.of_state(State::Cancelled), counts.ready), (1, 0));
    // With a larger budget the same key is a job.
    let limits = Limits::none().budget(money(0.08));
    store.set_limits(limits).await.unwrap();
    agent.call("submit", cheap("boat-2")).await;
    assert_eq!(agent.end("boat-2").await["state"], "saved");
    assert_eq!(world.paid(), 2);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_asked_where_the_user_said_so() {
    let world = World::new(emulator()).await;
    let server = world.server(sqlite(world.folder.path())).ask(false).build();
    let can_ask = json!({ "elicitation": { "form": {} } });
    for generation in [Generation::Initialize, Generation::Stateless] {
        let agent = Agent::connect(&server, generation, can_ask.clone()).await;
        let key = format!("{generation:?}");
        let refusal = agent.refused("submit", unconfirmed(&key)).await;
        assert_eq!(refusal["cost_usd"], PRICE);
        agent.call("submit", boat(&key)).await;
        assert!(agent.questions().is_empty());
    }
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
