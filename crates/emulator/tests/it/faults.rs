//! Scripted replies take effect on new connections and on used ones, and the ledger shows which
//! jobs were made.

use std::error::Error;
use std::io::ErrorKind;
use std::time::{Duration, SystemTime};

use crate::support::{Caller, IMAGE, boat, builder, s, send, start};
use reqwest::StatusCode;
use runcomfy_emulator::{Call, Emulator, Reply};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

/// Returns `true` if a connection was reset (RST), not closed.
fn is_reset(error: &reqwest::Error) -> bool {
    let mut source = error.source();
    while let Some(error) = source {
        if let Some(error) = error.downcast_ref::<std::io::Error>()
            && error.kind() == ErrorKind::ConnectionReset
        {
            return true;
        }
        source = error.source();
    }
    false
}

#[tokio::test]
async fn connections_are_cut_before_or_after_the_job_is_made() {
    let faults = [
        (Reply::reset(), true, 0),
        (Reply::reset_after_body(), true, 0),
        (Reply::close(), false, 0),
        (Reply::lost(), true, 1),
        (Reply::reset().carried_out(), true, 1),
        (Reply::close().carried_out(), false, 1),
    ];
    for (fault, reset, jobs) in faults {
        let emulator = builder().start().await.unwrap();
        for caller in [Caller::new(&emulator), Caller::pooled(&emulator)] {
            // Opens a connection that the next request can use again.
            caller.get("/v1/models").await;
            let before = emulator.ledger().len();
            emulator.script(Call::Submit, fault.clone());
            let error = caller.post_job(IMAGE, &boat()).send().await.unwrap_err();
            assert_eq!(is_reset(&error), reset, "{fault:?}: {error:?}");
            assert!(!error.is_connect(), "{error:?}");
            assert_eq!(emulator.ledger().len() - before, jobs, "{fault:?}");
            caller.job(IMAGE, &boat()).await;
        }
        // Two submits of each caller: no client has retried by itself.
        assert_eq!((emulator.count(Call::Submit), emulator.unplayed()), (4, 0));
    }
}

#[tokio::test]
async fn half_a_response_ends_in_the_middle_of_the_body() {
    let emulator = builder().start().await.unwrap();
    for caller in [Caller::new(&emulator), Caller::pooled(&emulator)] {
        let whole = caller.fetch("/v1/models").await.bytes().await.unwrap();
        emulator.script(Call::Catalogue, Reply::half());
        let mut half = caller.fetch("/v1/models").await;
        assert_eq!(half.status(), StatusCode::OK);
        assert_eq!(half.content_length(), Some(whole.len() as u64));
        let mut received = Vec::new();
        let error = loop {
            match half.chunk().await {
                Ok(chunk) => received.extend(chunk.unwrap()),
                Err(error) => break error,
            }
        };
        assert!(!is_reset(&error), "{error:?}");
        assert_eq!(received, whole[..whole.len() / 2]);
    }
    let caller = Caller::new(&emulator);
    let id = caller.job(IMAGE, &boat()).await;
    let path = format!("/files/{id}/image.png");
    let total = caller.fetch(&path).await.bytes().await.unwrap().len();
    // Only a drawn file is large; a fixed one fits into one write.
    if cfg!(feature = "render") {
        assert!(total > 4096, "the file needs more than one write");
    }
    emulator.script(Call::File, Reply::half());
    assert!(caller.fetch(&path).await.bytes().await.is_err());
}

#[tokio::test]
async fn stubbed_reply_is_sent_before_or_after_the_service() {
    let (emulator, caller) = start(builder()).await;
    let busy = Reply::new(503, "<html>busy</html>").header("retry-after", "2");
    emulator.script(Call::Submit, busy.clone());
    emulator.script(Call::Submit, busy.carried_out());
    for jobs in [0, 1] {
        let response = caller.post_job(IMAGE, &boat()).send().await.unwrap();
        assert_eq!(response.status(), 503);
        assert_eq!(response.headers()["retry-after"], "2");
        assert_eq!(response.text().await.unwrap(), "<html>busy</html>");
        assert_eq!(emulator.ledger().len(), jobs);
    }
    let broke = json!({ "error_code": 400_002, "error_message": "no balance" });
    emulator.script(Call::Submit, Reply::json(200, &broke));
    assert_eq!(caller.submit(IMAGE, &boat()).await, (200, broke));
}

#[tokio::test]
async fn replies_are_played_in_order_and_by_call() {
    let (emulator, caller) = start(builder()).await;
    emulator.script(Call::Status, Reply::genuine().header("x-mark", "1"));
    emulator.script(Call::Status, Reply::new(500, ""));
    emulator.script(Call::Cancel, Reply::new(502, ""));
    let id = caller.job(IMAGE, &boat()).await;
    let path = format!("/v1/requests/{id}/status");
    let first = caller.fetch(&path).await;
    assert_eq!(
        (first.status().as_u16(), &first.headers()["x-mark"]),
        (200, &"1".parse().unwrap())
    );
    assert_eq!(caller.result(&id).await["status"], "succeeded");
    assert_eq!(caller.fetch(&path).await.status(), 500);
    assert_eq!(caller.fetch(&path).await.status(), 200);
    assert_eq!(emulator.unplayed(), 1);
}

#[tokio::test]
async fn genuine_reply_can_be_patched() {
    let (emulator, caller) = start(builder()).await;
    let id = caller.job(IMAGE, &boat()).await;
    let patch = json!({ "status": "warming_up", "status_url": null, "eta": 5 });
    emulator.script(Call::Status, Reply::patched(patch));
    let (status, body) = caller.get(&format!("/v1/requests/{id}/status")).await;
    assert_eq!(
        (status, &body["status"], &body["eta"]),
        (200, &json!("warming_up"), &json!(5))
    );
    assert_eq!(
        (&body["request_id"], body.get("status_url")),
        (&json!(id), None)
    );
}

#[tokio::test(start_paused = true)]
async fn replies_are_delayed_or_never_sent() {
    let (emulator, caller) = start(builder()).await;
    let minute = Duration::from_secs(60);
    emulator.script(Call::Submit, Reply::genuine().delayed(minute));
    let begun = Instant::now();
    assert_eq!(caller.submit(IMAGE, &boat()).await.0, 200);
    assert!(begun.elapsed() >= minute);

    emulator.script(Call::Submit, Reply::stall());
    emulator.script(Call::Submit, Reply::stall().carried_out());
    for jobs in [1, 2] {
        let error = caller
            .post_job(IMAGE, &boat())
            .timeout(minute)
            .send()
            .await
            .unwrap_err();
        assert!(error.is_timeout(), "{error:?}");
        assert_eq!(emulator.ledger().len(), jobs);
    }
}

#[tokio::test]
async fn stopped_emulator_keeps_its_ledger() {
    let mut emulator = builder().start().await.unwrap();
    let caller = Caller::pooled(&emulator);
    caller.job(IMAGE, &boat()).await;
    emulator.stop().await;
    let error = caller.post_job(IMAGE, &boat()).send().await.unwrap_err();
    assert!(error.is_connect(), "{error:?}");
    emulator.stop().await;
    assert_eq!(emulator.ledger().len(), 1);
}

#[tokio::test]
async fn stopping_ends_calls_that_stall() {
    let mut emulator = builder().start().await.unwrap();
    let caller = Caller::new(&emulator);
    emulator.script(Call::Submit, Reply::stall());
    let call = tokio::spawn(caller.post_job(IMAGE, &boat()).send());
    while emulator.count(Call::Submit) == 0 {
        tokio::task::yield_now().await;
    }
    emulator.stop().await;
    assert!(call.await.unwrap().is_err());
}

#[tokio::test]
async fn ledger_and_log_record_what_was_received() {
    let (emulator, caller) = start(builder()).await;
    let submit = caller
        .post_job(IMAGE, &boat())
        .header("Idempotency-Key", "k1")
        .header("X-Key", "k2");
    let (_, job) = send(submit).await;
    let path = format!(
        "/v1/requests/{}/result?include_cost=true",
        job["request_id"].as_str().unwrap()
    );
    Caller::new(&emulator).with_token(None).get(&path).await;

    let [entry] = &emulator.ledger()[..] else {
        panic!("one job was accepted")
    };
    assert_eq!((&*entry.model_id, &entry.input), (IMAGE, &boat()));
    assert_eq!(entry.request_id, job["request_id"]);
    assert_eq!(
        (entry.idempotency_key(), entry.header("x-key")),
        (Some("k1"), Some("k2"))
    );
    assert_eq!(entry.header("authorization"), None);
    let [submit, result] = &emulator.requests()[..] else {
        panic!("two requests came")
    };
    assert_eq!(
        (&*submit.method, submit.call, submit.authorized),
        ("POST", Some(Call::Submit), true)
    );
    assert_eq!(submit.path, format!("/v1/models/{IMAGE}"));
    assert_eq!((&result.path, result.authorized), (&path, false));
}

/// Sends the head of a submit without its body.
async fn submit_without_body(emulator: &Emulator) -> TcpStream {
    let mut socket = TcpStream::connect(emulator.address()).await.unwrap();
    let head = format!(
        "POST /v1/models/{IMAGE} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer t\r\n\
         content-length: 19\r\n\r\n"
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    socket
}

#[tokio::test(start_paused = true)]
async fn reset_comes_before_or_after_the_body() {
    let emulator = builder().start().await.unwrap();
    let mut rest = Vec::new();

    emulator.script(Call::Submit, Reply::reset());
    let mut early = submit_without_body(&emulator).await;
    let error = early.read_to_end(&mut rest).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);

    for (fault, jobs) in [(Reply::reset_after_body(), 0), (Reply::lost(), 1)] {
        emulator.script(Call::Submit, fault);
        let mut late = submit_without_body(&emulator).await;
        // The emulator waits for the body for an hour without a response.
        assert!(timeout(s(3600), late.read_u8()).await.is_err());
        late.write_all(br#"{"prompt":"A boat"}"#).await.unwrap();
        let error = late.read_to_end(&mut rest).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        assert_eq!(emulator.ledger().len(), jobs);
    }
    assert!(rest.is_empty());
}

#[tokio::test]
async fn bodies_are_not_json_or_errors_with_any_status() {
    let (emulator, caller) = start(builder()).await;
    let submit = async |fault| {
        emulator.script(Call::Submit, fault);
        let response = caller.post_job(IMAGE, &boat()).send().await.unwrap();
        let kind = response.headers()["content-type"]
            .to_str()
            .unwrap()
            .to_owned();
        let status = response.status().as_u16();
        (status, kind, response.bytes().await.unwrap())
    };
    let (status, kind, body) = submit(Reply::html(504)).await;
    assert_eq!((status, &*kind), (504, "text/html; charset=utf-8"));
    assert!(body.starts_with(b"<!DOCTYPE html>"));

    let (status, kind, body) = submit(Reply::garbage()).await;
    assert_eq!((status, &*kind), (200, "application/json"));
    assert!(serde_json::from_slice::<Value>(&body).is_err());
    assert!(std::str::from_utf8(&body).is_err());

    for http_status in [200, 402, 429, 500] {
        let (status, _, body) = submit(Reply::refused(http_status, 400_002)).await;
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(
            (status, &body["error_code"]),
            (http_status, &json!(400_002))
        );
        assert!(body["error_message"].is_string());
    }
    assert!(emulator.ledger().is_empty());
}

#[tokio::test]
async fn retry_after_is_sent_in_seconds_and_as_a_date() {
    let (emulator, caller) = start(builder()).await;
    let retry_after = async |reply| {
        emulator.script(Call::Status, reply);
        let response = caller.fetch("/v1/requests/x/status").await;
        let header = response.headers().get("retry-after")?.to_str().unwrap();
        Some(header.to_owned())
    };
    let busy = || Reply::html(503);
    assert_eq!(retry_after(busy()).await, None);
    let whole = retry_after(busy().retry_after(s(2))).await;
    assert_eq!(whole.as_deref(), Some("2"));
    let part = retry_after(busy().retry_after(Duration::from_millis(1001))).await;
    assert_eq!(part.as_deref(), Some("2"));

    let before = SystemTime::now();
    let date = retry_after(busy().retry_after_date(s(120))).await.unwrap();
    let date = httpdate::parse_http_date(&date).unwrap();
    // A date contains the whole second that has begun.
    assert!(date > before + s(119) && date <= SystemTime::now() + s(120));
    let never = retry_after(busy().retry_after_date(Duration::MAX)).await;
    assert_eq!(never, None, "a header cannot hold that date");
}

#[tokio::test(start_paused = true)]
async fn dripping_body_is_sent_in_pieces_with_pauses() {
    let emulator = builder().start().await.unwrap();
    let caller = Caller::pooled(&emulator);
    let whole = caller.fetch("/v1/models").await.bytes().await.unwrap();
    let (piece, pause) = (100, s(60));
    assert!(whole.len() > 3 * piece, "several pieces");

    emulator.script(Call::Catalogue, Reply::genuine().dripping(piece, pause));
    let begun = Instant::now();
    let mut dripping = caller.fetch("/v1/models").await;
    assert_eq!(dripping.content_length(), Some(whole.len() as u64));
    let mut pieces = Vec::new();
    while let Some(chunk) = dripping.chunk().await.unwrap() {
        pieces.push(chunk);
    }
    assert_eq!(pieces.concat(), whole);
    let lengths: Vec<usize> = pieces.iter().map(|piece| piece[..].len()).collect();
    let expected: Vec<usize> = whole.chunks(piece).map(<[u8]>::len).collect();
    assert_eq!(lengths, expected);
    let pauses = u32::try_from(pieces.len() - 1).unwrap();
    assert!(begun.elapsed() >= pause * pauses);

    // Stubbed bodies drip as well, and no piece is empty.
    emulator.script(Call::Catalogue, Reply::new(500, "abc").dripping(0, s(1)));
    let error = caller.fetch("/v1/models").await;
    assert_eq!(error.text().await.unwrap(), "abc");
}

#[tokio::test]
async fn expired_reply_applies_once() {
    let (emulator, caller) = start(builder()).await;
    let id = caller.job(IMAGE, &boat()).await;
    emulator.script(Call::Result, Reply::expired());
    let (status, body) = caller.get(&format!("/v1/requests/{id}/result")).await;
    assert_eq!((status, &body["error_code"]), (404, &json!(404_001)));
    assert_eq!(caller.result(&id).await["status"], "succeeded");
}

#[tokio::test]
async fn reply_to_a_submit_can_decide_its_jobs_outcome() {
    let (emulator, caller) = start(builder().slots(3)).await;
    let error = json!({ "message": "out of paint" });
    emulator.script(Call::Submit, Reply::job_fails(error.clone()));
    emulator.script(Call::Submit, Reply::job_runs(Duration::MAX));
    emulator.script(Call::Submit, Reply::job_runs(s(10)));
    let mut ids = Vec::new();
    for _ in 0..4 {
        ids.push(caller.job(IMAGE, &boat()).await);
    }
    assert_eq!(caller.result(&ids[0]).await["error"], error);
    assert_eq!(caller.status(&ids[2]).await["status"], "in_progress");
    assert_eq!(caller.result(&ids[3]).await["status"], "succeeded");
    emulator.advance(s(9_999_999));
    assert_eq!(caller.status(&ids[1]).await["status"], "in_progress");
    assert_eq!(caller.result(&ids[2]).await["status"], "succeeded");
}
