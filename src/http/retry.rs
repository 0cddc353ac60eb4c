//! The one retry loop: reads, submits and downloads go through it.
//!
//! [`retry_table`](super::retry_table) decides which failure may be retried; this loop decides when,
//! how often, and whether the client's budget has a retry left. A poll of a wait is a single
//! attempt that is judged by the same table; the poll schedule decides when the next one comes.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use tracing::debug;

use crate::error::Error;
use crate::http::retry_budget::RetryBudget;
use crate::http::retry_policy::RetryPolicy;
use crate::http::retry_table::{Decision, Failure, Operation, judge};

/// Retry policy and budget of a client, which all its calls share.
#[derive(Debug)]
pub(crate) struct Retry {
    policy: RetryPolicy,
    budget: RetryBudget,
}

/// A call of which the loop makes one attempt or several.
pub(crate) trait Call: Send {
    /// The column of the table.
    const OPERATION: Operation;

    /// Value of a successful attempt.
    type Output;

    /// Makes one attempt; the first one has the number 1.
    fn attempt(&mut self, number: u32) -> impl Future<Output = Result<Self::Output, Error>> + Send;

    /// Removes the cause of a failure where that is possible; `true` has the next attempt follow at
    /// once.
    fn recover(&mut self, _error: &Error) -> impl Future<Output = Result<bool, Error>> + Send {
        async { Ok(false) }
    }

    /// Returns `true` if the failed attempt has brought the call further. It then counts as the
    /// first failure in a row, and the budget is not asked.
    fn made_progress(&mut self) -> bool {
        false
    }

    /// Returns `true` if the response is final, however the table judges it: another attempt would bring it again, or
    /// is the caller's.
    fn is_settled(&self) -> bool {
        false
    }

    /// Returns what bounds the attempts.
    fn bound(&self) -> Bound {
        Bound::Attempts
    }
}

/// Bound on the attempts of a call.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Bound {
    /// The policy's number, and the budget: a call without it fails.
    Attempts,
    /// A point in time, or none at all; without budget the retries become rare.
    Deadline(Option<Instant>),
}

impl Retry {
    pub(crate) fn new(policy: RetryPolicy) -> Self {
        Self {
            policy,
            budget: RetryBudget::new(),
        }
    }

    pub(crate) fn policy(&self) -> &RetryPolicy {
        &self.policy
    }

    /// Attempts a call until it succeeds, fails for good, or reaches its bound; returns the number of
    /// attempts too.
    ///
    /// # Errors
    /// The error of the last attempt, with the number of requests that were sent.
    pub(crate) async fn run<C: Call>(&self, call: &mut C) -> Result<(C::Output, u32), Error> {
        let (mut attempts, mut failures) = (0, 0);
        let mut refused = None;
        loop {
            attempts += 1;
            let error = match call.attempt(attempts).await {
                Ok(output) => {
                    self.budget.deposit();
                    return Ok((output, attempts));
                }
                Err(error) => error,
            };
            let held_back = Failure::from_error(&error) == Failure::HeldBack;
            let error = error.with_attempts(attempts - u32::from(held_back));
            let (decision, error) = judge(C::OPERATION, error);
            if call.recover(&error).await? {
                continue;
            }
            let progressed = call.made_progress();
            failures = if progressed { 1 } else { failures + 1 };
            let backoff = match decision {
                Decision::Retry if call.is_settled() => None,
                Decision::Retry => self.backoff(call.bound(), &error, failures, progressed),
                Decision::GiveUp | Decision::OutcomeUnknown => None,
            };
            let backoff = match C::OPERATION {
                Operation::Download => backoff,
                Operation::Read | Operation::Submit => {
                    backoff.filter(|_| self.policy.agrees(&error))
                }
            };
            let Some(backoff) = backoff else {
                return Err(strongest(refused, error));
            };
            debug!(kind = ?error.kind(), http_status = error.http_status(), ?backoff, "retrying");
            if error.http_status().is_some() {
                refused = Some(error);
            }
            sleep(backoff).await;
        }
    }

    /// Returns the backoff before the next attempt; `None` if there is to be none.
    fn backoff(
        &self,
        bound: Bound,
        error: &Error,
        failures: u32,
        progressed: bool,
    ) -> Option<Duration> {
        let has_deadline = matches!(bound, Bound::Deadline(_));
        let max_attempts = self.policy.attempts(has_deadline);
        if max_attempts.is_some_and(|max| failures >= max) {
            return None;
        }
        let backoff = self.policy.backoff_after(error, failures);
        match bound {
            Bound::Attempts => {
                let is_short = backoff <= self.policy.longest_retry_after();
                (is_short && (progressed || self.budget.withdraw())).then_some(backoff)
            }
            Bound::Deadline(deadline) => {
                // Many fail at once; rarer attempts of each keep a recovering service up.
                let backoff = if self.budget.withdraw() {
                    backoff
                } else {
                    backoff.max(self.policy.backoff_without_budget())
                };
                let is_late = deadline.is_some_and(|at| Instant::now() + backoff > at);
                (!is_late).then_some(backoff)
            }
        }
    }
}

/// Returns the error that says most of several attempts: something was sent if any was.
fn strongest(refused: Option<Error>, last: Error) -> Error {
    let was_sent = last.http_status().is_some() || last.may_have_been_submitted();
    match refused.filter(|_| !was_sent) {
        Some(refused) => refused.with_attempts(last.attempts()).with_source(last),
        None => last,
    }
}

#[cfg(test)]
#[path = "retry_tests.rs"]
mod tests;
