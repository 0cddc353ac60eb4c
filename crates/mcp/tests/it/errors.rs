//! Errors name what was wrong, what is allowed, and the next call.

use runcomfy_emulator::{Call, Fault, Reply};
use runcomfy_mcp::ServeErrorKind;
use serde_json::{Value, json};

use crate::client::{Agent, Generation, assert_nothing_submitted};
use crate::world::{MODEL, World, boat, emulator, sqlite};

#[tokio::test(flavor = "multi_thread")]
async fn invalid_input_is_never_submitted_and_says_what_is_allowed() {
    let world = World::new(emulator()).await;
    let (server, agent) = world.agent(1.0).await;
    let mut arguments = boat("boat-1");
    arguments["input"] = json!({ "promt": "A boat", "width×height": "7x7" });
    for tool in ["submit", "validate"] {
        let mut arguments = arguments.clone();
        if tool == "validate" {
            let members = arguments.as_object_mut().unwrap();
            members.remove("key");
            members.remove("confirmed_cost");
        }
        let refusal = agent.refused(tool, arguments).await;
        let violations = refusal["violations"].as_array().unwrap();
        let at = |pointer: &str| {
            violations
                .iter()
                .find(|it| it["pointer"] == pointer)
                .unwrap()
        };
        assert_eq!(at("/promt")["hint"], "prompt", "{refusal}");
        assert!(at("/width×height")["limit"].as_array().unwrap().len() > 5);
        assert_nothing_submitted(&refusal);
    }
    assert_eq!(world.paid(), 0);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn used_key_with_another_input_is_refused_with_the_difference() {
    let world = World::new(emulator()).await;
    let (server, agent) = world.agent(1.0).await;
    agent.call("submit", boat("boat-1")).await;
    let mut other = boat("boat-1");
    other["input"] = json!({ "prompt": "A boat at night", "scale": 0.5 });
    let refusal = agent.refused("submit", other).await;
    let differences = refusal["differences"].as_array().unwrap();
    let at: Vec<&Value> = differences.iter().map(|it| &it["at"]).collect();
    assert!(at.contains(&&json!("input.prompt")), "{refusal}");
    let mut other = boat("boat-1");
    other["model"] = json!("bytedance/dreamina-4-0/edit");
    let refusal = agent.refused("submit", other).await;
    assert_eq!(refusal["differences"][0]["at"], "model");
    assert_eq!(world.paid(), 1);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn slips_get_a_hint() {
    let world = World::new(emulator()).await;
    let (server, agent) = world.agent(1.0).await;
    let input = json!({ "prompt": "b" });
    for (tool, arguments, expected) in [
        (
            "price",
            json!({ "modle": MODEL, "input": input }),
            "did you mean `model`?",
        ),
        ("price", json!({ "model": MODEL }), "`input` is missing"),
        (
            "price",
            json!({ "model": MODEL, "input": 7 }),
            "expected an object",
        ),
        (
            "model_schema",
            json!({ "model": "text-to-image" }),
            "there is no model",
        ),
        (
            "wait",
            json!({ "id": "nope" }),
            "no job with the key or request_id",
        ),
        (
            "wait",
            json!({ "id": "nope", "seconds": "soon" }),
            "whole number",
        ),
        ("batch_status", json!({ "batch": "nope" }), "no batch"),
        (
            "batch_report",
            json!({ "format": "pdf" }),
            "expected html, csv or jsonl",
        ),
        (
            "batch_submit",
            json!({ "batch": "b", "jobs": [] }),
            "0 items",
        ),
        (
            "batch_submit",
            json!({ "batch": "b", "jobs": [7] }),
            "1 of 1 jobs",
        ),
    ] {
        let refusal = agent.refused(tool, arguments).await;
        assert!(
            refusal["error"].as_str().unwrap().contains(expected),
            "{refusal}"
        );
    }
    let refusal = agent
        .refused("model_schema", json!({ "model": "text-to-image" }))
        .await;
    assert_eq!(refusal["did_you_mean"], json!([MODEL]));
    // The text of an object is taken for the object.
    let text = json!({ "model": MODEL, "input": "{\"prompt\": \"b\"}" });
    agent.call("price", text).await;
    server.close().await;
}

/// Programs fill in what they have no value for.
#[tokio::test(flavor = "multi_thread")]
async fn null_is_an_argument_that_is_left_out() {
    let world = World::new(emulator()).await;
    let (server, agent) = world.agent(1.0).await;
    let input = json!({ "prompt": "b" });
    let nothing = json!({ "query": null, "category": null, "limit": null, "offset": null });
    let found = agent.call("search_models", nothing).await;
    assert!(found["total"].as_u64().unwrap() > 1, "{found}");
    let unknown = json!({ "model": MODEL, "input": input, "key": null, "nothing": null });
    agent.call("price", unknown).await;
    let missing = json!({ "model": MODEL, "input": null });
    let refusal = agent.refused("price", missing).await;
    assert!(
        refusal["error"]
            .as_str()
            .unwrap()
            .contains("`input` is missing")
    );
    let mut arguments = boat("boat-1");
    arguments["confirmed_cost"] = json!(null);
    assert_eq!(agent.refused("submit", arguments).await["cost_usd"], 0.04);
    assert_eq!(world.paid(), 0);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn batch_has_at_most_200_jobs() {
    let world = World::new(emulator()).await;
    let (server, agent) = world.agent(1.0).await;
    for (count, expected) in [(200, "200 of 200 jobs"), (201, "has 201 items")] {
        // Jobs without a prompt, so that all are refused together.
        let jobs = vec![json!({ "input": {} }); count];
        let arguments = json!({ "batch": "boats", "model": MODEL, "jobs": jobs });
        let refusal = agent.refused("batch_submit", arguments).await;
        let error = refusal["error"].as_str().unwrap();
        assert!(error.contains(expected), "{error}");
        assert_nothing_submitted(&refusal);
    }
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pattern_of_no_model_is_refused_before_a_client_is_served() {
    let world = World::new(emulator()).await;
    let store = sqlite(world.folder.path());
    let serve = async |pattern: &str| {
        let server = world.server(store.clone()).typed(pattern).build();
        let outcome = server.serve(tokio::io::empty(), tokio::io::sink()).await;
        server.close().await;
        outcome.unwrap_err()
    };
    // A star stays within a segment, as in the generator.
    let error = serve("bytedance/*").await;
    assert_eq!(error.kind(), ServeErrorKind::UnknownModel);
    assert!(error.to_string().contains("`bytedance/*`"), "{error}");
    assert_eq!(serve("bytedance/**").await.kind(), ServeErrorKind::Protocol);
    // Without the catalogue nobody knows.
    let down = Fault::from_nth(Call::Catalogue, 1, Reply::html(503));
    world.emulator.add_fault(down);
    assert_eq!(serve("acme/**").await.kind(), ServeErrorKind::Protocol);
}

#[tokio::test(flavor = "multi_thread")]
async fn tool_list_is_as_small_with_400_models() {
    let world = World::new(emulator()).await;
    let list = async |models: usize| {
        let models = (0..models).map(|n| {
            let mut model = (**runcomfy_models::ALL[0]).clone();
            model.id = format!("acme/model-{n}/edit").as_str().into();
            model
        });
        let server = world
            .server(sqlite(world.folder.path()))
            .models(models)
            .build();
        let agent = Agent::connect(&server, Generation::Stateless, json!({})).await;
        let list = agent.request("tools/list", json!({})).await["result"]["tools"].to_string();
        agent.close().await;
        server.close().await;
        list
    };
    let many = list(400).await;
    assert!(many.len() < 12_000, "{} bytes", many.len());
    assert_eq!(many, list(0).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn tool_list_is_small_with_typed_tools_of_three_models() {
    let world = World::new(emulator()).await;
    let server = world.server(sqlite(world.folder.path()));
    let server = server.typed("bytedance/**").build();
    let agent = Agent::connect(&server, Generation::Initialize, json!({})).await;
    let list = agent.request("tools/list", json!({})).await["result"].clone();
    assert_eq!(list["tools"].as_array().unwrap().len(), 15);
    let size = list.to_string().len();
    assert!(size < 12_000, "{size} bytes");
    let tools = list["tools"].as_array().unwrap().iter();
    let mut edit = tools.filter(|tool| tool["name"] == "submit_bytedance_dreamina_4_0_edit");
    let input = edit.next().unwrap()["inputSchema"]["properties"]["input"].clone();
    // The types, bounds and members that a call must keep to are there.
    assert_eq!(input["properties"]["scale"]["maximum"], 1);
    assert_eq!(
        input["properties"]["width×height"]["enum"][0],
        "1024x1024(1:1)"
    );
    assert_eq!(input["properties"]["image_urls"]["items"]["format"], "uri");
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tool_list_is_small_and_says_what_costs_money() {
    let world = World::new(emulator()).await;
    let store = sqlite(world.folder.path());
    let server = world.server(store.clone()).build();
    let agent = Agent::connect(&server, Generation::Initialize, json!({})).await;
    let list = agent.request("tools/list", json!({})).await["result"].clone();
    let size = list.to_string().len();
    assert!(size < 12_000, "{size} bytes");
    let tools = list["tools"].as_array().unwrap();
    assert_eq!(tools.len(), 12);
    for tool in tools {
        let name = tool["name"].as_str().unwrap();
        let pays = ["submit", "batch_submit"].contains(&name);
        let reads = !pays && !["cancel", "batch_report"].contains(&name);
        assert_eq!(tool["annotations"]["readOnlyHint"], reads, "{name}");
        if pays {
            assert_eq!(tool["annotations"]["destructiveHint"], true, "{name}");
            assert!(
                tool["description"]
                    .as_str()
                    .unwrap()
                    .contains("COSTS MONEY")
            );
        }
    }
    agent.close().await;
    server.close().await;
    let server = world
        .server(store)
        .typed("bytedance/*/text-to-image")
        .build();
    let agent = Agent::connect(&server, Generation::Initialize, json!({})).await;
    let list = agent.request("tools/list", json!({})).await["result"].clone();
    let typed = list["tools"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(typed["name"], "submit_bytedance_dreamina_4_0_text_to_image");
    assert_eq!(
        typed["inputSchema"]["properties"]["input"]["required"],
        json!(["prompt"])
    );
    let mut arguments = boat("boat-1");
    arguments.as_object_mut().unwrap().remove("model");
    let answer = agent.call(typed["name"].as_str().unwrap(), arguments).await;
    assert_eq!(answer["model"], MODEL);
    server.close().await;
}
