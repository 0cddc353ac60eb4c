//! Records of accepted submits, requests and connections, for tests to count.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use axum::http::{HeaderMap, Method, Uri, header};
use serde_json::Value;

use crate::Call;
use crate::clock::Moment;

/// Records one accepted submit: a job that the service would charge for.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Entry {
    /// Id of the model.
    pub model_id: String,
    /// Request id that the response carried.
    pub request_id: String,
    /// Time of acceptance, counted from the emulator's start on its own clock.
    pub at: Duration,
    /// Input exactly as it was sent.
    pub input: Value,
    /// Headers of the request, names in lower case, without `authorization`.
    pub headers: Vec<(String, String)>,
}

impl Entry {
    /// Returns the value of the header `name`, in any case; the first if there are several.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self
            .headers
            .iter()
            .find(|(own, _)| own.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// Returns the value of the `Idempotency-Key` header.
    #[must_use]
    pub fn idempotency_key(&self) -> Option<&str> {
        self.header("idempotency-key")
    }

    pub(crate) fn keep_headers(headers: &HeaderMap) -> Vec<(String, String)> {
        let without_token = headers
            .iter()
            .filter(|(name, _)| *name != header::AUTHORIZATION);
        without_token
            .map(|(name, value)| {
                (
                    name.as_str().to_owned(),
                    String::from_utf8_lossy(value.as_bytes()).into_owned(),
                )
            })
            .collect()
    }
}

/// Records one HTTP request as it reached the emulator, whatever the response was.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Received {
    /// HTTP method, such as `POST`.
    pub method: String,
    /// Path and query, percent-encoded as received.
    pub path: String,
    /// Kind of call, or `None` for an unknown address.
    pub call: Option<Call>,
    /// Time at which the head was read, counted from the emulator's start on its own clock.
    pub at: Duration,
    /// `true` if an `Authorization` header was present, valid or not.
    pub authorized: bool,
}

/// Counts the TCP connections to the emulator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Connections {
    /// Number of connections since the start.
    pub opened: usize,
    /// Number of connections open now. A connection that the client closed counts until the
    /// emulator has noticed.
    pub open: usize,
    /// Maximum number of connections that were open at once.
    pub max_open: usize,
}

/// Maximum number of requests that the log keeps: enough for any test that reads them one by one,
/// and a bound for an emulator that runs for days. The counts have no bound.
const MAX_LOGGED_REQUESTS: usize = 65_536;

/// Keeps the latest requests and counts all of them.
#[derive(Default)]
pub(crate) struct Log {
    requests: VecDeque<Received>,
    counts: HashMap<Call, usize>,
}

impl Log {
    pub(crate) fn record(
        &mut self,
        at: Moment,
        call: Option<Call>,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
    ) {
        if let Some(call) = call {
            *self.counts.entry(call).or_default() += 1;
        }
        if self.requests.len() == MAX_LOGGED_REQUESTS {
            self.requests.pop_front();
        }
        self.requests.push_back(Received {
            method: method.to_string(),
            path: uri
                .path_and_query()
                .map_or_else(String::new, ToString::to_string),
            call,
            at,
            authorized: headers.contains_key(header::AUTHORIZATION),
        });
    }

    pub(crate) fn requests(&self) -> Vec<Received> {
        self.requests.iter().cloned().collect()
    }

    pub(crate) fn count(&self, call: Call) -> usize {
        self.counts.get(&call).copied().unwrap_or_default()
    }
}
