//! What all downloads of a client share.

use std::time::Duration;

use reqwest::header::{ACCEPT_ENCODING, HeaderMap, LOCATION};
use reqwest::{ClientBuilder, Response, StatusCode, Url};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

use crate::error::Error;
use crate::error::ErrorKind;
use crate::http::endpoint::Endpoint;
use crate::http::transport::failed_at;

/// Outputs live below these (seen).
const HOSTS: [&str; 2] = ["runcomfy.net", "runcomfy.com"];

/// Enough for a shortener, a host's change and its store; a loop ends soon.
const MOST_REDIRECTS: usize = 5;

/// A server that sends nothing for so long has forgotten the request.
const LONGEST_SILENCE: Duration = Duration::from_secs(20);

/// What an HTTP/2 server may send before it is read from: half of what a download may hold in
/// memory. In HTTP/1 hyper holds two pieces of 408 KiB at the most.
const WINDOW: u32 = 512 << 10;

/// Sends the requests of downloads, without the token.
#[derive(Debug)]
pub(crate) struct Fetcher {
    http: reqwest::Client,
    any_host: bool,
    pub(crate) size_limit: u64,
    slots: Semaphore,
}

/// Settings of the HTTP client for downloads. Nothing is unpacked (other crates may have switched
/// that on): sizes and ranges are those of the file.
pub(crate) fn tuned(http: ClientBuilder) -> ClientBuilder {
    http.referer(false)
        .no_gzip()
        .no_brotli()
        .no_deflate()
        .no_zstd()
        .http2_initial_stream_window_size(WINDOW)
}

impl Fetcher {
    pub(crate) fn new(
        http: reqwest::Client,
        any_host: bool,
        size_limit: u64,
        concurrency: usize,
    ) -> Self {
        Self {
            http,
            any_host,
            size_limit,
            slots: Semaphore::new(concurrency.clamp(1, Semaphore::MAX_PERMITS)),
        }
    }

    /// Waits until it is a download's turn; the permit is held to its end.
    pub(super) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        // Never closed, so there is a permit.
        self.slots.acquire().await.ok()
    }

    /// Reads a URL that may be asked.
    pub(super) fn url(&self, text: &str, endpoint: &Endpoint) -> Result<Url, Error> {
        let url = Url::parse(text).map_err(|e| {
            Error::configuration(format!("the output's address is unreadable: {e}"))
        })?;
        self.permit(&url, endpoint)?;
        Ok(url)
    }

    /// Asks, and follows redirects to where it may go.
    pub(super) async fn get(
        &self,
        url: &Url,
        headers: &HeaderMap,
        endpoint: &Endpoint,
    ) -> Result<Response, Error> {
        let mut url = url.clone();
        for _ in 0..=MOST_REDIRECTS {
            let response = self.send(url, headers).await?;
            let status = response.status().as_u16();
            let led = |error: Error| error.with_reply(status, String::new());
            // A client from outside may follow redirects by itself.
            self.permit(response.url(), endpoint).map_err(led)?;
            match redirected(&response)? {
                Some(next) => {
                    self.permit(&next, endpoint).map_err(led)?;
                    url = next;
                }
                None => return Ok(response),
            }
        }
        let message =
            format!("the output's address redirects more than {MOST_REDIRECTS} times in a row");
        Err(Error::new(ErrorKind::Unreadable, message))
    }

    async fn send(&self, url: Url, headers: &HeaderMap) -> Result<Response, Error> {
        let host = host(&url);
        let request = self
            .http
            .get(url)
            .header(ACCEPT_ENCODING, "identity")
            .headers(headers.clone());
        in_time(&host, request.send()).await
    }

    fn permit(&self, url: &Url, endpoint: &Endpoint) -> Result<(), Error> {
        let host = url.host_str().unwrap_or_default();
        let own = endpoint.host() == Some(host)
            && ["https", endpoint.catalogue().scheme()].contains(&url.scheme());
        let service = url.scheme() == "https"
            && HOSTS.iter().any(|known| {
                host == *known
                    || host
                        .strip_suffix(known)
                        .is_some_and(|rest| rest.ends_with('.'))
            });
        if own || service || self.any_host {
            return Ok(());
        }
        let scheme = url.scheme();
        Err(Error::configuration(format!(
            "the output's address leads to `{scheme}://{host}`, which is not one of the service's hosts; allow it with `download_from_any_host`"
        )))
    }
}

/// Where a redirect leads; `None` for any other answer.
fn redirected(response: &Response) -> Result<Option<Url>, Error> {
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
            format!("the output's server redirects (HTTP {status}) without saying where to"),
        )
    })
}

/// The host of a URL, with its port where that is not the usual one.
pub(super) fn host(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// What comes of a wait for the server at `host`, if it does not take too long.
pub(super) async fn in_time<T>(
    host: &str,
    wait: impl Future<Output = Result<T, reqwest::Error>>,
) -> Result<T, Error> {
    match timeout(LONGEST_SILENCE, wait).await {
        Ok(outcome) => outcome.map_err(|error| failed_at(host, error)),
        Err(_) => Err(Error::new(
            ErrorKind::ResponseLost,
            format!("the output's server sent nothing for {LONGEST_SILENCE:?}"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fetcher(any_host: bool) -> Fetcher {
        Fetcher::new(reqwest::Client::new(), any_host, 0, 0)
    }

    #[test]
    fn only_the_services_hosts_are_asked() {
        let own = Endpoint::new("http://127.0.0.1:9").unwrap();
        for good in [
            "https://a.runcomfy.net/x",
            "https://runcomfy.com/x",
            "http://127.0.0.1:9/x",
            "https://127.0.0.1/x",
        ] {
            assert!(fetcher(false).url(good, &own).is_ok(), "{good}");
        }
        for bad in [
            "https://evilruncomfy.net/x",
            "https://runcomfy.net.example/x",
            "http://a.runcomfy.net/x",
            "https://example.com",
            "file:///etc/passwd",
            "x",
        ] {
            assert!(fetcher(false).url(bad, &own).is_err(), "{bad}");
        }
        assert!(fetcher(true).url("http://example.com", &own).is_ok());
    }

    #[test]
    fn the_services_own_host_is_not_asked_in_the_open() {
        let service = Endpoint::service().unwrap();
        let host = service.host().unwrap();
        let url = |scheme: &str| fetcher(false).url(&format!("{scheme}://{host}/x"), &service);
        assert!(url("https").is_ok());
        assert!(url("http").is_err());
    }
}
