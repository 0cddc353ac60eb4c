//! Comparison of a file with a store, before anything is imported or paid.

use std::collections::HashMap;

use crate::job_id::JobId;
use crate::money::Money;
use crate::new_job::NewJob;
use crate::row::Row;
use crate::state::{AttemptState, State};

/// Compares the jobs of a file with those of a store: says what an import will do and what the jobs
/// will cost, before it does anything.
///
/// It keeps some bytes for each job and none of their inputs.
#[derive(Debug, Default)]
pub struct Plan {
    jobs: HashMap<u128, Job>,
    planned: Planned,
}

/// A job of the file.
#[derive(Debug)]
struct Job {
    content: u128,
    line: u64,
    estimate: Money,
    is_known: bool,
}

/// What an import will do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Planned {
    /// Number of jobs of the file that the store does not have.
    pub new: u64,
    /// Number of jobs that are not submitted, and whose lines were edited: they are replaced.
    pub replaced: u64,
    /// Number of jobs that the store has and that are not submitted.
    pub ready: u64,
    /// Number of jobs that the store has and that are submitted or have ended.
    pub known: u64,
    /// Estimated cost of all jobs of the file that are not submitted.
    pub estimate: Money,
    /// Jobs whose lines were edited after they were submitted: the store keeps what was submitted, and the
    /// new content is not imported.
    pub edited: Vec<Edited>,
    /// Jobs of the store that are not submitted and that the file does not have any more.
    pub removed: Vec<JobId>,
    /// Number of other jobs of the store that the file does not have.
    pub absent: u64,
}

/// A line that was edited after its job was submitted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Edited {
    /// Number of the line.
    pub line: u64,
    /// Id of the job.
    pub id: JobId,
    /// State of the job in the store.
    pub state: State,
}

impl Plan {
    /// Adds a job of the file, which has this line.
    pub fn add(&mut self, job: &NewJob, line: u64) {
        let planned = Job {
            content: job.content(),
            line,
            estimate: job.estimate,
            is_known: false,
        };
        self.jobs.insert(job.id.digest(), planned);
    }

    /// Returns `true` if the file had this job with the same content when the plan was made. Import no other: nobody has
    /// agreed to its cost.
    #[must_use]
    pub fn has(&self, job: &NewJob) -> bool {
        let planned = self.jobs.get(&job.id.digest());
        planned.is_some_and(|planned| planned.content == job.content())
    }

    /// Compares a job of the store. Call it for each one.
    pub fn compare(&mut self, row: &Row) {
        let last = row.attempt.as_ref().map(|attempt| attempt.state);
        let made_no_job = last.is_none_or(|last| last == AttemptState::NoJob);
        let is_unsent = row.state == State::Ready && made_no_job;
        let Some(job) = self.jobs.get_mut(&row.id.digest()) else {
            if row.state == State::Ready {
                self.planned.removed.push(row.id.clone());
            } else {
                self.planned.absent += 1;
            }
            return;
        };
        job.is_known = true;
        let is_same = job.content == row.content();
        if !is_same && !is_unsent {
            self.planned.edited.push(Edited {
                line: job.line,
                id: row.id.clone(),
                state: row.state,
            });
        } else if !is_same {
            self.planned.replaced += 1;
            self.planned.estimate += job.estimate;
        } else if row.state == State::Ready {
            self.planned.ready += 1;
            self.planned.estimate += job.estimate;
        } else {
            self.planned.known += 1;
        }
    }

    /// Returns what an import will do, after all jobs of the store were compared.
    #[must_use]
    pub fn planned(&self) -> Planned {
        let mut planned = self.planned.clone();
        let new = self.jobs.values().filter(|job| !job.is_known);
        for job in new {
            planned.new += 1;
            planned.estimate += job.estimate;
        }
        planned
    }
}

impl Planned {
    /// Returns the number of jobs of the file that will be submitted.
    #[must_use]
    pub fn to_submit(&self) -> u64 {
        self.new + self.replaced + self.ready
    }
}
