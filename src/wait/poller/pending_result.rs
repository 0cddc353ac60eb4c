//! A result that is not there, although the job has ended.

use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use crate::error::{Error, ErrorKind};
use crate::job::status::{JobStatus, Status};

/// A wait for the result of a job whose status is terminal.
///
/// The status and the result may be served by machines that are not quite in step, so the result is
/// waited for, but only for [`MAX_PENDING`].
#[derive(Debug)]
pub(super) struct PendingResult {
    pending_for: Duration,
    last: Instant,
    /// The terminal status that was seen last.
    status: Status,
    /// The service's words about the end of the job.
    reason: Option<Value>,
}

/// An answer of the service that a job has ended, without its result.
#[derive(Debug)]
pub(super) struct WithoutResult {
    pub(super) status: JobStatus,
    /// The error that came in place of the result, or beside its status.
    pub(super) reason: Option<Value>,
    /// The error of the response, where it was one.
    pub(super) cause: Option<Error>,
}

/// Maximum time for which the result of a job that has ended is waited for.
pub(super) const MAX_PENDING: Duration = Duration::from_secs(60);
/// Minimum time between two polls.
const MIN_INTERVAL: Duration = Duration::from_secs(1);
/// Maximum time between two polls, and maximum of a gap that counts: the service may have been
/// unreachable for the rest of a longer one.
const MAX_INTERVAL: Duration = Duration::from_secs(10);

impl PendingResult {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            pending_for: Duration::ZERO,
            last: now,
            // Replaced by the first answer.
            status: Status::Completed,
            reason: None,
        }
    }

    /// Takes in an answer; returns when the next poll is due.
    ///
    /// # Errors
    /// The end of the wait, once the result was waited for long enough.
    pub(super) fn observe(
        &mut self,
        answer: WithoutResult,
        now: Instant,
    ) -> Result<Instant, Error> {
        self.pending_for += (now - self.last).min(MAX_INTERVAL);
        self.last = now;
        self.status = answer.status.status;
        if let Some(reason) = answer.status.error.or(answer.reason) {
            self.reason = Some(reason);
        }
        let left = MAX_PENDING.saturating_sub(self.pending_for);
        if left.is_zero() {
            return Err(self.end(answer.cause));
        }
        let interval = self.pending_for.clamp(MIN_INTERVAL, MAX_INTERVAL);
        Ok(now + interval.min(left))
    }

    fn end(&mut self, cause: Option<Error>) -> Error {
        let (kind, what) = match self.status {
            Status::Failed => (ErrorKind::JobFailed, "the job has failed"),
            Status::Cancelled => (ErrorKind::JobCancelled, "the job was cancelled"),
            _ => (ErrorKind::NotReady, "the job has ended"),
        };
        let said = cause.as_ref().map(|cause| format!(" ({cause})"));
        let message = format!(
            "{what} (status: {}), but the service has not given its result in {MAX_PENDING:?}{}; fetch \
             the result later by its request id",
            self.status,
            said.unwrap_or_default()
        );
        let error = Error::new(kind, message).with_code(None, self.reason.take());
        match cause {
            Some(cause) => error.with_source(cause),
            None => error,
        }
    }
}
