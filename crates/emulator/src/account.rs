//! The money of the accounts.

use std::collections::HashMap;

use serde_json::{Value, json};

/// Millionths of a US dollar.
pub(crate) type Micros = u64;

/// Sums above 18 million million dollars are taken as that, and debts as nothing.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast ends at the type's bounds"
)]
pub(crate) fn micros(usd: f64) -> Micros {
    (usd * 1e6).round() as Micros
}

/// A sum in US dollars.
pub(crate) fn usd(sum: Micros) -> f64 {
    sum as f64 / 1e6
}

/// What the accepted jobs of each token cost, those that still wait or run included.
#[derive(Default)]
pub(crate) struct Accounts {
    committed: HashMap<String, Micros>,
}

impl Accounts {
    /// Sets the price of a job aside. `false`, and nothing is set aside, if less is left of
    /// `balance`.
    pub(crate) fn commit(&mut self, token: &str, balance: Micros, price: Micros) -> bool {
        let committed = self.committed.entry(token.to_owned()).or_default();
        let after = committed.saturating_add(price);
        // A job for nothing is welcome on an empty account.
        let enough = price == 0 || after <= balance;
        if enough {
            *committed = after;
        }
        enough
    }

    /// Gives back what a job will not cost after all.
    pub(crate) fn give_back(&mut self, token: &str, price: Micros) {
        if let Some(committed) = self.committed.get_mut(token) {
            *committed = committed.saturating_sub(price);
        }
    }
}

/// The answer to the call for the balance.
pub(crate) fn balance(left: Micros) -> Value {
    json!({
        "balance_usd": usd(left),
        "balance_microdollars": left,
        "currency": "USD",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_aside_cannot_be_spent_again() {
        let mut accounts = Accounts::default();
        assert!(accounts.commit("ann", 10, 6));
        assert!(!accounts.commit("ann", 10, 5));
        assert!(accounts.commit("ann", 10, 4) && accounts.commit("bob", 10, 10));
        assert!(accounts.commit("ann", 10, 0));
        accounts.give_back("ann", 4);
        assert!(!accounts.commit("ann", 10, 5) && accounts.commit("ann", 10, 4));
    }

    #[test]
    fn dollars_are_counted_in_whole_millionths() {
        assert_eq!(micros(0.04), 40_000);
        assert_eq!(micros(-1.0), 0);
        assert_eq!(micros(f64::INFINITY), u64::MAX);
        assert_eq!(balance(1_250_000)["balance_usd"], 1.25);
    }
}
