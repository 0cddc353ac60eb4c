//! Judges by a model of its own when a wait ends, and with what.
//!
//! A service in this process answers each call as a random timeline says. The model reads the log of
//! its responses, knows nothing of poll schedules, and says after which of them a wait ends.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use runcomfy_testkit::cases::{Cases, rerun};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::testing::{Call, Response, Script};
use crate::wait::event::Event;

/// An answer of the service to a status or a result request.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Answer {
    /// A status that is waited for as long as the service gives it.
    Unfinished(&'static str),
    Unknown,
    /// A status that is not known, in a result with an output.
    UnknownWithOutput,
    /// A status that is not known, in a result with an output that says nothing.
    UnknownWithSeed,
    /// A status that says that work continues, in a result with an output.
    UnknownAtWork,
    /// A terminal status, to a status request.
    Ended(&'static str),
    NotReady,
    Succeeded,
    SucceededWithError,
    FailedWithEmptyOutput,
    FailedWithOutput,
    Cancelled,
    Transient(u16, &'static str),
    NotSent,
    Lost,
    TimedOut,
    OtherJob,
    NotFound,
    Refused(u16, &'static str, ErrorKind),
}

use Answer::{
    Cancelled, Ended, FailedWithEmptyOutput, FailedWithOutput, Lost, NotFound, NotReady, NotSent,
    OtherJob, Refused, Succeeded, SucceededWithError, TimedOut, Transient, Unfinished, Unknown,
    UnknownAtWork, UnknownWithOutput, UnknownWithSeed,
};

const UNFINISHED: [&str; 4] = ["in_queue", "pending", "in_progress", "processing"];
const ENDED: [&str; 4] = ["completed", "succeeded", "failed", "cancelled"];
/// Responses each of which may be followed by a better one.
const TRANSIENT: [(u16, &str); 16] = [
    (200, r#"{"error_code": 500001}"#),
    (200, r#"{"error_code": 503001, "status": "failed"}"#),
    (202, r#"{"error_code": 429001}"#),
    (206, r#"{"error_code": "oops"}"#),
    (201, r#"{"error_code": 500}"#),
    (400, r#"{"error_code": 500001}"#),
    (408, ""),
    (409, "{}"),
    (421, ""),
    (425, "<html>"),
    (429, ""),
    (302, ""),
    (500, r#"{"error_code": 404001}"#),
    (503, "<html>"),
    (200, ""),
    (200, r#"{"status": "comp"#),
];
const REFUSALS: [(u16, &str, ErrorKind); 5] = [
    (401, "", ErrorKind::Unauthenticated),
    (200, r#"{"error_code": 400004}"#, ErrorKind::Unauthenticated),
    (403, "", ErrorKind::Forbidden),
    (402, "", ErrorKind::InsufficientBalance),
    (422, "", ErrorKind::BadRequest),
];

impl Answer {
    fn response(self) -> Response {
        let output = json!({"image": "https://output.example/1.png"});
        let ok = |body: Value| Response::json(200, body);
        match self {
            Unfinished(status) | Ended(status) => ok(json!({ "status": status })),
            Unknown => ok(json!({"status": "warming_up"})),
            UnknownWithOutput => ok(json!({"status": "done", "output": output})),
            UnknownWithSeed => ok(json!({"status": "done", "output": {"seed": 0, "images": [""]}})),
            UnknownAtWork => ok(json!({"status": " Rendering", "output": output})),
            NotReady => Response::json(400, json!({"error_code": 400_005})),
            Succeeded => ok(json!({"status": "completed", "output": output})),
            SucceededWithError => {
                ok(json!({"status": "succeeded", "output": output, "error": "a word"}))
            }
            FailedWithEmptyOutput => {
                ok(json!({"status": "completed", "output": {}, "error": "a word"}))
            }
            FailedWithOutput => {
                ok(json!({"status": "failed", "output": output, "error": "a word"}))
            }
            Cancelled => ok(json!({"status": "cancelled"})),
            Transient(http_status, body) | Refused(http_status, body, _) => {
                Response::text(http_status, body)
            }
            NotSent => Response::not_sent(),
            Lost => Response::lost(),
            TimedOut => Response::timed_out(),
            OtherJob => {
                ok(json!({"request_id": "another", "status": "completed", "output": output}))
            }
            NotFound => Response::json(404, json!({"error_code": 404_001})),
        }
    }

    /// Returns an answer to either call, mostly a harmless one.
    fn arbitrary(random: &mut fastrand::Rng, call: Call) -> Self {
        match (random.u8(0..100), call) {
            (0..30, _) => Unfinished(UNFINISHED[random.usize(0..4)]),
            (30..34, _) => Unknown,
            (34..36, _) => UnknownWithOutput,
            (36..38, _) => UnknownWithSeed,
            (38..40, _) => UnknownAtWork,
            (40..60, _) => {
                let (http_status, body) = TRANSIENT[random.usize(0..TRANSIENT.len())];
                Transient(http_status, body)
            }
            (60..62, _) => NotSent,
            (62..64, _) => Lost,
            (64..66, _) => TimedOut,
            (66..70, _) => OtherJob,
            (70..76, _) => NotFound,
            (76..78, _) => Self::refusal(random),
            (_, Call::Status) => Ended(ENDED[random.usize(0..4)]),
            (78..95, _) => NotReady,
            _ => Self::end(random),
        }
    }

    /// Returns `true` for a status that is not known, in a response to this call.
    fn is_unknown(self, call: Call) -> bool {
        matches!(self, Unknown | UnknownWithSeed | UnknownAtWork)
            || self == UnknownWithOutput && call == Call::Status
    }

    /// Returns a result with which a job has ended.
    fn end(random: &mut fastrand::Rng) -> Self {
        let ends = [
            Succeeded,
            SucceededWithError,
            FailedWithEmptyOutput,
            FailedWithOutput,
            Cancelled,
        ];
        ends[random.usize(0..ends.len())]
    }

    fn refusal(random: &mut fastrand::Rng) -> Self {
        let (http_status, body, kind) = REFUSALS[random.usize(0..REFUSALS.len())];
        Refused(http_status, body, kind)
    }
}

/// The answers to status and to result requests from a moment on, each list by turns.
#[derive(Clone, Debug)]
struct Change {
    at: Duration,
    statuses: Vec<Answer>,
    results: Vec<Answer>,
}

/// Returns one answer, or some that alternate.
fn arbitrary_answers(random: &mut fastrand::Rng, call: Call) -> Vec<Answer> {
    let count = if random.u8(0..4) == 0 {
        random.usize(2..5)
    } else {
        1
    };
    (0..count)
        .map(|_| Answer::arbitrary(random, call))
        .collect()
}

/// Returns a random timeline, at whose end every wait must end.
fn timeline(random: &mut fastrand::Rng) -> Vec<Change> {
    let mut at = Duration::ZERO;
    let mut changes = Vec::new();
    for _ in 0..random.usize(0..8) {
        let statuses = arbitrary_answers(random, Call::Status);
        let results = arbitrary_answers(random, Call::Result);
        changes.push(Change {
            at,
            statuses,
            results,
        });
        at += Duration::from_secs(random.u64(1..200));
    }
    let unfinished = Unfinished(UNFINISHED[random.usize(0..4)]);
    let ended = Ended(ENDED[random.usize(0..4)]);
    let one = |status, result| (vec![status], vec![result]);
    let (statuses, results) = match random.u8(0..11) {
        10 => one(UnknownWithOutput, UnknownWithOutput),
        0 => one(ended, Answer::end(random)),
        1 => one(ended, [NotReady, NotFound][random.usize(0..2)]),
        2 => one(ended, unfinished),
        3 => one(Unfinished("in_progress"), Answer::end(random)),
        4 => one(Unknown, Answer::end(random)),
        5 => one(NotFound, NotFound),
        6 => {
            let (http_status, body) = TRANSIENT[random.usize(0..TRANSIENT.len())];
            one(ended, Transient(http_status, body))
        }
        7 => one(
            ended,
            [Lost, NotSent, TimedOut, OtherJob][random.usize(0..4)],
        ),
        8 => {
            let mut statuses = arbitrary_answers(random, Call::Status);
            statuses.retain(|status| !matches!(status, NotSent | TimedOut | Refused(..)));
            statuses.push(ended);
            (statuses, vec![NotReady, Lost, OtherJob, unfinished])
        }
        _ => {
            let refusal = Answer::refusal(random);
            one(refusal, refusal)
        }
    };
    changes.push(Change {
        at,
        statuses,
        results,
    });
    changes
}

/// A response that a wait has had: when it was requested, by which call, and which.
type Logged = (Duration, Call, Answer);

/// Time after which a request without a response ends.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);
/// Time for which the result of an ended job is waited for.
const LIMIT: Duration = Duration::from_secs(60);
/// Time of unfinished statuses that takes a terminal status back, once.
const TAKEN_BACK: Duration = Duration::from_secs(30);

/// An end of a wait.
#[derive(Clone, Debug, PartialEq)]
struct End {
    /// `None` for an output.
    kind: Option<ErrorKind>,
    has_error_text: bool,
    has_output: bool,
}

impl End {
    fn error(kind: ErrorKind) -> Self {
        Self {
            kind: Some(kind),
            has_error_text: false,
            has_output: false,
        }
    }
}

/// The clock of a job that has ended without its result.
#[derive(Clone, Copy, Debug)]
struct Clock {
    runs_out: Duration,
    word: &'static str,
    unfinished_since: Option<Duration>,
}

impl Clock {
    /// Returns the end of the wait when the clock runs out.
    fn end(self) -> (Duration, End) {
        let kind = match self.word {
            "failed" => ErrorKind::JobFailed,
            "cancelled" => ErrorKind::JobCancelled,
            _ => ErrorKind::NotReady,
        };
        (self.runs_out, End::error(kind))
    }
}

/// Tells after how many responses a wait ends, when, and how.
fn model(log: &[Logged]) -> Option<(usize, Duration, End)> {
    let mut clock: Option<Clock> = None;
    let mut may_be_taken_back = true;
    let mut reached_at = Duration::ZERO;
    let mut missing_since = None;
    for (index, &(at, call, answer)) in log.iter().enumerate() {
        if let Some((runs_out, end)) = clock.map(Clock::end)
            && runs_out <= at
        {
            return Some((index, runs_out, end));
        }
        // The service knows a job whose status it has just given.
        let before = index.checked_sub(1).map(|before| log[before]);
        let knows_job = call == Call::Result
            && before.is_some_and(|(_, call, answer)| {
                call == Call::Status && (matches!(answer, Ended(_)) || answer.is_unknown(call))
            });
        // A job that was submitted here may be missing for a minute.
        let is_seen = matches!(answer, Unfinished(_) | Ended(_))
            || answer.is_unknown(call)
            || answer == NotReady && call == Call::Result;
        if is_seen {
            missing_since = None;
        }
        let missing_for = |since: &mut Option<Duration>| {
            let since = *since.get_or_insert(at);
            at.saturating_sub(since)
        };
        let is_refused = match answer {
            NotFound if knows_job => None,
            NotFound if missing_for(&mut missing_since) >= Duration::from_secs(60) => {
                Some(ErrorKind::NotFound)
            }
            Refused(_, _, kind) => Some(kind),
            _ => None,
        };
        let failed = |has_output| End {
            has_error_text: true,
            has_output,
            ..End::error(ErrorKind::JobFailed)
        };
        let end = match answer {
            Succeeded | SucceededWithError => Some(End {
                kind: None,
                has_error_text: answer == SucceededWithError,
                has_output: true,
            }),
            FailedWithEmptyOutput => Some(failed(false)),
            FailedWithOutput => Some(failed(true)),
            Cancelled => Some(End::error(ErrorKind::JobCancelled)),
            UnknownWithOutput if call == Call::Result => Some(End {
                kind: match before {
                    Some((_, Call::Status, Ended("failed"))) => Some(ErrorKind::JobFailed),
                    Some((_, Call::Status, Ended("cancelled"))) => Some(ErrorKind::JobCancelled),
                    _ => None,
                },
                has_error_text: false,
                has_output: true,
            }),
            _ => is_refused.map(End::error),
        };
        if let Some(end) = end {
            return Some((index + 1, at, end));
        }
        match (answer, call) {
            (Ended(word), _) => {
                let runs_out = clock.map_or(at + LIMIT, |clock| clock.runs_out);
                clock = Some(Clock {
                    runs_out,
                    word,
                    unfinished_since: None,
                });
            }
            (Unfinished(_), Call::Status) => {
                if let Some(running) = &mut clock {
                    let since = *running.unfinished_since.get_or_insert(at);
                    if at.saturating_sub(since) >= TAKEN_BACK && may_be_taken_back {
                        may_be_taken_back = false;
                        clock = None;
                    }
                }
            }
            // Without any connection, the clock stands still.
            (NotSent, Call::Status) => {
                if let Some(clock) = &mut clock {
                    clock.runs_out += at.saturating_sub(reached_at);
                }
            }
            _ => {}
        }
        reached_at = match (answer, clock) {
            (TimedOut, None) => at + REQUEST_TIMEOUT,
            (TimedOut, Some(clock)) => clock.runs_out.min(at + REQUEST_TIMEOUT),
            _ => at,
        };
    }
    let (runs_out, end) = clock?.end();
    Some((log.len(), runs_out, end))
}

/// Checks that nothing is polled too rarely, or a result of an unknown status too often.
fn check_intervals(log: &[Logged]) {
    for pair in log.windows(2) {
        let mut longest = Duration::from_secs(70);
        if pair[0].2 == TimedOut {
            longest += REQUEST_TIMEOUT;
        }
        assert!(pair[1].0.saturating_sub(pair[0].0) <= longest, "{pair:?}");
    }
    let minute = Duration::from_secs(60);
    let (mut status_at, mut result_at) = (Duration::ZERO, None);
    for (index, &(at, call, answer)) in log.iter().enumerate() {
        if call == Call::Status {
            status_at = at;
            continue;
        }
        let status = log[..index].last().filter(|last| last.1 == Call::Status);
        if status.is_some_and(|status| status.2.is_unknown(Call::Status)) {
            assert!(
                result_at.is_none_or(|last| at.saturating_sub(last) >= minute),
                "{at:?} {log:?}"
            );
        }
        let is_readable =
            matches!(answer, Unfinished(_) | NotReady) || answer.is_unknown(Call::Result);
        if status.is_none() && is_readable && at.saturating_sub(status_at) >= minute {
            let next = log.get(index + 1);
            assert!(next.is_none_or(|next| next.1 == Call::Status), "{at:?}");
        }
        result_at = Some(at)
            .filter(|_| is_readable || status.is_some())
            .or(result_at);
    }
}

/// A wait that has ended.
struct Waited {
    output: Result<Value, Error>,
    events: Vec<Event>,
    log: Vec<Logged>,
    ended_at: Duration,
}

/// Waits for a job of such a service.
async fn wait_out(client: &Client, script: &Script, seed: u64, timeline: Vec<Change>) -> Waited {
    // A model of its own, of which no run times are known.
    let model_id = format!("acme/paint-{seed}");
    script.respond_by(|_| None);
    let job = client.submit_json(&model_id, json!({})).await.unwrap();
    let began = Instant::now();
    let log = Arc::new(Mutex::new(Vec::<Logged>::new()));
    script.respond_by({
        let log = Arc::clone(&log);
        move |call| {
            let at = began.elapsed();
            let change = timeline.iter().rev().find(|change| change.at <= at);
            let change = change.unwrap_or(&timeline[0]);
            let answers = match call {
                Call::Status => &change.statuses,
                _ => &change.results,
            };
            let mut log = log.lock().unwrap();
            let earlier = log.iter().filter(|logged| logged.1 == call).count();
            let answer = answers[earlier % answers.len()];
            log.push((at, call, answer));
            Some(answer.response())
        }
    });
    let mut watch = job.watch();
    let mut events = Vec::new();
    while let Some(event) = watch.next().await {
        events.push(event);
    }
    let output = watch.output().await.map(|output| output.as_value().clone());
    let log = log.lock().unwrap().clone();
    Waited {
        output,
        events,
        log,
        ended_at: began.elapsed(),
    }
}

#[test]
fn wait_ends_as_a_model_of_its_responses_says() {
    let script = Script::new();
    let client = script.client_builder().build().unwrap();
    for seed in Cases::from_env(3000).seeds() {
        let timeline = timeline(&mut fastrand::Rng::with_seed(seed));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build();
        let waited = wait_out(&client, &script, seed, timeline.clone());
        let Waited {
            output,
            events,
            log,
            ended_at,
        } = runtime.unwrap().block_on(waited);
        let text = output
            .as_ref()
            .map_or_else(Error::to_string, Value::to_string);
        let about = format!("{timeline:?}\n{log:?}\n{text}\n{}", rerun(seed));
        let (responses, end_at, end) =
            model(&log).unwrap_or_else(|| panic!("no end is due: {about}"));
        assert_eq!(responses, log.len(), "it ends at once: {about}");
        // Timers have milliseconds.
        let late = ended_at.saturating_sub(end_at);
        assert!(
            ended_at + Duration::from_millis(5) > end_at && late < Duration::from_millis(20),
            "{ended_at:?} {end_at:?} {about}"
        );
        check_intervals(&log);
        // An end that lasts is noticed within two intervals for each answer by turns, or a minute
        // after that.
        let last_change = timeline.last().unwrap();
        let is_late = |logged: &&Logged| logged.2 == TimedOut && logged.0 + LIMIT > last_change.at;
        let timed_out = log.iter().filter(is_late).count();
        let turns = last_change.statuses.len() - 1 + timed_out;
        let turns = Duration::from_secs(70) * u32::try_from(turns).unwrap();
        assert!(
            ended_at <= last_change.at + Duration::from_secs(210) + turns,
            "{ended_at:?} {about}"
        );
        match &output {
            Ok(_) => {
                let has_error = events
                    .iter()
                    .any(|e| matches!(e, Event::ErrorBesideOutput(_)));
                assert_eq!((end.kind, end.has_error_text), (None, has_error), "{about}");
            }
            Err(error) => {
                assert_eq!(Some(error.kind()), end.kind, "{about}");
                assert_eq!(error.output().is_some(), end.has_output, "{about}");
                assert!(!end.has_error_text || text.contains("a word"), "{about}");
                assert!(
                    text.contains("[request request-"),
                    "it names the job: {about}"
                );
                let has_ended = matches!(
                    log[log.len() - 1].2,
                    FailedWithEmptyOutput | FailedWithOutput | Cancelled | UnknownWithOutput
                );
                assert!(has_ended || text.contains("by its request id"), "{about}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn result_not_found_does_not_hide_how_a_job_ended() {
    let ends = [
        ("failed", ErrorKind::JobFailed),
        ("cancelled", ErrorKind::JobCancelled),
        ("completed", ErrorKind::NotReady),
    ];
    for (status, kind) in ends {
        let script = Script::new();
        let client = script.client_builder().build().unwrap();
        script.respond_by(move |call| {
            Some(match call {
                Call::Status => Ended(status).response(),
                _ => NotFound.response(),
            })
        });
        let id = "request-1".parse().unwrap();
        let began = Instant::now();
        let error = client.json_job(id).watch().output().await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        let waited = began.elapsed();
        assert!(
            waited >= LIMIT && waited < LIMIT + Duration::from_secs(1),
            "{waited:?}"
        );
    }
}

/// Waits for a job that another program has submitted, with these answers to its polls by turns.
async fn resumed(answers: &'static [Answer]) -> (Duration, Result<Value, Error>) {
    let script = Script::new();
    let client = script.client_builder().build().unwrap();
    let polls = std::sync::atomic::AtomicUsize::new(0);
    script.respond_by(move |_| {
        let poll = polls.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Some(answers[poll.min(answers.len() - 1)].response())
    });
    let began = Instant::now();
    let job = client.json_job("request-1".parse().unwrap());
    let output = job.watch().output().await;
    (
        began.elapsed(),
        output.map(|output| output.as_value().clone()),
    )
}

#[tokio::test(start_paused = true)]
async fn job_that_was_seen_may_be_missing_for_a_minute() {
    const RUNNING: Answer = Unfinished("in_progress");

    let minute = Duration::from_secs(60);
    let (_, output) = resumed(&[RUNNING, NotFound, NotFound, RUNNING, NotFound, Succeeded]).await;
    assert!(output.is_ok(), "{output:?}");
    let (waited, output) = resumed(&[RUNNING, NotFound]).await;
    assert_eq!(output.unwrap_err().kind(), ErrorKind::NotFound);
    assert!(waited >= minute && waited < 2 * minute, "{waited:?}");
    // Nobody has ever seen the job.
    let (waited, output) = resumed(&[NotFound]).await;
    assert_eq!(output.unwrap_err().kind(), ErrorKind::NotFound);
    assert!(waited < Duration::from_secs(1), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn status_that_is_not_known_is_named_at_the_end() {
    let script = Script::new();
    let client = script.client_builder().build().unwrap();
    script.respond_by(|_| Some(UnknownWithOutput.response()));
    let mut watch = client.json_job("request-1".parse().unwrap()).watch();
    let mut events = Vec::new();
    while let Some(event) = watch.next().await {
        events.push(event);
    }
    let named = Event::UnknownStatus("done".to_owned());
    assert_eq!(events.iter().filter(|event| **event == named).count(), 1);
    assert!(watch.output().await.is_ok());
}

/// An outage keeps the circuit breaker open until the time for the results is up.
#[tokio::test(start_paused = true)]
async fn result_is_requested_once_more_after_an_outage() {
    let script = Script::new();
    let client = script.client_builder().build().unwrap();
    let began = Instant::now();
    script.respond_by(move |call| {
        Some(match (began.elapsed().as_secs(), call) {
            (0..3, Call::Status) => Ended("completed").response(),
            (0..3, _) => NotReady.response(),
            (3..60, _) => Response::text(503, "").retry_after(Duration::from_secs(600)),
            (_, Call::Status) => Ended("completed").response(),
            _ => Succeeded.response(),
        })
    });
    // So many failures open it.
    let jobs = (0..6).map(|number| {
        let id = format!("request-{number}").parse().unwrap();
        client.json_job(id).watch().output()
    });
    for waited in futures_util::future::join_all(jobs).await {
        assert!(waited.is_ok(), "{waited:?}");
    }
    assert_eq!(began.elapsed().as_secs(), 60);
}
