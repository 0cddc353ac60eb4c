//! Ends of attempts.

use std::time::Duration;

use runcomfy::schema::Json;

use crate::job_key::JobKey;
use crate::money::Money;

/// The end of a submitted job.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct Ending {
    pub(crate) key: JobKey,
    pub(crate) end: End,
    pub(crate) cost: Option<Money>,
}

impl Ending {
    /// Creates the end of the job that was submitted with `key`. It settles at what was reserved for it,
    /// marked as an estimate, unless its [cost](Self::cost) is known.
    pub fn new(key: JobKey, end: End) -> Self {
        Self {
            key,
            end,
            cost: None,
        }
    }

    /// Returns the key of the attempt.
    #[must_use]
    pub fn key(&self) -> &JobKey {
        &self.key
    }

    /// Sets the cost that the service reports.
    pub fn cost(mut self, cost: Money) -> Self {
        self.cost = Some(cost);
        self
    }
}

/// Outcome of a submitted job.
#[derive(Clone, Debug, PartialEq)]
pub enum End {
    /// The job succeeded, and its files are saved. The value is kept for reports.
    Saved(Json),
    /// The job failed, for this reason.
    Failed(String),
    /// The job was cancelled.
    Cancelled,
}

/// Certainty that an attempt has made no job: it was not sent, or was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct NotSent {
    pub(crate) key: JobKey,
    pub(crate) reason: String,
    pub(crate) retry: Retry,
}

impl NotSent {
    /// Creates it for the attempt with this key, with the reason for reports.
    pub fn new(key: JobKey, reason: impl Into<String>, retry: Retry) -> Self {
        Self {
            key,
            reason: reason.into(),
            retry,
        }
    }

    /// Returns the key of the attempt.
    #[must_use]
    pub fn key(&self) -> &JobKey {
        &self.key
    }
}

/// Fate of a job whose attempt has made none at the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// The job is ready again after this time; at most an hour.
    After(Duration),
    /// The job has failed.
    Never,
}

/// Result of storing ids: the attempts for which an id was unexpected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Received {
    /// Attempts that have a newer attempt of the same job beside them: both are paid. The store has them
    /// as submitted; settle them too.
    pub doubles: Vec<JobKey>,
    /// Keys that the store does not know, or that have another id. The ids are kept for reports.
    pub strays: Vec<JobKey>,
}

/// Result of cancelling.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cancelled {
    /// Number of jobs that were ready and are cancelled.
    pub cancelled: u64,
    /// Number of jobs that are held or in doubt; their incarnations are asked to cancel them at the
    /// service.
    pub requested: u64,
}
