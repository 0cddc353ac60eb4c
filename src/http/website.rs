//! Requests to the website of the service, where people log in. It is another host than that of the
//! Model API, and its responses contain secrets.

use std::time::{Duration, SystemTime};

use reqwest::header::AUTHORIZATION;
use reqwest::{RequestBuilder, Url};
use serde_json::{Map, Value};

use crate::client::ClientBuilder;
use crate::error::{Error, ErrorKind};
use crate::http::endpoint::checked_url;
use crate::http::token::Token;
use crate::http::transport::{failed, retry_after};

/// The website, as documented.
const WEBSITE: &str = "https://www.runcomfy.com";

/// Maximum time for a request, its response included.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// Maximum size of a response, far above any of the login.
const MAX_RESPONSE_BYTES: usize = 1 << 20;

/// The website of the service at an address.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    base: Url,
    http: reqwest::Client,
}

/// A response of the website. It is not printed, since it may contain a token.
pub(crate) struct Answer {
    pub(crate) http_status: u16,
    pub(crate) retry_after: Option<Duration>,
    /// The members of the response; none where it is no JSON object.
    pub(crate) json: Map<String, Value>,
}

impl Site {
    /// Creates the website at an address, or at that of the service.
    pub(crate) fn new(address: Option<&str>) -> Result<Self, Error> {
        let base = checked_url(
            address.unwrap_or(WEBSITE),
            "the address of the website",
            WEBSITE,
        )?;
        let http = ClientBuilder::default().website_client(&base)?;
        Ok(Self { base, http })
    }

    /// Sends a request without a token.
    pub(crate) async fn post(&self, path: &str, body: Option<&Value>) -> Result<Answer, Error> {
        let request = self.http.post(self.url(path));
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        read(request, None).await
    }

    /// Reads with a token, of which the response keeps nothing.
    pub(crate) async fn get(&self, path: &str, token: &Token) -> Result<Answer, Error> {
        let request = self.http.get(self.url(path));
        let answer = read(request.header(AUTHORIZATION, token.header()), Some(token)).await;
        answer.map_err(|error| token.erase_from(error))
    }

    fn url(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        let below = self.base.path().trim_end_matches('/').to_owned();
        url.set_path(&(below + path));
        url
    }
}

/// Sends a request, and reads its response without the token that was sent.
async fn read(request: RequestBuilder, token: Option<&Token>) -> Result<Answer, Error> {
    let response = request.timeout(REQUEST_TIMEOUT).send().await;
    let mut response = response.map_err(failed)?;
    let http_status = response.status().as_u16();
    let retry_after = retry_after(response.headers(), SystemTime::now());
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(failed)? {
        if body.len() + chunk.len() > MAX_RESPONSE_BYTES {
            let message = "the website's response is longer than 1 MiB, the maximum that is read";
            return Err(Error::new(ErrorKind::TooLarge, message));
        }
        body.extend_from_slice(&chunk);
    }
    let body = match token {
        Some(token) => token.erase(body),
        None => body,
    };
    Ok(Answer {
        http_status,
        retry_after,
        json: serde_json::from_slice(&body).unwrap_or_default(),
    })
}

impl Answer {
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.http_status)
    }

    /// Returns a member that is a text with content.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let text = self.json.get(name)?.as_str()?;
        Some(text).filter(|text| !text.trim().is_empty())
    }

    /// Returns a member that is a number of seconds.
    pub(crate) fn seconds(&self, name: &str) -> Option<Duration> {
        let seconds = self.json.get(name)?.as_f64()?;
        Duration::try_from_secs_f64(seconds).ok()
    }

    /// Returns the error of a response that is not the expected one. It quotes nothing of the
    /// response, which may contain a secret.
    pub(crate) fn error(&self, doing: &str) -> Error {
        let status = self.http_status;
        let (kind, what) = match status {
            429 => (ErrorKind::Throttled, "does not serve"),
            408 | 500.. => (ErrorKind::Unavailable, "cannot serve"),
            200..300 => (ErrorKind::Unreadable, "gives no readable response to"),
            404 => (ErrorKind::NotFound, "does not know"),
            _ => (ErrorKind::BadRequest, "refuses"),
        };
        Error::new(kind, format!("the website {what} {doing} (HTTP {status})"))
            .with_reply(status, String::new())
            .with_retry_after(self.retry_after)
    }
}
