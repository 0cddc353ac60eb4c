//! The client.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use reqwest::header::HeaderName;
use reqwest::redirect;

use crate::download::{self, Fetcher};
use crate::error::Error;
use crate::http::credential;
use crate::http::endpoint::{Address, Endpoint};
use crate::http::proxy::Route;
use crate::http::rate_limit::{MAX_IN_FLIGHT, RateLimiter};
use crate::http::retry::RetryBudget;
#[cfg(any(feature = "rustls", feature = "native-tls"))]
use crate::http::tls;
use crate::http::token::Token;
use crate::http::token::Unchecked;
use crate::http::transport::Transport;
use crate::job::Job;
use crate::job::in_flight::InFlightSubmits;
use crate::job::request_id::RequestId;
use crate::job::run::Run;
use crate::job::submit::Submit;
use crate::media::attach::Attach;
use crate::media::attach::Uploader;
use crate::media::check::CheckMedia;
use crate::model::Model;
use crate::output::Output;
use crate::wait::poller::Scheduler;
use crate::wait::run_times::{Expected, RunTimes};
use runcomfy_probe::Prober;
use runcomfy_schema::Json;
use runcomfy_schema::ModelSchema;
use runcomfy_schema::View;
use runcomfy_schema::Violations;

#[cfg(doc)]
use crate::error::ErrorKind;

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
    pub(crate) fetcher: Fetcher,
    pub(crate) check_media: CheckMedia,
    pub(crate) attach: Attach,
    prober: OnceLock<Prober>,
    pub(crate) budget: RetryBudget,
    pub(crate) idempotency_header: HeaderName,
    pub(crate) postings: InFlightSubmits,
    pub(crate) scheduler: Scheduler,
    run_times: Mutex<RunTimes>,
}

/// Who sends less often than this has mistaken the unit.
const MAX_REQUEST_INTERVAL: Duration = Duration::from_secs(24 * 3600);

/// The header for the key of a submit, as it is spelt elsewhere; this service documents none.
const IDEMPOTENCY_HEADER: HeaderName = HeaderName::from_static("idempotency-key");

impl Client {
    /// A client with the token of the environment: `RUNCOMFY_TOKEN`, then `RUNCOMFY_API_TOKEN`,
    /// then the file `token.json` that the service's own command line keeps in
    /// `RUNCOMFY_CONFIG_DIR` or `~/.config/runcomfy`. The base URL is that of
    /// `RUNCOMFY_MODEL_API_BASE` where it is set.
    ///
    /// # Errors
    /// [`ErrorKind::Unauthenticated`] when there is no token, none that can be one, or a token file that
    /// cannot be read; [`ErrorKind::Configuration`] when the base URL is faulty.
    pub fn from_env() -> Result<Self, Error> {
        let token = credential::find(|name| std::env::var_os(name))?;
        Self::builder().token(token).base_url_from_env().build()
    }

    /// A client to be set up.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// Submits a job; `.await` it. This may cost money.
    ///
    /// The input is validated first, and nothing invalid is sent. The request is sent again only
    /// while no connection could be made at all, or the service asks to try later.
    ///
    /// # Errors
    /// - [`ErrorKind::InvalidInput`]: the input breaks its schema; mend it.
    /// - [`ErrorKind::Io`], [`ErrorKind::Upload`]: a medium at hand could not be attached;
    ///   nothing was sent.
    /// - [`ErrorKind::NotSent`]: no connection; nothing was sent.
    /// - The kinds that the service's codes stand for, such as [`ErrorKind::InsufficientBalance`]: it refused
    ///   the job.
    /// - [`ErrorKind::ResponseLost`], [`ErrorKind::Unavailable`] or [`ErrorKind::Unreadable`]:
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

    /// Where a job of this model is submitted, with the token, by other means than this client.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] when the model id cannot be one.
    pub fn submit_url(&self, model_id: &str) -> Result<String, Error> {
        Ok(self.inner.endpoint.model(model_id)?.into())
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
        let prober = Prober::builder().build();
        let prober = prober.map_err(|error| Error::configuration(error.to_string()))?;
        Ok(self.inner.prober.get_or_init(|| prober))
    }

    /// How long the jobs that this client has submitted and waited for ran, and what it was set up
    /// with, to be kept for the next client.
    #[must_use]
    pub fn run_times(&self) -> RunTimes {
        self.known_times().clone()
    }

    pub(crate) fn expected(&self, model_id: &str) -> Option<Expected> {
        self.known_times().expected(model_id)
    }

    pub(crate) fn record(&self, model_id: Arc<str>, time: Duration) {
        self.known_times().record(model_id, time);
    }

    pub(crate) fn model_name(&self, model_id: &str) -> Arc<str> {
        self.known_times().name(model_id)
    }

    fn known_times(&self) -> MutexGuard<'_, RunTimes> {
        // A time more or less does no harm.
        self.inner
            .run_times
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes up a job that was submitted before, perhaps by another process. Nothing is sent.
    #[must_use]
    pub fn job<M: Model>(&self, request_id: RequestId) -> Job<M::Output> {
        Job::new(self.clone(), request_id).of_model(M::ID)
    }

    /// Takes up a job of a model that has no generated type.
    #[must_use]
    pub fn json_job(&self, request_id: RequestId) -> Job<Output> {
        Job::new(self.clone(), request_id)
    }
}

/// Settings of a [`Client`].
#[derive(Clone, Debug)]
#[must_use]
pub struct ClientBuilder {
    token: Option<Unchecked>,
    base_url: Option<Address>,
    connect_timeout: Duration,
    request_timeout: Duration,
    user_agent: String,
    http: Option<reqwest::Client>,
    route: Route,
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    root_certificates: Vec<Vec<u8>>,
    any_download_host: bool,
    download_size_limit: u64,
    download_concurrency: usize,
    check_media: CheckMedia,
    attach: Attach,
    prober: Option<Prober>,
    rate: Option<f64>,
    idempotency_header: Option<String>,
    run_times: RunTimes,
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
            route: Route::default(),
            #[cfg(any(feature = "rustls", feature = "native-tls"))]
            root_certificates: Vec::new(),
            any_download_host: false,
            download_size_limit: 4 << 30,
            download_concurrency: 4,
            check_media: CheckMedia::default(),
            attach: Attach::default(),
            prober: None,
            rate: None,
            idempotency_header: None,
            run_times: RunTimes::default(),
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
        self.base_url = Some(Address(url.into()));
        self
    }

    /// The address of `RUNCOMFY_MODEL_API_BASE` in the environment, where that is set and not blank.
    pub fn base_url_from_env(self) -> Self {
        match std::env::var("RUNCOMFY_MODEL_API_BASE") {
            Ok(base) if !base.trim().is_empty() => self.base_url(base),
            _ => self,
        }
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
    /// Whether it does cannot be seen, so no failure of it proves that nothing was sent: the outcome
    /// of a submit that finds no connection is unknown, and it is not sent again.
    pub fn http_client(mut self, http: reqwest::Client) -> Self {
        self.http = Some(http);
        self
    }

    /// Trusts servers whose certificates lead to this one, beside those that the platform trusts:
    /// PEM with one certificate or more, as for a gateway with a certificate authority of its own.
    ///
    /// It holds for the Model API and for downloads, not for [`http_client`](Self::http_client),
    /// and not for the [`Prober`]: the service, too, must be able to fetch what that looks at.
    /// [`build`](Self::build) fails where it cannot be read.
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    pub fn add_root_certificate(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.root_certificates.push(pem.into());
        self
    }

    /// Goes through this HTTP proxy, such as `http://user:password@proxy.example:3128`, for the
    /// Model API and for downloads. What is asked for by `https` it cannot read; a base URL with
    /// plain `http` shows it the token.
    ///
    /// Unless it or [`no_proxy`](Self::no_proxy) is set, `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`
    /// and `NO_PROXY` of the environment decide, or the system's settings; a base URL with plain
    /// `http`, which is on this machine, is then asked directly. None of that holds for
    /// [`http_client`](Self::http_client), nor for the [`Prober`], which uses no proxy unless
    /// [`ProberBuilder::proxy_from_environment`] allows it.
    ///
    /// [`ProberBuilder::proxy_from_environment`]: runcomfy_probe::ProberBuilder::proxy_from_environment
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.route = Route::Through(Unchecked(url.into()));
        self
    }

    /// Goes through no proxy, whatever the environment says.
    pub fn no_proxy(mut self) -> Self {
        self.route = Route::Direct;
        self
    }

    /// Lets outputs be downloaded from any host, and not only from `*.runcomfy.net`,
    /// `*.runcomfy.com` and the host of the base URL.
    pub fn download_from_any_host(mut self, allow: bool) -> Self {
        self.any_download_host = allow;
        self
    }

    /// The most bytes that one output may have; 4 GiB unless set. [`Download::size_limit`] sets it
    /// for one.
    ///
    /// [`Download::size_limit`]: crate::download::Download::size_limit
    pub fn download_size_limit(mut self, bytes: u64) -> Self {
        self.download_size_limit = bytes;
        self
    }

    /// How many outputs are downloaded at the same time; 4 unless set, 1 at least. The others
    /// wait.
    pub fn download_concurrency(mut self, limit: usize) -> Self {
        self.download_concurrency = limit;
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

    /// The most requests a second, spread evenly; without it only their number at once is limited,
    /// to 32. Must be above 0, and one a day at the least.
    pub fn requests_per_second(mut self, rate: f64) -> Self {
        self.rate = Some(rate);
        self
    }

    /// The header that carries the key of each submit, `Idempotency-Key` unless set. Nothing
    /// depends on the service's looking at it.
    pub fn idempotency_header(mut self, name: impl Into<String>) -> Self {
        self.idempotency_header = Some(name.into());
        self
    }

    /// What is known of former jobs, for waits that stay quiet until the earliest likely end; see
    /// [`Client::run_times`].
    pub fn run_times(mut self, times: RunTimes) -> Self {
        self.run_times = times;
        self
    }

    /// Builds the client. Nothing is sent yet.
    ///
    /// # Errors
    /// [`ErrorKind::Unauthenticated`] when there is no token, or none that can be one;
    /// [`ErrorKind::Configuration`] when the base URL, the proxy, a root certificate, the rate or
    /// another setting is faulty, or when TLS cannot be set up.
    pub fn build(self) -> Result<Client, Error> {
        let missing =
            || Error::token("no API token; pass the key from your RunComfy profile to `token`");
        let token = Token::new(&self.token.as_ref().ok_or_else(missing)?.0)?;
        let endpoint = match &self.base_url {
            Some(Address(base)) => Endpoint::new(base)?,
            None => Endpoint::service()?,
        };
        let (http, downloads) = match &self.http {
            Some(http) => (http.clone(), http.clone()),
            None => {
                let mut api = self.http()?;
                if matches!(self.route, Route::Environment) && endpoint.is_plain() {
                    // The environment's proxy may be another machine, and the token unencrypted.
                    api = api.no_proxy();
                }
                (built(api)?, built(download::tuned(self.http()?))?)
            }
        };
        let transport = Transport {
            http,
            follows_nothing: self.http.is_none(),
            token,
            request_timeout: self.request_timeout,
            throttle: RateLimiter::new(self.interval()?),
        };
        let idempotency_header = self.header_of_key()?;
        let inner = Inner {
            endpoint,
            transport,
            fetcher: Fetcher::new(
                downloads,
                self.any_download_host,
                self.download_size_limit,
                self.download_concurrency,
            ),
            check_media: self.check_media,
            attach: self.attach,
            budget: RetryBudget::new(),
            idempotency_header,
            postings: InFlightSubmits::default(),
            scheduler: Scheduler::default(),
            run_times: Mutex::new(self.run_times),
            prober: self.prober.map_or_else(OnceLock::new, OnceLock::from),
        };
        Ok(Client {
            inner: Arc::new(inner),
        })
    }

    /// From one request to the next.
    fn interval(&self) -> Result<Duration, Error> {
        let Some(rate) = self.rate else {
            return Ok(Duration::ZERO);
        };
        if rate.is_finite()
            && rate > 0.0
            && let Ok(interval) = Duration::try_from_secs_f64(1.0 / rate)
            && interval <= MAX_REQUEST_INTERVAL
        {
            return Ok(interval);
        }
        Err(Error::configuration(format!(
            "found a rate of {rate}, expected requests a second above 0, one a day at the least"
        )))
    }

    fn header_of_key(&self) -> Result<HeaderName, Error> {
        let Some(name) = &self.idempotency_header else {
            return Ok(IDEMPOTENCY_HEADER);
        };
        name.parse().map_err(|_| {
            Error::configuration(format!("found {name:?}, expected the name of a header"))
        })
    }

    fn http(&self) -> Result<reqwest::ClientBuilder, Error> {
        let http = reqwest::Client::builder()
            .connect_timeout(self.connect_timeout)
            .user_agent(&self.user_agent)
            .pool_max_idle_per_host(MAX_IN_FLIGHT)
            // A redirect of a POST would send it a second time, and one of a download is checked.
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never());
        #[cfg(any(feature = "rustls", feature = "native-tls"))]
        let http = self.with_root_certificates(http)?;
        self.route.apply(http)
    }

    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    fn with_root_certificates(
        &self,
        mut http: reqwest::ClientBuilder,
    ) -> Result<reqwest::ClientBuilder, Error> {
        for pem in &self.root_certificates {
            http = http.tls_certs_merge(tls::read(pem)?);
        }
        Ok(http)
    }
}

fn built(http: reqwest::ClientBuilder) -> Result<reqwest::Client, Error> {
    http.build().map_err(|e| {
        Error::configuration("the HTTP client could not be set up").with_source(e.without_url())
    })
}
