//! Counts of a batch.

use crate::money::Money;
use crate::row::Attempt;
use crate::state::{AttemptState, State};

/// Counts of a batch: its jobs by state, and its money.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Number of jobs that can be claimed.
    pub ready: u64,
    /// Number of jobs whose submit may be in flight.
    pub intent: u64,
    /// Number of jobs that the service has accepted.
    pub submitted: u64,
    /// Number of jobs whose outputs are saved.
    pub saved: u64,
    /// Number of jobs that have failed.
    pub failed: u64,
    /// Number of jobs that were cancelled.
    pub cancelled: u64,
    /// Number of jobs in doubt.
    pub in_doubt: u64,
    /// Number of attempts in doubt: more than the jobs in doubt where some were submitted again.
    pub doubts: u64,
    /// Number of ids that the service gave and no attempt has: a second one for a key, or one for an
    /// unknown key.
    pub strays: u64,
    /// The money.
    pub money: Spending,
}

impl Counts {
    /// Returns the number of jobs in a state.
    #[must_use]
    pub const fn of_state(&self, state: State) -> u64 {
        match state {
            State::Ready => self.ready,
            State::Intent => self.intent,
            State::Submitted => self.submitted,
            State::Saved => self.saved,
            State::Failed => self.failed,
            State::Cancelled => self.cancelled,
            State::InDoubt => self.in_doubt,
        }
    }

    pub(crate) fn of_state_mut(&mut self, state: State) -> &mut u64 {
        match state {
            State::Ready => &mut self.ready,
            State::Intent => &mut self.intent,
            State::Submitted => &mut self.submitted,
            State::Saved => &mut self.saved,
            State::Failed => &mut self.failed,
            State::Cancelled => &mut self.cancelled,
            State::InDoubt => &mut self.in_doubt,
        }
    }

    /// Returns the number of all jobs.
    #[must_use]
    pub fn total(&self) -> u64 {
        State::ALL.iter().map(|state| self.of_state(*state)).sum()
    }

    /// Returns `true` if every job has ended or is in doubt: nothing is left to do by itself.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        self.ready == 0 && self.intent == 0 && self.submitted == 0
    }
}

/// Money of a batch.
///
/// Budget and excess together are what is spent, reserved, in doubt and left together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Spending {
    /// Maximum of what is spent, reserved and in doubt together; `None`: no limit.
    pub budget: Option<Money>,
    /// Sum for jobs that are being submitted or run.
    pub reserved: Money,
    /// Sum for jobs that have ended, by the service's word or by estimate.
    pub spent: Money,
    /// Part of what is spent that is an estimate, since the service reported no cost.
    pub spent_by_estimate: Money,
    /// Sum for attempts in doubt.
    pub in_doubt: Money,
}

/// Money of a batch at one moment, with what its ready jobs will need.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Funds {
    /// Sums that are spent, reserved and in doubt.
    pub spending: Spending,
    /// Sum of the estimates of jobs that are ready: nothing is reserved for them yet.
    pub waiting: Money,
}

impl Funds {
    /// Returns what is left of the budget for further jobs; `None` without one.
    #[must_use]
    pub fn left(&self) -> Option<Money> {
        Some(self.spending.left()?.minus(self.waiting))
    }
}

impl Spending {
    /// Returns what is spent, reserved and in doubt together.
    #[must_use]
    pub const fn committed(&self) -> Money {
        self.spent.plus(self.reserved).plus(self.in_doubt)
    }

    /// Returns what is left of the budget; `None` without one.
    #[must_use]
    pub fn left(&self) -> Option<Money> {
        Some(self.budget?.minus(self.committed()))
    }

    /// Returns the sum by which the budget is exceeded: what the service charged above the estimates, or
    /// what was committed before the budget was lowered.
    #[must_use]
    pub fn excess(&self) -> Money {
        let budget = self.budget.unwrap_or(self.committed());
        self.committed().minus(budget)
    }

    /// Adds what an attempt has cost, or what is reserved for it.
    pub(crate) fn add(&mut self, attempt: &Attempt) {
        match attempt.state {
            AttemptState::Intent | AttemptState::Submitted => self.reserved += attempt.reserved,
            AttemptState::InDoubt => self.in_doubt += attempt.reserved,
            AttemptState::NoJob => {}
            AttemptState::Saved | AttemptState::Failed | AttemptState::Cancelled => {
                let cost = attempt.cost.unwrap_or_default();
                self.spent += cost;
                if attempt.cost_is_estimate {
                    self.spent_by_estimate += cost;
                }
            }
        }
    }

    /// Returns `true` if a job that needs `sum` fits into the budget.
    pub(crate) fn has_room_for(&self, sum: Money) -> bool {
        let needed = self.committed().plus(sum);
        self.budget.is_none_or(|budget| needed <= budget)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn micros(micros: u64) -> Money {
        Money::from_micros(micros)
    }

    #[test]
    fn money_adds_up_within_and_beyond_the_budget() {
        let mut money = Spending {
            budget: Some(micros(100)),
            reserved: micros(30),
            spent: micros(20),
            in_doubt: micros(10),
            ..Spending::default()
        };
        for spent in [20, 60, 61, 500] {
            money.spent = micros(spent);
            let budget = money.budget.unwrap().plus(money.excess());
            assert_eq!(budget, money.committed().plus(money.left().unwrap()));
        }
        assert_eq!(
            (money.left(), money.excess()),
            (Some(Money::ZERO), micros(440))
        );
        money.budget = None;
        assert_eq!((money.left(), money.excess()), (None, Money::ZERO));
    }

    #[test]
    fn job_fits_up_to_the_last_micro_dollar() {
        let mut money = Spending {
            budget: Some(micros(100)),
            spent: micros(60),
            ..Spending::default()
        };
        assert!(money.has_room_for(micros(40)));
        assert!(!money.has_room_for(micros(41)));
        money.budget = None;
        assert!(money.has_room_for(Money::MAX));
    }

    #[test]
    fn every_state_has_its_own_count() {
        let mut counts = Counts::default();
        for (index, state) in State::ALL.iter().enumerate() {
            *counts.of_state_mut(*state) = 1 << index;
            assert_eq!(counts.of_state(*state), 1 << index);
        }
        assert_eq!(counts.total(), (1 << State::ALL.len()) - 1);
        assert!(!counts.is_done());
        assert!(Counts::default().is_done());
    }
}
