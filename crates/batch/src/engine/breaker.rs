//! The circuit breaker of submits.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use runcomfy::RequestId;
use tokio::time::Instant;

use super::verdict::Verdict;

/// Number of failures in a row that open the breaker.
const THRESHOLD: u32 = 5;
const MIN_BACKOFF: Duration = Duration::from_secs(1);
/// Maximum backoff while the service does not answer.
const MAX_BACKOFF: Duration = Duration::from_secs(60);
/// Maximum backoff while the service answers, and submits are in doubt: each costs a doubt.
const MAX_DOUBT_BACKOFF: Duration = Duration::from_secs(900);

/// Pauses the claims of a batch in an outage, so that jobs neither fail nor are put in doubt one after the
/// other.
///
/// A submit that finds the outage still there may be a doubt. So a status is fetched first, which costs
/// nothing, and one job is submitted only after the service has answered that. Its outcome closes the
/// breaker, or opens it for longer.
#[derive(Debug, Default)]
pub(super) struct Breaker(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    failures: u32,
    /// Is `None` while it is closed.
    open: Option<Open>,
    /// A job that the service knows.
    job: Option<RequestId>,
}

#[derive(Debug)]
struct Open {
    /// The backoff that was last waited for.
    backoff: Duration,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Nothing is sent until this time.
    Waiting(Instant),
    /// A status is fetched.
    Probing,
    /// The service has answered; one job is submitted.
    Answers,
}

/// Number of jobs that may be claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Allowance {
    /// Any number.
    All,
    /// One, to see whether submits succeed again.
    One,
    /// None before the service has answered a probe, which is to be begun now.
    Probe,
    /// None for this time; `None`: until a probe ends.
    Not(Option<Duration>),
}

/// Change of the breaker's state that its user notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Opened(Duration),
    Closed,
}

impl Breaker {
    /// Notes the outcome of a submit.
    pub(super) fn record(&self, verdict: &Verdict) -> Option<Change> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Verdict::Accepted(id) = verdict {
            state.job = Some(id.clone());
        }
        if verdict.has_answer() {
            state.failures = 0;
            return state.open.take().map(|_| Change::Closed);
        }
        state.failures = state.failures.saturating_add(1);
        let backoff = match &state.open {
            None if state.failures < THRESHOLD => return None,
            None => MIN_BACKOFF,
            Some(open) if open.phase == Phase::Answers => open.longer(match verdict {
                Verdict::Doubt(_) => MAX_DOUBT_BACKOFF,
                _ => MAX_BACKOFF,
            }),
            // A submit that began before it opened says nothing new.
            Some(_) => return None,
        };
        Some(state.open_for(backoff))
    }

    /// Returns how many jobs may be claimed now. [`Allowance::Probe`] is returned once for each probe.
    pub(super) fn allowance(&self) -> Allowance {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(open) = &mut state.open else {
            return Allowance::All;
        };
        match open.phase {
            Phase::Answers => Allowance::One,
            Phase::Probing => Allowance::Not(None),
            Phase::Waiting(until) => match until.checked_duration_since(Instant::now()) {
                Some(wait) if !wait.is_zero() => Allowance::Not(Some(wait)),
                _ => {
                    open.phase = Phase::Probing;
                    Allowance::Probe
                }
            },
        }
    }

    /// Returns a job that the service knows, where there is one.
    pub(super) fn job(&self) -> Option<RequestId> {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.job.clone()
    }

    /// Notes the end of a probe.
    pub(super) fn probed(&self, has_answer: bool) -> Option<Change> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let open = state.open.as_mut()?;
        if open.phase != Phase::Probing {
            return None;
        }
        if has_answer {
            open.phase = Phase::Answers;
            return None;
        }
        // A backoff that doubts have made longer is not shortened.
        let backoff = open.longer(MAX_BACKOFF).max(open.backoff);
        Some(state.open_for(backoff))
    }
}

impl State {
    fn open_for(&mut self, backoff: Duration) -> Change {
        let phase = Phase::Waiting(Instant::now() + backoff);
        self.open = Some(Open { backoff, phase });
        Change::Opened(backoff)
    }
}

impl Open {
    /// Returns the next backoff.
    fn longer(&self, max: Duration) -> Duration {
        (self.backoff * 2).min(max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doubt() -> Verdict {
        Verdict::Doubt("no response".to_owned())
    }

    fn not_sent() -> Verdict {
        Verdict::Retry {
            reason: "no connection".to_owned(),
            after: Duration::ZERO,
            is_throttled: false,
        }
    }

    fn accepted() -> Verdict {
        Verdict::Accepted("r-1".parse().unwrap())
    }

    /// Returns a breaker that has opened.
    fn open() -> Breaker {
        let breaker = Breaker::default();
        for _ in 1..THRESHOLD {
            assert_eq!(breaker.record(&doubt()), None);
            assert_eq!(breaker.allowance(), Allowance::All);
        }
        assert_eq!(breaker.record(&doubt()), Some(Change::Opened(MIN_BACKOFF)));
        breaker
    }

    /// Waits until something may be sent, and returns the time that has passed.
    async fn wait(breaker: &Breaker) -> Duration {
        let Allowance::Not(Some(wait)) = breaker.allowance() else {
            panic!("{breaker:?}")
        };
        tokio::time::advance(wait).await;
        wait
    }

    #[tokio::test(start_paused = true)]
    async fn outage_pauses_and_one_submit_ends_it() {
        let breaker = open();
        // Late failures of the same outage do not prolong it.
        assert_eq!(breaker.record(&doubt()), None);
        assert_eq!(wait(&breaker).await, MIN_BACKOFF);
        assert_eq!(breaker.allowance(), Allowance::Probe);
        assert_eq!(breaker.allowance(), Allowance::Not(None));
        assert_eq!(breaker.probed(false), Some(Change::Opened(MIN_BACKOFF * 2)));
        assert_eq!(wait(&breaker).await, MIN_BACKOFF * 2);
        assert_eq!(breaker.allowance(), Allowance::Probe);
        assert_eq!(breaker.probed(true), None);
        assert_eq!(breaker.allowance(), Allowance::One);
        assert_eq!(breaker.record(&accepted()), Some(Change::Closed));
        assert_eq!(breaker.allowance(), Allowance::All);
        assert_eq!(breaker.record(&accepted()), None);
        assert_eq!(breaker.job().unwrap().as_str(), "r-1");
        // A failure long after it counts from one again.
        assert_eq!(breaker.record(&doubt()), None);
    }

    /// Plays an outage of eight hours, in which probes are answered or not; returns the number of submits
    /// and of probes.
    async fn outage(answers: bool, failure: fn() -> Verdict) -> (u32, u32) {
        let breaker = open();
        let (end, mut submits, mut probes) = (Instant::now() + Duration::from_secs(8 * 3600), 0, 0);
        while Instant::now() < end {
            match breaker.allowance() {
                Allowance::Not(Some(wait)) => {
                    assert!(wait <= MAX_DOUBT_BACKOFF);
                    tokio::time::advance(wait).await;
                }
                Allowance::Probe => {
                    probes += 1;
                    breaker.probed(answers);
                }
                Allowance::One => {
                    submits += 1;
                    breaker.record(&failure());
                }
                other => panic!("{other:?}"),
            }
        }
        (submits, probes)
    }

    #[tokio::test(start_paused = true)]
    async fn outage_of_hours_makes_few_doubts() {
        // Nothing answers: no submit is made at all.
        let (submits, probes) = outage(false, doubt).await;
        assert_eq!(submits, 0);
        assert!((480..=490).contains(&probes), "{probes}");
        // Only submits fail: the backoff grows to a quarter of an hour.
        let (submits, _) = outage(true, doubt).await;
        assert!((32..=43).contains(&submits), "{submits}");
        // A submit that is certainly not sent costs nothing, and is repeated each minute.
        let (submits, _) = outage(true, not_sent).await;
        assert!((480..=490).contains(&submits), "{submits}");
    }
}
