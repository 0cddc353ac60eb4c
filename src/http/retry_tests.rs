use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};
use tokio::time::Instant;

use super::*;
use crate::client::Client;
use crate::error::ErrorKind;
use crate::http::script::{Call as ScriptedCall, Response, Script};
use crate::job::Job;
use crate::output::Output;

fn client(script: &Script, policy: RetryPolicy) -> Client {
    script.client_builder().retry(policy).build().unwrap()
}

fn job(client: &Client) -> Job<Output> {
    client.json_job("r-1".parse().unwrap())
}

fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn unavailable() -> Response {
    Response::text(502, "<html>")
}

#[tokio::test(start_paused = true)]
async fn max_attempts_bounds_reads_and_submits() {
    let script = Script::new();
    for (policy, attempts) in [
        (RetryPolicy::new(), 6),
        (RetryPolicy::new().max_attempts(2), 2),
        (RetryPolicy::new().max_attempts(0), 1),
    ] {
        (0..10).for_each(|_| script.respond(ScriptedCall::Status, unavailable()));
        let script = script.clone();
        let error = job(&client(&script, policy)).status().await.unwrap_err();
        assert_eq!(error.attempts(), attempts);
    }
    let script = Script::new();
    (0..10).for_each(|_| script.respond(ScriptedCall::Submit, Response::not_sent()));
    let client = client(&script, RetryPolicy::new().max_attempts(3));
    let error = client.submit_json("a/b", json!({})).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::NotSent, 3));
}

#[tokio::test(start_paused = true)]
async fn retry_if_sees_each_failure_and_may_give_up() {
    let script = Script::new();
    (0..10).for_each(|_| script.respond(ScriptedCall::Submit, Response::not_sent()));
    let seen = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&seen);
    let policy = RetryPolicy::new().retry_if(move |error| {
        assert_eq!(error.kind(), ErrorKind::NotSent);
        counted.fetch_add(1, Ordering::Relaxed) < 2
    });
    let client = client(&script, policy);
    let error = client.submit_json("a/b", json!({})).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::NotSent, 3));
    assert_eq!(seen.load(Ordering::Relaxed), 3);
}

#[tokio::test(start_paused = true)]
async fn retry_if_cannot_make_a_submit_be_sent_again() {
    let script = Script::new();
    script.respond(ScriptedCall::Submit, unavailable());
    let policy = RetryPolicy::new().retry_if(|_| panic!("nothing may be retried"));
    let submit = client(&script, policy);
    let error = submit.submit_json("a/b", json!({})).await.unwrap_err();
    assert!(error.may_have_been_submitted());
    assert_eq!(script.count(ScriptedCall::Submit), 1);
}

#[tokio::test(start_paused = true)]
async fn submit_is_bounded_by_its_deadline_alone_by_default() {
    let script = Script::new();
    (0..12).for_each(|_| script.respond(ScriptedCall::Submit, Response::not_sent()));
    let policy = RetryPolicy::new().max_backoff(s(1));
    let client = client(&script, policy);
    client.submit_json("a/b", json!({})).await.unwrap();
    assert_eq!(script.count(ScriptedCall::Submit), 13);
}

#[tokio::test(start_paused = true)]
async fn backoff_of_zero_retries_at_once() {
    let script = Script::new();
    (0..5).for_each(|_| script.respond(ScriptedCall::Status, unavailable()));
    let policy = RetryPolicy::new().initial_backoff(Duration::ZERO);
    let start = Instant::now();
    job(&client(&script, policy)).status().await.unwrap();
    assert_eq!(start.elapsed(), Duration::ZERO);
    assert_eq!(script.count(ScriptedCall::Status), 6);
}

#[tokio::test(start_paused = true)]
async fn max_backoff_bounds_reads_submits_and_polls() {
    let script = Script::new();
    let policy = RetryPolicy::new()
        .initial_backoff(s(3600))
        .max_backoff(s(1))
        .max_attempts(20);
    let client = client(&script, policy);
    let start = Instant::now();
    (0..10).for_each(|_| script.respond(ScriptedCall::Status, unavailable()));
    job(&client).status().await.unwrap();
    (0..10).for_each(|_| script.respond(ScriptedCall::Submit, Response::not_sent()));
    client.submit_json("a/b", json!({})).await.unwrap();
    (0..10).for_each(|_| script.respond(ScriptedCall::Status, unavailable()));
    job(&client).wait().await.unwrap();
    assert!(start.elapsed() <= s(31), "{:?}", start.elapsed());
    assert_eq!(script.count(ScriptedCall::Status), 22);
}

#[tokio::test(start_paused = true)]
async fn longer_retry_after_is_returned_to_the_caller() {
    let script = Script::new();
    for (policy, attempts) in [
        (RetryPolicy::new(), 2),
        (RetryPolicy::new().max_retry_after(s(9)), 1),
    ] {
        let busy = || Response::json(503, Value::Null).retry_after(s(10));
        script.respond(ScriptedCall::Status, busy());
        let before = script.count(ScriptedCall::Status);
        let outcome = job(&client(&script, policy)).status().await;
        assert_eq!(outcome.is_ok(), attempts > 1);
        assert_eq!(script.count(ScriptedCall::Status) - before, attempts);
        if let Err(error) = outcome {
            assert_eq!(error.retry_after(), Some(s(10)));
        }
    }
    // The rate limiter holds other requests back for no longer either.
    let client = client(&script, RetryPolicy::new().max_retry_after(s(9)));
    let throttled = Response::json(429, Value::Null).retry_after(s(10));
    script.respond(ScriptedCall::Status, throttled);
    job(&client).status().await.unwrap_err();
    let error = job(&client).result().await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Throttled, 0));
    assert_eq!(script.count(ScriptedCall::Result), 0);
}
