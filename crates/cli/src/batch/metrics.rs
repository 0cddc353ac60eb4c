//! The metrics of a batch over HTTP: `--metrics`.

use std::sync::Arc;
use std::time::Duration;

use runcomfy_batch::{Counts, Metrics, Store};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use super::work_options::WorkOptions;
use crate::failure::Failure;
use crate::show;

/// Maximum length of the head of a request.
const MAX_HEAD: usize = 8 << 10;
/// Maximum time for a request and its response.
const MAX_TIME: Duration = Duration::from_secs(10);
/// Time between two reads of the store, however often it is scraped.
const READING: Duration = Duration::from_secs(1);

/// A socket that answers once the batch runs.
pub(crate) struct MetricsServer(TcpListener);

impl MetricsServer {
    /// Listens at the address of `--metrics`, if there is one.
    ///
    /// # Errors
    /// If it is in use.
    pub(crate) async fn listen(options: &WorkOptions) -> Result<Option<Self>, Failure> {
        let Some(address) = options.metrics else {
            return Ok(None);
        };
        let listener = TcpListener::bind(address).await.map_err(|error| {
            Failure::unavailable(format!(
                "could not listen for --metrics at {address}: {error}; nothing was submitted. Choose another port"
            ))
        })?;
        if !options.quiet
            && let Ok(address) = listener.local_addr()
        {
            show::note(&format!("metrics are at http://{address}/metrics"));
        }
        Ok(Some(Self(listener)))
    }

    /// Answers until the runtime ends, in a task of its own.
    pub(crate) fn start(self, title: String, store: Arc<dyn Store>, metrics: Arc<Metrics>) {
        let source = Arc::new(Source {
            title,
            store,
            metrics,
            last: Mutex::new(None),
        });
        tokio::spawn(async move {
            loop {
                match self.0.accept().await {
                    Ok((stream, _)) => {
                        let answer = Arc::clone(&source).answer(stream);
                        tokio::spawn(timeout(MAX_TIME, answer));
                    }
                    // There are too many open files; later there may be fewer.
                    Err(_) => tokio::time::sleep(READING).await,
                }
            }
        });
    }
}

/// The sources of the metrics.
struct Source {
    title: String,
    store: Arc<dyn Store>,
    metrics: Arc<Metrics>,
    /// The counts that were read last, and when.
    last: Mutex<Option<(Instant, Option<Counts>)>>,
}

impl Source {
    async fn answer(self: Arc<Self>, mut stream: TcpStream) {
        let response = match read_target(&mut stream).await.as_deref() {
            Some("/metrics" | "/") => {
                let text = self
                    .metrics
                    .to_text(&self.title, self.counts().await.as_ref());
                response("200 OK", "text/plain; version=0.0.4; charset=utf-8", &text)
            }
            Some(_) => response("404 Not Found", "text/plain", "metrics are at /metrics\n"),
            None => response("400 Bad Request", "text/plain", "expected GET /metrics\n"),
        };
        // Whoever has asked may be gone.
        let _ = stream.write_all(response.as_bytes()).await;
        let _ = stream.shutdown().await;
    }

    /// Reads the counts of the store; none where it cannot be read.
    async fn counts(&self) -> Option<Counts> {
        let mut last = self.last.lock().await;
        if let Some((at, counts)) = &*last
            && at.elapsed() < READING
        {
            return *counts;
        }
        let counts = self.store.counts().await.ok();
        *last = Some((Instant::now(), counts));
        counts
    }
}

/// Returns the target of a request with GET.
async fn read_target(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        if head.len() > MAX_HEAD || stream.read_buf(&mut head).await.ok()? == 0 {
            return None;
        }
    }
    let line = head.split(|byte| *byte == b'\r').next()?;
    let target = std::str::from_utf8(line).ok()?.strip_prefix("GET ")?;
    let path = target.split([' ', '?']).next()?;
    Some(path.to_owned())
}

fn response(status: &str, kind: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}
