//! Faults that are restricted to a model or to values of an input.

use reqwest::Method;
use runcomfy_emulator::{Builder, Call, Fault, Reply};
use serde_json::json;

use crate::support::{Caller, EDIT, IMAGE, boat, builder, start};

#[tokio::test]
async fn fault_of_a_model_leaves_the_others_alone() {
    let fault = |call| Fault::every(call, 1, Reply::html(503)).of_model(IMAGE);
    let faults = [Call::Submit, Call::Catalogue].map(fault);
    let builder = faults.into_iter().fold(builder(), Builder::fault);
    let (_emulator, caller) = start(builder).await;
    assert_eq!(caller.submit_status(IMAGE, &boat()).await, 503);
    let edit = json!({ "prompt": "A boat", "image_urls": ["https://example.com/a.png"] });
    assert_eq!(caller.submit_status(EDIT, &edit).await, 200);
    let entry = async |id| {
        let request = caller.request(Method::GET, &format!("/v1/models/{id}"));
        request.send().await.unwrap().status()
    };
    assert_eq!(
        (entry(IMAGE).await.as_u16(), entry(EDIT).await.as_u16()),
        (503, 200)
    );
}

#[tokio::test]
async fn fault_of_an_input_counts_its_own_jobs_alone() {
    let second = Fault::nth(Call::Submit, 2, Reply::html(503)).of_input("prompt", "A boat");
    let (emulator, caller) = start(builder().fault(second)).await;
    let lake = json!({ "prompt": "A lake" });
    let mut statuses = Vec::new();
    for input in [&boat(), &lake, &lake, &boat(), &boat()] {
        statuses.push(caller.submit_status(IMAGE, input).await);
    }
    assert_eq!(statuses, [200, 200, 200, 503, 200]);
    assert_eq!(emulator.ledger().len(), 4);
}

#[tokio::test]
async fn fault_of_an_input_follows_its_job() {
    let calls = [Call::Status, Call::Result, Call::Cancel, Call::File];
    let fault = |call| Fault::every(call, 1, Reply::html(502)).of_input("prompt", "A boat");
    let builder = calls
        .iter()
        .fold(builder(), |b, call| b.fault(fault(*call)));
    let (_emulator, caller) = start(builder).await;
    let lake = caller.job(IMAGE, &json!({ "prompt": "A lake" })).await;
    let boat = caller.job(IMAGE, &boat()).await;
    for (method, path) in [
        (Method::GET, "/v1/requests/ID/status"),
        (Method::GET, "/v1/requests/ID/result"),
        (Method::GET, "/files/ID/image.png"),
        (Method::POST, "/v1/requests/ID/cancel"),
    ] {
        let request = |id: &str| {
            caller
                .request(method.clone(), &path.replace("ID", id))
                .send()
        };
        assert!(
            request(&lake).await.unwrap().status().is_success(),
            "{path}"
        );
        assert_eq!(request(&boat).await.unwrap().status(), 502, "{path}");
    }
}

/// Sends the request of a call, about a job if it can be.
async fn send(caller: &Caller, call: Call, id: &str) -> u16 {
    let path = match call {
        Call::Submit => return caller.submit_status(IMAGE, &boat()).await,
        Call::Status => format!("/v1/requests/{id}/status"),
        Call::Result => format!("/v1/requests/{id}/result"),
        Call::Cancel => format!("/v1/requests/{id}/cancel"),
        Call::File => format!("/files/{id}/image.png"),
        Call::Catalogue => format!("/v1/models/{IMAGE}"),
        Call::Balance => "/prod/v2/balance".to_owned(),
        Call::Login => "/api/cli-auth/start".to_owned(),
        Call::LoginPoll => "/api/cli-auth/poll".to_owned(),
        Call::User => "/api/auth/me".to_owned(),
        _ => unreachable!("a new call: {call}"),
    };
    let method = match call {
        Call::Cancel | Call::Login | Call::LoginPoll => Method::POST,
        _ => Method::GET,
    };
    let response = caller.request(method, &path).send().await.unwrap();
    response.status().as_u16()
}

#[tokio::test]
async fn restriction_is_refused_or_applies() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("faults.json");
    let mut refused = Vec::new();
    for call in Call::ALL.iter().copied() {
        for (member, value) in [("model", json!(IMAGE)), ("input", boat())] {
            let page = json!({ "kind": "html", "status": 599 });
            let mut fault = json!({ "call": call.as_str(), "every": 1, "fault": page });
            fault[member] = value;
            std::fs::write(&file, json!([fault]).to_string()).unwrap();
            let Ok(builder) = builder().fault_file(&file) else {
                refused.push(format!("{call} {member}"));
                continue;
            };
            let (_emulator, caller) = start(builder).await;
            let id = match call {
                Call::Submit => String::new(),
                _ => caller.job(IMAGE, &boat()).await,
            };
            assert_eq!(send(&caller, call, &id).await, 599, "{call} {member}");
        }
    }
    let expected = [
        "catalogue input",
        "balance model",
        "balance input",
        "login model",
        "login input",
        "login_poll model",
        "login_poll input",
        "user model",
        "user input",
    ];
    assert_eq!(refused, expected);
}

/// The body is read to be compared, and then again by the service.
#[tokio::test]
async fn inputs_pass_unchanged_through_a_condition() {
    let other = Fault::every(Call::Submit, 1, Reply::lost()).of_input("prompt", "other");
    let (emulator, caller) = start(builder().fault(other)).await;
    let input = json!({ "prompt": "A boat", "scale": 0.5 });
    let id = caller.job(IMAGE, &input).await;
    assert_eq!(emulator.ledger()[0].input, input);
    assert_eq!(emulator.ledger()[0].request_id, id);
    let request = caller.request(Method::POST, &format!("/v1/models/{IMAGE}"));
    assert_eq!(request.body("{").send().await.unwrap().status(), 400);
}
