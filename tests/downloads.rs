//! A download ends with the whole file under its name, or with none.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use runcomfy::{Client, ClientBuilder, Error, ErrorKind, Job, Output};
use runcomfy_emulator::{Call, Emulator, Reply};
use runcomfy_models::bytedance::dreamina_4_0::text_to_image::Input;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

/// The bytes of the file at hand.
const SIZE: usize = 1000;

/// Where the first answer is cut in most tests.
const CUT: usize = 400;

const DAY: &str = "Fri, 20 Nov 2026 10:00:00 GMT";

fn content(seed: u8, size: usize) -> Vec<u8> {
    (0..size)
        .map(|at| seed.wrapping_add(u8::try_from(at * 31 % 251).unwrap()))
        .collect()
}

/// A server in this runtime, so that its clock is the test's.
struct Server {
    base: String,
    log: Arc<Log>,
}

#[derive(Default)]
struct Log {
    seen: Mutex<Vec<PollResult>>,
    /// Bytes of bodies.
    sent: AtomicUsize,
    open: AtomicUsize,
    most_open: AtomicUsize,
}

/// A request.
#[derive(Clone, Debug)]
struct PollResult {
    path: String,
    head: String,
}

impl PollResult {
    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    /// The first byte that is asked for.
    fn start(&self) -> usize {
        let range = self.header("range");
        range.map_or(0, |range| {
            let start = range.strip_prefix("bytes=").unwrap();
            start.strip_suffix('-').unwrap().parse().unwrap()
        })
    }
}

#[derive(Clone, Debug)]
struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    delay: Duration,
    /// Whether the connection stays open and silent at the end.
    stalls: bool,
}

impl Answer {
    fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: body.into(),
            delay: Duration::ZERO,
            stalls: false,
        }
    }

    /// A whole file with its length.
    fn whole(body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        let length = body.len();
        Self::new(200, body).header("content-length", length.to_string())
    }

    /// What a good server gives: the file, or the part of it that is asked for where the version
    /// is still the same.
    fn stored(seen: &PollResult, file: &[u8], version: (&'static str, &str)) -> Self {
        let same = seen.header("if-range") == Some(version.1);
        let start = if same { seen.start() } else { 0 };
        let answer = if start == 0 {
            Self::whole(file)
        } else if start < file.len() {
            let (last, total) = (file.len() - 1, file.len());
            let rest = Self::new(206, &file[start..])
                .header("content-length", (total - start).to_string());
            rest.header("content-range", format!("bytes {start}-{last}/{total}"))
        } else {
            Self::new(416, "").header("content-range", format!("bytes */{}", file.len()))
        };
        answer.header(version.0, version.1)
    }

    fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value.into()));
        self
    }

    fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self
    }

    /// Ends after so many bytes of the body.
    fn cut(mut self, length: usize) -> Self {
        self.body.truncate(length);
        self
    }

    fn stalling(mut self) -> Self {
        self.stalls = true;
        self
    }
}

impl Server {
    async fn start(answer: impl Fn(usize, &PollResult) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let log = Arc::new(Log::default());
        let (answer, kept) = (Arc::new(answer), log.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, kept.clone(), answer.clone()));
            }
        });
        Self { base, log }
    }

    /// One good server for one file.
    async fn storing(file: Vec<u8>) -> Self {
        Self::start(move |_, seen| Answer::stored(seen, &file, ("etag", "\"v1\""))).await
    }

    fn url(&self) -> String {
        format!("{}/out/a.png?sig=s3cret", self.base)
    }

    fn seen(&self) -> Vec<PollResult> {
        self.log.seen.lock().unwrap().clone()
    }

    /// Where each request began.
    fn starts(&self) -> Vec<usize> {
        self.seen().iter().map(PollResult::start).collect()
    }

    fn sent(&self) -> usize {
        self.log.sent.load(Ordering::SeqCst)
    }

    fn client(&self) -> Client {
        self.builder().build().unwrap()
    }

    fn builder(&self) -> ClientBuilder {
        Client::builder().token("t0ken").base_url(&self.base)
    }

    fn job(&self) -> Job<Output> {
        self.client().json_job("r1".parse().unwrap())
    }
}

async fn serve(
    mut stream: TcpStream,
    log: Arc<Log>,
    answer: Arc<impl Fn(usize, &PollResult) -> Answer>,
) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8(head).unwrap();
    let path = head.split(' ').nth(1).unwrap().to_owned();
    let seen = PollResult { path, head };
    let number = {
        let mut all = log.seen.lock().unwrap();
        all.push(seen.clone());
        all.len() - 1
    };
    let answer = answer(number, &seen);
    let open = log.open.fetch_add(1, Ordering::SeqCst) + 1;
    log.most_open.fetch_max(open, Ordering::SeqCst);
    if !answer.delay.is_zero() {
        tokio::time::sleep(answer.delay).await;
    }
    log.open.fetch_sub(1, Ordering::SeqCst);
    let mut text = format!("HTTP/1.1 {} X\r\nconnection: close\r\n", answer.status);
    for (name, value) in &answer.headers {
        text += &format!("{name}: {value}\r\n");
    }
    text += "\r\n";
    stream.write_all(text.as_bytes()).await?;
    stream.write_all(&answer.body).await?;
    log.sent.fetch_add(answer.body.len(), Ordering::SeqCst);
    if answer.stalls {
        // Ends when the client goes away.
        stream.read_u8().await?;
    }
    stream.shutdown().await
}

/// The files in a folder with what is in them.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read(path).unwrap())
        })
        .collect();
    files.sort();
    files
}

/// Downloads into a new folder.
async fn fetch(server: &Server) -> (Result<PathBuf, Error>, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let outcome = server.client().download(&server.url(), folder.path()).await;
    (outcome, folder)
}

/// The file that arrives, which must be the only one in its folder.
async fn fetched(server: &Server) -> Vec<u8> {
    let (outcome, folder) = fetch(server).await;
    let path = outcome.unwrap();
    let [(name, bytes)] = &files(folder.path())[..] else {
        panic!("one file, not {:?}", std::fs::read_dir(folder.path()));
    };
    assert_eq!(path, folder.path().join(name));
    assert_eq!(name, "a.png");
    bytes.clone()
}

/// The error, which must leave nothing behind and tell no secret.
async fn failed(server: &Server) -> Error {
    let (outcome, folder) = fetch(server).await;
    assert_eq!(files(folder.path()), []);
    let error = outcome.unwrap_err();
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains("s3cret"), "{shown}");
    error
}

#[tokio::test(start_paused = true)]
async fn a_cut_at_any_byte_is_resumed_there() {
    let file = content(7, 60);
    for at in 1..=60 {
        let stored = file.clone();
        let server =
            Server::start(move |_, seen| Answer::stored(seen, &stored, ("etag", "\"v1\"")).cut(at))
                .await;
        assert_eq!(fetched(&server).await, file);
        let starts: Vec<usize> = (0..60).step_by(at).collect();
        assert_eq!(server.starts(), starts);
        assert_eq!(server.sent(), 60, "no byte is sent twice");
        for seen in &server.seen()[1..] {
            assert_eq!(seen.header("if-range"), Some("\"v1\""));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn without_an_etag_the_date_tells_the_version() {
    let server = Server::start(|number, seen| {
        let answer = Answer::stored(seen, &content(7, SIZE), ("last-modified", DAY));
        let answer = answer.header("etag", "W/\"weak\"");
        if number == 0 { answer.cut(CUT) } else { answer }
    })
    .await;
    assert_eq!(fetched(&server).await, content(7, SIZE));
    assert_eq!(server.starts(), [0, CUT]);
    assert_eq!(server.seen()[1].header("if-range"), Some(DAY));
    assert_eq!(server.sent(), SIZE);
}

#[tokio::test(start_paused = true)]
async fn where_nothing_tells_the_version_it_starts_over() {
    for tag in [None, Some("W/\"weak\"")] {
        let server = Server::start(move |number, _| {
            let answer = Answer::whole(content(7, SIZE));
            let answer = match tag {
                Some(tag) => answer.header("etag", tag),
                None => answer,
            };
            if number == 0 { answer.cut(CUT) } else { answer }
        })
        .await;
        assert_eq!(fetched(&server).await, content(7, SIZE));
        for seen in server.seen() {
            assert_eq!(
                (seen.header("range"), seen.header("if-range")),
                (None, None)
            );
        }
        assert_eq!(server.sent(), CUT + SIZE);
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_without_range_starts_over() {
    let server = Server::start(|number, _| {
        let answer = Answer::whole(content(7, SIZE)).header("etag", "\"v1\"");
        if number == 0 { answer.cut(CUT) } else { answer }
    })
    .await;
    assert_eq!(fetched(&server).await, content(7, SIZE));
    assert_eq!(server.starts(), [0, CUT]);
    assert_eq!(server.sent(), CUT + SIZE);
}

#[tokio::test(start_paused = true)]
async fn a_changed_file_starts_over() {
    let server = Server::start(|number, seen| match number {
        0 => Answer::stored(seen, &content(7, SIZE), ("etag", "\"v1\"")).cut(CUT),
        _ => Answer::stored(seen, &content(9, 300), ("etag", "\"v2\"")),
    })
    .await;
    assert_eq!(fetched(&server).await, content(9, 300));
    assert_eq!(server.starts(), [0, CUT]);
}

/// Answers to a resume that must not be glued to what is there.
#[tokio::test(start_paused = true)]
async fn wrong_parts_are_thrown_away_with_what_was_there() {
    let wrong: [fn(Answer) -> Answer; 11] = [
        |part| part.header("etag", "\"v2\""),
        |part| part.header("etag", "W/\"v1\""),
        |part| part.header("content-range", "bytes 0-599/1000"),
        |part| part.header("content-range", "bytes 401-1000/1001"),
        |part| part.header("content-range", "bytes 400-999/900"),
        |part| part.header("content-range", "bytes 400-1099/1100"),
        |part| part.header("content-range", "bytes */1000"),
        |part| part.without("content-range"),
        |part| part.header("content-encoding", "gzip"),
        // More bytes than announced, with and without a length.
        |part| part.header("content-range", "bytes 400-899/1000"),
        |part| {
            let long = Answer {
                body: content(7, 700),
                ..part
            };
            long.without("content-length")
        },
    ];
    for (case, wrong) in wrong.into_iter().enumerate() {
        let server = Server::start(move |number, seen| {
            let answer = Answer::stored(seen, &content(7, SIZE), ("etag", "\"v1\""));
            match number {
                0 => answer.cut(CUT),
                1 => {
                    let mut answer = wrong(answer);
                    // Other bytes than the right ones, so that they are missed if they are kept.
                    answer.body.fill(0);
                    answer
                }
                _ => answer,
            }
        })
        .await;
        assert_eq!(fetched(&server).await, content(7, SIZE), "case {case}");
        assert_eq!(server.starts(), [0, CUT, 0], "case {case}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_part_of_unknown_size_is_never_taken_for_the_rest() {
    // No length at first: chunked, and cut.
    let server = Server::start(|number, seen| {
        let answer = Answer::stored(seen, &content(7, SIZE), ("etag", "\"v1\""));
        match number {
            0 => {
                let mut body = b"190\r\n".to_vec();
                body.extend(content(7, CUT));
                body.extend(b"\r\n");
                Answer { body, ..answer }
                    .without("content-length")
                    .header("transfer-encoding", "chunked")
            }
            1 => answer.header("content-range", "bytes 400-999/*"),
            _ => answer,
        }
    })
    .await;
    assert_eq!(fetched(&server).await, content(7, SIZE));
    assert_eq!(server.starts(), [0, CUT, 0]);
}

/// The size is first told by a part, and the next part tells another.
#[tokio::test(start_paused = true)]
async fn parts_of_two_sizes_are_not_mixed() {
    let server = Server::start(|number, seen| {
        let answer = Answer::stored(seen, &content(7, SIZE), ("etag", "\"v1\""));
        match number {
            0 => {
                let mut body = b"190\r\n".to_vec();
                body.extend(content(7, CUT));
                Answer { body, ..answer }
                    .without("content-length")
                    .header("transfer-encoding", "chunked")
            }
            1 => answer.cut(100),
            2 => answer.header("content-range", "bytes 500-999/1100"),
            _ => answer,
        }
    })
    .await;
    assert_eq!(fetched(&server).await, content(7, SIZE));
    assert_eq!(server.starts(), [0, CUT, CUT + 100, 0]);
}

#[tokio::test(start_paused = true)]
async fn where_nothing_has_come_the_whole_is_asked_for() {
    let server = Server::start(|number, seen| {
        let answer = Answer::stored(seen, &content(7, SIZE), ("etag", "\"v1\""));
        if number == 0 { answer.cut(0) } else { answer }
    })
    .await;
    assert_eq!(fetched(&server).await, content(7, SIZE));
    assert_eq!(server.seen()[1].header("range"), None);
}

#[tokio::test(start_paused = true)]
async fn short_parts_are_put_together() {
    let server = Server::start(|_, seen| {
        let answer = Answer::stored(seen, &content(7, SIZE), ("etag", "\"v1\"")).cut(150);
        if seen.start() == 0 {
            return answer;
        }
        let (start, length) = (seen.start(), answer.body.len());
        let range = format!("bytes {start}-{}/{SIZE}", start + length - 1);
        answer
            .header("content-range", range)
            .header("content-length", length.to_string())
    })
    .await;
    assert_eq!(fetched(&server).await, content(7, SIZE));
    assert_eq!(server.sent(), SIZE);
    assert_eq!(server.seen().len(), 7);
}

#[tokio::test(start_paused = true)]
async fn a_length_that_is_too_long_is_no_whole_file() {
    // The file has 600 bytes, and the server says 1000.
    let server = Server::start(|_, seen| {
        let answer = Answer::stored(seen, &content(7, 600), ("etag", "\"v1\""));
        if seen.start() == 0 {
            return answer.header("content-length", SIZE.to_string());
        }
        answer
    })
    .await;
    let error = failed(&server).await;
    // The first try brings something, and five more in a row do not.
    assert_eq!(error.attempts(), 6, "{error}");
    assert_eq!(server.starts(), [0, 600, 0, 600, 0, 600]);
    assert!(
        error.is_transient() && error.to_string().contains("6 attempts"),
        "{error}"
    );
}

#[tokio::test(start_paused = true)]
async fn bytes_behind_the_announced_length_are_none_of_the_file() {
    let server =
        Server::start(|_, _| Answer::new(200, content(7, SIZE)).header("content-length", "600"))
            .await;
    assert_eq!(fetched(&server).await, content(7, 600));
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_empty_file_is_one_too() {
    let server = Server::start(|_, _| Answer::whole("")).await;
    assert_eq!(fetched(&server).await, b"");
}

#[tokio::test(start_paused = true)]
async fn a_stall_is_resumed() {
    let server = Server::start(|number, seen| {
        let answer = Answer::stored(seen, &content(7, SIZE), ("etag", "\"v1\""));
        match number {
            0 => answer.cut(CUT).stalling(),
            // Before the head this time.
            1 => Answer {
                delay: Duration::from_secs(21),
                ..answer
            },
            _ => answer,
        }
    })
    .await;
    let started = Instant::now();
    assert_eq!(fetched(&server).await, content(7, SIZE));
    assert_eq!(server.starts(), [0, CUT, CUT]);
    assert!(
        started.elapsed() >= Duration::from_secs(40),
        "on the test's clock"
    );
}

#[tokio::test(start_paused = true)]
async fn a_slow_server_is_no_stall() {
    let server = Server::start(|_, _| Answer {
        delay: Duration::from_secs(19),
        ..Answer::whole(content(7, SIZE))
    })
    .await;
    assert_eq!(fetched(&server).await, content(7, SIZE));
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn all_there_is_enough_however_the_connection_ends() {
    // The end of a chunked part is missing, and its Content-Range says that nothing else is.
    let server = Server::start(|number, seen| {
        let answer = Answer::stored(seen, &content(7, SIZE), ("etag", "\"v1\""));
        if number == 0 {
            return answer.cut(CUT);
        }
        let mut body = b"258\r\n".to_vec();
        body.extend(&answer.body);
        body.extend(b"\r\n");
        let answer = Answer { body, ..answer }.without("content-length");
        answer.header("transfer-encoding", "chunked").stalling()
    })
    .await;
    assert_eq!(fetched(&server).await, content(7, SIZE));
    assert_eq!(server.starts(), [0, CUT]);
}

#[tokio::test(start_paused = true)]
async fn what_brings_nothing_ends_after_six_tries() {
    for (answer, kind) in [
        (
            Answer::whole(content(7, SIZE)).cut(0),
            ErrorKind::ResponseLost,
        ),
        (
            Answer::whole(content(7, SIZE)).cut(0).stalling(),
            ErrorKind::ResponseLost,
        ),
        (Answer::new(500, ""), ErrorKind::Unavailable),
        (Answer::new(408, ""), ErrorKind::Unavailable),
        (
            Answer::new(429, "").header("retry-after", "60"),
            ErrorKind::Throttled,
        ),
        (
            Answer::new(206, "x").header("content-range", "bytes 0-0/1"),
            ErrorKind::Unreadable,
        ),
        (Answer::new(204, ""), ErrorKind::Unreadable),
        (Answer::new(302, ""), ErrorKind::Unreadable),
        (
            Answer::whole("packed").header("content-encoding", "br"),
            ErrorKind::Unreadable,
        ),
    ] {
        let shown = format!("{answer:?}");
        let server = Server::start(move |_, _| answer.clone()).await;
        let error = failed(&server).await;
        assert_eq!(
            (error.kind(), error.attempts()),
            (kind, 6),
            "{shown}: {error}"
        );
        assert_eq!(server.seen().len(), 6, "{shown}");
    }
}

/// A server that is always cut at the same byte and cannot resume gets no further.
#[tokio::test(start_paused = true)]
async fn the_same_bytes_again_are_no_progress() {
    let server = Server::start(|_, _| Answer::whole(content(7, SIZE)).cut(CUT)).await;
    let error = failed(&server).await;
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::ResponseLost, 6)
    );
    assert_eq!(server.sent(), 6 * CUT);
}

#[tokio::test(start_paused = true)]
async fn without_a_connection_it_is_tried_six_times() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap();
    drop(listener);
    let (base, log) = (format!("http://{host}"), Arc::default());
    let error = failed(&Server { base, log }).await;
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::NotSent, 6));
    let words = format!("no connection to {host} could be made (after 6 attempts)");
    assert_eq!(error.to_string(), words);
}

#[tokio::test(start_paused = true)]
async fn the_server_says_when_to_come_back() {
    let server = Server::start(|number, seen| match number {
        0 => Answer::new(503, "").header("retry-after", "47"),
        _ => Answer::stored(seen, &content(7, SIZE), ("etag", "\"v1\"")),
    })
    .await;
    let started = Instant::now();
    assert_eq!(fetched(&server).await, content(7, SIZE));
    assert_eq!(started.elapsed().as_secs(), 47, "on the test's clock");
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn too_long_a_pause_is_the_callers_to_make() {
    let server = Server::start(|_, _| Answer::new(429, "").header("retry-after", "61")).await;
    let error = failed(&server).await;
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Throttled, 1));
    assert_eq!(error.retry_after(), Some(Duration::from_secs(61)));
}

#[tokio::test(start_paused = true)]
async fn an_outage_makes_no_storm() {
    let server = Server::start(|_, _| Answer::new(503, "")).await;
    let client = server.client();
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..200 {
        let error = client.download(&server.url(), folder.path()).await;
        assert_eq!(error.unwrap_err().kind(), ErrorKind::Unavailable);
    }
    // Each once, and the hundred tries that all calls of a client have together.
    assert_eq!(server.seen().len(), 300);
    assert!(client.balance().await.is_err());
    assert_eq!(server.seen().len(), 301, "reads share it");
}

#[tokio::test(start_paused = true)]
async fn what_comes_further_needs_no_budget() {
    let server = Server::start(|number, seen| {
        if number < 30 {
            return Answer::new(503, "");
        }
        Answer::stored(seen, &content(7, 200), ("etag", "\"v1\"")).cut(1)
    })
    .await;
    let client = server.client();
    let folder = tempfile::tempdir().unwrap();
    // Five of six tries each come out of the budget.
    for _ in 0..5 {
        let error = client.download(&server.url(), folder.path()).await;
        assert_eq!(error.unwrap_err().attempts(), 6);
    }
    let path = client.download(&server.url(), folder.path()).await.unwrap();
    assert_eq!(std::fs::read(path).unwrap(), content(7, 200));
    assert_eq!(server.seen().len(), 230);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_final() {
    for (status, kind) in [
        (400, ErrorKind::BadRequest),
        (401, ErrorKind::Forbidden),
        (403, ErrorKind::Forbidden),
        (404, ErrorKind::NotFound),
        (410, ErrorKind::NotFound),
        (416, ErrorKind::BadRequest),
        (451, ErrorKind::BadRequest),
    ] {
        let server = Server::start(move |_, _| Answer::new(status, "<html>")).await;
        let error = failed(&server).await;
        assert_eq!(
            (error.kind(), error.http_status()),
            (kind, Some(status)),
            "{error}"
        );
        assert_eq!(server.seen().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn redirects_lead_to_permitted_hosts_alone() {
    let foreign = Server::storing(content(7, SIZE)).await;
    // Another name for this machine, and so another host.
    let url = foreign.url().replace("127.0.0.1", "localhost");
    let server =
        Server::start(move |_, _| Answer::new(302, "").header("location", url.clone())).await;
    let error = failed(&server).await;
    assert_eq!(error.kind(), ErrorKind::Configuration, "{error}");
    assert!(error.to_string().contains("localhost"), "{error}");
    assert_eq!((server.seen().len(), foreign.seen().len()), (1, 0));

    let client = server.builder().download_from_any_host(true).build();
    let folder = tempfile::tempdir().unwrap();
    let file = client.unwrap().download(&server.url(), folder.path()).await;
    assert_eq!(std::fs::read(file.unwrap()).unwrap(), content(7, SIZE));
    for seen in server.seen().iter().chain(&foreign.seen()) {
        assert!(!seen.head.contains("t0ken"), "{}", seen.head);
        assert_eq!(seen.header("referer"), None);
    }
}

/// A client from outside follows redirects by itself; what comes from there is not taken.
#[tokio::test(start_paused = true)]
async fn a_redirect_that_was_followed_is_not_taken_either() {
    let foreign = Server::storing(content(7, SIZE)).await;
    let url = foreign.url().replace("127.0.0.1", "localhost");
    let server =
        Server::start(move |_, _| Answer::new(302, "").header("location", url.clone())).await;
    let client = server.builder().http_client(reqwest::Client::new()).build();
    let folder = tempfile::tempdir().unwrap();
    let outcome = client.unwrap().download(&server.url(), folder.path()).await;
    assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Configuration);
    assert_eq!(files(folder.path()), []);
}

#[tokio::test(start_paused = true)]
async fn a_redirected_download_is_resumed_where_it_leads_then() {
    let server = Server::start(|number, seen| {
        let answer = Answer::stored(seen, &content(7, SIZE), ("etag", "\"v1\""));
        match number {
            0 | 2 => Answer::new(307, "").header("location", format!("/moved/{number}")),
            1 => answer.cut(CUT),
            _ => answer,
        }
    })
    .await;
    assert_eq!(fetched(&server).await, content(7, SIZE));
    let seen = server.seen();
    let paths: Vec<&str> = seen.iter().map(|seen| &*seen.path).collect();
    let first = "/out/a.png?sig=s3cret";
    assert_eq!(paths, [first, "/moved/0", first, "/moved/2"]);
    assert_eq!(server.starts()[3], CUT);
    assert_eq!(server.sent(), SIZE);
}

#[tokio::test(start_paused = true)]
async fn redirects_come_to_an_end() {
    let server = Server::start(|_, _| Answer::new(302, "").header("location", "again")).await;
    let error = failed(&server).await;
    assert_eq!(error.kind(), ErrorKind::Unreadable, "{error}");
    assert_eq!(server.seen().len(), 36, "six tries of six requests");
}

#[tokio::test(start_paused = true)]
async fn a_file_above_the_limit_is_not_kept() {
    let told = Answer::whole(content(7, SIZE));
    let untold = told.clone().without("content-length");
    for answer in [told, untold] {
        let server = Server::start(move |_, _| answer.clone()).await;
        let folder = tempfile::tempdir().unwrap();
        let client = server.client();
        let limit = u64::try_from(SIZE).unwrap();
        let url = server.url();
        let download = || client.download(&url, folder.path());
        let error = download().size_limit(limit - 1).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");
        assert_eq!((server.seen().len(), files(folder.path())), (1, vec![]));

        let client = server.builder().download_size_limit(limit - 1).build();
        let error = client.unwrap().download(&server.url(), folder.path()).await;
        assert_eq!(error.unwrap_err().kind(), ErrorKind::TooLarge);

        download().size_limit(limit).await.unwrap();
        assert_eq!(files(folder.path()).len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_written_of_a_file_that_tells_its_size() {
    let server = Server::storing(content(7, SIZE)).await;
    let folder = tempfile::tempdir().unwrap();
    let mut pieces = 0;
    let outcome = server
        .client()
        .download(&server.url(), folder.path())
        .size_limit(10)
        .on_progress(|_| pieces += 1)
        .await;
    assert_eq!(outcome.unwrap_err().kind(), ErrorKind::TooLarge);
    assert_eq!(pieces, 0);
}

#[tokio::test(start_paused = true)]
async fn where_no_file_can_be_nothing_is_asked() {
    let server = Server::storing(content(7, SIZE)).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "in the way").unwrap();
    let url = server.url();
    let outcome = server.client().download(&url, &file.join("below")).await;
    assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Io);
    assert_eq!(
        files(folder.path()),
        [("file".to_owned(), b"in the way".to_vec())]
    );
    assert_eq!(server.seen().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn names_from_outside_are_harmless_and_never_taken() {
    let server = Server::start(|_, seen| Answer::whole(seen.path.clone())).await;
    let (client, folder) = (server.client(), tempfile::tempdir().unwrap());
    for (path, name) in [
        ("/a.png", "a.png"),
        ("/b/a.png", "a-1.png"),
        ("/c/a.png", "a-2.png"),
        ("/..%2f..%2fa.png", "_2f.._2fa.png"),
        ("/NUL", "_NUL"),
        ("/", "output"),
    ] {
        let url = format!("{}{path}", server.base);
        let file = client.download(&url, folder.path()).await.unwrap();
        assert_eq!(file, folder.path().join(name));
        assert_eq!(std::fs::read_to_string(file).unwrap(), path);
    }
}

#[tokio::test(start_paused = true)]
async fn files_of_one_name_come_at_once() {
    let server = Server::start(|_, seen| Answer {
        delay: Duration::from_secs(1),
        ..Answer::whole(seen.path.clone())
    })
    .await;
    let (client, folder) = (server.client(), tempfile::tempdir().unwrap());
    let urls = ["/1/a.png", "/2/a.png"].map(|path| format!("{}{path}", server.base));
    let (one, two) = tokio::join!(
        async { client.download(&urls[0], folder.path()).await },
        async { client.download(&urls[1], folder.path()).await },
    );
    assert_eq!(std::fs::read(one.unwrap()).unwrap(), b"/1/a.png");
    assert_eq!(std::fs::read(two.unwrap()).unwrap(), b"/2/a.png");
    let names: Vec<String> = files(folder.path())
        .into_iter()
        .map(|file| file.0)
        .collect();
    assert_eq!(names, ["a-1.png", "a.png"]);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_download_leaves_nothing() {
    let server = Server::start(|_, _| Answer::whole(content(7, SIZE)).cut(CUT).stalling()).await;
    let (client, folder) = (server.client(), tempfile::tempdir().unwrap());
    let (url, come) = (server.url(), tokio::sync::Notify::new());
    let download = client.download(&url, folder.path()).on_progress(|now| {
        if now.bytes == CUT as u64 {
            come.notify_one();
        }
    });
    tokio::select! {
        outcome = download => panic!("{outcome:?}"),
        () = come.notified() => {}
    }
    assert_eq!(files(folder.path()), []);
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn so_many_come_at_once_as_the_client_is_set_up_for() {
    for (limit, at_once) in [(None, 4), (Some(3), 3), (Some(0), 1)] {
        let server = Server::start(|_, _| Answer {
            delay: Duration::from_secs(5),
            ..Answer::whole(content(7, SIZE))
        })
        .await;
        let builder = server.builder();
        let builder = match limit {
            Some(limit) => builder.download_concurrency(limit),
            None => builder,
        };
        let (client, folder) = (builder.build().unwrap(), tempfile::tempdir().unwrap());
        let downloads: Vec<_> = (0..9)
            .map(|_| {
                let (client, url, folder) =
                    (client.clone(), server.url(), folder.path().to_owned());
                tokio::spawn(async move { client.download(&url, &folder).await })
            })
            .collect();
        for download in downloads {
            download.await.unwrap().unwrap();
        }
        assert_eq!(files(folder.path()).len(), 9);
        assert_eq!(server.log.most_open.load(Ordering::SeqCst), at_once);
    }
}

#[tokio::test(start_paused = true)]
async fn progress_is_told_from_the_first_byte_to_the_last() {
    let server = Server::start(|number, seen| match number {
        0 => Answer::stored(seen, &content(7, SIZE), ("etag", "\"v1\"")).cut(CUT),
        1 => Answer::stored(seen, &content(7, SIZE), ("etag", "\"v1\"")).cut(200),
        _ => Answer::stored(seen, &content(9, 900), ("etag", "\"v2\"")),
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let mut told = Vec::new();
    server
        .client()
        .download(&server.url(), folder.path())
        .on_progress(|now| {
            assert_eq!((now.file, now.files), (0, 1));
            told.push((now.bytes, now.total));
        })
        .await
        .unwrap();
    let (old, new) = (Some(1000), Some(900));
    // A piece may come in two.
    for expected in [(0, old), (400, old), (600, old), (0, new), (900, new)] {
        assert!(told.contains(&expected), "{expected:?} in {told:?}");
    }
    assert_eq!(told.first(), Some(&(0, old)));
    assert_eq!(told.last(), Some(&(900, new)));
}

/// The result of a job whose output this is.
fn result(output: &Value) -> Answer {
    Answer::whole(json!({ "status": "completed", "output": output }).to_string())
}

#[tokio::test(start_paused = true)]
async fn a_link_that_dies_in_the_middle_is_read_anew_and_gone_on_with() {
    for dead in [403, 404, 410] {
        let server = Server::start(move |number, seen| {
            let answer = Answer::stored(seen, &content(7, SIZE), ("etag", "\"v1\""));
            match (number, &*seen.path) {
                (0, "/a.png?sig=old") => answer.cut(CUT),
                (1, "/a.png?sig=old") => Answer::new(dead, "expired"),
                (2, "/v1/requests/r1/result") => {
                    let host = seen.header("host").unwrap();
                    result(&json!({"image": format!("http://{host}/a.png?sig=new")}))
                }
                (3, "/a.png?sig=new") => answer,
                other => panic!("{other:?}"),
            }
        })
        .await;
        let folder = tempfile::tempdir().unwrap();
        let old = format!("{}/a.png?sig=old", server.base);
        let output = Output::from(json!({ "image": old }));
        let job = server.job();
        let paths = job.download(&output, folder.path()).await.unwrap();
        assert_eq!(paths, [folder.path().join("a.png")]);
        assert_eq!(
            files(folder.path()),
            [("a.png".to_owned(), content(7, SIZE))]
        );
        assert_eq!(server.starts(), [0, CUT, 0, CUT]);
        let token: Vec<bool> = server
            .seen()
            .iter()
            .map(|s| s.head.contains("t0ken"))
            .collect();
        assert_eq!(token, [false, false, true, false]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_dead_link_is_read_anew_once() {
    // The new link is dead too, is the old one, or leads elsewhere.
    for (link, kind, requests) in [
        ("http://HOST/b.png", ErrorKind::NotFound, 3),
        ("http://HOST/a.png", ErrorKind::NotFound, 2),
        (
            "https://elsewhere.example/a.png",
            ErrorKind::Configuration,
            2,
        ),
    ] {
        let server = Server::start(move |_, seen| {
            if seen.path != "/v1/requests/r1/result" {
                return Answer::new(404, "");
            }
            let link = link.replace("HOST", seen.header("host").unwrap());
            result(&json!({ "image": link }))
        })
        .await;
        let folder = tempfile::tempdir().unwrap();
        let output = Output::from(json!({"image": format!("{}/a.png", server.base)}));
        let error = server
            .job()
            .download(&output, folder.path())
            .await
            .unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert_eq!(error.request_id().unwrap().as_str(), "r1");
        assert_eq!(server.seen().len(), requests, "{:?}", server.seen());
        assert_eq!(files(folder.path()), []);
    }
}

#[tokio::test(start_paused = true)]
async fn a_job_that_is_gone_says_so() {
    for (answer, kind) in [
        (
            Answer::whole(r#"{"error_code":404001}"#),
            ErrorKind::NotFound,
        ),
        (result(&json!(null)), ErrorKind::Unreadable),
    ] {
        let server = Server::start(move |_, seen| {
            if seen.path == "/v1/requests/r1/result" {
                answer.clone()
            } else {
                Answer::new(410, "")
            }
        })
        .await;
        let folder = tempfile::tempdir().unwrap();
        let output = Output::from(json!({"image": server.url()}));
        let error = server
            .job()
            .download(&output, folder.path())
            .await
            .unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert_eq!(server.seen().len(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn what_arrived_stays_when_another_file_does_not() {
    let server = Server::start(|_, seen| match &*seen.path {
        "/2.png" => Answer::new(400, ""),
        path => Answer::whole(path),
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let url = |name: &str| format!("{}/{name}", server.base);
    let output = Output::from(json!([url("1.png"), url("2.png"), url("3.png")]));
    let job = server.job();
    let mut ended = Vec::new();
    let outcome = job
        .download(&output, folder.path())
        .on_progress(|now| {
            assert_eq!(now.files, 3);
            if Some(now.bytes) == now.total {
                ended.push(now.file);
            }
        })
        .await;
    assert_eq!(outcome.unwrap_err().kind(), ErrorKind::BadRequest);
    let names: Vec<String> = files(folder.path())
        .into_iter()
        .map(|file| file.0)
        .collect();
    assert_eq!(names, ["1.png", "3.png"]);
    ended.sort_unstable();
    assert_eq!(ended, [0, 2]);
}

#[tokio::test(start_paused = true)]
async fn each_outcome_is_told_where_some_arrive() {
    let server = Server::start(|_, seen| match &*seen.path {
        "/2.png" => Answer::new(302, "").header("location", "https://input.example/2.png"),
        "/3.png" => Answer::new(400, ""),
        path => Answer::whole(path),
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let url = |name: &str| format!("{}/{name}", server.base);
    let output = Output::from(json!({
        "source": "https://input.example/mine.jpg?sig=s3cret",
        "images": [url("1.png"), url("2.png"), url("3.png"), url("4.png")],
    }));
    let (job, into) = (server.job(), folder.path().to_owned());
    // In a task, as anything that is awaited.
    let outcomes = tokio::spawn(async move { job.download(&output, &into).outcomes().await });
    let outcomes = outcomes.await.unwrap();
    let told = outcomes.iter().map(|outcome| match outcome {
        Ok(path) => Ok(path.strip_prefix(folder.path()).unwrap()),
        Err(error) => {
            assert_eq!(error.request_id().unwrap().as_str(), "r1");
            assert!(!error.to_string().contains("s3cret"), "{error}");
            Err((error.kind(), error.http_status()))
        }
    });
    let expected = [
        Err((ErrorKind::Configuration, None)),
        Ok(Path::new("1.png")),
        Err((ErrorKind::Configuration, Some(302))),
        Err((ErrorKind::BadRequest, Some(400))),
        Ok(Path::new("4.png")),
    ];
    assert_eq!(told.collect::<Vec<_>>(), expected);
}

#[tokio::test(start_paused = true)]
async fn a_real_output_survives_cuts_and_a_dead_link() {
    let emulator = Emulator::builder().built_in_models().start().await.unwrap();
    let client = Client::builder()
        .token("t")
        .base_url(emulator.base_url())
        .build()
        .unwrap();
    let job = client.submit(&Input::new("A boat")).await.unwrap();
    let output = job.wait().await.unwrap();
    let (results, folder) = (emulator.count(Call::Result), tempfile::tempdir().unwrap());

    let paths = job.download(&output, folder.path()).await.unwrap();
    let right = std::fs::read(&paths[0]).unwrap();
    assert_eq!(&right[..8], b"\x89PNG\r\n\x1a\n");
    assert_eq!(
        emulator.count(Call::Result),
        results,
        "a living link needs no other"
    );

    for reply in [
        Reply::half(),
        Reply::reset(),
        Reply::half(),
        Reply::new(503, ""),
    ] {
        emulator.script(Call::File, reply);
    }
    let paths = job.download(&output, folder.path()).await.unwrap();
    assert_eq!(std::fs::read(&paths[0]).unwrap(), right);

    // Two dead links of one job, and the result is asked for once.
    let dead = |name: &str| format!("{}/files/gone/{name}.png", emulator.base_url());
    let old = Output::from(json!({"image": dead("one"), "images": [dead("two")]}));
    let paths = job.download(&old, folder.path()).await.unwrap();
    assert_eq!(paths.len(), 2);
    for path in paths {
        assert_eq!(std::fs::read(path).unwrap(), right);
    }
    assert_eq!(emulator.count(Call::Result), results + 1);
}
