//! No call takes longer than a client waits. Time is virtual, and the service is a script in this process.

use std::sync::Arc;
use std::time::Duration;

use runcomfy::testing::{Call, Response, Script};
use runcomfy_batch::{Clock, MemoryStore, Money, State, Store};
use runcomfy_mcp::{Server, ServerBuilder};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use crate::client::{Agent, Generation, assert_nothing_submitted};
use crate::world::{MODEL, PRICE, boat};

/// Maximum time of a call of `wait`.
const MAX_WAIT: Duration = Duration::from_secs(45);
/// Time within which a submit is answered.
const MAX_SUBMIT: Duration = Duration::from_secs(10);
/// Time after which the client of the service gives up on a request.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(20);
/// Number of responses to polls in which a job runs.
const POLLS: usize = 1000;

/// A scripted service, and a store in memory.
struct Scripted {
    script: Script,
    store: Arc<dyn Store>,
    folder: TempDir,
}

impl Scripted {
    /// Creates a service whose jobs run for a long time.
    fn new() -> Self {
        let script = Script::new();
        for _ in 0..POLLS {
            let running = || Response::json(200, json!({ "status": "in_progress" }));
            script.respond(Call::Status, running());
            script.respond(Call::Result, running());
        }
        Self {
            script,
            store: Arc::new(MemoryStore::new(Clock::system())),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// Lets the catalogue answer once, which is remembered.
    fn with_price(self) -> Self {
        let entry = json!({ "model_id": MODEL, "base_price_usd": PRICE, "price_unit": "output" });
        self.script.respond(Call::Other, Response::json(200, entry));
        self
    }

    fn server(&self) -> ServerBuilder {
        let client = self.script.client_builder();
        let client = client.request_timeout(REQUEST_TIMEOUT).build().unwrap();
        let models = runcomfy_models::ALL.iter().map(|model| (***model).clone());
        Server::builder(client, Arc::clone(&self.store), self.folder.path()).models(models)
    }

    async fn agent(&self) -> (Server, Agent) {
        let server = self.server().build();
        let agent = Agent::connect(&server, Generation::Initialize, json!({})).await;
        (server, agent)
    }

    /// Waits until the service has received so many submits.
    async fn received(&self, submits: usize) {
        while self.script.count(Call::Submit) < submits {
            sleep(Duration::from_millis(10)).await;
        }
    }
}

/// Calls a tool that succeeds; returns its answer, and the time that it took.
async fn timed(agent: &Agent, tool: &str, arguments: Value) -> (Value, Duration) {
    let begun = Instant::now();
    let answer = agent.call(tool, arguments).await;
    (answer, begun.elapsed())
}

#[tokio::test(start_paused = true)]
async fn wait_ends_after_45_s_and_says_call_again_with_the_id() {
    let service = Scripted::new().with_price();
    let (server, agent) = service.agent().await;
    let submitted = agent.call("submit", boat("boat-1")).await;
    let request_id = submitted["request_id"].as_str().unwrap();
    for (id, seconds) in [
        ("boat-1", json!(null)),
        ("boat-1", json!(3600)),
        (request_id, json!("45")),
    ] {
        let arguments = json!({ "id": id, "seconds": seconds });
        let (answer, time) = timed(&agent, "wait", arguments).await;
        assert!(
            time >= MAX_WAIT && time < MAX_WAIT + Duration::from_secs(1),
            "{seconds}: {time:?} {answer}"
        );
        assert!(["submitted", "running"].contains(&answer["state"].as_str().unwrap()));
        let next = answer["next"].as_str().unwrap();
        let again = format!("Call `wait` again with this id, {id:?}");
        assert!(next.contains(&again), "{next}");
    }
    let (_, time) = timed(&agent, "wait", json!({ "id": "boat-1", "seconds": 5 })).await;
    assert!(time < Duration::from_secs(6), "{time:?}");
    assert_eq!(service.script.count(Call::Submit), 1);
    server.close().await;
}

#[tokio::test(start_paused = true)]
async fn slow_submit_is_answered_in_10_s_with_its_key() {
    let service = Scripted::new().with_price();
    service.script.respond(Call::Submit, Response::timed_out());
    let (server, agent) = service.agent().await;
    // The second call is the same job, and as short.
    for _ in 0..2 {
        let (answer, time) = timed(&agent, "submit", boat("boat-1")).await;
        assert!(
            time > Duration::from_secs(5) && time <= MAX_SUBMIT,
            "{time:?}"
        );
        assert_eq!(
            (&answer["state"], &answer["key"]),
            (&json!("submitting"), &json!("boat-1"))
        );
        assert_eq!(answer.get("request_id"), None);
        let next = answer["next"].as_str().unwrap();
        assert!(next.contains("`wait` with this key"), "{next}");
    }
    let (answer, _) = timed(&agent, "wait", json!({ "id": "boat-1" })).await;
    assert_eq!(answer["state"], "in_doubt");
    assert_eq!(service.script.count(Call::Submit), 1);
    server.close().await;
}

#[tokio::test(start_paused = true)]
async fn slow_catalogue_takes_no_time_from_a_submit() {
    let service = Scripted::new();
    for _ in 0..10 {
        service.script.respond(Call::Other, Response::timed_out());
    }
    service.script.respond(Call::Submit, Response::timed_out());
    let price = Money::from_usd(PRICE).unwrap();
    let server = service.server().price_per_job(price).build();
    let agent = Agent::connect(&server, Generation::Initialize, json!({})).await;
    let (answer, time) = timed(&agent, "submit", boat("boat-1")).await;
    assert!(time <= MAX_SUBMIT, "{time:?}");
    assert_eq!(answer["state"], "submitting");
    server.close().await;
}

/// Each model of a batch is looked for once.
#[tokio::test(start_paused = true)]
async fn slow_catalogue_is_waited_for_once_by_a_batch() {
    let service = Scripted::new();
    for _ in 0..POLLS {
        service.script.respond(Call::Other, Response::timed_out());
    }
    let price = Money::from_usd(PRICE).unwrap();
    let server = service.server().price_per_job(price).build();
    let agent = Agent::connect(&server, Generation::Initialize, json!({})).await;
    let job = json!({ "input": { "prompt": "A boat" } });
    let arguments = json!({
        "batch": "boats", "model": MODEL, "jobs": vec![job; 200], "confirmed_cost": 200.0 * PRICE,
    });
    let (answer, time) = timed(&agent, "batch_submit", arguments).await;
    assert_eq!(answer["new_jobs"], 200);
    assert!(time <= MAX_SUBMIT, "{time:?}");
    server.close().await;
}

#[tokio::test(start_paused = true)]
async fn submit_waits_for_the_outcome_of_an_intent() {
    let service = Scripted::new().with_price();
    let slow = Duration::from_secs(6);
    let accepted = Response::json(200, json!({ "request_id": "r-1" }));
    service.script.respond(Call::Submit, accepted.delayed(slow));
    let (server, agent) = service.agent().await;
    let (answer, time) = timed(&agent, "submit", boat("boat-1")).await;
    assert_eq!(answer["request_id"], "r-1", "{answer}");
    assert!(
        time >= slow && time < slow + Duration::from_secs(1),
        "{time:?}"
    );
    server.close().await;
}

#[tokio::test(start_paused = true)]
async fn person_who_says_nothing_ends_the_call_before_60_s() {
    let service = Scripted::new().with_price();
    let server = service.server().build();
    let can_ask = json!({ "elicitation": {} });
    let agent = Agent::connect(&server, Generation::Initialize, can_ask).await;
    let begun = Instant::now();
    let refusal = agent.refused("submit", boat("boat-1")).await;
    assert!(begun.elapsed() < Duration::from_secs(60), "{refusal}");
    assert_nothing_submitted(&refusal);
    assert_eq!(agent.questions().len(), 1);
    assert_eq!(service.store.counts().await.unwrap().total(), 0);
    server.close().await;
}

/// The service refuses the account for one job while the submit of another is in flight, which is refused only
/// then. Its job is withdrawn too, and not submitted behind its caller's back.
#[tokio::test(start_paused = true)]
async fn job_in_flight_when_the_account_is_refused_is_withdrawn() {
    let service = Scripted::new().with_price();
    let slow = Duration::from_secs(3);
    let refused = || Response::json(402, json!({ "message": "top up" }));
    service
        .script
        .respond(Call::Submit, refused().delayed(slow));
    service.script.respond(Call::Submit, refused());
    let (server, agent) = service.agent().await;
    let begun = Instant::now();
    let (first, second) = tokio::join!(agent.refused("submit", boat("boat-1")), async {
        service.received(1).await;
        agent.refused("submit", boat("boat-2")).await
    });
    assert!(begun.elapsed() < slow + Duration::from_secs(2));
    for refusal in [first, second] {
        let error = refusal["error"].as_str().unwrap();
        assert!(error.contains("refuses the account"), "{refusal}");
        assert_nothing_submitted(&refusal);
    }
    let counts = service.store.counts().await.unwrap();
    assert_eq!((counts.of_state(State::Cancelled), counts.total()), (2, 2));
    // Once the account is in order, only what is called for is submitted.
    let answer = agent.call("submit", boat("boat-3")).await;
    assert!(answer["request_id"].is_string(), "{answer}");
    assert_eq!(service.script.count(Call::Submit), 3);
    server.close().await;
}

#[tokio::test(start_paused = true)]
async fn job_in_flight_that_is_accepted_after_all_is_kept() {
    let service = Scripted::new().with_price();
    let accepted = Response::json(200, json!({ "request_id": "r-1" }));
    let slow = accepted.delayed(Duration::from_secs(3));
    service.script.respond(Call::Submit, slow);
    let refused = Response::json(402, json!({ "message": "top up" }));
    service.script.respond(Call::Submit, refused);
    let (server, agent) = service.agent().await;
    let (first, _) = tokio::join!(agent.call("submit", boat("boat-1")), async {
        service.received(1).await;
        agent.refused("submit", boat("boat-2")).await
    });
    assert_eq!(first["request_id"], "r-1", "{first}");
    server.close().await;
}
