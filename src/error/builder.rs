//! Errors for tests.

use std::time::Duration;

use serde_json::Value;

use super::{Error, ErrorKind};
use crate::download::Saved;
use crate::job::request_id::RequestId;
use crate::job::status::JobStatus;
use runcomfy_schema::Violations;

/// A builder of an [`Error`], for tests of code that handles one; see [`Error::builder`].
///
/// ```
/// use runcomfy::{Error, ErrorKind};
///
/// let error = Error::builder(ErrorKind::ResponseLost)
///     .message("the connection broke")
///     .may_have_been_submitted(true)
///     .build();
/// assert!(error.may_have_been_submitted());
/// ```
#[derive(Debug)]
#[must_use = "nothing is built yet"]
pub struct ErrorBuilder {
    error: Error,
}

impl Error {
    /// Returns a builder of an error of this kind, for tests of code that handles errors.
    pub fn builder(kind: ErrorKind) -> ErrorBuilder {
        ErrorBuilder {
            error: Self::new(kind, format!("an error of kind {kind:?}")),
        }
    }
}

impl ErrorBuilder {
    /// Sets the message. Default: the name of the kind.
    pub fn message(mut self, message: impl Into<String>) -> Self {
        self.error.inner.message = message.into();
        self
    }

    /// Sets whether a job may exist. Default: `false`.
    pub fn may_have_been_submitted(mut self, unknown: bool) -> Self {
        self.error.inner.may_have_been_submitted = unknown;
        self
    }

    /// Sets the id of the job. Default: none.
    pub fn request_id(mut self, id: RequestId) -> Self {
        self.error.inner.request_id = Some(id);
        self
    }

    /// Sets the idempotency key of the submit. Default: none.
    pub fn idempotency_key(mut self, key: impl Into<String>) -> Self {
        self.error.inner.key = Some(key.into());
        self
    }

    /// Sets the number of attempts. Default: 1.
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.error.inner.attempts = attempts;
        self
    }

    /// Sets the HTTP status of the response. Default: none, as without a response.
    pub fn http_status(mut self, status: u16) -> Self {
        self.error.inner.http_status = Some(status);
        self
    }

    /// Sets the service's own code. Default: none.
    pub fn error_code(mut self, code: i64) -> Self {
        self.error.inner.error_code = Some(code);
        self
    }

    /// Sets how long the service asks to stay away. Default: none.
    pub fn retry_after(mut self, time: Duration) -> Self {
        self.error.inner.retry_after = Some(time);
        self
    }

    /// Sets the violations of an input. Default: none.
    pub fn violations(mut self, violations: Violations) -> Self {
        self.error.inner.violations = violations;
        self
    }

    /// Sets the details that the service gives. Default: none.
    pub fn detail(mut self, detail: impl Into<Value>) -> Self {
        self.error.inner.detail = Some(detail.into());
        self
    }

    /// Sets the last status of the job. Default: none.
    pub fn last_status(mut self, status: JobStatus) -> Self {
        self.error.inner.last_status = Some(status);
        self
    }

    /// Sets the file that a download has kept although it is not the output. Default: none.
    pub fn kept_file(mut self, file: Saved) -> Self {
        self.error.inner.kept_file = Some(file);
        self
    }

    /// Sets the cause. Default: none.
    pub fn source(self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self {
            error: self.error.with_source(source),
        }
    }

    /// Builds the error.
    #[must_use]
    pub fn build(self) -> Error {
        self.error
    }
}
