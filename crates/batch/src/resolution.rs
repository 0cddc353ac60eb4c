//! Decisions of a person on doubts.

use runcomfy::RequestId;

/// Decision of a person on an attempt that is in doubt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// The account's history has a job with this id: it is waited for.
    RequestId(RequestId),
    /// The account's history has no job for the key: its money is released, and the job has failed.
    NoJob,
    /// The job is to be submitted again, with a new key. The money of the attempt stays in doubt until
    /// its id arrives or it is declared to have no job, so that no double exceeds the budget.
    ///
    /// A job that has failed or was cancelled can be submitted again too, by the key of its last
    /// attempt.
    Resubmit,
}
