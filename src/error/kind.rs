//! Kinds of errors, and their words.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

#[cfg(doc)]
use super::Error;

/// Kind of an [`Error`].
///
/// Each has a word, such as `not_sent`, which `Display`, `FromStr` and serde use. The words are stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The input breaks its schema; nothing was sent. Fix what [`Error::violations`] lists.
    InvalidInput,
    /// A setting of the client or an argument is invalid, such as the base URL. Nothing was sent.
    Configuration,
    /// No connection could be made; nothing was sent. Repeat the call later.
    NotSent,
    /// The connection broke or time ran out after something may have been sent. For a submit see
    /// [`Error::may_have_been_submitted`].
    ResponseLost,
    /// The token is missing or invalid, or the service says that it is expired or revoked, or the
    /// account inactive (400004, HTTP 401).
    Unauthenticated,
    /// No balance is left (400002, HTTP 402).
    InsufficientBalance,
    /// There is no such model (400001).
    UnknownModel,
    /// The service refused the input (HTTP 400, 422). See [`Error::detail`].
    BadRequest,
    /// The job or the model belongs to another account (403001, HTTP 403).
    Forbidden,
    /// The service knows no such thing, or the request id has expired (404001, HTTP 404).
    NotFound,
    /// The result is not ready yet (400005). Fetch it later.
    NotReady,
    /// There were too many requests (HTTP 429). Wait for [`Error::retry_after`].
    Throttled,
    /// The service is unavailable for now (HTTP 408, 5xx). Repeat the call later.
    Unavailable,
    /// The response is not what the API describes: empty, HTML, cut off. See [`Error::excerpt`].
    Unreadable,
    /// The job has succeeded, and is paid, but its output is missing or has another form than it is
    /// read as. [`Client::json_job`](crate::client::Client::json_job) reads it in any form.
    UnexpectedOutput,
    /// The job ran and failed. See [`Error::detail`].
    JobFailed,
    /// The job was cancelled.
    JobCancelled,
    /// The job was not finished at the deadline of the wait; it keeps running.
    Deadline,
    /// A file could not be read or written.
    Io,
    /// The output is larger than the limit for downloads, or a response larger than is read (16 MiB).
    TooLarge,
    /// The [`Uploader`](crate::media::attach::Uploader) failed; nothing was submitted.
    Upload,
}

impl ErrorKind {
    /// Lists every kind of this version.
    pub const ALL: &[Self] = &[
        Self::InvalidInput,
        Self::Configuration,
        Self::NotSent,
        Self::ResponseLost,
        Self::Unauthenticated,
        Self::InsufficientBalance,
        Self::UnknownModel,
        Self::BadRequest,
        Self::Forbidden,
        Self::NotFound,
        Self::NotReady,
        Self::Throttled,
        Self::Unavailable,
        Self::Unreadable,
        Self::UnexpectedOutput,
        Self::JobFailed,
        Self::JobCancelled,
        Self::Deadline,
        Self::Io,
        Self::TooLarge,
        Self::Upload,
    ];

    /// Returns the word of the kind, such as `insufficient_balance`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidInput => "invalid_input",
            Self::Configuration => "configuration",
            Self::NotSent => "not_sent",
            Self::ResponseLost => "response_lost",
            Self::Unauthenticated => "unauthenticated",
            Self::InsufficientBalance => "insufficient_balance",
            Self::UnknownModel => "unknown_model",
            Self::BadRequest => "bad_request",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::NotReady => "not_ready",
            Self::Throttled => "throttled",
            Self::Unavailable => "unavailable",
            Self::Unreadable => "unreadable",
            Self::UnexpectedOutput => "unexpected_output",
            Self::JobFailed => "job_failed",
            Self::JobCancelled => "job_cancelled",
            Self::Deadline => "deadline",
            Self::Io => "io",
            Self::TooLarge => "too_large",
            Self::Upload => "upload",
        }
    }
}

/// Prints the word of the kind.
impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Error of parsing a text that is the word of no [`ErrorKind`] of this version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownErrorKind(());

impl FromStr for ErrorKind {
    type Err = UnknownErrorKind;

    fn from_str(word: &str) -> Result<Self, UnknownErrorKind> {
        let mut all = Self::ALL.iter().copied();
        all.find(|kind| kind.as_str() == word)
            .ok_or(UnknownErrorKind(()))
    }
}

impl fmt::Display for UnknownErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "not a kind of error that this version knows; expected a word such as `not_sent`",
        )
    }
}

impl std::error::Error for UnknownErrorKind {}

impl Serialize for ErrorKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for ErrorKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        word.parse().map_err(serde::de::Error::custom)
    }
}
