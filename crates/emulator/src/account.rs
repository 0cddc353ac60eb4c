//! Balances: what each account has and what its jobs cost.

use std::collections::HashMap;

use serde_json::{Value, json};

/// A sum in millionths of a US dollar.
pub(crate) type Micros = u64;

/// Converts US dollars; a sum beyond the type's range becomes its maximum, a negative one 0.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates at the type's bounds"
)]
pub(crate) fn micros(usd: f64) -> Micros {
    (usd * 1e6).round() as Micros
}

/// Converts a sum to US dollars.
pub(crate) fn usd(sum: Micros) -> f64 {
    sum as f64 / 1e6
}

/// Sums up what the accepted jobs of each token cost, those that wait or run included.
#[derive(Default)]
pub(crate) struct Accounts {
    reserved: HashMap<String, Micros>,
}

impl Accounts {
    /// Reserves the price of a job. Returns `false` and reserves nothing if `balance` does not
    /// suffice.
    pub(crate) fn reserve(&mut self, token: &str, balance: Micros, price: Micros) -> bool {
        let reserved = self.reserved.entry(token.to_owned()).or_default();
        let after = reserved.saturating_add(price);
        // A job that costs nothing is accepted on an empty account.
        let enough = price == 0 || after <= balance;
        if enough {
            *reserved = after;
        }
        enough
    }

    /// Releases the price of a job that failed or was cancelled.
    pub(crate) fn release(&mut self, token: &str, price: Micros) {
        if let Some(reserved) = self.reserved.get_mut(token) {
            *reserved = reserved.saturating_sub(price);
        }
    }
}

/// Builds the response to the balance call.
pub(crate) fn balance(remaining: Micros) -> Value {
    json!({
        "balance_usd": usd(remaining),
        "balance_microdollars": remaining,
        "currency": "USD",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_money_is_not_spent_twice() {
        let mut accounts = Accounts::default();
        assert!(accounts.reserve("ann", 10, 6));
        assert!(!accounts.reserve("ann", 10, 5));
        assert!(accounts.reserve("ann", 10, 4) && accounts.reserve("bob", 10, 10));
        assert!(accounts.reserve("ann", 10, 0));
        accounts.release("ann", 4);
        assert!(!accounts.reserve("ann", 10, 5) && accounts.reserve("ann", 10, 4));
    }

    #[test]
    fn dollars_are_rounded_to_millionths() {
        assert_eq!(micros(0.04), 40_000);
        assert_eq!(micros(-1.0), 0);
        assert_eq!(micros(f64::INFINITY), u64::MAX);
        assert_eq!(balance(1_250_000)["balance_usd"], 1.25);
    }
}
