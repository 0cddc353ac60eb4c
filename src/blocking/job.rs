//! Provides the job of the blocking client.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::runtime::Runtime;
use crate::download::{Downloads, Saved};
use crate::error::Error;
use crate::http::response::JobResult;
use crate::job::cancel_outcome::CancelOutcome;
use crate::job::request_id::RequestId;
use crate::job::status::JobStatus;
use crate::output::Output;
use crate::wait::Wait;

/// A submitted job whose calls block.
///
/// The job keeps running when this is dropped, as with the async [`Job`](crate::job::Job).
pub struct Job<O> {
    runtime: Arc<Runtime>,
    job: crate::job::Job<O>,
}

impl<O> Job<O> {
    pub(super) fn new(runtime: Arc<Runtime>, job: crate::job::Job<O>) -> Self {
        Self { runtime, job }
    }

    /// Returns the async job, whose calls [`Client::block_on`] and [`Client::iterate`] run.
    #[must_use]
    pub fn as_async(&self) -> &crate::job::Job<O> {
        &self.job
    }

    /// Returns the id of the job, as [`Job::request_id`](crate::job::Job::request_id) does.
    #[must_use]
    pub fn request_id(&self) -> &RequestId {
        self.job.request_id()
    }

    /// Fetches the status of the job, as [`Job::status`](crate::job::Job::status) does.
    ///
    /// # Errors
    /// - The errors of [`Job::status`](crate::job::Job::status).
    pub fn status(&self) -> Result<JobStatus, Error> {
        self.runtime.block_on(self.job.status())
    }

    /// Requests the cancellation of the job, as [`Job::cancel`](crate::job::Job::cancel) does.
    ///
    /// # Errors
    /// - The errors of [`Job::cancel`](crate::job::Job::cancel).
    pub fn cancel(&self) -> Result<CancelOutcome, Error> {
        self.runtime.block_on(self.job.cancel())
    }

    /// Downloads all files of the job's output into a folder and returns them with their facts, as
    /// [`Job::download`](crate::job::Job::download) does.
    ///
    /// # Errors
    /// - The errors of [`Job::download`](crate::job::Job::download).
    pub fn download(&self, output: &Output, folder: &Path) -> Result<Vec<Saved>, Error> {
        self.download_with(output, folder, |downloads| downloads)
    }

    /// Downloads all files of the job's output with options.
    ///
    /// # Errors
    /// - The errors of [`Job::download`](crate::job::Job::download).
    pub fn download_with<'a>(
        &'a self,
        output: &'a Output,
        folder: &'a Path,
        set: impl FnOnce(Downloads<'a>) -> Downloads<'a>,
    ) -> Result<Vec<Saved>, Error> {
        self.runtime
            .block_on(set(self.job.download(output, folder)))
    }
}

impl<O: DeserializeOwned + Send + 'static> Job<O> {
    /// Fetches the result of the job, as [`Job::result`](crate::job::Job::result) does.
    ///
    /// # Errors
    /// - The errors of [`Job::result`](crate::job::Job::result).
    pub fn result(&self) -> Result<JobResult<O>, Error> {
        self.runtime.block_on(self.job.result())
    }

    /// Waits until the job has finished and returns its output, as
    /// [`Job::wait`](crate::job::Job::wait) does.
    ///
    /// # Errors
    /// - The errors of [`Job::wait`](crate::job::Job::wait).
    pub fn wait(&self) -> Result<O, Error> {
        self.wait_with(|wait| wait)
    }

    /// Waits with options until the job has finished, and returns its output.
    ///
    /// # Errors
    /// - The errors of [`Job::wait`](crate::job::Job::wait).
    pub fn wait_with(&self, set: impl FnOnce(Wait<O>) -> Wait<O>) -> Result<O, Error> {
        self.runtime.block_on(set(self.job.wait()))
    }
}

impl<O> Clone for Job<O> {
    fn clone(&self) -> Self {
        Self::new(Arc::clone(&self.runtime), self.job.clone())
    }
}

impl<O> fmt::Debug for Job<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.job.fmt(f)
    }
}
