//! TLS to the server, by the features of the client: rustls where both are on, as in the client.

#[cfg(all(feature = "native-tls", not(feature = "rustls")))]
mod native_tls;
#[cfg(feature = "rustls")]
mod rustls;

use std::fmt;
use std::io;
use std::path::Path;

#[cfg(all(feature = "native-tls", not(feature = "rustls")))]
pub(super) use native_tls::connector;
#[cfg(feature = "rustls")]
pub(super) use rustls::connector;

/// Returns the error for a file of certificates that cannot be used.
fn unreadable(file: &Path, error: &dyn fmt::Display) -> io::Error {
    io::Error::other(format!(
        "could not read the certificates of `{}`: {error}",
        file.display()
    ))
}
