//! A submitted job.

use std::fmt;
use std::marker::PhantomData;

use serde::de::DeserializeOwned;

use crate::reply::Reply;
use crate::wait::Wait;
use crate::{Client, Error, JobResult, JobStatus, RequestId};

/// A submitted job. Dropping it leaves the job alone: it runs on, and
/// [`Client::job`] takes it up again by its id.
pub struct Job<O> {
    pub(crate) client: Client,
    id: RequestId,
    output: PhantomData<fn() -> O>,
}

/// What came of the wish to cancel a job.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CancelOutcome {
    /// It was still queued and will not run.
    Cancelled,
    /// It runs already, or has ended; it goes on and is paid.
    NotCancellable,
    /// Another answer, as the service wrote it.
    Other(String),
}

impl<O> Job<O> {
    pub(crate) fn new(client: Client, id: RequestId) -> Self {
        Self {
            client,
            id,
            output: PhantomData,
        }
    }

    /// The id by which the job can be taken up again.
    #[must_use]
    pub fn request_id(&self) -> &RequestId {
        &self.id
    }

    /// Asks how far the job is. Failures that may pass are tried again.
    ///
    /// # Errors
    /// Those of the service and the network; all of them name the job.
    pub async fn status(&self) -> Result<JobStatus, Error> {
        let url = self.client.inner.endpoint.status(&self.id);
        self.named(self.client.read(url, Reply::status).await)
    }

    /// One request, for a wait that asks again by itself.
    pub(crate) async fn ask_status(&self) -> Result<JobStatus, Error> {
        let inner = &self.client.inner;
        let reply = inner.transport.get(inner.endpoint.status(&self.id)).await;
        self.named(reply.and_then(|reply| reply.status()))
    }

    /// Asks to cancel the job, which works only while it is queued.
    ///
    /// # Errors
    /// Those of the service and the network; all of them name the job.
    pub async fn cancel(&self) -> Result<CancelOutcome, Error> {
        let inner = &self.client.inner;
        let reply = inner.transport.post(inner.endpoint.cancel(&self.id)).await;
        let outcome = self.named(reply.and_then(|reply| reply.outcome()))?;
        Ok(match outcome.as_str() {
            "cancelled" | "canceled" => CancelOutcome::Cancelled,
            "not_cancellable" => CancelOutcome::NotCancellable,
            _ => CancelOutcome::Other(outcome),
        })
    }

    /// Says in an error which job it is about.
    pub(crate) fn named<T>(&self, outcome: Result<T, Error>) -> Result<T, Error> {
        outcome.map_err(|error| error.with_request_id(&self.id))
    }
}

impl<O: DeserializeOwned> Job<O> {
    /// Asks for the result. While the job is not finished, this tells how far it is. Failures that
    /// may pass are tried again.
    ///
    /// # Errors
    /// Those of the service and the network; all of them name the job. A failed job is no error
    /// here: look at [`JobResult::status`].
    pub async fn result(&self) -> Result<JobResult<O>, Error> {
        let url = self.client.inner.endpoint.result(&self.id);
        self.named(self.client.read(url, Reply::result).await)
    }

    /// One request, for a wait that asks again by itself.
    pub(crate) async fn ask_result(&self) -> Result<JobResult<O>, Error> {
        let inner = &self.client.inner;
        let reply = inner.transport.get(inner.endpoint.result(&self.id)).await;
        self.named(reply.and_then(|reply| reply.result()))
    }

    /// Waits for the output; set limits with the methods of [`Wait`], then `.await` it.
    ///
    /// Dropping the wait leaves the job alone.
    pub fn wait(&self) -> Wait<'_, O> {
        Wait::new(self)
    }
}

impl<O> Clone for Job<O> {
    fn clone(&self) -> Self {
        Self::new(self.client.clone(), self.id.clone())
    }
}

impl<O> fmt::Debug for Job<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job")
            .field("request_id", &self.id)
            .finish_non_exhaustive()
    }
}
