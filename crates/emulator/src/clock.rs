//! The emulator's clock: tokio's clock plus the time that a test has skipped.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

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
        rfc3339(epoch.saturating_add(at))
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

/// Formats a time since 1970 as UTC with milliseconds.
fn rfc3339(since_1970: Duration) -> String {
    const DAY: u64 = 86_400;
    let seconds = since_1970.as_secs();
    let (year, month, day) = civil(seconds / DAY);
    let (hour, minute, second) = (seconds % DAY / 3600, seconds % 3600 / 60, seconds % 60);
    let millis = since_1970.subsec_millis();
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
}

/// Converts days since 1970-01-01 to year, month and day of the Gregorian calendar.
///
/// Years are taken to begin in March, so that the leap day is a year's last day and every month
/// begins a fixed number of days after the year does.
fn civil(days: u64) -> (u64, u64, u64) {
    const ERA: u64 = 146_097; // days in 400 years
    let days = days + 719_468; // from 0000-03-01 to 1970-01-01
    let (era, of_era) = (days / ERA, days % ERA);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let march_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 {
        march_month + 3
    } else {
        march_month - 9
    };
    (era * 400 + year + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_follow_the_gregorian_calendar() {
        let date = |seconds, millis: u32| rfc3339(Duration::new(seconds, millis * 1_000_000));
        assert_eq!(date(0, 0), "1970-01-01T00:00:00.000Z");
        assert_eq!(date(951_782_400, 5), "2000-02-29T00:00:00.005Z");
        assert_eq!(date(1_709_251_199, 999), "2024-02-29T23:59:59.999Z");
        assert_eq!(date(1_709_251_200, 0), "2024-03-01T00:00:00.000Z");
        assert_eq!(date(4_107_542_399, 0), "2100-02-28T23:59:59.000Z");
        assert_eq!(date(4_107_542_400, 0), "2100-03-01T00:00:00.000Z");
    }

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
    }
}
