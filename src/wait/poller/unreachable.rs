//! How long the service has told nothing.

use std::time::Duration;

use tokio::time::Instant;

/// The time over which looks have failed, without one readable answer in between.
#[derive(Debug, Default)]
pub(super) struct Silence {
    last: Option<Instant>,
    length: Duration,
}

/// Silence of this length is more than a caller would sit through unasked.
pub(super) const LONGEST: Duration = Duration::from_secs(3600);

/// What is longer between two failures is quiet of our own, as the service has asked for it; only
/// so much of it counts. A request that fails in its own time is well below.
const LONGEST_GAP: Duration = Duration::from_secs(300);

impl Silence {
    pub(super) fn failed(&mut self, now: Instant) {
        let gap = self.last.map_or(Duration::ZERO, |last| now - last);
        self.length += gap.min(LONGEST_GAP);
        self.last = Some(now);
    }

    pub(super) fn is_too_long(&self) -> bool {
        self.length >= LONGEST
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_from_the_first_failure_and_leaves_long_quiet_out() {
        let start = Instant::now();
        let mut silence = Silence::default();
        for minutes in 0..60 {
            silence.failed(start + Duration::from_secs(60 * minutes));
            assert!(!silence.is_too_long());
        }
        silence.failed(start + LONGEST);
        assert!(silence.is_too_long());

        let mut asked_for = Silence::default();
        for hours in 0..12 {
            asked_for.failed(start + Duration::from_secs(3600 * hours));
            assert!(!asked_for.is_too_long());
        }
        asked_for.failed(start + Duration::from_secs(3600 * 12));
        assert!(asked_for.is_too_long());
    }
}
