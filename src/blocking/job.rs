//! A submitted job, asked about by blocking.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use super::Client;
use crate::download::Downloads;
use crate::error::Error;
use crate::http::response::JobResult;
use crate::job::cancel_outcome::CancelOutcome;
use crate::job::request_id::RequestId;
use crate::job::status::JobStatus;
use crate::output::Output;
use crate::wait::Wait;

/// A submitted job. Dropping it leaves the job alone, as with the async [`Job`](crate::job::Job).
pub struct Job<O> {
    client: Client,
    job: crate::job::Job<O>,
}

impl<O> Job<O> {
    pub(super) fn new(client: Client, job: crate::job::Job<O>) -> Self {
        Self { client, job }
    }

    /// The async job, to make calls for [`Client::block_on`] and [`Client::iterate`] of.
    #[must_use]
    pub fn as_async(&self) -> &crate::job::Job<O> {
        &self.job
    }

    /// As [`Job::request_id`](crate::job::Job::request_id).
    #[must_use]
    pub fn request_id(&self) -> &RequestId {
        self.job.request_id()
    }

    /// As [`Job::status`](crate::job::Job::status).
    ///
    /// # Errors
    /// As there.
    pub fn status(&self) -> Result<JobStatus, Error> {
        self.client.block_on(self.job.status())
    }

    /// As [`Job::cancel`](crate::job::Job::cancel).
    ///
    /// # Errors
    /// As there.
    pub fn cancel(&self) -> Result<CancelOutcome, Error> {
        self.client.block_on(self.job.cancel())
    }

    /// As [`Job::download`](crate::job::Job::download).
    ///
    /// # Errors
    /// As there.
    pub fn download(&self, output: &Output, folder: &Path) -> Result<Vec<PathBuf>, Error> {
        self.download_with(output, folder, |downloads| downloads)
    }

    /// As [`download`](Self::download), with options.
    ///
    /// # Errors
    /// As there.
    pub fn download_with<'a>(
        &'a self,
        output: &'a Output,
        folder: &'a Path,
        set: impl FnOnce(Downloads<'a>) -> Downloads<'a>,
    ) -> Result<Vec<PathBuf>, Error> {
        self.client.block_on(set(self.job.download(output, folder)))
    }
}

impl<O: DeserializeOwned + Send + 'static> Job<O> {
    /// As [`Job::result`](crate::job::Job::result).
    ///
    /// # Errors
    /// As there.
    pub fn result(&self) -> Result<JobResult<O>, Error> {
        self.client.block_on(self.job.result())
    }

    /// As [`Job::wait`](crate::job::Job::wait).
    ///
    /// # Errors
    /// As there.
    pub fn wait(&self) -> Result<O, Error> {
        self.wait_with(|wait| wait)
    }

    /// As [`wait`](Self::wait), with options.
    ///
    /// # Errors
    /// As there.
    pub fn wait_with(&self, set: impl FnOnce(Wait<O>) -> Wait<O>) -> Result<O, Error> {
        self.client.block_on(set(self.job.wait()))
    }
}

impl<O> Clone for Job<O> {
    fn clone(&self) -> Self {
        Self::new(self.client.clone(), self.job.clone())
    }
}

impl<O> fmt::Debug for Job<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.job.fmt(f)
    }
}
