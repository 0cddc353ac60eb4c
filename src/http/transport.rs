//! Sends one request and reads its response.

use std::error::Error as _;
use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, RETRY_AFTER};
use reqwest::{Body, Method, Request, RequestBuilder, Response, Url, Version};
use tokio::time::Instant;

use crate::error::{Error, ErrorKind};
use crate::http::id_scanner::IdScanner;
use crate::http::rate_limit::{Permit, RateLimiter};
use crate::http::response::{Attribution, Reply, id_before_error};
use crate::http::runtime_clients::RuntimeClients;
use crate::http::script::Script;
use crate::http::submit_body::{Departure, SubmitBody};
use crate::http::token::Token;
use crate::job::request_id::RequestId;

/// Sends requests with the token and reads whole responses, within a limit.
#[derive(Debug)]
pub(crate) struct Transport {
    exchanger: Exchanger,
    /// Address of the Model API, to which jobs are submitted.
    service: Url,
    /// The service was seen to speak HTTP/2 at this address.
    speaks_http2: AtomicBool,
    token: Token,
    request_timeout: Duration,
    rate_limiter: RateLimiter,
}

/// Maximum size of a response, far above any of the API; an endless one must not fill the memory.
const MAX_RESPONSE_BYTES: usize = 16 << 20;

/// Maximum size of a response to a submit in which the id is looked for. An endless one must not keep the
/// submit until its timeout.
const MAX_SCANNED_BYTES: usize = 256 << 20;

/// Minimum of a `Retry-After`; a service that names the past is left alone for this long anyway.
const MIN_RETRY_AFTER_HEADER: Duration = Duration::from_secs(1);

/// Maximum of a `Retry-After`; a longer one is cut to it.
const MAX_RETRY_AFTER_HEADER: Duration = Duration::from_secs(3600);

/// A request that was sent, and the start of its response.
struct Sent {
    /// Address of the request.
    url: Url,
    response: Response,
}

/// Use of a response that was not read whole.
#[derive(Clone, Copy)]
enum Cut {
    /// None: its request can be sent again.
    IsUseless,
    /// The response may name a paid job.
    MayNameJob,
}

/// Destination of requests: the network or a script.
#[derive(Debug)]
pub(crate) enum Exchanger {
    /// The network, over clients of our own, which follow no redirects and repeat no requests.
    Http {
        /// Builds requests; connections are those of `shared` or `fresh`.
        first: reqwest::Client,
        /// For everything over HTTP/2, and for all but submits over HTTP/1.1.
        shared: RuntimeClients,
        /// For submits over HTTP/1.1: each over a connection that has carried nothing before, since
        /// a late response to another request would be taken for its own.
        fresh: FreshClient,
        /// No connection for submits speaks HTTP/2.
        is_http1_only: bool,
    },
    /// The network, over a client of the caller's, of which nothing is known.
    Foreign(reqwest::Client),
    /// A script in this process, for tests of a consumer's code.
    Script(reqwest::Client, Script),
}

/// An HTTP client that keeps no connection, built with the first submit: it costs a process that
/// submits nothing milliseconds.
pub(crate) struct FreshClient {
    client: OnceLock<reqwest::Client>,
    build: Box<dyn Fn() -> Result<reqwest::Client, Error> + Send + Sync>,
}

impl FreshClient {
    pub(crate) fn new(
        build: impl Fn() -> Result<reqwest::Client, Error> + Send + Sync + 'static,
    ) -> Self {
        Self {
            client: OnceLock::new(),
            build: Box::new(build),
        }
    }

    fn get(&self) -> Result<&reqwest::Client, Error> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let client = (self.build)()?;
        Ok(self.client.get_or_init(|| client))
    }
}

impl fmt::Debug for FreshClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FreshClient").field(&self.client).finish()
    }
}

impl Transport {
    pub(crate) fn new(
        exchanger: Exchanger,
        service: Url,
        token: Token,
        request_timeout: Duration,
        rate_limiter: RateLimiter,
    ) -> Self {
        Self {
            exchanger,
            service,
            speaks_http2: AtomicBool::new(false),
            token,
            request_timeout,
            rate_limiter,
        }
    }

    /// Waits until a request may be sent; see [`RateLimiter::permit`].
    pub(crate) async fn permit(&self, deadline: Option<Instant>) -> Result<Permit, Error> {
        self.rate_limiter.permit(deadline).await
    }

    /// Sends a request without a body, when it may be sent.
    pub(crate) async fn send(&self, method: Method, url: Url) -> Result<Reply, Error> {
        let _permit = self.permit(None).await?;
        self.exchange(self.request(method, url)).await
    }

    /// Submits JSON at once, with one more header and a permit of the [`RateLimiter`].
    ///
    /// # Errors
    /// [`ErrorKind::NotSent`] where no connection has taken the body; it is withdrawn then.
    pub(crate) async fn submit(
        &self,
        url: Url,
        body: Bytes,
        header: (HeaderName, &str),
        departure: &Departure,
    ) -> Result<Reply, Error> {
        let is_encrypted = url.scheme() == "https";
        let request = self.request(Method::POST, url);
        let request = request.header(header.0, header.1);
        let request = request.header(CONTENT_TYPE, "application/json");
        let speaks_http2 = self.speaks_http2.load(Ordering::Relaxed);
        // Over HTTP/1.1 without TLS a body in two pieces would cost a further call of the system.
        let may_speak_http2 = match &self.exchanger {
            Exchanger::Http { is_http1_only, .. } => !is_http1_only,
            _ => speaks_http2 || is_encrypted,
        };
        // Over HTTP/1.1 a late response to another request could be taken for this one's.
        let (http, over_http1) = match &self.exchanger {
            Exchanger::Script(_, script) => {
                let request = request.body(body).build().map_err(failed)?;
                return self.exchange_by_script(script, &request).await;
            }
            Exchanger::Http { shared, .. } if speaks_http2 => (shared.get()?, Attribution::Unknown),
            Exchanger::Http { fresh, .. } => (fresh.get()?.clone(), Attribution::Certain),
            Exchanger::Foreign(http) => (http.clone(), Attribution::Reused),
        };
        let departure_of_body = departure.clone();
        let body = if may_speak_http2 {
            SubmitBody::held_back(body, departure_of_body)
        } else {
            SubmitBody::new(body, departure_of_body)
        };
        let body = Body::wrap(body);
        let request = request.body(body).build().map_err(failed)?;
        let sent = self.execute(&http, request).await;
        let sent = sent.map_err(|error| {
            if error.kind() == ErrorKind::NotSent || !departure.withdraw() {
                return error;
            }
            let message = "no connection has taken the request in time; nothing was submitted";
            Error::new(ErrorKind::NotSent, message).with_source(error)
        });
        self.receive(sent?, over_http1, Cut::MayNameJob).await
    }

    fn request(&self, method: Method, url: Url) -> RequestBuilder {
        let http = match &self.exchanger {
            Exchanger::Http { first: http, .. }
            | Exchanger::Foreign(http)
            | Exchanger::Script(http, _) => http,
        };
        http.request(method, url)
            .header(AUTHORIZATION, self.token.header())
            .timeout(self.request_timeout)
    }

    async fn exchange_by_script(&self, script: &Script, request: &Request) -> Result<Reply, Error> {
        let reply = script.exchange(request, &self.token).await?;
        self.obey(reply.http_status, reply.retry_after, reply.attribution);
        Ok(reply)
    }

    /// Sends a request at once, with a permit of the [`RateLimiter`].
    async fn exchange(&self, request: RequestBuilder) -> Result<Reply, Error> {
        let request = request.build().map_err(failed)?;
        let (http, over_http1) = match &self.exchanger {
            Exchanger::Http { shared, .. } => (shared.get()?, Attribution::Certain),
            Exchanger::Foreign(http) => (http.clone(), Attribution::Reused),
            Exchanger::Script(_, script) => return self.exchange_by_script(script, &request).await,
        };
        let sent = self.execute(&http, request).await?;
        self.receive(sent, over_http1, Cut::IsUseless).await
    }

    /// Holds all requests back for as long as a throttling service asks. A 429 that may belong to
    /// another request is not believed.
    fn obey(&self, http_status: u16, retry_after: Option<Duration>, attribution: Attribution) {
        if let (429, Some(time), Attribution::Certain) = (http_status, retry_after, attribution) {
            self.rate_limiter.close(time);
        }
    }

    /// Sends a request, and waits for the head of its response.
    async fn execute(&self, http: &reqwest::Client, request: Request) -> Result<Sent, Error> {
        let url = request.url().clone();
        let response = http.execute(request).await;
        let response = response.map_err(|error| self.without_proof(self.failed(error)))?;
        Ok(Sent { url, response })
    }

    /// Receives a response; one over HTTP/1.1 is attributed to its request as `over_http1` says.
    async fn receive(
        &self,
        Sent { url, mut response }: Sent,
        over_http1: Attribution,
        cut: Cut,
    ) -> Result<Reply, Error> {
        let over_http2 = response.version() == Version::HTTP_2;
        if is_same_server(&url, &self.service) {
            self.speaks_http2.store(over_http2, Ordering::Relaxed);
        }
        let attribution = if *response.url() != url {
            Attribution::Unknown
        } else if over_http2 {
            Attribution::Certain
        } else {
            over_http1
        };
        let http_status = response.status().as_u16();
        let retry_after = retry_after(response.headers(), SystemTime::now());
        self.obey(http_status, retry_after, attribution);
        let mut body = Vec::new();
        match (self.read(&mut response, &mut body).await, cut) {
            // Nothing may come between the response to a submit and the id in it, not the end of the runtime.
            (Ok(()), Cut::MayNameJob) => {
                let reply = Reply::new(http_status, retry_after, attribution, body, &self.token);
                Ok(reply)
            }
            (Ok(()), Cut::IsUseless) => {
                Reply::receive(http_status, retry_after, attribution, body, &self.token).await
            }
            (Err(error), Cut::IsUseless) => Err(error),
            (Err(error), Cut::MayNameJob) => Err(self.naming_job(error, &body, response).await),
        }
    }

    /// Reads a response up to the maximum, and nothing of one that announces to be longer.
    async fn read(&self, response: &mut Response, body: &mut Vec<u8>) -> Result<(), Error> {
        let announced = response.content_length().unwrap_or_default();
        if announced > MAX_RESPONSE_BYTES as u64 {
            return Err(too_large());
        }
        while let Some(chunk) = response.chunk().await.map_err(|e| self.cut(e))? {
            body.extend_from_slice(&chunk);
            if body.len() > MAX_RESPONSE_BYTES {
                return Err(too_large());
            }
        }
        Ok(())
    }

    /// Returns the error of a response to a submit that was not read whole, with the id in it: `start` was
    /// read.
    async fn naming_job(&self, error: Error, start: &[u8], rest: Response) -> Error {
        let id = match id_before_error(start) {
            None if error.kind() == ErrorKind::TooLarge => self.id_in_rest(start, rest).await,
            id => id,
        };
        let quotes_token = |id: &RequestId| {
            let bytes = id.as_str().as_bytes();
            self.token.erase(bytes.to_vec()) != bytes
        };
        match id {
            Some(id) if !quotes_token(&id) => error.naming_job(&id),
            _ => error,
        }
    }

    /// Looks for the id in the rest of a response that is longer than is read. Nothing of it is kept.
    async fn id_in_rest(&self, start: &[u8], mut rest: Response) -> Option<RequestId> {
        let mut scanner = IdScanner::default();
        scanner.scan(start);
        let mut length = start.len();
        while scanner.is_open() && length < MAX_SCANNED_BYTES {
            // It may be cut off, or out of time.
            let chunk = rest.chunk().await.ok()??;
            scanner.scan(&chunk);
            length += chunk.len();
        }
        scanner.id()
    }

    /// Returns the error of a response that is cut off. Its head proves that the service has processed
    /// the request, whatever ends its body: REFUSED_STREAM and GOAWAY are not believed any more.
    fn cut(&self, error: reqwest::Error) -> Error {
        let error = self.failed(error);
        if error.kind() != ErrorKind::NotSent {
            return error;
        }
        let message = "the service's response was cut off";
        Error::new(ErrorKind::ResponseLost, message).with_source(error)
    }

    /// Returns the error of a failed request. Its causes may quote the service, as with the end of an
    /// HTTP/2 connection.
    fn failed(&self, error: reqwest::Error) -> Error {
        self.token.erase_from(failed(error))
    }

    /// Turns `NotSent` into `ResponseLost` where it is not proved: an HTTP client of the caller may
    /// have followed a redirect to a host to which it finds no connection. The request has arrived
    /// then.
    fn without_proof(&self, error: Error) -> Error {
        let is_own = !matches!(self.exchanger, Exchanger::Foreign(_));
        if is_own || error.kind() != ErrorKind::NotSent {
            return error;
        }
        let message = "no connection to the service, or to where it has redirected the request";
        Error::new(ErrorKind::ResponseLost, message).with_source(error)
    }
}

fn too_large() -> Error {
    let message = format!(
        "the service's response is longer than {MAX_RESPONSE_BYTES} bytes, the maximum that is read; \
         fetch a job's result with another tool from its result_url"
    );
    Error::new(ErrorKind::TooLarge, message)
}

/// Returns `true` if two URLs name one server: the balance may be on another.
fn is_same_server(url: &Url, other: &Url) -> bool {
    let server = |url: &Url| (url.scheme() == "https", url.port_or_known_default());
    server(url) == server(other) && url.host_str() == other.host_str()
}

/// Returns the error of a failed request to the service.
pub(crate) fn failed(error: reqwest::Error) -> Error {
    let origin = error.url().map(|url| url.origin().ascii_serialization());
    let service = origin.as_deref().unwrap_or("the service");
    let reason = reason(&error);
    let not_sent = format!("no connection to {service} ({reason}); nothing was sent");
    failure(error, not_sent, "the service")
}

/// Returns the cause of a failed connection, such as `connection refused`.
fn reason(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "not in time".to_owned();
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    match cause.downcast_ref::<std::io::Error>() {
        Some(error) if error.raw_os_error().is_some() => error.kind().to_string(),
        _ => cause.to_string(),
    }
}

/// Returns the error of a failed request to the host of a file.
pub(crate) fn failed_at(host: &str, error: reqwest::Error) -> Error {
    let not_sent = format!("no connection to {host} could be made");
    failure(error, not_sent, host)
}

/// Returns the error of a failed request to `host`. Only a connect error proves that nothing was
/// sent; a timeout or a reset may come after the whole request has arrived, on a reused connection
/// too. The URL is dropped: it may be signed.
fn failure(error: reqwest::Error, not_sent: String, host: &str) -> Error {
    let error = error.without_url();
    let (kind, message) = if error.is_connect() || was_not_processed(&error) {
        (ErrorKind::NotSent, not_sent)
    } else if error.is_builder() {
        let message = "the request is invalid; nothing was sent".to_owned();
        (ErrorKind::Configuration, message)
    } else if error.is_timeout() {
        let message = format!("{host} did not respond in time");
        (ErrorKind::ResponseLost, message)
    } else {
        let message = format!("the connection to {host} broke");
        (ErrorKind::ResponseLost, message)
    };
    Error::new(kind, message).with_source(error)
}

/// Returns `true` if HTTP/2 proves that the request was not processed: the server has refused its
/// stream, or has ended the connection for all streams from one before it on (RFC 9113, 6.8 and 8.7).
fn was_not_processed(error: &reqwest::Error) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<h2::Error>() {
            let is_refused = error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM);
            return error.is_remote() && (is_refused || error.is_go_away());
        }
        cause = error.source();
    }
    false
}

/// Reads a `Retry-After` header, which has seconds or a date.
pub(crate) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let delay = match seconds(text) {
        Some(seconds) => Duration::from_secs(seconds),
        None => httpdate::parse_http_date(text)
            .ok()?
            .duration_since(now)
            .unwrap_or_default(),
    };
    Some(delay.clamp(MIN_RETRY_AFTER_HEADER, MAX_RETRY_AFTER_HEADER))
}

/// Parses seconds: digits, as HTTP specifies, or digits with a fraction, as some servers write them.
/// It rounds up, since coming too early is what the service asks to avoid.
fn seconds(text: &str) -> Option<u64> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    if !(digits(whole) && digits(fraction)) {
        return None;
    }
    // Digits alone fail only where they are too many.
    let whole = whole.parse().unwrap_or(u64::MAX);
    let rest = fraction.bytes().any(|c| c != b'0');
    Some(whole.saturating_add(rest.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = httpdate::parse_http_date("Fri, 20 Nov 2026 10:00:00 GMT").unwrap();
        for (text, delay) in [
            ("7", Some(7)),
            ("Fri, 20 Nov 2026 10:01:30 GMT", Some(90)),
            ("0", Some(1)),
            ("Fri, 20 Nov 2026 09:00:00 GMT", Some(1)),
            ("99999999999", Some(3600)),
            ("99999999999999999999", Some(3600)),
            ("99999999999999999999.5", Some(3600)),
            ("7.5", Some(8)),
            ("7.0", Some(7)),
            ("0.2", Some(1)),
            ("7.", None),
            (".5", None),
            ("1.2.3", None),
            ("1e3", None),
            ("", None),
            ("-1", None),
            ("soon", None),
        ] {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, text.parse().unwrap())]);
            assert_eq!(
                retry_after(&headers, now),
                delay.map(Duration::from_secs),
                "{text}"
            );
        }
    }
}
