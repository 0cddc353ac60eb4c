//! The jobs that exist, and what has arrived.

use std::collections::HashMap;

/// A job that was taken, and that its owner pays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Id that the response gives, where it gives one.
    pub id: String,
    /// Mark of the submit.
    pub mark: String,
}

/// Jobs and arrivals since the start.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    jobs: Vec<Job>,
    arrivals: HashMap<String, usize>,
    connections: usize,
    cut: usize,
}

impl Ledger {
    /// Returns all jobs, in the order in which they were taken.
    #[must_use]
    pub fn jobs(&self) -> &[Job] {
        &self.jobs
    }

    /// Returns the ids of the jobs that were taken for a mark.
    #[must_use]
    pub fn ids(&self, mark: &str) -> Vec<&str> {
        let jobs = self.jobs.iter().filter(|job| job.mark == mark);
        jobs.map(|job| job.id.as_str()).collect()
    }

    /// Returns how often a mark has arrived whole.
    #[must_use]
    pub fn arrivals(&self, mark: &str) -> usize {
        self.arrivals.get(mark).copied().unwrap_or_default()
    }

    /// Returns how many submits have arrived whole.
    #[must_use]
    pub fn all_arrivals(&self) -> usize {
        self.arrivals.values().sum()
    }

    /// Returns how many connections were made.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.connections
    }

    /// Returns how many submits have begun to arrive and ended before their last byte.
    #[must_use]
    pub fn cut(&self) -> usize {
        self.cut
    }

    pub(super) fn connected(&mut self) {
        self.connections += 1;
    }

    pub(super) fn was_cut(&mut self) {
        self.cut += 1;
    }

    pub(super) fn arrived(&mut self, mark: &str) -> usize {
        let count = self.arrivals.entry(mark.to_owned()).or_default();
        *count += 1;
        *count
    }

    pub(super) fn take(&mut self, mark: &str) -> String {
        let id = format!("job-{}", self.jobs.len());
        self.jobs.push(Job {
            id: id.clone(),
            mark: mark.to_owned(),
        });
        id
    }
}
