//! Ctrl-C: pressed once it asks to cancel the job, pressed twice it leaves at once, as every other
//! signal to stop does. Either way the last lines tell what becomes of the job.

use std::future::IntoFuture;
use std::pin::pin;

use runcomfy::{CancelOutcome, Error, Job, Output, Status, Submit};

use crate::advice::{CHARGED_IF_IT_SUCCEEDED, GOES_ON, NOTHING_RAN, to_resume, to_see};
use crate::cancel::{self, Answer};
use crate::failure::Failure;
use crate::patience::telling;
use crate::progress::Progress;
use crate::stop::{Stop, Stops};

/// Ctrl-C and its like are heard here from now on, and no longer end the process.
pub(crate) struct CtrlC {
    stops: Stops,
}

const SUBMITTING: &str = "the request is on its way and is waited for, so that the job's id is not lost; \
     Ctrl-C again leaves at once";
const UNANSWERED: &str =
    "the service has not answered yet; what has not reached it is sent again for a while";
const CANCELLING: &str =
    "asking the service to cancel the job; Ctrl-C again leaves at once and lets it go on";

impl CtrlC {
    pub(crate) fn listen() -> Self {
        Self {
            stops: Stops::listen(),
        }
    }

    /// The next time that it is pressed, or another signal comes.
    pub(crate) async fn pressed(&mut self) -> Stop {
        self.stops.next().await
    }

    /// Submits. What is on its way may be paid, so the first press waits for the id all the same,
    /// and then asks to cancel the job.
    pub(crate) async fn submit(
        &mut self,
        submit: Submit<'_, Output>,
        key: &str,
        progress: &Progress,
    ) -> Result<Job<Output>, Failure> {
        let say = || progress.note(UNANSWERED);
        let mut submit = pin!(telling(submit.into_future(), say));
        let mut pressed = false;
        let submitted = loop {
            tokio::select! {
                biased;
                submitted = &mut submit => break submitted,
                stop = self.pressed() => {
                    if pressed || stop != Stop::CtrlC {
                        return Err(left_a_submit(key).stopped(stop));
                    }
                    pressed = true;
                    progress.insist(SUBMITTING);
                }
            }
        };
        match submitted {
            Ok(job) if pressed => Err(self.cancel(&job, progress).await),
            Err(error) if pressed => Err(Failure::submit(error).stopped(Stop::CtrlC)),
            submitted => submitted.map_err(Failure::submit),
        }
    }

    /// Leaves a job that is waited for: Ctrl-C asks to cancel it.
    pub(crate) async fn leave(
        &mut self,
        stop: Stop,
        job: &Job<Output>,
        progress: &Progress,
    ) -> Failure {
        if stop == Stop::CtrlC {
            return self.cancel(job, progress).await;
        }
        let id = job.request_id();
        Failure::leaving("left before the job has ended", Some(id), None)
            .advised(format!("{GOES_ON} {}", to_resume(id)))
            .stopped(stop)
    }

    /// Asks to cancel the job, unless it is pressed again, and gives what came of it.
    async fn cancel(&mut self, job: &Job<Output>, progress: &Progress) -> Failure {
        progress.insist(CANCELLING);
        tokio::select! {
            biased;
            answer = cancel::ask(job) => stopped(job, answer),
            stop = self.pressed() => {
                let message = "left before the service said whether the job is cancelled";
                let advice = format!("Unless it was, it goes on and is charged when it is done. {}", to_resume(job.request_id()));
                Failure::leaving(message, Some(job.request_id()), None).advised(advice).stopped(stop)
            }
        }
    }
}

fn stopped(job: &Job<Output>, answer: Result<Answer, Error>) -> Failure {
    let id = Some(job.request_id());
    let goes_on = format!(
        "It goes on, and is charged when it is done. {}",
        to_resume(job.request_id())
    );
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => {
            let message = format!("the service could not be asked to cancel the job: {error}");
            return Failure::leaving(message, id, None).advised(goes_on);
        }
    };
    let status = answer.status.clone();
    let (message, advice) = match (&answer.outcome, &status) {
        (CancelOutcome::Cancelled, _) => (
            "the job was cancelled before it ran",
            NOTHING_RAN.to_owned(),
        ),
        (_, Some(status)) if status.is_terminal() => (
            "the job has ended already, so it cannot be cancelled",
            format!("{CHARGED_IF_IT_SUCCEEDED} {}", to_see(job.request_id())),
        ),
        (_, Some(Status::InProgress)) => {
            ("the job runs already, so it cannot be cancelled", goes_on)
        }
        _ => ("the job could not be cancelled", goes_on),
    };
    Failure::leaving(message, id, status).advised(advice)
}

fn left_a_submit(key: &str) -> Failure {
    Failure::leaving("left while the request was on its way", None, None)
        .perhaps_submitted(key)
        .advised(
            "The job may have been submitted; if it was, it runs and is charged. \
             Look at the account before you run the same again.",
        )
}
