//! One process submits; all others read.

use std::time::Duration;

use runcomfy_batch::{Money, NewJob, NotSent, Retry};
use serde_json::{Value, json};

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
    // A model with a shell would do it.
    assert!(!refusal.to_string().contains("stop it"), "{refusal}");
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

/// Doubts and failures of other batches hide none of a batch's own.
#[tokio::test(flavor = "multi_thread")]
async fn status_lists_the_faults_of_its_own_batch() {
    const OTHERS: u64 = 1100;
    let world = World::new(emulator()).await;
    let store = sqlite(world.folder.path());
    let mut me = store
        .register("process 1", Duration::from_secs(30))
        .await
        .unwrap();
    for (batch, count) in [("before", OTHERS), ("mine", 2), ("mine-too", OTHERS)] {
        let job = |n: u64| {
            let id = format!("{batch}/{n}").parse().unwrap();
            NewJob::new(id, MODEL, json!({ "prompt": "b" }), Money::ZERO)
        };
        store.import((1..=count).map(job).collect()).await.unwrap();
        let claims = store.claim(&mut me, usize::MAX).await.unwrap().jobs;
        let keys = claims.iter().map(|job| job.key.clone());
        let is_even = |n: &usize| n.is_multiple_of(2);
        let (failed, lost): (Vec<_>, Vec<_>) = keys.enumerate().partition(|(n, _)| is_even(n));
        let failed = failed
            .into_iter()
            .map(|(_, key)| NotSent::new(key, "refused", Retry::Never));
        store.not_sent(me.id(), failed.collect()).await.unwrap();
        let lost = lost.into_iter().map(|(_, key)| (key, "lost".to_owned()));
        store.doubtful(me.id(), lost.collect()).await.unwrap();
    }
    let server = world.server(sqlite(world.folder.path())).build();
    let agent = Agent::connect(&server, Generation::Initialize, json!({})).await;
    let keys = |jobs: &Value| -> Vec<String> {
        let jobs = jobs.as_array().unwrap().iter();
        jobs.map(|job| job["key"].as_str().unwrap().to_owned())
            .collect()
    };
    let mine = agent.call("batch_status", json!({ "batch": "mine" })).await;
    assert_eq!(
        mine["jobs"],
        json!({ "failed": 1, "in_doubt": 1, "total": 2 })
    );
    assert_eq!(keys(&mine["failed"]), ["mine/1"]);
    assert_eq!(keys(&mine["in_doubt"]), ["mine/2"]);
    // Of many the last ones are listed.
    let all = agent.call("batch_status", json!({})).await;
    assert_eq!(keys(&all["failed"]).len(), 20);
    assert_eq!(keys(&all["failed"])[0], "mine-too/1099");
    assert_eq!(keys(&all["in_doubt"])[0], "mine-too/1100");
    server.close().await;
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
        (json!({ "batch": "first" }), 1500, 20),
    ] {
        let status = agent.call("batch_status", arguments).await;
        assert_eq!(status["jobs"], json!({ "ready": total, "total": total }));
        let latest = status["latest"].as_array().unwrap();
        assert_eq!(latest.len(), listed, "{status}");
        let last = match total {
            1500 => "first/1500",
            _ => "second/2500",
        };
        assert_eq!(latest[0]["key"], last, "{status}");
    }
    // A part of a name is no batch.
    agent
        .refused("batch_status", json!({ "batch": "sec" }))
        .await;
    let list = agent.request("resources/list", json!({})).await;
    assert_eq!(list["result"]["resources"], json!([]));
    server.close().await;
}
