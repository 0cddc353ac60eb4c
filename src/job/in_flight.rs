//! Submits that are in flight.

use std::collections::BTreeMap;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::future::{Either, select};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::time::{Instant, timeout, timeout_at};

use crate::error::{Error, ErrorKind};
use crate::http::submit_body::Departure;
use crate::job::cancel_outcome::CancelOutcome;
use crate::job::orphan::{OrphanGuard, OrphanHook};
use crate::job::request_id::RequestId;

/// The request of a submit, from the search for a connection to its response.
///
/// It is in flight once a connection has taken its body. Dropped before that it submits nothing, ever. Dropped after that a task of the runtime brings it to its end and
/// names the outcome: cut off, it might leave a paid job that nobody knows. Where the runtime has
/// ended, or ends before the response, the idempotency key is named.
pub(crate) struct InFlightSubmit {
    /// `None` once it has ended.
    running: Option<Running>,
    runtime: Option<Handle>,
    cancel: Option<Cancel>,
}

/// A request, and what is to happen where it is dropped. The fields are dropped in this order, so
/// that a submit counts as in flight until it was named.
struct Running {
    request: Request,
    guard: OrphanGuard,
    in_flight: InFlightGuard,
}

type Request = Pin<Box<dyn Future<Output = Result<RequestId, Error>> + Send>>;

/// Cancels the job of a submit that nobody waits for.
pub(crate) type Cancel = Box<dyn FnOnce(RequestId) -> Cancelling + Send>;

type Cancelling = Pin<Box<dyn Future<Output = Result<CancelOutcome, Error>> + Send>>;

impl InFlightSubmit {
    /// Creates the submit; where it is abandoned, `guard` names it.
    pub(crate) fn new(
        in_flight: InFlightGuard,
        guard: OrphanGuard,
        request: impl Future<Output = Result<RequestId, Error>> + Send + 'static,
        cancel: Option<Cancel>,
    ) -> Self {
        Self {
            running: Some(Running {
                request: Box::pin(request),
                guard,
                in_flight,
            }),
            runtime: Handle::try_current().ok(),
            cancel,
        }
    }

    /// Withdraws the request; returns `true` if it is certain that it submits nothing.
    fn withdraw(&self) -> bool {
        let running = self.running.as_ref();
        running.is_some_and(|running| running.in_flight.departure.withdraw())
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
            Err(_) if self.withdraw() => Err(Error::new(
                ErrorKind::NotSent,
                "no connection has taken the request before the deadline; nothing was submitted",
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
        let running = self.running.as_mut().expect("it has not ended yet");
        let outcome = running.request.as_mut().poll(cx);
        if outcome.is_ready()
            && let Some(running) = self.running.take()
        {
            // Whoever awaits it has the outcome.
            running.guard.release();
        }
        outcome
    }
}

impl Drop for InFlightSubmit {
    fn drop(&mut self) {
        let Some(running) = self.running.take() else {
            return;
        };
        if running.in_flight.departure.withdraw() {
            return running.guard.release();
        }
        let finish = finish_abandoned(running, self.cancel.take());
        // A runtime that has ended drops the task at once; its guard names the submit then.
        if let Some(runtime) = &self.runtime {
            runtime.spawn(finish);
        }
    }
}

/// Brings an abandoned submit to its end, and cancels its job where that is wanted. It counts as in
/// flight until then.
async fn finish_abandoned(mut running: Running, cancel: Option<Cancel>) {
    match running.request.as_mut().await {
        Ok(id) => {
            running.guard.identify(&id);
            if let Some(cancel) = cancel {
                running.guard.cancelling();
                let cancelled = running.in_flight.unless_cut_off(cancel(id)).await;
                if let Some(Ok(outcome)) = cancelled {
                    running.guard.cancelled(outcome);
                }
            }
        }
        Err(error) if error.may_have_been_submitted() => {
            if let Some(id) = error.request_id() {
                running.guard.identify(id);
            }
        }
        Err(error) => running.guard.refused(&error),
    }
}

/// The submits of a client that are in flight, and whether it takes further ones.
#[derive(Debug, Default)]
pub(crate) struct InFlightSubmits {
    state: watch::Sender<State>,
    /// Apart from the state, which changes with each submit and would wake all the others.
    is_cut_off: watch::Sender<bool>,
    hook: OrphanHook,
    /// Maximum time for one request.
    request_timeout: Duration,
    /// Number of submits whose bodies have departed.
    departed: Arc<AtomicUsize>,
}

#[derive(Debug, Default)]
struct State {
    next_number: u64,
    /// Start of each submit.
    began: BTreeMap<u64, Instant>,
    is_closed: bool,
}

/// Time for submits that were cut off to end: a future that nobody polls does not notice.
const CUT_OFF_GRACE: Duration = Duration::from_secs(1);

impl InFlightSubmits {
    pub(crate) fn new(hook: OrphanHook, request_timeout: Duration) -> Self {
        Self {
            hook,
            request_timeout,
            ..Self::default()
        }
    }

    pub(crate) fn hook(&self) -> &OrphanHook {
        &self.hook
    }

    /// Counts a further submit; `None` where the client is closed.
    pub(crate) fn enter(self: &Arc<Self>) -> Option<InFlightGuard> {
        let mut number = None;
        self.state.send_if_modified(|state| {
            if !state.is_closed {
                number = Some(state.next_number);
                state.began.insert(state.next_number, Instant::now());
                state.next_number += 1;
            }
            number.is_some()
        });
        number.map(|number| InFlightGuard {
            submits: Arc::clone(self),
            number,
            departure: Departure::counted(&self.departed),
        })
    }

    /// Returns the number of submits of which the service may have seen the whole.
    pub(crate) fn departed(&self) -> usize {
        self.departed.load(Ordering::SeqCst)
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.state.borrow().is_closed
    }

    /// Waits until there are none, and returns `true`; or until those left have had no end for so long
    /// that nothing drives them.
    pub(crate) async fn settled(&self) -> bool {
        let mut state = self.state.subscribe();
        loop {
            // The numbers are in the order of the starts.
            let Some((_, &last)) = state.borrow_and_update().began.last_key_value() else {
                return true;
            };
            let changed = state.changed();
            let is_idle = match last.checked_add(self.request_timeout.saturating_mul(2)) {
                Some(idle_from) => timeout_at(idle_from, changed).await.is_err(),
                // The sender is here, so it cannot fail.
                None => changed.await.is_err(),
            };
            if is_idle {
                return false;
            }
        }
    }

    /// Takes no further submit, and waits for those in flight. At the limit it cuts them off; returns
    /// `true` if none was.
    pub(crate) async fn close(&self, limit: Duration) -> bool {
        self.state.send_modify(|state| state.is_closed = true);
        if timeout(limit, self.settled()).await == Ok(true) {
            return true;
        }
        self.is_cut_off.send_replace(true);
        timeout(CUT_OFF_GRACE, self.settled()).await.ok();
        false
    }

    /// Awaits a future; `None` where the submits are cut off before its end.
    pub(crate) async fn unless_cut_off<F: Future>(&self, future: F) -> Option<F::Output> {
        let mut is_cut_off = self.is_cut_off.subscribe();
        let cut_off = pin!(is_cut_off.wait_for(|cut_off| *cut_off));
        match select(pin!(future), cut_off).await {
            Either::Left((output, _)) => Some(output),
            Either::Right(_) => None,
        }
    }
}

/// One submit; it counts until it is dropped.
pub(crate) struct InFlightGuard {
    submits: Arc<InFlightSubmits>,
    number: u64,
    departure: Departure,
}

impl InFlightGuard {
    /// Returns what tells whether its body has departed.
    pub(crate) fn departure(&self) -> &Departure {
        &self.departure
    }

    async fn unless_cut_off<F: Future>(&self, future: F) -> Option<F::Output> {
        self.submits.unless_cut_off(future).await
    }
}

impl Drop for InFlightGuard {
    fn drop(&mut self) {
        self.departure.ended();
        self.submits.state.send_modify(|state| {
            state.began.remove(&self.number);
        });
    }
}
