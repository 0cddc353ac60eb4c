//! What the emulator has seen, for tests to count.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use axum::http::{HeaderMap, Method, Uri, header};
use serde_json::Value;

use crate::Call;
use crate::clock::Moment;

/// A submit that was accepted, and so would have been paid for.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Entry {
    /// The model.
    pub model_id: String,
    /// The request id that was given out.
    pub request_id: String,
    /// When it was accepted: the time since the emulator's start, on its own clock.
    pub at: Duration,
    /// The input exactly as it was sent.
    pub input: Value,
    /// The headers that came with it, names in lower case, without `authorization`.
    pub headers: Vec<(String, String)>,
}

impl Entry {
    /// The value of the header `name`, in whatever case; the first if there are several.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self
            .headers
            .iter()
            .find(|(own, _)| own.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The value of the `Idempotency-Key` header.
    #[must_use]
    pub fn idempotency_key(&self) -> Option<&str> {
        self.header("idempotency-key")
    }

    pub(crate) fn keep_headers(headers: &HeaderMap) -> Vec<(String, String)> {
        let kept = headers
            .iter()
            .filter(|(name, _)| *name != header::AUTHORIZATION);
        kept.map(|(name, value)| {
            (
                name.as_str().to_owned(),
                String::from_utf8_lossy(value.as_bytes()).into_owned(),
            )
        })
        .collect()
    }
}

/// An HTTP request as it reached the emulator, answered or not.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Received {
    /// The method, such as `POST`.
    pub method: String,
    /// Path and query, percent-encoded as they came.
    pub path: String,
    /// The call that this is, if it is one.
    pub call: Option<Call>,
    /// When its head was read: the time since the emulator's start, on its own clock.
    pub at: Duration,
    /// Whether there was an `Authorization` header, whatever it held.
    pub authorized: bool,
}

/// The TCP connections that were made to the emulator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Connections {
    /// How many there were in all.
    pub opened: usize,
    /// How many are open now. One that the client closed counts until the emulator has noticed.
    pub open: usize,
    /// How many were open at once at the most.
    pub most_open: usize,
}

/// How many requests are kept word for word: enough for any test that reads them one by one, and
/// a bound for an emulator that runs for days. The counts go on.
const KEPT: usize = 65_536;

/// The requests that came in.
#[derive(Default)]
pub(crate) struct Log {
    kept: VecDeque<Received>,
    counts: HashMap<Call, usize>,
}

impl Log {
    pub(crate) fn note(
        &mut self,
        at: Moment,
        call: Option<Call>,
        method: &Method,
        uri: &Uri,
        head: &HeaderMap,
    ) {
        if let Some(call) = call {
            *self.counts.entry(call).or_default() += 1;
        }
        if self.kept.len() == KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back(Received {
            method: method.to_string(),
            path: uri
                .path_and_query()
                .map_or_else(String::new, ToString::to_string),
            call,
            at,
            authorized: head.contains_key(header::AUTHORIZATION),
        });
    }

    pub(crate) fn kept(&self) -> Vec<Received> {
        self.kept.iter().cloned().collect()
    }

    pub(crate) fn count(&self, call: Call) -> usize {
        self.counts.get(&call).copied().unwrap_or_default()
    }
}
