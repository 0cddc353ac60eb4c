//! Jobs to import.

use runcomfy::schema::Json;

use crate::canonical::canonical;
use crate::job_id::{JobId, content_hash};
use crate::money::Money;
use crate::state::State;

/// A job to import into a store.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct NewJob {
    pub(crate) id: JobId,
    pub(crate) model: String,
    pub(crate) input: Json,
    pub(crate) estimate: Money,
    pub(crate) priority: i32,
}

impl NewJob {
    /// Creates a job. `estimate` is what it probably costs: the store reserves it at the claim, or the
    /// highest cost that a job of the same model had, whichever is more.
    pub fn new(id: JobId, model: impl Into<String>, input: Json, estimate: Money) -> Self {
        Self {
            id,
            model: model.into(),
            input: canonical(input),
            estimate,
            priority: 0,
        }
    }

    /// Sets the priority: jobs with a higher one are claimed first. Default: 0.
    pub fn priority(mut self, priority: i32) -> Self {
        self.priority = priority;
        self
    }

    /// Returns the job's id.
    #[must_use]
    pub fn id(&self) -> &JobId {
        &self.id
    }

    /// Returns the id of the model.
    #[must_use]
    pub fn model(&self) -> &str {
        &self.model
    }

    /// Returns the input, with the members of each object in the order of their names.
    #[must_use]
    pub fn input(&self) -> &Json {
        &self.input
    }

    /// Returns a hash of model and input.
    pub(crate) fn content(&self) -> u128 {
        content_hash(&self.model, &self.input)
    }

    /// Returns what the job probably costs.
    #[must_use]
    pub fn estimate(&self) -> Money {
        self.estimate
    }
}

/// Result of an import.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Imported {
    /// Number of jobs that are new, or that were withdrawn.
    pub added: usize,
    /// Number of jobs that the store had with the same model and input.
    pub known: usize,
    /// Jobs that had another model or input and were replaced: nothing was submitted for them.
    pub replaced: Vec<JobId>,
    /// Jobs that have another model or input in the store and were left as they are, since they are
    /// submitted, in doubt or ended. Import the new content with another id to run it as well.
    pub conflicts: Vec<Conflict>,
}

/// A job that was not imported, because the store has another one with its id.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Conflict {
    /// The id of both.
    pub id: JobId,
    /// State of the job in the store.
    pub state: State,
}
