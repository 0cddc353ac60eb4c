//! Tests that a URL from a stranger reaches only public media, and costs little.
//!
//! The tests connect to loopback alone. Forbidden addresses are therefore also tested in forms that
//! lead to this machine, such as 0.0.0.0, where a connection would be noticed.

// A failed setup ends the test.
#![allow(clippy::unwrap_used)]

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::Mutex;
use std::time::Duration;

use runcomfy_media::Facts;
use runcomfy_probe::{ProbeError, ProbeErrorKind, Prober, ProberBuilder};
use runcomfy_testkit::server::{Request, Response, Server, closed_address};
use tokio::time::Instant;

/// Starts a server that no client should connect to.
async fn forbidden() -> Server {
    Server::always(Response::raw(file(GIF, &[]))).await
}

/// Returns the heads of all requests.
fn heads(server: &Server) -> Vec<String> {
    let requests = server.requests().into_iter();
    requests.map(|request| request.head).collect()
}

/// Waits until the client disconnects, and returns the number of bytes sent.
async fn sent(server: &Server) -> u64 {
    server.closed().await;
    server.bytes_sent()
}

/// Returns a response that sends the first bytes, then repeats the second until the client
/// disconnects.
fn endless(first: impl Into<Vec<u8>>, again: impl Into<Vec<u8>>) -> Response {
    Response::raw(first).repeating(again, Duration::ZERO)
}

/// Returns a response that sends the first bytes, then repeats the second after a second each.
fn drip(first: impl Into<Vec<u8>>, again: impl Into<Vec<u8>>) -> Response {
    Response::raw(first).repeating(again, Duration::from_secs(1))
}

/// More bytes than the sockets of both sides buffer.
const MAX_BUFFERED: u64 = 64 << 20;

/// An image of 320 × 240 pixels.
const GIF: &[u8] = b"GIF89a\x40\x01\xf0\x00\x00\x00\x00;";

/// Returns a JPEG of 320 × 240 whose dimensions follow 128 KB of other segments, after the first
/// read.
fn far_jpeg() -> Vec<u8> {
    let mut jpeg = b"\xff\xd8".to_vec();
    for _ in 0..2 {
        jpeg.extend(b"\xff\xe2\xff\xff");
        jpeg.resize(jpeg.len() + 0xfffd, 0);
    }
    jpeg.extend(b"\xff\xc0\x00\x0b\x08\x00\xf0\x01\x40\x01\x01\x11\x00\xff\xda");
    jpeg.resize(jpeg.len() + 50_000, 0);
    jpeg
}

fn response(status: &str, headers: &[&str], body: &[u8]) -> Vec<u8> {
    let mut response = format!("HTTP/1.1 {status}\r\nConnection: close\r\n").into_bytes();
    for header in headers {
        response.extend(format!("{header}\r\n").as_bytes());
    }
    response.extend(b"\r\n");
    response.extend(body);
    response
}

/// Returns the response of a server that ignores `Range`: the whole file.
fn file(body: &[u8], headers: &[&str]) -> Vec<u8> {
    let length = format!("Content-Length: {}", body.len());
    response("200 OK", &[&[&*length], headers].concat(), body)
}

/// Returns the response with the requested part of a file.
fn part(head: &str, body: &[u8], headers: &[&str]) -> Vec<u8> {
    let range = head.split_once("range: bytes=").unwrap().1;
    let (first, rest) = range.split_once('-').unwrap();
    let last: usize = rest.split_once("\r\n").unwrap().0.parse().unwrap();
    let (first, last) = (
        first.parse::<usize>().unwrap(),
        last.min(body.len().saturating_sub(1)),
    );
    let range = format!("Content-Range: bytes {first}-{last}/{}", body.len());
    let length = format!("Content-Length: {}", last + 1 - first);
    let headers = [&[&*range, &*length], headers].concat();
    response("206 Partial Content", &headers, &body[first..=last])
}

fn redirect(to: &str) -> Vec<u8> {
    response(
        "302 Found",
        &[&format!("Location: {to}"), "Content-Length: 0"],
        b"",
    )
}

fn local() -> ProberBuilder {
    Prober::builder().allow_loopback(true)
}

thread_local! {
    /// Shared by the probes of a test, which has a thread of its own, because TLS is slow to set up.
    static LOCAL: Prober = local().build().unwrap();
}

async fn probe(url: &str) -> Result<Facts, ProbeError> {
    LOCAL.with(Prober::clone).probe(url).await
}

/// Probes a server that always sends the same response, and returns the error.
async fn fails(
    script: impl Fn(&Request) -> Response + Send + Sync + 'static,
) -> (ProbeError, Server) {
    let server = Server::start(script).await;
    let error = probe(&server.url("photo")).await.unwrap_err();
    (error, server)
}

fn addresses(list: &str) -> Vec<IpAddr> {
    list.split_whitespace()
        .map(|address| address.parse().unwrap())
        .collect()
}

#[tokio::test]
async fn loopback_is_probed_only_if_allowed() {
    let server = Server::start(|request| Response::raw(part(&request.head, GIF, &[]))).await;
    let facts = probe(&server.url("photo?a=b#c")).await.unwrap();
    assert_eq!((facts.width, facts.height), (Some(320), Some(240)));
    assert_eq!(facts.size_bytes, Some(GIF.len() as u64));
    let head = heads(&server).remove(0);
    assert!(head.starts_with("GET /photo?a=b HTTP/1.1\r\n"), "{head}");
    assert!(head.contains("\r\nrange: bytes=0-14335\r\n"), "{head}");
    assert!(head.contains("\r\naccept-encoding: identity\r\n"), "{head}");

    let strict = Prober::builder().build().unwrap();
    let error = strict.probe(&server.url("photo")).await.unwrap_err();
    assert_eq!(error.kind(), ProbeErrorKind::Address);
    assert_eq!(server.connections(), 1);
}

/// Hosts that lead to this machine, but are neither loopback addresses nor public.
const BY_OTHER_ADDRESSES: [&str; 8] = [
    "0.0.0.0",
    "0",
    "0x0.0",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::ffff:0:127.0.0.1]",
    "[::127.0.0.1]",
];

/// Hosts that lead to other machines and are not public.
const ELSEWHERE: [&str; 14] = [
    "10.0.0.1",
    "10.1",
    "[::ffff:10.0.0.1]",
    "[64:ff9b::a00:1]",
    "[2002:a00:1::]",
    "[2001:0:a00:1::f5ff:fffe]",
    "169.254.169.254",
    "2852039166",
    "100.64.0.1",
    "192.168.0.1",
    "255.255.255.255",
    "[fe80::1]",
    "[fd00::1]",
    "[ff02::1]",
];

#[tokio::test]
async fn forbidden_address_is_never_connected_to() {
    let server = forbidden().await;
    let port = server.address().port();
    let (strict, local) = (Prober::builder().build().unwrap(), local().build().unwrap());
    for host in BY_OTHER_ADDRESSES.iter().chain(&ELSEWHERE) {
        for scheme in ["http", "https"] {
            let url = format!("{scheme}://{host}:{port}/photo");
            for prober in [&strict, &local] {
                let error = prober.probe(&url).await.unwrap_err();
                assert_eq!(error.kind(), ProbeErrorKind::Address, "{url}: {error}");
            }
        }
    }
    for host in [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0177.1",
        "localhost",
        "localhost.",
    ] {
        for scheme in ["http", "https"] {
            let url = format!("{scheme}://{host}:{port}/photo");
            let error = strict.probe(&url).await.unwrap_err();
            assert_eq!(error.kind(), ProbeErrorKind::Address, "{url}: {error}");
        }
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn redirect_to_a_forbidden_address_is_refused() {
    let inner = forbidden().await;
    let port = inner.address().port();
    let hosts = BY_OTHER_ADDRESSES.iter().chain(&ELSEWHERE);
    for host in hosts {
        for target in [
            format!("http://{host}:{port}/"),
            format!("https://{host}/"),
            format!("//{host}:{port}/"),
        ] {
            let (error, server) = fails(move |_| Response::raw(redirect(&target))).await;
            assert_eq!(error.kind(), ProbeErrorKind::Address, "{host}: {error}");
            assert_eq!(server.connections(), 1);
        }
    }
    assert_eq!(inner.connections(), 0);
}

#[tokio::test]
async fn redirect_is_checked_like_the_first_url() {
    for (target, kind) in [
        ("http://user@127.0.0.1:1/", ProbeErrorKind::Url),
        ("http://127.0.0.1:1\\@a.example/", ProbeErrorKind::Url),
        ("http://@127.0.0.1:1/", ProbeErrorKind::Url),
        ("//a@b@127.0.0.1:1/", ProbeErrorKind::Url),
        ("http://127%2e0.0.1:1/", ProbeErrorKind::Url),
        ("/a\\b", ProbeErrorKind::Url),
        ("/a\tb", ProbeErrorKind::Url),
        ("file:///etc/passwd", ProbeErrorKind::Url),
        ("ftp://127.0.0.1:1/", ProbeErrorKind::Url),
        ("gopher://127.0.0.1:1/", ProbeErrorKind::Url),
        ("data:image/gif;base64,R0lGODlh", ProbeErrorKind::Url),
        // Another machine, without TLS or on another port.
        ("http://8.8.8.8/", ProbeErrorKind::Address),
        ("https://8.8.8.8:8443/", ProbeErrorKind::Address),
    ] {
        let (error, server) = fails(move |_| Response::raw(redirect(target))).await;
        assert_eq!(error.kind(), kind, "{target:?}: {error}");
        assert_eq!(server.connections(), 1);
    }
}

#[tokio::test]
async fn redirects_are_limited() {
    let (error, server) = fails(|_| Response::raw(redirect("/again"))).await;
    assert_eq!(error.kind(), ProbeErrorKind::Redirect, "{error}");
    assert_eq!(heads(&server).len(), 4);
    for nowhere in ["X-Location: none", "Location: /caf\u{e9}", "Location:"] {
        let script =
            move |_: &Request| Response::raw(response("307 Temporary Redirect", &[nowhere], b""));
        let (error, _) = fails(script).await;
        assert_eq!(error.kind(), ProbeErrorKind::Redirect, "{nowhere}: {error}");
    }
}

#[tokio::test]
async fn three_redirects_are_followed_without_cookies() {
    let server = Server::start(|request| {
        let head = &*request.head;
        let cookie = "Set-Cookie: session=crumbs; Path=/";
        let target = match head.split(' ').nth(1).unwrap() {
            "/0" => "/1",
            "/1" => "2",
            "/2" => "/3",
            _ => return Response::raw(part(head, GIF, &[cookie])),
        };
        let mut response = redirect(target);
        let end = response.len() - 2;
        response.splice(end.., format!("{cookie}\r\n\r\n").into_bytes());
        Response::raw(response)
    })
    .await;
    assert_eq!(probe(&server.url("0")).await.unwrap().width, Some(320));
    let heads = heads(&server);
    assert_eq!(heads.len(), 4);
    for head in heads {
        for absent in ["cookie", "authorization", "referer", "crumbs"] {
            assert!(!head.to_lowercase().contains(absent), "{head}");
        }
    }
}

#[tokio::test]
async fn ambiguous_url_is_refused() {
    let server = forbidden().await;
    let at = server.address();
    for url in [
        format!("http://user@{at}/"),
        format!("http://user:pass@{at}/"),
        format!("http://@{at}/"),
        format!("http://cdn.example@{at}/"),
        format!("http://{at}@cdn.example/"),
        format!("http://{at}\\@cdn.example/"),
        format!("http://cdn.example\\@{at}/"),
        format!("http:\\\\{at}/"),
        format!("http://{at}\t/"),
        format!("ht\ntp://{at}/"),
        format!(" http://{at}/"),
        format!("http:{at}/"),
        format!("http:/{at}/"),
        format!("http:///{at}/"),
        format!("http://{at}%2f@cdn.example/"),
    ] {
        let error = probe(&url).await.unwrap_err();
        assert_eq!(error.kind(), ProbeErrorKind::Url, "{url:?}: {error}");
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn name_is_checked_at_every_connection() {
    let server = Server::start(|request| Response::raw(part(&request.head, GIF, &[]))).await;
    let url = format!("http://media.test:{}/photo", server.address().port());
    let lookups = Mutex::new(VecDeque::from([
        "127.0.0.1",
        "0.0.0.0",
        "10.0.0.1 0.0.0.0 ::ffff:127.0.0.1",
        "8.8.8.8",
        "",
        "127.0.0.1 0.0.0.0",
    ]));
    let prober = local()
        .lookup_with(move |name| {
            assert_eq!(name, "media.test");
            Ok(addresses(lookups.lock().unwrap().pop_front().unwrap()))
        })
        .build()
        .unwrap();
    assert_eq!(prober.probe(&url).await.unwrap().width, Some(320));
    for _ in 0..4 {
        let error = prober.probe(&url).await.unwrap_err();
        assert_eq!(error.kind(), ProbeErrorKind::Address, "{error}");
        assert!(error.to_string().contains("media.test"), "{error}");
    }
    assert_eq!(server.connections(), 1);
    assert_eq!(prober.probe(&url).await.unwrap().width, Some(320));
    assert_eq!(server.connections(), 2);
}

/// Needs TLS, without which no name is resolved for https.
#[cfg(any(feature = "rustls", feature = "native-tls"))]
#[tokio::test]
async fn internal_name_looks_like_an_unknown_one() {
    let prober = Prober::builder()
        .lookup_with(|name| match name {
            "inner.test" => Ok(addresses("10.0.0.1 127.0.0.1 ::1 fd00::1 64:ff9b::a00:1")),
            _ => Err(std::io::Error::other("no such name")),
        })
        .build()
        .unwrap();
    let texts = ["inner.test", "absent.test"].map(async |name| {
        let error = prober
            .probe(&format!("https://{name}/a"))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ProbeErrorKind::Address, "{error}");
        error.to_string().replace(name, "…")
    });
    let [inner, absent] = texts;
    assert_eq!(inner.await, absent.await);
}

/// Environment variable that is set when the next test runs itself with a proxy in its environment.
const PROBED: &str = "RUNCOMFY_TEST_PROBED";

#[tokio::test]
async fn proxy_of_the_environment_is_not_used() {
    if let Ok(url) = std::env::var(PROBED) {
        assert!(probe(&url).await.is_ok());
        return;
    }
    let proxy = forbidden().await;
    let server = Server::start(|request| Response::raw(part(&request.head, GIF, &[]))).await;
    let mut again = std::process::Command::new(std::env::current_exe().unwrap());
    again.args(["--exact", "proxy_of_the_environment_is_not_used"]);
    again.env(PROBED, server.url("photo"));
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
        again
            .env(name, proxy.url(""))
            .env(name.to_lowercase(), proxy.url(""));
    }
    for name in ["NO_PROXY", "no_proxy", "REQUEST_METHOD"] {
        again.env_remove(name);
    }
    let outcome = tokio::task::spawn_blocking(move || again.output()).await;
    let outcome = outcome.unwrap().unwrap();
    assert!(outcome.status.success(), "{outcome:?}");
    assert_eq!((server.connections(), proxy.connections()), (1, 0));
}

#[tokio::test]
async fn no_more_is_read_than_requested() {
    let zeros = vec![0; 1 << 16];
    for (status, headers, size) in [
        (
            "200 OK",
            "Content-Length: 10000000000",
            Some(10_000_000_000),
        ),
        ("200 OK", "Transfer-Encoding: chunked", None),
        ("200 OK", "X-Length: none", None),
        (
            "206 Partial Content",
            "Content-Range: bytes 0-9999999999/10000000000",
            Some(10_000_000_000),
        ),
        (
            "206 Partial Content",
            "Content-Range: bytes 0-9999999999/*",
            None,
        ),
    ] {
        let chunked = headers.contains("chunked");
        let frame = move |bytes: &[u8]| {
            if chunked {
                [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat()
            } else {
                bytes.to_vec()
            }
        };
        let zeros = frame(&zeros);
        let server = Server::start(move |_| {
            let first = response(status, &[headers], &frame(GIF));
            endless(first, zeros.clone())
        })
        .await;
        let facts = probe(&server.url("photo")).await.unwrap();
        assert_eq!(
            (facts.width, facts.size_bytes),
            (Some(320), size),
            "{headers}"
        );
        let sent = sent(&server).await;
        assert!(sent < MAX_BUFFERED, "{headers}: {sent} bytes");
    }
}

#[tokio::test]
async fn nothing_is_decompressed() {
    for coding in [
        "gzip",
        "br",
        "deflate",
        "zstd",
        "x-gzip",
        "identity, gzip",
        "",
    ] {
        let coding = format!("Content-Encoding: {coding}");
        let bomb = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03".repeat(1000);
        for status in ["200 OK", "206 Partial Content"] {
            let (coding, bomb) = (coding.clone(), bomb.clone());
            let (error, _) = fails(move |_| {
                let range = "Content-Range: bytes 0-9999/10000";
                Response::raw(response(status, &[&coding, range], &bomb))
            })
            .await;
            assert_eq!(error.kind(), ProbeErrorKind::UnexpectedResponse, "{error}");
        }
    }
    let server = Server::start(|_| Response::raw(file(GIF, &["Content-Encoding: Identity"]))).await;
    assert!(probe(&server.url("photo")).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn slow_server_is_left_at_the_deadline() {
    let head = response("200 OK", &["Content-Length: 100000"], b"");
    for (first, again) in [
        (&head[..], &b"G"[..]),
        (&head, b""),
        (b"HTTP/1.1 200 OK\r\n", b"X-More: 1\r\n"),
        (b"HTTP/1.1 200 OK\r\nX-Slow: ", b"x"),
        (b"HTTP/1.1 302 Found\r\nLocation: /", b"a"),
        (b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
        (b"", b""),
    ] {
        let (first, again) = (first.to_vec(), again.to_vec());
        let begun = Instant::now();
        let (error, _) = fails(move |_| drip(first.clone(), again.clone())).await;
        assert_eq!(error.kind(), ProbeErrorKind::Deadline, "{error}");
        // On the paused clock.
        assert_eq!(begun.elapsed().as_secs(), 20);
    }
}

#[tokio::test]
async fn response_heads_are_limited() {
    let status = b"HTTP/1.1 200 OK\r\n";
    for (first, again) in [
        (status.to_vec(), b"X-More: and more\r\n".to_vec()),
        ([&status[..], b"X-Long: "].concat(), vec![b'x'; 4096]),
        (b"HTTP/1.1 200 ".to_vec(), vec![b'x'; 4096]),
        (Vec::new(), vec![b'\n'; 4096]),
    ] {
        let (error, server) = fails(move |_| endless(first.clone(), again.clone())).await;
        assert_eq!(error.kind(), ProbeErrorKind::Unreachable, "{error}");
        let sent = sent(&server).await;
        assert!(sent < MAX_BUFFERED, "{sent} bytes");
    }
}

#[tokio::test]
async fn interim_responses_end_at_the_deadline() {
    let hints = b"HTTP/1.1 103 Early Hints\r\n\r\n".repeat(100);
    let server = Server::start(move |_| endless(Vec::new(), hints.clone())).await;
    let prober = local()
        .deadline(Duration::from_millis(200))
        .build()
        .unwrap();
    let error = prober.probe(&server.url("photo")).await.unwrap_err();
    assert_eq!(error.kind(), ProbeErrorKind::Deadline, "{error}");
    // Returns only after the client has disconnected.
    sent(&server).await;
}

#[tokio::test]
async fn response_with_other_bytes_is_refused() {
    let body = vec![b'G'; 20_000];
    for range in [
        "X-Range: none",
        "Content-Range: bytes 1-14336/20000",
        "Content-Range: bytes 1-100/1000",
        "Content-Range: bytes 14336-14435/1000000",
        "Content-Range: bytes 0-99/50",
        "Content-Range: bytes 99-0/100",
        "Content-Range: bytes 0-99",
        "Content-Range: bytes */1000",
        "Content-Range: bytes -1-99/100",
        "Content-Range: bytes 0-18446744073709551615/18446744073709551615",
        "Content-Range: items 0-99/100",
        "Content-Type: multipart/byteranges; boundary=x",
    ] {
        let body = body.clone();
        let (error, _) =
            fails(move |_| Response::raw(response("206 Partial Content", &[range], &body))).await;
        assert_eq!(
            error.kind(),
            ProbeErrorKind::UnexpectedResponse,
            "{range}: {error}"
        );
    }
    // The response ends early.
    let (error, _) = fails(|_| {
        let range = "Content-Range: bytes 0-9999/10000";
        Response::raw(response("206 Partial Content", &[range], GIF))
    })
    .await;
    assert_eq!(error.kind(), ProbeErrorKind::UnexpectedResponse, "{error}");
    let short = [
        response("200 OK", &["Content-Length: 5000"], b"GIF89a"),
        response(
            "206 Partial Content",
            &["Content-Range: bytes 0-99/100", "Content-Length: 100"],
            b"GIF89a",
        ),
    ];
    for short in short {
        let (error, _) = fails(move |_| Response::raw(short.clone())).await;
        assert_eq!(error.kind(), ProbeErrorKind::Unreachable, "{error}");
    }
}

#[tokio::test]
async fn error_of_a_status_does_not_print_the_body() {
    for status in [204, 300, 304, 400, 401, 403, 404, 416, 429, 500, 503] {
        let (error, _) = fails(move |_| {
            let headers = ["Location: /inner", "Content-Range: bytes */0"];
            Response::raw(response(&format!("{status} X"), &headers, b"s3cret"))
        })
        .await;
        assert_eq!(error.kind(), ProbeErrorKind::Status, "{error}");
        let text = format!("{error} {error:?}");
        assert!(text.contains(&format!("HTTP {status}")), "{text}");
        assert!(
            !text.contains("s3cret") && !text.contains("inner"),
            "{text}"
        );
    }
}

const TAG: &str = "ETag: \"one\"";
const DATE: &str = "Last-Modified: Fri, 20 Nov 2026 10:00:00 GMT";

#[tokio::test]
async fn later_reads_request_the_same_version() {
    for (headers, condition) in [
        (vec![TAG, DATE], Some("if-range: \"one\"\r\n")),
        (
            vec![DATE],
            Some("if-range: Fri, 20 Nov 2026 10:00:00 GMT\r\n"),
        ),
        (vec!["ETag: W/\"one\""], None),
        (vec![], None),
    ] {
        let jpeg = far_jpeg();
        let server =
            Server::start(move |request| Response::raw(part(&request.head, &jpeg, &headers))).await;
        let facts = probe(&server.url("photo")).await.unwrap();
        assert_eq!((facts.width, facts.height), (Some(320), Some(240)));
        let heads = heads(&server);
        assert!(heads.len() > 1 && !heads[0].contains("if-range"));
        for head in &heads[1..] {
            match condition {
                Some(condition) => assert!(head.contains(condition), "{head}"),
                None => assert!(!head.contains("if-range"), "{head}"),
            }
        }
    }
}

#[tokio::test]
async fn parts_of_two_versions_are_never_mixed() {
    type Later = fn(&str, &[u8]) -> Vec<u8>;
    let laters: [Later; 9] = [
        // Read as the requested part, it would mean 1 × 1 pixels.
        |_, _| {
            file(
                b"\xff\xc0\x00\x0b\x08\x00\x01\x00\x01\x01\x01\x11\x00",
                &[TAG],
            )
        },
        |_, jpeg| file(jpeg, &["ETag: \"two\""]),
        |head, jpeg| part(head, jpeg, &["ETag: \"two\""]),
        |head, jpeg| part(head, jpeg, &["ETag: W/\"one\""]),
        |head, jpeg| {
            part(
                head,
                jpeg,
                &[TAG, "Last-Modified: Sat, 21 Nov 2026 10:00:00 GMT"],
            )
        },
        |head, jpeg| part(head, &jpeg[..jpeg.len() - 1], &[TAG]),
        |_, _| response("404 Not Found", &[], b""),
        |_, _| response("416 Range Not Satisfiable", &[], b""),
        |_, _| redirect("http://0.0.0.0:1/"),
    ];
    for (index, later) in laters.into_iter().enumerate() {
        let jpeg = far_jpeg();
        let size = jpeg.len() as u64;
        let server = Server::start(move |request| {
            let head = &*request.head;
            Response::raw(if head.contains("bytes=0-") {
                part(head, &jpeg, &[TAG, DATE])
            } else {
                later(head, &jpeg)
            })
        })
        .await;
        let facts = probe(&server.url("photo")).await.unwrap();
        assert_eq!(
            (facts.width, facts.size_bytes),
            (None, Some(size)),
            "{index}"
        );
        assert!(facts.unknown.is_some(), "{index}");
        assert_eq!(heads(&server).len(), 2, "{index}");
    }
}

#[tokio::test]
async fn server_that_ignores_ranges_gets_one_request() {
    let jpeg = far_jpeg();
    let size = jpeg.len() as u64;
    let server = Server::start(move |_| Response::raw(file(&jpeg, &[]))).await;
    let facts = probe(&server.url("photo")).await.unwrap();
    assert_eq!((facts.width, facts.size_bytes), (None, Some(size)));
    assert!(facts.unknown.is_some());
    assert_eq!(heads(&server).len(), 1);

    // Without a length, the end is the size.
    let server = Server::start(|_| Response::raw(response("200 OK", &[], GIF))).await;
    let facts = probe(&server.url("photo")).await.unwrap();
    assert_eq!(facts.size_bytes, Some(GIF.len() as u64));
}

#[tokio::test]
async fn error_does_not_print_signatures_of_urls() {
    let nobody = format!("http://{}/p4th?sig=s3cret", closed_address());
    let responses: [Vec<u8>; 6] = [
        response("403 Forbidden", &[], b""),
        redirect("https://10.0.0.1/p4th?sig=s3cret"),
        redirect("https://user:s3cret@a.example/p4th"),
        redirect("/p4th?sig=s3cret"),
        b"nonsense".to_vec(),
        response("206 Partial Content", &[], b""),
    ];
    let mut errors = vec![
        probe(&nobody).await.unwrap_err(),
        probe("https://10.0.0.1/p4th?sig=s3cret").await.unwrap_err(),
        probe("https://user:s3cret@a.example/p4th")
            .await
            .unwrap_err(),
        probe("s3cret").await.unwrap_err(),
    ];
    for response in responses {
        let server = Server::start(move |_| Response::raw(response.clone())).await;
        errors.push(probe(&server.url("p4th?sig=s3cret")).await.unwrap_err());
    }
    for error in errors {
        let text = format!("{error} {error:?}");
        assert!(!text.contains("s3cret") && !text.contains("p4th"), "{text}");
        assert!(std::error::Error::source(&error).is_none());
    }
}

#[tokio::test]
async fn outcomes_are_in_order_and_urls_are_fetched_once() {
    let server = Server::start(|request| {
        let head = &*request.head;
        Response::raw(if head.starts_with("GET /good") {
            part(head, GIF, &[])
        } else {
            response("404 Not Found", &[], b"")
        })
    })
    .await;
    let [good, bad] = ["good", "bad"].map(|path| server.url(path));
    let urls = [&good, &bad, &good, "https://10.0.0.1/", &bad, &good];
    let outcomes = local().build().unwrap().probe_all(&urls).await;
    let kinds: Vec<_> = outcomes
        .iter()
        .map(|outcome| outcome.as_ref().map(|facts| facts.width))
        .map(|outcome| outcome.map_err(ProbeError::kind))
        .collect();
    let (good, bad) = (Ok(Some(320)), Err(ProbeErrorKind::Status));
    let refused = Err(ProbeErrorKind::Address);
    assert_eq!(kinds, [good, bad, good, refused, bad, good]);
    assert_eq!(heads(&server).len(), 2);
    let none: [&str; 0] = [];
    assert!(local().build().unwrap().probe_all(&none).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn deadline_and_concurrency_apply_to_a_batch() {
    let slow = || drip(response("200 OK", &["Content-Length: 100000"], b""), b"G");
    let server = Server::start(move |_| slow()).await;
    let urls: Vec<String> = (0..10).map(|n| server.url(&n.to_string())).collect();
    let prober = local().concurrency(3).build().unwrap();
    let batch = tokio::spawn(async move { prober.probe_all(&urls).await });
    for outcome in batch.await.unwrap() {
        assert_eq!(outcome.unwrap_err().kind(), ProbeErrorKind::Deadline);
    }
    // The remaining URLs were not connected to; a connection would be noticed by now.
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(server.connections(), 3);

    // Facts that were known before the deadline are kept.
    let server = Server::start(move |request| {
        let head = &*request.head;
        if head.starts_with("GET /7 ") {
            Response::raw(part(head, GIF, &[]))
        } else {
            slow()
        }
    })
    .await;
    let urls: Vec<String> = (0..10).map(|n| server.url(&n.to_string())).collect();
    let prober = local().concurrency(10).build().unwrap();
    for (n, outcome) in prober.probe_all(&urls).await.into_iter().enumerate() {
        assert_eq!(outcome.is_ok(), n == 7, "{n}: {outcome:?}");
    }
    assert_eq!(server.max_open(), 10);
}
