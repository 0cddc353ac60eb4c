//! When to ask again.

use std::time::Duration;

/// The intervals between polls: they grow, so that a long job costs few calls, and are jittered,
/// so that jobs submitted together are not polled together.
#[derive(Clone, Debug)]
pub(crate) struct Pace {
    interval: Duration,
}

impl Pace {
    /// Quick enough for a job of a second.
    const FIRST: Duration = Duration::from_millis(500);
    /// No job is noticed later than this, jitter aside.
    const LONGEST: Duration = Duration::from_secs(10);
    const GROWTH: f64 = 1.4;
    /// The share of the interval by which it may be longer or shorter.
    const JITTER: f64 = 0.2;

    pub(crate) fn new() -> Self {
        Self {
            interval: Self::FIRST,
        }
    }

    /// The time until the next poll; `random` lies in 0..1.
    pub(crate) fn next(&mut self, random: f64) -> Duration {
        let now = self.interval;
        self.interval = now.mul_f64(Self::GROWTH).min(Self::LONGEST);
        now.mul_f64(1.0 + Self::JITTER * (2.0 * random - 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_to_its_limit_and_stays_within_the_jitter() {
        let mut pace = Pace::new();
        let plain: Vec<u128> = (0..12).map(|_| pace.next(0.5).as_millis()).collect();
        assert_eq!(plain[..4], [500, 700, 980, 1372]);
        assert_eq!(plain[11], 10_000);
        assert_eq!(Pace::new().next(0.0).as_millis(), 400);
        assert_eq!(Pace::new().next(1.0).as_millis(), 600);
    }
}
