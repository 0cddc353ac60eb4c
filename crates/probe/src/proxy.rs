//! Which proxy addresses are used.

/// Whether an address, which may lack a scheme, is that of an HTTP proxy. Another kind may be
/// passed over in silence, and then the connection is direct.
#[must_use]
pub fn is_http(address: &str) -> bool {
    !address.contains("://") || address.starts_with("http://") || address.starts_with("https://")
}
