//! Rows of reports.

use runcomfy::RequestId;
use runcomfy::schema::Json;

use crate::incarnation::IncarnationId;
use crate::job_id::JobId;
use crate::job_key::JobKey;
use crate::money::Money;
use crate::state::{AttemptState, State};
use crate::timestamp::Timestamp;

/// A job as a report shows it, with its last attempt.
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
    /// Time at which it ended, or at which the doubt arose.
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
    /// Attempts that may be in flight, or that the service has accepted and that have not ended.
    Held,
    /// Attempts in doubt.
    InDoubt,
}

/// Returns the note of an attempt whose incarnation has ended.
pub(crate) fn doubt_note(process: &str) -> String {
    format!(
        "{process} ended before it had stored an answer to the submit; there may be a job, which costs money. Look for the key in the account's history, then resolve the doubt"
    )
}

/// Note of an attempt whose claim was never heard of.
pub(crate) const GIVEN_BACK: &str = "the answer to the claim was lost; nothing was sent";

/// Note of an attempt that a person has declared to have no job.
pub(crate) const DECLARED: &str = "declared to have no job";
