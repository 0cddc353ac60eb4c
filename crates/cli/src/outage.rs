//! A service to which no connection can be made.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use runcomfy::{Error, ErrorKind, RetryPolicy};

use crate::progress::Notes;

/// Time after which a refused connection is no longer retried: a server that restarts listens again by
/// then, and the backoff before the last attempt may be as long.
const REFUSED_FOR: Duration = Duration::from_secs(6);

/// Maximum seconds of the retries, the last backoff included.
const REFUSED_SECONDS: u64 = 10;

/// Returns the retries of a client: the first failure to connect is printed at once, with how long the
/// command retries. `limit` is the time of the library.
pub(crate) fn retry_policy(notes: Notes, limit: Duration) -> RetryPolicy {
    let first = Mutex::new(None);
    RetryPolicy::new().retry_if(move |error| {
        if error.kind() != ErrorKind::NotSent {
            return true;
        }
        let refused = is_refused(error);
        if refused && loopback_port().is_some() {
            return false;
        }
        let mut first = first.lock().unwrap_or_else(PoisonError::into_inner);
        let since = *first.get_or_insert_with(|| {
            notes.print(&note(error, refused, limit));
            Instant::now()
        });
        !refused || since.elapsed() < REFUSED_FOR
    })
}

fn note(error: &Error, refused: bool, limit: Duration) -> String {
    let seconds = match limit.as_secs() {
        limit if refused => limit.min(REFUSED_SECONDS),
        limit => limit,
    };
    let text = error.to_string();
    let what = text.split(';').next().unwrap_or_default();
    format!("{what}; retrying for up to {seconds} s. Ctrl-C stops")
}

/// Returns what to do about a connection that this machine refused.
pub(crate) fn advice(error: &Error) -> Option<String> {
    let port = loopback_port().filter(|_| is_refused(error))?;
    Some(format!(
        "Nothing listens there. Is `runcomfy emulator --port {port}` running? RUNCOMFY_MODEL_API_BASE sets the address."
    ))
}

fn is_refused(error: &Error) -> bool {
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<std::io::Error>()
            && error.kind() == std::io::ErrorKind::ConnectionRefused
        {
            return true;
        }
        cause = error.source();
    }
    false
}

/// Returns the port of the base URL, if that is on this machine.
fn loopback_port() -> Option<u16> {
    port_on_loopback(&std::env::var("RUNCOMFY_MODEL_API_BASE").ok()?)
}

fn port_on_loopback(base: &str) -> Option<u16> {
    let (scheme, rest) = base.trim().split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let default = if scheme == "https" { 443 } else { 80 };
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()?),
        _ => (authority, default),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let is_loopback = host.eq_ignore_ascii_case("localhost")
        || host
            .parse()
            .is_ok_and(|ip: std::net::IpAddr| ip.is_loopback());
    is_loopback.then_some(port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn port_is_that_of_a_base_on_this_machine() {
        for (base, port) in [
            ("http://127.0.0.1:8188/v1", Some(8188)),
            ("http://localhost:1", Some(1)),
            ("http://LOCALHOST/v1", Some(80)),
            ("https://[::1]:9/v1", Some(9)),
            ("https://[::1]/v1", Some(443)),
            ("http://127.9.9.9:7?x", Some(7)),
            ("https://model-api.runcomfy.net/v1", None),
            ("localhost:8188", None),
            ("", None),
        ] {
            assert_eq!(port_on_loopback(base), port, "{base}");
        }
    }
}
