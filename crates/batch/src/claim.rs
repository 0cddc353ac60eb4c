//! Claims of jobs.

use std::time::Duration;

use runcomfy::RequestId;
use runcomfy::schema::Json;

use crate::job_id::JobId;
use crate::job_key::JobKey;
use crate::money::Money;

/// A job that an incarnation has claimed: it may be submitted once, with this key, by it alone.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Claimed {
    /// Idempotency key of the attempt.
    pub key: JobKey,
    /// Number of the attempt, from 1.
    pub attempt: u32,
    /// Number of the job in its batch, from 1.
    pub n: u64,
    /// Id of the job.
    pub id: JobId,
    /// Id of the model.
    pub model: String,
    /// Input of the job.
    pub input: Json,
    /// Sum that is reserved for it.
    pub reserved: Money,
}

/// Answer to a claim.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Claims {
    /// The claimed jobs, by priority and number. Submit them now: an intent that is not sent is a doubt
    /// if the process is killed.
    pub jobs: Vec<Claimed>,
    /// Reason for which there are no more, and the time of the next claim.
    pub next: NextClaim,
}

/// Reason for which a claim has returned no more jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NextClaim {
    /// The room was filled. Claim again as soon as there is room.
    Now,
    /// The rate, a [hold](crate::store::Store::hold_back) or the backoff of jobs allows more after this
    /// time.
    After(Duration),
    /// The next job does not fit into the budget; this sum would be reserved for it. A job that settles
    /// below its estimate may make room.
    OverBudget(Money),
    /// No job is ready.
    NoneReady,
}

/// Answer to a beat.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Beat {
    /// Attempts that are in doubt since now, because the incarnation that was sending them has ended.
    pub doubts: Vec<JobKey>,
    /// Submitted jobs that this incarnation owns and has not heard of: the incarnation that submitted them
    /// has ended, or a person found their ids. Wait for them.
    pub adopted: Vec<Adopted>,
    /// Intents of this incarnation that it never heard of, because the answer to its claim was lost. They
    /// are ready again.
    pub given_back: Vec<JobKey>,
    /// Submitted jobs of this incarnation whose cancellation is requested. Cancel them at the service,
    /// and settle them by the outcome. They are listed at each beat until they are settled.
    pub to_cancel: Vec<JobKey>,
}

/// A submitted job that an incarnation has adopted.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Adopted {
    /// The job and its attempt.
    pub job: Claimed,
    /// Its id at the service.
    pub request_id: RequestId,
    /// Is `true` if the job has a newer attempt: it was submitted twice. Settling it moves its money,
    /// and the newer attempt decides on the job.
    pub is_superseded: bool,
}
