//! Doubts, and the decisions of a person on them.

use std::time::Duration;

use runcomfy::RequestId;
use runcomfy_batch::{Attempts, JobKey, Resolution};
use runcomfy_emulator::{Call, Fault, Reply};
use serde_json::json;

use crate::client::{Agent, Generation, assert_nothing_submitted};
use crate::world::{MODEL, PRICE, World, boat, emulator, sqlite};

/// Starts a world whose first submit has an unknown outcome, with that submit made.
async fn in_doubt(key: &str) -> (World, runcomfy_mcp::Server, Agent) {
    let lost = Fault::nth(Call::Submit, 1, Reply::lost().carried_out());
    let world = World::new(emulator().fault(lost)).await;
    let (server, agent) = world.agent(1.0).await;
    let answer = agent.call("submit", boat(key)).await;
    assert_eq!(answer["state"], "in_doubt", "{answer}");
    (world, server, agent)
}

impl World {
    /// Decides on the only doubt as another process does.
    async fn decide(&self, resolution: Resolution) -> JobKey {
        let store = sqlite(self.folder.path());
        let doubts = store.attempts(Attempts::InDoubt).await.unwrap();
        let key = doubts[0].key.clone();
        store.resolve(key.clone(), resolution).await.unwrap();
        key
    }

    /// Returns the id of the only job that the service has.
    fn only_job(&self) -> RequestId {
        self.emulator.ledger()[0].request_id.parse().unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn doubt_that_a_person_resolves_is_waited_for_at_once() {
    // Before the next beat of the engine, and after it.
    for later in [Duration::ZERO, Duration::from_secs(5)] {
        let (world, server, agent) = in_doubt("boat-1").await;
        tokio::time::sleep(later).await;
        let id = world.only_job();
        world.decide(Resolution::RequestId(id)).await;
        let wait = json!({ "id": "boat-1", "seconds": 10 });
        let answer = agent.call("wait", wait).await;
        assert_eq!(answer["state"], "saved", "{later:?}: {answer}");
        assert_eq!(world.paid(), 1);
        server.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn doubtful_job_is_not_submitted_under_another_key() {
    let (world, server, agent) = in_doubt("boat-1").await;
    let job = json!({ "key": "2", "input": boat("boat-2")["input"] });
    let batch = json!({
        "batch": "boats", "model": MODEL, "jobs": [job], "confirmed_cost": PRICE,
    });
    for (tool, arguments) in [("submit", boat("boat-2")), ("batch_submit", batch.clone())] {
        let refusal = agent.refused(tool, arguments).await;
        assert_nothing_submitted(&refusal);
        let text = refusal.to_string();
        for expected in [
            "\\\"boat-1\\\" has the same model and input",
            "neither with this key nor with another",
            "runcomfy batch resolve",
            "--no-job",
            "after that decision",
        ] {
            assert!(text.contains(expected), "{expected}: {refusal}");
        }
    }
    assert_eq!(world.paid(), 1);
    let mut other = boat("boat-2");
    other["input"] = json!({ "prompt": "Another boat" });
    agent.call("submit", other).await;
    assert_eq!(world.paid(), 2);
    // The decision of a person allows it.
    world.decide(Resolution::RequestId(world.only_job())).await;
    agent.call("submit", boat("boat-3")).await;
    agent.call("batch_submit", batch).await;
    assert_eq!(agent.end("boats/2").await["state"], "saved");
    assert_eq!(world.paid(), 4);
    server.close().await;
}

/// A submit ends in doubt while the person thinks about the same job under another key.
#[tokio::test(flavor = "multi_thread")]
async fn doubt_that_begins_before_the_agreement_is_seen() {
    let lost = Fault::nth(Call::Submit, 1, Reply::lost().carried_out());
    let world = World::new(emulator().fault(lost)).await;
    let (server, other) = world.agent(1.0).await;
    let can_ask = json!({ "elicitation": {} });
    let agent = Agent::connect(&server, Generation::Initialize, can_ask).await;
    let mut arguments = boat("boat-2");
    arguments.as_object_mut().unwrap().remove("confirmed_cost");
    let later = async {
        while agent.questions().is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(
            other.call("submit", boat("boat-1")).await["state"],
            "in_doubt"
        );
        let accepted = json!({ "action": "accept", "content": { "pay": true } });
        agent.answer(accepted).await;
    };
    let (refusal, ()) = tokio::join!(agent.refused("submit", arguments), later);
    assert_eq!(refusal["in_doubt"], "boat-1", "{refusal}");
    assert_nothing_submitted(&refusal);
    assert_eq!(world.paid(), 1);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn doubt_is_told_without_the_advice_to_submit_again() {
    let (world, server, agent) = in_doubt("boat-1").await;
    let answer = agent.call("result", json!({ "id": "boat-1" })).await;
    assert!(
        !answer["reason"]
            .as_str()
            .unwrap()
            .contains("look at your account")
    );
    let next = answer["next"].as_str().unwrap();
    assert!(
        next.contains("neither with this key nor with another"),
        "{next}"
    );
    let key = world.decide(Resolution::NoJob).await;
    assert!(next.contains(&format!("resolve {key}")), "{next}");
    let answer = agent.call("result", json!({ "id": "boat-1" })).await;
    assert_eq!(answer["state"], "failed");
    let next = answer["next"].as_str().unwrap();
    assert!(
        next.contains("submit the same input with another key"),
        "{next}"
    );
    server.close().await;
}
