//! Responses that differ from the API's description cause no panic, finish no running job, and lose
//! no id.
//!
//! Each case is one call, and its response is a correct one after one to three mutations. The
//! client's result is compared with an independent reading of the same response. `RUNCOMFY_CASES`
//! sets the number of cases, `RUNCOMFY_SEED` the first; a case depends on its number alone.

mod call;
mod mutation;
mod reading;
mod response;

use std::cell::Cell;
use std::ops::Range;
use std::rc::Rc;
use std::time::Duration;

use runcomfy::{
    CancelOutcome, Client, Error, ErrorKind, Job, Outcome, Output, RetryPolicy, Status,
};
use runcomfy_testkit::cases::{Cases, rerun};
use runcomfy_testkit::server::Server;
use serde_json::json;
use tokio::runtime::Builder;
use tokio::task::LocalSet;

use call::Call;
use reading::Reading;
use response::Response;

/// Number of cases of a thorough run.
const CASES: u64 = 4_000;

/// Maximum number of calls in flight on each thread.
const MAX_IN_FLIGHT: u64 = 32;

#[test]
fn broken_responses_neither_end_nor_lose_a_job() {
    let cases = Cases::from_env(CASES);
    let Range { start, end } = cases.seeds();
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get() as u64);
    let tally = std::thread::scope(|scope| {
        let spawn = |thread| scope.spawn(move || run(start + thread, end, threads));
        let threads: Vec<_> = (0..threads).map(spawn).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .fold(Tally::default(), Tally::plus)
    });
    println!("{} cases: {tally:?}", cases.count);
    // Responses that are all correct, or all unrecognizable, would prove nothing.
    let enough = cases.count / 50;
    assert!(tally.understood >= enough, "{tally:?}");
    assert!(tally.finished >= enough, "{tally:?}");
    assert!(tally.refused >= enough, "{tally:?}");
}

/// Number of cases by their result.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    /// The client understood the response, and the job is running or submitted.
    understood: u64,
    /// The client found the job finished or cancelled.
    finished: u64,
    /// The client returned an error.
    refused: u64,
}

impl Tally {
    fn plus(self, other: Self) -> Self {
        Self {
            understood: self.understood + other.understood,
            finished: self.finished + other.finished,
            refused: self.refused + other.refused,
        }
    }
}

/// Runs every case of one thread, with a server and a clock of its own: backoffs take no time.
fn run(first: u64, end: u64, step: u64) -> Tally {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    LocalSet::new().block_on(&runtime, async {
        let server = Server::start(response::to_request).await;
        let http = reqwest::Client::builder()
            .no_proxy()
            .retry(reqwest::retry::never())
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        let origin = server.origin();
        let next = Rc::new(Cell::new(first));
        let worker = |_| {
            let (next, http, origin) = (next.clone(), http.clone(), origin.clone());
            tokio::task::spawn_local(async move {
                let mut tally = Tally::default();
                while next.get() < end {
                    let case = next.get();
                    next.set(case + step);
                    // A client for each case, since calls share its retry budget and rate limit.
                    // A few submits may be repeated.
                    let attempts = match Call::for_case(case) {
                        Call::Submit if case % 16 != 2 => 1,
                        _ => 6,
                    };
                    let client = Client::builder()
                        .token("t")
                        .retry(RetryPolicy::new().max_attempts(attempts))
                        .base_url(&origin)
                        .http_client(http.clone())
                        .build()
                        .unwrap();
                    tally = tally.plus(one(case, &client).await);
                }
                tally
            })
        };
        let workers: Vec<_> = (0..MAX_IN_FLIGHT).map(worker).collect();
        let mut tally = Tally::default();
        for worker in workers {
            tally = tally.plus(worker.await.unwrap());
        }
        tally
    })
}

async fn one(case: u64, client: &Client) -> Tally {
    let job = client.json_job(response::id_of(case).parse().unwrap());
    let call = Call::for_case(case);
    let response = Response::for_case(case, call);
    let end = match call {
        Call::Submit => submit(case, &response, client).await,
        Call::Status => status(&response, &job).await,
        Call::Result => result(&response, &job).await,
        Call::Cancel => cancel(&response, &job).await,
    };
    let end = match (end, call) {
        (Ok(_), Call::Status | Call::Result) if case.is_multiple_of(4) || case % 16 == 5 => {
            wait(case, &job).await
        }
        (end, _) => end,
    };
    match end {
        Ok(tally) => tally,
        Err(why) => panic!(
            "case {case}: {why}\n\n{}\n\n{call:?} was answered with {response}",
            rerun(case)
        ),
    }
}

type Verdict = Result<Tally, String>;

const UNDERSTOOD: Tally = Tally {
    understood: 1,
    finished: 0,
    refused: 0,
};
const FINISHED: Tally = Tally {
    understood: 0,
    finished: 1,
    refused: 0,
};
const REFUSED: Tally = Tally {
    understood: 0,
    finished: 0,
    refused: 1,
};

/// Returns `violation` as an error unless the condition holds.
fn must(holds: bool, violation: impl Into<String>) -> Result<(), String> {
    if holds { Ok(()) } else { Err(violation.into()) }
}

/// Checks that an error after a submit names its job.
fn named(error: &Error, job: &Job<Output>) -> Verdict {
    must(
        error.request_id() == Some(job.request_id()),
        format!("the error does not name the job: {error:?}"),
    )?;
    Ok(REFUSED)
}

async fn submit(case: u64, response: &Response, client: &Client) -> Verdict {
    let reading = Reading::new(response);
    let (model, input) = (response::model_of(case), json!({}));
    let submit = client.submit_json(&model, &input);
    match (submit.outcome().await, reading.id()) {
        (Outcome::Accepted(job), id) => {
            let found = Some(job.request_id().as_str());
            must(
                reading.is_accepted() && found == id,
                format!("took {found:?} for the id {id:?}"),
            )?;
            Ok(UNDERSTOOD)
        }
        (Outcome::Unknown(error), id) => {
            let named = error.request_id().map(runcomfy::RequestId::as_str);
            let arrived = reading.arrived_id();
            must(
                named == arrived,
                format!("{arrived:?} is lost in {error:?}"),
            )?;
            must(
                !(reading.is_plain() && id.is_some()),
                format!("the outcome of {id:?} was taken for unknown: {error:?}"),
            )?;
            Ok(REFUSED)
        }
        (Outcome::Rejected(error), _) => {
            must(
                reading.is_certain_refusal(),
                format!("took it for a certain refusal: {error:?}"),
            )?;
            let named = error.request_id().map(runcomfy::RequestId::as_str);
            let arrived = reading.arrived_id();
            must(
                named == arrived,
                format!("{arrived:?} is lost in {error:?}"),
            )?;
            Ok(REFUSED)
        }
        (Outcome::NotSent(error), _) => Err(format!("it was sent: {error:?}")),
    }
}

async fn status(response: &Response, job: &Job<Output>) -> Verdict {
    let reading = Reading::new(response);
    match job.status().await {
        Ok(found) => {
            let ended = reading.ended();
            must(
                found.status.is_terminal() == ended.is_some(),
                format!("took it for {found:?}, which means {ended:?}"),
            )?;
            must(
                reading.is_about(job.request_id().as_str()),
                format!("took another job's status: {found:?}"),
            )?;
            Ok(if ended.is_some() {
                FINISHED
            } else {
                UNDERSTOOD
            })
        }
        Err(error) => {
            must(
                !reading.is_clear() || !reading.is_about(job.request_id().as_str()),
                format!("did not understand it: {error:?}"),
            )?;
            named(&error, job)
        }
    }
}

async fn result(response: &Response, job: &Job<Output>) -> Verdict {
    let reading = Reading::new(response);
    match job.result().await {
        Ok(found) => {
            let ended = reading.ended();
            // An error beside an empty output is a failure.
            let has_failed = reading.has_error() && !reading.has_text("output");
            let right = match (&found.status, ended) {
                (Status::Failed, Some("failed")) | (Status::Cancelled, Some("cancelled")) => true,
                (Status::Succeeded, Some("succeeded" | "completed")) => !has_failed,
                (Status::Failed, Some("succeeded" | "completed")) => has_failed,
                (other, None) => !other.is_terminal(),
                _ => false,
            };
            must(
                right,
                format!("took it for {found:?}, which means {ended:?}"),
            )?;
            let has_output = if reading.has_error() {
                reading.has_text("output")
            } else {
                reading.has("output")
            };
            must(
                found.output.is_some() == has_output,
                format!("lost the output in {found:?}"),
            )?;
            must(
                reading.is_about(job.request_id().as_str()),
                format!("took another job's result: {found:?}"),
            )?;
            Ok(if ended.is_some() {
                FINISHED
            } else {
                UNDERSTOOD
            })
        }
        Err(error) => {
            must(
                !reading.is_clear() || !reading.is_about(job.request_id().as_str()),
                format!("did not understand it: {error:?}"),
            )?;
            named(&error, job)
        }
    }
}

async fn cancel(response: &Response, job: &Job<Output>) -> Verdict {
    let reading = Reading::new(response);
    match (job.cancel().await, reading.outcome()) {
        (Ok(CancelOutcome::Cancelled), Some("cancelled" | "canceled")) => Ok(FINISHED),
        (Ok(CancelOutcome::NotCancellable), Some("not_cancellable")) => Ok(UNDERSTOOD),
        (Ok(CancelOutcome::Other(word)), outcome) if Some(word.as_str()) == outcome => {
            Ok(UNDERSTOOD)
        }
        (Err(error), _) => named(&error, job),
        (taken, outcome) => Err(format!("took it for {taken:?}, which means {outcome:?}")),
    }
}

/// Waits for the job; every status and result request gets the same broken response.
async fn wait(case: u64, job: &Job<Output>) -> Verdict {
    let [status, result] = [Call::Status, Call::Result].map(|call| Response::for_case(case, call));
    let [status, result] = [&status, &result].map(Reading::new);
    let is_ended_by_output = result.is_ended_by_output();
    let [status, result] = [&status, &result].map(Reading::ended);
    let Err(error) = job.wait().deadline(Duration::from_secs(3)).await else {
        let fits = is_ended_by_output || matches!(result, Some("succeeded" | "completed"));
        must(fits, format!("finished with the result {result:?}"))?;
        return Ok(FINISHED);
    };
    let reports = |word| [status, result].contains(&Some(word));
    let fits = match error.kind() {
        ErrorKind::JobFailed => {
            reports("failed")
                || is_ended_by_output
                || matches!(result, Some("completed" | "succeeded"))
        }
        ErrorKind::JobCancelled => reports("cancelled"),
        _ => true,
    };
    must(
        fits,
        format!("{error:?}, with the status {status:?} and the result {result:?}"),
    )?;
    named(&error, job)
}
