//! A connection that was refused, since nothing listens at its address.

use runcomfy::Error;
use url::{Host, Url};

/// Returns what to do about a connection that this machine refused.
pub(crate) fn advice(error: &Error) -> Option<String> {
    let port = loopback_port().filter(|_| is_refused(error))?;
    Some(format!(
        "Nothing listens there. Is `runcomfy emulator --port {port}` running? RUNCOMFY_MODEL_API_BASE sets the address."
    ))
}

/// Returns `true` if a machine refused the connection: nothing listens there.
pub(crate) fn is_refused(error: &Error) -> bool {
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
pub(crate) fn loopback_port() -> Option<u16> {
    port_on_loopback(&std::env::var("RUNCOMFY_MODEL_API_BASE").ok()?)
}

fn port_on_loopback(base: &str) -> Option<u16> {
    let url = Url::parse(base.trim()).ok()?;
    let is_loopback = match url.host()? {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    };
    url.port_or_known_default().filter(|_| is_loopback)
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
