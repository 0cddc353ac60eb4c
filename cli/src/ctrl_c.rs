//! Ctrl-C: pressed once it asks to cancel the job, pressed twice it leaves at once. Either way the
//! last lines tell what becomes of the job.

use std::future::{IntoFuture, pending};

use runcomfy::{CancelOutcome, Error, Job, Output, Status, Submit};
#[cfg(unix)]
use tokio::signal::unix::{Signal as Presses, SignalKind, signal};
#[cfg(windows)]
use tokio::signal::windows::{CtrlC as Presses, ctrl_c};

use crate::advice::{NOTHING_RAN, to_resume};
use crate::cancel::{self, Answer};
use crate::failure::Failure;
use crate::progress::Progress;

/// Ctrl-C is heard here from now on, and no longer ends the process.
pub(crate) struct CtrlC {
    /// `None` where the system does not tell; there Ctrl-C still ends the process.
    presses: Option<Presses>,
}

const SUBMITTING: &str = "the request is on its way and is waited for, so that the job's id is not lost; \
     Ctrl-C again leaves at once";
const CANCELLING: &str =
    "asking the service to cancel the job; Ctrl-C again leaves at once and lets it go on";

impl CtrlC {
    pub(crate) fn listen() -> Self {
        #[cfg(unix)]
        let presses = signal(SignalKind::interrupt());
        #[cfg(windows)]
        let presses = ctrl_c();
        Self {
            presses: presses.ok(),
        }
    }

    /// The next time that it is pressed.
    pub(crate) async fn pressed(&mut self) {
        if let Some(presses) = &mut self.presses
            && presses.recv().await.is_some()
        {
            return;
        }
        pending::<()>().await;
    }

    /// Submits. What is on its way may be paid, so the first press waits for the id all the same,
    /// and then asks to cancel the job.
    pub(crate) async fn submit(
        &mut self,
        submit: Submit<'_, Output>,
        progress: &Progress,
    ) -> Result<Job<Output>, Failure> {
        let mut submit = submit.into_future();
        let mut pressed = false;
        let submitted = loop {
            tokio::select! {
                biased;
                submitted = &mut submit => break submitted,
                () = self.pressed() => {
                    if pressed {
                        return Err(left_a_submit());
                    }
                    pressed = true;
                    progress.insist(SUBMITTING);
                }
            }
        };
        match submitted {
            Ok(job) if pressed => Err(self.cancel(&job, progress).await),
            Err(error) if pressed => Err(Failure::submit(error).stopped()),
            submitted => submitted.map_err(Failure::submit),
        }
    }

    /// Asks to cancel the job, unless it is pressed again, and gives what came of it.
    pub(crate) async fn cancel(&mut self, job: &Job<Output>, progress: &Progress) -> Failure {
        progress.insist(CANCELLING);
        tokio::select! {
            biased;
            answer = cancel::ask(job) => stopped(job, answer),
            () = self.pressed() => {
                let message = "left before the service said whether the job is cancelled";
                let advice = format!("Unless it was, it goes on and is charged when it is done. {}", to_resume(job.request_id()));
                Failure::leaving(message, Some(job.request_id()), None).advised(advice)
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
            format!("See what came of it: runcomfy resume {}", job.request_id()),
        ),
        (_, Some(Status::InProgress)) => {
            ("the job runs already, so it cannot be cancelled", goes_on)
        }
        _ => ("the job could not be cancelled", goes_on),
    };
    Failure::leaving(message, id, status).advised(advice)
}

fn left_a_submit() -> Failure {
    Failure::leaving("left while the request was on its way", None, None)
        .perhaps_submitted()
        .advised(
            "The job may have been submitted; if it was, it runs and is charged. \
             Look at the account before you run the same again.",
        )
}
