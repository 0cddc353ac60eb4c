//! Hosts of URLs that do not exist.

use std::io;

use tokio::net::lookup_host;
use url::Url;

/// A name that exists. Where it is not found, no other name would be.
const EXISTING: &str = "model-api.runcomfy.net";

/// Returns the host of a URL, if it is certain that there is none of this name.
pub(crate) async fn missing(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    let host = url.domain()?;
    let is_missing = is_invalid(host) || (is_unknown(host).await && is_found(EXISTING).await);
    is_missing.then(|| host.to_owned())
}

async fn is_unknown(host: &str) -> bool {
    let found = lookup_host((host, 443)).await;
    found.is_err_and(|error| is_unknown_name(&error))
}

async fn is_found(host: &str) -> bool {
    lookup_host((host, 443)).await.is_ok()
}

/// Returns `true` for a name that exists nowhere by definition (RFC 6761), also where no name can be
/// resolved.
fn is_invalid(host: &str) -> bool {
    let last = host.trim_end_matches('.').rsplit('.').next();
    last.is_some_and(|last| last.eq_ignore_ascii_case("invalid"))
}

/// Returns `true` if the resolver says that there is no such name, and not that it cannot know. On most
/// systems the standard library keeps nothing of that but the text.
fn is_unknown_name(error: &io::Error) -> bool {
    const WSAHOST_NOT_FOUND: i32 = 11001;
    // Of glibc, musl, and the BSDs with macOS.
    const TEXTS: [&str; 3] = [
        "Name or service not known",
        "Name does not resolve",
        "nodename nor servname provided",
    ];
    let text = error.to_string();
    error.raw_os_error() == Some(WSAHOST_NOT_FOUND)
        || TEXTS.iter().any(|known| text.contains(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_certain_answer_counts() {
        for (host, expected) in [
            ("nohost.invalid", true),
            ("nohost.INVALID.", true),
            ("invalid.example.com", false),
        ] {
            assert_eq!(is_invalid(host), expected, "{host}");
        }
        for (text, expected) in [
            (
                "failed to lookup address information: Name or service not known",
                true,
            ),
            (
                "failed to lookup address information: Temporary failure in name resolution",
                false,
            ),
            (
                "failed to lookup address information: No address associated with hostname",
                false,
            ),
        ] {
            assert_eq!(is_unknown_name(&io::Error::other(text)), expected, "{text}");
        }
    }

    #[tokio::test]
    async fn address_is_no_name() {
        for url in ["https://127.0.0.1/a", "https://[::1]/a", "data:,x", "a b"] {
            assert_eq!(missing(url).await, None, "{url}");
        }
        let missing = missing("https://nohost.invalid/a.jpg?q").await;
        assert_eq!(missing.as_deref(), Some("nohost.invalid"));
    }
}
