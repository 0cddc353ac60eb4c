//! The rate at which jobs end, and the time that is left.

use std::collections::VecDeque;
use std::time::Duration;

use runcomfy_batch::Counts;

/// Time over which the rate is measured.
pub(super) const WINDOW: Duration = Duration::from_secs(60);
/// Time after which there is a rate.
const LEAST: Duration = Duration::from_secs(2);

/// Counts of ended jobs over the last minute.
#[derive(Debug, Default)]
pub(super) struct Throughput {
    /// Time since the start, and the number of jobs that had ended.
    samples: VecDeque<(Duration, u64)>,
    unended: u64,
}

impl Throughput {
    /// Adds the counts at a time since the start.
    pub(super) fn add(&mut self, at: Duration, counts: &Counts) {
        self.unended = counts.ready + counts.intent + counts.submitted;
        self.samples.push_back((at, counts.total() - self.unended));
        // The newest sample that is old enough stays, so that the window is whole.
        while self
            .samples
            .get(1)
            .is_some_and(|(then, _)| *then + WINDOW <= at)
        {
            self.samples.pop_front();
        }
    }

    /// Returns the number of jobs that end in a second; `None` before there is one.
    pub(super) fn rate(&self) -> Option<f64> {
        let ((first, before), (last, now)) = (self.samples.front()?, self.samples.back()?);
        let time = last.saturating_sub(*first);
        let ended = now.saturating_sub(*before);
        (time >= LEAST && ended > 0).then(|| ended as f64 / time.as_secs_f64())
    }

    /// Returns the time until all jobs have ended, at this rate.
    pub(super) fn left(&self) -> Option<Duration> {
        let seconds = self.unended as f64 / self.rate()?;
        (self.unended > 0).then(|| Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(saved: u64, ready: u64) -> Counts {
        let mut counts = Counts::default();
        (counts.saved, counts.ready) = (saved, ready);
        counts
    }

    #[test]
    fn rate_is_that_of_the_last_minute() {
        let mut throughput = Throughput::default();
        let seconds = Duration::from_secs;
        // A batch that is resumed has many ended jobs at once.
        throughput.add(seconds(0), &counts(500, 400));
        assert_eq!((throughput.rate(), throughput.left()), (None, None));
        throughput.add(seconds(10), &counts(520, 380));
        assert_eq!(throughput.rate(), Some(2.0));
        assert_eq!(throughput.left(), Some(seconds(190)));
        for second in 11..=100 {
            throughput.add(seconds(second), &counts(520 + (second - 10) * 4, 20));
        }
        assert_eq!(throughput.rate(), Some(4.0));
        assert_eq!(throughput.left(), Some(seconds(5)));
        for second in 101..=200 {
            throughput.add(seconds(second), &counts(880, 20));
        }
        assert_eq!((throughput.rate(), throughput.left()), (None, None));
    }
}
