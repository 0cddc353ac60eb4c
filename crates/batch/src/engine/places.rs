//! Places for jobs and for submits.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

/// The jobs that a run holds, and its submits in flight.
#[derive(Debug)]
pub(super) struct Places {
    jobs: Arc<AtomicUsize>,
    submits: Arc<AtomicUsize>,
    changed: Arc<Notify>,
}

/// A place that is taken until it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    taken: Arc<AtomicUsize>,
    changed: Arc<Notify>,
}

impl Places {
    /// Creates places of which none is taken. `changed` is notified whenever one becomes free.
    pub(super) fn new(changed: Arc<Notify>) -> Self {
        Self {
            jobs: Arc::default(),
            submits: Arc::default(),
            changed,
        }
    }

    /// Takes a place for a job.
    pub(super) fn job(&self) -> Place {
        self.take(&self.jobs)
    }

    /// Takes a place for a submit.
    pub(super) fn submit(&self) -> Place {
        self.take(&self.submits)
    }

    /// Returns the number of jobs.
    pub(super) fn jobs(&self) -> usize {
        self.jobs.load(Ordering::SeqCst)
    }

    /// Returns the number of submits.
    pub(super) fn submits(&self) -> usize {
        self.submits.load(Ordering::SeqCst)
    }

    fn take(&self, count: &Arc<AtomicUsize>) -> Place {
        count.fetch_add(1, Ordering::SeqCst);
        Place {
            taken: Arc::clone(count),
            changed: Arc::clone(&self.changed),
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.taken.fetch_sub(1, Ordering::SeqCst);
        self.changed.notify_one();
    }
}
