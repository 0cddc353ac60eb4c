//! Sends the requests of all downloads of a client.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{ACCEPT_ENCODING, HeaderMap, LOCATION};
use reqwest::{ClientBuilder, Response, StatusCode, Url};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::abandoned_parts::AbandonedParts;
use crate::error::{Error, ErrorKind};
use crate::http::endpoint::Endpoint;
use crate::http::per_runtime::PerRuntime;
use crate::http::retry::Retry;
use crate::http::runtime_clients::RuntimeClients;
use crate::http::transport::failed_at;

/// Domains from which the service has been seen to serve outputs.
const OUTPUT_DOMAINS: [&str; 2] = ["runcomfy.net", "runcomfy.com"];

/// Maximum number of redirects: enough for a shortener, a moved host and its storage, while a loop
/// ends soon.
const MAX_REDIRECTS: usize = 5;

/// Maximum time without a byte; a server that sends nothing for this long has lost the request.
const IDLE_TIMEOUT: Duration = Duration::from_secs(20);

/// Number of bytes that an HTTP/2 server may send ahead of the reader: half of what a download may
/// hold in memory. In HTTP/1, hyper holds at most two pieces of 408 KiB.
const WINDOW_BYTES: u32 = 512 << 10;

/// Sends the requests of downloads without the token, to allowed hosts only.
#[derive(Debug)]
pub(crate) struct Fetcher {
    http: RuntimeClients,
    endpoint: Endpoint,
    retry: Arc<Retry>,
    any_host: bool,
    size_limit: u64,
    concurrency: usize,
    /// An idle runtime holds no slot of another.
    slots: PerRuntime<Arc<Semaphore>>,
    abandoned: AbandonedParts,
}

/// Applies the settings for downloads to an HTTP client.
///
/// Decompression is off, although other crates may have enabled its feature: sizes and ranges are
/// those of the file.
pub(crate) fn configure(http: ClientBuilder) -> ClientBuilder {
    http.referer(false)
        .no_gzip()
        .no_brotli()
        .no_deflate()
        .no_zstd()
        .http2_initial_stream_window_size(WINDOW_BYTES)
}

impl Fetcher {
    pub(crate) fn new(
        http: RuntimeClients,
        endpoint: Endpoint,
        retry: Arc<Retry>,
        any_host: bool,
        size_limit: u64,
        concurrency: usize,
    ) -> Self {
        Self {
            http,
            endpoint,
            retry,
            any_host,
            size_limit,
            concurrency: concurrency.clamp(1, Semaphore::MAX_PERMITS),
            slots: PerRuntime::new(),
            abandoned: AbandonedParts::default(),
        }
    }

    /// Returns the maximum size of one output, in bytes.
    pub(crate) fn size_limit(&self) -> u64 {
        self.size_limit
    }

    /// Returns the retries that downloads share with the client's other calls.
    pub(super) fn retry(&self) -> &Retry {
        &self.retry
    }

    /// Returns the folders in which hidden files of killed processes were looked for.
    pub(super) fn abandoned(&self) -> &AbandonedParts {
        &self.abandoned
    }

    /// Waits for a free slot, which the download holds until it ends.
    pub(super) async fn acquire_slot(&self) -> Option<OwnedSemaphorePermit> {
        let slots = |_| Ok::<_, Infallible>(Arc::new(Semaphore::new(self.concurrency)));
        let Ok(slots) = self.slots.get(slots);
        // The semaphore is never closed, so there is always a permit.
        slots.acquire_owned().await.ok()
    }

    /// Parses a URL and checks that its host is allowed.
    pub(super) fn parse_url(&self, text: &str) -> Result<Url, Error> {
        let url = Url::parse(text).map_err(|e| {
            Error::configuration(format!(
                "the output's URL is invalid ({e}); nothing was downloaded"
            ))
        })?;
        self.check_host(&url)?;
        Ok(url)
    }

    /// Sends a request and follows redirects to allowed hosts.
    pub(super) async fn get(&self, url: &Url, headers: &HeaderMap) -> Result<Response, Error> {
        let mut url = url.clone();
        for _ in 0..=MAX_REDIRECTS {
            let response = self.send(url, headers).await?;
            let status = response.status().as_u16();
            let after_redirect = |error: Error| error.with_reply(status, String::new());
            // An HTTP client that the caller supplies may follow redirects by itself.
            self.check_host(response.url()).map_err(after_redirect)?;
            match redirect_target(&response)? {
                Some(next) => {
                    self.check_host(&next).map_err(after_redirect)?;
                    url = next;
                }
                None => return Ok(response),
            }
        }
        let message = format!(
            "the output's URL redirects more than {MAX_REDIRECTS} times; nothing was downloaded"
        );
        Err(Error::new(ErrorKind::Unreadable, message))
    }

    async fn send(&self, url: Url, headers: &HeaderMap) -> Result<Response, Error> {
        let host = host(&url);
        let request = self
            .http
            .get()?
            .get(url)
            .header(ACCEPT_ENCODING, "identity")
            .headers(headers.clone());
        with_idle_timeout(&host, request.send()).await
    }

    fn check_host(&self, url: &Url) -> Result<(), Error> {
        // Another port is another service, whoever runs it.
        let is_own = url.origin() == self.endpoint.catalogue().origin();
        if is_own || is_output_host(url) || self.any_host {
            return Ok(());
        }
        let (scheme, host) = (url.scheme(), host(url));
        Err(Error::configuration(format!(
            "the output's URL leads to `{scheme}://{host}`, which is not one of the service's hosts; nothing was downloaded; allow other hosts with `download_from_any_host`"
        )))
    }
}

/// Returns `true` if the URL is on one of the service's domains for outputs, at the port of `https`.
fn is_output_host(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let is_within = |domain: &&str| {
        let rest = host.strip_suffix(*domain);
        rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    url.scheme() == "https" && url.port().is_none() && OUTPUT_DOMAINS.iter().any(is_within)
}

/// Returns the target of a redirect; `None` for any other response.
fn redirect_target(response: &Response) -> Result<Option<Url>, Error> {
    match response.status() {
        StatusCode::MOVED_PERMANENTLY
        | StatusCode::FOUND
        | StatusCode::SEE_OTHER
        | StatusCode::TEMPORARY_REDIRECT
        | StatusCode::PERMANENT_REDIRECT => {}
        _ => return Ok(None),
    }
    let location = response.headers().get(LOCATION);
    let next = location.and_then(|to| response.url().join(to.to_str().ok()?).ok());
    let status = response.status().as_u16();
    next.map(Some).ok_or_else(|| {
        Error::new(
            ErrorKind::Unreadable,
            format!("the output's server redirects (HTTP {status}) without a valid `Location`"),
        )
    })
}

/// Returns the host of a URL, with its port if that is not the scheme's default.
pub(super) fn host(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// Waits for the server at `host`, for at most [`IDLE_TIMEOUT`].
pub(super) async fn with_idle_timeout<T>(
    host: &str,
    wait: impl Future<Output = Result<T, reqwest::Error>>,
) -> Result<T, Error> {
    match timeout(IDLE_TIMEOUT, wait).await {
        Ok(outcome) => outcome.map_err(|error| failed_at(host, error)),
        Err(_) => Err(Error::new(
            ErrorKind::ResponseLost,
            format!("the output's server sent nothing for {IDLE_TIMEOUT:?}"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::retry_policy::RetryPolicy;

    fn fetcher(any_host: bool, endpoint: &Endpoint) -> Fetcher {
        let retry = Arc::new(Retry::new(RetryPolicy::new()));
        Fetcher::new(
            RuntimeClients::foreign(reqwest::Client::new()),
            endpoint.clone(),
            retry,
            any_host,
            0,
            0,
        )
    }

    #[test]
    fn only_the_services_hosts_are_allowed() {
        let own = Endpoint::new("http://127.0.0.1:9").unwrap();
        for good in [
            "https://a.runcomfy.net/x",
            "https://runcomfy.com/x",
            "https://a.runcomfy.net:443/x",
            "http://127.0.0.1:9/x",
        ] {
            assert!(fetcher(false, &own).parse_url(good).is_ok(), "{good}");
        }
        for bad in [
            "https://evilruncomfy.net/x",
            "https://runcomfy.net.example/x",
            "http://a.runcomfy.net/x",
            "https://a.runcomfy.net:8443/x",
            "https://127.0.0.1/x",
            "https://127.0.0.1:9/x",
            "http://127.0.0.1/x",
            "http://127.0.0.1:10/x",
            "https://example.com",
            "file:///etc/passwd",
            "x",
        ] {
            assert!(fetcher(false, &own).parse_url(bad).is_err(), "{bad}");
        }
        assert!(fetcher(true, &own).parse_url("http://example.com").is_ok());
    }

    #[test]
    fn own_host_needs_its_scheme_and_port() {
        let gateway = Endpoint::new("https://gate.example:8443").unwrap();
        let fetcher = fetcher(false, &gateway);
        for (url, is_allowed) in [
            ("https://gate.example:8443/x", true),
            ("https://gate.example/x", false),
            ("https://gate.example:8444/x", false),
            ("http://gate.example:8443/x", false),
        ] {
            assert_eq!(fetcher.parse_url(url).is_ok(), is_allowed, "{url}");
        }
    }
}
