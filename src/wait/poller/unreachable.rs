//! Measures how long the service has been unreachable.

use std::time::Duration;

use tokio::time::Instant;

/// The time over which all polls have failed, without one readable response in between.
#[derive(Debug, Default)]
pub(super) struct Unreachable {
    last_failure: Option<Instant>,
    duration: Duration,
}

/// A wait ends when the service was unreachable for this long: no caller means to wait longer.
pub(super) const MAX_UNREACHABLE: Duration = Duration::from_secs(3600);

/// Maximum time between two failures that counts whole. A longer gap is a backoff that the service
/// has asked for; a request that fails by itself takes far less.
const MAX_GAP: Duration = Duration::from_secs(300);

impl Unreachable {
    pub(super) fn failed(&mut self, now: Instant) {
        let gap = self.last_failure.map_or(Duration::ZERO, |last| now - last);
        self.duration += gap.min(MAX_GAP);
        self.last_failure = Some(now);
    }

    pub(super) fn is_too_long(&self) -> bool {
        self.duration >= MAX_UNREACHABLE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_gaps_between_failures_count_in_part() {
        let start = Instant::now();
        let mut unreachable = Unreachable::default();
        for minutes in 0..60 {
            unreachable.failed(start + Duration::from_secs(60 * minutes));
            assert!(!unreachable.is_too_long());
        }
        unreachable.failed(start + MAX_UNREACHABLE);
        assert!(unreachable.is_too_long());

        let mut with_gaps = Unreachable::default();
        for hours in 0..12 {
            with_gaps.failed(start + Duration::from_secs(3600 * hours));
            assert!(!with_gaps.is_too_long());
        }
        with_gaps.failed(start + Duration::from_secs(3600 * 12));
        assert!(with_gaps.is_too_long());
    }
}
