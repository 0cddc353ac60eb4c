//! What is waited for, and until when.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::{AtDeadline, Job, RequestId, WaitOptions};

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

    pub(super) fn interval(&self) -> Option<Duration> {
        self.limits.as_ref()?.interval
    }
}

impl Limits {
    fn are_set(&self) -> bool {
        self.deadline.is_some() || self.cancel_queued_after.is_some() || self.interval.is_some()
    }
}
