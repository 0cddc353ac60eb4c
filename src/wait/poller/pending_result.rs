//! A result that is not there, although the job has ended.

use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use crate::error::{Error, ErrorKind};
use crate::job::status::{JobStatus, Status};

/// A wait for the result of a job whose status is terminal.
///
/// The status and the result may be served by machines that are not quite in step, so the result is
/// waited for. The wait ends [`MAX_PENDING`] after the first terminal status, whatever the service
/// answers until then. Only time without any connection to it does not count.
#[derive(Debug)]
pub(super) struct PendingResult {
    /// Time that counts, up to `last`.
    pending_for: Duration,
    last: Instant,
    /// Time of the first of the latest statuses, where these say that the job has not ended.
    unfinished_since: Option<Instant>,
    /// The terminal status that was seen last.
    status: Status,
    /// The service's words about the end of the job.
    reason: Option<Value>,
    /// The error that came last in place of the result.
    cause: Option<Error>,
    /// The limit that [`new_limit`](Self::new_limit) has returned last.
    known_limit: Option<Instant>,
}

/// Maximum time for which the result of a job that has ended is waited for.
pub(super) const MAX_PENDING: Duration = Duration::from_secs(60);
/// Time for which a job must be called unfinished before its terminal status counts as a mistake.
const TAKEN_BACK_AFTER: Duration = Duration::from_secs(30);
/// Minimum time between two polls.
const MIN_INTERVAL: Duration = Duration::from_secs(1);
/// Maximum time between two polls.
const MAX_INTERVAL: Duration = Duration::from_secs(10);
/// Time before the limit at which the result is requested for the last time.
const LAST_POLL: Duration = Duration::from_secs(1);

impl PendingResult {
    pub(super) fn new(status: &JobStatus, now: Instant) -> Self {
        Self {
            pending_for: Duration::ZERO,
            last: now,
            unfinished_since: None,
            status: status.status.clone(),
            reason: None,
            cause: None,
            known_limit: None,
        }
    }

    /// Returns when the result has been waited for long enough.
    pub(super) fn limit(&self) -> Instant {
        self.last + MAX_PENDING.saturating_sub(self.pending_for)
    }

    /// Returns the [`limit`](Self::limit) if it is another one than the last time.
    pub(super) fn new_limit(&mut self) -> Option<Instant> {
        let limit = self.limit();
        (self.known_limit.replace(limit) != Some(limit)).then_some(limit)
    }

    /// Returns when a poll that starts now is cut short; `None` if none starts any more.
    ///
    /// A wait that was not polled for long, since other jobs have had no response, is polled once
    /// more.
    pub(super) fn poll_limit(&self, now: Instant) -> Option<Instant> {
        let limit = self.limit();
        if now < limit {
            return Some(limit);
        }
        (now - self.last > MAX_INTERVAL).then(|| now + LAST_POLL)
    }

    /// Notes a terminal status.
    pub(super) fn ended(&mut self, status: &JobStatus) {
        self.unfinished_since = None;
        self.status = status.status.clone();
        self.explain(status.error.as_ref());
    }

    /// Notes that the result is not there, with the service's words about it, or the failure that came
    /// in its place.
    pub(super) fn lacks_result(&mut self, reason: Option<&Value>, cause: Option<Error>) {
        let detail = cause.as_ref().and_then(|cause| cause.detail().cloned());
        self.explain(reason.or(detail.as_ref()));
        self.cause = cause;
    }

    /// Returns the kind of the failure that came last in place of the result.
    pub(super) fn failure(&self) -> Option<ErrorKind> {
        self.cause.as_ref().map(Error::kind)
    }

    fn explain(&mut self, reason: Option<&Value>) {
        if let Some(reason) = reason {
            self.reason = Some(reason.clone());
        }
    }

    /// Notes a status that is not terminal; returns `true` if the job has been called unfinished for
    /// so long that its terminal status was a mistake.
    pub(super) fn unfinished(&mut self, now: Instant) -> bool {
        let since = *self.unfinished_since.get_or_insert(now);
        now - since >= TAKEN_BACK_AFTER
    }

    /// Takes in a poll that ends now.
    pub(super) fn polled(&mut self, connected: bool, now: Instant) {
        if connected {
            self.pending_for += now - self.last;
        }
        self.last = now;
    }

    /// Returns when the next poll is due after one that reached the service.
    pub(super) fn next(&self, now: Instant) -> Instant {
        let interval = self.pending_for.clamp(MIN_INTERVAL, MAX_INTERVAL);
        self.bound(now + interval, now)
    }

    /// Moves a poll that would come too late to just before the limit, or to the limit itself.
    pub(super) fn bound(&self, next: Instant, now: Instant) -> Instant {
        let limit = self.limit();
        if next + LAST_POLL <= limit {
            next
        } else if now + 2 * LAST_POLL < limit {
            limit - LAST_POLL
        } else {
            limit
        }
    }

    /// Returns the end of the wait at the limit.
    pub(super) fn end(self) -> Error {
        let (kind, what) = match self.status {
            Status::Failed => (ErrorKind::JobFailed, "the job has failed"),
            Status::Cancelled => (ErrorKind::JobCancelled, "the job was cancelled"),
            _ => (ErrorKind::NotReady, "the job has ended"),
        };
        let said = self.cause.as_ref().map(|cause| format!(" ({cause})"));
        let message = format!(
            "{what} (status: {}), but the service has not given its result in {MAX_PENDING:?}{}; fetch \
             the result later by its request id",
            self.status,
            said.unwrap_or_default()
        );
        let error = Error::new(kind, message).with_code(None, self.reason);
        match self.cause {
            Some(cause) => error.with_source(cause),
            None => error,
        }
    }
}
