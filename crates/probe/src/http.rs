//! The HTTP clients of a prober.

use std::time::Duration;

use reqwest::{Client, ClientBuilder, Proxy, redirect, retry};

use crate::error::ProbeError;
use crate::names::{Lookup, Names};
use crate::proxy::is_http;
use crate::target::Reach;

/// A host that takes longer than this is down or drops what it is sent.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// What an HTTP/2 server may send before it is read from: no more than one piece needs.
const WINDOW: u32 = 64 << 10;

/// Bytes of an HTTP/2 answer's head. In HTTP/1 hyper takes at most 100 fields and 400 KB.
const LONGEST_HEAD: u32 = 16 << 10;

/// One client for each [`Reach`]: each dials only what its own names resolve to.
#[derive(Clone, Debug)]
pub(crate) struct Http {
    public: Client,
    loopback: Option<Client>,
}

impl Http {
    /// `finish` has the last word about each client; the tests count connections there.
    pub(crate) fn new(
        lookup: &Lookup,
        loopback: bool,
        proxy: Option<Proxy>,
        finish: impl Fn(ClientBuilder) -> ClientBuilder,
    ) -> Result<Self, ProbeError> {
        let build = |reach: Option<Reach>| {
            let lookup = lookup.clone();
            finish(guarded(Names { lookup, reach }))
        };
        let public = match proxy {
            // The proxy looks names up by itself, so the only name left is its own.
            Some(proxy) => build(None).proxy(proxy),
            None => build(Some(Reach::Public)),
        };
        Ok(Self {
            public: built(public.https_only(true))?,
            loopback: loopback
                .then(|| built(build(Some(Reach::Loopback))))
                .transpose()?,
        })
    }

    pub(crate) fn reaches_loopback(&self) -> bool {
        self.loopback.is_some()
    }

    /// Without a client for loopback no target has that reach.
    pub(crate) fn client(&self, reach: Reach) -> &Client {
        match (reach, &self.loopback) {
            (Reach::Loopback, Some(loopback)) => loopback,
            _ => &self.public,
        }
    }
}

/// A client that dials only what `names` permits, and does nothing by itself: redirects are
/// checked by the caller, nothing is unpacked (other crates may have switched that on), nothing is
/// sent twice.
fn guarded(names: Names) -> ClientBuilder {
    Client::builder()
        .dns_resolver(names)
        .no_proxy()
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .referer(false)
        .no_gzip()
        .no_brotli()
        .no_deflate()
        .no_zstd()
        .connect_timeout(CONNECT_TIMEOUT)
        .http2_max_header_list_size(LONGEST_HEAD)
        .http2_initial_stream_window_size(WINDOW)
        .http2_initial_connection_window_size(WINDOW)
        .user_agent(concat!("runcomfy-rs/", env!("CARGO_PKG_VERSION")))
}

fn built(client: ClientBuilder) -> Result<Client, ProbeError> {
    client.build().map_err(|e| {
        ProbeError::configuration(format!(
            "the HTTP client for media could not be built: {}",
            e.without_url()
        ))
    })
}

/// The proxy for https that the environment names, if any. `NO_PROXY` is not looked at: it lists
/// the inner hosts, which are just those that a stranger's URL must not reach directly.
pub(crate) fn environment_proxy(
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Option<Proxy>, ProbeError> {
    let set = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]
        .into_iter()
        .find_map(|name| Some((name, variable(name).filter(|value| !value.is_empty())?)));
    let Some((name, url)) = set else {
        return Ok(None);
    };
    let wrong = || {
        ProbeError::configuration(format!(
            "the proxy of {name} cannot be used; expected one such as http://proxy.example:3128"
        ))
    };
    if !is_http(&url) {
        return Err(wrong());
    }
    Proxy::https(&url).map(Some).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ProbeErrorKind;

    #[test]
    fn the_proxy_of_the_environment_is_one_for_https() {
        let proxy = |name: &'static str, value: &'static str| {
            environment_proxy(move |asked| (asked == name).then(|| value.to_owned()))
                .map(|proxy| proxy.is_some())
                .map_err(|error| error.kind())
        };
        for (name, value, found) in [
            ("HTTPS_PROXY", "http://user:secret@proxy.example:3128", true),
            ("https_proxy", "proxy.example:3128", true),
            ("ALL_PROXY", "https://proxy.example", true),
            ("HTTP_PROXY", "http://proxy.example", false),
            ("HTTPS_PROXY", "", false),
        ] {
            assert_eq!(proxy(name, value), Ok(found), "{name}={value}");
        }
        for bad in ["socks5://proxy.example", "http://", "http://a b"] {
            let error = proxy("ALL_PROXY", bad).unwrap_err();
            assert_eq!(error, ProbeErrorKind::Configuration, "{bad}");
        }
    }

    #[test]
    fn a_proxys_password_is_not_shown() {
        let proxy = environment_proxy(|_| Some("http://user:s3cret@proxy.example".to_owned()));
        let http = Http::new(&Lookup::System, true, proxy.unwrap(), |client| client).unwrap();
        let shown = format!("{http:?}");
        assert!(!shown.contains("s3cret"), "{shown}");
    }

    /// Without TLS nothing is asked for by https, through a proxy or not.
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    #[tokio::test]
    async fn a_proxy_may_be_an_inner_host_and_looks_names_up_by_itself() {
        use tokio::io::AsyncReadExt;

        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let lookup = Lookup::Given(std::sync::Arc::new(|name| {
            assert_eq!(name, "proxy.test");
            Ok(vec![std::net::Ipv4Addr::LOCALHOST.into()])
        }));
        let proxy = environment_proxy(|_| Some(format!("http://proxy.test:{port}"))).unwrap();
        let http = Http::new(&lookup, false, proxy, |client| client).unwrap();
        let request = http.client(Reach::Public).get("https://media.test/photo");
        let (outcome, head) = tokio::join!(request.send(), async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = [0; 32];
            stream.read_exact(&mut head).await.unwrap();
            String::from_utf8_lossy(&head).into_owned()
        });
        assert!(outcome.is_err());
        assert!(
            head.starts_with("CONNECT media.test:443 HTTP/1.1"),
            "{head}"
        );
    }
}
