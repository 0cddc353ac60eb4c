//! The end of a run.

use crate::counts::Counts;
use crate::money::Money;

/// End of a run: why it ended, and where the batch is.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Summary {
    /// Reason of the end.
    pub ended_by: EndedBy,
    /// Jobs by state and the money, at the end.
    pub counts: Counts,
}

/// Reason for which a run has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EndedBy {
    /// Nothing is left to do by itself: every job has ended or is in doubt, or could not be saved. In a batch
    /// [without submits](crate::Batch::without_submits) jobs may be ready.
    Done,
    /// The next job would reserve this sum, which the budget has not left.
    Budget(Money),
    /// The run was [stopped](crate::StopHandle::stop).
    Stopped,
    /// The service refuses the account: the token or the balance. The text says how to fix it.
    Account(String),
    /// This process [cannot prepare](crate::Unprepared::Process) the next job, which others may. The text says
    /// why.
    Process(String),
}
