//! The control endpoint, which does what `Emulator` does.

use reqwest::{Method, StatusCode};
use runcomfy_emulator::Call;
use serde_json::{Value, json};

use crate::support::{Caller, EDIT, IMAGE, boat, builder, s, start};

/// Sends a request to the control endpoint, and returns status and JSON.
async fn control(caller: &Caller, method: Method, name: &str, body: &Value) -> (u16, Value) {
    let path = format!("/_emulator/{name}");
    let request = caller.request(method, path.trim_end_matches('/'));
    let response = request.body(body.to_string()).send().await.unwrap();
    let status = response.status().as_u16();
    (status, response.json().await.unwrap())
}

async fn post(caller: &Caller, name: &str, body: Value) -> Value {
    let (status, json) = control(caller, Method::POST, name, &body).await;
    assert_eq!(status, 200, "{json}");
    json
}

async fn get(caller: &Caller, name: &str) -> Value {
    let (status, json) = control(caller, Method::GET, name, &Value::Null).await;
    assert_eq!(status, 200, "{json}");
    json
}

#[tokio::test]
async fn control_advances_the_clock() {
    let (emulator, caller) = start(builder().run_time(s(3600))).await;
    let job = caller.job(IMAGE, &boat()).await;
    assert_eq!(caller.status(&job).await["status"], "in_progress");
    let now = post(&caller, "advance", json!({ "seconds": 3600.5 })).await;
    assert!(now["now_seconds"].as_f64().unwrap() >= 3600.5, "{now}");
    assert_eq!(caller.status(&job).await["status"], "completed");
    assert_eq!(emulator.count(Call::Status), 2);
}

#[tokio::test]
async fn control_shows_what_the_ledger_has() {
    let (emulator, caller) = start(builder().run_time(s(60)).price(0.25)).await;
    emulator.fail_next("out of paint");
    let failed = caller.job(IMAGE, &boat()).await;
    let request = caller.request(Method::POST, &format!("/v1/models/{IMAGE}"));
    let request = request
        .header("Idempotency-Key", "k-1")
        .body(boat().to_string());
    assert_eq!(request.send().await.unwrap().status(), StatusCode::OK);
    let running = get(&caller, "ledger").await;
    assert_eq!(
        (&running["cost_usd"], &running["jobs"][1]["status"]),
        (&json!(0.0), &json!("in_queue"))
    );
    emulator.advance(s(120));
    let ledger = get(&caller, "ledger").await;
    let jobs = ledger["jobs"].as_array().unwrap();
    assert_eq!(jobs.len(), emulator.ledger().len());
    assert_eq!(jobs[0]["request_id"], failed.as_str());
    assert_eq!(
        (&jobs[0]["status"], &jobs[0]["cost_usd"]),
        (&json!("failed"), &json!(0.0))
    );
    assert_eq!(
        (&jobs[1]["status"], &jobs[1]["cost_usd"]),
        (&json!("succeeded"), &json!(0.25))
    );
    assert_eq!(
        (&jobs[1]["idempotency_key"], &jobs[1]["input"]),
        (&json!("k-1"), &boat())
    );
    assert_eq!(
        (&jobs[1]["model_id"], &ledger["cost_usd"]),
        (&json!(IMAGE), &json!(0.25))
    );
    assert!(
        jobs[1]["headers"].get("authorization").is_none(),
        "{ledger}"
    );
}

#[tokio::test]
async fn control_adds_and_clears_faults() {
    let (_emulator, caller) = start(builder()).await;
    let busy = json!([{ "call": "submit", "from": 1, "fault": { "kind": "html", "status": 503 } }]);
    assert_eq!(post(&caller, "faults", busy).await, json!({ "faults": 1 }));
    let submit = async || caller.submit_status(IMAGE, &boat()).await;
    assert_eq!(submit().await, 503);
    assert_eq!(get(&caller, "faults").await, json!({ "faults": 1 }));
    let (status, cleared) = control(&caller, Method::DELETE, "faults", &Value::Null).await;
    assert_eq!((status, cleared), (200, json!({ "faults": 0 })));
    assert_eq!(submit().await, 200);
}

#[tokio::test]
async fn list_with_a_mistake_adds_no_fault() {
    let (_emulator, caller) = start(builder()).await;
    let faults = json!([
        { "call": "submit", "from": 1, "fault": { "kind": "lost" } },
        { "call": "submit", "from": 0, "fault": { "kind": "lost" } },
    ]);
    let (status, error) = control(&caller, Method::POST, "faults", &faults).await;
    assert_eq!(status, 400);
    assert_eq!(
        error["error_message"],
        "[1].from: found 0, expected a count of at least 1"
    );
    assert_eq!(get(&caller, "faults").await, json!({ "faults": 0 }));
}

#[tokio::test]
async fn reset_returns_to_the_start() {
    let fault = json!([{ "call": "cancel", "every": 1, "fault": { "kind": "html" } }]);
    let (emulator, caller) = start(builder().seed(7).expire_after(s(60))).await;
    let first = caller.job(IMAGE, &boat()).await;
    post(&caller, "faults", fault).await;
    post(&caller, "advance", json!({ "seconds": 59 })).await;
    post(&caller, "reset", Value::Null).await;
    assert_eq!((emulator.ledger().len(), emulator.requests().len()), (0, 0));
    assert_eq!(
        caller.get(&format!("/v1/requests/{first}/status")).await.0,
        404
    );
    let overview = get(&caller, "").await;
    assert_eq!(
        (&overview["jobs"], &overview["faults"]),
        (&json!(0), &json!(0))
    );
    assert!(
        overview["now_seconds"].as_f64().unwrap() < 59.0,
        "{overview}"
    );
    // The seed starts again, so a test has the same ids whatever ran before it.
    assert_eq!(caller.job(IMAGE, &boat()).await, first);
}

#[tokio::test]
async fn expired_id_is_gone_and_charged() {
    let (_emulator, caller) = start(builder()).await;
    let job = caller.job(IMAGE, &boat()).await;
    post(&caller, "expire", json!({ "request_id": job })).await;
    assert_eq!(
        caller.get(&format!("/v1/requests/{job}/status")).await.0,
        404
    );
    assert_eq!(get(&caller, "ledger").await["cost_usd"], 0.04);
    let other = json!({ "request_id": "other" });
    assert_eq!(
        control(&caller, Method::POST, "expire", &other).await.0,
        404
    );
}

/// A fault that hits every call must not take the control away, and what a test asks is no request of
/// the program under test.
#[tokio::test]
async fn control_is_no_call_of_the_api() {
    let (emulator, caller) = start(builder()).await;
    let caller = caller.with_token(None);
    let overview = get(&caller, "").await;
    assert!(
        overview["models"]
            .as_array()
            .unwrap()
            .contains(&json!(EDIT))
    );
    get(&caller, "requests").await;
    assert_eq!(emulator.requests().len(), 0);
    let (status, error) = control(&caller, Method::GET, "nothing", &Value::Null).await;
    assert_eq!(
        (status, &error["error_message"]),
        (404, &json!("There is no such control here."))
    );
}

#[tokio::test]
async fn malformed_control_says_what_is_expected() {
    let (_emulator, caller) = start(builder()).await;
    for (name, body, expected) in [
        ("advance", json!({}), "the body: `seconds` is missing"),
        (
            "advance",
            json!([]),
            "the body: found [], expected an object",
        ),
        (
            "advance",
            json!({ "seconds": -1 }),
            "the body.seconds: found -1, expected a number of seconds, at least 0",
        ),
        (
            "advance",
            json!({ "seconds": 1, "minutes": 1 }),
            "the body.minutes: unknown member, expected one of `seconds`",
        ),
        ("expire", json!({}), "the body: `request_id` is missing"),
        (
            "faults",
            json!({}),
            "the file: found {}, expected a list of faults",
        ),
    ] {
        let (status, error) = control(&caller, Method::POST, name, &body).await;
        assert_eq!((status, &error["error_message"]), (400, &json!(expected)));
    }
}

#[tokio::test]
async fn requests_are_listed_with_their_calls() {
    let (_emulator, caller) = start(builder()).await;
    let job = caller.job(IMAGE, &boat()).await;
    caller.status(&job).await;
    let list = get(&caller, "requests").await;
    let calls: Vec<&Value> = list["requests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|request| &request["call"])
        .collect();
    assert_eq!(calls, [&json!("submit"), &json!("status")]);
}
