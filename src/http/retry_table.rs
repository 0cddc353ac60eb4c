//! The table that decides what may be sent again.
//!
//! **Invariant:** a submit is sent again only where this table says that no job can exist.
//!
//! Every failure of a request is one [`Failure`], a row of the table, and [`Failure::decide`] is the
//! table itself. [`Failure::from_error`] is the only place that turns an error into a row. Retries, polls
//! and the outcome of a submit all follow it; nothing else in this crate decides about money.

use crate::error::{Error, ErrorKind};

/// A row of the table: how a request failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// No connection was made, so the service has seen nothing.
    NotSent,
    /// Our own rate limiter refused to send the request in time.
    HeldBack,
    /// The service refused the request as one too many (HTTP 429, codes 429xxx).
    Throttled,
    /// The service, or a gateway before it, failed, or answered what nobody documents: HTTP 408, 409,
    /// 425, 5xx with `Retry-After` or without, codes that are not listed. It may have done its work.
    Unavailable,
    /// The connection broke or time ran out after something may have been sent.
    ResponseLost,
    /// The response is not what the API describes.
    Unreadable,
    /// The response is longer than is read. The next one may be shorter; a file is not.
    ResponseTooLarge,
    /// The response may belong to another request: it came from where the HTTP client was
    /// redirected to, or over an HTTP/1.1 connection that may have carried other requests.
    Unattributed,
    /// A job's id came beside a failure that does not prove that there is no job.
    JobNamed,
    /// The result of a job is not there yet.
    NotReady,
    /// The service knows no such job, which was submitted within the last minute: the machine that
    /// answers may not know it yet.
    NotKnownYet,
    /// The service refused the request for good; [`error_code`](super::error_code) says which codes
    /// and statuses are certain.
    Refused,
    /// The failure is on this machine: a setting, an input, a file.
    Local,
}

/// A column of the table: what the request was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    /// A submit, which costs money if it is sent twice.
    Submit,
    /// A read, a poll or a cancellation, which may be sent any number of times.
    Read,
    /// A download of an output.
    Download,
}

/// A cell of the table: what follows from the failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// The request may be sent again; for a submit it is certain that no job exists.
    Retry,
    /// The request is not sent again; for a submit it is certain that no job exists.
    GiveUp,
    /// A job may exist, so the submit is never sent again.
    OutcomeUnknown,
}

impl Failure {
    /// Returns the decision of the table.
    #[rustfmt::skip]
    #[expect(clippy::match_same_arms, reason = "each failure is a row of its own")]
    pub(crate) const fn decide(self, operation: Operation) -> Decision {
        use Decision::{GiveUp, OutcomeUnknown, Retry};
        let (submit, read, download) = match self {
            //                         submit          read or poll  download
            Self::NotSent          => (Retry,          Retry,        Retry),
            Self::HeldBack         => (GiveUp,         Retry,        Retry),
            Self::Throttled        => (Retry,          Retry,        Retry),
            Self::Unavailable      => (OutcomeUnknown, Retry,        Retry),
            Self::ResponseLost     => (OutcomeUnknown, Retry,        Retry),
            Self::Unreadable       => (OutcomeUnknown, Retry,        Retry),
            Self::ResponseTooLarge => (OutcomeUnknown, Retry,        GiveUp),
            Self::Unattributed     => (OutcomeUnknown, GiveUp,       GiveUp),
            Self::JobNamed         => (OutcomeUnknown, GiveUp,       GiveUp),
            Self::NotReady         => (GiveUp,         Retry,        Retry),
            Self::NotKnownYet      => (GiveUp,         Retry,        Retry),
            Self::Refused          => (GiveUp,         GiveUp,       GiveUp),
            Self::Local            => (GiveUp,         GiveUp,       GiveUp),
        };
        match operation {
            Operation::Submit => submit,
            Operation::Read => read,
            Operation::Download => download,
        }
    }

    /// Finds the row of an error.
    pub(crate) fn from_error(error: &Error) -> Self {
        let http_status = error.http_status();
        match error.kind() {
            _ if error.is_unattributed() => Self::Unattributed,
            _ if error.names_job() && !proves_that_no_job_exists(error) => Self::JobNamed,
            ErrorKind::NotSent => Self::NotSent,
            ErrorKind::Throttled if http_status.is_none() => Self::HeldBack,
            ErrorKind::Throttled => Self::Throttled,
            ErrorKind::Unavailable => Self::Unavailable,
            ErrorKind::ResponseLost => Self::ResponseLost,
            ErrorKind::Unreadable => Self::Unreadable,
            ErrorKind::TooLarge => Self::ResponseTooLarge,
            ErrorKind::NotReady => Self::NotReady,
            ErrorKind::NotFound if error.is_early() => Self::NotKnownYet,
            _ if http_status.is_some() => Self::Refused,
            _ => Self::Local,
        }
    }
}

/// Returns `true` if a response that carries a job's id still is the service's word that there is
/// no job.
fn proves_that_no_job_exists(error: &Error) -> bool {
    !matches!(
        error.kind(),
        ErrorKind::Unavailable | ErrorKind::Unreadable | ErrorKind::Throttled
    )
}

/// Returns the decision about a failed request, and the error marked as one whose outcome is
/// unknown where the table says so.
pub(crate) fn judge(operation: Operation, error: Error) -> (Decision, Error) {
    let decision = Failure::from_error(&error).decide(operation);
    match decision {
        Decision::OutcomeUnknown => (decision, error.with_unknown_outcome()),
        _ => (decision, error),
    }
}

#[cfg(test)]
#[path = "retry_table_tests.rs"]
mod tests;
