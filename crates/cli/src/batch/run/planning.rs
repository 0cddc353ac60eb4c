//! The comparison of the file with the store.

use runcomfy_batch::{LineFault, Plan, Store};

use super::Run;
use super::candidate::Candidates;
use crate::failure::Failure;

/// Number of jobs that are read at once.
const PAGE: usize = 1000;

/// Plans what the run will do, and returns the faults of lines that have no job.
///
/// # Errors
/// If the file or the store cannot be read.
pub(super) async fn plan(
    run: &Run<'_>,
    store: Option<&dyn Store>,
) -> Result<(Plan, Vec<LineFault>), Failure> {
    let mut plan = Plan::default();
    let mut faults = Vec::new();
    let mut candidates = Candidates::open(run)?;
    while let Some(candidate) = candidates.next().await? {
        match candidate {
            Ok(candidate) => {
                for job in candidate.jobs() {
                    plan.add(&job, candidate.line.number());
                }
            }
            Err(found) => faults.extend(found),
        }
    }
    if let Some(store) = store {
        compare(&mut plan, store).await?;
    }
    Ok((plan, faults))
}

async fn compare(plan: &mut Plan, store: &dyn Store) -> Result<(), Failure> {
    let mut after = 0;
    loop {
        let rows = store.rows(None, after, PAGE).await?;
        for row in &rows {
            plan.compare(row);
        }
        match rows.last() {
            Some(last) if rows.len() == PAGE => after = last.n,
            _ => return Ok(()),
        }
    }
}
