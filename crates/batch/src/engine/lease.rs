//! The lease of an incarnation, as its own process knows it.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::watch;
use tokio::time::Instant;

/// Tells whether the incarnation of this process may still send. The store is what decides on its life;
/// this is the last look before a submit, so that a process that was paused for longer than its lease sends
/// nothing more.
#[derive(Debug)]
pub(super) struct Lease {
    /// `None` for an incarnation that lives as long as its process.
    length: Option<Duration>,
    renewed: Mutex<Moment>,
    has_ended: watch::Sender<bool>,
}

/// A moment on both clocks: the steady one stands still while a machine sleeps, and the other one jumps.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    steady: Instant,
    wall: SystemTime,
}

impl Moment {
    pub(super) fn now() -> Self {
        Self {
            steady: Instant::now(),
            wall: SystemTime::now(),
        }
    }

    /// Returns the time that has passed since, by the clock that says more.
    fn since(self, earlier: Self) -> Duration {
        let wall = self.wall.duration_since(earlier.wall).unwrap_or_default();
        wall.max(self.steady.saturating_duration_since(earlier.steady))
    }
}

impl Lease {
    /// Creates the lease of an incarnation, from the moment at which it began to register.
    pub(super) fn new(length: Option<Duration>, begun: Moment) -> Self {
        Self {
            length,
            renewed: Mutex::new(begun),
            has_ended: watch::Sender::new(false),
        }
    }

    /// Notes that the store has renewed it by a beat that was begun at this moment.
    pub(super) fn renew(&self, begun: Moment) {
        *self.renewed.lock().unwrap_or_else(PoisonError::into_inner) = begun;
    }

    /// Returns `true` if a submit may begin: the incarnation has not ended, and a quarter of its lease is
    /// left.
    pub(super) fn may_send(&self, now: Moment) -> bool {
        let renewed = *self.renewed.lock().unwrap_or_else(PoisonError::into_inner);
        let is_fresh = |length: Duration| now.since(renewed) < length / 4 * 3;
        !*self.has_ended.borrow() && self.length.is_none_or(is_fresh)
    }

    /// Ends it: the store has said that the incarnation has ended.
    pub(super) fn end(&self) {
        self.has_ended.send_replace(true);
    }

    /// Waits until it has ended.
    pub(super) async fn ended(&self) {
        // The sender lives as long as `self`.
        let _ = self.has_ended.subscribe().wait_for(|ended| *ended).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LENGTH: Duration = Duration::from_secs(40);

    /// Returns the moment at which both clocks have gone so far, the wall clock perhaps back.
    fn at(begun: Moment, steady: u64, wall: i64) -> Moment {
        let distance = Duration::from_secs(wall.unsigned_abs());
        Moment {
            steady: begun.steady + Duration::from_secs(steady),
            wall: if wall < 0 {
                begun.wall - distance
            } else {
                begun.wall + distance
            },
        }
    }

    #[test]
    fn nothing_is_sent_behind_a_lease_by_either_clock() {
        const DAY: i64 = 86_400;
        let begun = Moment::now();
        let lease = Lease::new(Some(LENGTH), begun);
        for (steady, wall, may_send) in [
            (0, 0, true),
            (29, 29, true),
            (30, 30, false),
            // The clock was set back, or the machine has slept.
            (29, -3600, true),
            (30, -3600, false),
            (0, 30, false),
            (1, DAY, false),
        ] {
            let now = at(begun, steady, wall);
            assert_eq!(lease.may_send(now), may_send, "{steady} {wall}");
        }
        lease.renew(at(begun, 1, DAY));
        assert!(lease.may_send(at(begun, 2, DAY + 1)));
        lease.end();
        assert!(!lease.may_send(begun));
    }

    #[test]
    fn process_without_a_lease_sends_until_it_ends() {
        let begun = Moment::now();
        let lease = Lease::new(None, begun);
        assert!(lease.may_send(at(begun, 1_000_000, 1_000_000)));
        lease.end();
        assert!(!lease.may_send(begun));
    }
}
