//! Consequences of a submit's outcome, by the client's table.

use std::time::Duration;

use runcomfy::{Error, ErrorKind, Outcome, RequestId};

use crate::row::doubt_note;

/// Consequence of a submit's outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The job has this id, and is waited for.
    Accepted(RequestId),
    /// There is certainly no job, and the same submit may succeed after this time.
    Retry {
        reason: String,
        after: Duration,
        /// Is `true` if the service has asked all to wait.
        is_throttled: bool,
    },
    /// There is certainly no job, and there will be none: the input or the model is refused.
    Failed(String),
    /// There is certainly no job, and no other submit of this account will succeed.
    Account(String),
    /// Nothing was sent, and this process cannot send it.
    Process(String),
    /// There may be a job.
    Doubt(String),
}

/// Time after which a submit is repeated where the service names none.
const RETRY_AFTER: Duration = Duration::from_secs(1);
const MAX_RETRY_AFTER: Duration = Duration::from_secs(60);

impl Verdict {
    /// Reads an outcome. `attempt` is the number of the attempt, from 1.
    pub(super) fn from_outcome<O>(outcome: &Outcome<O>, attempt: u32) -> Self
    where
        O: Send,
    {
        match outcome {
            Outcome::Accepted(job) => Self::Accepted(job.request_id().clone()),
            Outcome::NotSent(error) | Outcome::Rejected(error) => Self::without_job(error, attempt),
            // A job that the response names is waited for: its wait shows whether it exists.
            Outcome::Unknown(error) => match error.request_id() {
                Some(id) => Self::Accepted(id.clone()),
                None => Self::Doubt(doubt_note(&error.without_advice())),
            },
        }
    }

    fn without_job(error: &Error, attempt: u32) -> Self {
        let reason = error.to_string();
        let backoff = RETRY_AFTER.saturating_mul(1 << attempt.saturating_sub(1).min(6));
        let after = error.retry_after().unwrap_or(backoff.min(MAX_RETRY_AFTER));
        match error.kind() {
            ErrorKind::Throttled => Self::Retry {
                reason,
                after,
                is_throttled: true,
            },
            ErrorKind::NotSent => Self::Retry {
                reason,
                after,
                is_throttled: false,
            },
            ErrorKind::Unauthenticated | ErrorKind::InsufficientBalance => Self::Account(reason),
            _ => Self::Failed(reason),
        }
    }

    /// Returns `true` if the service has asked all to wait.
    pub(super) fn is_throttled(&self) -> bool {
        matches!(
            self,
            Self::Retry {
                is_throttled: true,
                ..
            }
        )
    }

    /// Returns `true` if the service has answered, so that there is no outage.
    pub(super) fn has_answer(&self) -> bool {
        match self {
            Self::Accepted(_) | Self::Failed(_) | Self::Account(_) => true,
            Self::Retry { .. } => self.is_throttled(),
            Self::Process(_) | Self::Doubt(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rejected(kind: ErrorKind) -> Outcome<()> {
        Outcome::Rejected(Error::builder(kind).http_status(400).build())
    }

    #[test]
    fn unknown_outcome_is_never_retried() {
        for kind in [
            ErrorKind::ResponseLost,
            ErrorKind::Unavailable,
            ErrorKind::Unreadable,
            ErrorKind::Throttled,
            ErrorKind::NotSent,
        ] {
            let error = || Error::builder(kind).may_have_been_submitted(true);
            let verdict = Verdict::from_outcome(&Outcome::<()>::Unknown(error().build()), 1);
            assert!(matches!(verdict, Verdict::Doubt(_)), "{verdict:?}");
            let id: RequestId = "r-1".parse().unwrap();
            let named = Outcome::<()>::Unknown(error().request_id(id.clone()).build());
            assert_eq!(Verdict::from_outcome(&named, 1), Verdict::Accepted(id));
        }
    }

    #[test]
    fn doubt_is_decided_on_and_not_submitted_again() {
        let error = Error::builder(ErrorKind::ResponseLost).may_have_been_submitted(true);
        let verdict = Verdict::from_outcome(&Outcome::<()>::Unknown(error.build()), 1);
        let Verdict::Doubt(reason) = verdict else {
            panic!("{verdict:?}");
        };
        assert!(reason.contains("`runcomfy batch resolve`"), "{reason}");
        assert!(!reason.contains("submit it again"), "{reason}");
    }

    #[test]
    fn refusals_fail_one_job_or_stop_all() {
        for kind in [
            ErrorKind::BadRequest,
            ErrorKind::UnknownModel,
            ErrorKind::Forbidden,
        ] {
            let verdict = Verdict::from_outcome(&rejected(kind), 1);
            assert!(matches!(verdict, Verdict::Failed(_)), "{verdict:?}");
        }
        for kind in [ErrorKind::Unauthenticated, ErrorKind::InsufficientBalance] {
            let verdict = Verdict::from_outcome(&rejected(kind), 1);
            assert!(matches!(verdict, Verdict::Account(_)), "{verdict:?}");
        }
    }

    #[test]
    fn retries_wait_as_the_service_asks_or_longer_each_time() {
        let after = |error: Error, attempt| match Verdict::from_outcome(
            &Outcome::<()>::Rejected(error),
            attempt,
        ) {
            Verdict::Retry { after, .. } => after.as_secs(),
            other => panic!("{other:?}"),
        };
        let throttled = || Error::builder(ErrorKind::Throttled).http_status(429);
        let asked = throttled().retry_after(Duration::from_secs(7)).build();
        assert_eq!(after(asked, 9), 7);
        let secs = [1, 2, 3, 6, 7, 99].map(|attempt| after(throttled().build(), attempt));
        assert_eq!(secs, [1, 2, 4, 32, 60, 60]);
    }
}
