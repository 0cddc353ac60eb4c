//! A download ends with the whole file under its name, or with none.

use std::path::Path;
use std::time::Duration;

use runcomfy::{Client, ClientBuilder, Error, ErrorKind, Job, Output, Saved};
use runcomfy_emulator::{Call, Emulator, Reply};
use runcomfy_models::bytedance::dreamina_4_0::text_to_image::Input;
use runcomfy_testkit::server::{Request, Response, Server, closed_address};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::Instant;

use super::support;

/// Length of the file in most tests.
const SIZE: usize = 1000;

/// Number of bytes before the cut of the first response in most tests.
const CUT: usize = 400;

const DAY: &str = "Fri, 20 Nov 2026 10:00:00 GMT";

fn content(seed: u8, size: usize) -> Vec<u8> {
    (0..size)
        .map(|at| seed.wrapping_add(u8::try_from(at * 31 % 251).unwrap()))
        .collect()
}

/// Returns bytes of no known format, which contain a text.
fn named(text: &str) -> Vec<u8> {
    format!("{text}\0").into_bytes()
}

/// A server of files.
struct Files(Server);

impl Files {
    async fn start(script: impl Fn(&Request) -> Response + Send + Sync + 'static) -> Self {
        Self(Server::start(script).await)
    }

    /// Starts a server that stores one file and supports ranges.
    async fn storing(file: Vec<u8>) -> Self {
        Self::start(move |request| stored(request, &file, V1)).await
    }

    fn url(&self) -> String {
        self.0.url("out/a.png?sig=s3cret")
    }

    fn requests(&self) -> Vec<Request> {
        self.0.requests()
    }

    /// Returns the first requested byte of each request.
    fn starts(&self) -> Vec<usize> {
        self.requests().iter().map(start).collect()
    }

    /// Returns the number of body bytes that were sent.
    fn sent(&self) -> usize {
        usize::try_from(self.0.bytes_sent()).unwrap()
    }

    fn client(&self) -> Client {
        self.builder().build().unwrap()
    }

    fn builder(&self) -> ClientBuilder {
        client_of(&self.0.origin())
    }

    fn job(&self) -> Job<Output> {
        self.client().json_job("r1".parse().unwrap())
    }
}

fn client_of(origin: &str) -> ClientBuilder {
    Client::builder().token("t0ken").base_url(origin)
}

/// Returns the first byte that is requested.
fn start(request: &Request) -> usize {
    request.range().map_or(0, |(first, last)| {
        assert_eq!(last, None, "a download requests all the rest");
        first
    })
}

/// A header that names the version of a file.
type Version = (&'static str, &'static str);

const V1: Version = ("etag", "\"v1\"");
const V2: Version = ("etag", "\"v2\"");

/// Returns the response of a correct server: the file, or the requested part if the version is
/// still the same.
fn stored(request: &Request, file: &[u8], version: Version) -> Response {
    let is_same = request.header("if-range") == Some(version.1);
    let (start, total) = (if is_same { start(request) } else { 0 }, file.len());
    let response = if start == 0 {
        Response::ok(file)
    } else if start < total {
        let part = Response::new(206, &file[start..])
            .header("content-length", (total - start).to_string());
        part.header(
            "content-range",
            format!("bytes {start}-{}/{total}", total - 1),
        )
    } else {
        Response::new(416, "").header("content-range", format!("bytes */{total}"))
    };
    response.header(version.0, version.1)
}

/// Cuts the response to the first request, and leaves later ones whole.
fn cut_first(request: &Request, response: Response) -> Response {
    if request.number == 0 {
        response.cut(CUT)
    } else {
        response
    }
}

/// Returns the names and contents of the files in a folder.
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
async fn fetch(client: &Client, url: &str) -> (Result<Saved, Error>, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let outcome = client.download(url, folder.path()).await;
    (outcome, folder)
}

/// Downloads a file, which must be the only one in its folder.
async fn fetched(server: &Files) -> Vec<u8> {
    let (outcome, folder) = fetch(&server.client(), &server.url()).await;
    let saved = outcome.unwrap();
    let [(name, bytes)] = &files(folder.path())[..] else {
        panic!("one file, not {:?}", std::fs::read_dir(folder.path()));
    };
    assert_eq!(saved.path, folder.path().join(name));
    assert_eq!(saved.facts.size_bytes, Some(bytes.len() as u64));
    assert_eq!(name, "a.png");
    bytes.clone()
}

/// Downloads nothing, and returns the error.
async fn failed(server: &Files) -> Error {
    let (outcome, folder) = fetch(&server.client(), &server.url()).await;
    failure(outcome, &folder)
}

/// Checks that a failed download leaves no file, and that its error contains no secret.
fn failure(outcome: Result<Saved, Error>, folder: &TempDir) -> Error {
    assert_eq!(files(folder.path()), []);
    let error = outcome.unwrap_err();
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains("s3cret"), "{shown}");
    error
}

#[tokio::test(start_paused = true)]
async fn cut_at_any_byte_is_resumed_there() {
    let file = content(7, 60);
    for at in 1..=60 {
        let whole = file.clone();
        let server = Files::start(move |request| stored(request, &whole, V1).cut(at)).await;
        assert_eq!(fetched(&server).await, file);
        let starts: Vec<usize> = (0..60).step_by(at).collect();
        assert_eq!(server.starts(), starts);
        assert_eq!(server.sent(), 60, "no byte is sent twice");
        for request in &server.requests()[1..] {
            assert_eq!(request.header("if-range"), Some("\"v1\""));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn date_is_the_version_without_an_etag() {
    let server = Files::start(|request| {
        let response = stored(request, &content(7, SIZE), ("last-modified", DAY));
        let response = response.header("etag", "W/\"weak\"");
        cut_first(request, response)
    })
    .await;
    assert_eq!(fetched(&server).await, content(7, SIZE));
    assert_eq!(server.starts(), [0, CUT]);
    assert_eq!(server.requests()[1].header("if-range"), Some(DAY));
    assert_eq!(server.sent(), SIZE);
}

#[tokio::test(start_paused = true)]
async fn download_without_a_version_starts_over() {
    for tag in [None, Some("W/\"weak\"")] {
        let server = Files::start(move |request| {
            let response = Response::ok(content(7, SIZE));
            let response = match tag {
                Some(tag) => response.header("etag", tag),
                None => response,
            };
            cut_first(request, response)
        })
        .await;
        assert_eq!(fetched(&server).await, content(7, SIZE));
        for request in server.requests() {
            assert_eq!(
                (request.header("range"), request.header("if-range")),
                (None, None)
            );
        }
        assert_eq!(server.sent(), CUT + SIZE);
    }
}

#[tokio::test(start_paused = true)]
async fn server_without_ranges_makes_it_start_over() {
    let server = Files::start(|request| {
        let response = Response::ok(content(7, SIZE)).header("etag", "\"v1\"");
        cut_first(request, response)
    })
    .await;
    assert_eq!(fetched(&server).await, content(7, SIZE));
    assert_eq!(server.starts(), [0, CUT]);
    assert_eq!(server.sent(), CUT + SIZE);
}

#[tokio::test(start_paused = true)]
async fn changed_file_starts_over() {
    let server = Files::start(|request| match request.number {
        0 => stored(request, &content(7, SIZE), V1).cut(CUT),
        _ => stored(request, &content(9, 300), V2),
    })
    .await;
    assert_eq!(fetched(&server).await, content(9, 300));
    assert_eq!(server.starts(), [0, CUT]);
}

/// These responses to a resume must not be joined to earlier bytes.
#[tokio::test(start_paused = true)]
async fn wrong_parts_are_discarded_with_earlier_bytes() {
    let wrong: [fn(Response) -> Response; 11] = [
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
            let long = part.with_body(content(7, 700));
            long.without("content-length")
        },
    ];
    for (case, wrong) in wrong.into_iter().enumerate() {
        let server = Files::start(move |request| {
            let response = stored(request, &content(7, SIZE), V1);
            match request.number {
                0 => response.cut(CUT),
                1 => {
                    let part = wrong(response);
                    // Wrong bytes, which show in the file if they are kept.
                    let zeros = vec![0; part.body().len()];
                    part.with_body(zeros)
                }
                _ => response,
            }
        })
        .await;
        assert_eq!(fetched(&server).await, content(7, SIZE), "case {case}");
        assert_eq!(server.starts(), [0, CUT, 0], "case {case}");
    }
}

#[tokio::test(start_paused = true)]
async fn part_of_unknown_size_is_not_taken_for_the_rest() {
    // The first response has no length: it is chunked, and cut.
    let server = Files::start(|request| {
        let response = stored(request, &content(7, SIZE), V1);
        match request.number {
            0 => {
                let mut body = b"190\r\n".to_vec();
                body.extend(content(7, CUT));
                body.extend(b"\r\n");
                response
                    .with_body(body)
                    .without("content-length")
                    .header("transfer-encoding", "chunked")
            }
            1 => response.header("content-range", "bytes 400-999/*"),
            _ => response,
        }
    })
    .await;
    assert_eq!(fetched(&server).await, content(7, SIZE));
    assert_eq!(server.starts(), [0, CUT, 0]);
}

/// A part is the first to announce the size, and the next part announces another.
#[tokio::test(start_paused = true)]
async fn parts_of_two_sizes_are_not_mixed() {
    let server = Files::start(|request| {
        let response = stored(request, &content(7, SIZE), V1);
        match request.number {
            0 => {
                let mut body = b"190\r\n".to_vec();
                body.extend(content(7, CUT));
                response
                    .with_body(body)
                    .without("content-length")
                    .header("transfer-encoding", "chunked")
            }
            1 => response.cut(100),
            2 => response.header("content-range", "bytes 500-999/1100"),
            _ => response,
        }
    })
    .await;
    assert_eq!(fetched(&server).await, content(7, SIZE));
    assert_eq!(server.starts(), [0, CUT, CUT + 100, 0]);
}

#[tokio::test(start_paused = true)]
async fn whole_file_is_requested_if_no_byte_has_come() {
    let server = Files::start(|request| {
        let response = stored(request, &content(7, SIZE), V1);
        if request.number == 0 {
            response.cut(0)
        } else {
            response
        }
    })
    .await;
    assert_eq!(fetched(&server).await, content(7, SIZE));
    assert_eq!(server.requests()[1].header("range"), None);
}

#[tokio::test(start_paused = true)]
async fn short_parts_are_joined() {
    let server = Files::start(|request| {
        let response = stored(request, &content(7, SIZE), V1).cut(150);
        if start(request) == 0 {
            return response;
        }
        let (start, length) = (start(request), response.body().len());
        let range = format!("bytes {start}-{}/{SIZE}", start + length - 1);
        response
            .header("content-range", range)
            .header("content-length", length.to_string())
    })
    .await;
    assert_eq!(fetched(&server).await, content(7, SIZE));
    assert_eq!(server.sent(), SIZE);
    assert_eq!(server.requests().len(), 7);
}

#[tokio::test(start_paused = true)]
async fn announced_length_must_be_reached() {
    // The file has 600 bytes, and the server announces 1000.
    let server = Files::start(|request| {
        let response = stored(request, &content(7, 600), V1);
        if start(request) == 0 {
            return response.header("content-length", SIZE.to_string());
        }
        response
    })
    .await;
    let error = failed(&server).await;
    // The first attempt makes progress, and five more in a row do not.
    assert_eq!(error.attempts(), 6, "{error}");
    assert_eq!(server.starts(), [0, 600, 0, 600, 0, 600]);
    assert!(
        error.is_transient() && error.to_string().contains("6 attempts"),
        "{error}"
    );
}

#[tokio::test(start_paused = true)]
async fn bytes_after_the_announced_length_are_ignored() {
    let server =
        Files::start(|_| Response::new(200, content(7, SIZE)).header("content-length", "600"))
            .await;
    assert_eq!(fetched(&server).await, content(7, 600));
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn empty_body_is_no_output() {
    for empty in [Response::ok(""), Response::new(200, "")] {
        let server = Files::start(move |_| empty.clone()).await;
        let error = failed(&server).await;
        assert_eq!(
            (error.kind(), error.attempts()),
            (ErrorKind::Unreadable, 3),
            "{error}"
        );
        assert!(error.to_string().contains("empty file"), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn empty_body_is_retried_until_the_file_is_there() {
    let server = Files::start(|request| match request.number {
        0 => Response::ok(""),
        1 => Response::new(200, ""),
        _ => stored(request, &content(7, SIZE), V1),
    })
    .await;
    assert_eq!(fetched(&server).await, content(7, SIZE));
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn stall_is_resumed() {
    let server = Files::start(|request| {
        let response = stored(request, &content(7, SIZE), V1);
        match request.number {
            0 => response.cut(CUT).stalling(),
            // This time before the head.
            1 => response.delayed(Duration::from_secs(21)),
            _ => response,
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
async fn slow_server_is_no_stall() {
    let server =
        Files::start(|_| Response::ok(content(7, SIZE)).delayed(Duration::from_secs(19))).await;
    assert_eq!(fetched(&server).await, content(7, SIZE));
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn complete_file_outlasts_a_broken_connection() {
    // The end of a chunked part is missing, but its Content-Range has been received.
    let server = Files::start(|request| {
        let response = stored(request, &content(7, SIZE), V1);
        if request.number == 0 {
            return response.cut(CUT);
        }
        let mut body = b"258\r\n".to_vec();
        body.extend(response.body());
        body.extend(b"\r\n");
        let response = response.with_body(body).without("content-length");
        response.header("transfer-encoding", "chunked").stalling()
    })
    .await;
    assert_eq!(fetched(&server).await, content(7, SIZE));
    assert_eq!(server.starts(), [0, CUT]);
}

#[tokio::test(start_paused = true)]
async fn download_without_progress_ends_after_six_attempts() {
    for (response, kind) in [
        (
            Response::ok(content(7, SIZE)).cut(0),
            ErrorKind::ResponseLost,
        ),
        (
            Response::ok(content(7, SIZE)).cut(0).stalling(),
            ErrorKind::ResponseLost,
        ),
        (Response::new(500, ""), ErrorKind::Unavailable),
        (Response::new(408, ""), ErrorKind::Unavailable),
        (
            Response::new(429, "").header("retry-after", "60"),
            ErrorKind::Throttled,
        ),
        (
            Response::new(206, "x").header("content-range", "bytes 0-0/1"),
            ErrorKind::Unreadable,
        ),
        (Response::new(204, ""), ErrorKind::Unreadable),
        (Response::new(302, ""), ErrorKind::Unreadable),
        (
            Response::ok("packed").header("content-encoding", "br"),
            ErrorKind::Unreadable,
        ),
    ] {
        let shown = format!("{response:?}");
        let server = Files::start(move |_| response.clone()).await;
        let error = failed(&server).await;
        assert_eq!(
            (error.kind(), error.attempts()),
            (kind, 6),
            "{shown}: {error}"
        );
        assert_eq!(server.requests().len(), 6, "{shown}");
    }
}

/// A server without ranges that always cuts at the same byte makes no progress.
#[tokio::test(start_paused = true)]
async fn same_bytes_again_are_no_progress() {
    let server = Files::start(|_| Response::ok(content(7, SIZE)).cut(CUT)).await;
    let error = failed(&server).await;
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::ResponseLost, 6)
    );
    assert_eq!(server.sent(), 6 * CUT);
}

#[tokio::test(start_paused = true)]
async fn failed_connect_is_retried_up_to_six_attempts() {
    let host = closed_address();
    let origin = format!("http://{host}");
    let client = client_of(&origin).build().unwrap();
    let (outcome, folder) = fetch(&client, &format!("{origin}/a.png?sig=s3cret")).await;
    let error = failure(outcome, &folder);
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::NotSent, 6));
    let text = format!("no connection to {host} could be made (after 6 attempts)");
    assert_eq!(error.to_string(), text);
}

#[tokio::test(start_paused = true)]
async fn retry_after_sets_the_next_attempt() {
    let server = Files::start(|request| match request.number {
        0 => Response::new(503, "").header("retry-after", "47"),
        _ => stored(request, &content(7, SIZE), V1),
    })
    .await;
    let started = Instant::now();
    assert_eq!(fetched(&server).await, content(7, SIZE));
    assert_eq!(started.elapsed().as_secs(), 47, "on the test's clock");
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn long_retry_after_is_left_to_the_caller() {
    let server = Files::start(|_| Response::new(429, "").header("retry-after", "61")).await;
    let error = failed(&server).await;
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Throttled, 1));
    assert_eq!(error.retry_after(), Some(Duration::from_secs(61)));
}

#[tokio::test(start_paused = true)]
async fn outage_causes_no_storm_of_downloads() {
    let server = Files::start(|_| Response::new(503, "")).await;
    let client = server.client();
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..200 {
        let error = client.download(&server.url(), folder.path()).await;
        assert_eq!(error.unwrap_err().kind(), ErrorKind::Unavailable);
    }
    // One attempt each, and the 100 retries of the client's retry budget.
    assert_eq!(server.requests().len(), 300);
    assert!(client.balance().await.is_err());
    assert_eq!(server.requests().len(), 301, "reads share the retry budget");
}

#[tokio::test(start_paused = true)]
async fn progress_needs_no_retry_budget() {
    let server = Files::start(|request| {
        if request.number < 30 {
            return Response::new(503, "");
        }
        stored(request, &content(7, 200), V1).cut(1)
    })
    .await;
    let client = server.client();
    let folder = tempfile::tempdir().unwrap();
    // Each withdraws five retries from the budget.
    for _ in 0..5 {
        let error = client.download(&server.url(), folder.path()).await;
        assert_eq!(error.unwrap_err().attempts(), 6);
    }
    let path = client.download(&server.url(), folder.path()).await.unwrap();
    assert_eq!(std::fs::read(path).unwrap(), content(7, 200));
    assert_eq!(server.requests().len(), 230);
}

#[tokio::test(start_paused = true)]
async fn refusal_is_not_retried() {
    for (status, kind) in [
        (400, ErrorKind::BadRequest),
        (401, ErrorKind::Forbidden),
        (403, ErrorKind::Forbidden),
        (404, ErrorKind::NotFound),
        (410, ErrorKind::NotFound),
        (416, ErrorKind::BadRequest),
        (451, ErrorKind::BadRequest),
    ] {
        let server = Files::start(move |_| Response::new(status, "<html>")).await;
        let error = failed(&server).await;
        assert_eq!(
            (error.kind(), error.http_status()),
            (kind, Some(status)),
            "{error}"
        );
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn redirects_lead_only_to_permitted_hosts() {
    let foreign = Files::storing(content(7, SIZE)).await;
    // Another name of this machine is another host.
    let url = foreign.url().replace("127.0.0.1", "localhost");
    let server =
        Files::start(move |_| Response::new(302, "").header("location", url.clone())).await;
    let error = failed(&server).await;
    assert_eq!(error.kind(), ErrorKind::Configuration, "{error}");
    assert!(error.to_string().contains("localhost"), "{error}");
    assert_eq!((server.requests().len(), foreign.requests().len()), (1, 0));

    let client = server.builder().download_from_any_host(true).build();
    let folder = tempfile::tempdir().unwrap();
    let file = client.unwrap().download(&server.url(), folder.path()).await;
    assert_eq!(std::fs::read(file.unwrap()).unwrap(), content(7, SIZE));
    for request in server.requests().iter().chain(&foreign.requests()) {
        assert!(!request.head.contains("t0ken"), "{}", request.head);
        assert_eq!(request.header("referer"), None);
    }
}

/// Another port of the base URL's host is another service.
#[tokio::test(start_paused = true)]
async fn redirect_to_another_port_is_refused() {
    let other = Files::storing(content(7, SIZE)).await;
    let url = other.url();
    let server =
        Files::start(move |_| Response::new(302, "").header("location", url.clone())).await;
    let error = failed(&server).await;
    assert_eq!(
        (error.kind(), error.http_status()),
        (ErrorKind::Configuration, Some(302)),
        "{error}"
    );
    let port = format!("127.0.0.1:{}", other.0.address().port());
    assert!(error.to_string().contains(&port), "{error}");
    let (direct, folder) = fetch(&server.client(), &other.url()).await;
    assert_eq!(
        failure(direct, &folder).kind(),
        ErrorKind::Configuration,
        "without a redirect"
    );
    assert_eq!((server.requests().len(), other.requests().len()), (1, 0));
}

/// The caller's own HTTP client follows redirects by itself; the client refuses the response.
#[tokio::test(start_paused = true)]
async fn redirect_by_a_foreign_http_client_is_refused() {
    let foreign = Files::storing(content(7, SIZE)).await;
    let url = foreign.url().replace("127.0.0.1", "localhost");
    let server =
        Files::start(move |_| Response::new(302, "").header("location", url.clone())).await;
    let client = server.builder().http_client(reqwest::Client::new()).build();
    let folder = tempfile::tempdir().unwrap();
    let outcome = client.unwrap().download(&server.url(), folder.path()).await;
    assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Configuration);
    assert_eq!(files(folder.path()), []);
}

#[tokio::test(start_paused = true)]
async fn redirected_download_is_resumed_at_the_new_target() {
    let server = Files::start(|request| {
        let response = stored(request, &content(7, SIZE), V1);
        match request.number {
            0 | 2 => {
                Response::new(307, "").header("location", format!("/moved/{}", request.number))
            }
            1 => response.cut(CUT),
            _ => response,
        }
    })
    .await;
    assert_eq!(fetched(&server).await, content(7, SIZE));
    let requests = server.requests();
    let paths: Vec<&str> = requests.iter().map(Request::path).collect();
    let first = "/out/a.png?sig=s3cret";
    assert_eq!(paths, [first, "/moved/0", first, "/moved/2"]);
    assert_eq!(server.starts()[3], CUT);
    assert_eq!(server.sent(), SIZE);
}

#[tokio::test(start_paused = true)]
async fn endless_redirects_are_an_error() {
    let server = Files::start(|_| Response::new(302, "").header("location", "again")).await;
    let error = failed(&server).await;
    assert_eq!(error.kind(), ErrorKind::Unreadable, "{error}");
    assert_eq!(server.requests().len(), 36, "six attempts of six requests");
}

#[tokio::test(start_paused = true)]
async fn file_above_the_size_limit_is_not_kept() {
    let announced = Response::ok(content(7, SIZE));
    let unannounced = announced.clone().without("content-length");
    for response in [announced, unannounced] {
        let server = Files::start(move |_| response.clone()).await;
        let folder = tempfile::tempdir().unwrap();
        let client = server.client();
        let limit = u64::try_from(SIZE).unwrap();
        let url = server.url();
        let download = || client.download(&url, folder.path());
        let error = download().size_limit(limit - 1).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");
        assert_eq!((server.requests().len(), files(folder.path())), (1, vec![]));

        let client = server.builder().download_size_limit(limit - 1).build();
        let error = client.unwrap().download(&server.url(), folder.path()).await;
        assert_eq!(error.unwrap_err().kind(), ErrorKind::TooLarge);

        download().size_limit(limit).await.unwrap();
        assert_eq!(files(folder.path()).len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn announced_size_above_the_limit_writes_nothing() {
    let server = Files::storing(content(7, SIZE)).await;
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
async fn impossible_folder_sends_no_request() {
    let server = Files::storing(content(7, SIZE)).await;
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
    assert_eq!(server.requests().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn foreign_names_are_harmless_and_never_collide() {
    let server = Files::start(|request| Response::ok(named(request.path()))).await;
    let (client, folder) = (server.client(), tempfile::tempdir().unwrap());
    for (path, name) in [
        ("/a.png", "a.png"),
        ("/b/a.png", "a-1.png"),
        ("/c/a.png", "a-2.png"),
        ("/..%2f..%2fa.png", "_.._a.png"),
        ("/NUL", "_NUL"),
        ("/", "output"),
    ] {
        let url = format!("{}{path}", server.0.origin());
        let file = client.download(&url, folder.path()).await.unwrap();
        assert_eq!(file.path, folder.path().join(name));
        assert_eq!(std::fs::read(file).unwrap(), named(path));
    }
}

#[tokio::test(start_paused = true)]
async fn files_of_one_name_download_at_once() {
    let server =
        Files::start(|request| Response::ok(named(request.path())).delayed(Duration::from_secs(1)))
            .await;
    let (client, folder) = (server.client(), tempfile::tempdir().unwrap());
    let urls = ["/1/a.png", "/2/a.png"].map(|path| format!("{}{path}", server.0.origin()));
    let (one, two) = tokio::join!(
        async { client.download(&urls[0], folder.path()).await },
        async { client.download(&urls[1], folder.path()).await },
    );
    assert_eq!(std::fs::read(one.unwrap()).unwrap(), named("/1/a.png"));
    assert_eq!(std::fs::read(two.unwrap()).unwrap(), named("/2/a.png"));
    let names: Vec<String> = files(folder.path())
        .into_iter()
        .map(|file| file.0)
        .collect();
    assert_eq!(names, ["a-1.png", "a.png"]);
}

#[tokio::test(start_paused = true)]
async fn dropped_download_leaves_nothing() {
    let server = Files::start(|_| Response::ok(content(7, SIZE)).cut(CUT).stalling()).await;
    let (client, folder) = (server.client(), tempfile::tempdir().unwrap());
    let (url, received) = (server.url(), tokio::sync::Notify::new());
    let download = client.download(&url, folder.path()).on_progress(|now| {
        if now.bytes == CUT as u64 {
            received.notify_one();
        }
    });
    tokio::select! {
        outcome = download => panic!("{outcome:?}"),
        () = received.notified() => {}
    }
    assert_eq!(files(folder.path()), []);
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn download_concurrency_is_the_configured_one() {
    for (limit, at_once) in [(None, 4), (Some(3), 3), (Some(0), 1)] {
        let server =
            Files::start(|_| Response::ok(content(7, SIZE)).delayed(Duration::from_secs(5))).await;
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
        assert_eq!(server.0.max_open(), at_once);
    }
}

#[tokio::test(start_paused = true)]
async fn progress_runs_from_the_first_byte_to_the_last() {
    let server = Files::start(|request| match request.number {
        0 => stored(request, &content(7, SIZE), V1).cut(CUT),
        1 => stored(request, &content(7, SIZE), V1).cut(200),
        _ => stored(request, &content(9, 900), V2),
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let mut reported = Vec::new();
    server
        .client()
        .download(&server.url(), folder.path())
        .on_progress(|now| {
            assert_eq!((now.file, now.files), (0, 1));
            reported.push((now.bytes, now.total));
        })
        .await
        .unwrap();
    let (old, new) = (Some(1000), Some(900));
    // The chunks of a body can be smaller.
    for expected in [(0, old), (400, old), (600, old), (0, new), (900, new)] {
        assert!(reported.contains(&expected), "{expected:?} in {reported:?}");
    }
    assert_eq!(reported.first(), Some(&(0, old)));
    assert_eq!(reported.last(), Some(&(900, new)));
}

/// Returns the result of a job with this output.
fn result(output: &Value) -> Response {
    Response::ok(json!({ "status": "completed", "output": output }).to_string())
}

#[tokio::test(start_paused = true)]
async fn expired_link_is_renewed_and_resumed() {
    for dead in [403, 404, 410] {
        let server = Files::start(move |request| {
            let response = stored(request, &content(7, SIZE), V1);
            match (request.number, request.path()) {
                (0, "/a.png?sig=old") => response.cut(CUT),
                (1, "/a.png?sig=old") => Response::new(dead, "expired"),
                (2, "/v1/requests/r1/result") => {
                    let host = request.header("host").unwrap();
                    result(&json!({"image": format!("http://{host}/a.png?sig=new")}))
                }
                (3, "/a.png?sig=new") => response,
                other => panic!("{other:?}"),
            }
        })
        .await;
        let folder = tempfile::tempdir().unwrap();
        let old = format!("{}/a.png?sig=old", server.0.origin());
        let output = Output::from(json!({ "image": old }));
        let job = server.job();
        let saved = job.download(&output, folder.path()).await.unwrap();
        assert_eq!(saved[0].path, folder.path().join("a.png"));
        assert_eq!(
            files(folder.path()),
            [("a.png".to_owned(), content(7, SIZE))]
        );
        assert_eq!(server.starts(), [0, CUT, 0, CUT]);
        let token: Vec<bool> = server
            .requests()
            .iter()
            .map(|s| s.head.contains("t0ken"))
            .collect();
        assert_eq!(token, [false, false, true, false]);
    }
}

#[tokio::test(start_paused = true)]
async fn dead_link_is_renewed_once() {
    // The new link is dead too, is the old one, or is on another host.
    for (link, kind, requests) in [
        ("http://HOST/b.png", ErrorKind::NotFound, 3),
        ("http://HOST/a.png", ErrorKind::NotFound, 2),
        (
            "https://elsewhere.example/a.png",
            ErrorKind::Configuration,
            2,
        ),
    ] {
        let server = Files::start(move |request| {
            if request.path() != "/v1/requests/r1/result" {
                return Response::new(404, "");
            }
            let link = link.replace("HOST", request.header("host").unwrap());
            result(&json!({ "image": link }))
        })
        .await;
        let folder = tempfile::tempdir().unwrap();
        let output = Output::from(json!({"image": format!("{}/a.png", server.0.origin())}));
        let error = server
            .job()
            .download(&output, folder.path())
            .await
            .unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert_eq!(error.request_id().unwrap().as_str(), "r1");
        assert_eq!(server.requests().len(), requests, "{:?}", server.requests());
        assert_eq!(files(folder.path()), []);
    }
}

#[tokio::test(start_paused = true)]
async fn download_of_a_missing_job_is_an_error() {
    for (response, kind) in [
        (
            Response::ok(r#"{"error_code":404001}"#),
            ErrorKind::NotFound,
        ),
        (result(&json!(null)), ErrorKind::Unreadable),
    ] {
        let server = Files::start(move |request| {
            if request.path() == "/v1/requests/r1/result" {
                response.clone()
            } else {
                Response::new(410, "")
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
        assert_eq!(server.requests().len(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn one_failed_file_leaves_the_others() {
    let server = Files::start(|request| match request.path() {
        "/2.png" => Response::new(400, ""),
        path => Response::ok(named(path)),
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let url = |name: &str| format!("{}/{name}", server.0.origin());
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
async fn outcomes_has_one_result_for_each_file() {
    let server = Files::start(|request| match request.path() {
        "/2.png" => Response::new(302, "").header("location", "https://input.example/2.png"),
        "/3.png" => Response::new(400, ""),
        path => Response::ok(named(path)),
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let url = |name: &str| format!("{}/{name}", server.0.origin());
    let output = Output::from(json!({
        "source": "https://input.example/mine.jpg?sig=s3cret",
        "images": [url("1.png"), url("2.png"), url("3.png"), url("4.png")],
    }));
    let (job, into) = (server.job(), folder.path().to_owned());
    // The future is `Send`.
    let outcomes = tokio::spawn(async move { job.download(&output, &into).outcomes().await });
    let outcomes = outcomes.await.unwrap();
    let results = outcomes.iter().map(|outcome| match outcome {
        Ok(file) => Ok(file.path.strip_prefix(folder.path()).unwrap()),
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
    assert_eq!(results.collect::<Vec<_>>(), expected);
}

#[tokio::test(start_paused = true)]
async fn emulator_output_survives_cuts_and_a_dead_link() {
    let (emulator, client) = support::start(Emulator::builder()).await;
    let job = client.submit(Input::new("A boat")).await.unwrap();
    let output = job.wait().await.unwrap();
    let (results, folder) = (emulator.count(Call::Result), tempfile::tempdir().unwrap());

    let paths = job.download(&output, folder.path()).await.unwrap();
    let right = std::fs::read(&paths[0]).unwrap();
    assert_eq!(&right[..8], b"\x89PNG\r\n\x1a\n");
    assert_eq!(
        emulator.count(Call::Result),
        results,
        "a valid link is not renewed"
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

    // Two links of one job are dead, and the result is requested once.
    let dead = |name: &str| format!("{}/files/gone/{name}.png", emulator.base_url());
    let old = Output::from(json!({"image": dead("one"), "images": [dead("two")]}));
    let paths = job.download(&old, folder.path()).await.unwrap();
    assert_eq!(paths.len(), 2);
    for path in paths {
        assert_eq!(std::fs::read(path).unwrap(), right);
    }
    assert_eq!(emulator.count(Call::Result), results + 1);
}

#[cfg(unix)]
#[tokio::test(start_paused = true)]
async fn part_of_a_killed_process_is_removed() {
    let server = Files::start(|request| stored(request, &content(7, SIZE), V1)).await;
    let folder = tempfile::tempdir().unwrap();
    let part = folder.path().join(".image.png.0123abcd.part");
    let hour = Duration::from_secs(3600);
    let file = std::fs::File::create_new(&part).unwrap();
    file.set_modified(std::time::SystemTime::now() - hour)
        .unwrap();
    drop(file);
    let client = server.client();
    client.download(&server.url(), folder.path()).await.unwrap();
    assert!(!part.exists());
}
