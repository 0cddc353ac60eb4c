//! Points in time.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use humantime::format_rfc3339_millis;
use serde::{Serialize, Serializer};

/// A point in time, in microseconds since 1970. serde and `Display` write it as RFC 3339 in UTC.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

/// Microseconds of a duration; one that is too long counts as the longest.
fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

impl Timestamp {
    /// Converts microseconds since 1970.
    #[must_use]
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// Returns the microseconds since 1970.
    #[must_use]
    pub const fn micros(self) -> u64 {
        self.0
    }

    /// Converts a time of the system; one before 1970 counts as 1970.
    #[must_use]
    pub fn from_system_time(time: SystemTime) -> Self {
        Self(micros(time.duration_since(UNIX_EPOCH).unwrap_or_default()))
    }

    /// Returns the time that has passed since `earlier`; none where `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }

    pub(crate) fn after(self, delay: Duration) -> Self {
        Self(self.0.saturating_add(micros(delay)))
    }
}

/// The last time that RFC 3339 can write, in seconds since 1970: the end of the year 9999.
const MAX_SECONDS: u64 = 253_402_300_799;

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = self.0.min(MAX_SECONDS * 1_000_000);
        let time = UNIX_EPOCH + Duration::from_micros(micros);
        f.pad(&format_rfc3339_millis(time).to_string())
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_are_printed_as_rfc_3339() {
        let print = |seconds: u64| Timestamp::from_micros(seconds * 1_000_000 + 5_999).to_string();
        assert_eq!(print(0), "1970-01-01T00:00:00.005Z");
        assert_eq!(print(951_782_400), "2000-02-29T00:00:00.005Z");
        assert_eq!(print(1_709_251_199), "2024-02-29T23:59:59.005Z");
        assert_eq!(print(4_107_542_400), "2100-03-01T00:00:00.005Z");
        let last = Timestamp::from_micros(u64::MAX).to_string();
        assert_eq!(last, "9999-12-31T23:59:59.000Z");
    }

    #[test]
    fn time_before_1970_and_far_away_saturates() {
        let early = UNIX_EPOCH - Duration::from_secs(1);
        assert_eq!(Timestamp::from_system_time(early), Timestamp::default());
        let last = Timestamp::from_micros(u64::MAX);
        assert_eq!(Timestamp::default().after(Duration::MAX), last);
        assert_eq!(Timestamp::default().since(last), Duration::ZERO);
    }
}
