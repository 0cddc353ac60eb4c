//! Rows of reports.

use runcomfy::RequestId;
use runcomfy::schema::Json;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::incarnation::IncarnationId;
use crate::job_id::{JobId, content_hash};
use crate::job_key::JobKey;
use crate::money::Money;
use crate::state::{AttemptState, State};
use crate::timestamp::Timestamp;

/// A job as a report shows it, with its last attempt.
///
/// serde writes both as one flat object with the same members for every job; what a job does not have
/// is `null`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Row {
    /// Number of the job in its batch, from 1, in the order of the import.
    pub n: u64,
    /// Id of the job.
    pub id: JobId,
    /// Id of the model.
    pub model: String,
    /// Input of the job.
    pub input: Json,
    /// Priority: jobs with a higher one are claimed first.
    pub priority: i32,
    /// Cost that was estimated at the import.
    pub estimate: Money,
    /// State of the job.
    pub state: State,
    /// Is `true` if the cancellation was requested.
    pub cancel_requested: bool,
    /// Time before which the job is not claimed.
    pub not_before: Timestamp,
    /// The last attempt; `None` if the job was never claimed.
    pub attempt: Option<Attempt>,
}

impl Row {
    /// Returns a hash of model and input.
    pub(crate) fn content(&self) -> u128 {
        content_hash(&self.model, &self.input)
    }
}

/// An attempt at a job: one idempotency key.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Attempt {
    /// The idempotency key.
    pub key: JobKey,
    /// Number of the job in its batch.
    pub n: u64,
    /// Number of the attempt, from 1.
    pub number: u32,
    /// State of the attempt.
    pub state: AttemptState,
    /// Incarnation that claimed or adopted it; `None` if a person has found its id, until it is adopted.
    pub owner: Option<IncarnationId>,
    /// Id of the job at the service.
    pub request_id: Option<RequestId>,
    /// Sum that was reserved for it.
    pub reserved: Money,
    /// Sum that it cost.
    pub cost: Option<Money>,
    /// Is `true` if the cost is what was reserved, since the service reported none.
    pub cost_is_estimate: bool,
    /// Reason of a failure, of a doubt, or for which there is no job.
    pub note: Option<String>,
    /// Value that was given when it was saved.
    pub result: Option<Json>,
    /// Time of the claim.
    pub claimed_at: Timestamp,
    /// Time at which the id was stored.
    pub submitted_at: Option<Timestamp>,
    /// Time at which it ended, or at which the doubt arose; a declaration that there is no job keeps the
    /// latter.
    pub ended_at: Option<Timestamp>,
}

/// Selection of attempts.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Attempts {
    /// All attempts.
    All,
    /// All attempts at one job.
    OfJob(JobId),
    /// Attempts whose job has this id at the service.
    OfRequest(RequestId),
    /// Attempts that may be in flight, or that the service has accepted and that have not ended.
    Held,
    /// Attempts in doubt.
    InDoubt,
}

impl Row {
    /// Returns the names of the files that were saved, without their folder.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        let files = self.saved("files").and_then(Json::as_array);
        files.into_iter().flatten().filter_map(Json::as_str)
    }

    /// Returns the folder in which the files were saved, as its process named it.
    #[must_use]
    pub fn folder(&self) -> Option<&str> {
        self.saved("folder").and_then(Json::as_str)
    }

    /// Returns the process that has saved the files, of a store for many machines: the folder is one of its
    /// machine.
    #[must_use]
    pub fn worker(&self) -> Option<&str> {
        self.saved("worker").and_then(Json::as_str)
    }

    /// Returns the output that the service gave, of a job that was saved.
    #[must_use]
    pub fn output(&self) -> Option<&Json> {
        self.saved("output")
    }

    /// Returns `true` if the job was withdrawn, since its file has it no longer: it is cancelled, and was never
    /// accepted by the service.
    #[must_use]
    pub fn is_withdrawn(&self) -> bool {
        self.state == State::Cancelled && !self.cancel_requested && self.made_no_job()
    }

    /// Returns `true` if a person has declared that the service has no job of its last attempt
    /// ([`Resolution::NoJob`](crate::Resolution::NoJob)).
    #[must_use]
    pub fn is_declared(&self) -> bool {
        let last = self.attempt.as_ref();
        last.is_some_and(|last| {
            last.state == AttemptState::NoJob && last.note.as_deref() == Some(DECLARED)
        })
    }

    /// Returns `true` if the service has no job of it by its last attempt.
    pub(crate) fn made_no_job(&self) -> bool {
        let last = self.attempt.as_ref().map(|attempt| attempt.state);
        last.is_none_or(|last| last == AttemptState::NoJob)
    }

    fn saved(&self, member: &str) -> Option<&Json> {
        self.attempt.as_ref()?.result.as_ref()?.get(member)
    }
}

impl Row {
    /// Writes the members of the row into an object.
    pub(crate) fn serialize_members<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        let attempt = self.attempt.as_ref();
        let files: Vec<&str> = self.files().collect();
        map.serialize_entry("n", &self.n)?;
        map.serialize_entry("id", &self.id)?;
        map.serialize_entry("model", &self.model)?;
        map.serialize_entry("state", &self.state)?;
        map.serialize_entry("priority", &self.priority)?;
        map.serialize_entry("cancel_requested", &self.cancel_requested)?;
        map.serialize_entry("estimate", &self.estimate)?;
        map.serialize_entry("attempts", &attempt.map_or(0, |attempt| attempt.number))?;
        map.serialize_entry("key", &attempt.map(|attempt| &attempt.key))?;
        map.serialize_entry("request_id", &attempt.map(|attempt| &attempt.request_id))?;
        map.serialize_entry("reserved", &attempt.map(|attempt| attempt.reserved))?;
        map.serialize_entry("cost", &attempt.map(|attempt| attempt.cost))?;
        let is_estimate = attempt.is_some_and(|attempt| attempt.cost_is_estimate);
        map.serialize_entry("cost_is_estimate", &is_estimate)?;
        map.serialize_entry("claimed_at", &attempt.map(|attempt| attempt.claimed_at))?;
        map.serialize_entry("submitted_at", &attempt.map(|attempt| attempt.submitted_at))?;
        map.serialize_entry("ended_at", &attempt.map(|attempt| attempt.ended_at))?;
        map.serialize_entry("note", &attempt.map(|attempt| &attempt.note))?;
        map.serialize_entry("files", &files)?;
        map.serialize_entry("folder", &self.folder())?;
        map.serialize_entry("worker", &self.worker())?;
        map.serialize_entry("input", &self.input)?;
        map.serialize_entry("output", &self.output())
    }
}

impl Serialize for Row {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.serialize_members(&mut map)?;
        map.end()
    }
}

/// Returns the note of an attempt in doubt: a report shows it without anything beside it.
pub(crate) fn doubt_note(reason: &str) -> String {
    format!(
        "{reason}; there may be a job, which costs money: a person decides with `runcomfy batch resolve`"
    )
}

/// Returns the note of an attempt in doubt, since its incarnation has ended.
pub(crate) fn orphan_note(process: &str) -> String {
    doubt_note(&format!(
        "{process} ended before it had stored an answer to the submit"
    ))
}

/// Note of an attempt whose claim was never heard of.
pub(crate) const GIVEN_BACK: &str = "the answer to the claim was lost; nothing was sent";

/// Note of a job that was withdrawn.
pub(crate) const WITHDRAWN: &str = "withdrawn: its file has it no longer";

/// Note of a job that was imported after it was withdrawn.
pub(crate) const IMPORTED_AGAIN: &str = "imported again";

/// Note of an attempt whose job or files the service has no more, as a person says.
pub(crate) const GONE: &str = "declared to be gone: the service has the job or its files no more";

/// Note of an attempt that a person has declared to have no job.
pub(crate) const DECLARED: &str = "declared to have no job";
