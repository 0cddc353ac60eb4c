//! Limits on the requests of a client.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::error::{Error, ErrorKind};
use crate::http::per_runtime::PerRuntime;

/// Holds a client's requests back: at most so many in flight, evenly spread below its rate, and none
/// before the end of a `Retry-After`.
#[derive(Debug)]
pub(crate) struct RateLimiter {
    max_in_flight: usize,
    /// An idle runtime holds no permit of another.
    in_flight: PerRuntime<Arc<Semaphore>>,
    /// Minimum time from one request to the next.
    interval: Duration,
    /// Maximum wait of a request for a throttling service.
    max_retry_after: Duration,
    times: Mutex<Times>,
}

#[derive(Debug, Default)]
struct Times {
    /// The first free slot.
    next: Option<Instant>,
    /// The end of the `Retry-After` of a 429.
    closed_until: Option<Instant>,
}

/// Permission to send one request. Never `None`: the semaphore is not closed.
pub(crate) type Permit = Option<OwnedSemaphorePermit>;

/// Default maximum number of requests in flight. As many idle connections may exist besides, since a
/// connection returns to the pool only after its response was read: 64 in all.
pub(crate) const MAX_IN_FLIGHT: usize = 32;

impl RateLimiter {
    /// Maximum of `max_in_flight`.
    pub(crate) const MAX_PERMITS: usize = Semaphore::MAX_PERMITS;

    /// Creates a limiter of so many requests at a time, and one in each `interval`.
    pub(crate) fn new(max_in_flight: usize, interval: Duration, max_retry_after: Duration) -> Self {
        Self {
            max_in_flight,
            in_flight: PerRuntime::new(),
            interval,
            max_retry_after,
            times: Mutex::default(),
        }
    }

    /// Waits until a request may be sent; the permit is held until its response is read.
    ///
    /// # Errors
    /// [`ErrorKind::Throttled`] when that would be after `deadline`, or after a `Retry-After` that is
    /// longer than the maximum.
    pub(crate) async fn permit(&self, deadline: Option<Instant>) -> Result<Permit, Error> {
        let in_flight = |_| Ok::<_, Infallible>(Arc::new(Semaphore::new(self.max_in_flight)));
        let Ok(in_flight) = self.in_flight.get(in_flight);
        let permit = in_flight.acquire_owned();
        let permit = match deadline {
            None => permit.await,
            Some(deadline) => timeout_at(deadline, permit).await.map_err(|_| {
                throttled(
                    "the maximum number of requests of this client is in flight",
                    None,
                )
            })?,
        };
        // The semaphore is never closed, so there is a permit.
        let permit = permit.ok();
        loop {
            let now = Instant::now();
            let slot = self.reserve(now, deadline)?;
            if slot <= now {
                return Ok(permit);
            }
            sleep_until(slot).await;
            if !self.is_closed() {
                return Ok(permit);
            }
        }
    }

    /// Lets nothing be sent for this time.
    pub(crate) fn close(&self, time: Duration) {
        let until = Instant::now() + time;
        self.change(|times| times.closed_until = times.closed_until.max(Some(until)));
    }

    fn reserve(&self, now: Instant, deadline: Option<Instant>) -> Result<Instant, Error> {
        self.change(|times| {
            let opens = times.closed_until.unwrap_or(now).max(now);
            if opens - now > self.max_retry_after {
                let why = "the service asks this client to wait longer than it may";
                return Err(throttled(why, Some(opens - now)));
            }
            let slot = times.next.unwrap_or(now).max(opens);
            // A request that need not wait is in time, however near its deadline is.
            if slot > now && deadline.is_some_and(|deadline| slot > deadline) {
                let why = "the rate limit of this client allows no request before the deadline";
                return Err(throttled(why, Some(slot - now)));
            }
            times.next = Some(slot + self.interval);
            Ok(slot)
        })
    }

    fn is_closed(&self) -> bool {
        let now = Instant::now();
        self.change(|times| times.closed_until.is_some_and(|until| until > now))
    }

    fn change<T>(&self, change: impl FnOnce(&mut Times) -> T) -> T {
        // Nothing in between can panic, so the times are whole.
        change(&mut self.times.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn throttled(why: &str, retry_after: Option<Duration>) -> Error {
    Error::new(ErrorKind::Throttled, format!("{why}; nothing was sent"))
        .with_retry_after(retry_after)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limiter(interval: Duration) -> RateLimiter {
        RateLimiter::new(MAX_IN_FLIGHT, interval, Duration::from_secs(60))
    }

    #[tokio::test(start_paused = true)]
    async fn only_so_many_requests_are_in_flight() {
        let limiter = RateLimiter::new(2, Duration::ZERO, Duration::from_secs(60));
        let first = limiter.permit(None).await.unwrap();
        let _second = limiter.permit(None).await.unwrap();
        let soon = Some(Instant::now() + Duration::from_secs(5));
        let error = limiter.permit(soon).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Throttled);
        drop(first);
        limiter.permit(soon).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn requests_are_spread_evenly() {
        let limiter = limiter(Duration::from_millis(250));
        let start = Instant::now();
        let mut times = Vec::new();
        for _ in 0..5 {
            let _permit = limiter.permit(None).await.unwrap();
            times.push(start.elapsed().as_millis());
        }
        assert_eq!(times, [0, 250, 500, 750, 1000]);
    }

    #[tokio::test(start_paused = true)]
    async fn requests_wait_for_the_end_of_retry_after() {
        let limiter = limiter(Duration::ZERO);
        limiter.close(Duration::from_secs(7));
        limiter.close(Duration::from_secs(3));
        let start = Instant::now();
        limiter.permit(None).await.unwrap();
        assert_eq!(start.elapsed().as_secs(), 7);
        limiter.close(Duration::from_secs(600));
        let error = limiter.permit(None).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Throttled);
        assert_eq!(error.retry_after(), Some(Duration::from_secs(600)));
    }

    #[tokio::test(start_paused = true)]
    async fn request_past_its_deadline_takes_no_slot() {
        let limiter = limiter(Duration::from_secs(4));
        let now = Instant::now();
        limiter.permit(Some(now)).await.unwrap();
        for limit in [now, now + Duration::from_secs(3)] {
            let error = limiter.permit(Some(limit)).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Throttled);
            assert_eq!(error.retry_after(), Some(Duration::from_secs(4)));
        }
        let limit = now + Duration::from_secs(4);
        limiter.permit(Some(limit)).await.unwrap();
        assert_eq!(now.elapsed().as_secs(), 4);
    }

    /// A request that slept while another was throttled must not use its old slot.
    #[tokio::test(start_paused = true)]
    async fn retry_after_holds_back_waiting_requests() {
        let limiter = limiter(Duration::from_secs(1));
        let start = Instant::now();
        limiter.permit(None).await.unwrap();
        let (second, ()) = tokio::join!(limiter.permit(None), async {
            tokio::time::sleep(Duration::from_millis(500)).await;
            limiter.close(Duration::from_secs(9));
        });
        second.unwrap();
        assert_eq!(start.elapsed().as_millis(), 9500);
    }
}
