//! Submits: validated, with their media attached, sent once.

use std::borrow::{Borrow, Cow};
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::client::Client;
use crate::error::Error;
use crate::job::Job;
use crate::job::as_input::{AsInput, Input};
use crate::job::submit_plan::SubmitPlan;
use crate::lazy_call::LazyCall;
use crate::media::check::CheckMedia;
use crate::model::Model;
use crate::output::Output;
use runcomfy_schema::{Json, ModelSchema};

#[cfg(doc)]
use crate::error::ErrorKind;

/// A job that is about to be submitted; `.await` it. This may cost money.
///
/// The input is validated first, with its media as far as [`check_media`](Self::check_media) says,
/// and nothing that is certain to be refused is sent. Local files and bytes are attached. The
/// request is retried only while nothing was sent, or the service answers HTTP 429; see
/// [`deadline`](Self::deadline).
///
/// A request is in flight from the first byte of its body that is handed to a connection. Dropping
/// it before that submits nothing, ever. A request in flight is brought to its end by a task of the
/// tokio runtime. Its outcome is logged once with the id of the job or the idempotency key (`tracing`,
/// level INFO; WARN where the outcome is unknown, as when the runtime ends first), and handed to
/// [`ClientBuilder::on_orphan`](crate::client::ClientBuilder::on_orphan).
/// [`Client::settled`] waits for such requests. For a timeout use [`deadline`](Self::deadline), which
/// loses no job.
#[must_use = "nothing is sent until it is awaited"]
pub struct Submit<'a, O> {
    call: LazyCall<'a, SubmitPlan<'a>, Result<Job<O>, Error>>,
}

/// Outcome of a submit.
#[derive(Debug)]
pub enum Outcome<O> {
    /// The service has taken the job.
    Accepted(Job<O>),
    /// Nothing was sent: the input is invalid, or no connection was made. There is no job.
    NotSent(Error),
    /// The service has refused it. There is no job.
    Rejected(Error),
    /// The request may have arrived, and no response says so: there may be a job, which costs money.
    /// Look for it in the account's history, by [`Error::idempotency_key`], before you submit again.
    Unknown(Error),
}

impl Client {
    /// Submits a job; `.await` it. This may cost money.
    ///
    /// The input is validated first, and nothing invalid is sent. The request is retried only while
    /// nothing was sent, or the service answers HTTP 429. An input by value makes a submit that can
    /// move to a task of its own; see [`AsInput`].
    ///
    /// # Errors
    /// - [`ErrorKind::InvalidInput`]: the input breaks its schema; nothing was sent. Fix the input.
    /// - [`ErrorKind::Io`], [`ErrorKind::Upload`]: a local file could not be attached; nothing was
    ///   sent.
    /// - [`ErrorKind::NotSent`]: no connection; nothing was sent. Submit it again later.
    /// - The kinds of the service's codes, such as [`ErrorKind::InsufficientBalance`]: it refused
    ///   the job.
    /// - [`ErrorKind::ResponseLost`], [`ErrorKind::Unavailable`] or [`ErrorKind::Unreadable`]: the
    ///   outcome is unknown. Check [`Error::may_have_been_submitted`] before you submit again.
    pub fn submit<'a, M: Model + 'a>(&self, input: impl AsInput<'a, M>) -> Submit<'a, M::Output> {
        Submit::new(SubmitPlan::typed(self, input))
    }

    /// Submits a job for a model that has no generated type; `.await` it. This may cost money.
    ///
    /// Nothing is validated, unless [`Submit::schema`] gives a schema. Model id and input are taken by
    /// reference or by value.
    ///
    /// # Errors
    /// As [`submit`](Self::submit); [`ErrorKind::Configuration`] when the text is not a possible
    /// model id.
    pub fn submit_json<'a>(
        &self,
        model_id: impl Into<Cow<'a, str>>,
        input: impl Borrow<Json> + Send + Sync + 'a,
    ) -> Submit<'a, Output> {
        Submit::new(SubmitPlan::new(self, model_id, Input::free(input)))
    }
}

impl<'a, O> Submit<'a, O> {
    fn new(plan: SubmitPlan<'a>) -> Self {
        Self {
            call: LazyCall::new(plan),
        }
    }

    /// Changes a setting; without effect once the submit runs.
    fn with(mut self, change: impl FnOnce(&mut SubmitPlan<'a>)) -> Self {
        self.call.change(change);
        self
    }

    /// Checks the input against this schema, which need not be built in.
    pub fn schema(self, schema: &'a ModelSchema) -> Self {
        self.with(|plan| plan.schema = Some(schema))
    }

    /// Sets which media are checked first. Default: the client's setting.
    pub fn check_media(self, which: CheckMedia) -> Self {
        self.with(|plan| plan.check_media = which)
    }

    /// Sets how long the submit may look for a connection, wait for the client's own rate limit and
    /// be retried. Default: retries end after 60 s, the waits are not limited.
    ///
    /// At the deadline a submit that is not in flight ends as [`ErrorKind::NotSent`] or
    /// [`ErrorKind::Throttled`]: there is no job. A request in flight is never given up for it.
    pub fn deadline(self, limit: Duration) -> Self {
        self.with(|plan| plan.deadline = Some(limit))
    }

    /// Ends the submit with [`ErrorKind::Throttled`] where the service answers HTTP 429. Default: it waits as long as
    /// the service asks, and is sent again.
    ///
    /// For callers that hold all their submits back, such as a queue with a rate. There is no job, and
    /// [`Error::retry_after`] says how long the service asks to wait.
    pub fn leave_throttled(self) -> Self {
        self.with(|plan| plan.leaves_throttled = true)
    }

    /// Sets the idempotency key, which is sent in the header that
    /// [`ClientBuilder::idempotency_header`](crate::client::ClientBuilder::idempotency_header) names.
    /// Default: a [new one](crate::job::idempotency_key::new_idempotency_key).
    ///
    /// It has 1 to 255 visible ASCII characters; a submit with another key is not sent, with an
    /// error of kind [`ErrorKind::Configuration`].
    pub fn key(self, key: impl Into<String>) -> Self {
        let key = key.into();
        self.with(|plan| plan.key = Some(key))
    }

    /// Skips validation and media checks: the schema may be older than the service.
    pub fn unvalidated(self) -> Self {
        self.with(|plan| plan.validate = false)
    }

    /// Submits the job and returns the outcome as one of four cases.
    pub async fn outcome(self) -> Outcome<O>
    where
        O: Send + 'a,
    {
        match self.await {
            Ok(job) => Outcome::Accepted(job),
            Err(error) if error.may_have_been_submitted() => Outcome::Unknown(error),
            Err(error) if error.http_status().is_some() => Outcome::Rejected(error),
            Err(error) => Outcome::NotSent(error),
        }
    }
}

/// Nothing in it is pinned.
impl<O> Unpin for Submit<'_, O> {}

impl<'a, O: Send + 'a> Future for Submit<'a, O> {
    type Output = Result<Job<O>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.get_mut().call.poll(cx, |plan| async move {
            let (job, guard) = plan.submit().await?;
            guard.release();
            Ok(job)
        })
    }
}

impl<O> fmt::Debug for Submit<'_, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Submit");
        if let LazyCall::New(plan) = &self.call {
            debug
                .field("model_id", &plan.model_id())
                .field("validate", &plan.validate)
                .field("check_media", &plan.check_media);
        }
        debug.finish_non_exhaustive()
    }
}
