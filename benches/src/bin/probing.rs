//! Cost of probing a large file, against downloading it: bytes and time, from a server on this
//! machine that supports ranges.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use runcomfy::media::Prober;
use runcomfy_benches::{Outcome, Row, Samples, ratios};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const ROUNDS: usize = 31;

/// The fixtures of `runcomfy-media`, made large: a JPEG has its header at the beginning, this MP4
/// its `moov` at the end.
const JPEG: &[u8] = include_bytes!("../../../crates/media/tests/fixtures/progressive.jpg");
const MP4: &[u8] = include_bytes!("../../../crates/media/tests/fixtures/last.mp4");

const MB: u64 = 1_000_000;

/// A media file of which only the ends are kept.
struct LargeFile {
    name: &'static str,
    head: Vec<u8>,
    tail: Vec<u8>,
    size: u64,
}

fn main() -> Outcome {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    runtime.block_on(async {
        for file in [jpeg(15 * MB), mp4(100 * MB)?] {
            measure(file).await?;
        }
        Ok(())
    })
}

/// Bytes after the image's end are not read.
fn jpeg(size: u64) -> LargeFile {
    LargeFile {
        name: "15 MB JPEG",
        head: JPEG.to_vec(),
        tail: Vec::new(),
        size,
    }
}

/// Makes an MP4 of the sample's boxes, with a larger `mdat` between them.
fn mp4(size: u64) -> Outcome<LargeFile> {
    let find = |kind: &[u8]| {
        let at = MP4.windows(4).position(|window| window == kind);
        at.map(|at| at - 4).ok_or("the fixture has other boxes")
    };
    let (mdat, moov) = (find(b"mdat")?, find(b"moov")?);
    let tail = MP4[moov..].to_vec();
    let mut head = MP4[..mdat].to_vec();
    let payload = size - (head.len() + tail.len()) as u64;
    head.extend(u32::try_from(payload)?.to_be_bytes());
    head.extend(b"mdat");
    Ok(LargeFile {
        name: "100 MB MP4, `moov` last",
        head,
        tail,
        size,
    })
}

async fn measure(file: LargeFile) -> Outcome {
    let name = file.name;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/file", listener.local_addr()?);
    let sent = Arc::new(AtomicU64::new(0));
    tokio::spawn(serve(listener, Arc::new(file), sent.clone()));
    let prober = Prober::builder().allow_loopback(true).build()?;
    let http = reqwest::Client::new();
    let (mut probe, mut download) = (Samples::default(), Samples::default());
    let (mut asked, mut whole) = (0, 0);
    for round in 0..=ROUNDS {
        let (start, before) = (Instant::now(), sent.load(Ordering::SeqCst));
        let facts = prober.probe(&url).await?;
        let probing = start.elapsed().as_secs_f64() * 1e3;
        if facts.width.is_none() {
            return Err(format!("{name}: {facts:?}").into());
        }
        asked = sent.load(Ordering::SeqCst) - before;

        let start = Instant::now();
        let mut response = http.get(&url).send().await?;
        whole = 0;
        while let Some(chunk) = response.chunk().await? {
            whole += chunk.len() as u64;
        }
        let downloading = start.elapsed().as_secs_f64() * 1e3;
        // The first warms up.
        if round > 0 {
            probe.push(probing);
            download.push(downloading);
        }
    }
    let row = |what: &str, unit| Row::new(format!("{name}: {what}"), unit);
    row("probing", "ms").print(&probe);
    row("downloading", "ms").print(&download);
    row("downloading against probing", "×").print(&ratios(&download, &probe));
    row("probing, body", "bytes").print_count(usize::try_from(asked)?);
    row("downloading, body", "bytes").print_count(usize::try_from(whole)?);
    Ok(())
}

async fn serve(listener: TcpListener, file: Arc<LargeFile>, sent: Arc<AtomicU64>) {
    while let Ok((stream, _)) = listener.accept().await {
        // Otherwise a short response in two parts waits for the other side's delayed acknowledgement.
        if stream.set_nodelay(true).is_err() {
            continue;
        }
        let (file, sent) = (file.clone(), sent.clone());
        // The prober disconnects once it has its facts.
        tokio::spawn(async move { drop(talk(stream, &file, &sent).await) });
    }
}

/// Answers requests on one connection until it is closed.
async fn talk(mut stream: TcpStream, file: &LargeFile, sent: &AtomicU64) -> std::io::Result<()> {
    loop {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await?);
        }
        let head = String::from_utf8_lossy(&head).to_ascii_lowercase();
        let range = head.split("range: bytes=").nth(1);
        let range = range.and_then(|rest| rest.split("\r\n").next()?.split_once('-'));
        let asked = range.and_then(|(a, b)| Some((a.parse().ok()?, b.parse::<u64>().ok()? + 1)));
        let (start, end) = asked.map_or((0, file.size), |(a, b)| (a, b.min(file.size)));
        let length = end - start;
        let head = match asked {
            Some(_) => format!(
                "HTTP/1.1 206 Partial Content\r\nContent-Length: {length}\r\nContent-Range: bytes {start}-{}/{}\r\n\r\n",
                end - 1,
                file.size
            ),
            None => format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n"),
        };
        stream.write_all(head.as_bytes()).await?;
        let mut at = start;
        while at < end {
            let piece = file.piece(at, end);
            stream.write_all(&piece).await?;
            sent.fetch_add(piece.len() as u64, Ordering::SeqCst);
            at += piece.len() as u64;
        }
    }
}

impl LargeFile {
    /// Returns some bytes from `at` on, not beyond `end`.
    fn piece(&self, at: u64, end: u64) -> Vec<u8> {
        const MAX_BYTES: u64 = 64 << 10;
        let tail = self.size - self.tail.len() as u64;
        let byte = |at: u64| {
            let kept = match at.checked_sub(tail) {
                Some(at) => self.tail.get(usize::try_from(at).unwrap_or(usize::MAX)),
                None => self.head.get(usize::try_from(at).unwrap_or(usize::MAX)),
            };
            kept.copied().unwrap_or_default()
        };
        let end = end.min(at + MAX_BYTES);
        if at >= self.head.len() as u64 && end <= tail {
            return vec![0; usize::try_from(end - at).unwrap_or_default()];
        }
        (at..end).map(byte).collect()
    }
}
