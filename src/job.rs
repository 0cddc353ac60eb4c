//! A submitted job.

pub(crate) mod as_input;
pub(crate) mod cancel_outcome;
pub(crate) mod idempotency_key;
pub(crate) mod in_flight;
pub(crate) mod orphan;
pub(crate) mod progress_log;
pub(crate) mod request_id;
mod resume;
pub(crate) mod run;
pub(crate) mod run_many;
pub(crate) mod services;
pub(crate) mod status;
pub(crate) mod submit;
pub(crate) mod submit_plan;

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use tokio::time::Instant;

use crate::api::JobRef;
use crate::error::Error;
use crate::http::response::JobResult;
use crate::job::cancel_outcome::CancelOutcome;
use crate::job::request_id::RequestId;
use crate::job::services::Services;
use crate::job::status::JobStatus;

#[cfg(doc)]
use crate::client::Client;
#[cfg(doc)]
use crate::error::ErrorKind;

/// A submitted job.
///
/// Dropping it leaves the job alone: it keeps running, and [`Client::job`] resumes it by its id.
pub struct Job<O> {
    services: Arc<Services>,
    id: RequestId,
    model: Option<Arc<str>>,
    /// Time at which this client submitted the job; `None` for a job that was resumed.
    submitted: Option<Instant>,
    output: PhantomData<fn() -> O>,
}

impl<O> Job<O> {
    pub(crate) fn new(services: Arc<Services>, id: RequestId) -> Self {
        Self {
            services,
            id,
            model: None,
            submitted: None,
            output: PhantomData,
        }
    }

    pub(crate) fn of_model(mut self, model_id: &str) -> Self {
        self.model = Some(self.services.poller().model_name(model_id));
        self
    }

    pub(crate) fn submitted_at(mut self, at: Instant) -> Self {
        self.submitted = Some(at);
        self
    }

    pub(crate) fn services(&self) -> &Services {
        &self.services
    }

    pub(crate) fn model(&self) -> Option<&Arc<str>> {
        self.model.as_ref()
    }

    /// Returns when this client has submitted the job.
    pub(crate) fn submitted(&self) -> Option<Instant> {
        self.submitted
    }

    /// Returns the id by which the job can be resumed.
    #[must_use]
    pub fn request_id(&self) -> &RequestId {
        &self.id
    }

    /// Returns the URL of the job's status, for tools other than this client; it needs the token.
    #[must_use]
    pub fn status_url(&self) -> String {
        self.services.api().status_url(&self.id).into()
    }

    /// Returns the URL of the job's result, for tools other than this client; it needs the token.
    #[must_use]
    pub fn result_url(&self) -> String {
        self.services.api().result_url(&self.id).into()
    }

    /// Fetches the job's status. Transient failures are retried.
    ///
    /// # Errors
    /// All of them name the job, which keeps running.
    /// - [`ErrorKind::NotFound`], [`ErrorKind::Forbidden`], [`ErrorKind::Unauthenticated`]: the
    ///   service knows no such job for this token. Check the id and the token.
    /// - A transient kind ([`Error::is_transient`]): all attempts failed. Call it again later.
    pub async fn status(&self) -> Result<JobStatus, Error> {
        self.services.api().status(self.by_ref()).await
    }

    /// Requests to cancel the job, which works only while it is queued. Transient failures are
    /// retried: to cancel twice does no harm.
    ///
    /// # Errors
    /// As [`status`](Self::status). After a transient failure the job may have been cancelled.
    pub async fn cancel(&self) -> Result<CancelOutcome, Error> {
        self.services.api().cancel(self.by_ref()).await
    }

    /// Adds the job's id to an error.
    pub(crate) fn named<T>(&self, outcome: Result<T, Error>) -> Result<T, Error> {
        self.by_ref().named(outcome)
    }

    fn by_ref(&self) -> JobRef<'_> {
        JobRef {
            id: &self.id,
            submitted: self.submitted,
        }
    }

    /// Returns the same job, with its output read as another type.
    pub(crate) fn cast<P>(&self) -> Job<P> {
        Job {
            services: Arc::clone(&self.services),
            id: self.id.clone(),
            model: self.model.clone(),
            submitted: self.submitted,
            output: PhantomData,
        }
    }
}

impl<O: DeserializeOwned> Job<O> {
    /// Fetches the job's result. While the job is not finished, [`JobResult::status`] says how far
    /// it is. Transient failures are retried.
    ///
    /// A failed job is no error here: its [`JobResult::status`] says so.
    ///
    /// # Errors
    /// As [`status`](Self::status), and [`ErrorKind::UnexpectedOutput`] where the output has another
    /// form than `O`; it is not fetched again. Read it with [`Client::json_job`].
    pub async fn result(&self) -> Result<JobResult<O>, Error> {
        self.services.api().result(self.by_ref()).await
    }
}

impl<O> Clone for Job<O> {
    fn clone(&self) -> Self {
        self.cast()
    }
}

impl<O> fmt::Debug for Job<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job")
            .field("request_id", &self.id)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::error::ErrorKind;
    use crate::testing::{Call, Response, Script};

    #[tokio::test(start_paused = true)]
    async fn result_of_another_form_is_fetched_once() {
        let script = Script::new();
        let client = script.client_builder().build().unwrap();
        let job: Job<u64> = client.json_job("r-1".parse().unwrap()).cast();
        let other = json!({ "status": "succeeded", "output": { "image": "u" } });
        script.respond(Call::Result, Response::text(502, "<html>"));
        script.respond(Call::Result, Response::json(200, other));
        let error = job.result().await.unwrap_err();
        assert_eq!(
            (error.kind(), error.attempts()),
            (ErrorKind::UnexpectedOutput, 2)
        );
        assert!(error.to_string().contains("has another form"), "{error}");
        assert_eq!(error.request_id(), Some(job.request_id()));
        assert_eq!(script.count(Call::Result), 2);
        // What is cut off may come whole.
        script.respond(Call::Result, Response::text(200, r#"{"status": "succ"#));
        let good = json!({ "status": "succeeded", "output": 7 });
        script.respond(Call::Result, Response::json(200, good));
        assert_eq!(job.result().await.unwrap().output, Some(7));
    }
}
