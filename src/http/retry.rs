//! Trying again: when, how often, and for all calls of a client together.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use reqwest::{Method, Url};
use tracing::{Instrument, debug, debug_span};

use crate::client::Client;
use crate::error::Error;
use crate::http::response::Reply;

/// How often a read is tried in all.
const MAX_ATTEMPTS: u32 = 6;
/// The longest pause after the first failure; it doubles with each.
const INITIAL_BACKOFF: Duration = Duration::from_millis(500);
/// No pause of our own is longer.
pub(crate) const MAX_BACKOFF: Duration = Duration::from_secs(30);

/// A service that asks a read for more patience than this is told to the caller instead.
pub(crate) const MAX_RETRY_AFTER: Duration = Duration::from_secs(60);

impl Client {
    /// Gets a reply that `accept` takes, as [`retried`](Self::retried).
    pub(crate) async fn read<T>(
        &self,
        url: Url,
        accept: impl Fn(&Reply) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let (value, _) = self.retried(Method::GET, url, accept).await?;
        Ok(value)
    }

    /// Sends a request that may be sent twice until there is a reply that `accept` takes, and says
    /// how often. Failures that may pass are tried again, with exponential pauses and full jitter,
    /// or when the service says so, as long as the client's budget allows.
    pub(crate) async fn retried<T>(
        &self,
        method: Method,
        url: Url,
        accept: impl Fn(&Reply) -> Result<T, Error>,
    ) -> Result<(T, u32), Error> {
        let budget = &self.inner.budget;
        let mut attempts = 1;
        loop {
            let request = self.inner.transport.send(method.clone(), url.clone());
            let reply = request
                .instrument(debug_span!("attempt", attempt = attempts))
                .await;
            let error = match reply.and_then(|reply| accept(&reply)) {
                Ok(value) => {
                    budget.earn();
                    return Ok((value, attempts));
                }
                Err(error) => error.with_attempts(attempts),
            };
            let pause = backoff_after(&error, attempts);
            let patient = pause <= MAX_RETRY_AFTER && attempts < MAX_ATTEMPTS;
            if !(error.is_transient() && patient && budget.spend()) {
                return Err(error);
            }
            debug!(kind = ?error.kind(), http_status = error.http_status(), ?pause, "trying again");
            tokio::time::sleep(pause).await;
            attempts += 1;
        }
    }
}

/// What the service has asked for, or else our own pause after so many failures.
pub(crate) fn backoff_after(error: &Error, failures: u32) -> Duration {
    error.retry_after().unwrap_or_else(|| pause(failures))
}

/// After so many failures: up to twice as long with each, and anything from nothing to that, so
/// that those who failed together do not come back together.
pub(crate) fn pause(failures: u32) -> Duration {
    let doublings = failures.saturating_sub(1).min(16);
    let longest = INITIAL_BACKOFF.saturating_mul(1 << doublings);
    longest.min(MAX_BACKOFF).mul_f64(fastrand::f64())
}

/// What all calls of a client may spend on trying again. While the service is well it is full; in
/// an outage it is soon empty, and then each read and download is made once, and a submit tried
/// rarely: many callers that each try six times would keep a service down that comes up again.
#[derive(Debug)]
pub(crate) struct RetryBudget {
    left: Mutex<u32>,
}

/// A hundred tries in a row.
const FULL: u32 = 500;
const PRICE: u32 = 5;

impl RetryBudget {
    pub(crate) fn new() -> Self {
        Self {
            left: Mutex::new(FULL),
        }
    }

    /// Takes one try out of it, where there is enough for one.
    pub(crate) fn spend(&self) -> bool {
        self.change(|left| left.checked_sub(PRICE))
    }

    /// A call that went well fills it by a little.
    pub(crate) fn earn(&self) {
        self.change(|left| Some((left + 1).min(FULL)));
    }

    fn change(&self, change: impl FnOnce(u32) -> Option<u32>) -> bool {
        // A number is never half changed.
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let new = change(*left);
        *left = new.unwrap_or(*left);
        new.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_limit() {
        for (failures, longest) in [(1, 500), (2, 1000), (4, 4000), (9, 30_000), (99, 30_000)] {
            let drawn = (0..200).map(|_| pause(failures)).max().unwrap_or_default();
            let longest = Duration::from_millis(longest);
            assert!(
                drawn <= longest && drawn > longest / 2,
                "{failures}: {drawn:?}"
            );
        }
    }

    #[test]
    fn the_budget_ends_and_is_earned_again() {
        let budget = RetryBudget::new();
        assert_eq!((0..1000).filter(|_| budget.spend()).count(), 100);
        for _ in 0..4 {
            budget.earn();
        }
        assert!(!budget.spend());
        budget.earn();
        assert!(budget.spend());
        (0..10_000).for_each(|_| budget.earn());
        assert_eq!((0..1000).filter(|_| budget.spend()).count(), 100);
    }
}
