//! Calls that only read, and so can be repeated.

use std::time::Duration;

use reqwest::Url;

use crate::reply::Reply;
use crate::{Client, Error};

/// How often a read is tried in all.
const TRIES: u32 = 6;
/// The longest pause after the first failure; it doubles with each.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// No pause of our own is longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

impl Client {
    /// Gets a reply that `accept` takes. Failures that may pass are tried again, with exponential
    /// pauses and full jitter, or when the service says so.
    pub(crate) async fn read<T>(
        &self,
        url: Url,
        accept: impl Fn(&Reply) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut tries = 1;
        loop {
            let reply = self.inner.transport.get(url.clone()).await;
            let error = match reply.and_then(|reply| accept(&reply)) {
                Ok(value) => return Ok(value),
                Err(error) if error.is_passing() && tries < TRIES => error,
                Err(error) => return Err(error),
            };
            let pause = error.retry_after().unwrap_or_else(|| pause(tries));
            tokio::time::sleep(pause).await;
            tries += 1;
        }
    }
}

/// After so many failures.
fn pause(failures: u32) -> Duration {
    let longest = FIRST_PAUSE.saturating_mul(1 << (failures - 1).min(16));
    longest.min(LONGEST_PAUSE).mul_f64(fastrand::f64())
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
}
