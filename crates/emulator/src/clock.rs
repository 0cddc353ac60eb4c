//! The emulator's clock: tokio's clock plus the time that a test has skipped.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use humantime::format_rfc3339_millis;
use tokio::time::Instant;

/// A point in time, counted from the emulator's start.
pub(crate) type Moment = Duration;

/// Measures time. tokio's clock, paused or not, moves it, and so does [`advance`](Self::advance).
/// The wall clock is read once at the start, for the dates in responses.
pub(crate) struct Clock(Mutex<Reading>);

/// Holds what the time is counted from.
#[derive(Clone, Copy)]
struct Reading {
    started: Instant,
    skipped: Duration,
    epoch: SystemTime,
}

impl Clock {
    /// Starts a clock at zero; `epoch` is the date of the zero.
    pub(crate) fn new(epoch: SystemTime) -> Self {
        Self(Mutex::new(Reading::start(epoch)))
    }

    /// Sets the clock to zero again; `epoch` is the date of the zero.
    pub(crate) fn reset(&self, epoch: SystemTime) {
        *self.reading() = Reading::start(epoch);
    }

    pub(crate) fn now(&self) -> Moment {
        let reading = *self.reading();
        reading.started.elapsed().saturating_add(reading.skipped)
    }

    pub(crate) fn advance(&self, by: Duration) {
        let mut reading = self.reading();
        reading.skipped = reading.skipped.saturating_add(by);
    }

    /// Formats a moment as a date in RFC 3339.
    pub(crate) fn date(&self, at: Moment) -> String {
        // An epoch before 1970 counts as 1970, and a date beyond the range saturates.
        let epoch = self.reading().epoch;
        let epoch = epoch.duration_since(UNIX_EPOCH).unwrap_or_default();
        let date = epoch.saturating_add(at).min(MAX_DATE);
        format_rfc3339_millis(UNIX_EPOCH + date).to_string()
    }

    fn reading(&self) -> MutexGuard<'_, Reading> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reading {
    fn start(epoch: SystemTime) -> Self {
        Self {
            started: Instant::now(),
            skipped: Duration::ZERO,
            epoch,
        }
    }
}

/// The last time that RFC 3339 can write, since 1970: the end of the year 9999.
const MAX_DATE: Duration = Duration::from_secs(253_402_300_799);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn clock_moves_with_tokio_and_by_advance() {
        let clock = Clock::new(UNIX_EPOCH);
        assert_eq!(clock.now(), Duration::ZERO);
        tokio::time::sleep(Duration::from_secs(5)).await;
        clock.advance(Duration::from_secs(3600));
        assert_eq!(clock.now(), Duration::from_secs(3605));
        assert_eq!(clock.date(clock.now()), "1970-01-01T01:00:05.000Z");
        clock.advance(Duration::MAX);
        assert_eq!(clock.now(), Duration::MAX);
        assert_eq!(clock.date(clock.now()), "9999-12-31T23:59:59.000Z");
    }
}
