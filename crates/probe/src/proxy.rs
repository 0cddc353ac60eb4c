//! Recognizes addresses of HTTP proxies.

/// Returns `true` if an address, which may lack a scheme, is that of an HTTP proxy.
///
/// The HTTP client silently ignores proxies of other kinds and then connects directly.
#[must_use]
pub fn is_http_proxy(address: &str) -> bool {
    !address.contains("://") || address.starts_with("http://") || address.starts_with("https://")
}
