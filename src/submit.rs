//! Submitting: validated, with its media attached, sent once.

use std::fmt;
use std::future::IntoFuture;
use std::marker::PhantomData;
use std::pin::Pin;

use crate::{
    CheckMedia, Client, Error, ErrorKind, Job, MediaInput, MediaSource, ModelSchema, View,
    Violations, media_check,
};

/// A job that is about to be submitted; `.await` it. This may cost money.
///
/// The input is validated first, with its media as far as [`check_media`](Self::check_media) says,
/// and nothing that is certain to be refused is sent. Files and bytes at hand are attached. The
/// request is sent again only while no connection could be made at all.
#[must_use = "nothing is sent until it is awaited"]
pub struct Submit<'a, O> {
    client: &'a Client,
    model_id: &'a str,
    schema: Option<&'a ModelSchema>,
    input: View<'a>,
    validate: bool,
    check_media: CheckMedia,
    output: PhantomData<fn() -> O>,
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

    /// Does not look at the schema, which may be older than the service, nor at media.
    pub fn unvalidated(mut self) -> Self {
        self.validate = false;
        self
    }

    async fn run(self) -> Result<Job<O>, Error> {
        let media = self.media();
        if self.validate {
            let violations = self.violations(&media).await?;
            if violations.refuse() {
                return Err(Error::invalid(self.model_id, violations));
            }
        }
        let body = self.body(&media).await?;
        let id = self.client.post_job(self.model_id, body.into()).await?;
        Ok(Job::new(self.client.clone(), id))
    }

    async fn body(&self, media: &[MediaInput<'_, '_>]) -> Result<Vec<u8>, Error> {
        let at_hand = |medium: &MediaInput<'_, '_>| matches!(medium.source, MediaSource::AtHand(_));
        let written = if media.iter().any(at_hand) {
            let mut input = self.input.to_value();
            self.client.inner.attach.fill(&mut input, media).await?;
            serde_json::to_vec(&input)
        } else {
            serde_json::to_vec(&self.input)
        };
        written.map_err(|error| {
            let message = format!("the input cannot be written as JSON: {error}; nothing was sent");
            Error::new(ErrorKind::Invalid, message)
        })
    }

    fn media(&self) -> Vec<MediaInput<'a, 'a>> {
        self.schema
            .map(|schema| schema.input.media_in(self.input))
            .unwrap_or_default()
    }

    async fn violations(&self, media: &[MediaInput<'_, '_>]) -> Result<Violations, Error> {
        let mut violations = self
            .schema
            .map(|schema| schema.input.validate(self.input))
            .unwrap_or_default();
        let prober = match self.check_media {
            CheckMedia::Nothing => return Ok(violations),
            CheckMedia::AtHand => None,
            CheckMedia::Everything => Some(self.client.prober()?),
        };
        violations.extend(media_check::check(media, prober).await);
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
