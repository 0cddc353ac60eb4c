//! Whether the service can be reached at all.

use std::time::Duration;

use tokio::time::Instant;

use super::unreachable::Silence;
use crate::http::retry::pause;

/// The looks of all jobs together. When so many fail in a row the service is out, and one look at a
/// time asks whether it is back: for a thousand waiting jobs as for one.
#[derive(Debug, Default)]
pub(super) struct CircuitBreaker {
    failures: u32,
    next: Option<Instant>,
    silence: Silence,
}

/// So many failures are no longer those of single jobs.
const FAILURES: u32 = 5;
/// The service is back for at most this time before it is noticed, jitter and the length of a
/// request aside.
const MAX_BACKOFF: Duration = Duration::from_secs(10);

impl CircuitBreaker {
    pub(super) fn succeeded(&mut self) {
        *self = Self::default();
    }

    /// `asked` is when the service wants to be asked again, where it has said so.
    pub(super) fn failed(&mut self, now: Instant, asked: Option<Duration>) {
        self.failures = self.failures.saturating_add(1);
        self.silence.failed(now);
        if let Some(since) = self.failures.checked_sub(FAILURES) {
            let pause = asked.unwrap_or_else(|| pause(since + 1).min(MAX_BACKOFF));
            self.next = Some(now + pause);
        }
    }

    /// Whether the service has told nothing of any job for longer than a caller would sit through.
    pub(super) fn is_too_long(&self) -> bool {
        self.silence.is_too_long()
    }

    /// The time of the next look of all, in an outage.
    pub(super) fn next(&self) -> Option<Instant> {
        self.next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn begins_after_failures_in_a_row_and_ends_with_one_success() {
        let now = Instant::now();
        let mut outage = CircuitBreaker::default();
        for _ in 0..100 {
            (0..4).for_each(|_| outage.failed(now, None));
            outage.succeeded();
        }
        (0..4).for_each(|_| outage.failed(now, None));
        assert_eq!(outage.next(), None);
        for _ in 0..100 {
            outage.failed(now, None);
            let next = outage.next().unwrap();
            assert!(next >= now && next - now <= MAX_BACKOFF);
        }
        outage.failed(now, Some(Duration::from_secs(40)));
        assert_eq!(outage.next(), Some(now + Duration::from_secs(40)));
        outage.succeeded();
        assert_eq!(outage.next(), None);
    }
}
