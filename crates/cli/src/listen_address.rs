//! Addresses on which a command listens.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Parses an address such as `127.0.0.1:9464` or `localhost:9464`. A port alone is one of loopback. `example` is the
/// port that the message of a refusal has.
///
/// # Errors
/// If the text is no address. Other names of hosts are not looked up.
pub(crate) fn parse(text: &str, example: u16) -> Result<SocketAddr, String> {
    let port = text.strip_prefix("localhost:").unwrap_or(text);
    let of_port = |port| SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port);
    let port = port.parse().map(of_port);
    port.or_else(|_| text.parse()).map_err(|_| {
        format!(
            "expected a port, such as {example}, or an address, such as 127.0.0.1:{example}, [::1]:{example} or localhost:{example}"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn address_is_a_port_localhost_or_an_ip_address() {
        for (text, expected) in [
            ("8765", "127.0.0.1:8765"),
            ("localhost:8765", "127.0.0.1:8765"),
            ("127.0.0.1:0", "127.0.0.1:0"),
            ("[::1]:8765", "[::1]:8765"),
            ("0.0.0.0:1", "0.0.0.0:1"),
        ] {
            assert_eq!(
                parse(text, 1).map(|it| it.to_string()),
                Ok(expected.to_owned())
            );
        }
        for bad in [
            "",
            "localhost",
            "nowhere:1",
            "localhost:localhost:1",
            "http://127.0.0.1:1",
            "-1",
            "65536",
        ] {
            assert!(parse(bad, 1).is_err(), "{bad}");
        }
    }
}
