//! Ctrl-C during a job. Pressed once it requests a cancel of the job; pressed twice, or after any
//! other signal, the command ends at once. Either way the last lines report what becomes of the job.

use std::future::IntoFuture;
use std::io::IsTerminal;
use std::pin::pin;

use clap::ArgMatches;
use runcomfy::{CancelOutcome, Client, Error, Job, Output, RequestId, Status, Submit};

use crate::advice::{
    CHARGED_IF_IT_SUCCEEDED, KEEPS_RUNNING, NOTHING_RAN, NOTHING_SUBMITTED, result_advice,
    resume_advice,
};
use crate::cancel::{self, Cancellation};
use crate::confirm::is_yes;
use crate::failure::Failure;
use crate::notice::with_notice;
use crate::progress::Progress;
use crate::stop::{self, Stop, Stops};

/// Takes Ctrl-C and the other signals, which no longer end the process at once.
pub(crate) struct CtrlC {
    stops: Stops,
    policy: OnInterrupt,
    /// `true` with `--emulate`: the job ends with this command.
    is_emulated: bool,
}

/// The value of `--on-interrupt`: what Ctrl-C does to a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OnInterrupt {
    Leave,
    Cancel,
    Ask,
}

const SUBMITTING: &str = "the submit is in flight; waiting for the response, so that the request id \
     is not lost. Press Ctrl-C again to stop at once";
const NO_RESPONSE: &str =
    "the service has not responded yet; still waiting, and retrying only what did not reach it";
const ASKING: &str =
    "Cancel the job? It can be cancelled only while it is queued; else it keeps running.";
const ASKING_EMULATED: &str = "Cancel the job? It can be cancelled only while it is queued.";
const CANCELLING: &str =
    "cancelling the job. Press Ctrl-C again to stop at once; a job that runs then keeps running";
const CANCELLING_EMULATED: &str = "cancelling the job. Press Ctrl-C again to stop at once";

impl CtrlC {
    /// Registers the signals, and reads `--on-interrupt` where the command has it.
    pub(crate) fn listen(matches: &ArgMatches) -> Self {
        let text = |name| matches.try_get_one::<String>(name).ok().flatten();
        // The next run with the same file waits for the job, and would find a cancelled one.
        let has_job_file = text("job-file").is_some();
        Self {
            stops: Stops::listen(),
            // `resume` has no such flag.
            is_emulated: matches.try_get_one("emulate").ok().flatten() == Some(&true),
            policy: match text("on-interrupt").map(String::as_str) {
                Some("leave") => OnInterrupt::Leave,
                Some("ask") => OnInterrupt::Ask,
                None if has_job_file => OnInterrupt::Leave,
                _ => OnInterrupt::Cancel,
            },
        }
    }

    /// Waits for the next press, or the next of the other signals.
    pub(crate) async fn pressed(&mut self) -> Stop {
        self.stops.next().await
    }

    /// Submits a job with this client. A submit in flight may be charged, so the first press still
    /// waits for the request id, and then does to the job what `--on-interrupt` says. The request id is
    /// printed, and `accepted` called, as soon as it is known. Before the submit is in flight, and
    /// between two attempts, a signal stops it, and nothing is submitted.
    ///
    /// # Errors
    /// If the submit fails, or if a signal stopped it or the job.
    pub(crate) async fn submit(
        &mut self,
        client: &Client,
        submit: Submit<'_, Output>,
        model_id: &str,
        key: &str,
        progress: &Progress,
        accepted: impl FnOnce(&RequestId),
    ) -> Result<Job<Output>, Failure> {
        if let Some(stop) = self.stops.arrived() {
            return Err(not_submitted("interrupted before the submit", stop));
        }
        let notice = || progress.note(NO_RESPONSE);
        let mut submit = pin!(with_notice(submit.into_future(), notice));
        let mut pressed = false;
        let submitted = loop {
            tokio::select! {
                biased;
                submitted = &mut submit => break submitted,
                stop = self.pressed() => {
                    // Nothing else runs on this thread before the submit is dropped.
                    if client.submits_in_flight() == 0 {
                        let message = "interrupted before the service took the submit";
                        return Err(not_submitted(message, stop));
                    }
                    if pressed || stop != Stop::CtrlC {
                        return Err(stopped_submit(key).with_signal(stop));
                    }
                    pressed = true;
                    stop::request();
                    progress.note_always(SUBMITTING);
                }
            }
        };
        if let Ok(job) = &submitted {
            accepted(job.request_id());
            progress.job(job.request_id(), Some(model_id));
        }
        match submitted {
            Ok(job) if pressed => Err(self.interrupted(&job, progress).await),
            Err(error) if pressed => Err(Failure::submit(error).with_signal(Stop::CtrlC)),
            submitted => submitted.map_err(Failure::submit),
        }
    }

    /// Ends the wait for a job after a signal. Ctrl-C also does to the job what `--on-interrupt` says.
    pub(crate) async fn stop_wait(
        &mut self,
        stop: Stop,
        job: &Job<Output>,
        progress: &Progress,
    ) -> Failure {
        if stop == Stop::CtrlC {
            return self.interrupted(job, progress).await;
        }
        left(job, stop)
    }

    async fn interrupted(&mut self, job: &Job<Output>, progress: &Progress) -> Failure {
        let cancels = match self.policy {
            OnInterrupt::Cancel => Ok(true),
            OnInterrupt::Leave => Ok(false),
            OnInterrupt::Ask => self.ask(progress).await,
        };
        match cancels {
            Ok(true) => self.cancel(job, progress).await,
            Ok(false) => left(job, Stop::CtrlC),
            Err(stop) => left(job, stop),
        }
    }

    /// Asks whether the job shall be cancelled. A second signal is an answer too.
    async fn ask(&mut self, progress: &Progress) -> Result<bool, Stop> {
        progress.end();
        let question = if self.is_emulated {
            ASKING_EMULATED
        } else {
            ASKING
        };
        tokio::select! {
            biased;
            stop = self.stops.next() => Err(stop),
            cancels = is_yes(question) => Ok(cancels),
        }
    }

    /// Requests a cancel of the job, unless a second signal comes first, and reports the outcome.
    async fn cancel(&mut self, job: &Job<Output>, progress: &Progress) -> Failure {
        progress.note_always(if self.is_emulated {
            CANCELLING_EMULATED
        } else {
            CANCELLING
        });
        tokio::select! {
            biased;
            cancellation = cancel::request(job) => cancelled(job, cancellation),
            stop = self.pressed() => {
                let id = job.request_id();
                let message = "interrupted before the service reported whether the job is cancelled";
                let advice = format!(
                    "Unless it is cancelled, the job keeps running and is charged when it succeeds. {}",
                    resume_advice(id)
                );
                Failure::stopped(message, Some(id), None).with_advice(advice).with_signal(stop)
            }
        }
    }
}

fn not_submitted(message: &str, stop: Stop) -> Failure {
    let failure = Failure::stopped(message, None, None);
    failure.with_advice(NOTHING_SUBMITTED).with_signal(stop)
}

/// Refuses a question where nobody can answer.
///
/// # Errors
/// If `--on-interrupt ask` is set and standard input is no terminal.
pub(crate) fn check(matches: &ArgMatches) -> Result<(), Failure> {
    let asks = matches.get_one::<String>("on-interrupt");
    if asks.is_some_and(|policy| policy == "ask") && !std::io::stdin().is_terminal() {
        return Err(Failure::usage(
            "--on-interrupt ask asks in a terminal, and standard input is none; write leave or cancel",
        ));
    }
    Ok(())
}

/// Reports a job that keeps running after a signal.
fn left(job: &Job<Output>, stop: Stop) -> Failure {
    let id = job.request_id();
    Failure::stopped("interrupted before the job ended", Some(id), None)
        .with_advice(keeps_running(id))
        .with_signal(stop)
}

fn keeps_running(id: &RequestId) -> String {
    format!("{KEEPS_RUNNING} {}", resume_advice(id))
}

fn cancelled(job: &Job<Output>, cancellation: Result<Cancellation, Error>) -> Failure {
    let id = job.request_id();
    let Cancellation { outcome, status } = match cancellation {
        Ok(cancellation) => cancellation,
        Err(error) => {
            let message = format!("the cancel request failed: {error}");
            return Failure::stopped(message, Some(id), None).with_advice(keeps_running(id));
        }
    };
    let (message, advice) = match (&outcome, &status) {
        (CancelOutcome::Cancelled, _) => (
            "the job was cancelled before it ran",
            NOTHING_RAN.to_owned(),
        ),
        (_, Some(status)) if status.is_terminal() => (
            "the job has already ended, so it cannot be cancelled",
            format!("{CHARGED_IF_IT_SUCCEEDED} {}", result_advice(id)),
        ),
        (_, Some(Status::InProgress)) => (
            "the job is already running, so it cannot be cancelled",
            keeps_running(id),
        ),
        _ => ("the job could not be cancelled", keeps_running(id)),
    };
    Failure::stopped(message, Some(id), status).with_advice(advice)
}

fn stopped_submit(key: &str) -> Failure {
    Failure::stopped("interrupted while the submit was in flight", None, None)
        .with_unknown_outcome(key)
        .with_advice(format!(
            "The outcome of the submit is unknown: if a job exists, it runs and is charged. \
             Check the account before you run the command again. \
             The idempotency key of the submit is {key}; the service's support may find the job by it."
        ))
}
