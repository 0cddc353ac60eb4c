//! Sets how often and how fast a client retries.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::error::Error;

#[cfg(doc)]
use crate::client::ClientBuilder;
#[cfg(doc)]
use crate::job::submit::Submit;

/// Settings of a client's retries; see [`ClientBuilder::retry`].
///
/// They say how often and how fast a failed request is sent again. They never say *which* failure
/// may be retried: a submit whose job might exist is never sent again, whatever is set here.
///
/// ```
/// use std::time::Duration;
///
/// let patient = runcomfy::RetryPolicy::new()
///     .max_attempts(10)
///     .max_backoff(Duration::from_secs(60));
/// let client = runcomfy::Client::builder().token("…").retry(patient);
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct RetryPolicy {
    max_attempts: Option<u32>,
    initial_backoff: Duration,
    max_backoff: Duration,
    max_retry_after: Duration,
    retry_if: RetryIf,
}

/// The function of [`RetryPolicy::retry_if`].
#[derive(Clone)]
struct RetryIf(Arc<dyn Fn(&Error) -> bool + Send + Sync>);

impl fmt::Debug for RetryIf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RetryIf")
    }
}

/// Attempts of a read or a download, where nothing is set: with the default backoff they take half
/// a minute at most, which bridges the restart of a server.
const MAX_ATTEMPTS: u32 = 6;

/// Doublings that still change a backoff; more would overflow its multiplication.
const MAX_DOUBLINGS: u32 = 16;

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            max_attempts: None,
            initial_backoff: Duration::from_millis(500),
            max_backoff: Duration::from_secs(30),
            max_retry_after: Duration::from_secs(60),
            retry_if: RetryIf(Arc::new(|_| true)),
        }
    }
}

impl RetryPolicy {
    /// Creates the default policy.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the maximum number of attempts of one call, the first one included; at least 1.
    ///
    /// Default: 6 for reads and downloads; submits are bounded by [`Submit::deadline`] alone. A
    /// download counts only attempts in a row that brought no further byte. With `max_attempts(1)`
    /// nothing is retried but the polls of a wait, which a failure never ends.
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = Some(attempts.max(1));
        self
    }

    /// Sets the maximum backoff after the first failure of a call.
    ///
    /// Default: 500 ms. It doubles with each further failure, up to
    /// [`max_backoff`](Self::max_backoff); the actual backoff is a random part of it (full jitter),
    /// so that clients that failed together do not come back together. With zero, retries follow at
    /// once, which keeps an overloaded service down.
    pub fn initial_backoff(mut self, backoff: Duration) -> Self {
        self.initial_backoff = backoff;
        self
    }

    /// Sets the maximum backoff between two attempts.
    ///
    /// Default: 30 s. It also bounds the backoff after a failed poll, and so how late the end of an
    /// outage is noticed.
    pub fn max_backoff(mut self, backoff: Duration) -> Self {
        self.max_backoff = backoff;
        self
    }

    /// Sets the maximum `Retry-After` of the service that a call waits for.
    ///
    /// Default: 60 s. Where the service asks for more, the call fails at once, and
    /// [`Error::retry_after`] says for how long to stay away. A submit waits until its
    /// [`deadline`](Submit::deadline) at most; a wait for a job waits as long as the service asks.
    pub fn max_retry_after(mut self, time: Duration) -> Self {
        self.max_retry_after = time;
        self
    }

    /// Sets a function that is called with each failure of a read or a submit before it is retried;
    /// `false` gives up. It sees what a user may want to be shown at once, such as a refused connection.
    ///
    /// Default: always `true`. It is not called where nothing may be retried, nor for downloads and the
    /// polls of a wait.
    pub fn retry_if(mut self, decide: impl Fn(&Error) -> bool + Send + Sync + 'static) -> Self {
        self.retry_if = RetryIf(Arc::new(decide));
        self
    }

    /// Returns `true` if the function of [`retry_if`](Self::retry_if) agrees to a retry.
    pub(crate) fn agrees(&self, error: &Error) -> bool {
        (self.retry_if.0)(error)
    }

    /// Returns the maximum number of attempts, unless only a deadline bounds them.
    pub(crate) fn attempts(&self, has_deadline: bool) -> Option<u32> {
        match self.max_attempts {
            None if has_deadline => None,
            attempts => Some(attempts.unwrap_or(MAX_ATTEMPTS)),
        }
    }

    /// Returns the longest `Retry-After` that a call waits for.
    pub(crate) fn longest_retry_after(&self) -> Duration {
        self.max_retry_after
    }

    /// Returns the backoff that the service asks for, or else a backoff of our own.
    pub(crate) fn backoff_after(&self, error: &Error, failures: u32) -> Duration {
        error
            .retry_after()
            .unwrap_or_else(|| self.backoff(failures))
    }

    /// Returns a random backoff after so many failures in a row.
    pub(crate) fn backoff(&self, failures: u32) -> Duration {
        let doublings = failures.saturating_sub(1).min(MAX_DOUBLINGS);
        let max = self.initial_backoff.saturating_mul(1 << doublings);
        max.min(self.max_backoff).mul_f64(fastrand::f64())
    }

    /// Returns a backoff for a client that has used up its retry budget.
    pub(crate) fn backoff_without_budget(&self) -> Duration {
        self.max_backoff.mul_f64(fastrand::f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backoff_grows_to_its_maximum() {
        let policy = RetryPolicy::new();
        for (failures, max) in [(1, 500), (2, 1000), (4, 4000), (9, 30_000), (99, 30_000)] {
            let backoffs = (0..200).map(|_| policy.backoff(failures));
            let longest = backoffs.max().unwrap_or_default();
            let max = Duration::from_millis(max);
            assert!(
                longest <= max && longest > max / 2,
                "{failures}: {longest:?}"
            );
        }
    }
}
