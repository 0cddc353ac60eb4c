//! A submitted job, asked about by blocking.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use super::Client;
use crate::{CancelOutcome, Downloads, Error, JobResult, JobStatus, Output, RequestId, Wait};

/// A submitted job. Dropping it leaves the job alone, as with the async [`Job`](crate::Job).
pub struct Job<O> {
    client: Client,
    job: crate::Job<O>,
}

impl<O> Job<O> {
    pub(super) fn new(client: Client, job: crate::Job<O>) -> Self {
        Self { client, job }
    }

    /// The async job, to make calls for [`Client::block_on`] and [`Client::iterate`] of.
    #[must_use]
    pub fn as_async(&self) -> &crate::Job<O> {
        &self.job
    }

    /// As [`Job::request_id`](crate::Job::request_id).
    #[must_use]
    pub fn request_id(&self) -> &RequestId {
        self.job.request_id()
    }

    /// As [`Job::status`](crate::Job::status).
    ///
    /// # Errors
    /// As there.
    pub fn status(&self) -> Result<JobStatus, Error> {
        self.client.block_on(self.job.status())
    }

    /// As [`Job::cancel`](crate::Job::cancel).
    ///
    /// # Errors
    /// As there.
    pub fn cancel(&self) -> Result<CancelOutcome, Error> {
        self.client.block_on(self.job.cancel())
    }

    /// As [`Job::download`](crate::Job::download).
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
    /// As [`Job::result`](crate::Job::result).
    ///
    /// # Errors
    /// As there.
    pub fn result(&self) -> Result<JobResult<O>, Error> {
        self.client.block_on(self.job.result())
    }

    /// As [`Job::wait`](crate::Job::wait).
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
