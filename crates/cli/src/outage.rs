//! A service to which no connection can be made.

use std::sync::{Mutex, Once, PoisonError};
use std::time::Duration;

use runcomfy::{Error, ErrorKind, RetryPolicy};
use tokio::time::Instant;

use crate::progress::Notes;
use crate::refused_connection::{is_refused, loopback_port};
use crate::stop;

/// Maximum time for which a refused connection is retried, the last backoff included: a server that
/// restarts listens again by then.
const REFUSED_FOR: Duration = Duration::from_secs(10);

/// Maximum backoff after the first failure; it doubles with each further one.
const INITIAL_BACKOFF: Duration = Duration::from_millis(500);

/// Time after a refused connection from which the next one is another outage: longer than any backoff.
const SAME_OUTAGE: Duration = Duration::from_secs(60);

/// The refused connections of one outage.
#[derive(Default)]
struct Refusals {
    /// Time of the first and of the last one.
    times: Option<(Instant, Instant)>,
    count: u32,
}

impl Refusals {
    /// Records one, and returns `true` if the next attempt is in time, however long its backoff is.
    fn may_retry(&mut self, now: Instant) -> bool {
        let first = match self.times {
            Some((first, last)) if now - last < SAME_OUTAGE => first,
            _ => {
                self.count = 0;
                now
            }
        };
        self.times = Some((first, now));
        let backoff = INITIAL_BACKOFF.saturating_mul(2_u32.saturating_pow(self.count));
        self.count += 1;
        (now - first).saturating_add(backoff) <= REFUSED_FOR
    }
}

/// Returns the retries of a client: the first failure to connect is printed at once, with how long the
/// command retries. `limit` is the time of the library. `count` is called with each failure that is retried.
pub(crate) fn retry_policy(
    notes: Notes,
    limit: Duration,
    count: impl Fn(&Error) + Send + Sync + 'static,
) -> RetryPolicy {
    let refusals = Mutex::new(Refusals::default());
    let first = Once::new();
    let policy = RetryPolicy::new().initial_backoff(INITIAL_BACKOFF);
    policy.retry_if(move |error| {
        if stop::is_requested() {
            return false;
        }
        if error.kind() != ErrorKind::NotSent {
            count(error);
            return true;
        }
        let refused = is_refused(error);
        if refused && loopback_port().is_some() {
            return false;
        }
        first.call_once(|| notes.print(&note(error, refused, limit)));
        let mut refusals = refusals.lock().unwrap_or_else(PoisonError::into_inner);
        !refused || refusals.may_retry(Instant::now())
    })
}

fn note(error: &Error, refused: bool, limit: Duration) -> String {
    let limit = if refused {
        limit.min(REFUSED_FOR)
    } else {
        limit
    };
    let seconds = limit.as_secs();
    let text = error.to_string();
    let what = text.split(';').next().unwrap_or_default();
    format!("{what}; retrying for up to {seconds} s. Ctrl-C stops")
}

#[cfg(test)]
mod tests {
    use runcomfy::Client;
    use runcomfy_testkit::server::closed_address;
    use serde_json::json;
    use tokio::time::pause;

    use super::*;
    use crate::session::{QUERY, SUBMIT};

    /// The address stands for one on another host, since no variable sets it.
    fn refused(limit: Duration) -> Client {
        Client::builder()
            .token("t")
            .base_url(format!("http://{}/v1", closed_address()))
            .retry(retry_policy(Notes::new(true), limit, |_| {}))
            .build()
            .unwrap()
    }

    #[tokio::test]
    async fn refused_connection_is_retried_for_up_to_10_s() {
        pause();
        // The backoff is random.
        for _ in 0..50 {
            for limit in [QUERY, SUBMIT] {
                let client = refused(limit);
                let started = Instant::now();
                let error = if limit == QUERY {
                    client.balance().await.unwrap_err()
                } else {
                    let input = json!({ "prompt": "x" });
                    client.submit_json("a/b", &input).await.unwrap_err()
                };
                let took = started.elapsed();
                assert!(took <= REFUSED_FOR, "{took:?}: {error}");
                assert!(error.to_string().contains(" attempts)"), "{error}");
                assert_eq!(error.kind(), ErrorKind::NotSent, "{error}");
                assert!(is_refused(&error), "{error}");
            }
        }
    }

    #[test]
    fn later_outage_is_retried_again() {
        let mut refusals = Refusals::default();
        let first = Instant::now();
        while refusals.may_retry(first) {}
        assert!(!refusals.may_retry(first + REFUSED_FOR));
        assert!(refusals.may_retry(first + REFUSED_FOR + SAME_OUTAGE));
    }
}
