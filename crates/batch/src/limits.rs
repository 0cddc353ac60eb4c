//! Limits of a batch.

use std::fmt;
use std::time::Duration;

use crate::money::Money;
use crate::timestamp::Timestamp;

/// Limits of a batch. They belong to the store, so that a restart refills nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Maximum of what is spent, reserved and in doubt together; `None`: no limit.
    pub budget: Option<Money>,
    /// Maximum rate of claims; `None`: no limit.
    pub rate: Option<Rate>,
}

impl Limits {
    /// Returns limits that limit nothing.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Sets the budget.
    #[must_use]
    pub fn budget(mut self, budget: Money) -> Self {
        self.budget = Some(budget);
        self
    }

    /// Sets the rate of claims.
    #[must_use]
    pub fn rate(mut self, rate: Rate) -> Self {
        self.rate = Some(rate);
        self
    }
}

/// Rate at which jobs are claimed, and so submitted, by all incarnations together.
///
/// It is kept by the generic cell rate algorithm (GCRA): one claim each `gap` on average, at most
/// `burst` at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    gap: Duration,
    burst: u32,
}

/// The longest gap and delay: an hour. What a store says to be further away, it says by a clock that
/// has jumped.
pub(crate) const MAX_DELAY: Duration = Duration::from_secs(3600);

impl Rate {
    /// Creates a rate of `claims` per `time`. At least one a time, and at most one each microsecond and
    /// one an hour.
    ///
    /// Up to a tenth of a second's claims are made at once, so that a program which claims some times a
    /// second reaches the rate.
    #[must_use]
    pub fn new(claims: u32, time: Duration) -> Self {
        let gap = (time / claims.max(1)).clamp(Duration::from_micros(1), MAX_DELAY);
        let burst = Duration::from_millis(100).as_micros() / gap.as_micros();
        Self {
            gap: Duration::from_micros(u64::try_from(gap.as_micros()).unwrap_or(u64::MAX)),
            burst: u32::try_from(burst).unwrap_or(u32::MAX).max(1),
        }
    }

    /// Sets how many claims are made at once after a while without any; at least 1.
    #[must_use]
    pub fn burst(mut self, burst: u32) -> Self {
        self.burst = burst.max(1);
        self
    }

    #[cfg(any(feature = "sqlite", feature = "postgres"))]
    pub(crate) fn from_parts(gap: Duration, burst: u32) -> Self {
        Self {
            gap: gap.clamp(Duration::from_micros(1), MAX_DELAY),
            burst: burst.max(1),
        }
    }

    /// Returns gap and burst.
    #[cfg(any(feature = "sqlite", feature = "postgres", test))]
    pub(crate) fn parts(self) -> (Duration, u32) {
        (self.gap, self.burst)
    }

    /// Returns how many slots are free now; `tat` is the theoretical arrival time of the next claim.
    pub(crate) fn slots(self, tat: Timestamp, now: Timestamp) -> usize {
        let wait = self.base(tat, now).since(now);
        let tolerance = self.gap.saturating_mul(self.burst - 1);
        let Some(free) = tolerance.checked_sub(wait) else {
            return 0;
        };
        let slots = free.as_micros() / self.gap.as_micros() + 1;
        usize::try_from(slots).unwrap_or(usize::MAX)
    }

    /// Returns the theoretical arrival time after `taken` slots were taken.
    pub(crate) fn take(self, tat: Timestamp, now: Timestamp, taken: usize) -> Timestamp {
        let taken = u32::try_from(taken).unwrap_or(u32::MAX);
        self.base(tat, now).after(self.gap.saturating_mul(taken))
    }

    /// Returns the time until a slot is free.
    pub(crate) fn wait(self, tat: Timestamp, now: Timestamp) -> Duration {
        let tolerance = self.gap.saturating_mul(self.burst - 1);
        self.base(tat, now).since(now).saturating_sub(tolerance)
    }

    /// Returns the time from which slots are counted. One that is further away than all slots that can be
    /// taken at once was written by a clock that has been set back since, and counts for nothing.
    fn base(self, tat: Timestamp, now: Timestamp) -> Timestamp {
        let last = now.after(self.gap.saturating_mul(self.burst));
        if tat > last { now } else { tat.max(now) }
    }
}

/// Prints claims per second, minute or hour, such as `30/min`; a gap that is none of them as it is.
impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (seconds, unit) in [(1, "s"), (60, "min"), (3600, "h")] {
            let time = Duration::from_secs(seconds);
            let gap = self.gap.as_micros().max(1);
            let claims = (time.as_micros() + gap / 2) / gap;
            let claims = u32::try_from(claims).unwrap_or_default();
            if claims > 0 && Self::new(claims, time).gap == self.gap {
                return f.pad(&format!("{claims}/{unit}"));
            }
        }
        f.pad(&format!("one each {:?}", self.gap))
    }
}

/// Returns `true` if a time for which something is held back has come. One that is further away than
/// any delay has come too: the clock was set back.
pub(crate) fn has_come(time: Timestamp, now: Timestamp) -> bool {
    time <= now || time > now.after(MAX_DELAY)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(micros: u64) -> Timestamp {
        Timestamp::from_micros(micros)
    }

    /// Claims as much as is allowed at each time and returns the counts.
    fn claims(rate: Rate, times: &[u64]) -> Vec<usize> {
        let mut tat = Timestamp::default();
        let claim = times.iter().map(|time| {
            let slots = rate.slots(tat, at(*time));
            tat = rate.take(tat, at(*time), slots);
            slots
        });
        claim.collect()
    }

    #[test]
    fn rate_is_kept_on_average_and_bounds_a_burst() {
        let rate = Rate::new(10, Duration::from_secs(1));
        assert_eq!(
            claims(rate, &[1_000_000, 1_000_001, 1_100_000, 9_000_000]),
            [1, 0, 1, 1]
        );
        let rate = rate.burst(3);
        let times = [
            1_000_000, 1_050_000, 1_100_000, 1_350_000, 1_400_000, 9_000_000,
        ];
        assert_eq!(claims(rate, &times), [3, 0, 1, 2, 1, 3]);
        // A fast one reaches its rate with few calls.
        let fast = Rate::new(1000, Duration::from_secs(1));
        let each_50_ms: Vec<u64> = (1..=20).map(|i| 1_000_000 + i * 50_000).collect();
        let total: usize = claims(fast, &each_50_ms).iter().sum();
        assert_eq!(total, 100 + 19 * 50);
    }

    #[test]
    fn wait_ends_when_a_slot_is_free() {
        let rate = Rate::new(10, Duration::from_secs(1)).burst(2);
        let now = at(5_000_000);
        let tat = rate.take(Timestamp::default(), now, 2);
        let wait = rate.wait(tat, now);
        assert_eq!(wait, Duration::from_millis(100));
        let too_early = Duration::from_micros(99_999);
        assert_eq!(rate.slots(tat, now.after(wait)), 1);
        assert_eq!(rate.slots(tat, now.after(too_early)), 0);
    }

    #[test]
    fn clock_set_back_holds_nothing_for_long() {
        let rate = Rate::new(1, Duration::from_secs(10));
        let tat = rate.take(Timestamp::default(), at(900_000_000), 1);
        assert_eq!(rate.wait(tat, at(895_000_000)), Duration::ZERO);
        assert_eq!(rate.wait(tat, at(900_000_000)), Duration::from_secs(10));
        assert!(has_come(at(2 * 3_600_000_001), at(5)));
        assert!(!has_come(at(6), at(5)));
    }

    #[test]
    fn rate_is_printed_as_it_is_given() {
        for (claims, seconds, text) in [
            (2, 1, "2/s"),
            (7, 1, "7/s"),
            (60, 60, "1/s"),
            (90, 60, "90/min"),
            (100, 3600, "100/h"),
            (2, 7, "one each 3.5s"),
        ] {
            let rate = Rate::new(claims, Duration::from_secs(seconds));
            assert_eq!(rate.to_string(), text);
        }
    }

    #[test]
    fn extreme_rates_are_bounded() {
        assert_eq!(
            Rate::new(0, Duration::ZERO).parts(),
            (Duration::from_micros(1), 100_000)
        );
        assert_eq!(Rate::new(1, Duration::MAX).parts(), (MAX_DELAY, 1));
        let rate = Rate::new(1, Duration::ZERO).burst(u32::MAX);
        assert_eq!(rate.slots(Timestamp::default(), at(1)), u32::MAX as usize);
        assert_eq!(rate.burst(0).parts().1, 1);
    }
}
