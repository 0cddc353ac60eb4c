//! What is waited for, and until when.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::Instant;

use crate::job::Job;
use crate::job::request_id::RequestId;
use crate::wait::AtDeadline;
use crate::wait::WaitOptions;

/// A wait's job and limits. There may be ten thousand, so limits, which few have, are boxed.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub(crate) id: RequestId,
    pub(super) model: Option<Arc<str>>,
    /// When it was submitted, where this client did so.
    pub(super) submitted: Option<Instant>,
    limits: Option<Box<Limits>>,
}

/// Times with what the caller called them.
#[derive(Clone, Debug)]
struct Limits {
    deadline: Option<(Duration, Instant)>,
    at_deadline: AtDeadline,
    cancel_queued_after: Option<(Duration, Instant)>,
    interval: Option<Duration>,
    /// Where the job is to be cancelled when nobody waits any more: the runtime to do it in.
    cancel_on_drop: Option<Handle>,
}

impl Order {
    /// Limits are counted from `now`.
    pub(crate) fn new<O>(job: &Job<O>, options: &WaitOptions, now: Instant) -> Self {
        // A limit beyond what a clock can tell is none.
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
            id: job.request_id().clone(),
            model: job.model.clone(),
            submitted: job.submitted,
            limits: limits.are_set().then(|| Box::new(limits)),
        }
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

    /// The same, where another runtime goes on with it.
    pub(crate) fn in_this_runtime(mut self) -> Self {
        if let (Some(limits), Ok(runtime)) = (&mut self.limits, Handle::try_current())
            && let Some(place) = &mut limits.cancel_on_drop
        {
            *place = runtime;
        }
        self
    }

    /// The runtime to cancel the job in when the wait is dropped before its end.
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
