//! Events of a run.

use runcomfy::RequestId;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::job_id::JobId;
use crate::job_key::JobKey;
use crate::money::Money;

/// An event of a run. Its [word](Self::as_str) is stable.
///
/// serde writes it as an object with its word as `event`. The journal of the store
/// ([`Store::events`](crate::Store::events)) keeps every transition; these are for whoever watches.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Progress {
    /// The service has accepted a job, and the store has its id.
    Submitted(JobRef),
    /// A job runs.
    Started(JobRef),
    /// A job has ended at the service, for this cost where the service says so. Its files are saved next.
    Finished(JobRef, Option<Money>),
    /// The files of a job are saved.
    Saved(JobRef),
    /// A job has failed for this reason.
    Failed(JobRef, String),
    /// A job was cancelled.
    Cancelled(JobRef),
    /// A submit was certainly not accepted, for this reason, and its job is ready again.
    Retried(JobRef, String),
    /// The outcome of a submit is unknown, for this reason.
    Doubt(JobKey, String),
    /// The files of a job that has succeeded could not be saved, for this reason. The next run
    /// repeats it.
    NotSaved(JobRef, String),
    /// Nothing is claimed for now, for this reason.
    Paused(String),
    /// Jobs are claimed again.
    Resumed,
    /// The next job would reserve this sum, which the budget has not left.
    Budget(Money),
    /// The service refuses the account, for this reason: the token or the balance. A batch that
    /// [keeps running](crate::Batch::keep_running) claims nothing until it is woken; others end.
    Account(String),
}

/// The job of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct JobRef {
    /// Number of the job in its batch.
    pub n: u64,
    /// Id of the job.
    pub id: JobId,
    /// Key of the attempt.
    pub key: JobKey,
    /// Id at the service, where there is one.
    pub request_id: Option<RequestId>,
}

impl Progress {
    /// Returns the event's word.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Submitted(_) => "submitted",
            Self::Started(_) => "started",
            Self::Finished(..) => "finished",
            Self::Saved(_) => "saved",
            Self::Failed(..) => "failed",
            Self::Cancelled(_) => "cancelled",
            Self::Retried(..) => "retried",
            Self::Doubt(..) => "doubt",
            Self::NotSaved(..) => "not_saved",
            Self::Paused(_) => "paused",
            Self::Resumed => "resumed",
            Self::Budget(_) => "budget",
            Self::Account(_) => "account",
        }
    }

    /// Returns the job of the event, where it is about one.
    #[must_use]
    pub const fn job(&self) -> Option<&JobRef> {
        match self {
            Self::Submitted(job)
            | Self::Started(job)
            | Self::Finished(job, _)
            | Self::Saved(job)
            | Self::Failed(job, _)
            | Self::Cancelled(job)
            | Self::Retried(job, _)
            | Self::NotSaved(job, _) => Some(job),
            Self::Doubt(..)
            | Self::Paused(_)
            | Self::Resumed
            | Self::Budget(_)
            | Self::Account(_) => None,
        }
    }

    fn reason(&self) -> Option<&str> {
        match self {
            Self::Failed(_, reason)
            | Self::Retried(_, reason)
            | Self::NotSaved(_, reason)
            | Self::Doubt(_, reason)
            | Self::Paused(reason)
            | Self::Account(reason) => Some(reason),
            _ => None,
        }
    }
}

impl Serialize for Progress {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("event", self.as_str())?;
        if let Some(job) = self.job() {
            map.serialize_entry("n", &job.n)?;
            map.serialize_entry("id", &job.id)?;
            map.serialize_entry("key", &job.key)?;
            if let Some(id) = &job.request_id {
                map.serialize_entry("request_id", id.as_str())?;
            }
        }
        match self {
            Self::Finished(_, Some(cost)) => map.serialize_entry("cost", cost)?,
            Self::Doubt(key, _) => map.serialize_entry("key", key)?,
            Self::Budget(needed) => map.serialize_entry("needed", needed)?,
            _ => {}
        }
        if let Some(reason) = self.reason() {
            map.serialize_entry("reason", reason)?;
        }
        map.end()
    }
}

/// The events of a run, as they come. None is missed: what is not taken is kept.
#[derive(Debug)]
pub(super) struct Progresses(UnboundedReceiver<Progress>);

impl Progresses {
    pub(super) fn new(receiver: UnboundedReceiver<Progress>) -> Self {
        Self(receiver)
    }

    /// Waits for the next event; returns `None` once the batch has ended.
    pub(super) async fn next(&mut self) -> Option<Progress> {
        self.0.recv().await
    }
}
