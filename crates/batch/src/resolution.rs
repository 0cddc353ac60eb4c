//! Decisions of a person on doubts.

use std::time::Duration;

use runcomfy::RequestId;

use crate::limits::has_come;
use crate::row::DECLARED;
use crate::state::AttemptState;
use crate::timestamp::Timestamp;

/// Decision of a person on an attempt that is in doubt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// The account's history has a job with this id: it is waited for.
    RequestId(RequestId),
    /// The account's history has no job for the key: its money is released, and the job has failed.
    NoJob,
    /// The service has the job that it had accepted, or its files, no more: it has failed, and what was reserved for it
    /// counts as spent, since it may be charged. It can be submitted again after that.
    Gone,
    /// The job is to be submitted again, with a new key. The money of the attempt stays in doubt until
    /// its id arrives or it is declared to have no job, so that no double exceeds the budget.
    ///
    /// That is refused for five minutes after the doubt, in which its submit may still arrive: look for it
    /// in the account's history after them. A declaration that there is no job neither ends nor prolongs
    /// them.
    ///
    /// A job that has failed or was cancelled can be submitted again too, by the key of its last
    /// attempt.
    Resubmit,
}

/// Time for which the submit of an attempt may still arrive after it is in doubt: the longest request, and
/// what may hold it up. The lease of its incarnation has ended by then.
pub(crate) const MAX_REQUEST: Duration = Duration::from_secs(300);

/// Returns the time from which an attempt's job may be submitted again, if that has not come: its submit may
/// still arrive. `ended_at` is the time of the doubt.
pub(crate) fn may_still_arrive(
    (state, note): (AttemptState, Option<&str>),
    ended_at: Option<Timestamp>,
    now: Timestamp,
) -> Option<Timestamp> {
    let is_unknown = match state {
        AttemptState::InDoubt => true,
        AttemptState::NoJob => note == Some(DECLARED),
        _ => false,
    };
    let until = ended_at?.after(MAX_REQUEST);
    (is_unknown && !has_come(until, now)).then_some(until)
}

/// Returns the time at which an attempt ended. Of one that is declared to have no job it is the time of its
/// doubt: by that the service has had no more time to receive the submit.
pub(crate) fn ended_at(note: Option<&str>, doubt: Option<Timestamp>, now: Timestamp) -> Timestamp {
    doubt.filter(|_| note == Some(DECLARED)).unwrap_or(now)
}
