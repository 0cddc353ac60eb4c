//! The wish to cancel a job, and what came of it.

use runcomfy::{CancelOutcome, Error, Job, Output, Status};

/// The service's answer.
pub(crate) struct Answer {
    pub(crate) outcome: CancelOutcome,
    /// What the job does now, where that could be asked.
    pub(crate) status: Option<Status>,
}

/// Asks the service to cancel a job, which works only while it is queued.
pub(crate) async fn ask(job: &Job<Output>) -> Result<Answer, Error> {
    let outcome = job.cancel().await?;
    let status = match outcome {
        CancelOutcome::Cancelled => Some(Status::Cancelled),
        // What the job does is worth knowing, and no reason to fail.
        _ => job.status().await.ok().map(|now| now.status),
    };
    Ok(Answer { outcome, status })
}

impl Answer {
    /// The outcome as the service calls it.
    pub(crate) fn word(&self) -> &str {
        match &self.outcome {
            CancelOutcome::Cancelled => "cancelled",
            CancelOutcome::NotCancellable => "not_cancellable",
            CancelOutcome::Other(other) => other,
            _ => "",
        }
    }
}
