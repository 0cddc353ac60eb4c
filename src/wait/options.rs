//! Settings of a wait.

use std::time::Duration;

#[cfg(doc)]
use crate::client::ClientBuilder;
#[cfg(doc)]
use crate::error::ErrorKind;
#[cfg(doc)]
use crate::wait::Wait;
#[cfg(doc)]
use crate::wait::event::Event;
#[cfg(doc)]
use crate::wait::watch::Watch;

/// Settings of a wait: its limits, and what happens at them. All times are counted from the start
/// of the wait.
///
/// Two more limits are the client's: [`ClientBuilder::connect_timeout`] and
/// [`ClientBuilder::request_timeout`], for each single request. They never end a wait: a poll that
/// fails is followed by another.
#[derive(Clone, Debug, Default)]
pub struct WaitOptions {
    pub(super) deadline: Option<Duration>,
    pub(super) at_deadline: AtDeadline,
    pub(super) cancel_if_queued_after: Option<Duration>,
    pub(super) poll_every: Option<Duration>,
    pub(super) cancel_on_drop: bool,
}

/// Action on a job that is not finished at the deadline of its wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum AtDeadline {
    /// The job keeps running, and is paid.
    #[default]
    LeaveRunning,
    /// The job is cancelled if it is still queued. A job that runs already keeps running.
    CancelIfQueued,
}

/// Minimum of `poll_every`; a service that is polled more often is only disturbed.
const MIN_POLL_INTERVAL: Duration = Duration::from_millis(100);
/// Maximum of `poll_every`; a longer one could be beyond what a clock can represent.
const MAX_POLL_INTERVAL: Duration = Duration::from_secs(24 * 3600);

impl WaitOptions {
    /// Creates options without limits.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the maximum duration of the wait. Default: none.
    ///
    /// At its end the wait fails with [`ErrorKind::Deadline`]; the error names the job and its last
    /// status. What happens to the job is set by [`at_deadline`](Self::at_deadline).
    #[must_use]
    pub fn deadline(mut self, limit: Duration) -> Self {
        self.deadline = Some(limit);
        self
    }

    /// Sets what happens to the job at the deadline. Default: [`AtDeadline::LeaveRunning`].
    ///
    /// To cancel the job may take up to ten seconds beyond the deadline. Where it is cancelled the
    /// wait fails with [`ErrorKind::JobCancelled`].
    #[must_use]
    pub fn at_deadline(mut self, what: AtDeadline) -> Self {
        self.at_deadline = what;
        self
    }

    /// Cancels the job if it is still queued after this time; the wait then fails with
    /// [`ErrorKind::JobCancelled`]. Default: never.
    ///
    /// A job that runs by then is waited for, and [`Event::NotCancellable`] reports it where the
    /// service had to decide.
    #[must_use]
    pub fn cancel_if_queued_after(mut self, limit: Duration) -> Self {
        self.cancel_if_queued_after = Some(limit);
        self
    }

    /// Polls the job at even intervals, of 100 ms to one day.
    ///
    /// Default: a growing interval, with polls when the job is likely to have ended.
    #[must_use]
    pub fn poll_every(mut self, interval: Duration) -> Self {
        self.poll_every = Some(interval.clamp(MIN_POLL_INTERVAL, MAX_POLL_INTERVAL));
        self
    }

    /// Requests to cancel the job when the wait is dropped before its end. Default: the job keeps
    /// running.
    ///
    /// Only a queued job can be cancelled. A task of its own sends the request, with retries, and
    /// nobody waits for the response: it needs a tokio runtime that lives for a moment longer, the
    /// one in which the wait is dropped, or else was last polled.
    ///
    /// It applies to a future or a [`Watch`] that is dropped before it was polled, too, though not
    /// to a [`Wait`] that became neither.
    #[must_use]
    pub fn cancel_on_drop(mut self) -> Self {
        self.cancel_on_drop = true;
        self
    }

    /// Returns `true` if the job is cancelled when nobody waits for it any more.
    pub(crate) fn cancels_on_drop(&self) -> bool {
        self.cancel_on_drop
    }
}
