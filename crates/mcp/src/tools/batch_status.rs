//! The tool `batch_status`.

use runcomfy_batch::{Row, Spending, State};
use serde_json::{Map, Value, json};

use super::{Call, object};
use crate::answer;
use crate::refusal::Refusal;

/// Number of jobs that are read at once.
const PAGE: usize = 1000;
/// Number of jobs that are listed.
const MAX_LISTED: usize = 20;

impl Call<'_> {
    pub(super) async fn batch_status(&self) -> Result<Map<String, Value>, Refusal> {
        let batch = self.arguments.optional_text("batch")?;
        let prefix = batch.map(|batch| format!("{batch}/"));
        let store = &self.shared.store;
        let mut jobs = Jobs::default();
        let mut after = 0;
        loop {
            let rows = store.rows(None, after, PAGE).await?;
            let count = rows.len();
            after = rows.last().map_or(after, |row| row.n);
            for row in rows {
                let is_of_batch = |prefix: &String| row.id.as_str().starts_with(prefix);
                if prefix.as_ref().is_none_or(is_of_batch) {
                    jobs.add(row);
                }
            }
            if count < PAGE {
                break;
            }
        }
        if let Some(batch) = batch.filter(|_| jobs.total() == 0) {
            return Err(Refusal::new(
                format!("the store has no batch {batch:?}"),
                "Use the name of `batch_submit`, or none for all jobs.",
            ));
        }
        let listed = |rows: &[Row]| -> Vec<Value> {
            let rows = rows.iter().take(MAX_LISTED);
            rows.map(|row| Value::Object(answer::job(self.shared, row)))
                .collect()
        };
        let counts = store.counts().await?;
        let next = if jobs.is_done() {
            "All have ended or are in doubt. `result` has the files of a job, `batch_report` those of all."
        } else {
            "Call it again later: that is free."
        };
        Ok(object(json!({
            "batch": batch,
            "jobs": jobs.counts(),
            "money_of_the_store": money(&counts.money),
            "paused": self.shared.engine.notes().paused(),
            "in_doubt": listed(&jobs.doubts),
            "failed": listed(&jobs.failed),
            "latest": listed(&jobs.latest()),
            "next": next,
        })))
    }
}

/// Jobs of a batch.
#[derive(Default)]
struct Jobs {
    by_state: Map<String, Value>,
    open: u64,
    doubts: Vec<Row>,
    failed: Vec<Row>,
    latest: std::collections::VecDeque<Row>,
}

impl Jobs {
    fn add(&mut self, row: Row) {
        let count = self.by_state.entry(row.state.as_str()).or_insert(json!(0));
        *count = json!(count.as_u64().unwrap_or_default() + 1);
        self.open += u64::from(!answer::is_over(&row));
        match row.state {
            State::InDoubt if self.doubts.len() < MAX_LISTED => self.doubts.push(row),
            State::Failed if self.failed.len() < MAX_LISTED => self.failed.push(row),
            State::InDoubt | State::Failed => {}
            _ => {
                self.latest.push_back(row);
                if self.latest.len() > MAX_LISTED {
                    self.latest.pop_front();
                }
            }
        }
    }

    fn total(&self) -> u64 {
        self.by_state.values().filter_map(Value::as_u64).sum()
    }

    fn is_done(&self) -> bool {
        self.open == 0
    }

    fn counts(&self) -> Value {
        let mut counts = self.by_state.clone();
        counts.insert("total".to_owned(), self.total().into());
        Value::Object(counts)
    }

    fn latest(&self) -> Vec<Row> {
        self.latest.iter().rev().cloned().collect()
    }
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
