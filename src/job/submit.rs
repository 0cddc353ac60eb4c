//! Submitting: validated, with its media attached, sent once.

use std::fmt;
use std::future::IntoFuture;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use reqwest::Url;
use runcomfy_media::DataUri;
use tokio::time::Instant;
use tracing::{Instrument, debug, debug_span};

use crate::client::Client;
use crate::error::Error;
use crate::error::ErrorKind;
use crate::http::rate_limit::Permit;
use crate::http::response::Reply;
use crate::http::retry::{MAX_BACKOFF, backoff_after};
use crate::job::Job;
use crate::job::in_flight::InFlightSubmit;
use crate::job::request_id::RequestId;
use crate::media::check::CheckMedia;
use runcomfy_schema::MediaInput;
use runcomfy_schema::MediaSource;
use runcomfy_schema::ModelSchema;
use runcomfy_schema::View;
use runcomfy_schema::Violations;

/// A job that is about to be submitted; `.await` it. This may cost money.
///
/// The input is validated first, with its media as far as [`check_media`](Self::check_media) says,
/// and nothing that is certain to be refused is sent. Files and bytes at hand are attached. The
/// request is sent again only while no connection could be made at all, or the service asks to try
/// later; see [`deadline`](Self::deadline).
///
/// Dropping it before the request is on its way submits nothing. A request that is on its way is
/// brought to its end by a task of the tokio runtime, as far as that still runs, and the id of the
/// job is logged (`tracing`, level INFO; WARN where the outcome is not known): for a time limit use
/// [`deadline`](Self::deadline), which loses no job.
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

/// What became of a submit.
#[derive(Debug)]
pub enum Outcome<O> {
    /// The service has taken the job.
    Accepted(Job<O>),
    /// Nothing has left this machine: the input is invalid, or no connection was made. There is no
    /// job.
    NotSent(Error),
    /// The service has refused it. There is no job.
    Rejected(Error),
    /// The request may have arrived, and no answer says what came of it: there may be a job, which
    /// costs money. [`Error::idempotency_key`] and the account's history are what there is to look by.
    Unknown(Error),
}

/// For how long a submit is tried, unless it is said, while it is certain that there is no job yet.
const DEADLINE: Duration = Duration::from_secs(60);

/// Longer ones do not fit into what others keep of them.
const MAX_IDEMPOTENCY_KEY_LENGTH: usize = 255;

/// Whether it is certain that there is no job, and another try may help.
fn may_be_sent_again(error: &Error) -> bool {
    let passing = matches!(error.kind(), ErrorKind::NotSent | ErrorKind::Throttled);
    !error.may_have_been_submitted() && (passing || is_busy(error))
}

/// A service that says when to come back has not taken the job.
fn is_busy(error: &Error) -> bool {
    error.http_status() == Some(503) && error.retry_after().is_some()
}

/// A key for [`Submit::key`], as a submit makes one for itself: for who wants to note it before
/// anything is sent. 32 hexadecimal digits.
#[must_use]
pub fn new_idempotency_key() -> String {
    // Two jobs with one key would be one for a service that looks at it, so half of it comes from
    // the system's own randomness.
    let system = RandomState::new().build_hasher().finish();
    let key = u128::from(system) << 64 | u128::from(fastrand::u64(..));
    format!("{key:032x}")
}

/// The id of the job, or what is known of one.
fn accepted(reply: Result<Reply, Error>) -> Result<RequestId, Error> {
    let reply = reply.map_err(|error| match error.kind() {
        ErrorKind::ResponseLost | ErrorKind::Unreadable | ErrorKind::TooLarge => {
            error.submitted_perhaps()
        }
        _ => error,
    })?;
    reply.request_id().map_err(|error| match error.kind() {
        // The submit arrived, and this is the word of another place.
        _ if reply.redirected => error.submitted_perhaps(),
        ErrorKind::Unavailable if is_busy(&error) => error,
        // A gateway that gives up says nothing of what the service behind it did, and a reply
        // with a success status and no id is the loss of a paid job.
        ErrorKind::Unavailable | ErrorKind::Unreadable => error.submitted_perhaps(),
        _ => error,
    })
}

impl<'a, O> Submit<'a, O> {
    pub(crate) fn new(
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
            check_media: client.inner.check_media,
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

    /// Which media to look at, for this job; else as the client is set up.
    pub fn check_media(mut self, which: CheckMedia) -> Self {
        self.check_media = which;
        self
    }

    /// The time within which the request is sent, and sent again while no connection can be made or
    /// the service asks to try later (HTTP 429, or 503 with `Retry-After`). Unless set the tries end
    /// after a minute, and a request that the client's own rate holds back is waited for. A request
    /// that is on its way is never given up for it.
    pub fn deadline(mut self, limit: Duration) -> Self {
        self.deadline = Some(limit);
        self
    }

    /// The key that goes out with the request, in the header that
    /// [`ClientBuilder::idempotency_header`](crate::client::ClientBuilder::idempotency_header) names; a
    /// [new one](new_idempotency_key) unless set.
    /// It has 1 to 255 visible ASCII characters; a submit with another key is not sent, with an
    /// error of kind [`ErrorKind::Configuration`].
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Where nobody waits any more for a request that is on its way, its job is cancelled.
    pub(crate) fn cancel_on_drop(mut self, yes: bool) -> Self {
        self.cancel_on_drop = yes;
        self
    }

    /// Submits it, and gives what became of it as one of four ends.
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

    /// Does not look at the schema, which may be older than the service, nor at media.
    pub fn unvalidated(mut self) -> Self {
        self.validate = false;
        self
    }

    async fn run(self) -> Result<Job<O>, Error> {
        let key = self.chosen_key()?;
        let media = self.media();
        if self.validate {
            let violations = self.violations(&media).await?;
            if violations.refuse() {
                return Err(Error::invalid(self.model_id, violations));
            }
        }
        let body = self.body(&media).await?;
        let span = debug_span!("submit", model = self.model_id);
        let (id, at) = self.send(body.into(), key.into()).instrument(span).await?;
        let job = Job::new(self.client.clone(), id);
        Ok(job.of_model(self.model_id).submitted(at))
    }

    /// Sends the request until its outcome is certain to be final, or not known.
    async fn send(&self, body: Bytes, key: Arc<str>) -> Result<(RequestId, Instant), Error> {
        let inner = &self.client.inner;
        let url = inner.endpoint.model(self.model_id)?;
        let started = Instant::now();
        let limit = self.deadline.and_then(|limit| started.checked_add(limit));
        let deadline = self.deadline.unwrap_or(DEADLINE);
        let mut attempts = 1;
        loop {
            let permit = inner.transport.throttle.permit(limit).await;
            let permit =
                permit.map_err(|error| error.with_attempts(attempts - 1).with_key(&key))?;
            let sent = Instant::now();
            let request = self.request(&url, &body, &key, permit);
            let reply = request
                .instrument(debug_span!("attempt", attempt = attempts))
                .await;
            let error = match reply {
                Ok(id) => {
                    inner.budget.earn();
                    debug!(request_id = %id, "accepted");
                    return Ok((id, sent));
                }
                Err(error) => error.with_attempts(attempts),
            };
            if !may_be_sent_again(&error) {
                return Err(error);
            }
            let mut pause = backoff_after(&error, attempts);
            if !inner.budget.spend() {
                // Many fail at once; rarer tries of each keep a service up that comes up again.
                pause = pause.max(MAX_BACKOFF.mul_f64(fastrand::f64()));
            }
            if started.elapsed() + pause > deadline {
                return Err(error);
            }
            debug!(kind = ?error.kind(), http_status = error.http_status(), ?pause, "trying again");
            tokio::time::sleep(pause).await;
            attempts += 1;
        }
    }

    /// The request, once it may be sent.
    fn request(&self, url: &Url, body: &Bytes, key: &Arc<str>, permit: Permit) -> InFlightSubmit {
        let inner = &self.client.inner;
        let header = (inner.idempotency_header.clone(), &**key);
        let transport = &inner.transport;
        let request = transport.post_json(url.clone(), body.clone(), header);
        let (client, key) = (self.client.clone(), Arc::clone(key));
        InFlightSubmit::new(self.client, self.cancel_on_drop, async move {
            let reply = client.inner.transport.exchange(request).await;
            drop(permit);
            accepted(reply).map_err(|error| error.with_key(&key))
        })
    }

    /// The caller's, or a new one.
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
            "found the submit key {key:?}, expected 1 to {MAX_IDEMPOTENCY_KEY_LENGTH} visible ASCII characters; \
             nothing was sent"
        )))
    }

    async fn body(&self, media: &[MediaInput<'_, '_>]) -> Result<Vec<u8>, Error> {
        let at_hand = |medium: &MediaInput<'_, '_>| matches!(medium.source, MediaSource::Local(_));
        let written = if media.iter().any(at_hand) {
            let mut input = self.input.to_value();
            self.client.inner.attach.fill(&mut input, media).await?;
            serde_json::to_vec(&input)
        } else {
            serde_json::to_vec(&self.input)
        };
        written.map_err(|error| {
            let message = format!("the input cannot be written as JSON: {error}; nothing was sent");
            Error::new(ErrorKind::InvalidInput, message)
        })
    }

    /// Those that are looked at or attached.
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
