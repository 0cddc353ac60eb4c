//! A wait ends when its job ends, or as its options say.

use std::future::IntoFuture;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Waker};
use std::time::Duration;

use runcomfy::{AtDeadline, Client, ErrorKind, Event, Job, Output, Status};
use runcomfy_emulator::{Builder, Call, Emulator, Fault, Reply};
use runcomfy_models::bytedance::dreamina_4_0::text_to_image::Input;
use runcomfy_testkit::judge::{self, Judge, Protocol, Verdict};
use runcomfy_testkit::server::{Response, Server};
use serde_json::json;
use tokio::time::Instant;
use tower::util::MapRequestLayer;

use super::support::{client, client_of, s, start};

const MODEL: &str = "bytedance/dreamina-4-0/text-to-image";

async fn submitted(client: &Client) -> Job<Output> {
    client.submit(Input::new("A boat")).await.unwrap()
}

async fn status(job: &Job<Output>) -> Status {
    job.status().await.unwrap().status
}

#[tokio::test(start_paused = true)]
async fn job_keeps_running_after_the_deadline() {
    let (_emulator, client) = start(Emulator::builder().run_time(s(100))).await;
    let job = submitted(&client).await;
    let began = Instant::now();
    let error = job.wait().deadline(s(30)).await.unwrap_err();
    assert_eq!(began.elapsed().as_secs(), 30);
    assert_eq!(error.kind(), ErrorKind::Deadline);
    assert_eq!(error.last_status().unwrap().status, Status::InProgress);
    assert!(error.to_string().contains("it keeps running"), "{error}");
    let resumed = client.job::<Input>(error.request_id().unwrap().clone());
    assert!(resumed.wait().await.unwrap().image().is_some());
    assert_eq!(began.elapsed().as_secs() / 10, 10);
}

/// Otherwise a long poll interval would miss the job's end by a moment.
#[tokio::test(start_paused = true)]
async fn last_poll_is_just_before_the_deadline() {
    let (_emulator, client) = start(Emulator::builder().run_time(s(50))).await;
    let wait = submitted(&client).await.wait().poll_every(s(40));
    assert!(wait.deadline(s(60)).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn deadline_cancels_a_queued_job_on_request() {
    let (_emulator, client) = start(Emulator::builder().slots(1).run_time(s(100))).await;
    let (running, queued) = (submitted(&client).await, submitted(&client).await);
    let limited = |job: &Job<Output>| {
        let wait = job.wait().deadline(s(20));
        wait.at_deadline(AtDeadline::CancelIfQueued)
    };
    let (running_end, queued_end) =
        tokio::join!(async { limited(&running).await.unwrap_err() }, async {
            limited(&queued).await.unwrap_err()
        });
    assert_eq!(running_end.kind(), ErrorKind::Deadline);
    assert!(
        running_end.to_string().contains("any more"),
        "{running_end}"
    );
    assert_eq!(queued_end.kind(), ErrorKind::JobCancelled);
    assert_eq!(queued_end.last_status().unwrap().status, Status::InQueue);
    assert_eq!(status(&queued).await, Status::Cancelled);
    assert!(running.wait().await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn failed_cancel_at_the_deadline_is_reported() {
    let (emulator, client) = start(Emulator::builder().slots(0)).await;
    let job = submitted(&client).await;
    for reply in [Reply::stall(), Reply::reset()] {
        emulator.script(Call::Cancel, reply);
        let began = Instant::now();
        let wait = job
            .wait()
            .deadline(s(20))
            .at_deadline(AtDeadline::CancelIfQueued);
        let error = wait.await.unwrap_err();
        assert!(began.elapsed() <= s(31), "{:?}", began.elapsed());
        assert_eq!(error.kind(), ErrorKind::Deadline);
        assert!(error.to_string().contains("may keep running"), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn job_queued_for_too_long_is_cancelled() {
    let (emulator, client) = start(Emulator::builder().slots(1).run_time(s(100))).await;
    let (running, queued) = (submitted(&client).await, submitted(&client).await);
    // The request of the first cancel is lost.
    emulator.script(Call::Cancel, Reply::reset());
    let began = Instant::now();
    let (output, error) = tokio::join!(
        running.wait().cancel_if_queued_after(s(10)).into_future(),
        async {
            let wait = queued.wait().cancel_if_queued_after(s(10));
            let error = wait.await.unwrap_err();
            (error, began.elapsed().as_secs())
        }
    );
    assert!(output.is_ok(), "a running job is waited for");
    let (error, seconds) = error;
    assert_eq!(error.kind(), ErrorKind::JobCancelled);
    assert!(
        error.to_string().contains("still queued after 10s"),
        "{error}"
    );
    assert!((10..16).contains(&seconds), "{seconds}");
    assert_eq!(emulator.count(Call::Cancel), 2);
}

#[tokio::test(start_paused = true)]
async fn cancel_without_response_is_reported_at_deadline() {
    let (emulator, client) = start(Emulator::builder().slots(0)).await;
    let job = submitted(&client).await;
    // The deadline ends the cancel.
    emulator.script(Call::Cancel, Reply::stall());
    for (wait, unanswered) in [
        (job.wait().cancel_if_queued_after(s(10)), true),
        (job.wait(), false),
    ] {
        let error = wait.deadline(s(15)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Deadline);
        assert_eq!(
            error
                .to_string()
                .contains("without a response, so it may keep running"),
            unanswered,
            "{error}"
        );
        assert_eq!(
            error.to_string().contains("it keeps running"),
            !unanswered,
            "{error}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn not_cancellable_is_an_event_and_no_error() {
    let (emulator, client) = start(Emulator::builder().queue_time(s(12)).run_time(s(10))).await;
    let job = submitted(&client).await;
    let body = json!({"request_id": job.request_id().as_str(), "outcome": "not_cancellable"});
    emulator.script(Call::Cancel, Reply::json(202, &body));
    let mut watch = job.wait().cancel_if_queued_after(s(10)).watch();
    let mut events = Vec::new();
    while let Some(event) = watch.next().await {
        events.push(event);
    }
    let [
        ..,
        Event::NotCancellable,
        Event::Started,
        Event::Done(Status::Succeeded),
    ] = &events[..]
    else {
        panic!("{events:?}")
    };
    assert!(watch.output().await.is_ok());
    assert_eq!(emulator.count(Call::Cancel), 1, "requested once");
}

#[tokio::test(start_paused = true)]
async fn cancel_with_a_lost_response_is_confirmed() {
    let (emulator, client) = start(Emulator::builder().slots(0)).await;
    let job = submitted(&client).await;
    emulator.script(Call::Cancel, Reply::lost());
    let outcome = job.cancel().await.unwrap();
    assert_eq!(outcome, runcomfy::CancelOutcome::Cancelled);
    assert_eq!(emulator.count(Call::Cancel), 2);
}

#[tokio::test(start_paused = true)]
async fn dropped_wait_cancels_only_on_request() {
    let (emulator, client) = start(Emulator::builder().slots(0)).await;
    let job = submitted(&client).await;
    let wait = async { tokio::time::timeout(s(5), job.wait().into_future()).await };
    assert!(wait.await.is_err());
    tokio::time::sleep(s(5)).await;
    assert_eq!(
        (emulator.count(Call::Cancel), status(&job).await),
        (0, Status::InQueue)
    );
    let polls = emulator.count(Call::Status);
    tokio::time::sleep(s(600)).await;
    assert_eq!(emulator.count(Call::Status), polls, "no wait polls");

    let wait = job.wait().cancel_on_drop().into_future();
    assert!(tokio::time::timeout(s(5), wait).await.is_err());
    tokio::time::sleep(s(1)).await;
    assert_eq!(
        (emulator.count(Call::Cancel), status(&job).await),
        (1, Status::Cancelled)
    );
    // A job that has ended is not cancelled.
    assert!(job.wait().cancel_on_drop().await.is_err());
    assert_eq!(emulator.count(Call::Cancel), 1);
}

#[tokio::test(start_paused = true)]
async fn unpolled_wait_cancels_on_drop_on_request() {
    let (emulator, client) = start(Emulator::builder().slots(0)).await;
    for (cancels, unpolled) in [false, true].into_iter().enumerate() {
        let job = submitted(&client).await;
        drop(job.wait().into_future());
        drop(job.watch());
        drop(job.wait().cancel_on_drop());
        tokio::time::sleep(s(1)).await;
        assert_eq!(emulator.count(Call::Cancel), cancels);
        if unpolled {
            drop(job.wait().cancel_on_drop().watch());
        } else {
            drop(job.wait().cancel_on_drop().into_future());
        }
        tokio::time::sleep(s(1)).await;
        assert_eq!(emulator.count(Call::Cancel), cancels + 1);
        assert_eq!(status(&job).await, Status::Cancelled);
    }
}

#[tokio::test(start_paused = true)]
async fn cancel_on_drop_is_retried() {
    let (emulator, client) = start(Emulator::builder().slots(0)).await;
    for trouble in [
        Reply::json(429, &json!({})).retry_after(s(2)),
        Reply::html(503),
        Reply::reset(),
    ] {
        let job = submitted(&client).await;
        let mut watch = job.wait().cancel_on_drop().watch();
        watch.next().await;
        emulator.script(Call::Cancel, trouble);
        drop(watch);
        tokio::time::sleep(s(5)).await;
        assert_eq!(status(&job).await, Status::Cancelled);
    }
    assert_eq!(emulator.count(Call::Cancel), 6);
}

/// The blocking client's iterators are dropped so.
#[test]
fn cancel_on_drop_works_outside_the_runtime() {
    let (emulator, client) = served(Emulator::builder().slots(0));
    let polled_in = runtime();
    let job = polled_in.block_on(submitted(&client));
    let mut watch = job.wait().cancel_on_drop().watch();
    assert_eq!(polled_in.block_on(watch.next()), Some(Event::Submitted));
    drop(watch);
    let cancelled = async {
        while emulator.count(Call::Cancel) == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let in_time = polled_in.block_on(async { tokio::time::timeout(s(60), cancelled).await });
    assert!(in_time.is_ok());
}

#[tokio::test(start_paused = true)]
async fn running_job_is_polled_by_its_result() {
    let (emulator, client) = start(Emulator::builder().run_time(s(30))).await;
    submitted(&client).await.wait().await.unwrap();
    assert_eq!(emulator.count(Call::Status), 1);
    let results = emulator.count(Call::Result);
    assert!((10..25).contains(&results), "{results}");
}

/// The service returns error code 400005 for a result that does not exist yet.
#[tokio::test(start_paused = true)]
async fn result_that_is_not_ready_is_no_failure() {
    let (emulator, client) = start(Emulator::builder().run_time(s(30))).await;
    for _ in 0..5 {
        emulator.script(Call::Result, Reply::refused(400, 400_005));
    }
    let mut watch = submitted(&client).await.watch();
    while let Some(event) = watch.next().await {
        assert!(!matches!(event, Event::Retrying { .. }), "{event:?}");
    }
    assert!(watch.output().await.is_ok());
}

/// Two machines of the service can differ: the status is ahead of the result.
#[tokio::test(start_paused = true)]
async fn result_behind_its_status_is_waited_for() {
    let (emulator, client) = start(Emulator::builder().run_time(s(8))).await;
    for _ in 0..3 {
        emulator.script(Call::Status, Reply::patched(json!({"status": "completed"})));
    }
    let began = Instant::now();
    submitted(&client).await.wait().await.unwrap();
    assert_eq!(emulator.unplayed(), 0);
    assert!(
        (8..15).contains(&began.elapsed().as_secs()),
        "{:?}",
        began.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn unknown_status_is_reported_once_and_waited_out() {
    let (emulator, client) = start(Emulator::builder().run_time(s(30))).await;
    for _ in 0..5 {
        emulator.script(
            Call::Status,
            Reply::patched(json!({"status": "warming_up"})),
        );
    }
    let mut watch = submitted(&client).await.watch();
    let mut unknown = Vec::new();
    while let Some(event) = watch.next().await {
        if let Event::UnknownStatus(word) = event {
            unknown.push(word);
        }
    }
    assert_eq!(unknown, ["warming_up"]);
    assert!(watch.output().await.is_ok());
    assert_eq!(emulator.unplayed(), 0);
}

#[tokio::test(start_paused = true)]
async fn transient_failures_are_events_and_end_nothing() {
    use ErrorKind::{ResponseLost, Unavailable, Unreadable};

    let (emulator, client) = start(Emulator::builder().run_time(s(60))).await;
    for reply in [Reply::reset(), Reply::html(502), Reply::garbage()] {
        emulator.script(Call::Result, reply);
    }
    let busy = Reply::json(503, &json!({})).retry_after(s(25));
    emulator.script(Call::Result, busy);
    let mut watch = submitted(&client).await.watch();
    let mut failures = Vec::new();
    while let Some(event) = watch.next().await {
        if let Event::Retrying {
            failures: count,
            kind,
            backoff,
        } = event
        {
            failures.push((count, kind));
            assert!(count < 4 || backoff == s(25), "{backoff:?}");
        }
    }
    assert_eq!(
        failures,
        [
            (1, ResponseLost),
            (2, Unavailable),
            (3, Unreadable),
            (4, Unavailable)
        ]
    );
    assert!(watch.output().await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn refusal_says_that_the_job_keeps_running() {
    let (emulator, client) = start(Emulator::builder().run_time(s(60))).await;
    let submitted = submitted(&client).await;
    // A job that no poll has seen: another may be missing for a minute.
    let job = client.job::<Input>(submitted.request_id().clone());
    for (reply, kind, runs) in [
        (
            Reply::refused(401, 400_004),
            ErrorKind::Unauthenticated,
            "the job keeps running",
        ),
        (
            Reply::expired(),
            ErrorKind::NotFound,
            "the job may still be running",
        ),
        (
            Reply::json(403, &json!({})),
            ErrorKind::Forbidden,
            "the job may still be running",
        ),
        (
            Reply::json(422, &json!({})),
            ErrorKind::BadRequest,
            "the job may still be running",
        ),
    ] {
        emulator.script(Call::Status, reply);
        let error = job.wait().await.unwrap_err();
        assert_eq!(
            (error.kind(), error.request_id()),
            (kind, Some(job.request_id()))
        );
        let text = error.to_string();
        assert!(
            text.contains(runs) && text.contains("resume it by its request id"),
            "{text}"
        );
    }
    assert!(job.wait().await.is_ok());
}

/// HTTP 2xx, or a refusal, with a code that is no refusal.
#[tokio::test(start_paused = true)]
async fn error_code_that_proves_nothing_ends_no_wait() {
    let (emulator, client) = start(Emulator::builder().run_time(s(120)).slots(99)).await;
    for http_status in [200, 201, 202, 206, 400] {
        for code in [
            json!(500_001),
            json!(503_001),
            json!(429_001),
            json!(500),
            json!("oops"),
        ] {
            let reply = Reply::json(
                http_status,
                &json!({"error_code": code, "status": "failed"}),
            );
            let job = submitted(&client).await;
            emulator.script(Call::Status, reply.clone());
            emulator.script(Call::Result, reply);
            let wait = job.wait().deadline(s(30));
            let error = wait.await.unwrap_err();
            assert_eq!(
                error.kind(),
                ErrorKind::Deadline,
                "{http_status} {code}: {error}"
            );
            assert_eq!(emulator.unplayed(), 0);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn conflict_in_a_poll_ends_no_wait() {
    let (emulator, client) = start(Emulator::builder().run_time(s(60))).await;
    for http_status in [408, 409, 421, 425] {
        for call in [Call::Status, Call::Result] {
            emulator.script(call, Reply::new(http_status, ""));
            emulator.script(call, Reply::json(http_status, &json!({"detail": "later"})));
        }
    }
    assert!(submitted(&client).await.wait().await.is_ok());
    assert_eq!(emulator.unplayed(), 0);
}

#[tokio::test(start_paused = true)]
async fn new_job_may_be_unknown_for_a_minute() {
    for (unknown, call) in [
        (s(50), Call::Status),
        (s(50), Call::Result),
        (s(90), Call::Status),
    ] {
        let (emulator, client) = start(Emulator::builder().run_time(s(20))).await;
        let job = submitted(&client).await;
        let began = Instant::now();
        emulator.add_fault(Fault::from_nth(call, 1, Reply::expired()).lasting(unknown));
        let resumed = client.job::<Input>(job.request_id().clone());
        match (job.wait().await, unknown < s(60)) {
            (Ok(_), true) => {}
            (Err(error), false) => {
                assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
                let seconds = began.elapsed().as_secs();
                assert!((60..90).contains(&seconds), "{seconds}");
                // Of a job that another process has submitted the age is not known.
                let error = resumed.wait().await.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::NotFound);
                assert_eq!(began.elapsed().as_secs(), seconds);
            }
            (ended, _) => panic!("{ended:?}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn new_job_that_is_unknown_is_cancelled_anyway() {
    let (emulator, client) = start(Emulator::builder().slots(0)).await;
    let job = submitted(&client).await;
    emulator.script(Call::Cancel, Reply::expired());
    emulator.script(Call::Status, Reply::expired());
    assert_eq!(status(&job).await, Status::InQueue);
    let outcome = job.cancel().await.unwrap();
    assert_eq!(outcome, runcomfy::CancelOutcome::Cancelled);
}

/// Neither a status that is terminal nor one that says "in progress" for ever is a reason to wait
/// for ever.
#[tokio::test(start_paused = true)]
async fn missing_result_of_an_ended_job_ends_the_wait() {
    for (word, kind) in [
        ("failed", ErrorKind::JobFailed),
        ("cancelled", ErrorKind::JobCancelled),
        ("canceled", ErrorKind::JobCancelled),
        ("completed", ErrorKind::NotReady),
        ("succeeded", ErrorKind::NotReady),
    ] {
        for (result, seen_running) in [
            (Reply::refused(400, 400_005), false),
            (Reply::json(200, &json!({"status": "in_progress"})), false),
            (Reply::json(200, &json!({"status": "in_queue"})), false),
            (Reply::json(200, &json!({"status": "warming_up"})), true),
            (Reply::json(200, &json!({"status": "in_progress"})), true),
            (Reply::refused(400, 400_005), true),
        ] {
            let (emulator, client) = start(Emulator::builder().run_time(s(99_999))).await;
            let job = submitted(&client).await;
            if seen_running {
                emulator.script(
                    Call::Status,
                    Reply::json(200, &json!({"status": "in_progress"})),
                );
            }
            let status = json!({"status": word, "error": "the worker died"});
            emulator.add_fault(Fault::from_nth(Call::Status, 1, Reply::json(200, &status)));
            emulator.add_fault(Fault::from_nth(Call::Result, 1, result));
            let began = Instant::now();
            let error = job.wait().poll_every(s(5)).await.unwrap_err();
            let seconds = began.elapsed().as_secs();
            assert!((60..135).contains(&seconds), "{word}, {seconds}");
            assert!(seen_running || seconds <= 66, "{word}, {seconds}");
            assert_eq!(error.kind(), kind, "{error}");
            assert_eq!(error.request_id(), Some(job.request_id()));
            let text = error.to_string();
            for what in [
                "the worker died",
                "60s",
                "fetch the result later by its request id",
            ] {
                assert!(text.contains(what), "{text}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn refused_result_of_an_ended_job_says_so() {
    for (status, code) in [(404, 404_001), (401, 400_004), (400, 400_003)] {
        let (emulator, client) = start(Emulator::builder().run_time(s(99_999))).await;
        let job = submitted(&client).await;
        let ended = Reply::json(200, &json!({"status": "completed"}));
        emulator.add_fault(Fault::from_nth(Call::Status, 1, ended));
        let refused = Reply::refused(status, code);
        emulator.add_fault(Fault::from_nth(Call::Result, 1, refused));
        let error = job.wait().poll_every(s(5)).await.unwrap_err();
        let text = error.to_string();
        assert!(text.contains("the job has ended"), "{text}");
        assert!(!text.contains("running"), "{text}");
        let last = error.last_status().map(|last| last.status.clone());
        assert_eq!(last, Some(runcomfy::Status::Completed), "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn result_decides_on_an_unknown_status() {
    let (emulator, client) = start(Emulator::builder().run_time(s(300))).await;
    let unknown = Reply::patched(json!({"status": "archiving"}));
    emulator.add_fault(Fault::from_nth(Call::Status, 1, unknown));
    let began = Instant::now();
    let wait = submitted(&client).await.wait().poll_every(s(2));
    assert!(wait.await.is_ok());
    let seconds = began.elapsed().as_secs();
    assert!((300..365).contains(&seconds), "{seconds}");
    assert!(emulator.count(Call::Result) <= 7, "once a minute");
    assert!(emulator.count(Call::Status) >= 140, "as often as usual");
}

/// The emulator's job runs for five minutes; from the first poll on, status and result have the word.
#[tokio::test(start_paused = true)]
async fn output_beside_an_unknown_status_ends_the_wait() {
    let cases = [
        ("ready", true),
        ("done", true),
        ("queued", false),
        ("Queued for retry", false),
        ("rendering", false),
        ("in-progress", false),
        ("accepted", false),
    ];
    for (word, ends) in cases {
        let (emulator, client) = start(Emulator::builder().run_time(s(300))).await;
        let output = json!({"image": "https://cdn.example/1.png", "note": "your job is here"});
        let members = json!({"status": word, "output": output});
        for call in [Call::Status, Call::Result] {
            let reply = Reply::patched(members.clone());
            emulator.add_fault(Fault::from_nth(call, 1, reply).lasting(s(200)));
        }
        let began = Instant::now();
        let ended = submitted(&client).await.wait().poll_every(s(2)).await;
        assert!(ended.is_ok(), "{word}: {ended:?}");
        let seconds = began.elapsed().as_secs();
        assert_eq!(seconds < 100, ends, "{word}: {seconds} s");
    }
}

#[tokio::test(start_paused = true)]
async fn result_of_another_job_is_not_taken() {
    let (emulator, client) = start(Emulator::builder().run_time(s(5))).await;
    let other = json!({"request_id": "another", "status": "failed", "error": "no"});
    for call in [Call::Status, Call::Result, Call::Cancel] {
        emulator.script(call, Reply::json(200, &other));
    }
    let job = submitted(&client).await;
    assert!(job.wait().await.is_ok());
    assert!(job.cancel().await.is_ok());
    assert_eq!(emulator.unplayed(), 0);
}

#[tokio::test(start_paused = true)]
async fn error_beside_an_empty_output_fails_the_job() {
    let (emulator, client) = start(Emulator::builder().run_time(s(5))).await;
    for output in [json!({}), json!([]), json!(""), json!({"images": []})] {
        let empty = json!({"status": "completed", "output": output, "error": "no memory"});
        emulator.script(Call::Result, Reply::patched(empty));
        let job = submitted(&client).await;
        tokio::time::sleep(s(6)).await;
        let mut watch = job.watch();
        let mut last = None;
        while let Some(event) = watch.next().await {
            last = Some(event);
        }
        assert_eq!(last, Some(Event::Done(Status::Failed)));
        let error = watch.output().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::JobFailed);
        assert!(error.to_string().contains("no memory"), "{error}");
        assert_eq!((error.output(), emulator.unplayed()), (None, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn error_beside_an_output_is_kept() {
    let (emulator, client) = start(Emulator::builder().run_time(s(5)).slots(9)).await;
    let both = Reply::patched(json!({"error": {"code": 7}}));
    emulator.add_fault(Fault::from_nth(Call::Result, 1, both));
    let mut watch = submitted(&client).await.watch();
    let mut events = Vec::new();
    while let Some(event) = watch.next().await {
        events.push(event);
    }
    let error = json!({"code": 7});
    let end = [
        Event::ErrorBesideOutput(error.clone()),
        Event::Done(Status::Succeeded),
    ];
    assert!(events.ends_with(&end), "{events:?}");
    let result = watch.result().await.unwrap();
    assert_eq!(result.error, Some(error.clone()));
    assert!(result.output.unwrap().image().is_some());

    let many = client.run_many([Input::new("A boat")]).next().await;
    let finished = many.unwrap();
    assert!(finished.result.unwrap().image().is_some());
    assert_eq!(finished.error_beside_output, Some(error.clone()));

    // A job that failed keeps its output too.
    let (emulator, client) = start(Emulator::builder().run_time(s(5))).await;
    emulator.add_fault(Fault::from_nth(
        Call::Result,
        1,
        Reply::patched(json!({"status": "failed", "error": {"code": 7}})),
    ));
    let failed = submitted(&client).await;
    tokio::time::sleep(s(6)).await;
    let failed = failed.wait().await.unwrap_err();
    assert_eq!(
        (failed.kind(), failed.detail()),
        (ErrorKind::JobFailed, Some(&error))
    );
    assert!(failed.output().unwrap()["image"].is_string());
}

/// One may be a gateway's; after three the next would be as long.
#[tokio::test(start_paused = true)]
async fn third_response_above_the_size_limit_ends_a_wait() {
    let (emulator, client) = start(Emulator::builder().run_time(s(5))).await;
    let job = submitted(&client).await;
    tokio::time::sleep(s(10)).await;
    let output = json!({"status": "succeeded", "output": {"text": "x".repeat(17 << 20)}});
    for too_large in [2, 3] {
        let requested = emulator.count(Call::Result);
        for _ in 0..too_large {
            emulator.script(Call::Result, Reply::json(200, &output));
        }
        match (too_large, job.wait().await) {
            (2, Ok(_)) => {}
            (3, Err(error)) => {
                assert_eq!(error.kind(), ErrorKind::TooLarge);
                assert_eq!(error.request_id(), Some(job.request_id()));
                assert!(
                    !error.is_transient() && error.to_string().contains("result_url"),
                    "{error}"
                );
            }
            (_, end) => panic!("{too_large}: {end:?}"),
        }
        assert_eq!(emulator.count(Call::Result) - requested, 3);
    }
}

#[tokio::test(start_paused = true)]
async fn hour_without_response_ends_the_wait() {
    let (emulator, client) = start(Emulator::builder().run_time(s(60))).await;
    let jobs = [submitted(&client).await, submitted(&client).await];
    emulator.set_outage(true);
    let began = Instant::now();
    let (one, other) = tokio::join!(jobs[0].wait().into_future(), jobs[1].wait().into_future());
    assert_eq!(began.elapsed().as_secs() / 60, 60);
    for (end, job) in [(one, &jobs[0]), (other, &jobs[1])] {
        let error = end.unwrap_err();
        assert_eq!(error.request_id(), Some(job.request_id()));
        assert!(error.is_transient(), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn hour_without_response_ends_every_wait() {
    let (emulator, client) = start(Emulator::builder().slots(100).run_time(s(60))).await;
    let mut waits = Vec::new();
    for _ in 0..100 {
        let job = submitted(&client).await;
        waits.push(async move { (job.request_id().clone(), job.wait().await) });
    }
    emulator.set_outage(true);
    let began = Instant::now();
    let mut max = 0;
    for (id, end) in futures_util::future::join_all(waits).await {
        let error = end.unwrap_err();
        // The polls were not sent, but the job exists.
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
        assert!(
            error.to_string().contains("one readable response"),
            "{error}"
        );
        assert_eq!(error.request_id(), Some(&id));
        let cause = std::error::Error::source(&error).unwrap();
        assert!(cause.to_string().contains("no connection"), "{cause}");
        max = max.max(error.attempts());
    }
    assert!(max > 2, "{max}");
    assert!(began.elapsed() < s(3660), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn error_counts_every_failed_poll_in_a_row() {
    let (emulator, client) = start(Emulator::builder().run_time(s(600))).await;
    let failing = submitted(&client).await;
    emulator.add_fault(Fault::from_nth(Call::Status, 1, Reply::html(500)).lasting(s(4000)));
    let error = failing.wait().deadline(s(300)).await.unwrap_err();
    assert!(error.attempts() > 10, "{error}");
    let error = failing.wait().await.unwrap_err();
    assert!(error.attempts() > 100, "{error}");
    tokio::time::sleep(s(300)).await;

    let refused = submitted(&client).await;
    for reply in [Reply::reset(), Reply::html(502), Reply::refused(401, 0)] {
        emulator.script(Call::Status, reply);
    }
    let error = refused.wait().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::Unauthenticated, 3)
    );
}

/// A poll long after the last one is not late.
#[tokio::test(start_paused = true)]
async fn long_poll_interval_is_no_outage() {
    let (emulator, client) = start(Emulator::builder().slots(9).run_time(s(7200))).await;
    let rare = submitted(&client).await.wait().poll_every(s(5400));
    emulator.script(Call::Status, Reply::reset());
    assert!(rare.await.is_ok());

    let throttled = submitted(&client).await;
    let later = Reply::json(429, &json!({})).retry_after(s(3600));
    for reply in [later, Reply::reset(), Reply::reset()] {
        emulator.script(Call::Status, reply);
    }
    assert!(throttled.wait().await.is_ok());
}

/// Failed polls of one job do not end the wait for a job that was not polled yet.
#[tokio::test(start_paused = true)]
async fn unreachable_job_ends_no_other_wait() {
    let (emulator, client) = start(Emulator::builder().slots(2).run_time(s(7200))).await;
    let quiet = submitted(&client).await.wait().poll_every(s(5400));
    let quiet = tokio::spawn(quiet.into_future());
    tokio::time::sleep(s(3700)).await;
    let broken = submitted(&client).await;
    // The other job is polled for the first time at 5400 s.
    for call in [Call::Status, Call::Result] {
        let fault = Fault::from_nth(call, 1, Reply::html(500));
        emulator.add_fault(fault.lasting(s(4000)));
    }
    let began = Instant::now();
    let error = broken.wait().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(began.elapsed().as_secs() / 60, 60);
    assert!(quiet.await.unwrap().is_ok());
}

#[tokio::test(start_paused = true)]
async fn known_run_times_save_polls_in_later_clients() {
    let (emulator, first) = start(Emulator::builder().run_time(s(90))).await;
    let polls = || emulator.count(Call::Status) + emulator.count(Call::Result);
    submitted(&first).await.wait().await.unwrap();
    let without_history = polls();
    let known: Vec<f64> = first.run_times().seconds(MODEL).collect();
    assert!(matches!(known[..], [90.0..102.0]), "{known:?}");

    let kept = serde_json::to_string(&first.run_times()).unwrap();
    let second = client(&emulator)
        .run_times(serde_json::from_str(&kept).unwrap())
        .build()
        .unwrap();
    for client in [&first, &second] {
        let before = polls();
        for _ in 0..5 {
            submitted(client).await.wait().await.unwrap();
        }
        let on_average = (polls() - before) / 5;
        assert!(on_average <= 10 && on_average < without_history / 2);
    }
    // A job that failed or was resumed is no sample of a run time.
    let before = first.run_times();
    emulator.fail_next("no");
    assert!(submitted(&first).await.wait().await.is_err());
    let id = submitted(&second).await.request_id().clone();
    first.job::<Input>(id).wait().await.unwrap();
    assert_eq!(first.run_times(), before);
}

/// Another duration or size can make a job of the same model much shorter.
#[tokio::test(start_paused = true)]
async fn job_far_below_known_run_times_is_noticed() {
    let builder = Emulator::builder().run_time(s(12));
    let (emulator, _) = start(builder).await;
    let times = json!({MODEL: vec![600.0; 16]});
    let client = client(&emulator)
        .run_times(serde_json::from_value(times).unwrap())
        .build()
        .unwrap();
    for latest in [21, 20, 19] {
        let began = Instant::now();
        submitted(&client).await.wait().await.unwrap();
        assert!(began.elapsed() <= s(latest), "{:?}", began.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn outage_leaves_known_run_times_alone() {
    let (emulator, client) = start(Emulator::builder().slots(10).run_time(s(12))).await;
    let mut waits = Vec::new();
    for _ in 0..20 {
        waits.push(tokio::spawn(submitted(&client).await.wait().into_future()));
    }
    tokio::time::sleep(s(3)).await;
    emulator.outage(s(600));
    for wait in waits {
        wait.await.unwrap().unwrap();
    }
    let rare = submitted(&client).await;
    rare.wait().poll_every(s(60)).await.unwrap();
    let known: Vec<f64> = client.run_times().seconds(MODEL).collect();
    assert!(known.is_empty(), "{known:?}");
    let began = Instant::now();
    submitted(&client).await.wait().await.unwrap();
    assert!(began.elapsed() < s(14), "{:?}", began.elapsed());
    assert_eq!(client.run_times().seconds(MODEL).count(), 1);
}

#[tokio::test(start_paused = true)]
async fn jobs_submitted_together_are_polled_apart() {
    let (emulator, client) = start(Emulator::builder().slots(50).run_time(s(100))).await;
    let mut waits = Vec::new();
    for _ in 0..50 {
        waits.push(submitted(&client).await.wait().into_future());
    }
    futures_util::future::join_all(waits).await;
    let times: Vec<u128> = emulator
        .requests()
        .iter()
        // Before that all poll intervals are a second long.
        .filter(|request| request.call == Some(Call::Result) && request.at > s(20))
        .map(|request| request.at.as_millis())
        .collect();
    let mut max = 0;
    for (index, time) in times.iter().enumerate() {
        let same = times[index..]
            .iter()
            .take_while(|other| **other < time + 100);
        max = max.max(same.count());
    }
    assert!(
        !times.is_empty() && max < 25,
        "{max} of 50 within a tenth of a second"
    );
}

/// A service of jobs that run for as long as `runs` is set, on a thread of its own; that of the name
/// `limited` runs for ever. A status request for a job of the name `stalled` has no response.
fn server_of_jobs(runs: &Arc<AtomicBool>) -> Server {
    let runs = Arc::clone(runs);
    Server::on_thread(move |request| {
        if request.path().contains("stalled") {
            return Response::new(200, "").stalling();
        }
        let body = if runs.load(Ordering::SeqCst) || request.path().contains("limited") {
            json!({"status": "in_progress"})
        } else {
            json!({"status": "completed", "output": {"image": "https://output.example/1.png"}})
        };
        Response::ok(body.to_string()).keep_alive()
    })
}

/// Polls `wait` until the server has had so many requests.
async fn drive(wait: impl Future, server: &Server, requests: usize) {
    let enough = async {
        while server.requests().len() < requests {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::select! {
        _ = wait => panic!("the job runs"),
        () = enough => {}
    }
}

/// Two threads, each with a runtime: one stops driving its waits, with a connection in the pool or a
/// poll in flight, and lives on.
#[test]
fn idle_runtime_freezes_no_wait_of_another() {
    for (name, polls) in [("running", 4), ("stalled", 1)] {
        let runs = Arc::new(AtomicBool::new(true));
        let server = Arc::new(server_of_jobs(&runs));
        let builder = Client::builder().token("t").base_url(server.origin());
        let client = builder.max_in_flight(1).build().unwrap();
        let job = |name: &str| client.json_job(name.parse().unwrap());
        let often = |name: &str| job(name).wait().poll_every(Duration::from_millis(100));

        let idle = runtime();
        // Leaves a connection in the pool, which only this runtime drives.
        idle.block_on(async {
            job("first").status().await.unwrap();
            tokio::time::sleep(Duration::from_millis(20)).await;
        });
        let polls = polls + 1;
        let mut moved = often(name).watch();
        idle.block_on(drive(
            async { while moved.next().await.is_some() {} },
            &server,
            polls,
        ));
        let (end, ended) = std::sync::mpsc::channel::<()>();
        let parked = std::thread::spawn(move || {
            let _ = ended.recv();
            drop(idle);
        });

        let driven = runtime();
        driven.block_on(async {
            runs.store(false, Ordering::SeqCst);
            let other = tokio::time::timeout(s(30), often("other").into_future()).await;
            assert!(other.expect("a wait ends").unwrap().image().is_some());

            let limited = often("limited").deadline(Duration::from_millis(300));
            let limited = tokio::time::timeout(s(30), limited.into_future()).await;
            let error = limited.expect("a deadline is kept").unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Deadline, "{error}");
            // The wait of the idle runtime is driven by the one that awaits it now.
            if name == "running" {
                let moved = tokio::time::timeout(s(30), moved.output()).await;
                assert!(moved.expect("it moves").unwrap().image().is_some());
            }
        });
        end.send(()).unwrap();
        parked.join().unwrap();
    }
}

/// Over HTTP/2 the requests of a runtime share a connection, which only that runtime drives.
#[test]
fn idle_runtime_freezes_no_request_over_http2() {
    let accept = |_: &_| Verdict {
        taken: true,
        answer: judge::Answer::Respond(judge::Response::new(200, r#"{"request_id": "$ID"}"#)),
    };
    let judge = Judge::start(Protocol::Http2, accept).unwrap();
    let client = client_of(&judge, Protocol::Http2).build().unwrap();
    let use_all = async || {
        for number in 0..3 {
            let input = json!({ "prompt": format!("mark:{number}") });
            let submit = client.submit_json("acme/paint", &input).into_future();
            let submitted = tokio::time::timeout(s(30), submit).await;
            assert!(submitted.expect("a submit ends").is_ok());
        }
        // The service cancels jobs of any id, and calls each of them by this one.
        let wait = client.json_job("any".parse().unwrap()).wait().into_future();
        let ended = tokio::time::timeout(s(30), wait).await;
        let error = ended.expect("a wait ends").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::JobCancelled, "{error}");
    };
    let idle = runtime();
    idle.block_on(use_all());
    runtime().block_on(use_all());
    drop(idle);
}

/// The client's task runs on the runtime that waited first, and moves when that one ends.
#[test]
fn wait_survives_the_end_of_another_runtime() {
    let (emulator, client) = served(Emulator::builder().run_time(s(3600)));
    let first = runtime();
    let wait = first.block_on(async {
        let mut watch = submitted(&client).await.watch();
        assert_eq!(watch.next().await, Some(Event::Submitted));
        assert_eq!(watch.next().await, Some(Event::Started));
        watch
    });
    drop(first);
    emulator.advance(s(3600));
    let output = runtime().block_on(wait.output());
    assert!(output.unwrap().image().is_some());
}

#[tokio::test(start_paused = true)]
async fn poll_interval_beyond_any_clock_is_valid() {
    let (emulator, client) = start(Emulator::builder().run_time(s(60))).await;
    let job = submitted(&client).await;
    for interval in [Duration::MAX, s(u64::MAX)] {
        let resumed = client.job::<Input>(job.request_id().clone());
        for job in [&job, &resumed] {
            let wait = job.wait().poll_every(interval).deadline(s(5));
            assert_eq!(wait.await.unwrap_err().kind(), ErrorKind::Deadline);
        }
    }
    let polls = emulator.count(Call::Status) + emulator.count(Call::Result);
    assert!(polls <= 8, "{polls}");
    assert!(job.wait().await.is_ok());
}

/// A layer of the caller's own HTTP client may panic.
#[tokio::test(start_paused = true)]
async fn panic_in_a_poll_ends_only_its_own_wait() {
    let (emulator, _) = start(Emulator::builder().run_time(s(30)).slots(2)).await;
    let panics = Arc::new(AtomicBool::new(false));
    let armed = Arc::clone(&panics);
    let connector = MapRequestLayer::new(move |request| {
        assert!(!armed.swap(false, Ordering::Relaxed), "a faulty connector");
        request
    });
    let http = reqwest::Client::builder()
        .pool_max_idle_per_host(0)
        .connector_layer(connector);
    let client = client(&emulator)
        .http_client(http.build().unwrap())
        .build()
        .unwrap();
    let jobs = [submitted(&client).await, submitted(&client).await];
    let waits = jobs
        .each_ref()
        .map(|job| tokio::spawn(job.wait().into_future()));
    tokio::time::sleep(s(8)).await;
    panics.store(true, Ordering::Relaxed);
    let mut ended_well = 0;
    for (wait, job) in waits.into_iter().zip(&jobs) {
        match wait.await.unwrap() {
            Ok(_) => ended_well += 1,
            Err(error) => {
                assert!(error.to_string().contains("panicked"), "{error}");
                assert_eq!(error.request_id(), Some(job.request_id()));
                assert!(job.wait().await.is_ok());
            }
        }
    }
    assert_eq!(ended_well, 1);
}

/// Starts an emulator on a thread of its own, in real time.
fn served(builder: Builder) -> (Emulator, Client) {
    let (ready, started) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        runtime().block_on(async {
            ready.send(start(builder).await).unwrap();
            std::future::pending::<()>().await;
        });
    });
    started.recv().unwrap()
}

fn runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build().unwrap()
}

#[test]
fn wait_on_an_idle_runtime_blocks_no_other() {
    let (_emulator, client) = served(Emulator::builder().run_time(Duration::ZERO));
    let submit = || runtime().block_on(submitted(&client));
    // The runtime ends before its first poll of the task.
    let ending = runtime();
    let mut watch = submit().watch();
    assert_eq!(ending.block_on(watch.next()), Some(Event::Submitted));
    drop(ending);
    let output = runtime().block_on(submit().wait().into_future());
    assert!(output.is_ok());
    assert!(runtime().block_on(watch.output()).is_ok());

    let job = submit();
    let gone = runtime().handle().clone();
    let error = gone.block_on(job.wait().into_future()).unwrap_err();
    assert!(error.to_string().contains("shutting down"), "{error}");
    assert_eq!(error.request_id(), Some(job.request_id()));
    let without = std::thread::spawn({
        let job = job.clone();
        move || {
            let mut wait = job.wait().into_future();
            let _ = wait.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        }
    });
    assert!(without.join().is_err(), "as every timer without a runtime");
    assert!(runtime().block_on(job.wait().into_future()).is_ok());
}

#[tokio::test(start_paused = true)]
async fn lasting_fault_of_one_job_delays_no_other() {
    let (emulator, client) = start(Emulator::builder().slots(10).run_time(s(20))).await;
    emulator.add_fault(Fault::every(Call::Result, 2, Reply::html(500)));
    let began = Instant::now();
    let mut waits = Vec::new();
    for _ in 0..10 {
        waits.push(submitted(&client).await.wait().into_future());
    }
    for end in futures_util::future::join_all(waits).await {
        end.unwrap();
    }
    assert!(began.elapsed() < s(300), "{:?}", began.elapsed());
}
