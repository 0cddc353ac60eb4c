//! Submits: validated, with their media attached, sent once.

use std::fmt;
use std::future::IntoFuture;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use runcomfy_media::DataUri;
use tracing::{Instrument, debug_span};

use crate::api::SubmitRequest;
use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::job::Job;
use crate::job::orphan::OrphanGuard;
use crate::media::check::CheckMedia;
use crate::model::Model;
use crate::output::Output;
use runcomfy_schema::{Json, MediaInput, MediaSource, ModelSchema, View, Violations};

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
    client: &'a Client,
    model_id: &'a str,
    schema: Option<&'a ModelSchema>,
    input: View<'a>,
    validate: bool,
    check_media: CheckMedia,
    deadline: Option<Duration>,
    key: Option<String>,
    cancel_on_drop: bool,
    output: PhantomData<fn() -> O>,
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

/// Maximum length of an idempotency key, which is that of most services.
const MAX_IDEMPOTENCY_KEY_LENGTH: usize = 255;

/// Creates a key for [`Submit::key`], like the one that a submit creates by itself: 32 hexadecimal
/// digits. Use it to store the key before anything is sent.
#[must_use]
pub fn new_idempotency_key() -> String {
    // Two jobs with one key would be one for a service that looks at it, so half of it comes from
    // the system's own randomness.
    let system = RandomState::new().build_hasher().finish();
    let key = u128::from(system) << 64 | u128::from(fastrand::u64(..));
    format!("{key:032x}")
}

impl Client {
    /// Submits a job; `.await` it. This may cost money.
    ///
    /// The input is validated first, and nothing invalid is sent. The request is retried only while
    /// nothing was sent, or the service answers HTTP 429.
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
    pub fn submit<'a, M: Model>(&'a self, input: &'a M) -> Submit<'a, M::Output> {
        Submit::new(self, M::ID, Some(M::model()), View::Record(input))
    }

    /// Submits a job for a model that has no generated type; `.await` it. This may cost money.
    ///
    /// Nothing is validated, unless [`Submit::schema`] gives a schema.
    ///
    /// # Errors
    /// As [`submit`](Self::submit); [`ErrorKind::Configuration`] when the text is not a possible
    /// model id.
    pub fn submit_json<'a>(&'a self, model_id: &'a str, input: &'a Json) -> Submit<'a, Output> {
        Submit::new(self, model_id, None, input.into())
    }
}

impl<'a, O> Submit<'a, O> {
    fn new(
        client: &'a Client,
        model_id: &'a str,
        schema: Option<&'a ModelSchema>,
        input: View<'a>,
    ) -> Self {
        Self {
            client,
            model_id,
            schema,
            input,
            validate: true,
            check_media: client.default_check_media(),
            deadline: None,
            key: None,
            cancel_on_drop: false,
            output: PhantomData,
        }
    }

    /// Checks the input against this schema, which need not be built in.
    pub fn schema(mut self, schema: &'a ModelSchema) -> Self {
        self.schema = Some(schema);
        self
    }

    /// Sets which media are checked first. Default: the client's setting.
    pub fn check_media(mut self, which: CheckMedia) -> Self {
        self.check_media = which;
        self
    }

    /// Sets how long the submit may look for a connection, wait for the client's own rate limit and
    /// be retried. Default: retries end after 60 s, the waits are not limited.
    ///
    /// At the deadline a submit that is not in flight ends as [`ErrorKind::NotSent`] or
    /// [`ErrorKind::Throttled`]: there is no job. A request in flight is never given up for it.
    pub fn deadline(mut self, limit: Duration) -> Self {
        self.deadline = Some(limit);
        self
    }

    /// Sets the idempotency key, which is sent in the header that
    /// [`ClientBuilder::idempotency_header`](crate::client::ClientBuilder::idempotency_header) names.
    /// Default: a [new one](new_idempotency_key).
    ///
    /// It has 1 to 255 visible ASCII characters; a submit with another key is not sent, with an
    /// error of kind [`ErrorKind::Configuration`].
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Cancels the job of a request that is dropped in flight.
    pub(crate) fn cancel_on_drop(mut self, yes: bool) -> Self {
        self.cancel_on_drop = yes;
        self
    }

    /// Submits the job and returns the outcome as one of four cases.
    pub async fn outcome(self) -> Outcome<O>
    where
        O: Send,
    {
        match self.run().await {
            Ok(job) => Outcome::Accepted(job),
            Err(error) if error.may_have_been_submitted() => Outcome::Unknown(error),
            Err(error) if error.http_status().is_some() => Outcome::Rejected(error),
            Err(error) => Outcome::NotSent(error),
        }
    }

    /// Skips validation and media checks: the schema may be older than the service.
    pub fn unvalidated(mut self) -> Self {
        self.validate = false;
        self
    }

    async fn run(self) -> Result<Job<O>, Error> {
        let (job, guard) = self.guarded().await?;
        guard.release();
        Ok(job)
    }

    /// Submits the job; the guard names it if it is dropped before the program has the job.
    pub(crate) async fn guarded(self) -> Result<(Job<O>, OrphanGuard), Error> {
        let key: Arc<str> = self.chosen_key()?.into();
        let media = self.media();
        if self.validate {
            let violations = self.violations(&media).await?;
            if violations.refuse() {
                return Err(Error::invalid(self.model_id, violations));
            }
        }
        let body = self.body(&media).await?;
        let span = debug_span!("submit", model = self.model_id);
        let request = SubmitRequest {
            model_id: self.model_id,
            body: body.into(),
            key: Arc::clone(&key),
            deadline: self.deadline,
            cancel_on_drop: self.cancel_on_drop,
        };
        let services = self.client.services();
        let submitted = services.api().submit(request).instrument(span);
        let (id, at) = submitted.await?;
        let hook = services.api().in_flight().hook();
        let mut guard = OrphanGuard::new(hook, self.model_id, &key);
        guard.identify(&id);
        let job = Job::new(Arc::clone(services), id);
        Ok((job.of_model(self.model_id).submitted_at(at), guard))
    }

    /// Returns the caller's key, or a new one.
    fn chosen_key(&self) -> Result<String, Error> {
        let Some(key) = &self.key else {
            return Ok(new_idempotency_key());
        };
        if !key.is_empty()
            && key.len() <= MAX_IDEMPOTENCY_KEY_LENGTH
            && key.bytes().all(|b| b.is_ascii_graphic())
        {
            return Ok(key.clone());
        }
        Err(Error::configuration(format!(
            "found the idempotency key {key:?}, expected 1 to {MAX_IDEMPOTENCY_KEY_LENGTH} visible ASCII characters; \
             nothing was sent"
        )))
    }

    async fn body(&self, media: &[MediaInput<'_, '_>]) -> Result<Vec<u8>, Error> {
        let is_local = |medium: &MediaInput<'_, '_>| matches!(medium.source, MediaSource::Local(_));
        let written = if media.iter().any(is_local) {
            let mut input = self.input.to_value();
            self.client.attach().fill(&mut input, media).await?;
            serde_json::to_vec(&input)
        } else {
            serde_json::to_vec(&self.input)
        };
        written.map_err(|error| {
            let message = format!("the input cannot be written as JSON: {error}; nothing was sent");
            Error::new(ErrorKind::InvalidInput, message)
        })
    }

    /// Returns the media that are checked or attached.
    fn media(&self) -> Vec<MediaInput<'a, 'a>> {
        let wanted = |source: &MediaSource<'_>| match source {
            MediaSource::Local(_) => true,
            MediaSource::Url(url) => match self.check_media {
                CheckMedia::Nothing => false,
                CheckMedia::Local => DataUri::parse(url).is_some(),
                CheckMedia::Everything => true,
            },
        };
        self.schema
            .map(|schema| schema.input.media_where(self.input, wanted))
            .unwrap_or_default()
    }

    async fn violations(&self, media: &[MediaInput<'_, '_>]) -> Result<Violations, Error> {
        let mut violations = self
            .schema
            .map(|schema| schema.input.validate(self.input))
            .unwrap_or_default();
        let prober = match self.check_media {
            CheckMedia::Nothing => return Ok(violations),
            CheckMedia::Local => None,
            CheckMedia::Everything => Some(self.client.prober()?),
        };
        violations.extend(runcomfy_probe::check(media, prober).await);
        Ok(violations)
    }
}

impl<'a, O: Send + 'a> IntoFuture for Submit<'a, O> {
    type Output = Result<Job<O>, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl<O> fmt::Debug for Submit<'_, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Submit")
            .field("model_id", &self.model_id)
            .field("validate", &self.validate)
            .field("check_media", &self.check_media)
            .finish_non_exhaustive()
    }
}
