//! Whatever is abandoned is named once, by its id or its idempotency key, in the log and to the
//! program's hook.

use std::future::IntoFuture;
use std::pin::pin;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use runcomfy::{Client, ClientBuilder, ErrorKind, Orphan, Outcome, RequestId, WaitOptions};
use runcomfy_emulator::Emulator;
use runcomfy_models::bytedance::dreamina_4_0::text_to_image::Input;
use runcomfy_testkit::judge::{Answer, Arrival, Judge, MARK, Protocol, Response, Verdict};
use runcomfy_testkit::trace::Trace;
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};
use tokio::time::{sleep, timeout};
use tracing::subscriber::DefaultGuard;

use super::support::{boats, s, start};

const MODEL: &str = "judge/model";
const KEY: &str = "order-1";

/// Records the orphans that the log and the hook have named.
struct Names {
    trace: Trace,
    orphans: Arc<Mutex<Vec<Orphan>>>,
    _tracing: DefaultGuard,
}

impl Names {
    /// Listens to the log of this thread, without the steps of jobs.
    fn listen() -> Self {
        let trace = Trace::new(tracing::Level::INFO).without("runcomfy::job");
        Self {
            _tracing: tracing::subscriber::set_default(trace.clone()),
            trace,
            orphans: Arc::default(),
        }
    }

    fn hook(&self, builder: ClientBuilder) -> Client {
        let orphans = Arc::clone(&self.orphans);
        let builder = builder.on_orphan(move |orphan| orphans.lock().unwrap().push(orphan));
        builder.build().unwrap()
    }

    fn client(&self, judge: &Judge) -> Client {
        self.hook(Client::builder().token("t").base_url(judge.base_url()))
    }

    fn orphans(&self) -> Vec<Orphan> {
        let orphans = self.orphans.lock();
        orphans.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Checks that the one submit with [`KEY`] was named once, with this id or without one.
    #[track_caller]
    fn assert_one(&self, id: Option<&str>) {
        let orphans = self.orphans();
        assert_eq!(orphans.len(), 1, "{orphans:?}");
        let request_id = orphans[0].request_id.as_ref().map(RequestId::as_str);
        assert_eq!(
            (
                request_id,
                &*orphans[0].idempotency_key,
                &*orphans[0].model_id
            ),
            (id, KEY, MODEL)
        );
        let log = self.trace.text();
        assert_eq!(
            self.trace.event_values("key"),
            [json!(KEY).to_string()],
            "{log}"
        );
        let ids: Vec<&str> = id.into_iter().collect();
        assert_eq!(self.trace.event_values("request_id"), ids, "{log}");
    }

    #[track_caller]
    fn assert_none(&self) {
        assert_eq!((self.orphans(), self.trace.text()), (vec![], String::new()));
    }
}

/// A server that takes each job when it arrives, and answers once it is released.
fn holding(answer: Answer) -> (Judge, Sender<()>) {
    let (release, released): (_, Receiver<()>) = mpsc::channel();
    let released = Mutex::new(released);
    let judge = Judge::start(Protocol::Http1, move |_: &Arrival| {
        // An error is a test that has ended.
        released.lock().unwrap().recv().ok();
        Verdict {
            taken: true,
            answer: answer.clone(),
        }
    });
    (judge.unwrap(), release)
}

fn accepted() -> Answer {
    Answer::Respond(Response::new(200, r#"{"request_id": "$ID"}"#))
}

fn input() -> Value {
    json!({ "prompt": format!("{MARK}1") })
}

/// Runs a future until the submit has arrived, then drops it.
async fn drop_in_flight(judge: &Judge, call: impl IntoFuture) {
    let mut call = pin!(call.into_future());
    while judge.ledger().arrivals("1") == 0 {
        let step = timeout(Duration::from_millis(5), call.as_mut());
        assert!(step.await.is_err(), "it has ended before it was dropped");
    }
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

#[tokio::test]
async fn dropped_submit_is_named_once_by_its_id() {
    let heard = Names::listen();
    let (judge, release) = holding(accepted());
    let client = heard.client(&judge);
    let input = input();
    drop_in_flight(&judge, client.submit_json(MODEL, &input).key(KEY)).await;
    heard.assert_none();
    release.send(()).unwrap();
    client.settled().await;
    heard.assert_one(Some("job-0"));
}

#[tokio::test]
async fn dropped_client_still_names_its_submit() {
    let heard = Names::listen();
    let (judge, release) = holding(accepted());
    let client = heard.client(&judge);
    let input = input();
    drop_in_flight(&judge, client.submit_json(MODEL, &input).key(KEY)).await;
    drop(client);
    release.send(()).unwrap();
    while heard.orphans().is_empty() {
        sleep(Duration::from_millis(5)).await;
    }
    heard.assert_one(Some("job-0"));
}

#[tokio::test]
async fn lost_response_of_a_dropped_submit_names_the_key() {
    for answer in [
        Answer::Close,
        Answer::Respond(Response::new(500, "")),
        Answer::Respond(Response::new(200, "<html>")),
    ] {
        let heard = Names::listen();
        let (judge, release) = holding(answer);
        let client = heard.client(&judge);
        let input = input();
        drop_in_flight(&judge, client.submit_json(MODEL, &input).key(KEY)).await;
        release.send(()).unwrap();
        client.settled().await;
        heard.assert_one(None);
    }
}

/// Its outcome is unknown, but the job can be looked for by the id.
#[tokio::test]
async fn dropped_submit_is_named_by_the_id_beside_an_error() {
    let heard = Names::listen();
    let answer = Answer::Respond(Response::new(503, r#"{"request_id": "$ID"}"#));
    let (judge, release) = holding(answer);
    let client = heard.client(&judge);
    let input = input();
    drop_in_flight(&judge, client.submit_json(MODEL, &input).key(KEY)).await;
    release.send(()).unwrap();
    client.settled().await;
    heard.assert_one(Some("job-0"));
}

#[tokio::test]
async fn refused_submit_that_was_dropped_is_logged_only() {
    let heard = Names::listen();
    let (judge, release) = holding(Answer::Respond(Response::new(422, "{}")));
    let client = heard.client(&judge);
    let input = input();
    drop_in_flight(&judge, client.submit_json(MODEL, &input).key(KEY)).await;
    release.send(()).unwrap();
    client.settled().await;
    assert_eq!(heard.orphans(), []);
    assert_eq!(heard.trace.event_values("key"), [json!(KEY).to_string()]);
}

/// The moments at which a runtime may end.
#[test]
fn ended_runtime_names_the_key_of_its_submits() {
    // The runtime drops the task that awaits the submit.
    let heard = Names::listen();
    let (judge, _release) = holding(accepted());
    let client = heard.client(&judge);
    let awaiting = runtime();
    let task = client.clone();
    awaiting.spawn(async move { task.submit_json(MODEL, input()).key(KEY).await });
    awaiting.block_on(async {
        while judge.ledger().arrivals("1") == 0 {
            sleep(Duration::from_millis(5)).await;
        }
    });
    drop(awaiting);
    heard.assert_one(None);

    // The runtime drops the task that brings the dropped submit to its end.
    let heard = Names::listen();
    let (judge, _release) = holding(accepted());
    let client = heard.client(&judge);
    let value = input();
    runtime().block_on(drop_in_flight(
        &judge,
        client.submit_json(MODEL, &value).key(KEY),
    ));
    heard.assert_one(None);

    // The runtime has ended when the submit is dropped.
    let heard = Names::listen();
    let (judge, _release) = holding(accepted());
    let client = heard.client(&judge);
    let ended = runtime();
    let mut submit = client.submit_json(MODEL, &value).key(KEY).into_future();
    ended.block_on(async {
        while judge.ledger().arrivals("1") == 0 {
            let step = timeout(Duration::from_millis(5), &mut submit);
            assert!(step.await.is_err());
        }
    });
    drop(ended);
    heard.assert_none();
    drop(submit);
    heard.assert_one(None);
}

#[tokio::test(start_paused = true)]
async fn timeout_around_run_names_the_job() {
    for options in [WaitOptions::new(), WaitOptions::new().cancel_on_drop()] {
        let heard = Names::listen();
        let (emulator, _) = start(Emulator::builder().slots(0)).await;
        let client = heard.hook(super::support::client(&emulator));
        let input = Input::new("A boat");
        let run = client.run(&input).options(options);
        assert!(timeout(s(5), run).await.is_err());
        let id = emulator.ledger()[0].request_id.clone();
        assert_eq!(
            heard.trace.event_values("request_id"),
            std::slice::from_ref(&id)
        );
        let orphans = heard.orphans();
        let named = orphans.iter().map(|orphan| orphan.request_id.clone());
        assert_eq!(named.collect::<Vec<_>>(), [Some(id.parse().unwrap())]);
    }
}

#[tokio::test(start_paused = true)]
async fn finished_run_is_no_orphan() {
    let heard = Names::listen();
    let (emulator, _) = start(Emulator::builder()).await;
    let client = heard.hook(super::support::client(&emulator));
    client.run(Input::new("A boat")).await.unwrap();
    client.submit(Input::new("A boat")).await.unwrap();
    heard.assert_none();
}

#[tokio::test(start_paused = true)]
async fn dropped_run_many_hands_over_the_jobs_not_taken() {
    let heard = Names::listen();
    let (emulator, _) = start(Emulator::builder().slots(2).run_time(s(3))).await;
    let client = heard.hook(super::support::client(&emulator));
    let mut results = client.run_many(boats(10)).concurrency(10);
    let first = results.next().await.unwrap();
    let taken = first.job.unwrap().request_id().clone();
    drop(results);
    sleep(s(1)).await;
    let jobs = emulator.ledger().into_iter().map(|job| job.request_id);
    let mut left: Vec<String> = jobs.filter(|id| id != taken.as_str()).collect();
    let orphans = heard.orphans();
    let mut named: Vec<String> = orphans
        .iter()
        .filter_map(|orphan| orphan.request_id.as_ref().map(ToString::to_string))
        .collect();
    left.sort();
    named.sort();
    assert_eq!((named, orphans.len()), (left, 9));
    // The steps of its job have named each, and nothing else has.
    assert_eq!(heard.trace.text(), "");
}

/// Nothing drives what an idle runtime has in flight, so that waiting for it would last for ever.
#[test]
fn submit_of_an_idle_runtime_is_not_waited_for() {
    let (judge, _release) = holding(accepted());
    let client = Client::builder().token("t").base_url(judge.base_url());
    let client = client.request_timeout(Duration::from_millis(300));
    let client = client.build().unwrap();
    let idle = runtime();
    let input = input();
    idle.block_on(drop_in_flight(&judge, client.submit_json(MODEL, &input)));
    assert_eq!(client.submits_in_flight(), 1);
    let settled = runtime().block_on(async { timeout(s(30), client.settled()).await });
    assert_eq!(settled, Ok(false));
    drop(idle);
    let settled = runtime().block_on(async { timeout(s(30), client.settled()).await });
    assert_eq!((settled, client.submits_in_flight()), (Ok(true), 0));
}

#[tokio::test]
async fn closed_client_sends_no_submit() {
    let (judge, release) = holding(accepted());
    let client = Client::builder().token("t").base_url(judge.base_url());
    let client = client.build().unwrap();
    let input = input();
    let submit = client.submit_json(MODEL, &input);
    let close = async {
        while judge.ledger().arrivals("1") == 0 {
            sleep(Duration::from_millis(5)).await;
        }
        let released = async { release.send(()).unwrap() };
        tokio::join!(client.close(s(60)), released).0
    };
    let (job, all_ended) = tokio::join!(submit, close);
    assert_eq!(
        (job.unwrap().request_id().as_str(), all_ended),
        ("job-0", true)
    );
    let refused = client.clone().submit_json(MODEL, &input).outcome().await;
    assert!(
        matches!(&refused, Outcome::NotSent(error) if error.kind() == ErrorKind::NotSent),
        "{refused:?}"
    );
    assert_eq!(judge.ledger().all_arrivals(), 1);
}

#[tokio::test]
async fn close_cuts_off_and_names_at_its_deadline() {
    // One that is awaited ends with its key.
    let heard = Names::listen();
    let (judge, _release) = holding(accepted());
    let client = heard.client(&judge);
    let value = input();
    let submit = client.submit_json(MODEL, &value).key(KEY).outcome();
    let close = async {
        while judge.ledger().arrivals("1") == 0 {
            sleep(Duration::from_millis(5)).await;
        }
        client.close(Duration::from_millis(1)).await
    };
    let (outcome, all_ended) = tokio::join!(submit, close);
    assert!(!all_ended);
    assert!(
        matches!(&outcome, Outcome::Unknown(error) if error.idempotency_key() == Some(KEY)),
        "{outcome:?}"
    );
    heard.assert_none();

    // One that was dropped is named.
    let (judge, _release) = holding(accepted());
    let client = heard.client(&judge);
    drop_in_flight(&judge, client.submit_json(MODEL, &value).key(KEY)).await;
    assert!(!client.close(Duration::from_millis(1)).await);
    heard.assert_one(None);
}

#[tokio::test]
async fn panic_in_the_hook_ends_there() {
    let (judge, release) = holding(accepted());
    let client = Client::builder().token("t").base_url(judge.base_url());
    let client = client.on_orphan(|_| panic!("the hook is broken"));
    let client = client.build().unwrap();
    let input = input();
    drop_in_flight(&judge, client.submit_json(MODEL, &input)).await;
    release.send(()).unwrap();
    client.settled().await;
    // The next one is accepted as ever.
    release.send(()).unwrap();
    client.submit_json(MODEL, &input).await.unwrap();
}
