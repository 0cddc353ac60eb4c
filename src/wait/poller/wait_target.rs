//! The job that a wait is for, and the limits of the wait.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::Instant;

use crate::job::request_id::RequestId;
use crate::wait::options::{AtDeadline, WaitOptions};

/// A wait's job and limits. There may be ten thousand, so limits, which few have, are boxed.
#[derive(Clone, Debug)]
pub(crate) struct WaitTarget {
    pub(crate) id: RequestId,
    pub(super) model: Option<Arc<str>>,
    /// Time at which this client submitted the job, if it did.
    pub(super) submitted: Option<Instant>,
    limits: Option<Box<Limits>>,
}

/// Points in time, each with the duration that the caller has given.
#[derive(Clone, Debug)]
struct Limits {
    deadline: Option<(Duration, Instant)>,
    at_deadline: AtDeadline,
    cancel_queued_after: Option<(Duration, Instant)>,
    interval: Option<Duration>,
    /// The runtime that cancels the job when the wait is dropped, where that is wanted.
    cancel_on_drop: Option<Handle>,
}

impl WaitTarget {
    /// Creates a target of which nothing is known but the id, with limits counted from `now`.
    pub(crate) fn new(id: RequestId, options: &WaitOptions, now: Instant) -> Self {
        // A limit beyond what a clock can represent is none.
        let from_now = |limit: Option<Duration>| {
            limit.and_then(|limit| Some((limit, now.checked_add(limit)?)))
        };
        let limits = Limits {
            deadline: from_now(options.deadline),
            at_deadline: options.at_deadline,
            cancel_queued_after: from_now(options.cancel_if_queued_after),
            interval: options.poll_every,
            cancel_on_drop: Handle::try_current()
                .ok()
                .filter(|_| options.cancel_on_drop),
        };
        Self {
            id,
            model: None,
            submitted: None,
            limits: limits.are_set().then(|| Box::new(limits)),
        }
    }

    /// Adds the model of the job, where it is known.
    pub(crate) fn of_model(mut self, model: Option<&Arc<str>>) -> Self {
        self.model = model.cloned();
        self
    }

    /// Adds when the job was submitted, where this client did so.
    pub(crate) fn submitted_at(mut self, at: Option<Instant>) -> Self {
        self.submitted = at;
        self
    }

    pub(super) fn deadline(&self) -> Option<(Duration, Instant)> {
        self.limits.as_ref()?.deadline
    }

    pub(super) fn at_deadline(&self) -> AtDeadline {
        let limits = self.limits.as_ref();
        limits.map_or_else(AtDeadline::default, |limits| limits.at_deadline)
    }

    pub(super) fn cancel_queued_after(&self) -> Option<(Duration, Instant)> {
        self.limits.as_ref()?.cancel_queued_after
    }

    /// Returns the same target for the current runtime, which takes the wait over.
    pub(crate) fn in_this_runtime(mut self) -> Self {
        if let (Some(limits), Ok(runtime)) = (&mut self.limits, Handle::try_current())
            && let Some(cancel_on_drop) = &mut limits.cancel_on_drop
        {
            *cancel_on_drop = runtime;
        }
        self
    }

    /// Returns the runtime that cancels the job when the wait is dropped before its end.
    pub(crate) fn cancel_on_drop(&self) -> Option<&Handle> {
        self.limits.as_ref()?.cancel_on_drop.as_ref()
    }

    pub(super) fn interval(&self) -> Option<Duration> {
        self.limits.as_ref()?.interval
    }
}

impl Limits {
    fn are_set(&self) -> bool {
        self.deadline.is_some()
            || self.cancel_queued_after.is_some()
            || self.interval.is_some()
            || self.cancel_on_drop.is_some()
    }
}
