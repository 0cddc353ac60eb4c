//! Waiting for a job.

pub(crate) mod event;
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
use crate::wait::watch::Watch;

#[cfg(doc)]
use crate::client::ClientBuilder;
#[cfg(doc)]
use crate::error::ErrorKind;
#[cfg(doc)]
use crate::wait::event::Event;

/// How to wait for a job: its limits, and what happens at them. All times are counted from the
/// start of the wait.
///
/// Two more limits are the client's: [`ClientBuilder::connect_timeout`] and
/// [`ClientBuilder::request_timeout`], for each single request. They never end a wait: a request
/// that fails is made again.
#[derive(Clone, Debug, Default)]
pub struct WaitOptions {
    pub(crate) deadline: Option<Duration>,
    pub(crate) at_deadline: AtDeadline,
    pub(crate) cancel_if_queued_after: Option<Duration>,
    pub(crate) poll_every: Option<Duration>,
    pub(crate) cancel_on_drop: bool,
}

/// What becomes of a job that is not finished at the deadline of its wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum AtDeadline {
    /// It goes on, and is paid.
    #[default]
    LeaveRunning,
    /// It is cancelled if it is still queued. If it runs already it goes on.
    CancelIfQueued,
}

/// A service that is asked more often than this is only disturbed.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(100);
/// Longer, and a clock could not tell some day; nobody means it.
const MAX_REQUEST_INTERVAL: Duration = Duration::from_secs(24 * 3600);

impl WaitOptions {
    /// No limits.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How long to wait at the most. At its end the wait ends with an error of kind
    /// [`ErrorKind::Deadline`], which names the job and its last status.
    #[must_use]
    pub fn deadline(mut self, limit: Duration) -> Self {
        self.deadline = Some(limit);
        self
    }

    /// What becomes of the job at the deadline; it is left running unless set. To cancel it may
    /// take up to ten seconds beyond; where it is cancelled the error is of kind
    /// [`ErrorKind::JobCancelled`].
    #[must_use]
    pub fn at_deadline(mut self, what: AtDeadline) -> Self {
        self.at_deadline = what;
        self
    }

    /// Cancels the job if it is still queued after this time; the wait then ends with an error of
    /// kind [`ErrorKind::JobCancelled`]. A job that runs by then is waited for, and
    /// [`Event::NotCancellable`] says so where the service had to be asked.
    #[must_use]
    pub fn cancel_if_queued_after(mut self, limit: Duration) -> Self {
        self.cancel_if_queued_after = Some(limit);
        self
    }

    /// Looks at the job at even distances, a tenth of a second at least and a day at the most,
    /// instead of when there is likely to be news.
    #[must_use]
    pub fn poll_every(mut self, interval: Duration) -> Self {
        self.poll_every = Some(interval.clamp(SHORTEST_INTERVAL, MAX_REQUEST_INTERVAL));
        self
    }

    /// Asks the service to cancel the job when the wait is dropped before its end; only a queued
    /// job can be cancelled. A task of its own sends the request, a few times where it meets
    /// trouble, and nobody waits for the answer: it needs a tokio runtime that goes on for a
    /// moment, the one in which the wait is dropped, or else was last polled.
    ///
    /// It holds for a future or a [`Watch`] that is dropped before it was polled, too, though not
    /// for a [`Wait`] that became neither.
    #[must_use]
    pub fn cancel_on_drop(mut self) -> Self {
        self.cancel_on_drop = true;
        self
    }
}

/// A wait for a job's output; `.await` it, or [`watch`](Self::watch) it.
///
/// The client looks at the job when there is likely to be news: rarely while it is queued, and
/// before the earliest likely end where it has seen former jobs of the model
/// ([`RunTimes`](crate::wait::run_times::RunTimes)), then in even steps. Network trouble does not end a wait, however
/// long; only the job's end does, a limit, a refusal, or an hour in which every look fails.
///
/// Dropping a wait leaves the job alone: it runs on and is paid, unless
/// [`cancel_on_drop`](Self::cancel_on_drop) is set.
#[must_use = "nothing is awaited yet"]
pub struct Wait<O> {
    job: Job<O>,
    options: WaitOptions,
}

impl<O> Wait<O> {
    pub(crate) fn new(job: Job<O>) -> Self {
        Self {
            job,
            options: WaitOptions::default(),
        }
    }

    /// Takes all options at once.
    pub fn options(mut self, options: WaitOptions) -> Self {
        self.options = options;
        self
    }

    /// As [`WaitOptions::deadline`].
    pub fn deadline(self, limit: Duration) -> Self {
        self.with(|options| options.deadline(limit))
    }

    /// As [`WaitOptions::at_deadline`].
    pub fn at_deadline(self, what: AtDeadline) -> Self {
        self.with(|options| options.at_deadline(what))
    }

    /// As [`WaitOptions::cancel_if_queued_after`].
    pub fn cancel_if_queued_after(self, limit: Duration) -> Self {
        self.with(|options| options.cancel_if_queued_after(limit))
    }

    /// As [`WaitOptions::poll_every`].
    pub fn poll_every(self, interval: Duration) -> Self {
        self.with(|options| options.poll_every(interval))
    }

    /// As [`WaitOptions::cancel_on_drop`].
    pub fn cancel_on_drop(self) -> Self {
        self.with(WaitOptions::cancel_on_drop)
    }

    fn with(mut self, change: impl FnOnce(WaitOptions) -> WaitOptions) -> Self {
        self.options = change(self.options);
        self
    }

    /// The same wait as a stream of what happens to the job.
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
