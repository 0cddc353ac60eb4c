//! How far a job is.

use std::fmt;

use runcomfy_schema::Redacted;

/// A job's status. The service's set is open: what this version does not know is kept as text and
/// means "not finished".
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Status {
    /// Waiting for a machine; it can still be cancelled.
    InQueue,
    /// Running.
    InProgress,
    /// Finished; only the result tells whether it succeeded.
    Completed,
    /// Finished with an output.
    Succeeded,
    /// Finished without one.
    Failed,
    /// Cancelled while it was queued.
    Cancelled,
    /// Anything else, as the service wrote it.
    Other(String),
}

impl Status {
    /// Reads the service's word, letter case aside.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match text.trim().to_ascii_lowercase().as_str() {
            "in_queue" | "pending" | "waiting" => Self::InQueue,
            "in_progress" | "starting" | "processing" => Self::InProgress,
            "completed" => Self::Completed,
            "succeeded" => Self::Succeeded,
            "failed" => Self::Failed,
            "cancelled" | "canceled" => Self::Cancelled,
            _ => Self::Other(text.to_owned()),
        }
    }

    /// Whether nothing will happen to the job any more.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        matches!(
            self,
            Self::Completed | Self::Succeeded | Self::Failed | Self::Cancelled
        )
    }
}

/// Shown without the queries of URLs.
impl fmt::Debug for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InQueue => "InQueue",
            Self::InProgress => "InProgress",
            Self::Completed => "Completed",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
            Self::Cancelled => "Cancelled",
            Self::Other(text) => {
                let text = Redacted(text).to_string();
                return f.debug_tuple("Other").field(&text).finish();
            }
        })
    }
}

/// The service's word, whole.
impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InQueue => "in_queue",
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Other(text) => text,
        })
    }
}

/// What the service says of a job that is not finished, or that it is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct JobStatus {
    /// The status.
    pub status: Status,
    /// The place in the queue, as the service counts it, while it tells.
    pub queue_position: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_that_was_seen_is_known_and_others_are_not_finished() {
        for (word, status, terminal) in [
            ("in_queue", Status::InQueue, false),
            ("pending", Status::InQueue, false),
            ("waiting", Status::InQueue, false),
            ("in_progress", Status::InProgress, false),
            ("starting", Status::InProgress, false),
            ("processing", Status::InProgress, false),
            ("completed", Status::Completed, true),
            ("COMPLETED", Status::Completed, true),
            ("succeeded", Status::Succeeded, true),
            ("failed", Status::Failed, true),
            ("cancelled", Status::Cancelled, true),
            ("canceled", Status::Cancelled, true),
            ("paused", Status::Other("paused".into()), false),
            ("", Status::Other(String::new()), false),
        ] {
            assert_eq!(Status::parse(word), status, "{word}");
            assert_eq!(status.is_terminal(), terminal, "{word}");
        }
    }
}
