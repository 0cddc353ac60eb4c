//! Calls that are dropped start nothing more, and no job of theirs is lost in silence.

use std::future::IntoFuture;
use std::sync::{Arc, Mutex};

use futures_util::StreamExt;
use runcomfy::media::Uploading;
use runcomfy::{Client, Error, ErrorKind, Job, Media, Upload, Uploader, WaitOptions};
use runcomfy_emulator::{Builder, Call, Emulator, Fault, Reply};
use runcomfy_models::bytedance::dreamina_4_0::edit;
use runcomfy_models::bytedance::dreamina_4_0::text_to_image::Input;
use runcomfy_testkit::trace::Trace;
use tokio::time::{Instant, sleep, timeout};

use super::support::{boats, client, s, start};

/// Returns an emulator that answers every submit after five seconds.
fn slow() -> Builder {
    let late = Reply::genuine().delayed(s(5));
    Emulator::builder()
        .slots(0)
        .fault(Fault::from_nth(Call::Submit, 1, late))
}

#[tokio::test(start_paused = true)]
async fn submit_in_flight_is_finished_and_logged() {
    let (emulator, client) = start(slow()).await;
    let trace = Trace::new(tracing::Level::INFO);
    let _tracing = tracing::subscriber::set_default(trace.clone());
    let input = Input::new("A boat");
    assert!(timeout(s(1), client.submit(&input)).await.is_err());
    sleep(s(60)).await;
    let ledger = emulator.ledger();
    assert_eq!(ledger.len(), 1);
    assert_eq!(
        trace.event_values("request_id"),
        [ledger[0].request_id.clone()]
    );
    assert_eq!(emulator.count(Call::Cancel), 0);
}

#[tokio::test(start_paused = true)]
async fn cancel_on_drop_covers_the_submit_in_flight() {
    let (emulator, client) = start(slow()).await;
    let input = Input::new("A boat");
    let run = client
        .run(&input)
        .options(WaitOptions::new().cancel_on_drop());
    assert!(timeout(s(1), run).await.is_err());
    sleep(s(60)).await;
    assert_eq!(
        (emulator.ledger().len(), emulator.count(Call::Cancel)),
        (1, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn dropped_submit_that_was_held_back_is_not_sent() {
    let (emulator, _) = start(Emulator::builder()).await;
    let client = client(&emulator).requests_per_second(0.1).build().unwrap();
    let input = Input::new("A boat");
    client.submit(&input).await.unwrap();
    // The client's own rate limit holds it back, then the service.
    assert!(timeout(s(5), client.submit(&input)).await.is_err());
    sleep(s(60)).await;
    emulator.script(Call::Submit, Reply::refused(429, 0).retry_after(s(20)));
    assert!(timeout(s(5), client.submit(&input)).await.is_err());
    sleep(s(60)).await;
    assert_eq!(
        (emulator.count(Call::Submit), emulator.ledger().len()),
        (2, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn dropped_run_many_starts_no_request() {
    let (emulator, _) = start(Emulator::builder().slots(100).run_time(s(3))).await;
    let client = client(&emulator).requests_per_second(1.0).build().unwrap();
    let mut results = client.run_many(boats(100));
    assert!(results.next().await.unwrap().result.is_ok());
    drop(results);
    let started = emulator.count(Call::Submit);
    sleep(s(300)).await;
    // The rate limit may have let the next one pass in the same moment.
    assert!(emulator.count(Call::Submit) <= started + 1);
}

/// The deadline holds for the client's own rate limit too.
#[tokio::test(start_paused = true)]
async fn submit_is_not_sent_after_its_deadline() {
    let (emulator, _) = start(Emulator::builder()).await;
    let client = client(&emulator).requests_per_second(0.1).build().unwrap();
    let (began, input) = (Instant::now(), Input::new("A boat"));
    let mut submits = Vec::new();
    for _ in 0..5 {
        submits.push(client.submit(&input).deadline(s(12)).into_future());
    }
    let ends = futures_util::future::join_all(submits).await;
    assert!(began.elapsed() <= s(12), "{:?}", began.elapsed());
    let (sent, held): (Vec<_>, Vec<_>) = ends.into_iter().partition(Result::is_ok);
    assert_eq!((sent.len(), held.len()), (2, 3));
    for error in held.into_iter().filter_map(Result::err) {
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Throttled, 0));
        assert!(!error.may_have_been_submitted(), "{error}");
    }
    assert_eq!(emulator.ledger().len(), 2);
    // Without a deadline the submit waits for the rate limit.
    client.submit(&input).await.unwrap();
}

/// An uploader that panics at its third upload.
struct Broken(Mutex<usize>);

impl Uploader for Broken {
    fn upload(&self, _: Upload) -> Uploading<'_> {
        Box::pin(async move {
            let number = {
                let mut count = self.0.lock().unwrap();
                *count += 1;
                *count
            };
            assert!(number != 3, "the disk is full");
            Ok(format!("https://uploads.example/{number}"))
        })
    }
}

#[tokio::test(start_paused = true)]
async fn panic_in_an_uploader_loses_no_other_result() {
    let (emulator, _) = start(Emulator::builder().slots(9)).await;
    let client = client(&emulator)
        .uploader(Broken(Mutex::default()))
        .build()
        .unwrap();
    let image =
        |number: u8| Media::bytes([b"GIF89a\x20\x03\x20\x03\0\0\0", &[number][..]].concat());
    let inputs = (0..10).map(move |number| {
        edit::Input::new(edit::Required {
            image_urls: [image(number)],
            prompt: "A boat",
        })
    });
    let results = Arc::new(Mutex::new(Vec::new()));
    let taken = Arc::clone(&results);
    let all = tokio::spawn(async move {
        let mut many = client.run_many(inputs).concurrency(4);
        while let Some(finished) = many.next().await {
            taken.lock().unwrap().push(finished);
        }
    });
    let panic = all.await.unwrap_err().into_panic();
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"the disk is full"));
    assert_known(&emulator, &results.lock().unwrap());
}

#[tokio::test(start_paused = true)]
async fn panic_in_the_inputs_loses_no_earlier_result() {
    let (emulator, client) = start(Emulator::builder().slots(9)).await;
    let broken = boats(9).inspect(|input| {
        assert!(input.prompt != "Boat 8", "no more boats");
    });
    let results = Arc::new(Mutex::new(Vec::new()));
    let taken = Arc::clone(&results);
    let all = tokio::spawn(client.run_many(broken).for_each(move |finished| {
        taken.lock().unwrap().push(finished);
        std::future::ready(())
    }));
    assert!(all.await.unwrap_err().is_panic());
    let results = results.lock().unwrap();
    assert_eq!(results.len(), 8);
    assert_known(&emulator, &results);
}

/// Checks that the results name every accepted job.
fn assert_known(emulator: &Emulator, results: &[runcomfy::Finished<runcomfy::Output>]) {
    let mut paid: Vec<String> = emulator
        .ledger()
        .into_iter()
        .map(|job| job.request_id)
        .collect();
    let mut returned: Vec<String> = results
        .iter()
        .map(|finished| {
            assert!(finished.result.is_ok(), "{finished:?}");
            finished
                .job
                .as_ref()
                .map(Job::request_id)
                .unwrap()
                .to_string()
        })
        .collect();
    paid.sort();
    returned.sort();
    assert_eq!(returned, paid);
    assert!(!paid.is_empty());
}

#[tokio::test]
async fn idempotency_key_is_sent_unchanged_or_not_at_all() {
    let (emulator, client) = start(Emulator::builder()).await;
    let input = Input::new("A boat");
    client.submit(&input).key("order:1/~").await.unwrap();
    let long = "k".repeat(256);
    for key in ["", "two words", "日本", "a\nb", &long] {
        let error: Error = client.submit(&input).key(key).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(error.to_string().contains("nothing was sent"), "{error}");
    }
    let ledger = emulator.ledger();
    assert_eq!(
        (ledger.len(), ledger[0].idempotency_key()),
        (1, Some("order:1/~"))
    );
}

#[test]
fn rate_beyond_any_clock_is_refused() {
    for rate in [0.0, -1.0, f64::NAN, f64::INFINITY, 5e-324, 1e-20, 1e-6] {
        let client = Client::builder().token("t").requests_per_second(rate);
        let error = client.build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration, "{rate}");
    }
    let slow = Client::builder().token("t").requests_per_second(1e-4);
    assert!(slow.build().is_ok());
}
