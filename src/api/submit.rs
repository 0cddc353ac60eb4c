//! The request of a submit.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use reqwest::Url;
use tokio::time::Instant;
use tracing::{Instrument, debug, debug_span};

use super::{Api, JobRef};
use crate::error::{Error, ErrorKind};
use crate::http::rate_limit::Permit;
use crate::http::response::{Attribution, Reply};
use crate::http::retry::{Bound, Call};
use crate::http::retry_table::{Operation, judge};
use crate::http::submit_body::Departure;
use crate::job::in_flight::{Cancel, InFlightGuard, InFlightSubmit};
use crate::job::orphan::OrphanGuard;
use crate::job::request_id::RequestId;

/// A submit that is ready to be sent.
pub(crate) struct SubmitRequest<'a> {
    pub(crate) model_id: &'a str,
    pub(crate) body: Bytes,
    pub(crate) key: Arc<str>,
    /// Maximum time for the submit, its waits for a permit included. If it is not set, only the
    /// retries are bounded.
    pub(crate) deadline: Option<Duration>,
    /// Cancels the job of a request that is dropped in flight.
    pub(crate) cancel_on_drop: bool,
    /// Leaves a submit that the service throttles to the caller.
    pub(crate) leaves_throttled: bool,
}

/// Maximum time for retries without a deadline, while it is certain that there is no job.
const DEFAULT_DEADLINE: Duration = Duration::from_secs(60);

impl<'a> SubmitRequest<'a> {
    /// Returns the submit as a call of the retry loop.
    pub(super) fn call(self, api: &'a Arc<Api>) -> Result<SubmitCall<'a>, Error> {
        let url = api.endpoint.model(self.model_id)?;
        let now = Instant::now();
        Ok(SubmitCall {
            api,
            model_id: self.model_id,
            url,
            body: self.body,
            key: self.key,
            // A deadline that no clock can tell is none.
            permit_deadline: self.deadline.and_then(|time| now.checked_add(time)),
            deadline: now.checked_add(self.deadline.unwrap_or(DEFAULT_DEADLINE)),
            cancel_on_drop: self.cancel_on_drop,
            leaves_throttled: self.leaves_throttled,
            was_throttled: false,
        })
    }
}

/// A submit, as a call of the retry loop.
pub(super) struct SubmitCall<'a> {
    api: &'a Arc<Api>,
    model_id: &'a str,
    url: Url,
    body: Bytes,
    key: Arc<str>,
    permit_deadline: Option<Instant>,
    deadline: Option<Instant>,
    cancel_on_drop: bool,
    leaves_throttled: bool,
    /// Is `true` if the service has answered the last attempt with HTTP 429.
    was_throttled: bool,
}

impl Call for SubmitCall<'_> {
    const OPERATION: Operation = Operation::Submit;

    type Output = (RequestId, Instant);

    async fn attempt(&mut self, number: u32) -> Result<Self::Output, Error> {
        let permit = self.api.transport.permit(self.permit_deadline).await;
        let permit = permit.map_err(|error| error.with_key(&self.key))?;
        let Some(in_flight) = self.api.in_flight.enter() else {
            return Err(closed().with_key(&self.key));
        };
        let sent = Instant::now();
        let span = debug_span!("attempt", attempt = number);
        let id = self.send(permit, in_flight).until(self.permit_deadline);
        let id = id.instrument(span).await;
        let id = id.map_err(|error| error.with_key(&self.key));
        let is_throttled = |error: &Error| error.kind() == ErrorKind::Throttled;
        self.was_throttled = id.as_ref().is_err_and(is_throttled);
        let id = id?;
        debug!(request_id = %id, "accepted");
        Ok((id, sent))
    }

    fn is_settled(&self) -> bool {
        self.leaves_throttled && self.was_throttled
    }

    fn bound(&self) -> Bound {
        if self.api.in_flight.is_closed() {
            return Bound::Deadline(Some(Instant::now()));
        }
        Bound::Deadline(self.deadline)
    }
}

impl SubmitCall<'_> {
    /// Returns one request, which is brought to its end once it is in flight, even if nobody waits for
    /// it.
    fn send(&self, permit: Permit, in_flight: InFlightGuard) -> InFlightSubmit {
        let header_name = self.api.idempotency_header.clone();
        let (url, body) = (self.url.clone(), self.body.clone());
        let (api, key) = (Arc::clone(self.api), Arc::clone(&self.key));
        let guard = OrphanGuard::new(api.in_flight.hook(), self.model_id, &key);
        let departure = in_flight.departure().clone();
        let exchange = async move {
            let header = (header_name, &*key);
            let submit = api.transport.submit(url, body, header, &departure);
            let reply = api.in_flight.unless_cut_off(submit).await;
            drop(permit);
            let reply = reply.unwrap_or_else(|| Err(cut_off(&departure)));
            accepted(reply).map_err(|error| judge(Operation::Submit, error).1.with_key(&key))
        };
        InFlightSubmit::new(in_flight, guard, exchange, self.cancel())
    }

    /// Returns what cancels the job, where a dropped request is to do so.
    fn cancel(&self) -> Option<Cancel> {
        let api = self.cancel_on_drop.then(|| Arc::clone(self.api))?;
        Some(Box::new(move |id| {
            // It was accepted a moment ago.
            let submitted = Some(Instant::now());
            Box::pin(async move { api.cancel(JobRef { id: &id, submitted }).await })
        }))
    }
}

fn closed() -> Error {
    Error::new(ErrorKind::NotSent, "the client is closed; nothing was sent")
}

/// Returns the error of a submit whose client was closed before the response.
fn cut_off(departure: &Departure) -> Error {
    if departure.withdraw() {
        return closed();
    }
    Error::new(
        ErrorKind::ResponseLost,
        "the client was closed before the response to the submit",
    )
}

/// Returns the id of the job, or what is known of one.
fn accepted(reply: Result<Reply, Error>) -> Result<RequestId, Error> {
    let reply = reply?;
    reply.request_id().map_err(|error| match reply.attribution {
        Attribution::Reused if error.kind() == ErrorKind::Throttled => error.unattributed(),
        Attribution::Unknown => error.unattributed(),
        Attribution::Certain | Attribution::Reused => error,
    })
}
