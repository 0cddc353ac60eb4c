//! When a client may send.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep_until};

use crate::retry::PATIENCE;
use crate::{Error, ErrorKind};

/// Holds a client's requests back: evenly spread below its rate, so many at once, and none before
/// the service wants one again.
#[derive(Debug)]
pub(crate) struct Throttle {
    at_once: Semaphore,
    /// The time from one request to the next.
    interval: Duration,
    times: Mutex<Times>,
}

#[derive(Debug, Default)]
struct Times {
    /// The first that is free.
    next: Option<Instant>,
    /// What the service has asked for with a 429.
    closed_until: Option<Instant>,
}

/// Requests on their way at once. As many connections may rest beside theirs, since one goes back to
/// where it is found again only after its reply was read: 64 in all.
pub(crate) const AT_ONCE: usize = 32;

impl Throttle {
    /// `rate` in requests a second; without one only their number at once is limited.
    pub(crate) fn new(rate: Option<f64>) -> Self {
        let interval = rate.map_or(Duration::ZERO, |rate| Duration::from_secs_f64(1.0 / rate));
        Self {
            at_once: Semaphore::new(AT_ONCE),
            interval,
            times: Mutex::default(),
        }
    }

    /// Waits until a request may be sent; the permit is held until its reply is read.
    ///
    /// # Errors
    /// [`ErrorKind::Throttled`] where that would take longer than anybody would wait unasked.
    pub(crate) async fn permit(&self) -> Result<Option<SemaphorePermit<'_>>, Error> {
        // Never closed, so there is a permit.
        let permit = self.at_once.acquire().await.ok();
        loop {
            let now = Instant::now();
            let slot = self.reserve(now)?;
            if slot <= now {
                return Ok(permit);
            }
            sleep_until(slot).await;
            if !self.is_closed() {
                return Ok(permit);
            }
        }
    }

    /// Sends nothing for so long.
    pub(crate) fn close(&self, time: Duration) {
        let until = Instant::now() + time;
        self.change(|times| times.closed_until = times.closed_until.max(Some(until)));
    }

    fn reserve(&self, now: Instant) -> Result<Instant, Error> {
        self.change(|times| {
            let opens = times.closed_until.unwrap_or(now).max(now);
            if opens - now > PATIENCE {
                let message = "the service has asked this client to wait; nothing was sent";
                return Err(
                    Error::new(ErrorKind::Throttled, message).with_retry_after(Some(opens - now))
                );
            }
            let slot = times.next.unwrap_or(now).max(opens);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn requests_are_spread_evenly() {
        let throttle = Throttle::new(Some(4.0));
        let start = Instant::now();
        let mut times = Vec::new();
        for _ in 0..5 {
            let _permit = throttle.permit().await.unwrap();
            times.push(start.elapsed().as_millis());
        }
        assert_eq!(times, [0, 250, 500, 750, 1000]);
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_sent_before_its_time() {
        let throttle = Throttle::new(None);
        throttle.close(Duration::from_secs(7));
        throttle.close(Duration::from_secs(3));
        let start = Instant::now();
        throttle.permit().await.unwrap();
        assert_eq!(start.elapsed().as_secs(), 7);
        throttle.close(Duration::from_secs(600));
        let error = throttle.permit().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Throttled);
        assert_eq!(error.retry_after(), Some(Duration::from_secs(600)));
    }

    /// One that slept through a refusal of another must not go on with its old slot.
    #[tokio::test(start_paused = true)]
    async fn a_refusal_holds_back_those_who_wait_already() {
        let throttle = Throttle::new(Some(1.0));
        let start = Instant::now();
        throttle.permit().await.unwrap();
        let (second, ()) = tokio::join!(throttle.permit(), async {
            tokio::time::sleep(Duration::from_millis(500)).await;
            throttle.close(Duration::from_secs(9));
        });
        second.unwrap();
        assert_eq!(start.elapsed().as_millis(), 9500);
    }
}
