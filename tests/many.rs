//! One client runs many jobs: a few at a time, evenly spread, and none delays another.

use std::collections::HashSet;
use std::future::IntoFuture;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::join_all;
use runcomfy::{ErrorKind, Job, Outcome, WaitOptions};
use runcomfy_emulator::{Call, Emulator, Fault, Reply};
use runcomfy_models::bytedance::dreamina_4_0::text_to_image::Input;
use runcomfy_testkit::cases::Cases;
use serde_json::json;
use tokio::time::Instant;

use super::support::{boats, client, s, start};

#[tokio::test(start_paused = true)]
async fn results_come_in_the_order_of_the_jobs_ends() {
    let builder = Emulator::builder().slots(3);
    let builder = builder
        .run_time_when(|_, input| (input["prompt"] == "Boat 0").then_some(s(90)))
        .run_time_when(|_, input| (input["prompt"] == "Boat 1").then_some(s(10)))
        .run_time_when(|_, input| (input["prompt"] == "Boat 2").then_some(s(40)));
    let (_emulator, client) = start(builder).await;
    let mut order = Vec::new();
    let mut results = client.run_many(boats(3));
    while let Some(finished) = results.next().await {
        assert!(finished.result.unwrap().image().is_some());
        order.push(finished.number);
    }
    assert_eq!(order, [1, 2, 0]);
}

#[tokio::test(start_paused = true)]
async fn one_failure_stops_nothing_and_names_its_job() {
    let builder = Emulator::builder().slots(100).run_time(s(20));
    let builder = builder.fail_when(|_, input| (input["prompt"] == "Boat 2").then(|| json!("no")));
    let (emulator, client) = start(builder).await;
    emulator.add_fault(Fault::nth(Call::Submit, 5, Reply::lost()));
    let many = boats(10).chain([Input::new("x").scale(7.0)]);
    let results: Vec<_> = client.run_many(many).collect().await;
    assert_eq!(results.len(), 11);
    let mut kinds = Vec::new();
    for finished in results {
        if let Err(error) = finished.result {
            assert_eq!(
                error.request_id(),
                finished.job.as_ref().map(Job::request_id)
            );
            kinds.push((error.kind(), error.may_have_been_submitted()));
        }
    }
    kinds.sort_by_key(|(kind, _)| format!("{kind:?}"));
    assert_eq!(
        kinds,
        [
            (ErrorKind::InvalidInput, false),
            (ErrorKind::JobFailed, false),
            (ErrorKind::ResponseLost, true)
        ]
    );
    assert_eq!(emulator.ledger().len(), 10);
}

#[tokio::test(start_paused = true)]
async fn inputs_are_taken_only_as_results_are_taken() {
    let (emulator, client) = start(Emulator::builder().slots(100).run_time(s(5))).await;
    let taken_inputs = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&taken_inputs);
    let endless = (0..).map(move |number| {
        counter.fetch_add(1, Ordering::Relaxed);
        Input::new(format!("Boat {number}"))
    });
    let mut results = client.run_many(endless).concurrency(7);
    tokio::time::sleep(s(60)).await;
    assert_eq!(
        emulator.requests().len(),
        0,
        "nothing is sent before the first poll"
    );
    for taken in 1..=20 {
        assert!(results.next().await.unwrap().result.is_ok());
        // Long enough for all jobs in flight to end.
        tokio::time::sleep(s(60)).await;
        assert_eq!(emulator.ledger().len(), 7 + taken);
        assert_eq!(taken_inputs.load(Ordering::Relaxed), 7 + taken);
    }
}

#[tokio::test(start_paused = true)]
async fn dropped_stream_finishes_requests_in_flight() {
    for (options, cancelled) in [
        (WaitOptions::new(), 0),
        (WaitOptions::new().cancel_on_drop(), 10),
    ] {
        let builder = Emulator::builder().slots(0);
        let slow = Reply::genuine().delayed(s(3));
        let (emulator, client) = start(builder.fault(Fault::from_nth(Call::Submit, 4, slow))).await;
        let mut results = client.run_many(boats(50)).concurrency(10).options(options);
        // Three submits are accepted, seven are in flight.
        let early = tokio::time::timeout(s(1), results.next()).await;
        assert!(early.is_err());
        drop(results);
        tokio::time::sleep(s(60)).await;
        assert_eq!(
            (emulator.count(Call::Submit), emulator.ledger().len()),
            (10, 10)
        );
        assert_eq!(emulator.count(Call::Cancel), cancelled);
    }
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = "no more boats")]
async fn panic_in_the_iterator_is_not_its_end() {
    let (_emulator, client) = start(Emulator::builder()).await;
    let broken = (0..3).map(|number| {
        assert!(number < 2, "no more boats");
        Input::new("A boat")
    });
    let _all: Vec<_> = client.run_many(broken).collect().await;
}

#[tokio::test(start_paused = true)]
async fn run_many_takes_json_boats() {
    let (emulator, client) = start(Emulator::builder().slots(9)).await;
    let inputs = (0..12).map(|number| json!({"prompt": format!("Boat {number}")}));
    let results = client.run_many_json("bytedance/dreamina-4-0/text-to-image", inputs);
    let results: HashSet<_> = results.map(|finished| finished.number).collect().await;
    assert_eq!((results.len(), emulator.ledger().len()), (12, 12));
}

#[tokio::test(start_paused = true)]
async fn hundreds_of_waits_share_at_most_64_connections() {
    let jobs = usize::try_from(Cases::from_env(500).count).unwrap();
    let (emulator, client) = start(Emulator::builder().slots(jobs).run_time(s(30))).await;
    let results = client.run_many(boats(jobs)).concurrency(jobs);
    let ids: HashSet<String> = results
        .map(|finished| {
            finished.result.unwrap();
            finished.job.unwrap().request_id().to_string()
        })
        .collect()
        .await;
    let paid: HashSet<String> = emulator
        .ledger()
        .into_iter()
        .map(|e| e.request_id)
        .collect();
    assert_eq!(ids, paid);
    assert_eq!(ids.len(), jobs);
    let connections = emulator.connections();
    assert!(connections.max_open <= 64, "{connections:?}");
}

#[tokio::test(start_paused = true)]
async fn requests_are_spread_evenly_below_the_rate_limit() {
    let (emulator, _) = start(Emulator::builder().slots(200).run_time(s(30))).await;
    let client = client(&emulator).requests_per_second(10.0).build().unwrap();
    let began = Instant::now();
    let results = client.run_many(boats(200)).concurrency(200);
    let ended = results
        .filter(|finished| std::future::ready(finished.result.is_ok()))
        .count()
        .await;
    assert_eq!(ended, 200);
    let times: Vec<Duration> = emulator
        .requests()
        .iter()
        .map(|request| request.at)
        .collect();
    for pair in times.windows(2) {
        // The clock is exact to a millisecond.
        assert!(pair[1] >= pair[0] + Duration::from_millis(98), "{pair:?}");
    }
    assert!(began.elapsed() >= s(40), "at least 400 requests");
}

#[tokio::test(start_paused = true)]
async fn dropped_wait_changes_nothing_for_the_others() {
    let (_emulator, client) = start(Emulator::builder().slots(60).run_time(s(20))).await;
    let mut waits = Vec::new();
    for (number, input) in boats(60).enumerate() {
        let Outcome::Accepted(job) = client.submit(&input).outcome().await else {
            panic!("it is accepted")
        };
        if number % 3 == 0 {
            let short = job.wait().into_future();
            assert!(
                tokio::time::timeout(Duration::from_millis(1), short)
                    .await
                    .is_err()
            );
        }
        waits.push(tokio::spawn(job.wait().into_future()));
    }
    for end in join_all(waits).await {
        end.unwrap().unwrap();
    }
}
