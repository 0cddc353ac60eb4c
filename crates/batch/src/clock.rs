//! The clock of a store.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use crate::timestamp::Timestamp;

/// The clock of a store: the system's, or one that a test moves.
#[derive(Clone, Debug, Default)]
pub struct Clock(Source);

#[derive(Clone, Debug, Default)]
enum Source {
    #[default]
    System,
    Manual(Arc<AtomicU64>),
}

impl Clock {
    /// Returns the system's clock.
    #[must_use]
    pub fn system() -> Self {
        Self::default()
    }

    /// Creates a clock that stands still until it is [moved](Self::set). Its clones move with it.
    #[must_use]
    pub fn manual(start: Timestamp) -> Self {
        Self(Source::Manual(Arc::new(AtomicU64::new(start.micros()))))
    }

    /// Returns the time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Source::System => Timestamp::from_system_time(SystemTime::now()),
            Source::Manual(time) => Timestamp::from_micros(time.load(Ordering::SeqCst)),
        }
    }

    /// Returns the time of a manual clock.
    #[cfg(feature = "postgres")]
    pub(crate) fn manual_now(&self) -> Option<Timestamp> {
        matches!(self.0, Source::Manual(_)).then(|| self.now())
    }

    /// Moves a manual clock forward; without effect on the system's.
    pub fn advance(&self, time: Duration) {
        self.set(self.now().after(time));
    }

    /// Sets a manual clock, also back; without effect on the system's.
    pub fn set(&self, now: Timestamp) {
        if let Source::Manual(time) = &self.0 {
            time.store(now.micros(), Ordering::SeqCst);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_of_a_manual_clock_move_together() {
        let clock = Clock::manual(Timestamp::from_micros(5));
        let other = clock.clone();
        clock.advance(Duration::from_micros(2));
        assert_eq!(other.now().micros(), 7);
        other.set(Timestamp::from_micros(1));
        assert_eq!(clock.now().micros(), 1);
    }
}
