//! The tool `batch_status`.

use std::collections::BTreeMap;

use runcomfy_batch::{Row, Spending, State};
use serde_json::{Map, Value, json};

use super::{Call, PAGE, latest, object};
use crate::answer;
use crate::refusal::Refusal;

/// Maximum number of jobs in each list.
const MAX_LISTED: usize = 20;

impl Call<'_> {
    pub(super) async fn batch_status(&self) -> Result<Map<String, Value>, Refusal> {
        let batch = self.arguments.optional_text("batch")?;
        let prefix = batch.map_or_else(String::new, |batch| format!("{batch}/"));
        let store = &self.shared.store;
        let counts = store.counts().await?;
        // Without a batch the counts have all jobs already.
        let by_state = if batch.is_some() {
            store.count_by_prefix(prefix.clone()).await?
        } else {
            let states = State::ALL
                .iter()
                .map(|state| (*state, counts.of_state(*state)));
            states.filter(|(_, count)| *count > 0).collect()
        };
        if let Some(batch) = batch.filter(|_| by_state.is_empty()) {
            return Err(Refusal::new(
                format!("the store has no batch {batch:?}"),
                "Use the name of `batch_submit`, or none for all jobs.",
            ));
        }
        let listed = |rows: Vec<Row>| -> Vec<Value> {
            let rows = rows
                .iter()
                .filter(|row| row.id.as_str().starts_with(&prefix));
            let rows = rows.take(MAX_LISTED);
            rows.map(|row| Value::Object(answer::job(self.shared, row)))
                .collect()
        };
        let in_doubt = store.rows(Some(State::InDoubt), 0, PAGE).await?;
        let failed = store.rows(Some(State::Failed), 0, PAGE).await?;
        let mut latest = latest(self.shared, &counts).await?;
        latest.retain(|row| !matches!(row.state, State::InDoubt | State::Failed));
        let is_open = |state: &State| !state.has_ended() && *state != State::InDoubt;
        let next = if by_state.keys().any(is_open) {
            "Call it again later: that is free."
        } else {
            "All have ended or are in doubt. `result` has the files of a job, `batch_report` those of all."
        };
        Ok(object(json!({
            "batch": batch,
            "jobs": numbers(&by_state),
            "money_of_the_store": money(&counts.money),
            "paused": self.shared.engine.notes().paused(),
            "in_doubt": listed(in_doubt),
            "failed": listed(failed),
            "latest": listed(latest),
            "next": next,
        })))
    }
}

/// Returns the numbers of jobs by state, and of all.
fn numbers(by_state: &BTreeMap<State, u64>) -> Value {
    let numbers = by_state.iter();
    let numbers = numbers.map(|(state, count)| (state.as_str().to_owned(), json!(count)));
    let mut numbers: Map<String, Value> = numbers.collect();
    numbers.insert("total".to_owned(), by_state.values().sum::<u64>().into());
    Value::Object(numbers)
}

/// Returns the money of the store.
pub(super) fn money(money: &Spending) -> Value {
    json!({
        "budget_usd": money.budget,
        "spent_usd": money.spent,
        "reserved_usd": money.reserved,
        "in_doubt_usd": money.in_doubt,
        "left_usd": money.left(),
    })
}
