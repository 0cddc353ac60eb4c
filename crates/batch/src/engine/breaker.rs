//! The circuit breaker of submits.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Number of failures in a row that open the breaker.
const THRESHOLD: u32 = 5;
const MIN_BACKOFF: Duration = Duration::from_secs(1);
const MAX_BACKOFF: Duration = Duration::from_secs(60);

/// Pauses the claims of a batch in an outage, so that jobs neither fail nor are put in doubt one after the
/// other. After a backoff one job is submitted; its outcome closes the breaker or opens it for longer.
#[derive(Debug, Default)]
pub(super) struct Breaker(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    failures: u32,
    /// The time of the next submit, and the backoff that led to it; `None` while it is closed.
    open: Option<(Instant, Duration)>,
}

/// Number of jobs that may be claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Allowance {
    /// Any number.
    All,
    /// One, to see whether the outage is over.
    One,
    /// None for this time.
    Not(Duration),
}

/// Change of the breaker's state that its user notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Opened(Duration),
    Closed,
}

impl Breaker {
    /// Notes the outcome of a submit.
    pub(super) fn record(&self, has_answered: bool) -> Option<Change> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if has_answered {
            state.failures = 0;
            return state.open.take().map(|_| Change::Closed);
        }
        state.failures = state.failures.saturating_add(1);
        let now = Instant::now();
        let backoff = match state.open {
            None if state.failures < THRESHOLD => return None,
            None => MIN_BACKOFF,
            // A submit that began before it opened says nothing new.
            Some((until, _)) if until > now => return None,
            Some((_, last)) => (last * 2).min(MAX_BACKOFF),
        };
        state.open = Some((now + backoff, backoff));
        Some(Change::Opened(backoff))
    }

    /// Returns how many jobs may be claimed now.
    pub(super) fn allowance(&self) -> Allowance {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((until, _)) = state.open else {
            return Allowance::All;
        };
        match until.checked_duration_since(Instant::now()) {
            Some(wait) if !wait.is_zero() => Allowance::Not(wait),
            _ => Allowance::One,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn outage_pauses_and_one_submit_ends_it() {
        let breaker = Breaker::default();
        for _ in 1..THRESHOLD {
            assert_eq!(breaker.record(false), None);
        }
        assert_eq!(breaker.allowance(), Allowance::All);
        assert_eq!(breaker.record(false), Some(Change::Opened(MIN_BACKOFF)));
        assert_eq!(breaker.allowance(), Allowance::Not(MIN_BACKOFF));
        // Late failures of the same outage do not prolong it.
        assert_eq!(breaker.record(false), None);
        tokio::time::advance(MIN_BACKOFF).await;
        assert_eq!(breaker.allowance(), Allowance::One);
        assert_eq!(breaker.record(false), Some(Change::Opened(MIN_BACKOFF * 2)));
        tokio::time::advance(MIN_BACKOFF * 2).await;
        assert_eq!(breaker.record(true), Some(Change::Closed));
        assert_eq!(breaker.allowance(), Allowance::All);
        assert_eq!(breaker.record(true), None);
    }

    #[tokio::test(start_paused = true)]
    async fn backoff_of_an_outage_is_bounded() {
        let breaker = Breaker::default();
        for _ in 0..THRESHOLD + 20 {
            breaker.record(false);
            if let Allowance::Not(wait) = breaker.allowance() {
                assert!(wait <= MAX_BACKOFF);
                tokio::time::advance(wait).await;
            }
        }
        assert_eq!(breaker.allowance(), Allowance::One);
    }
}
