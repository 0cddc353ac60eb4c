//! The schemas' rules about media, on the media of an input.

use std::net::IpAddr;

use axum::http::Uri;
use runcomfy_media::DataUri;
use runcomfy_probe::Prober;
use runcomfy_schema::{MediaInput, MediaSource, ModelSchema, Violation};
use serde_json::Value;

/// Judges media as the client does. The service would fetch every URL; the emulator asks only this
/// machine, and takes what lies elsewhere unseen.
#[derive(Debug)]
pub(crate) struct MediaRules {
    prober: Option<Prober>,
}

impl MediaRules {
    pub(crate) fn new() -> Self {
        // Where no client can be set up no rule is judged, and the rest works.
        let prober = Prober::builder().allow_loopback(true).build().ok();
        Self { prober }
    }

    pub(crate) async fn check(&self, model: &ModelSchema, input: &Value) -> Vec<Violation> {
        let Some(prober) = &self.prober else {
            return Vec::new();
        };
        let mut media = model.input.media_in(input);
        media.retain(is_here);
        if media.is_empty() {
            return Vec::new();
        }
        prober.check(&media).await.into_iter().collect()
    }
}

/// In the request itself, or on this machine.
fn is_here(medium: &MediaInput<'_, '_>) -> bool {
    match medium.source {
        MediaSource::Url(url) => DataUri::parse(url).is_some() || is_loopback(url),
        MediaSource::Local(_) => false,
    }
}

/// A name that only looks like this machine's must not be looked up.
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
    fn only_this_machine_is_asked() {
        for here in [
            "http://127.0.0.1:80/a",
            "https://localhost",
            "http://[::1]:9/a?b",
        ] {
            assert!(is_loopback(here), "{here}");
        }
        for there in [
            "http://127.0.0.1.example.com/",
            "http://127.0.0.1@example.com/",
            "https://example.com/127.0.0.1",
            "https://[::2]/",
            "localhost",
            "https://",
        ] {
            assert!(!is_loopback(there), "{there}");
        }
    }
}
