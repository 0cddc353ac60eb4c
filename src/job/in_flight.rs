//! Submits that are in flight.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};
use tracing::{info, warn};

use crate::error::{Error, ErrorKind};
use crate::http::submit_body::Departure;
use crate::job::cancel_outcome::CancelOutcome;
use crate::job::request_id::RequestId;

/// The request of a submit, from the search for a connection to its response.
///
/// It is in flight from the first byte of its body that is handed to a connection. Dropped before
/// that it sends nothing, ever. Dropped after that a task of the runtime brings it to its end and
/// logs the outcome: cut off, it might leave a paid job that nobody knows.
pub(crate) struct InFlightSubmit {
    /// `None` once it has ended.
    request: Option<(Request, InFlightGuard)>,
    departure: Departure,
    runtime: Option<Handle>,
    cancel: Option<Cancel>,
}

type Request = Pin<Box<dyn Future<Output = Result<RequestId, Error>> + Send>>;

/// Cancels the job of a submit that nobody waits for.
pub(crate) type Cancel = Box<dyn FnOnce(RequestId) -> Cancelling + Send>;

type Cancelling = Pin<Box<dyn Future<Output = Result<CancelOutcome, Error>> + Send>>;

impl InFlightSubmit {
    pub(crate) fn new(
        submits: &Arc<InFlightSubmits>,
        departure: Departure,
        request: impl Future<Output = Result<RequestId, Error>> + Send + 'static,
        cancel: Option<Cancel>,
    ) -> Self {
        Self {
            request: Some((Box::pin(request), InFlightGuard::new(submits))),
            departure,
            runtime: Handle::try_current().ok(),
            cancel,
        }
    }

    /// Waits for the response; for a request that is not in flight by then, until the deadline.
    ///
    /// # Errors
    /// [`ErrorKind::NotSent`] at the deadline, and those of the request.
    pub(crate) async fn until(mut self, deadline: Option<Instant>) -> Result<RequestId, Error> {
        let Some(deadline) = deadline else {
            return self.await;
        };
        match timeout_at(deadline, &mut self).await {
            Ok(outcome) => outcome,
            Err(_) if self.departure.withdraw() => Err(Error::new(
                ErrorKind::NotSent,
                "no connection to the service before the deadline; nothing was sent",
            )),
            Err(_) => self.await,
        }
    }
}

impl Future for InFlightSubmit {
    type Output = Result<RequestId, Error>;

    /// # Panics
    /// When it is polled after its end.
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let (request, _) = self.request.as_mut().expect("it has not ended yet");
        let outcome = request.as_mut().poll(cx);
        if outcome.is_ready() {
            self.request = None;
        }
        outcome
    }
}

impl Drop for InFlightSubmit {
    fn drop(&mut self) {
        if let Some((request, guard)) = self.request.take()
            && !self.departure.withdraw()
            && let Some(runtime) = &self.runtime
        {
            runtime.spawn(finish_abandoned(request, guard, self.cancel.take()));
        }
    }
}

/// Brings an abandoned submit to its end, and cancels its job where that is wanted. The guard has
/// it counted as in flight until then.
async fn finish_abandoned(request: Request, _guard: InFlightGuard, cancel: Option<Cancel>) {
    match (request.await, cancel) {
        (Ok(id), Some(cancel)) => match cancel(id.clone()).await {
            Ok(outcome) => {
                info!(request_id = %id, ?outcome, "job submitted, nobody waits for it; cancellation requested");
            }
            Err(_) => {
                warn!(request_id = %id, "job submitted, nobody waits for it; it could not be cancelled");
            }
        },
        (Ok(id), None) => info!(request_id = %id, "job submitted, nobody waits for it"),
        (Err(error), _) if error.may_have_been_submitted() => {
            warn!(
                key = error.idempotency_key(),
                "job may have been submitted, nobody waits for it"
            );
        }
        (Err(_), _) => {}
    }
}

/// Number of a client's submits that are in flight.
#[derive(Debug, Default)]
pub(crate) struct InFlightSubmits(watch::Sender<usize>);

impl InFlightSubmits {
    /// Waits until there are none.
    #[cfg(feature = "blocking")]
    pub(crate) async fn settled(&self) {
        // The sender is here, so it cannot fail.
        self.0.subscribe().wait_for(|count| *count == 0).await.ok();
    }
}

/// One submit in flight; it counts until it is dropped.
struct InFlightGuard(Arc<InFlightSubmits>);

impl InFlightGuard {
    fn new(submits: &Arc<InFlightSubmits>) -> Self {
        submits.0.send_modify(|count| *count += 1);
        Self(Arc::clone(submits))
    }
}

impl Drop for InFlightGuard {
    fn drop(&mut self) {
        self.0.0.send_modify(|count| *count -= 1);
    }
}
