//! No paid job is submitted twice, and none is lost in silence.

use std::collections::HashMap;
use std::time::Duration;

use runcomfy::{Client, ErrorKind, Outcome};
use runcomfy_emulator::{Call, Emulator, Reply};
use runcomfy_models::bytedance::dreamina_4_0::text_to_image::Input;
use runcomfy_testkit::cases::Cases;
use runcomfy_testkit::server::closed_address;
use serde_json::json;
use tokio::time::Instant;

use super::support::{client, start};

async fn emulator() -> (Emulator, Client) {
    start(Emulator::builder()).await
}

/// Submits once with one scripted reply, checks that exactly one request was sent, and returns the
/// error.
async fn submit_with(reply: Reply) -> (runcomfy::Error, usize) {
    let (emulator, client) = emulator().await;
    emulator.script(Call::Submit, reply);
    let error = client.submit(Input::new("A boat")).await.unwrap_err();
    assert_eq!(emulator.count(Call::Submit), 1, "sent again after {error}");
    assert_eq!(emulator.unplayed(), 0);
    (error, emulator.ledger().len())
}

#[tokio::test]
async fn lost_reply_is_never_resent() {
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
        // A gateway sends it after the work began, too.
        (busy(503, 7), 0),
        (busy(503, 7).carried_out(), 1),
        (Reply::new(504, "").carried_out(), 1),
        (Reply::new(408, ""), 0),
        // Longer than the client reads.
        (Reply::new(200, vec![b' '; 17 << 20]).carried_out(), 1),
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
async fn refusal_is_certain() {
    for (status, code, kind) in [
        (400, 400_001, ErrorKind::UnknownModel),
        (200, 400_002, ErrorKind::InsufficientBalance),
        (402, 0, ErrorKind::InsufficientBalance),
        (401, 400_004, ErrorKind::Unauthenticated),
        (200, 400_004, ErrorKind::Unauthenticated),
        (403, 403_001, ErrorKind::Forbidden),
        (404, 404_001, ErrorKind::NotFound),
        (422, 0, ErrorKind::BadRequest),
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

/// Returns a refusal with a `Retry-After`.
fn busy(status: u16, seconds: u32) -> Reply {
    Reply::json(status, &json!({})).header("Retry-After", seconds.to_string())
}

#[tokio::test(start_paused = true)]
async fn throttled_submit_is_retried_after_its_delay() {
    for (reply, seconds) in [(busy(429, 7), 7..8), (Reply::json(429, &json!({})), 0..1)] {
        let (emulator, client) = emulator().await;
        emulator.script(Call::Submit, reply);
        let start = Instant::now();
        let job = client.submit(Input::new("A boat")).await.unwrap();
        assert!(
            seconds.contains(&start.elapsed().as_secs()),
            "{:?}",
            start.elapsed()
        );
        let ledger = emulator.ledger();
        assert_eq!((emulator.count(Call::Submit), ledger.len()), (2, 1));
        assert_eq!(ledger[0].request_id, job.request_id().as_str());
    }
}

#[tokio::test(start_paused = true)]
async fn deadline_ends_the_attempts_without_doubt() {
    let (emulator, client) = emulator().await;
    for seconds in [20, 20, 20] {
        emulator.script(Call::Submit, busy(429, seconds));
    }
    let input = Input::new("A boat");
    let error = client
        .submit(&input)
        .deadline(Duration::from_secs(50))
        .await
        .unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Throttled, 3));
    assert!(!error.may_have_been_submitted(), "{error}");
    assert_eq!((emulator.unplayed(), emulator.ledger().len()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn status_429_holds_back_the_whole_client() {
    let (emulator, client) = emulator().await;
    let job = client.submit(Input::new("A boat")).await.unwrap();
    emulator.script(Call::Status, busy(429, 30));
    let start = Instant::now();
    let (first, second) = tokio::join!(job.status(), async {
        // The other call starts while the first waits.
        tokio::time::sleep(Duration::from_secs(1)).await;
        let outcome = client.submit(Input::new("Another boat")).await;
        (outcome, start.elapsed().as_secs())
    });
    assert!(first.is_ok() && second.0.is_ok());
    assert_eq!(second.1, 30);
}

/// Returns the faults of one call; some happen after the call was carried out.
fn faults(nowhere: &str) -> Vec<Reply> {
    let no = json!({"error_code": 400_002, "error_message": "no"});
    vec![
        Reply::genuine(),
        Reply::reset(),
        Reply::close(),
        Reply::stall(),
        Reply::new(200, ""),
        Reply::new(200, "<html>gateway</html>"),
        Reply::new(502, "<html>Bad Gateway</html>"),
        Reply::new(503, ""),
        Reply::new(408, ""),
        busy(429, 1),
        busy(503, 1),
        busy(503, 1).carried_out(),
        Reply::json(200, &no),
        Reply::json(402, &no),
        Reply::json(401, &json!({"error_code": 400_004})),
        Reply::json(422, &json!({"detail": "no"})),
        Reply::reset().carried_out(),
        Reply::close().carried_out(),
        Reply::stall().carried_out(),
        Reply::half().carried_out(),
        Reply::new(200, "").carried_out(),
        Reply::new(200, "{\"request_id\": \"../x\"}").carried_out(),
        Reply::json(200, &json!({"status": "in_queue"})).carried_out(),
        Reply::new(500, "").carried_out(),
        Reply::new(504, "<html>").carried_out(),
        Reply::new(302, "")
            .header("Location", "/v1/models/a/b")
            .carried_out(),
        Reply::new(303, "")
            .header("Location", nowhere)
            .carried_out(),
        Reply::new(307, "")
            .header("Location", nowhere)
            .carried_out(),
    ]
}

/// Returns an origin that refuses connections, and a client for it.
fn nowhere() -> (String, Client) {
    let address = format!("http://{}", closed_address());
    let client = Client::builder().token("t").base_url(&address);
    (address, client.build().unwrap())
}

/// Returns a default client, one that keeps no connection open, and one over an HTTP client that
/// follows redirects and retries by itself.
fn clients(emulator: &Emulator) -> [Client; 3] {
    let closing = reqwest::Client::builder()
        .pool_max_idle_per_host(0)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never());
    [
        client(emulator),
        client(emulator).http_client(closing.build().unwrap()),
        client(emulator).http_client(reqwest::Client::new()),
    ]
    .map(|client| client.build().unwrap())
}

#[tokio::test(start_paused = true)]
async fn submits_survive_every_fault() {
    let submits = usize::try_from(Cases::from_env(10_000).count).unwrap();
    let (emulator, _) = emulator().await;
    let (address, nowhere) = nowhere();
    let (clients, faults) = (clients(&emulator), faults(&address));
    let input = Input::new("A boat");
    let mut outcomes = Vec::new();
    for index in 0..submits {
        let key = format!("key-{index}");
        let client = match index % 3 {
            0 => {
                let fault = faults[index / 9 % faults.len()].clone();
                emulator.script(Call::Submit, fault);
                &clients[index / 3 % 3]
            }
            // Without a fault, so that the next one finds an open connection.
            1 => &clients[index / 3 % 3],
            _ => &nowhere,
        };
        let submit = client.submit(&input).key(&key);
        let outcome = submit.deadline(Duration::from_secs(2)).outcome().await;
        outcomes.push((key, outcome));
    }
    assert_eq!(emulator.unplayed(), 0);

    let mut jobs: HashMap<String, Vec<String>> = HashMap::new();
    for entry in emulator.ledger() {
        let key = entry.idempotency_key().unwrap().to_owned();
        jobs.entry(key).or_default().push(entry.request_id);
    }
    let mut counts = [0; 4];
    for (key, outcome) in outcomes {
        let jobs = jobs.remove(&key).unwrap_or_default();
        let end = match outcome {
            Outcome::Accepted(job) => {
                assert_eq!(jobs, [job.request_id().as_str()], "{key}");
                0
            }
            Outcome::NotSent(error) => {
                assert!(jobs.is_empty(), "{key}: {error}");
                1
            }
            Outcome::Rejected(error) => {
                assert!(jobs.is_empty(), "{key}: {error}");
                2
            }
            Outcome::Unknown(error) => {
                assert!(jobs.len() < 2, "{key}: {jobs:?} {error}");
                assert_eq!(error.idempotency_key(), Some(&*key));
                assert!(error.to_string().contains(&key), "{error}");
                3
            }
        };
        counts[end] += 1;
    }
    assert!(jobs.is_empty(), "jobs that nobody submitted: {jobs:?}");
    println!("accepted, not sent, rejected, unknown: {counts:?}");
    // A third has no fault, a third cannot connect, and a few of the faults end in a job too.
    let [accepted, not_sent, rejected, unknown] = counts;
    assert!(
        accepted > submits / 3 && not_sent == submits / 3,
        "{counts:?}"
    );
    assert!(
        rejected > submits / 33 && unknown > submits * 3 / 20,
        "{counts:?}"
    );
}

/// The job succeeds, or the error names it and it can be resumed.
#[tokio::test(start_paused = true)]
async fn fault_at_any_call_about_a_job_loses_nothing() {
    let (emulator, _) = emulator().await;
    let (address, _) = nowhere();
    for client in clients(&emulator) {
        for call in [Call::Status, Call::Result, Call::Cancel] {
            for fault in faults(&address) {
                let job = client.submit(Input::new("A boat")).await.unwrap();
                emulator.script(call, fault);
                let outcome = match call {
                    Call::Cancel => job.cancel().await.map(drop),
                    _ => job.wait().await.map(drop),
                };
                if let Err(error) = outcome {
                    assert_eq!(error.request_id(), Some(job.request_id()), "{error}");
                }
                let again = client.job::<Input>(job.request_id().clone());
                assert!(again.wait().await.unwrap().image().is_some());
                assert_eq!(emulator.unplayed(), 0);
            }
        }
    }
    let jobs = emulator.ledger().len();
    assert_eq!(jobs, 3 * 3 * faults(&address).len());
}

#[tokio::test(start_paused = true)]
async fn failed_connect_is_retried_and_sent_nothing() {
    let (_, client) = nowhere();
    let error = client.submit(Input::new("A boat")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotSent, "{error}");
    assert!(!error.may_have_been_submitted() && error.is_transient());
    assert!(error.attempts() > 3, "{error}");
}

/// Only retries withdraw from the retry budget.
#[tokio::test(start_paused = true)]
async fn refused_submits_leave_the_retry_budget_alone() {
    let (emulator, client) = emulator().await;
    let input = Input::new("A boat");
    let job = client.submit(&input).await.unwrap();
    for _ in 0..200 {
        emulator.script(Call::Submit, Reply::refused(422, 0));
        assert!(client.submit(&input).await.is_err());
    }
    emulator.script(Call::Status, Reply::reset());
    assert!(job.status().await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn transient_faults_while_waiting_lose_no_job() {
    let (emulator, client) = emulator().await;
    let job = client.submit(Input::new("A boat")).await.unwrap();
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
async fn refused_token_ends_the_wait_and_names_the_job() {
    let (emulator, client) = emulator().await;
    let job = client.submit(Input::new("A boat")).await.unwrap();
    emulator.script(
        Call::Status,
        Reply::json(401, &json!({"error_code": 400_004})),
    );
    let error = job.wait().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.request_id()),
        (ErrorKind::Unauthenticated, Some(job.request_id()))
    );
}

#[tokio::test(start_paused = true)]
async fn unreadable_response_is_quoted_with_the_id() {
    let (emulator, client) = emulator().await;
    let job = client.submit(Input::new("A boat")).await.unwrap();
    for (reply, excerpt) in [
        (Reply::new(200, ""), "is empty"),
        (
            Reply::new(200, "<html><body>Welcome</body></html>"),
            "<html><body>Welcome",
        ),
        (Reply::new(200, r#"{"status": "in_qu"#), "is cut off"),
    ] {
        // A read has up to six attempts.
        for _ in 0..6 {
            emulator.script(Call::Status, reply.clone());
        }
        let error = job.status().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unreadable);
        let text = error.to_string();
        for part in [excerpt, job.request_id().as_str(), "after 6 attempts"] {
            assert!(text.contains(part), "{text}");
        }
    }
}
