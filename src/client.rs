//! The client.

mod builder;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::error::Error;
use crate::job::services::Services;
use crate::media::attach::Attach;
use crate::media::check::CheckMedia;
use crate::wait::run_times::RunTimes;
use runcomfy_probe::Prober;
use runcomfy_schema::{Json, ModelSchema, Violations};

pub use builder::ClientBuilder;

#[cfg(doc)]
use crate::error::ErrorKind;
#[cfg(doc)]
use crate::model::Model;

/// A client of the Model API. It is cheap to clone; clones share connections, limits and retries.
///
/// ```no_run
/// # fn main() -> Result<(), runcomfy::Error> {
/// let client = runcomfy::Client::builder().token("…").build()?;
/// # Ok(()) }
/// ```
///
/// No paid job is submitted twice, and whatever is abandoned is named: [docs/money.md] says what is
/// promised, what is believed of HTTP, and what a kill at each moment can lose. At the end of a program
/// call [`close`](Self::close).
///
/// [docs/money.md]: https://github.com/runcomfy-rs/runcomfy/blob/main/docs/money.md
#[derive(Clone, Debug)]
pub struct Client {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    services: Arc<Services>,
    check_media: CheckMedia,
    attach: Attach,
    prober: OnceLock<Prober>,
}

impl Client {
    /// Creates a client from the environment; [`ClientBuilder::from_env`] is for further settings.
    ///
    /// The token is that of `RUNCOMFY_TOKEN`, then that of a login, which is in the file `token.json` of
    /// `RUNCOMFY_CONFIG_DIR` or `~/.config/runcomfy`, then that of `RUNCOMFY_API_TOKEN`.
    /// The base URL is that of `RUNCOMFY_MODEL_API_BASE` where it is set.
    ///
    /// # Errors
    /// - [`ErrorKind::Unauthenticated`]: no token was found, it is not a possible token, or the
    ///   token file cannot be read. Set `RUNCOMFY_TOKEN`.
    /// - [`ErrorKind::Configuration`]: the base URL is invalid. Fix `RUNCOMFY_MODEL_API_BASE`.
    pub fn from_env() -> Result<Self, Error> {
        ClientBuilder::from_env()?.build()
    }

    /// Returns a builder with the default settings.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// Returns the URL to which jobs of a model are submitted, for tools other than this client; it
    /// needs the token.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] when the text is not a possible model id.
    pub fn submit_url(&self, model_id: &str) -> Result<String, Error> {
        Ok(self.services().api().submit_url(model_id)?.into())
    }

    /// Returns the base URL of all calls, which ends with `/v1`. A job is known at the service of its submit alone,
    /// so keep it with the request id.
    #[must_use]
    pub fn base_url(&self) -> &str {
        self.services().api().base_url()
    }

    /// Checks the media of an input against its schema's rules, media behind URLs included. Nothing
    /// is sent to the service. [`Model::check_media`] does it for a typed input.
    ///
    /// See [`Prober::check`] for the violations that it finds.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] when TLS cannot be set up.
    pub async fn check_media(
        &self,
        schema: &ModelSchema,
        input: &Json,
    ) -> Result<Violations, Error> {
        let media = schema.input.media_in(input);
        Ok(self.prober()?.check(&media).await)
    }

    /// Returns the number of submits of this client and its clones that are in flight: a connection has
    /// taken the request, and its response has not come. While it is 0, dropping any submit submits
    /// nothing.
    #[must_use]
    pub fn submits_in_flight(&self) -> usize {
        self.services().api().in_flight().departed()
    }

    /// Waits until no submit of this client or its clones is in flight: not those that are awaited, and
    /// not those that were dropped, whose outcome is logged and handed to
    /// [`ClientBuilder::on_orphan`] by then. Returns `true` if none is left. A submit that waits between
    /// two attempts is not in flight.
    ///
    /// A submit is driven by the runtime that it was awaited in. Where one has had no response for twice
    /// the [`ClientBuilder::request_timeout`], that runtime is idle: nothing drives it any more, and
    /// `false` is returned.
    ///
    /// Call it before the runtime ends, or [`close`](Self::close) to set a limit: a runtime that ends
    /// drops what is in flight, and then only the idempotency key can be named.
    pub async fn settled(&self) -> bool {
        self.services().api().in_flight().settled().await
    }

    /// Closes this client and its clones for submits, and waits for those in flight, at most until the
    /// deadline, counted from now. Returns `true` if all had ended by then.
    ///
    /// From now on a submit fails with [`ErrorKind::NotSent`]; nothing is sent. A submit that is still
    /// in flight at the deadline is cut off. Its outcome is unknown: whoever awaits it gets an error
    /// with its idempotency key, and where it was dropped the key is logged and handed to
    /// [`ClientBuilder::on_orphan`]. Waits and other calls are not affected.
    ///
    /// ```no_run
    /// # async fn example(client: runcomfy::Client) {
    /// // At the end of a service, after its last request was answered:
    /// client.close(std::time::Duration::from_secs(30)).await;
    /// # }
    /// ```
    pub async fn close(&self, deadline: Duration) -> bool {
        self.services().api().in_flight().close(deadline).await
    }

    /// Returns how long the jobs ran that this client has submitted and waited for, together with
    /// what [`ClientBuilder::run_times`] was given. Keep it for the next client.
    #[must_use]
    pub fn run_times(&self) -> RunTimes {
        self.services().poller().run_times()
    }

    pub(crate) fn services(&self) -> &Arc<Services> {
        &self.inner.services
    }

    pub(crate) fn attach(&self) -> &Attach {
        &self.inner.attach
    }

    /// Returns which media a submit checks where it does not say.
    pub(crate) fn default_check_media(&self) -> CheckMedia {
        self.inner.check_media
    }

    /// Returns the prober, which is created when it is first needed: it has connections of its own.
    pub(crate) fn prober(&self) -> Result<&Prober, Error> {
        if let Some(prober) = self.inner.prober.get() {
            return Ok(prober);
        }
        let prober = Prober::builder().build();
        let prober = prober.map_err(|error| Error::configuration(error.to_string()))?;
        Ok(self.inner.prober.get_or_init(|| prober))
    }
}
