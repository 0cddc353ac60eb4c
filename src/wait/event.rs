//! Events of a watched job.

mod json;

use std::fmt;
use std::time::Duration;

use serde_json::Value;

use crate::error::ErrorKind;
use crate::job::status::Status;
use runcomfy_schema::Redacted;

/// An event of a job that a [`Watch`](crate::wait::watch::Watch) reports.
///
/// serde writes it as an object with its word as `event`, such as `{"event": "queued", "position": 2}`.
/// docs/library.md lists the words, which are stable.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// The job exists. Always the first event.
    Submitted,
    /// The job is queued. Comes again when its position changes.
    Queued {
        /// The position in the queue as the service counts it, where it says so.
        position: Option<u64>,
    },
    /// The job runs.
    Started,
    /// The job has a status that this version does not know, as the service wrote it; it counts as
    /// "not finished". Comes once for each such status.
    UnknownStatus(String),
    /// A poll has failed, and another follows. The job itself is not affected.
    Retrying {
        /// The number of polls in a row that have failed.
        failures: u32,
        /// Kind of the last poll's failure.
        kind: ErrorKind,
        /// The time until the next poll.
        backoff: Duration,
    },
    /// The job was to be cancelled because it was queued for long, but it runs already, or has
    /// ended. The wait continues.
    NotCancellable,
    /// The job has succeeded with an output, and the service reports this error beside it, in its
    /// form: a text, an object or an array. [`Done`](Self::Done) follows.
    ErrorBesideOutput(Value),
    /// The job has ended with this status. Always the last event; a watch that ends without it has
    /// reached a limit or a refusal, and its output is an error.
    Done(Status),
}

/// Prints the texts of the service without the queries of URLs.
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
                backoff,
            } => f
                .debug_struct("Retrying")
                .field("failures", failures)
                .field("kind", kind)
                .field("backoff", backoff)
                .finish(),
            Self::NotCancellable => f.write_str("NotCancellable"),
            Self::ErrorBesideOutput(error) => {
                let error = error.to_string();
                f.debug_tuple("ErrorBesideOutput")
                    .field(&format_args!("{}", Redacted(&error)))
                    .finish()
            }
            Self::Done(status) => f.debug_tuple("Done").field(status).finish(),
        }
    }
}
