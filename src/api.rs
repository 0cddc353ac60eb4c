//! The layer below [`Client`](crate::client::Client): the calls of the Model API, one method each.

mod job_ref;
mod read;
mod submit;

use std::sync::Arc;

use reqwest::header::HeaderName;
use reqwest::{Method, Url};
use serde::de::DeserializeOwned;
use tokio::time::Instant;
use tracing::{Instrument, debug_span};

use crate::error::Error;
use crate::http::endpoint::Endpoint;
use crate::http::response::{JobResult, Reply};
use crate::http::retry::Retry;
use crate::http::retry_policy::RetryPolicy;
use crate::http::transport::Transport;
use crate::job::cancel_outcome::CancelOutcome;
use crate::job::in_flight::InFlightSubmits;
use crate::job::request_id::RequestId;
use crate::job::status::{JobStatus, Status};
pub(crate) use job_ref::JobRef;
use read::Read;
pub(crate) use submit::SubmitRequest;

/// The calls of the Model API, with retries, rate limit and token.
///
/// It knows no schema, no media and no wait. All parts of a client share one.
#[derive(Debug)]
pub(crate) struct Api {
    endpoint: Endpoint,
    transport: Transport,
    retry: Arc<Retry>,
    max_in_flight: usize,
    idempotency_header: HeaderName,
    in_flight: Arc<InFlightSubmits>,
}

impl Api {
    pub(crate) fn new(
        endpoint: Endpoint,
        transport: Transport,
        retry: Arc<Retry>,
        max_in_flight: usize,
        idempotency_header: HeaderName,
        in_flight: InFlightSubmits,
    ) -> Self {
        Self {
            endpoint,
            transport,
            retry,
            max_in_flight,
            idempotency_header,
            in_flight: Arc::new(in_flight),
        }
    }

    /// Returns the address below which all calls but the balance are.
    pub(crate) fn base_url(&self) -> &str {
        self.endpoint.base().as_str()
    }

    /// Returns the address to which a job of this model is submitted.
    pub(crate) fn submit_url(&self, model_id: &str) -> Result<Url, Error> {
        self.endpoint.model(model_id)
    }

    /// Returns the address of a job's status.
    pub(crate) fn status_url(&self, id: &RequestId) -> Url {
        self.endpoint.status(id)
    }

    /// Returns the address of a job's result.
    pub(crate) fn result_url(&self, id: &RequestId) -> Url {
        self.endpoint.result(id)
    }

    /// Submits a job; returns its id and the time at which the successful attempt was sent.
    ///
    /// # Errors
    /// The error of the last attempt, marked as an unknown outcome where the
    /// [`retry_table`](crate::http::retry_table) says so.
    pub(crate) async fn submit(
        self: &Arc<Self>,
        request: SubmitRequest<'_>,
    ) -> Result<(RequestId, Instant), Error> {
        let mut call = request.call(self)?;
        let (accepted, _) = self.retry.run(&mut call).await?;
        Ok(accepted)
    }

    /// Fetches the status of a job, with retries.
    ///
    /// # Errors
    /// The kinds of the service and the network; all errors name the job.
    pub(crate) async fn status(&self, job: JobRef<'_>) -> Result<JobStatus, Error> {
        let url = self.endpoint.status(job.id);
        let status = self.read(url, |reply| job.checked(reply.status(job.id)));
        let span = debug_span!("status", request_id = %job.id);
        job.named(status.instrument(span).await)
    }

    /// Fetches the result of a job, with retries.
    ///
    /// # Errors
    /// The kinds of the service and the network; all errors name the job.
    pub(crate) async fn result<O: DeserializeOwned>(
        &self,
        job: JobRef<'_>,
    ) -> Result<JobResult<O>, Error> {
        let url = self.endpoint.result_query(job.id);
        let result = self.read(url, |reply| job.checked(reply.result(job.id)));
        let span = debug_span!("result", request_id = %job.id);
        job.named(result.instrument(span).await)
    }

    /// Cancels a job that is still queued, with retries: to cancel twice does no harm.
    ///
    /// # Errors
    /// The kinds of the service and the network; all errors name the job.
    pub(crate) async fn cancel(&self, job: JobRef<'_>) -> Result<CancelOutcome, Error> {
        let url = self.endpoint.cancel(job.id);
        let accept = |reply: &Reply| job.checked(reply.cancel_outcome(job.id));
        let cancel = self.call(Method::POST, url, accept);
        let span = debug_span!("cancel", request_id = %job.id);
        let (outcome, attempts) = job.named(cancel.instrument(span).await)?;
        // An attempt whose response was lost may have cancelled it.
        if attempts > 1
            && outcome == CancelOutcome::NotCancellable
            && self.status(job).await?.status == Status::Cancelled
        {
            return Ok(CancelOutcome::Cancelled);
        }
        Ok(outcome)
    }

    /// Fetches the status of a job in a single attempt, for a poll.
    pub(crate) async fn poll_status(&self, job: JobRef<'_>) -> Result<JobStatus, Error> {
        let reply = self.poll(Method::GET, self.endpoint.status(job.id)).await?;
        job.checked(reply.status(job.id))
    }

    /// Fetches the result of a job in a single attempt, for a poll.
    pub(crate) async fn poll_result<O: DeserializeOwned>(
        &self,
        job: JobRef<'_>,
    ) -> Result<JobResult<O>, Error> {
        let reply = self
            .poll(Method::GET, self.endpoint.result_query(job.id))
            .await?;
        job.checked(reply.result(job.id))
    }

    /// Cancels a job in a single attempt, within a poll.
    pub(crate) async fn poll_cancel(&self, job: JobRef<'_>) -> Result<CancelOutcome, Error> {
        let reply = self
            .poll(Method::POST, self.endpoint.cancel(job.id))
            .await?;
        job.checked(reply.cancel_outcome(job.id))
    }

    /// Fetches part of the list of models.
    pub(crate) async fn models<T>(
        &self,
        query: &[(&'static str, String)],
        accept: impl Fn(&Reply) -> Result<T, Error> + Send,
    ) -> Result<T, Error> {
        let address = self.endpoint.catalogue();
        let mut url = address.clone();
        url.query_pairs_mut().extend_pairs(query);
        let models = self.read(url, accept).await;
        models.map_err(|error| error.at_address(&address))
    }

    /// Fetches the description of one model.
    pub(crate) async fn model<T>(
        &self,
        model_id: &str,
        accept: impl Fn(&Reply) -> Result<T, Error> + Send,
    ) -> Result<T, Error> {
        self.read(self.endpoint.model(model_id)?, accept).await
    }

    /// Fetches the balance of the account.
    pub(crate) async fn balance<T>(
        &self,
        accept: impl Fn(&Reply) -> Result<T, Error> + Send,
    ) -> Result<T, Error> {
        let url = self.endpoint.balance();
        let balance = self.read(url.clone(), accept).await;
        balance.map_err(|error| error.at_address(&url))
    }

    /// Returns the policy by which failed requests are retried.
    pub(crate) fn retry_policy(&self) -> &RetryPolicy {
        self.retry.policy()
    }

    /// Returns the maximum number of requests at a time.
    pub(crate) fn max_in_flight(&self) -> usize {
        self.max_in_flight
    }

    /// Returns the submits that are in flight.
    pub(crate) fn in_flight(&self) -> &InFlightSubmits {
        &self.in_flight
    }

    async fn poll(&self, method: Method, url: Url) -> Result<Reply, Error> {
        self.transport.send(method, url).await
    }

    async fn read<T>(
        &self,
        url: Url,
        accept: impl Fn(&Reply) -> Result<T, Error> + Send,
    ) -> Result<T, Error> {
        let (value, _) = self.call(Method::GET, url, accept).await?;
        Ok(value)
    }

    /// Sends a request that may be sent twice until there is a response that `accept` takes; returns
    /// the number of attempts too.
    async fn call<T>(
        &self,
        method: Method,
        url: Url,
        accept: impl Fn(&Reply) -> Result<T, Error> + Send,
    ) -> Result<(T, u32), Error> {
        let mut call = Read::new(&self.transport, method, url, accept);
        self.retry.run(&mut call).await
    }
}
