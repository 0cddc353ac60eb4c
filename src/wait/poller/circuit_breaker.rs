//! Holds polls back while the service cannot be reached.

use std::time::Duration;

use tokio::time::Instant;

use super::unreachable::Unreachable;
use crate::http::retry_policy::RetryPolicy;

/// A circuit breaker over the polls of all jobs.
///
/// It is closed while polls succeed. After [`FAILURES`] in a row it is open: a single poll at a
/// time probes whether the service is back, for a thousand waiting jobs as for one. The first
/// success closes it.
#[derive(Debug, Default)]
pub(super) struct CircuitBreaker {
    failures: u32,
    /// Time at which the next probe is due; `None` while the breaker is closed.
    next_probe: Option<Instant>,
    unreachable: Unreachable,
}

/// Failures in a row that are too many to be those of single jobs.
const FAILURES: u32 = 5;
/// Maximum backoff between two probes, so that the end of an outage is noticed soon.
const MAX_BACKOFF: Duration = Duration::from_secs(10);

impl CircuitBreaker {
    pub(super) fn succeeded(&mut self) {
        *self = Self::default();
    }

    /// Counts a failed poll. The next probe is due after the time that the service has asked for,
    /// or else after a backoff.
    pub(super) fn failed(
        &mut self,
        now: Instant,
        retry_after: Option<Duration>,
        policy: &RetryPolicy,
    ) {
        self.failures = self.failures.saturating_add(1);
        self.unreachable.failed(now);
        if let Some(probes) = self.failures.checked_sub(FAILURES) {
            let backoff = || policy.backoff(probes + 1).min(MAX_BACKOFF);
            self.next_probe = Some(now + retry_after.unwrap_or_else(backoff));
        }
    }

    /// Returns `true` if the service was unreachable for longer than a wait lasts.
    pub(super) fn is_too_long(&self) -> bool {
        self.unreachable.is_too_long()
    }

    /// Returns when the next probe is due, while the breaker is open.
    pub(super) fn next_probe(&self) -> Option<Instant> {
        self.next_probe
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn breaker_opens_after_failures_in_a_row_only() {
        let now = Instant::now();
        let policy = RetryPolicy::new();
        let mut breaker = CircuitBreaker::default();
        for _ in 0..100 {
            (0..4).for_each(|_| breaker.failed(now, None, &policy));
            breaker.succeeded();
        }
        (0..4).for_each(|_| breaker.failed(now, None, &policy));
        assert_eq!(breaker.next_probe(), None);
        for _ in 0..100 {
            breaker.failed(now, None, &policy);
            let next = breaker.next_probe().unwrap();
            assert!(next >= now && next - now <= MAX_BACKOFF);
        }
        breaker.failed(now, Some(Duration::from_secs(40)), &policy);
        assert_eq!(breaker.next_probe(), Some(now + Duration::from_secs(40)));
        breaker.succeeded();
        assert_eq!(breaker.next_probe(), None);
    }
}
