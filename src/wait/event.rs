//! What happens to a job.

use std::fmt;
use std::time::Duration;

use crate::error::ErrorKind;
use crate::job::status::Status;
use runcomfy_schema::Redacted;

/// What a [`Watch`](crate::wait::watch::Watch) tells of a job on its way.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// The job exists. Always the first.
    Submitted,
    /// It is queued, at this place as the service counts it, where it tells. Comes again when the
    /// place changes.
    Queued {
        /// The place.
        position: Option<u64>,
    },
    /// It runs.
    Started,
    /// It has a status that this version does not know, as the service wrote it, which means "not
    /// finished". Comes once for each such status.
    UnknownStatus(String),
    /// The service could not be asked how far the job is; it will be asked again. The job itself
    /// is not touched by that.
    Retrying {
        /// How many looks have failed in a row.
        failures: u32,
        /// How the last one failed.
        kind: ErrorKind,
        /// The time until the next.
        pause: Duration,
    },
    /// The service was asked to cancel the job because it was queued for long, but it runs already,
    /// or has ended. The wait goes on.
    NotCancellable,
    /// The job has ended, in this way. Always the last; a watch that ends without it has reached a
    /// limit or a refusal, and its output is an error.
    Done(Status),
}

/// Shown without the queries of URLs.
impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Submitted => f.write_str("Submitted"),
            Self::Queued { position } => f
                .debug_struct("Queued")
                .field("position", position)
                .finish(),
            Self::Started => f.write_str("Started"),
            Self::UnknownStatus(text) => {
                let text = Redacted(text).to_string();
                f.debug_tuple("UnknownStatus").field(&text).finish()
            }
            Self::Retrying {
                failures,
                kind,
                pause,
            } => f
                .debug_struct("Retrying")
                .field("failures", failures)
                .field("kind", kind)
                .field("pause", pause)
                .finish(),
            Self::NotCancellable => f.write_str("NotCancellable"),
            Self::Done(status) => f.debug_tuple("Done").field(status).finish(),
        }
    }
}
