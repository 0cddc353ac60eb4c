//! No paid job is submitted twice, and none is lost in silence.

// A set-up that fails ends the test.
#![allow(clippy::unwrap_used)]

use runcomfy::{Client, ErrorKind};
use runcomfy_emulator::{Call, Emulator, Reply};
use runcomfy_models::bytedance::dreamina_4_0::text_to_image::Input;
use serde_json::json;

async fn emulator() -> (Emulator, Client) {
    let emulator = Emulator::builder().built_in_models().start().await.unwrap();
    let client = Client::builder()
        .token("t")
        .base_url(emulator.base_url())
        .build()
        .unwrap();
    (emulator, client)
}

/// Submits once with one dictated reply and gives the error, having checked that exactly one
/// request left the client.
async fn submit_with(reply: Reply) -> (runcomfy::Error, usize) {
    let (emulator, client) = emulator().await;
    emulator.script(Call::Submit, reply);
    let error = client.submit(&Input::new("A boat")).await.unwrap_err();
    assert_eq!(emulator.count(Call::Submit), 1, "sent again after {error}");
    assert_eq!(emulator.unplayed(), 0);
    (error, emulator.ledger().len())
}

#[tokio::test]
async fn a_lost_reply_is_an_unknown_outcome_and_is_not_sent_again() {
    for (reply, jobs) in [
        (Reply::reset(), 0),
        (Reply::close(), 0),
        (Reply::reset().carried_out(), 1),
        (Reply::close().carried_out(), 1),
        (Reply::half().carried_out(), 1),
        (Reply::new(200, "").carried_out(), 1),
        (Reply::new(200, "<html>gateway</html>").carried_out(), 1),
        (
            Reply::json(200, &json!({"status": "in_queue"})).carried_out(),
            1,
        ),
        (Reply::new(500, "").carried_out(), 1),
        (Reply::new(502, "<html>Bad Gateway</html>"), 0),
        (Reply::new(503, ""), 0),
        (Reply::new(504, "").carried_out(), 1),
        (Reply::new(408, ""), 0),
    ] {
        let (error, ledger) = submit_with(reply).await;
        assert!(error.may_have_been_submitted(), "{error:?}");
        assert!(
            error.to_string().contains("may have been submitted"),
            "{error}"
        );
        assert_eq!(ledger, jobs, "{error}");
    }
}

#[tokio::test]
async fn a_refusal_is_certain() {
    for (status, code, kind) in [
        (400, 400_001, ErrorKind::Model),
        (200, 400_002, ErrorKind::Balance),
        (402, 0, ErrorKind::Balance),
        (401, 400_004, ErrorKind::Token),
        (200, 400_004, ErrorKind::Token),
        (403, 403_001, ErrorKind::Forbidden),
        (404, 404_001, ErrorKind::NotFound),
        (422, 0, ErrorKind::Refused),
        (429, 0, ErrorKind::Throttled),
    ] {
        let body = json!({"error_code": code, "error_message": "no"});
        let (error, ledger) =
            submit_with(Reply::json(status, &body).header("Retry-After", "7")).await;
        assert_eq!(error.kind(), kind, "{error}");
        assert!(!error.may_have_been_submitted(), "{error}");
        assert_eq!(error.retry_after().map(|after| after.as_secs()), Some(7));
        assert_eq!(ledger, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_connection_nothing_was_sent_and_it_is_tried_again() {
    // A port that was free a moment ago: whoever listens there later is not asked.
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = closed.local_addr().unwrap();
    drop(closed);
    let client = Client::builder()
        .token("t")
        .base_url(format!("http://{address}"))
        .build()
        .unwrap();
    let error = client.submit(&Input::new("A boat")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotSent, "{error}");
    assert!(!error.may_have_been_submitted() && error.is_passing());
}

#[tokio::test(start_paused = true)]
async fn hiccups_while_waiting_lose_no_job() {
    let (emulator, client) = emulator().await;
    let job = client.submit(&Input::new("A boat")).await.unwrap();
    for reply in [
        Reply::reset(),
        Reply::half(),
        Reply::new(200, ""),
        Reply::new(502, "<html>"),
        Reply::json(429, &json!({})).header("Retry-After", "0"),
        Reply::json(200, &json!({"status": "reticulating"})),
    ] {
        emulator.script(Call::Status, reply);
    }
    emulator.script(
        Call::Result,
        Reply::json(400, &json!({"error_code": 400_005})),
    );
    emulator.script(
        Call::Result,
        Reply::json(200, &json!({"status": "in_progress"})),
    );
    assert!(job.wait().await.unwrap().image().is_some());
    assert_eq!((emulator.unplayed(), emulator.ledger().len()), (0, 1));
}

#[tokio::test]
async fn a_wait_ends_at_a_refusal_and_names_the_job() {
    let (emulator, client) = emulator().await;
    let job = client.submit(&Input::new("A boat")).await.unwrap();
    emulator.script(
        Call::Status,
        Reply::json(401, &json!({"error_code": 400_004})),
    );
    let error = job.wait().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.request_id()),
        (ErrorKind::Token, Some(job.request_id()))
    );
}

#[tokio::test]
async fn unreadable_replies_keep_their_first_bytes_and_the_id() {
    let (emulator, client) = emulator().await;
    let job = client.submit(&Input::new("A boat")).await.unwrap();
    for (reply, words) in [
        (Reply::new(200, ""), "is empty"),
        (
            Reply::new(200, "<html><body>Welcome</body></html>"),
            "<html><body>Welcome",
        ),
        (Reply::new(200, r#"{"status": "in_qu"#), "is cut off"),
    ] {
        emulator.script(Call::Status, reply);
        let error = job.status().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unreadable);
        let text = error.to_string();
        assert!(
            text.contains(words) && text.contains(job.request_id().as_str()),
            "{text}"
        );
    }
}
