//! The comparison of the file with the store.

use runcomfy_batch::{Plan, Store};

use super::candidate::Candidates;
use super::faults::Faults;
use super::file_run::FileRun;
use super::shortfall::HighestCosts;
use crate::failure::Failure;

/// Number of jobs that are read at once.
const PAGE: usize = 1000;

/// The comparison of a file with a store.
#[derive(Default)]
pub(super) struct Compared {
    pub(super) plan: Plan,
    /// Faults of lines that have no job.
    pub(super) faults: Faults,
    /// Costs of jobs that the store has.
    pub(super) costs: HighestCosts,
}

/// Plans what the run will do.
///
/// # Errors
/// If the file or the store cannot be read.
pub(super) async fn compare(
    run: &FileRun<'_>,
    store: Option<&dyn Store>,
) -> Result<Compared, Failure> {
    let mut compared = Compared::default();
    let mut candidates = Candidates::open(run)?;
    while let Some(candidate) = candidates.next().await? {
        match candidate {
            Ok(candidate) => {
                for job in candidate.jobs() {
                    compared.plan.add(&job, candidate.line.number());
                }
            }
            Err(found) => compared.faults.add(found),
        }
    }
    if let Some(store) = store {
        compared.read(store).await?;
    }
    Ok(compared)
}

impl Compared {
    async fn read(&mut self, store: &dyn Store) -> Result<(), Failure> {
        let mut after = 0;
        loop {
            let rows = store.rows(None, after, PAGE).await?;
            for row in &rows {
                self.plan.compare(row);
                self.costs.add(row);
            }
            match rows.last() {
                Some(last) if rows.len() == PAGE => after = last.n,
                _ => return Ok(()),
            }
        }
    }
}
