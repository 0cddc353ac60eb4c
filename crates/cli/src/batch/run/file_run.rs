//! A run of a file of jobs.

use super::job_source::JobSource;
use super::models::Models;
use super::options::Options;
use crate::failure::Failure;

/// A run of a file of jobs: its options, where the lines come from, and their models.
pub(super) struct FileRun<'a> {
    pub(super) options: &'a Options,
    pub(super) source: JobSource,
    pub(super) models: Models,
}

impl<'a> FileRun<'a> {
    /// Opens the file, and finds the models of its lines.
    ///
    /// # Errors
    /// If the file cannot be read, or a schema cannot be loaded.
    pub(super) fn open(options: &'a Options) -> Result<Self, Failure> {
        let source = JobSource::open(options)?;
        let models = Models::resolve(&source, options)?;
        Ok(Self {
            options,
            source,
            models,
        })
    }
}
