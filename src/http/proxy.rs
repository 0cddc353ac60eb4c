//! The way to the service: direct, or through a proxy.

use reqwest::{ClientBuilder, Proxy};

use runcomfy_probe::__private::is_http_proxy;

use crate::error::Error;
use crate::http::token::Unchecked;

/// The proxy of a client. Its URL may contain a password, so it is not printed.
#[derive(Clone, Debug, Default)]
pub(crate) enum Route {
    /// The proxy of the environment or the system, if any.
    #[default]
    Environment,
    /// No proxy.
    Direct,
    /// The proxy with this URL.
    Through(Unchecked),
}

impl Route {
    pub(crate) fn apply(&self, http: ClientBuilder) -> Result<ClientBuilder, Error> {
        let address = match self {
            Self::Environment => return Ok(http),
            Self::Direct => return Ok(http.no_proxy()),
            Self::Through(Unchecked(address)) => address.trim(),
        };
        let wrong = || {
            Error::configuration(
                "the proxy cannot be used; expected one such as http://proxy.example:3128",
            )
        };
        if !is_http_proxy(address) {
            return Err(wrong());
        }
        // The cause would print the URL.
        Ok(http.proxy(Proxy::all(address).map_err(|_| wrong())?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn through(address: &str) -> Route {
        Route::Through(Unchecked(address.to_owned()))
    }

    #[test]
    fn only_http_proxies_are_accepted() {
        for (address, taken) in [
            ("http://proxy.example:3128", true),
            ("https://user:pw@proxy.example", true),
            ("proxy.example:3128", true),
            ("socks5://proxy.example", false),
            ("ftp://proxy.example", false),
            ("http://", false),
            ("http://a b", false),
            ("", false),
        ] {
            let applied = through(address).apply(reqwest::Client::builder());
            assert_eq!(applied.is_ok(), taken, "{address}");
        }
    }

    #[test]
    fn password_of_a_proxy_is_not_printed() {
        for address in [
            "http://user:s3cret@proxy.example",
            "ftp://u:s3cret@p",
            "http://u:s3cret@",
        ] {
            let route = through(address);
            let shown = match route.apply(reqwest::Client::builder()) {
                Ok(http) => {
                    let settings = format!("{http:?}");
                    format!("{route:?} {settings} {:?}", http.build().unwrap())
                }
                Err(error) => format!("{route:?} {error} {error:?}"),
            };
            assert!(!shown.contains("s3cret"), "{shown}");
        }
    }
}
