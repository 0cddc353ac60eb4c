//! Checks the media of an input against the rules of its schema.

use std::net::IpAddr;
use std::sync::OnceLock;

use axum::http::Uri;
use runcomfy_media::DataUri;
use runcomfy_probe::Prober;
use runcomfy_schema::{MediaInput, MediaSource, ModelSchema, Violation};
use serde_json::Value;

/// Judges media as the client does. The service would fetch every URL; the emulator fetches only
/// from this machine, and accepts other URLs unchecked.
#[derive(Debug, Default)]
pub(crate) struct MediaRules {
    /// Created when it is first needed: its HTTP clients read all root certificates of the system.
    /// Without a prober no media rule is judged, and everything else works.
    prober: OnceLock<Option<Prober>>,
}

impl MediaRules {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) async fn check(&self, model: &ModelSchema, input: &Value) -> Vec<Violation> {
        let mut media = model.input.media_in(input);
        media.retain(is_local);
        if media.is_empty() {
            return Vec::new();
        }
        let create = || Prober::builder().allow_loopback(true).build().ok();
        let Some(prober) = self.prober.get_or_init(create) else {
            return Vec::new();
        };
        prober.check(&media).await.into_iter().collect()
    }
}

/// Returns `true` for media in the request itself and for URLs of this machine.
fn is_local(input: &MediaInput<'_, '_>) -> bool {
    match input.source {
        MediaSource::Url(url) => DataUri::parse(url).is_some() || is_loopback(url),
        MediaSource::Local(_) => false,
    }
}

/// Returns `true` for a URL whose host is `localhost` or a loopback address. No name is resolved.
fn is_loopback(url: &str) -> bool {
    let uri = url.parse::<Uri>().ok();
    let uri = uri.filter(|uri| uri.scheme().is_some());
    let host = uri.as_ref().and_then(Uri::host).unwrap_or_default();
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_urls_are_local() {
        for local in [
            "http://127.0.0.1:80/a",
            "https://localhost",
            "http://[::1]:9/a?b",
        ] {
            assert!(is_loopback(local), "{local}");
        }
        for remote in [
            "http://127.0.0.1.example.com/",
            "http://127.0.0.1@example.com/",
            "https://example.com/127.0.0.1",
            "https://[::2]/",
            "localhost",
            "https://",
        ] {
            assert!(!is_loopback(remote), "{remote}");
        }
    }
}
