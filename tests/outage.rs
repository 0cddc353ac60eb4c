//! An outage of the service fails no wait, causes no storm of requests, and its end is noticed.

use std::future::IntoFuture;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::future::join_all;
use runcomfy::{Client, Error, Output};
use runcomfy_emulator::{Call, Emulator, Fault, Reply};
use runcomfy_models::bytedance::dreamina_4_0::text_to_image::Input;
use runcomfy_testkit::cases::Cases;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::support::{client, s, start};

/// Returns the number of jobs: the more there are, the nearer a storm would be.
fn jobs() -> usize {
    usize::try_from(Cases::from_env(150).count).unwrap()
}

/// Length of the outage.
const OUTAGE: Duration = Duration::from_secs(600);
/// Time from the first submit to the outage.
const BEFORE: Duration = Duration::from_secs(60);
/// Longest time between two polls of a job.
const MAX_POLL_INTERVAL: Duration = Duration::from_secs(60);

/// Behaviour of the service during the outage.
#[derive(Clone, Copy)]
enum Service {
    Healthy,
    /// Refuses connections.
    Gone,
    /// Gives this reply to every status and result request.
    Replies(fn() -> Reply),
}

/// Cost of all waits together.
#[derive(Debug)]
struct Cost {
    requests: usize,
    /// Time from the first submit to the last output.
    took: Duration,
}

/// Submits all jobs, and waits for each in a task of its own.
async fn submit_all(client: &Client) -> Vec<JoinHandle<Result<Output, Error>>> {
    let mut waits = Vec::new();
    for number in 0..jobs() {
        let job = client.submit(Input::new(number.to_string())).await.unwrap();
        waits.push(tokio::spawn(job.wait().into_future()));
    }
    waits
}

/// Runs jobs that end one after the other, from the start of the outage until four
/// minutes after it.
async fn run(service: Service) -> Cost {
    let emulator = Emulator::builder()
        .built_in_models()
        .slots(jobs())
        .run_time_when(|_, input| {
            let number: u32 = input["prompt"].as_str()?.parse().ok()?;
            Some(s(70) + s(830).mul_f64(f64::from(number) / jobs() as f64))
        })
        .start()
        .await
        .unwrap();
    let connects = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&connects);
    let http = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .pool_max_idle_per_host(64)
        .connector_layer(tower::util::MapRequestLayer::new(move |request| {
            counter.fetch_add(1, Ordering::Relaxed);
            request
        }))
        .build()
        .unwrap();
    let client = client(&emulator).http_client(http).build().unwrap();

    let began = Instant::now();
    let waits = submit_all(&client).await;
    tokio::time::sleep_until(began + BEFORE).await;
    let connected = connects.load(Ordering::Relaxed);
    match service {
        Service::Healthy => {}
        Service::Gone => emulator.outage(OUTAGE),
        Service::Replies(reply) => {
            for call in [Call::Status, Call::Result] {
                let next = emulator.count(call) + 1;
                emulator.add_fault(Fault::from_nth(call, next, reply()).lasting(OUTAGE));
            }
        }
    }
    for end in join_all(waits).await {
        end.unwrap().expect("no wait ends for an outage");
    }
    let answered = emulator.count(Call::Status) + emulator.count(Call::Result);
    let refused = match service {
        // In an outage each poll connects once. Later connects are counted twice; they are few.
        Service::Gone => connects.load(Ordering::Relaxed) - connected,
        _ => 0,
    };
    assert_eq!(emulator.ledger().len(), jobs());
    Cost {
        requests: answered + refused,
        took: began.elapsed(),
    }
}

/// Runs in a runtime of its own, whose time passes at once.
fn cost(service: Service) -> Cost {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build();
    runtime.unwrap().block_on(run(service))
}

/// Compares ten minutes of outage with a healthy service, which is measured once for all tests.
fn assert_cheap(outage: Service) {
    static HEALTHY: OnceLock<Cost> = OnceLock::new();
    let cost = cost(outage);
    let healthy = HEALTHY.get_or_init(|| self::cost(Service::Healthy));
    println!("{cost:?}, healthy {healthy:?}");
    assert!(
        cost.requests * 10 <= healthy.requests * 12,
        "{cost:?}, healthy {healthy:?}"
    );
    assert!(
        cost.took <= healthy.took + MAX_POLL_INTERVAL,
        "{cost:?}, healthy {healthy:?}"
    );
}

#[test]
fn refused_connections_fail_no_wait_and_cause_no_storm() {
    assert_cheap(Service::Gone);
}

#[test]
fn status_503_fails_no_wait_and_causes_no_storm() {
    assert_cheap(Service::Replies(|| Reply::html(503)));
}

#[test]
fn stalled_replies_fail_no_wait_and_cause_no_storm() {
    assert_cheap(Service::Replies(Reply::stall));
}

/// All jobs end during the outage.
#[tokio::test(start_paused = true)]
async fn job_ends_are_noticed_soon_after_the_outage() {
    let (emulator, client) = start(Emulator::builder().slots(jobs()).run_time(s(300))).await;
    let began = Instant::now();
    let waits = submit_all(&client).await;
    tokio::time::sleep_until(began + BEFORE).await;
    emulator.outage(OUTAGE);
    for end in join_all(waits).await {
        end.unwrap().expect("no wait ends for an outage");
    }
    let took = began.elapsed();
    assert!(took <= BEFORE + OUTAGE + s(12), "{took:?}");
}
