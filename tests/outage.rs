//! An outage of the service ends no wait, makes no storm, and is over when it is over.

use std::future::IntoFuture;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use runcomfy::{Client, Error, Output};
use runcomfy_emulator::{Call, Emulator, Fault, Reply};
use runcomfy_models::bytedance::dreamina_4_0::text_to_image::Input;
use tokio::task::JoinHandle;
use tokio::time::Instant;

const JOBS: usize = 1000;
/// Ten minutes.
const OUTAGE: Duration = Duration::from_secs(600);
const BEFORE: Duration = Duration::from_secs(60);
/// As long as no two looks are ever apart.
const POLL_INTERVAL: Duration = Duration::from_secs(60);

fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// How the service is out.
#[derive(Clone, Copy)]
enum Out {
    Never,
    /// Connections are refused.
    Gone,
    /// Every status and result is answered like this.
    Answers(fn() -> Reply),
}

struct PollResult {
    requests: usize,
    /// From the first submit to the last output.
    took: Duration,
}

/// A thousand jobs, each waited for in a task of its own.
async fn submit_all(client: &Client) -> Vec<JoinHandle<Result<Output, Error>>> {
    let mut waits = Vec::new();
    for number in 0..JOBS {
        let job = client
            .submit(&Input::new(number.to_string()))
            .await
            .unwrap();
        waits.push(tokio::spawn(job.wait().into_future()));
    }
    waits
}

/// A thousand jobs that end one after the other between the outage's begin and four minutes after
/// it.
async fn run(out: Out) -> PollResult {
    let emulator = Emulator::builder()
        .built_in_models()
        .slots(JOBS)
        .run_time_when(|_, input| {
            let number: u64 = input["prompt"].as_str()?.parse().ok()?;
            Some(s(70) + s(830) * u32::try_from(number).ok()? / 1000)
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
    let builder = Client::builder().token("t").base_url(emulator.base_url());
    let client = builder.http_client(http).build().unwrap();

    let began = Instant::now();
    let waits = submit_all(&client).await;
    tokio::time::sleep_until(began + BEFORE).await;
    let connected = connects.load(Ordering::Relaxed);
    match out {
        Out::Never => {}
        Out::Gone => emulator.outage(OUTAGE),
        Out::Answers(reply) => {
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
    let refused = match out {
        // In an outage each look is a connect; those after it are counted twice, which is little.
        Out::Gone => connects.load(Ordering::Relaxed) - connected,
        _ => 0,
    };
    assert_eq!(emulator.ledger().len(), JOBS);
    PollResult {
        requests: answered + refused,
        took: began.elapsed(),
    }
}

#[tokio::test(start_paused = true)]
async fn ten_minutes_of_outage_fail_no_job_and_make_no_storm() {
    let healthy = run(Out::Never).await;
    for (name, out) in [
        ("refused", Out::Gone),
        ("503", Out::Answers(|| Reply::html(503))),
        ("stalled", Out::Answers(Reply::stall)),
    ] {
        let seen = run(out).await;
        println!(
            "{name}: {} requests in {:?}, healthy {} in {:?}",
            seen.requests, seen.took, healthy.requests, healthy.took
        );
        assert!(
            seen.requests * 10 <= healthy.requests * 12,
            "{name}: {} requests, healthy {}",
            seen.requests,
            healthy.requests
        );
        assert!(
            seen.took <= healthy.took + POLL_INTERVAL,
            "{name}: {:?}",
            seen.took
        );
    }
}

/// Jobs that all ended while nobody could ask.
#[tokio::test(start_paused = true)]
async fn what_ended_in_the_outage_is_noticed_within_one_poll_interval_of_recovery() {
    let emulator = Emulator::builder()
        .built_in_models()
        .slots(JOBS)
        .run_time(s(300))
        .start()
        .await
        .unwrap();
    let builder = Client::builder().token("t").base_url(emulator.base_url());
    let client = builder.build().unwrap();
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
