//! Limits the retries of all calls of a client together.

use std::sync::{Mutex, PoisonError};

/// Tokens that all calls of a client share for retries. While the service is well the budget is
/// full. In an outage it is soon empty; then each read and download is attempted once, and a submit
/// rarely: many callers that each make six attempts would keep a service down that is recovering.
#[derive(Debug)]
pub(crate) struct RetryBudget {
    tokens: Mutex<u32>,
}

/// A hundred retries in a row.
const CAPACITY: u32 = 500;
/// Tokens that one retry takes; one success brings one token, so five successes pay for a retry.
const RETRY_COST: u32 = 5;

impl RetryBudget {
    /// Creates a full budget.
    pub(crate) fn new() -> Self {
        Self {
            tokens: Mutex::new(CAPACITY),
        }
    }

    /// Takes the tokens of one retry; returns `false` if there are too few.
    pub(crate) fn withdraw(&self) -> bool {
        self.change(|tokens| tokens.checked_sub(RETRY_COST))
    }

    /// Adds the token that a successful call brings.
    pub(crate) fn deposit(&self) {
        self.change(|tokens| Some((tokens + 1).min(CAPACITY)));
    }

    fn change(&self, change: impl FnOnce(u32) -> Option<u32>) -> bool {
        // A number is never half changed.
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        let new = change(*tokens);
        *tokens = new.unwrap_or(*tokens);
        new.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn budget_is_used_up_and_refilled_by_successes() {
        let budget = RetryBudget::new();
        assert_eq!((0..1000).filter(|_| budget.withdraw()).count(), 100);
        for _ in 0..4 {
            budget.deposit();
        }
        assert!(!budget.withdraw());
        budget.deposit();
        assert!(budget.withdraw());
        (0..10_000).for_each(|_| budget.deposit());
        assert_eq!((0..1000).filter(|_| budget.withdraw()).count(), 100);
    }
}
