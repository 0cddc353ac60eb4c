//! A submit that no connection has taken submits nothing once nobody waits for it.

use std::future::IntoFuture;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use runcomfy::{Client, Outcome};
use runcomfy_testkit::judge::{Answer, Judge, Protocol, Response, Verdict, Welcome};
use serde_json::json;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::Builder;
use tokio::time::{sleep, timeout};

use crate::support::client_of;

const MOMENT: Duration = Duration::from_millis(250);

/// A server whose queue of connections is full, and what fills it.
async fn full_queue() -> (TcpListener, Vec<TcpStream>) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut fillers = Vec::new();
    while let Ok(connected) = timeout(MOMENT, TcpStream::connect(address)).await {
        fillers.push(connected.unwrap());
        assert!(fillers.len() < 100, "the queue takes any number");
    }
    (listener, fillers)
}

/// Real time: the kernel's queue of connections knows no other.
#[tokio::test]
async fn submit_without_a_connection_is_never_sent() {
    let (listener, fillers) = full_queue().await;
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    let orphans = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&orphans);
    let client = Client::builder()
        .token("t")
        .base_url(base_url)
        .on_orphan(move |_| {
            count.fetch_add(1, Ordering::SeqCst);
        });
    let client = client.build().unwrap();
    let input = json!({ "prompt": "A boat" });
    for _ in 0..4 {
        let submit = client.submit_json("acme/paint", &input);
        assert!(timeout(MOMENT, submit).await.is_err());
    }
    let late = client.submit_json("acme/paint", &input).deadline(MOMENT);
    let outcome = late.outcome().await;
    assert!(matches!(outcome, Outcome::NotSent(_)), "{outcome:?}");
    let (other, value) = (client.clone(), input.clone());
    let ended = thread::spawn(move || {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.spawn(async move { other.submit_json("acme/paint", &value).await });
        runtime.block_on(async { tokio::time::sleep(MOMENT).await });
    });
    tokio::task::spawn_blocking(|| ended.join().unwrap())
        .await
        .unwrap();

    drop(fillers);
    let mut posted = Vec::new();
    let until = tokio::time::Instant::now() + Duration::from_secs(4);
    while let Ok(accepted) = tokio::time::timeout_at(until, listener.accept()).await {
        let (mut stream, _) = accepted.unwrap();
        let mut bytes = Vec::new();
        timeout(MOMENT, stream.read_to_end(&mut bytes)).await.ok();
        posted.extend(bytes);
    }
    let posted = String::from_utf8_lossy(&posted);
    assert!(!posted.contains("A boat"), "{posted}");
    // There is no job to name.
    assert_eq!(orphans.load(Ordering::SeqCst), 0);
}

/// A service over HTTP/2 that lets no body be sent until it is released, or only its start.
fn holding() -> Judge {
    let accept = |_: &_| Verdict {
        taken: true,
        answer: Answer::Respond(Response::new(200, r#"{"request_id": "$ID"}"#)),
    };
    Judge::start_with(Protocol::Http2, |_| Welcome::Hold, accept).unwrap()
}

/// An input that is longer than any window that HTTP/2 starts with.
fn long_input() -> serde_json::Value {
    json!({ "prompt": "mark:1", "more": "A boat. ".repeat(20_000) })
}

/// HTTP/2 takes a body before its peer lets it be sent: that is no submit yet.
#[tokio::test]
async fn submit_without_a_window_is_never_sent() {
    let judge = holding();
    let orphans = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&orphans);
    let client = client_of(&judge, Protocol::Http2).on_orphan(move |_| {
        count.fetch_add(1, Ordering::SeqCst);
    });
    let client = client.build().unwrap();
    let input = long_input();
    for _ in 0..4 {
        let submit = client.submit_json("acme/paint", &input);
        assert!(timeout(MOMENT, submit).await.is_err());
        assert_eq!(client.submits_in_flight(), 0);
    }
    let late = client.submit_json("acme/paint", &input).deadline(MOMENT);
    let outcome = timeout(10 * MOMENT, late.outcome()).await;
    let outcome = outcome.expect("it ends at its deadline");
    assert!(matches!(outcome, Outcome::NotSent(_)), "{outcome:?}");
    let settled = timeout(MOMENT, client.settled()).await;
    assert_eq!(settled, Ok(true), "nothing is in flight");

    judge.release();
    sleep(2 * MOMENT).await;
    let ledger = judge.ledger();
    assert_eq!(ledger.jobs().len(), 0, "{ledger:?}");
    assert_eq!(orphans.load(Ordering::SeqCst), 0);
}

/// A timeout is no doubt by itself: the end of the body has not left this machine.
#[tokio::test]
async fn timeout_before_the_end_of_a_body_is_no_doubt() {
    let judge = holding();
    let client = client_of(&judge, Protocol::Http2).request_timeout(MOMENT);
    let client = client.build().unwrap();
    let input = long_input();
    let submit = client
        .submit_json("acme/paint", &input)
        .deadline(2 * MOMENT);
    let outcome = timeout(20 * MOMENT, submit.outcome()).await;
    let Ok(Outcome::NotSent(error)) = outcome else {
        panic!("{outcome:?}");
    };
    judge.release();
    sleep(2 * MOMENT).await;
    assert_eq!(judge.ledger().jobs().len(), 0, "{error}");
}

#[tokio::test]
async fn closed_client_withdraws_what_no_window_took() {
    let judge = holding();
    let client = client_of(&judge, Protocol::Http2).build().unwrap();
    let input = long_input();
    let submit = client.submit_json("acme/paint", &input);
    let close = async {
        sleep(MOMENT).await;
        client.close(MOMENT).await
    };
    let (outcome, all_ended) = tokio::join!(submit.outcome(), close);
    assert!(
        matches!(outcome, Outcome::NotSent(_)) && !all_ended,
        "{outcome:?}"
    );
    judge.release();
    sleep(2 * MOMENT).await;
    assert_eq!(judge.ledger().jobs().len(), 0);
}

#[tokio::test]
async fn submit_is_sent_once_its_window_opens() {
    let judge = holding();
    let client = client_of(&judge, Protocol::Http2).build().unwrap();
    let input = long_input();
    let release = async {
        sleep(MOMENT).await;
        judge.release();
    };
    let submit = client.submit_json("acme/paint", &input).into_future();
    let (job, ()) = tokio::join!(submit, release);
    let job = job.unwrap();
    let ledger = judge.ledger();
    assert_eq!(ledger.jobs().len(), 1, "{ledger:?}");
    assert_eq!(ledger.jobs()[0].id, job.request_id().as_str());
}
