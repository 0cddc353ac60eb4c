//! Probes media behind URLs within a deadline.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use runcomfy_media::{Facts, Reader, Step};
use tokio::time::{Instant, timeout_at};

use crate::error::{ProbeError, ProbeErrorKind};
use crate::http::{self, Http};
use crate::resolver::Lookup;
use crate::source::Source;

/// Reads the facts of media behind URLs from as few bytes as possible.
///
/// URLs may come from strangers: requests go only to `https` on port 443 of public addresses, also
/// after redirects. They carry no cookies, tokens or user names. Responses are not decompressed,
/// and no server decides how much is read or how long it takes.
///
/// A prober is cheap to clone; clones share connections.
///
/// ```no_run
/// # async fn example() -> Result<(), runcomfy_probe::ProbeError> {
/// let prober = runcomfy_probe::Prober::builder().build()?;
/// for outcome in prober.probe_all(&["https://cdn.example/photo.jpg"]).await {
///     match outcome {
///         Ok(facts) => println!("{:?} × {:?}", facts.width, facts.height),
///         Err(error) => println!("unknown: {error}"),
///     }
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Prober {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    http: Http,
    deadline: Duration,
    concurrency: usize,
}

/// Maximum deadline; adding a longer one to a clock could overflow.
const MAX_DEADLINE: Duration = Duration::from_secs(24 * 60 * 60);

impl Prober {
    /// Returns a builder whose defaults are safe for URLs from strangers.
    pub fn builder() -> ProberBuilder {
        ProberBuilder::default()
    }

    /// Reads the facts of the media behind one URL.
    ///
    /// A read that fails after the first one is no error: the known facts are returned, and
    /// [`Facts::unknown`] says what is missing.
    ///
    /// # Errors
    /// - [`ProbeErrorKind::Url`], [`ProbeErrorKind::Address`]: the URL, or one that it redirects to,
    ///   must not be fetched. Use a public `https://` URL.
    /// - [`ProbeErrorKind::Redirect`], [`ProbeErrorKind::Status`],
    ///   [`ProbeErrorKind::UnexpectedResponse`]: the server does not send the file. Check the URL.
    /// - [`ProbeErrorKind::Unreachable`], [`ProbeErrorKind::Deadline`]: the server did not respond in
    ///   time. Probe the URL again later.
    pub async fn probe(&self, url: &str) -> Result<Facts, ProbeError> {
        self.probe_by(url, self.deadline()).await
    }

    /// Reads the facts of the media behind several URLs at the same time.
    ///
    /// The outcomes are in the order of the URLs, with the errors of [`probe`](Self::probe). A URL
    /// that occurs twice is fetched once. One [deadline](ProberBuilder::deadline) applies to all.
    pub async fn probe_all(&self, urls: &[impl AsRef<str>]) -> Vec<Result<Facts, ProbeError>> {
        let deadline = self.deadline();
        let distinct: BTreeSet<&str> = urls.iter().map(AsRef::as_ref).collect();
        let probes: Vec<_> = distinct
            .into_iter()
            .map(|url| async move { (url, self.probe_by(url, deadline).await) })
            .collect();
        let outcomes: BTreeMap<&str, _> = stream::iter(probes)
            .buffer_unordered(self.inner.concurrency)
            .collect()
            .await;
        urls.iter()
            .map(|url| outcomes[url.as_ref()].clone())
            .collect()
    }

    fn deadline(&self) -> Instant {
        Instant::now() + self.inner.deadline
    }

    async fn probe_by(&self, url: &str, deadline: Instant) -> Result<Facts, ProbeError> {
        let deadline_passed = || {
            ProbeError::new(
                ProbeErrorKind::Deadline,
                "the deadline for all URLs passed before the media could be read; probe them again later, or with a later deadline",
            )
        };
        // A timeout polls first: without this check, each remaining URL would still be connected to.
        if Instant::now() >= deadline {
            return Err(deadline_passed());
        }
        timeout_at(deadline, self.read(url))
            .await
            .unwrap_or_else(|_| Err(deadline_passed()))
    }

    async fn read(&self, url: &str) -> Result<Facts, ProbeError> {
        let mut source = Source::new(&self.inner.http, url)?;
        let mut reader = Reader::new();
        let mut has_facts = false;
        loop {
            let range = match reader.step() {
                Step::Done(facts) => return Ok(facts),
                Step::Read(range) => range,
            };
            match source.read(range.clone()).await {
                Ok(piece) => {
                    has_facts = true;
                    reader.feed(range.start, &piece.bytes, piece.total);
                    if !piece.seekable {
                        reader.sequential();
                    }
                }
                // Facts from earlier reads are kept.
                Err(error) if has_facts => reader.close(error.to_string()),
                Err(error) => return Err(error),
            }
        }
    }
}

/// Sets up a [`Prober`].
///
/// ```
/// use std::time::Duration;
/// use runcomfy_probe::Prober;
///
/// let prober = Prober::builder()
///     .deadline(Duration::from_secs(5))
///     .concurrency(4)
///     .build()?;
/// # Ok::<(), runcomfy_probe::ProbeError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct ProberBuilder {
    loopback: bool,
    proxy: bool,
    deadline: Duration,
    concurrency: usize,
    lookup: Lookup,
}

impl Default for ProberBuilder {
    fn default() -> Self {
        Self {
            loopback: false,
            proxy: false,
            deadline: Duration::from_secs(20),
            concurrency: 8,
            lookup: Lookup::System,
        }
    }
}

impl ProberBuilder {
    /// Allows URLs of this machine: 127.0.0.0/8 and ::1, also with plain `http` and on any port.
    ///
    /// It is meant for tests and the emulator. Default: `false`.
    pub fn allow_loopback(mut self, allow: bool) -> Self {
        self.loopback = allow;
        self
    }

    /// Sends requests through the proxy in `HTTPS_PROXY` or `ALL_PROXY`, if one is set. Default:
    /// `false`.
    ///
    /// A proxy resolves names by itself, out of this guard's control. Allow it only if the proxy
    /// keeps URLs from strangers away from internal hosts. `NO_PROXY` is ignored.
    pub fn proxy_from_environment(mut self, allow: bool) -> Self {
        self.proxy = allow;
        self
    }

    /// Sets the time after which a call ends, for all of its URLs together. Default: 20 seconds; at
    /// most a day.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline.min(MAX_DEADLINE);
        self
    }

    /// Sets the maximum number of URLs of one call that are probed at the same time. Default: 8; at
    /// least 1.
    pub fn concurrency(mut self, limit: usize) -> Self {
        self.concurrency = limit.max(1);
        self
    }

    /// Resolves host names with `lookup` instead of the system's resolver.
    ///
    /// Its addresses are checked as those of the system are. It is called on the async runtime, so
    /// it must not block.
    pub fn lookup_with(
        mut self,
        lookup: impl Fn(&str) -> io::Result<Vec<IpAddr>> + Send + Sync + 'static,
    ) -> Self {
        self.lookup = Lookup::Custom(Arc::new(lookup));
        self
    }

    /// Builds the prober without sending anything.
    ///
    /// # Errors
    /// - [`ProbeErrorKind::Configuration`]: TLS cannot be set up, for example because the system has
    ///   no root certificates; or the proxy in the environment is invalid. Fix the environment.
    pub fn build(self) -> Result<Prober, ProbeError> {
        self.build_with(|client| client)
    }

    fn build_with(
        self,
        finish: impl Fn(reqwest::ClientBuilder) -> reqwest::ClientBuilder,
    ) -> Result<Prober, ProbeError> {
        let proxy = if self.proxy {
            http::environment_proxy(|name| std::env::var(name).ok())?
        } else {
            None
        };
        let inner = Inner {
            http: Http::new(&self.lookup, self.loopback, proxy, finish)?,
            deadline: self.deadline,
            concurrency: self.concurrency,
        };
        Ok(Prober {
            inner: Arc::new(inner),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::net::TcpListener;
    use tower::util::MapRequestLayer;

    use super::*;

    /// Builds a prober that counts its attempts to connect.
    fn counting(builder: ProberBuilder) -> (Prober, Arc<AtomicUsize>) {
        let connects = Arc::new(AtomicUsize::new(0));
        let counted = connects.clone();
        let prober = builder.build_with(move |client| {
            let counted = counted.clone();
            client.connector_layer(MapRequestLayer::new(move |request| {
                counted.fetch_add(1, Ordering::SeqCst);
                request
            }))
        });
        (prober.unwrap(), connects)
    }

    /// Spellings of this machine's addresses that URL parsers accept.
    const LOOPBACK: &str = "127.0.0.1 127.1 127.0.1 2130706433 0x7f000001 0x7F.0x0.0x0.0x1 \
        0177.0.0.1 017700000001 0177.0.0x1 127.0.0.1. 127.255.255.254 localhost LocalHost \
        localhost. a.localhost １２７.０.０.１ 127。0。0。1 127．0．0．1 127｡0｡0｡1 ①②⑦.⓪.⓪.① \
        ⓛⓞⓒⓐⓛⓗⓞⓢⓣ ｌｏｃａｌｈｏｓｔ local\u{ad}host [::1] [0:0:0:0:0:0:0:1] [::0.0.0.1]";

    /// Spellings of other addresses that are not public.
    const OTHERS: &str = "0 0.0.0.0 0x0 ⓪ [::] [::ffff:127.0.0.1] [::ffff:7f00:1] [::127.0.0.1] \
        [::ffff:10.0.0.1] [::ffff:8.8.8.8] [64:ff9b::a00:1] [64:ff9b::7f00:1] \
        [64:ff9b:1::808:808] [2002:a00:1::] [2002:7f00:1::] [2001:0:a00:1::] \
        [2001:0:808:808::f5ff:fffe] 10.0.0.1 10.1 0xa.1 １０.1 172.16.0.1 192.168.1.1 \
        169.254.169.254 2852039166 0xa9fea9fe 0251.0376.0251.0376 100.64.0.1 192.0.0.8 198.18.0.1 \
        224.0.0.1 255.255.255.255 [fe80::1] [fec0::1] [fd00::1] [fd00:ec2::254] [ff02::1] \
        [2001:db8::1] [3fff::1] [5f00::1] [100::1]";

    #[tokio::test]
    async fn forbidden_address_is_refused_in_every_spelling() {
        for (builder, hosts) in [
            (Prober::builder(), LOOPBACK),
            (Prober::builder(), OTHERS),
            (Prober::builder().allow_loopback(true), OTHERS),
        ] {
            let (prober, connects) = counting(builder);
            for host in hosts.split_whitespace() {
                for scheme in ["https", "http"] {
                    let url = format!("{scheme}://{host}/a.jpg");
                    let error = prober.probe(&url).await.unwrap_err();
                    assert_eq!(error.kind(), ProbeErrorKind::Address, "{url}: {error}");
                }
            }
            assert_eq!(connects.load(Ordering::SeqCst), 0);
        }
    }

    #[tokio::test]
    async fn connects_are_counted() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let (prober, connects) = counting(Prober::builder().allow_loopback(true));
        let (outcome, accepted) = tokio::join!(prober.probe(&url), async {
            listener.accept().await.map(drop)
        });
        assert_eq!(outcome.unwrap_err().kind(), ProbeErrorKind::Unreachable);
        assert!(accepted.is_ok());
        assert_eq!(connects.load(Ordering::SeqCst), 1);
    }
}
