//! The comparison of the file with the store.

use runcomfy_batch::{Plan, Store};

use super::candidate::{Candidate, Candidates};
use super::faults::Faults;
use super::file_run::FileRun;
use super::shortfall::HighestCosts;
use crate::counted::counted;
use crate::failure::Failure;
use crate::show;

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
    repeated: Repeated,
}

/// Lines without `id` whose job an earlier line has too.
#[derive(Default)]
struct Repeated {
    count: u64,
    /// Number of the first of them.
    first: u64,
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
                compared.repeated.add(&candidate);
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
    /// Warns of lines that are the same, where jobs are new: a file that was appended twice is paid twice.
    pub(super) fn warn_of_repeated(&self) {
        let Repeated { count, first } = self.repeated;
        if count > 0 && self.plan.planned().new > 0 {
            let lines = counted(count, "line");
            show::warn(&format!(
                "{lines} without `id` repeat the job of an earlier line, the first is line {first}: each is a job of its own, and is paid"
            ));
        }
    }

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

impl Repeated {
    fn add(&mut self, candidate: &Candidate) {
        let first = candidate.ids.first();
        // The second job of a content has a number behind its hash.
        let is_repeated = first.is_some_and(|id| id.as_str().contains('#'));
        if candidate.line.id().is_none() && is_repeated {
            self.count += 1;
            if self.first == 0 {
                self.first = candidate.line.number();
            }
        }
    }
}
