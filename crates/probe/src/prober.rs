//! The prober, its settings and its deadline.

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
use crate::names::Lookup;
use crate::source::Source;

/// Looks at media behind URLs, by reading as few bytes as it can; cheap to clone.
///
/// URLs may come from strangers. Only `https` on port 443 of public addresses is asked, after
/// redirects too; no cookies, tokens or user names are sent; nothing is unpacked, and no server
/// decides how much is read or how long it takes.
///
/// ```no_run
/// # async fn example() -> Result<(), runcomfy_probe::ProbeError> {
/// let prober = runcomfy_probe::Prober::builder().build()?;
/// for outcome in prober.probe_all(&["https://cdn.example/photo.jpg"]).await {
///     match outcome {
///         Ok(facts) => println!("{:?} × {:?}", facts.width, facts.height),
///         Err(error) => println!("cannot tell: {error}"),
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

/// A deadline behind this is none, and adding it to a clock could overflow.
const LONGEST_DEADLINE: Duration = Duration::from_secs(24 * 60 * 60);

impl Prober {
    /// A prober to be set up; its defaults are safe.
    pub fn builder() -> ProberBuilder {
        ProberBuilder::default()
    }

    /// Looks at one medium.
    ///
    /// # Errors
    /// A [`ProbeError`] when nothing can be known of it; its kind says why.
    pub async fn probe(&self, url: &str) -> Result<Facts, ProbeError> {
        self.probe_by(url, self.deadline()).await
    }

    /// Looks at some media at once and gives what is known of each, in the order of the URLs. A
    /// URL that comes twice is asked once. The deadline is one for all.
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
        let late = || {
            ProbeError::new(
                ProbeErrorKind::Deadline,
                "the medium could not be looked at within the time for all URLs",
            )
        };
        // A time-out polls first: without this, each URL left over would still be dialled.
        if Instant::now() >= deadline {
            return Err(late());
        }
        timeout_at(deadline, self.read(url))
            .await
            .unwrap_or_else(|_| Err(late()))
    }

    async fn read(&self, url: &str) -> Result<Facts, ProbeError> {
        let mut source = Source::new(&self.inner.http, url)?;
        let mut reader = Reader::new();
        let mut anything = false;
        loop {
            let range = match reader.step() {
                Step::Done(facts) => return Ok(facts),
                Step::Read(range) => range,
            };
            match source.read(range.clone()).await {
                Ok(piece) => {
                    anything = true;
                    reader.feed(range.start, &piece.bytes, piece.total);
                    if !piece.seekable {
                        reader.sequential();
                    }
                }
                // What the first bytes have told stays known.
                Err(error) if anything => reader.close(error.to_string()),
                Err(error) => return Err(error),
            }
        }
    }
}

/// Settings of a [`Prober`].
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
    /// Whether this machine may be asked: 127.0.0.0/8 and ::1, there also with plain `http` and on
    /// any port. For tests and the emulator; `false` unless set.
    pub fn allow_loopback(mut self, allow: bool) -> Self {
        self.loopback = allow;
        self
    }

    /// Whether to go through the proxy of `HTTPS_PROXY` or `ALL_PROXY`; `false` unless set.
    ///
    /// A proxy looks names up by itself and reaches what it can reach, so it has to keep strangers'
    /// URLs from inner hosts. `NO_PROXY` is not looked at.
    pub fn proxy_from_environment(mut self, allow: bool) -> Self {
        self.proxy = allow;
        self
    }

    /// How long all URLs of one call may take together; 20 s unless set, a day at most.
    pub fn deadline(mut self, limit: Duration) -> Self {
        self.deadline = limit.min(LONGEST_DEADLINE);
        self
    }

    /// How many URLs of one call are asked at the same time; 8 unless set, 1 at least.
    pub fn concurrency(mut self, limit: usize) -> Self {
        self.concurrency = limit.max(1);
        self
    }

    /// Looks names up by this alone, and not as the system does. What it gives is checked all the
    /// same. It must not block.
    pub fn lookup_with(
        mut self,
        lookup: impl Fn(&str) -> io::Result<Vec<IpAddr>> + Send + Sync + 'static,
    ) -> Self {
        self.lookup = Lookup::Given(Arc::new(lookup));
        self
    }

    /// Builds the prober. Nothing is sent yet.
    ///
    /// # Errors
    /// [`ProbeErrorKind::Configuration`] when TLS cannot be set up, or
    /// the environment's proxy cannot be used.
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

    /// A prober that counts how often it is about to connect.
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

    /// This machine, in the spellings that are taken for it.
    const LOOPBACK: &str = "127.0.0.1 127.1 127.0.1 2130706433 0x7f000001 0x7F.0x0.0x0.0x1 \
        0177.0.0.1 017700000001 0177.0.0x1 127.0.0.1. 127.255.255.254 localhost LocalHost \
        localhost. a.localhost １２７.０.０.１ 127。0。0。1 127．0．0．1 127｡0｡0｡1 ①②⑦.⓪.⓪.① \
        ⓛⓞⓒⓐⓛⓗⓞⓢⓣ ｌｏｃａｌｈｏｓｔ local\u{ad}host [::1] [0:0:0:0:0:0:0:1] [::0.0.0.1]";

    /// Other addresses that are not public, in as many.
    const OTHERS: &str = "0 0.0.0.0 0x0 ⓪ [::] [::ffff:127.0.0.1] [::ffff:7f00:1] [::127.0.0.1] \
        [::ffff:10.0.0.1] [::ffff:8.8.8.8] [64:ff9b::a00:1] [64:ff9b::7f00:1] \
        [64:ff9b:1::808:808] [2002:a00:1::] [2002:7f00:1::] [2001:0:a00:1::] \
        [2001:0:808:808::f5ff:fffe] 10.0.0.1 10.1 0xa.1 １０.1 172.16.0.1 192.168.1.1 \
        169.254.169.254 2852039166 0xa9fea9fe 0251.0376.0251.0376 100.64.0.1 192.0.0.8 198.18.0.1 \
        224.0.0.1 255.255.255.255 [fe80::1] [fec0::1] [fd00::1] [fd00:ec2::254] [ff02::1] \
        [2001:db8::1] [3fff::1] [5f00::1] [100::1]";

    #[tokio::test]
    async fn a_forbidden_address_is_not_dialled_in_any_spelling() {
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
    async fn the_counter_of_connects_counts() {
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
