//! The input that is sent for a job, made of the one that the store has.

use std::pin::Pin;

use runcomfy::schema::Json;

use crate::claim::Claimed;

/// Makes the input that is sent from a job.
pub(super) type Prepare = dyn Fn(Claimed) -> Prepared + Send + Sync;

/// The future of the input that is sent for a job, or of the reason for which there is none.
pub type Prepared = Pin<Box<dyn Future<Output = Result<Json, Unprepared>> + Send>>;

/// Reason for which nothing can be sent for a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unprepared {
    /// The job has failed: no process can prepare it.
    Job(String),
    /// This process cannot prepare it, and another may: the job is ready again, and this process submits nothing
    /// more.
    Process(String),
}
