//! Settings of a client.

use std::iter;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::header::HeaderName;
use reqwest::{Url, redirect};

use super::{Client, Inner};
use crate::api::Api;
use crate::download::fetcher::{self, Fetcher};
use crate::error::Error;
use crate::http::endpoint::{Address, Endpoint, address_from_env, is_plain};
use crate::http::proxy::Route;
use crate::http::rate_limit::{MAX_IN_FLIGHT, RateLimiter};
use crate::http::retry::Retry;
use crate::http::retry_policy::RetryPolicy;
use crate::http::runtime_clients::RuntimeClients;
use crate::http::script::Script;
#[cfg(any(feature = "rustls", feature = "native-tls"))]
use crate::http::tls;
use crate::http::token::{Token, Unchecked};
use crate::http::transport::{Exchanger, FreshClient, Transport};
use crate::job::in_flight::InFlightSubmits;
use crate::job::orphan::{Orphan, OrphanHook};
use crate::job::services::Services;
use crate::media::attach::{Attach, Uploader};
use crate::media::check::CheckMedia;
use crate::wait::poller::Poller;
use crate::wait::run_times::RunTimes;
use runcomfy_probe::Prober;

#[cfg(doc)]
use crate::download::Download;
#[cfg(doc)]
use crate::error::ErrorKind;
#[cfg(doc)]
use crate::http::response::JobResult;
#[cfg(doc)]
use crate::job::Job;
#[cfg(doc)]
use crate::job::submit::Submit;

/// Settings of a [`Client`].
#[derive(Clone, Debug)]
#[must_use]
pub struct ClientBuilder {
    token: Option<GivenToken>,
    base_url: Option<Address>,
    account_url: Option<Address>,
    include_cost: bool,
    connect_timeout: Duration,
    request_timeout: Duration,
    user_agent: String,
    http: Option<reqwest::Client>,
    http2_prior_knowledge: bool,
    script: Option<Script>,
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
    max_in_flight: usize,
    retry: RetryPolicy,
    idempotency_header: Option<String>,
    run_times: RunTimes,
    orphan_hook: OrphanHook,
}

/// The token of a client before it is built.
#[derive(Clone, Debug)]
enum GivenToken {
    Text(Unchecked),
    Valid(Token),
}

/// A longer time from one request to the next means that the unit was mistaken.
const MAX_REQUEST_INTERVAL: Duration = Duration::from_secs(24 * 3600);

/// The usual name of the header for the key of a submit; this service documents none.
const IDEMPOTENCY_HEADER: HeaderName = HeaderName::from_static("idempotency-key");

impl Default for ClientBuilder {
    fn default() -> Self {
        Self {
            token: None,
            base_url: None,
            account_url: None,
            include_cost: false,
            connect_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(60),
            user_agent: concat!("runcomfy-rs/", env!("CARGO_PKG_VERSION")).to_owned(),
            http: None,
            http2_prior_knowledge: false,
            script: None,
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
            max_in_flight: MAX_IN_FLIGHT,
            retry: RetryPolicy::default(),
            idempotency_header: None,
            run_times: RunTimes::default(),
            orphan_hook: OrphanHook::default(),
        }
    }
}

impl ClientBuilder {
    /// Creates a builder with the token and the base URL of the environment, as
    /// [`Client::from_env`] finds them.
    ///
    /// # Errors
    /// [`ErrorKind::Unauthenticated`]: no token was found, it is not a possible token, or the token
    /// file cannot be read. Set `RUNCOMFY_TOKEN`.
    pub fn from_env() -> Result<Self, Error> {
        let token = GivenToken::Valid(Token::from_env()?);
        let builder = Self {
            token: Some(token),
            ..Self::default()
        };
        Ok(builder.base_url_from_env())
    }

    /// Sets the API token. Required.
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(GivenToken::Text(Unchecked(token.into())));
        self
    }

    /// Sets another base URL than the service's, with or without `/v1` at its end. Plain `http` is
    /// accepted for this machine only.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = Some(Address(url.into()));
        self
    }

    /// Sets the base URL of the account's balance, such as `https://api.runcomfy.net/prod/v2`.
    /// Default: that of the service or, with another base URL of the models, `prod/v2` beside its
    /// `v1`. The token is sent there too.
    pub fn account_url(mut self, url: impl Into<String>) -> Self {
        self.account_url = Some(Address(url.into()));
        self
    }

    /// Sets whether results contain the cost of their jobs ([`JobResult::cost`]), for which the
    /// service is asked. Default: `false`.
    pub fn include_cost(mut self, include_cost: bool) -> Self {
        self.include_cost = include_cost;
        self
    }

    /// Sets the base URLs of `RUNCOMFY_MODEL_API_BASE` and, for the balance,
    /// `RUNCOMFY_SERVERLESS_API_BASE` in the environment, where they are set and not blank.
    pub fn base_url_from_env(mut self) -> Self {
        if let Some(base) = address_from_env("RUNCOMFY_MODEL_API_BASE") {
            self = self.base_url(base);
        }
        if let Some(base) = address_from_env("RUNCOMFY_SERVERLESS_API_BASE") {
            self = self.account_url(base);
        }
        self
    }

    /// Returns the base URL that a client of these settings has: [`Client::base_url`]. It needs no token.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`]: the base URL is invalid.
    pub fn parsed_base_url(&self) -> Result<String, Error> {
        Ok(self.endpoint()?.base().as_str().to_owned())
    }

    fn endpoint(&self) -> Result<Endpoint, Error> {
        match &self.base_url {
            Some(Address(base)) => Endpoint::new(base),
            None => Endpoint::service(),
        }
    }

    /// Sets the timeout for making a connection. Default: 10 s. Nothing was sent when it ends, so
    /// the request is retried.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Sets the timeout of one request, its response included. Default: 60 s. The outcome of a
    /// submit that it ends is unknown, so do not set it short.
    pub fn request_timeout(mut self, timeout: Duration) -> Self {
        self.request_timeout = timeout;
        self
    }

    /// Sets the `User-Agent` header. Default: `runcomfy-rs/` and the version.
    pub fn user_agent(mut self, name: impl Into<String>) -> Self {
        self.user_agent = name.into();
        self
    }

    /// Speaks HTTP/2 from the first byte, without TLS's negotiation, as a gateway inside of a mesh may
    /// want it. Default: HTTP/2 where TLS negotiates it, else HTTP/1.1.
    pub fn http2_prior_knowledge(mut self) -> Self {
        self.http2_prior_knowledge = true;
        self
    }

    /// Uses a ready HTTP client, with a connect timeout, proxy and certificates of its own.
    ///
    /// It should follow no redirects and retry no requests by itself, like the one that is built
    /// otherwise. This cannot be verified, so only a submit of which no byte was handed to a
    /// connection counts as not sent. Over HTTP/1.1 such a client may reuse a connection on which a
    /// late response to another request arrives, so HTTP 429 proves nothing there: the outcome of
    /// that submit is unknown, and it is not sent again.
    pub fn http_client(mut self, http: reqwest::Client) -> Self {
        self.http = Some(http);
        self
    }

    /// Trusts servers whose certificates lead to this one, beside those that the platform trusts:
    /// PEM with one certificate or more, as for a gateway with a certificate authority of its own.
    ///
    /// It applies to the Model API and to downloads, not to [`http_client`](Self::http_client), and
    /// not to the [`Prober`]: the service must also be able to fetch what the prober fetches.
    /// [`build`](Self::build) fails where it cannot be read.
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    pub fn add_root_certificate(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.root_certificates.push(pem.into());
        self
    }

    /// Sends requests to the Model API and for downloads through this HTTP proxy, such as
    /// `http://user:password@proxy.example:3128`. The proxy cannot read `https` requests; a base URL
    /// with plain `http` shows it the token.
    ///
    /// Unless it or [`no_proxy`](Self::no_proxy) is set, `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`
    /// and `NO_PROXY` of the environment decide, or the system's settings; a base URL with plain
    /// `http`, which is on this machine, is then used directly. None of that applies to
    /// [`http_client`](Self::http_client), nor to the [`Prober`], which uses no proxy unless
    /// [`ProberBuilder::proxy_from_environment`] allows it.
    ///
    /// [`ProberBuilder::proxy_from_environment`]: runcomfy_probe::ProberBuilder::proxy_from_environment
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.route = Route::Through(Unchecked(url.into()));
        self
    }

    /// Uses no proxy, whatever the environment says.
    pub fn no_proxy(mut self) -> Self {
        self.route = Route::Direct;
        self
    }

    /// Allows downloads of outputs from any host. Default: `false`, which allows `*.runcomfy.net`,
    /// `*.runcomfy.com` and the host of the base URL.
    pub fn download_from_any_host(mut self, allow: bool) -> Self {
        self.any_download_host = allow;
        self
    }

    /// Sets the maximum size of one output, in bytes. Default: 4 GiB. [`Download::size_limit`] sets
    /// it for a single download.
    pub fn download_size_limit(mut self, bytes: u64) -> Self {
        self.download_size_limit = bytes;
        self
    }

    /// Sets the maximum number of concurrent downloads, at least 1; the others wait. Default: 4.
    pub fn download_concurrency(mut self, downloads: usize) -> Self {
        self.download_concurrency = downloads;
        self
    }

    /// Sets which media are checked before a job is submitted, unless [`Submit::check_media`] says
    /// otherwise. Default: [`CheckMedia::Local`].
    pub fn check_media(mut self, which: CheckMedia) -> Self {
        self.check_media = which;
        self
    }

    /// Sets what fetches media behind URLs for checks. Default: a prober with safe settings.
    pub fn prober(mut self, prober: Prober) -> Self {
        self.prober = Some(prober);
        self
    }

    /// Sets what uploads local media. Default: none; they travel inside the request.
    pub fn uploader(mut self, uploader: impl Uploader + 'static) -> Self {
        self.attach.uploader = Some(Arc::new(uploader));
        self
    }

    /// Sets the maximum rate of requests, spread evenly; above 0, and at least one a day.
    ///
    /// Default: no rate, so only [`max_in_flight`](Self::max_in_flight) limits requests. Requests
    /// that must wait longer than their deadline are not sent.
    pub fn requests_per_second(mut self, rate: f64) -> Self {
        self.rate = Some(rate);
        self
    }

    /// Sets the maximum number of concurrent requests to the Model API, at least 1; the others wait.
    ///
    /// Default: 32. Submits, polls and reads share it, downloads do not. Each tokio runtime that uses the
    /// client has this number for itself, so that an idle one holds up no other. Many waits at once poll
    /// more slowly with a smaller number; a larger one needs as many connections.
    pub fn max_in_flight(mut self, requests: usize) -> Self {
        self.max_in_flight = requests.clamp(1, RateLimiter::MAX_PERMITS);
        self
    }

    /// Sets how often and how fast failed requests are retried. Default: [`RetryPolicy::new`].
    ///
    /// No policy makes a submit run twice: only requests that certainly left no job are retried.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// Sets the header that carries the idempotency key of each submit. Default:
    /// `Idempotency-Key`. The service documents none; nothing depends on it.
    pub fn idempotency_header(mut self, name: impl Into<String>) -> Self {
        self.idempotency_header = Some(name.into());
        self
    }

    /// Sets what is called with each job that exists or may exist and that nobody waits for. Default:
    /// nothing; each is also logged (`tracing`, level INFO; WARN where the outcome is unknown).
    ///
    /// It is called once for a submit that is dropped in flight, when its outcome is known or its
    /// runtime ends, and once for a job of [`Client::run`] or [`Client::run_many`] that is dropped
    /// before its result is returned. A job whose [`Job`] the program was given is its own. It runs on
    /// a thread of the runtime, or on that which drops the future, so it should not block: send the
    /// orphan to a channel or append it to a file.
    ///
    /// ```
    /// # let client = runcomfy::Client::builder().token("…");
    /// let (sender, orphans) = std::sync::mpsc::channel();
    /// let client = client.on_orphan(move |orphan| drop(sender.send(orphan)));
    /// ```
    pub fn on_orphan(mut self, hook: impl Fn(Orphan) + Send + Sync + 'static) -> Self {
        self.orphan_hook = OrphanHook::new(hook);
        self
    }

    /// Sets the run times of former jobs, from [`Client::run_times`]. A wait polls rarely until the
    /// earliest likely end. Default: none.
    pub fn run_times(mut self, times: RunTimes) -> Self {
        self.run_times = times;
        self
    }

    /// Has a script answer the requests to the Model API.
    pub(crate) fn script(mut self, script: Script) -> Self {
        self.script = Some(script);
        self
    }

    /// Builds the client. Nothing is sent yet.
    ///
    /// # Errors
    /// - [`ErrorKind::Unauthenticated`]: there is no token, or it is not a possible token. Pass the
    ///   key from your RunComfy profile to [`token`](Self::token).
    /// - [`ErrorKind::Configuration`]: the base URL, the proxy, a root certificate, the rate or
    ///   another setting is invalid, or TLS cannot be set up. The message names the setting.
    pub fn build(self) -> Result<Client, Error> {
        let missing =
            || Error::token("no API token; pass the key from your RunComfy profile to `token`");
        let token = match self.token.as_ref().ok_or_else(missing)? {
            GivenToken::Text(Unchecked(text)) => Token::new(text)?,
            GivenToken::Valid(token) => token.clone(),
        };
        let endpoint = self.endpoint()?;
        let endpoint = match &self.account_url {
            Some(Address(account)) => endpoint.with_account(account)?,
            None => endpoint,
        };
        let endpoint = endpoint.including_cost(self.include_cost);
        let downloads = self.download_clients();
        let max_in_flight = self.max_in_flight;
        let rate_limiter = RateLimiter::new(
            max_in_flight,
            self.interval()?,
            self.retry.longest_retry_after(),
        );
        let transport = Transport::new(
            self.exchanger(&endpoint)?,
            endpoint.base().clone(),
            token,
            self.request_timeout,
            rate_limiter,
        );
        let header = self.parsed_idempotency_header()?;
        let retry = Arc::new(Retry::new(self.retry));
        let fetcher = Fetcher::new(
            downloads,
            endpoint.clone(),
            Arc::clone(&retry),
            self.any_download_host,
            self.download_size_limit,
            self.download_concurrency,
        );
        let in_flight = InFlightSubmits::new(self.orphan_hook, self.request_timeout);
        let api = Api::new(endpoint, transport, retry, max_in_flight, header, in_flight);
        let api = Arc::new(api);
        let poller = Arc::new(Poller::new(Arc::clone(&api), self.run_times));
        Ok(Client {
            inner: Arc::new(Inner {
                services: Arc::new(Services::new(api, poller, fetcher)),
                check_media: self.check_media,
                attach: self.attach,
                prober: self.prober.map_or_else(OnceLock::new, OnceLock::from),
            }),
        })
    }

    /// Returns what sends requests to the Model API.
    fn exchanger(&self, endpoint: &Endpoint) -> Result<Exchanger, Error> {
        if let Some(http) = &self.http {
            return Ok(match &self.script {
                Some(script) => Exchanger::Script(http.clone(), script.clone()),
                None => Exchanger::Foreign(http.clone()),
            });
        }
        let first = built(self.api_builder(endpoint)?)?;
        if let Some(script) = &self.script {
            return Ok(Exchanger::Script(first, script.clone()));
        }
        let (settings, to) = (self.clone(), endpoint.clone());
        let shared = move || built(settings.api_builder(&to)?);
        let (settings, to) = (self.clone(), endpoint.clone());
        let fresh = move || built(settings.api_builder(&to)?.pool_max_idle_per_host(0));
        Ok(Exchanger::Http {
            shared: RuntimeClients::new(Some(first.clone()), shared),
            first,
            fresh: FreshClient::new(fresh),
            // The balance may be elsewhere.
            is_http1_only: endpoint.base().scheme() != "https" && !self.http2_prior_knowledge,
        })
    }

    /// Returns the settings of an HTTP client for the Model API.
    fn api_builder(&self, endpoint: &Endpoint) -> Result<reqwest::ClientBuilder, Error> {
        let http = self.token_builder(endpoint.bases())?;
        Ok(if self.http2_prior_knowledge {
            http.http2_prior_knowledge()
        } else {
            http
        })
    }

    /// Builds an HTTP client for the website, with these settings of the network.
    pub(crate) fn website_client(&self, base: &Url) -> Result<reqwest::Client, Error> {
        built(self.token_builder(iter::once(base))?)
    }

    /// Returns the settings of an HTTP client for requests with the token below some addresses.
    fn token_builder<'a>(
        &self,
        mut bases: impl Iterator<Item = &'a Url> + Clone,
    ) -> Result<reqwest::ClientBuilder, Error> {
        let mut http = self.http_builder()?;
        #[cfg(any(feature = "rustls", feature = "native-tls"))]
        if bases.clone().all(is_plain) && !matches!(self.route, Route::Through(_)) {
            // Neither a redirect nor a proxy leads to TLS, so that no certificate is looked at.
            http = http.tls_certs_only([]);
        }
        if matches!(self.route, Route::Environment) && bases.any(is_plain) {
            // The environment's proxy may be another machine, and the token unencrypted.
            http = http.no_proxy();
        }
        Ok(http)
    }

    /// Returns the HTTP clients for downloads.
    fn download_clients(&self) -> RuntimeClients {
        if let Some(http) = &self.http {
            return RuntimeClients::foreign(http.clone());
        }
        let settings = self.clone();
        let build = move || built(fetcher::configure(settings.http_builder()?));
        RuntimeClients::new(None, build)
    }

    /// Returns the time from one request to the next.
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
            "found a rate of {rate} requests per second, expected a number above 0, at least one request a day; set another with `requests_per_second`"
        )))
    }

    fn parsed_idempotency_header(&self) -> Result<HeaderName, Error> {
        let Some(name) = &self.idempotency_header else {
            return Ok(IDEMPOTENCY_HEADER);
        };
        name.parse().map_err(|_| {
            Error::configuration(format!(
                "found the idempotency header {name:?}, expected the name of an HTTP header"
            ))
        })
    }

    fn http_builder(&self) -> Result<reqwest::ClientBuilder, Error> {
        let http = reqwest::Client::builder()
            .connect_timeout(self.connect_timeout)
            .user_agent(&self.user_agent)
            .pool_max_idle_per_host(self.max_in_flight)
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
