//! The job that a call is about.

use std::time::Duration;

use tokio::time::Instant;

use crate::error::Error;
use crate::job::request_id::RequestId;

/// A job that a call is about, and when this client has submitted it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct JobRef<'a> {
    pub(crate) id: &'a RequestId,
    /// Time at which this client submitted the job; `None` for a job that was resumed.
    pub(crate) submitted: Option<Instant>,
}

/// Time after a submit in which a machine of the service may not know the job yet.
const KNOWN_AFTER: Duration = Duration::from_secs(60);

impl JobRef<'_> {
    /// Adds the job's id to an error.
    pub(crate) fn named<T>(&self, outcome: Result<T, Error>) -> Result<T, Error> {
        outcome.map_err(|error| error.with_request_id(self.id))
    }

    /// Marks the error of a response that came so soon after the submit that the service may not know
    /// the job yet; the [retry table](crate::http::retry_table) says what follows.
    pub(super) fn checked<T>(&self, outcome: Result<T, Error>) -> Result<T, Error> {
        let age = self.submitted.map(|at| at.elapsed());
        let is_early = age.is_some_and(|age| age < KNOWN_AFTER);
        outcome.map_err(|error| if is_early { error.early() } else { error })
    }
}
