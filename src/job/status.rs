//! Statuses of jobs.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use runcomfy_schema::Redacted;

/// Status of a job. The service's set is open: a status that this version does not know is kept as
/// text and counts as "not finished".
///
/// serde writes and reads it as its word, such as `in_queue`: the one that `Display` prints.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Status {
    /// The job waits for a machine; it can still be cancelled.
    InQueue,
    /// The job runs.
    InProgress,
    /// The job has ended; only its result says whether it succeeded.
    Completed,
    /// The job has ended with an output.
    Succeeded,
    /// The job has ended without an output.
    Failed,
    /// The job was cancelled while it was queued.
    Cancelled,
    /// Any other status, as the service wrote it.
    Other(String),
}

impl Status {
    /// Parses the service's word for a status; letter case does not matter.
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

    /// Returns `true` if the job has ended.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        matches!(
            self,
            Self::Completed | Self::Succeeded | Self::Failed | Self::Cancelled
        )
    }
}

/// Prints an unknown status without the queries of URLs.
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

/// Prints the service's word unchanged.
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

impl Serialize for Status {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Status {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::parse(&String::deserialize(deserializer)?))
    }
}

/// Status of a job, with its position in the queue.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct JobStatus {
    /// The status.
    pub status: Status,
    /// The position in the queue as the service counts it, where it says so.
    pub queue_position: Option<u64>,
    /// The error that the service reports beside the status, in its form: a text, an object or an
    /// array.
    pub error: Option<Value>,
}

impl JobStatus {
    /// Creates a status of which nothing else is known.
    pub(crate) fn new(status: Status) -> Self {
        Self {
            status,
            queue_position: None,
            error: None,
        }
    }
}

/// Prints the texts of the service without the queries of URLs.
impl fmt::Debug for JobStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let error = self.error.as_ref().map(Value::to_string);
        f.debug_struct("JobStatus")
            .field("status", &self.status)
            .field("queue_position", &self.queue_position)
            .field(
                "error",
                &format_args!("{}", Redacted(error.as_deref().unwrap_or("None"))),
            )
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_status_counts_as_unfinished() {
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
