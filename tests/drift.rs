//! Replies that are not what the API describes: no panic, no running job called finished, no id
//! lost.
//!
//! Each case is one call, answered with a reply that was right before it was broken at one to
//! three places. What the client makes of it is held against a reading of the same reply that
//! knows nothing of the client. `RUNCOMFY_CASES` sets the number of cases, `RUNCOMFY_SEED` the
//! first; a case depends on its number alone.

mod call;
mod mutation;
mod reading;
mod reply;
mod server;

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use runcomfy::{CancelOutcome, Client, Error, ErrorKind, Job, Outcome, Output, Status};
use serde_json::json;
use tokio::runtime::Builder;
use tokio::task::LocalSet;

use call::Call;
use reading::Reading;
use reply::Reply;

/// Ten seconds or so without optimization.
const CASES: u64 = 4_000;

/// Calls on their way at once, on each of the threads.
const MAX_IN_FLIGHT: u64 = 32;

fn number_of(variable: &str, default: u64) -> u64 {
    let text = std::env::var(variable);
    text.map_or(default, |text| {
        text.parse()
            .unwrap_or_else(|_| panic!("{variable}={text} is no number"))
    })
}

#[test]
fn no_broken_reply_ends_a_running_job_or_loses_one() {
    let cases = number_of("RUNCOMFY_CASES", CASES);
    let first = number_of("RUNCOMFY_SEED", 1);
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get() as u64);
    let tally = std::thread::scope(|scope| {
        let one = |thread| scope.spawn(move || some(first + thread, first + cases, threads));
        let threads: Vec<_> = (0..threads).map(one).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .fold(Tally::default(), Tally::plus)
    });
    println!("{cases} cases: {tally:?}");
    // Replies that are all right, or all beyond recognition, would show nothing.
    let enough = cases / 50;
    assert!(tally.understood >= enough, "{tally:?}");
    assert!(tally.finished >= enough, "{tally:?}");
    assert!(tally.refused >= enough, "{tally:?}");
}

/// How many cases ended in which way.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    /// The client took the reply for what it was before, and the job for running or submitted.
    understood: u64,
    /// It called the job finished, or cancelled.
    finished: u64,
    /// It gave an error.
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

/// Every case of this thread, with a server and time of its own: pauses take no time.
fn some(first: u64, end: u64, step: u64) -> Tally {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    LocalSet::new().block_on(&runtime, async {
        let address = server::start().await;
        let http = reqwest::Client::builder()
            .no_proxy()
            .retry(reqwest::retry::never())
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        let next = Rc::new(Cell::new(first));
        let worker = |_| {
            let (next, http) = (next.clone(), http.clone());
            tokio::task::spawn_local(async move {
                let mut tally = Tally::default();
                while next.get() < end {
                    let case = next.get();
                    next.set(case + step);
                    // RetryBudget and throttle are the client's: no case has to do with another.
                    let client = Client::builder()
                        .token("t")
                        .base_url(format!("http://{address}"))
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
    let job = client.json_job(server::id_of(case).parse().unwrap());
    let call = Call::of(case);
    let reply = Reply::of(case, call);
    let end = match call {
        Call::Submit => submit(case, &reply, client).await,
        Call::Status => status(&reply, &job).await,
        Call::Result => result(&reply, &job).await,
        Call::Cancel => cancel(&reply, &job).await,
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
            "case {case}: {why}\n\nagain with RUNCOMFY_SEED={case} RUNCOMFY_CASES=1\n\n\
             {call:?} was answered with {reply}"
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

/// `what` must hold.
fn must(holds: bool, what: impl Into<String>) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what.into()) }
}

/// An error after a submit must name its job.
fn named(error: &Error, job: &Job<Output>) -> Verdict {
    must(
        error.request_id() == Some(job.request_id()),
        format!("the error does not name the job: {error:?}"),
    )?;
    Ok(REFUSED)
}

async fn submit(case: u64, reply: &Reply, client: &Client) -> Verdict {
    let reading = Reading::of(reply);
    let (model, input) = (server::model_of(case), json!({}));
    let mut submit = client.submit_json(&model, &input);
    if case % 16 != 2 {
        submit = submit.deadline(Duration::ZERO);
    }
    match (submit.outcome().await, reading.id()) {
        (Outcome::Accepted(job), id) => {
            let found = Some(job.request_id().as_str());
            must(
                reading.is_accepted() && found == id,
                format!("took {found:?} for the id, which is {id:?}"),
            )?;
            Ok(UNDERSTOOD)
        }
        (Outcome::Unknown(error), id) => {
            let named = error.request_id().map(runcomfy::RequestId::as_str);
            must(named == id, format!("{id:?} is lost in {error:?}"))?;
            must(
                !(reading.is_plain() && id.is_some()),
                format!("the job {id:?} was taken for unknown: {error:?}"),
            )?;
            Ok(REFUSED)
        }
        (Outcome::Rejected(error), id) => {
            must(
                reading.is_refusal()
                    || reading.is_known_code()
                    || (id.is_none() && reading.code().is_some()),
                format!("called a refusal what is none for certain: {error:?}"),
            )?;
            let named = error.request_id().map(runcomfy::RequestId::as_str);
            must(named == id, format!("{id:?} is lost in {error:?}"))?;
            Ok(REFUSED)
        }
        (Outcome::NotSent(error), _) => Err(format!("it was sent: {error:?}")),
    }
}

async fn status(reply: &Reply, job: &Job<Output>) -> Verdict {
    let reading = Reading::of(reply);
    match job.status().await {
        Ok(found) => {
            let ended = reading.ended();
            must(
                found.status.is_terminal() == ended.is_some(),
                format!("took it for {found:?}, which says {ended:?}"),
            )?;
            Ok(if ended.is_some() {
                FINISHED
            } else {
                UNDERSTOOD
            })
        }
        Err(error) => {
            must(
                !reading.is_clear(),
                format!("did not understand it: {error:?}"),
            )?;
            named(&error, job)
        }
    }
}

async fn result(reply: &Reply, job: &Job<Output>) -> Verdict {
    let reading = Reading::of(reply);
    match job.result().await {
        Ok(found) => {
            let ended = reading.ended();
            let right = match (&found.status, ended) {
                (Status::Succeeded, Some("succeeded"))
                | (Status::Failed, Some("failed"))
                | (Status::Cancelled, Some("cancelled")) => true,
                (Status::Succeeded, Some("completed")) => {
                    reading.has("output") || !reading.has("error")
                }
                (Status::Failed, Some("completed")) => {
                    reading.has("error") && !reading.has("output")
                }
                (other, None) => !other.is_terminal(),
                _ => false,
            };
            must(
                right,
                format!("took it for {found:?}, which says {ended:?}"),
            )?;
            must(
                found.output.is_some() == reading.has("output"),
                format!("lost the output in {found:?}"),
            )?;
            Ok(if ended.is_some() {
                FINISHED
            } else {
                UNDERSTOOD
            })
        }
        Err(error) => {
            must(
                !reading.is_clear() || reading.has("output"),
                format!("did not understand it: {error:?}"),
            )?;
            named(&error, job)
        }
    }
}

async fn cancel(reply: &Reply, job: &Job<Output>) -> Verdict {
    let reading = Reading::of(reply);
    match (job.cancel().await, reading.outcome()) {
        (Ok(CancelOutcome::Cancelled), Some("cancelled" | "canceled")) => Ok(FINISHED),
        (Ok(CancelOutcome::NotCancellable), Some("not_cancellable")) => Ok(UNDERSTOOD),
        (Ok(CancelOutcome::Other(word)), outcome) if Some(word.as_str()) == outcome => {
            Ok(UNDERSTOOD)
        }
        (Err(error), _) => named(&error, job),
        (taken, outcome) => Err(format!("took it for {taken:?}, which says {outcome:?}")),
    }
}

/// A wait may ask for status and result as it likes, and gets the same broken replies each time.
async fn wait(case: u64, job: &Job<Output>) -> Verdict {
    let [status, result] = [Call::Status, Call::Result].map(|call| Reply::of(case, call));
    let [status, result] = [&status, &result].map(|reply| Reading::of(reply).ended());
    let Err(error) = job.wait().deadline(Duration::from_secs(3)).await else {
        let fits = matches!(result, Some("succeeded" | "completed"));
        must(fits, format!("waited to the end of what says {result:?}"))?;
        return Ok(FINISHED);
    };
    let says = |word| [status, result].contains(&Some(word));
    let fits = match error.kind() {
        ErrorKind::JobFailed => says("failed") || result == Some("completed"),
        ErrorKind::JobCancelled => says("cancelled"),
        _ => true,
    };
    must(
        fits,
        format!("{error:?}, where status says {status:?}, and result {result:?}"),
    )?;
    named(&error, job)
}
