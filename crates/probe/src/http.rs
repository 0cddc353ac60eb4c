//! Builds the HTTP clients of a prober.

use std::time::Duration;

use reqwest::{Client, ClientBuilder, Proxy, redirect, retry};

use crate::error::ProbeError;
use crate::proxy::is_http_proxy;
use crate::resolver::{GuardedResolver, Lookup};
use crate::target::Reach;

/// Maximum time to connect; a host that takes longer is down or drops packets.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Number of bytes that an HTTP/2 server may send ahead of the reader: about what one read needs.
const WINDOW_BYTES: u32 = 64 << 10;

/// Maximum size of the head of an HTTP/2 response in bytes. In HTTP/1, hyper accepts at most 100
/// fields and 400 KB.
const MAX_HEAD_BYTES: u32 = 16 << 10;

/// One HTTP client for each [`Reach`], which connects only to addresses that its resolver permits.
#[derive(Clone, Debug)]
pub(crate) struct Http {
    public: Client,
    loopback: Option<Client>,
}

impl Http {
    /// Builds the clients. `finish` is applied to each last; tests count connections there.
    pub(crate) fn new(
        lookup: &Lookup,
        loopback: bool,
        proxy: Option<Proxy>,
        finish: impl Fn(ClientBuilder) -> ClientBuilder,
    ) -> Result<Self, ProbeError> {
        let build = |reach: Option<Reach>| {
            let lookup = lookup.clone();
            finish(guarded(GuardedResolver { lookup, reach }))
        };
        let public = match proxy {
            // The proxy resolves the names of URLs, so the only name left is its own.
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

    /// Returns the client for a reach. Without a client for loopback, no target has that reach.
    pub(crate) fn client(&self, reach: Reach) -> &Client {
        match (reach, &self.loopback) {
            (Reach::Loopback, Some(loopback)) => loopback,
            _ => &self.public,
        }
    }
}

/// Configures a client that connects only to addresses that `resolver` permits.
///
/// It does nothing else by itself: the caller checks and follows redirects, responses are not
/// decompressed (although other crates may have enabled that feature), and no request is retried.
fn guarded(resolver: GuardedResolver) -> ClientBuilder {
    Client::builder()
        .dns_resolver(resolver)
        .no_proxy()
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .referer(false)
        .no_gzip()
        .no_brotli()
        .no_deflate()
        .no_zstd()
        .connect_timeout(CONNECT_TIMEOUT)
        .http2_max_header_list_size(MAX_HEAD_BYTES)
        .http2_initial_stream_window_size(WINDOW_BYTES)
        .http2_initial_connection_window_size(WINDOW_BYTES)
        .user_agent(concat!("runcomfy-rs/", env!("CARGO_PKG_VERSION")))
}

fn built(client: ClientBuilder) -> Result<Client, ProbeError> {
    client.build().map_err(|e| {
        ProbeError::configuration(format!(
            "the HTTP client for media could not be built ({}); nothing was sent",
            e.without_url()
        ))
    })
}

/// Returns the proxy for https that the environment names, if any.
///
/// `NO_PROXY` is ignored: it lists internal hosts, which a URL from outside must not reach directly.
pub(crate) fn environment_proxy(
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Option<Proxy>, ProbeError> {
    let set = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]
        .into_iter()
        .find_map(|name| Some((name, variable(name).filter(|value| !value.is_empty())?)));
    let Some((name, url)) = set else {
        return Ok(None);
    };
    let invalid = || {
        ProbeError::configuration(format!(
            "the proxy in {name} is invalid, expected a URL such as http://proxy.example:3128; fix the variable or remove it"
        ))
    };
    if !is_http_proxy(&url) {
        return Err(invalid());
    }
    Proxy::https(&url).map(Some).map_err(|_| invalid())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ProbeErrorKind;

    #[test]
    fn proxy_of_the_environment_is_one_for_https() {
        let proxy = |name: &'static str, value: &'static str| {
            environment_proxy(move |variable| (variable == name).then(|| value.to_owned()))
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
    fn password_of_a_proxy_is_not_printed() {
        let proxy = environment_proxy(|_| Some("http://user:s3cret@proxy.example".to_owned()));
        let http = Http::new(&Lookup::System, true, proxy.unwrap(), |client| client).unwrap();
        let shown = format!("{http:?}");
        assert!(!shown.contains("s3cret"), "{shown}");
    }

    /// Needs TLS, since without it nothing is requested by https.
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    #[tokio::test]
    async fn proxy_may_be_internal_and_resolves_names() {
        use tokio::io::AsyncReadExt;

        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let lookup = Lookup::Custom(std::sync::Arc::new(|name| {
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
