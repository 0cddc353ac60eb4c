//! A submitted job.

pub(crate) mod in_flight;
pub(crate) mod request_id;
pub(crate) mod run;
pub(crate) mod run_many;
pub(crate) mod status;
pub(crate) mod submit;

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use reqwest::Method;
use serde::de::DeserializeOwned;
use tokio::time::Instant;
use tracing::{Instrument, debug_span};

use crate::client::Client;
use crate::error::Error;
use crate::http::response::JobResult;
use crate::http::response::Reply;
use crate::job::request_id::RequestId;
use crate::job::status::JobStatus;
use crate::job::status::Status;
use crate::wait::Wait;
use crate::wait::watch::Watch;
use runcomfy_schema::Redacted;

#[cfg(doc)]
use crate::error::ErrorKind;

/// A submitted job. Dropping it leaves the job alone: it runs on, and
/// [`Client::job`] takes it up again by its id.
pub struct Job<O> {
    pub(crate) client: Client,
    id: RequestId,
    pub(crate) model: Option<Arc<str>>,
    /// When this client has submitted it; `None` for a job that was taken up.
    pub(crate) submitted: Option<Instant>,
    output: PhantomData<fn() -> O>,
}

/// What came of the wish to cancel a job.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CancelOutcome {
    /// It was still queued and will not run.
    Cancelled,
    /// It runs already, or has ended; it goes on and is paid.
    NotCancellable,
    /// Another answer, as the service wrote it.
    Other(String),
}

/// Shown without the queries of URLs.
impl fmt::Debug for CancelOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cancelled => f.write_str("Cancelled"),
            Self::NotCancellable => f.write_str("NotCancellable"),
            Self::Other(text) => {
                let text = Redacted(text).to_string();
                f.debug_tuple("Other").field(&text).finish()
            }
        }
    }
}

impl<O> Job<O> {
    pub(crate) fn new(client: Client, id: RequestId) -> Self {
        Self {
            client,
            id,
            model: None,
            submitted: None,
            output: PhantomData,
        }
    }

    pub(crate) fn of_model(mut self, model_id: &str) -> Self {
        self.model = Some(self.client.model_name(model_id));
        self
    }

    pub(crate) fn submitted(mut self, at: Instant) -> Self {
        self.submitted = Some(at);
        self
    }

    /// The id by which the job can be taken up again.
    #[must_use]
    pub fn request_id(&self) -> &RequestId {
        &self.id
    }

    /// Where the status is asked for, with the token, by other means than this client.
    #[must_use]
    pub fn status_url(&self) -> String {
        self.client.inner.endpoint.status(&self.id).into()
    }

    /// Where the result is asked for, likewise.
    #[must_use]
    pub fn result_url(&self) -> String {
        self.client.inner.endpoint.result(&self.id).into()
    }

    /// Asks how far the job is. Failures that may pass are tried again.
    ///
    /// # Errors
    /// Those of the service and the network; all of them name the job.
    pub async fn status(&self) -> Result<JobStatus, Error> {
        let url = self.client.inner.endpoint.status(&self.id);
        let read = self.client.read(url, Reply::status);
        let span = debug_span!("status", request_id = %self.id);
        self.named(read.instrument(span).await)
    }

    /// Asks to cancel the job, which works only while it is queued. Failures that may pass are
    /// tried again: to cancel twice does no harm.
    ///
    /// # Errors
    /// Those of the service and the network; all of them name the job.
    pub async fn cancel(&self) -> Result<CancelOutcome, Error> {
        let url = self.client.inner.endpoint.cancel(&self.id);
        let cancel = self.client.retried(Method::POST, url, Reply::outcome);
        let span = debug_span!("cancel", request_id = %self.id);
        let (outcome, attempts) = self.named(cancel.instrument(span).await)?;
        // One whose answer was lost may have done it.
        if attempts > 1
            && outcome == CancelOutcome::NotCancellable
            && self.status().await?.status == Status::Cancelled
        {
            return Ok(CancelOutcome::Cancelled);
        }
        Ok(outcome)
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
    /// here: look at [`JobResult::status`]. An output of another form than `O` is
    /// [`ErrorKind::UnexpectedOutput`], and not asked for again.
    pub async fn result(&self) -> Result<JobResult<O>, Error> {
        let url = self.client.inner.endpoint.result(&self.id);
        let read = self.client.read(url, |reply| reply.result(&self.id));
        let span = debug_span!("result", request_id = %self.id);
        self.named(read.instrument(span).await)
    }
}

impl<O> Job<O> {
    /// Waits for the output; set limits with the methods of [`Wait`], then `.await` it.
    ///
    /// Dropping the wait leaves the job alone.
    pub fn wait(&self) -> Wait<O> {
        Wait::new(self.clone())
    }

    /// The same wait as a stream of what happens to the job. With limits: [`Wait::watch`].
    pub fn watch(&self) -> Watch<O> {
        self.wait().watch()
    }
}

impl<O> Job<O> {
    /// The same job, with its output read as another type.
    pub(crate) fn cast<P>(&self) -> Job<P> {
        Job {
            client: self.client.clone(),
            id: self.id.clone(),
            model: self.model.clone(),
            submitted: self.submitted,
            output: PhantomData,
        }
    }
}

impl Client {
    /// Asks once to cancel a job.
    pub(crate) async fn cancel_once(&self, id: &RequestId) -> Result<CancelOutcome, Error> {
        let inner = &self.inner;
        let reply = inner
            .transport
            .send(Method::POST, inner.endpoint.cancel(id))
            .await;
        reply.and_then(|reply| reply.outcome())
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
    use runcomfy_emulator::{Call, Emulator, Reply};
    use serde_json::json;

    use super::*;
    use crate::error::ErrorKind;

    /// What a type cannot hold will not fit the next time either.
    #[tokio::test(start_paused = true)]
    async fn a_result_of_another_form_is_asked_for_once() {
        let emulator = Emulator::builder().start().await.unwrap();
        let builder = Client::builder().token("t").base_url(emulator.base_url());
        let job: Job<u64> = Job::new(builder.build().unwrap(), "r-1".parse().unwrap());
        let odd = json!({ "status": "succeeded", "output": { "image": "u" } });
        emulator.script(Call::Result, Reply::html(502));
        emulator.script(Call::Result, Reply::json(200, &odd));
        let error = job.result().await.unwrap_err();
        assert_eq!(
            (error.kind(), error.attempts()),
            (ErrorKind::UnexpectedOutput, 2)
        );
        assert!(error.to_string().contains("has another form"), "{error}");
        assert_eq!(error.request_id(), Some(job.request_id()));
        assert_eq!(emulator.count(Call::Result), 2);
        // What is cut off may come whole.
        emulator.script(Call::Result, Reply::new(200, r#"{"status": "succ"#));
        let good = json!({ "status": "succeeded", "output": 7 });
        emulator.script(Call::Result, Reply::json(200, &good));
        assert_eq!(job.result().await.unwrap().output, Some(7));
    }
}
