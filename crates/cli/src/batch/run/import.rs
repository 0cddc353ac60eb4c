//! The import of the jobs that a person has agreed to.

use std::sync::Arc;

use runcomfy_batch::{JobId, NewJob, Plan, Store};

use super::candidate::Candidates;
use super::file_run::FileRun;
use crate::failure::Failure;

/// Number of jobs that are imported in one commit.
const PART: usize = 5000;

/// Sets the limits of the store, and makes its jobs those of the plan.
///
/// # Errors
/// If the file cannot be read, or the store not be written. The same command again resumes.
pub(super) async fn import(
    run: &FileRun<'_>,
    store: &Arc<dyn Store>,
    plan: &Plan,
    removed: Vec<JobId>,
) -> Result<(), Failure> {
    let limits = run.options.limits(store.limits().await?);
    store.set_limits(limits).await?;
    store.set_schemas(run.models.schemas()).await?;
    if !removed.is_empty() {
        store.withdraw(removed).await?;
    }
    let mut part: Vec<NewJob> = Vec::with_capacity(PART);
    let mut candidates = Candidates::open(run)?;
    while let Some(candidate) = candidates.next().await? {
        let Ok(candidate) = candidate else { continue };
        // A line that was changed since the check has a job that nobody has agreed to.
        let agreed = |job: &NewJob| plan.submits(job.id()) && plan.has(job);
        for job in candidate.jobs().filter(agreed) {
            part.push(job);
            if part.len() == PART {
                store.import(std::mem::take(&mut part)).await?;
            }
        }
    }
    if !part.is_empty() {
        store.import(part).await?;
    }
    Ok(())
}
