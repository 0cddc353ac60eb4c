//! Outcomes of cancellations.

use std::fmt;

use runcomfy_schema::Redacted;

/// Outcome of a request to cancel a job.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CancelOutcome {
    /// The job was still queued and will not run.
    Cancelled,
    /// The job runs already, or has ended: it keeps running and is paid.
    NotCancellable,
    /// An outcome that this version does not know, as the service wrote it.
    Other(String),
}

/// Prints the text of the service without the queries of URLs.
impl fmt::Debug for CancelOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cancelled => f.write_str("Cancelled"),
            Self::NotCancellable => f.write_str("NotCancellable"),
            Self::Other(text) => {
                let text = Redacted(text).to_string();
                f.debug_tuple("Other").field(&text).finish()
            }
        }
    }
}
