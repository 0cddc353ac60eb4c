//! Jobs of a file that a store has submitted.

use runcomfy_batch::{AttemptState, Money, NewJob, Plan, Row, Store};

use crate::counted::jobs;
use crate::failure::Failure;

/// Number of jobs that are read at once.
const PAGE: usize = 1000;

/// Counts the jobs of the file that a store has submitted.
///
/// # Errors
/// If the store cannot be read.
pub(super) async fn count(store: &dyn Store, plan: &Plan) -> Result<u64, Failure> {
    let (mut count, mut after) = (0, 0);
    loop {
        let rows = store.rows(None, after, PAGE).await?;
        let number = rows.len();
        after = rows.last().map_or(after, |last| last.n);
        for row in rows {
            count += u64::from(is_submitted(&row) && plan.has(&job(row)));
        }
        if number < PAGE {
            return Ok(count);
        }
    }
}

/// Returns a number of such jobs in words.
pub(super) fn words(count: u64) -> String {
    let verb = if count == 1 { "is" } else { "are" };
    format!("{} of this file {verb} submitted already", jobs(count))
}

fn is_submitted(row: &Row) -> bool {
    let attempt = row.attempt.as_ref();
    attempt.is_some_and(|attempt| attempt.state != AttemptState::NoJob)
}

fn job(row: Row) -> NewJob {
    NewJob::new(row.id, row.model, row.input, Money::ZERO)
}
