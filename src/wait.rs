//! Waiting for a job.

pub(crate) mod event;
pub(crate) mod options;
pub(crate) mod poll_schedule;
pub(crate) mod poller;
pub(crate) mod run_times;
pub(crate) mod watch;

use std::fmt;
use std::future::{IntoFuture, poll_fn};
use std::pin::Pin;
use std::time::Duration;

use serde::de::DeserializeOwned;

use crate::error::Error;
use crate::job::Job;
use crate::wait::options::{AtDeadline, WaitOptions};
use crate::wait::watch::Watch;

#[cfg(doc)]
use crate::error::ErrorKind;
#[cfg(doc)]
use crate::wait::run_times::RunTimes;

impl<O> Job<O> {
    /// Waits for the output; set limits with the methods of [`Wait`], then `.await` it.
    ///
    /// Dropping the wait leaves the job alone.
    ///
    /// # Errors
    /// All of them name the job.
    /// - [`ErrorKind::JobFailed`], [`ErrorKind::JobCancelled`]: the job has ended that way.
    /// - [`ErrorKind::UnexpectedOutput`]: the job has succeeded, but its output is missing or has
    ///   another form than `O`.
    /// - [`ErrorKind::Deadline`]: the limit was reached; the job keeps running. Wait again.
    /// - [`ErrorKind::Unavailable`]: the service was unreachable for an hour; the job may keep
    ///   running. Wait again later.
    /// - The kinds of the service's refusals, such as [`ErrorKind::Unauthenticated`] and
    ///   [`ErrorKind::NotFound`].
    pub fn wait(&self) -> Wait<O> {
        Wait {
            job: self.clone(),
            options: WaitOptions::default(),
        }
    }

    /// Waits for the output as a stream of events. With limits: [`Wait::watch`].
    pub fn watch(&self) -> Watch<O> {
        self.wait().watch()
    }
}

/// A wait for a job's output; `.await` it, or [`watch`](Self::watch) it.
///
/// The job is polled when something is likely to have happened: rarely while it is queued, and
/// before the earliest likely end where former jobs of the model are known ([`RunTimes`]), then at
/// even intervals. A failed poll does not end a wait; only the job's end does, a limit, a refusal,
/// or an hour in which every poll fails.
///
/// Dropping a wait leaves the job alone: it keeps running and is paid, unless
/// [`cancel_on_drop`](Self::cancel_on_drop) is set.
#[must_use = "nothing is awaited yet"]
pub struct Wait<O> {
    job: Job<O>,
    options: WaitOptions,
}

impl<O> Wait<O> {
    /// Sets all options at once.
    pub fn options(mut self, options: WaitOptions) -> Self {
        self.options = options;
        self
    }

    /// Sets the maximum duration of the wait; see [`WaitOptions::deadline`].
    pub fn deadline(self, limit: Duration) -> Self {
        self.with(|options| options.deadline(limit))
    }

    /// Sets what happens to the job at the deadline; see [`WaitOptions::at_deadline`].
    pub fn at_deadline(self, what: AtDeadline) -> Self {
        self.with(|options| options.at_deadline(what))
    }

    /// Cancels the job if it is still queued after this time; see
    /// [`WaitOptions::cancel_if_queued_after`].
    pub fn cancel_if_queued_after(self, limit: Duration) -> Self {
        self.with(|options| options.cancel_if_queued_after(limit))
    }

    /// Polls the job at even intervals; see [`WaitOptions::poll_every`].
    pub fn poll_every(self, interval: Duration) -> Self {
        self.with(|options| options.poll_every(interval))
    }

    /// Requests to cancel the job when the wait is dropped before its end; see
    /// [`WaitOptions::cancel_on_drop`].
    pub fn cancel_on_drop(self) -> Self {
        self.with(WaitOptions::cancel_on_drop)
    }

    fn with(mut self, change: impl FnOnce(WaitOptions) -> WaitOptions) -> Self {
        self.options = change(self.options);
        self
    }

    /// Turns the wait into a stream of events.
    pub fn watch(self) -> Watch<O> {
        Watch::new(self.job, self.options, true)
    }
}

impl<O: DeserializeOwned + Send + 'static> IntoFuture for Wait<O> {
    type Output = Result<O, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        let mut watch = Watch::new(self.job, self.options, false);
        Box::pin(poll_fn(move |cx| watch.poll_output(cx)))
    }
}

impl<O> fmt::Debug for Wait<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wait")
            .field("job", &self.job)
            .field("options", &self.options)
            .finish()
    }
}

#[cfg(test)]
#[path = "wait/ending_tests.rs"]
mod ending_tests;
