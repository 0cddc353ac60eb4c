//! A submit before it begins: its input and its settings.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use runcomfy_media::DataUri;
use tokio::time::Instant;
use tracing::{Instrument, debug_span};

use crate::api::SubmitRequest;
use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::job::Job;
use crate::job::as_input::{AsInput, Input};
use crate::job::idempotency_key::new_idempotency_key;
use crate::job::orphan::OrphanGuard;
use crate::job::progress_log as log;
use crate::media::check::CheckMedia;
use crate::model::Model;
use runcomfy_schema::{MediaInput, MediaSource, ModelSchema, Violations};

/// A submit that has not begun.
pub(crate) struct SubmitPlan<'a> {
    client: Client,
    model_id: Cow<'a, str>,
    input: Input<'a>,
    pub(crate) schema: Option<&'a ModelSchema>,
    pub(crate) validate: bool,
    pub(crate) check_media: CheckMedia,
    pub(crate) deadline: Option<Duration>,
    pub(crate) key: Option<String>,
    /// Cancels the job of a request that is dropped in flight.
    pub(crate) cancel_on_drop: bool,
    /// Leaves a submit that the service throttles to the caller.
    pub(crate) leaves_throttled: bool,
}

/// Maximum length of an idempotency key, which is that of most services.
const MAX_IDEMPOTENCY_KEY_LENGTH: usize = 255;

impl<'a> SubmitPlan<'a> {
    pub(crate) fn new(
        client: &Client,
        model_id: impl Into<Cow<'a, str>>,
        input: Input<'a>,
    ) -> Self {
        Self {
            client: client.clone(),
            model_id: model_id.into(),
            input,
            schema: None,
            validate: true,
            check_media: client.default_check_media(),
            deadline: None,
            key: None,
            cancel_on_drop: false,
            leaves_throttled: false,
        }
    }

    pub(crate) fn typed<M: Model + 'a>(client: &Client, input: impl AsInput<'a, M>) -> Self {
        Self {
            schema: Some(M::model()),
            ..Self::new(client, M::ID, Input::typed(input))
        }
    }

    pub(crate) fn model_id(&self) -> &str {
        &self.model_id
    }

    /// Submits the job; the guard names it if it is dropped before the program has the job.
    pub(crate) async fn submit<O>(self) -> Result<(Job<O>, OrphanGuard), Error> {
        let started = Instant::now();
        let key: Arc<str> = self.chosen_key()?.into();
        let media = self.media();
        if self.validate {
            let violations = self.violations(&media).await?;
            if violations.refuse() {
                return Err(Error::invalid(&self.model_id, violations));
            }
        }
        let body = self.body(&media).await?;
        let span = debug_span!("submit", model = &*self.model_id);
        let request = SubmitRequest {
            model_id: &self.model_id,
            body: body.into(),
            key: Arc::clone(&key),
            deadline: self.deadline,
            cancel_on_drop: self.cancel_on_drop,
            leaves_throttled: self.leaves_throttled,
        };
        let services = self.client.services();
        let submitted = services.api().submit(request).instrument(span);
        let (id, at) = submitted.await?;
        log::submitted(&id, &self.model_id, started.elapsed());
        let hook = services.api().in_flight().hook();
        let mut guard = OrphanGuard::new(hook, &self.model_id, &key);
        guard.identify(&id);
        let job = Job::new(Arc::clone(services), id);
        Ok((job.of_model(&self.model_id).submitted_at(at), guard))
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
            let mut input = self.input.view().to_value();
            self.client.attach().fill(&mut input, media).await?;
            serde_json::to_vec(&input)
        } else {
            serde_json::to_vec(&self.input.view())
        };
        written.map_err(|error| {
            let message = format!("the input cannot be written as JSON: {error}; nothing was sent");
            Error::new(ErrorKind::InvalidInput, message)
        })
    }

    /// Returns the media that are checked or attached.
    fn media(&self) -> Vec<MediaInput<'_, '_>> {
        let wanted = |source: &MediaSource<'_>| match source {
            MediaSource::Local(_) => true,
            MediaSource::Url(url) => match self.check_media {
                CheckMedia::Nothing => false,
                CheckMedia::Local => DataUri::parse(url).is_some(),
                CheckMedia::Everything => true,
            },
        };
        self.schema
            .map(|schema| schema.input.media_where(self.input.view(), wanted))
            .unwrap_or_default()
    }

    async fn violations(&self, media: &[MediaInput<'_, '_>]) -> Result<Violations, Error> {
        let mut violations = self
            .schema
            .map(|schema| schema.input.validate(self.input.view()))
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
