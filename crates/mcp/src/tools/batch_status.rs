//! The tool `batch_status`.

use std::collections::BTreeMap;

use runcomfy_batch::State;
use serde_json::{Map, Value, json};

use super::{Call, object};
use crate::refusal::Refusal;
use crate::{answer, funds};

/// Maximum number of jobs in each list, of which the last ones are listed.
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
        // A store may have millions of jobs: it lists those of the batch itself.
        let listed = async |states: &[State]| {
            let rows = store.latest(prefix.clone(), states.to_vec(), MAX_LISTED);
            let rows = rows.await?;
            let rows = rows.iter().map(|row| answer::job(self.shared, row).into());
            Ok::<Vec<Value>, Refusal>(rows.collect())
        };
        let is_fault = |state: &State| matches!(state, State::InDoubt | State::Failed);
        let mut others = State::ALL.to_vec();
        others.retain(|state| !is_fault(state));
        let is_open = |state: &State| !state.has_ended() && *state != State::InDoubt;
        let next = if by_state.keys().any(is_open) {
            "Call it again later: that is free."
        } else {
            "All have ended or are in doubt. `result` has the files of a job, `batch_report` those of all."
        };
        Ok(object(json!({
            "batch": batch,
            "jobs": numbers(&by_state),
            "money_of_the_store": funds::to_json(&store.funds().await?),
            "paused": self.shared.engine.notes().paused(),
            "in_doubt": listed(&[State::InDoubt]).await?,
            "failed": listed(&[State::Failed]).await?,
            "latest": listed(&others).await?,
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
