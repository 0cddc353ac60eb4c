//! Doubts, and the decisions of a person on them.

use std::time::Duration;

use runcomfy::RequestId;
use runcomfy_batch::{Attempts, JobKey, Resolution};
use runcomfy_emulator::{Call, Fault, Reply};
use serde_json::json;

use crate::client::Agent;
use crate::world::{World, boat, emulator, sqlite};

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
