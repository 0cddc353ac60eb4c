//! A request to cancel a job, and its outcome.

use runcomfy::{CancelOutcome, Error, Job, Output, Status};

/// The outcome of a cancel request.
pub(crate) struct Cancellation {
    /// The outcome that the service reports.
    pub(crate) outcome: CancelOutcome,
    /// The status of the job after the request, if it could be queried.
    pub(crate) status: Option<Status>,
}

/// Requests that the service cancels a job, which it does only while the job is queued.
///
/// # Errors
/// If the cancel request fails. A failed status query is no error.
pub(crate) async fn request(job: &Job<Output>) -> Result<Cancellation, Error> {
    let outcome = job.cancel().await?;
    let status = match outcome {
        CancelOutcome::Cancelled => Some(Status::Cancelled),
        // The status is a bonus: the command does not fail without it.
        _ => job.status().await.ok().map(|now| now.status),
    };
    Ok(Cancellation { outcome, status })
}

impl Cancellation {
    /// Returns the name that the service gives to the outcome.
    pub(crate) fn word(&self) -> &str {
        match &self.outcome {
            CancelOutcome::Cancelled => "cancelled",
            CancelOutcome::NotCancellable => "not_cancellable",
            CancelOutcome::Other(other) => other,
            _ => "",
        }
    }
}
