//! The money of the store in answers.

use runcomfy_batch::Funds;
use serde_json::{Value, json};

/// Returns the sums of the store.
pub(crate) fn to_json(funds: &Funds) -> Value {
    json!({
        "budget_usd": funds.spending.budget,
        "spent_usd": funds.spending.spent,
        "reserved_usd": funds.spending.reserved,
        "waiting_usd": funds.waiting,
        "in_doubt_usd": funds.spending.in_doubt,
        "left_usd": funds.left(),
    })
}
