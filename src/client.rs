//! The client.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use reqwest::redirect;

use crate::attach::Attach;
use crate::credential;
use crate::endpoint::Endpoint;
use crate::job::Job;
use crate::pace::Pace;
use crate::token::Unchecked;
use crate::transport::Transport;
use crate::{
    CheckMedia, Error, ErrorKind, Json, Model, ModelSchema, Output, Prober, RequestId, Run, Submit,
    Token, Uploader, View, Violations,
};

/// A client of the Model API; cheap to clone, and clones share their connections.
///
/// ```no_run
/// # fn main() -> Result<(), runcomfy::Error> {
/// let client = runcomfy::Client::builder().token("…").build()?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Client {
    pub(crate) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) endpoint: Endpoint,
    pub(crate) transport: Transport,
    /// For outputs: follows redirects, and never has the token.
    pub(crate) downloads: reqwest::Client,
    pub(crate) any_download_host: bool,
    pub(crate) check_media: CheckMedia,
    pub(crate) attach: Attach,
    prober: OnceLock<Prober>,
}

/// How often a submit is tried while no connection can be made.
const CONNECT_TRIES: usize = 4;

impl Client {
    /// A client with the token of the environment: `RUNCOMFY_TOKEN`, then `RUNCOMFY_API_TOKEN`,
    /// then the file `token.json` that the service's own command line keeps in
    /// `RUNCOMFY_CONFIG_DIR` or `~/.config/runcomfy`. The base URL is that of
    /// `RUNCOMFY_MODEL_API_BASE` where it is set.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] when there is no token or the base URL is faulty,
    /// [`ErrorKind::File`] when there is a token file that cannot be read.
    pub fn from_env() -> Result<Self, Error> {
        let token = credential::find(|name| std::env::var_os(name))?;
        let mut builder = Self::builder().token(token);
        if let Ok(base) = std::env::var("RUNCOMFY_MODEL_API_BASE")
            && !base.trim().is_empty()
        {
            builder = builder.base_url(base);
        }
        builder.build()
    }

    /// A client to be set up.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// Submits a job; `.await` it. This may cost money.
    ///
    /// The input is validated first, and nothing invalid is sent. The request is sent again only
    /// while no connection could be made at all.
    ///
    /// # Errors
    /// - [`ErrorKind::Invalid`]: the input breaks its schema; mend it.
    /// - [`ErrorKind::File`], [`ErrorKind::Upload`]: a medium at hand could not be attached;
    ///   nothing was sent.
    /// - [`ErrorKind::NotSent`]: no connection; nothing was sent.
    /// - The kinds that the service's codes stand for, such as [`ErrorKind::Balance`]: it refused
    ///   the job.
    /// - [`ErrorKind::Interrupted`], [`ErrorKind::Unavailable`] or [`ErrorKind::Unreadable`]:
    ///   nobody can tell; ask [`Error::may_have_been_submitted`] before you try again.
    pub fn submit<'a, M: Model>(&'a self, input: &'a M) -> Submit<'a, M::Output> {
        Submit::new(self, M::ID, Some(M::model()), View::Record(input))
    }

    /// Submits a job for a model that has no generated type. Nothing is validated, unless
    /// [`Submit::schema`] gives a schema.
    ///
    /// # Errors
    /// As [`submit`](Self::submit); [`ErrorKind::Configuration`] when the model id cannot be one.
    pub fn submit_json<'a>(&'a self, model_id: &'a str, input: &'a Json) -> Submit<'a, Output> {
        Submit::new(self, model_id, None, input.into())
    }

    /// Submits a job and waits for its output; `.await` it.
    ///
    /// # Errors
    /// As [`submit`](Self::submit) and [`Job::wait`]. Once the job is submitted,
    /// [`Error::request_id`] names it.
    pub fn run<'a, M: Model>(&'a self, input: &'a M) -> Run<'a, M::Output> {
        Run::new(self.submit(input))
    }

    /// Holds the media of an input against its schema's rules, those behind URLs too, and sends
    /// nothing to the service. [`Model::check_media`] does it for a typed input.
    ///
    /// See [`Prober::check`] for what comes of it.
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

    /// Made when it is first needed: it has connections of its own.
    pub(crate) fn prober(&self) -> Result<&Prober, Error> {
        if let Some(prober) = self.inner.prober.get() {
            return Ok(prober);
        }
        let prober = Prober::builder().build()?;
        Ok(self.inner.prober.get_or_init(|| prober))
    }

    /// Takes up a job that was submitted before, perhaps by another process. Nothing is sent.
    #[must_use]
    pub fn job<M: Model>(&self, request_id: RequestId) -> Job<M::Output> {
        Job::new(self.clone(), request_id)
    }

    /// Takes up a job of a model that has no generated type.
    #[must_use]
    pub fn json_job(&self, request_id: RequestId) -> Job<Output> {
        Job::new(self.clone(), request_id)
    }

    pub(crate) async fn post_job(&self, model_id: &str, body: Bytes) -> Result<RequestId, Error> {
        let url = self.inner.endpoint.model(model_id)?;
        let mut pace = Pace::new();
        let mut tries = 1;
        let reply = loop {
            match self
                .inner
                .transport
                .post(url.clone(), Some(body.clone()))
                .await
            {
                Err(error) if error.kind() == ErrorKind::NotSent && tries < CONNECT_TRIES => {
                    tries += 1;
                    tokio::time::sleep(pace.next(fastrand::f64())).await;
                }
                Err(error)
                    if error.kind() == ErrorKind::Interrupted
                        || error.kind() == ErrorKind::Unreadable =>
                {
                    return Err(error.submitted_perhaps());
                }
                reply => break reply?,
            }
        };
        reply.request_id().map_err(|error| match error.kind() {
            // A gateway that gives up says nothing of what the service behind it did, and a reply
            // with a success status and no id is the loss of a paid job.
            ErrorKind::Unavailable | ErrorKind::Unreadable => error.submitted_perhaps(),
            _ => error,
        })
    }
}

/// Settings of a [`Client`].
#[derive(Clone, Debug)]
#[must_use]
pub struct ClientBuilder {
    token: Option<Unchecked>,
    base_url: Option<String>,
    connect_timeout: Duration,
    request_timeout: Duration,
    user_agent: String,
    http: Option<reqwest::Client>,
    any_download_host: bool,
    check_media: CheckMedia,
    attach: Attach,
    prober: Option<Prober>,
}

impl Default for ClientBuilder {
    fn default() -> Self {
        Self {
            token: None,
            base_url: None,
            connect_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(60),
            user_agent: concat!("runcomfy-rs/", env!("CARGO_PKG_VERSION")).to_owned(),
            http: None,
            any_download_host: false,
            check_media: CheckMedia::default(),
            attach: Attach::default(),
            prober: None,
        }
    }
}

impl ClientBuilder {
    /// The API token. Required.
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(Unchecked(token.into()));
        self
    }

    /// Another address than the service's, with or without `/v1` at its end. Plain `http` is
    /// taken for this machine only.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = Some(url.into());
        self
    }

    /// How long making a connection may take; 10 s unless set.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = limit;
        self
    }

    /// How long one request may take, its reply included; 60 s unless set.
    pub fn request_timeout(mut self, limit: Duration) -> Self {
        self.request_timeout = limit;
        self
    }

    /// What the client calls itself.
    pub fn user_agent(mut self, name: impl Into<String>) -> Self {
        self.user_agent = name.into();
        self
    }

    /// A ready HTTP client, with its own connect time-out, proxy and certificates. It should
    /// follow no redirects and repeat no requests by itself, as the one that is built otherwise.
    pub fn http_client(mut self, http: reqwest::Client) -> Self {
        self.http = Some(http);
        self
    }

    /// Lets outputs be downloaded from any host, and not only from `*.runcomfy.net`,
    /// `*.runcomfy.com` and the host of the base URL.
    pub fn download_from_any_host(mut self, allow: bool) -> Self {
        self.any_download_host = allow;
        self
    }

    /// Which media are looked at before a job is submitted, unless [`Submit::check_media`] says
    /// otherwise; those at hand unless set.
    pub fn check_media(mut self, which: CheckMedia) -> Self {
        self.check_media = which;
        self
    }

    /// What looks at media behind URLs; one with safe defaults unless set.
    pub fn prober(mut self, prober: Prober) -> Self {
        self.prober = Some(prober);
        self
    }

    /// Where media at hand are put; inside the request unless set.
    pub fn uploader(mut self, uploader: impl Uploader + 'static) -> Self {
        self.attach.uploader = Some(Arc::new(uploader));
        self
    }

    /// Builds the client. Nothing is sent yet.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] when the token or the base URL is missing or faulty, or TLS
    /// cannot be set up.
    pub fn build(self) -> Result<Client, Error> {
        let missing = || {
            Error::configuration("no API token; pass the key from your RunComfy profile to `token`")
        };
        let token = Token::new(&self.token.as_ref().ok_or_else(missing)?.0)?;
        let endpoint = match &self.base_url {
            Some(base) => Endpoint::new(base)?,
            None => Endpoint::service()?,
        };
        let (http, downloads) = match &self.http {
            Some(http) => (http.clone(), http.clone()),
            // A redirect of a POST would send it a second time.
            None => (
                self.http(redirect::Policy::none())?,
                self.http(redirect::Policy::limited(5))?,
            ),
        };
        let transport = Transport {
            http,
            token,
            request_timeout: self.request_timeout,
        };
        let inner = Inner {
            endpoint,
            transport,
            downloads,
            any_download_host: self.any_download_host,
            check_media: self.check_media,
            attach: self.attach,
            prober: self.prober.map_or_else(OnceLock::new, OnceLock::from),
        };
        Ok(Client {
            inner: Arc::new(inner),
        })
    }

    fn http(&self, redirects: redirect::Policy) -> Result<reqwest::Client, Error> {
        reqwest::Client::builder()
            .connect_timeout(self.connect_timeout)
            .user_agent(&self.user_agent)
            .redirect(redirects)
            .retry(reqwest::retry::never())
            .build()
            .map_err(|e| {
                Error::configuration("the HTTP client could not be set up")
                    .with_source(e.without_url())
            })
    }
}
