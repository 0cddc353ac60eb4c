//! Responses that are longer than is read, from a server on bare sockets: the id of a job is found
//! wherever it is, the memory is bounded, and one such response ends no wait.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use runcomfy::{Client, ErrorKind, Outcome, RequestId};
use serde_json::json;

/// Way in which a response says where it ends.
#[derive(Clone, Copy, Debug)]
enum Framing {
    ContentLength,
    Chunked,
}

/// A JSON object: a text between two members, of so many bytes.
#[derive(Clone, Debug)]
struct Body {
    start: &'static str,
    padding: usize,
    end: &'static str,
    framing: Framing,
}

const MB: usize = 1_000_000;

/// Number of bytes that are written at a time.
const PIECE: usize = 1 << 16;

/// Number of bytes that may be read of a response, with those that the system's buffers take.
const MAX_READ: usize = 32 * MB;

impl Body {
    fn short(text: &'static str) -> Self {
        Self {
            start: text,
            padding: 0,
            end: "",
            framing: Framing::Chunked,
        }
    }

    fn long(start: &'static str, padding: usize, end: &'static str, framing: Framing) -> Self {
        Self {
            start,
            padding,
            end,
            framing,
        }
    }

    /// Writes the response; counts what the client has taken of it.
    fn write(&self, stream: &mut TcpStream, taken: &AtomicUsize) -> io::Result<()> {
        let length = self.start.len() + self.padding + self.end.len();
        let framing = match self.framing {
            Framing::ContentLength => format!("content-length: {length}"),
            Framing::Chunked => "transfer-encoding: chunked".to_owned(),
        };
        write!(stream, "HTTP/1.1 200 OK\r\n{framing}\r\n\r\n")?;
        let piece = "x".repeat(PIECE);
        let paddings = (0..self.padding.div_ceil(PIECE))
            .map(|number| &piece[..PIECE.min(self.padding - number * PIECE)]);
        for text in [self.start].into_iter().chain(paddings).chain([self.end]) {
            match self.framing {
                _ if text.is_empty() => {}
                Framing::ContentLength => stream.write_all(text.as_bytes())?,
                Framing::Chunked => write!(stream, "{:x}\r\n{text}\r\n", text.len())?,
            }
            taken.fetch_add(text.len(), Ordering::SeqCst);
        }
        if let Framing::Chunked = self.framing {
            stream.write_all(b"0\r\n\r\n")?;
        }
        Ok(())
    }
}

/// A service on bare sockets.
struct Service {
    base_url: String,
    /// Bytes of bodies that clients have taken.
    taken: Arc<AtomicUsize>,
    /// Number of submits that have arrived.
    submits: Arc<AtomicUsize>,
}

impl Service {
    /// Starts a service that answers by the first line of a request, and its number from 0.
    fn start(answer: impl Fn(&str, usize) -> Body + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let service = Self {
            base_url: format!("http://{}", listener.local_addr().unwrap()),
            taken: Arc::default(),
            submits: Arc::default(),
        };
        let (taken, submits) = (Arc::clone(&service.taken), Arc::clone(&service.submits));
        let (answer, requests) = (Arc::new(answer), Arc::new(AtomicUsize::new(0)));
        std::thread::spawn(move || {
            for mut stream in listener.incoming().map_while(Result::ok) {
                let (answer, requests) = (Arc::clone(&answer), Arc::clone(&requests));
                let (taken, submits) = (Arc::clone(&taken), Arc::clone(&submits));
                std::thread::spawn(move || {
                    let mut reader = BufReader::new(stream.try_clone().unwrap());
                    while let Ok(Some(line)) = request(&mut reader) {
                        submits.fetch_add(usize::from(line.starts_with("POST")), Ordering::SeqCst);
                        let number = requests.fetch_add(1, Ordering::SeqCst);
                        // A client that has read enough ends the connection.
                        if answer(&line, number).write(&mut stream, &taken).is_err() {
                            return;
                        }
                    }
                });
            }
        });
        service
    }

    fn client(&self) -> Client {
        let client = Client::builder().token("token-of-tests");
        client.base_url(&self.base_url).build().unwrap()
    }
}

/// Reads a request and returns its first line; `None` at the end of the connection.
fn request(reader: &mut BufReader<TcpStream>) -> io::Result<Option<String>> {
    let (mut first, mut length) = (String::new(), 0);
    if reader.read_line(&mut first)? == 0 {
        return Ok(None);
    }
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.split_once(':') else {
            break;
        };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().unwrap_or_default();
        }
    }
    io::copy(&mut reader.by_ref().take(length), &mut io::sink())?;
    Ok(Some(first))
}

async fn submitted(client: &Client) -> Outcome<runcomfy::Output> {
    let input = json!({"prompt": "A boat"});
    client.submit_json("acme/paint", &input).outcome().await
}

#[tokio::test]
async fn id_is_found_anywhere_in_a_long_response() {
    const ID: &str = r#""request_id": "job-1""#;
    let at_start = (r#"{"request_id": "job-1", "a": ""#, r#""}"#);
    let at_end = (r#"{"a": ""#, r#"", "request_id": "job-1"}"#);
    assert!(at_start.0.contains(ID) && at_end.1.contains(ID));
    for ((start, end), size, framing) in [
        (at_start, 20, Framing::ContentLength),
        (at_start, 20, Framing::Chunked),
        (at_start, 80, Framing::ContentLength),
        (at_end, 20, Framing::ContentLength),
        (at_end, 20, Framing::Chunked),
        (at_end, 80, Framing::Chunked),
    ] {
        let body = Body::long(start, size * MB, end, framing);
        let service = Service::start(move |_, _| body.clone());
        let case = format!("{start} {size} MB {framing:?}");
        let Outcome::Unknown(error) = submitted(&service.client()).await else {
            panic!("{case}");
        };
        assert_eq!(error.kind(), ErrorKind::TooLarge, "{case}");
        let id = error.request_id().map(RequestId::as_str);
        assert_eq!(id, Some("job-1"), "{case}");
        assert_eq!(service.submits.load(Ordering::SeqCst), 1, "{case}");
        // Nothing behind the id is read.
        if start.contains(ID) {
            assert!(service.taken.load(Ordering::SeqCst) < MAX_READ, "{case}");
        }
    }
}

#[tokio::test]
async fn long_response_without_an_id_leaves_it_unknown() {
    let body = Body::long(r#"{"a": ""#, 20 * MB, r#""}"#, Framing::Chunked);
    let service = Service::start(move |_, _| body.clone());
    let Outcome::Unknown(error) = submitted(&service.client()).await else {
        panic!("the outcome is known");
    };
    assert_eq!(
        (error.kind(), error.request_id()),
        (ErrorKind::TooLarge, None)
    );
    assert!(error.idempotency_key().is_some());
}

/// An endless response ends with the request's timeout.
#[tokio::test]
async fn endless_response_ends_in_time() {
    let body = Body::long(r#"{"a": ""#, usize::MAX >> 1, "", Framing::Chunked);
    let service = Service::start(move |_, _| body.clone());
    let client = Client::builder().token("token-of-tests");
    let client = client.base_url(&service.base_url);
    let client = client.request_timeout(Duration::from_secs(1));
    let client = client.build().unwrap();
    let end = tokio::time::timeout(Duration::from_secs(60), submitted(&client)).await;
    assert!(matches!(end, Ok(Outcome::Unknown(_))), "{end:?}");
    assert_eq!(service.submits.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn long_response_in_a_poll_ends_no_wait() {
    for framing in [Framing::ContentLength, Framing::Chunked] {
        let service = Service::start(move |line, number| match (line, number) {
            (_, 0) => Body::short(r#"{"request_id": "job-1"}"#),
            (_, 1 | 3) => Body::long(r#"{"a": ""#, 80 * MB, r#""}"#, framing),
            (line, _) if line.contains("/result") => {
                Body::short(r#"{"status": "completed", "output": {"image": "u"}}"#)
            }
            _ => Body::short(r#"{"status": "completed"}"#),
        });
        let Outcome::Accepted(job) = submitted(&service.client()).await else {
            panic!("{framing:?}");
        };
        let output = job.wait().await.unwrap();
        assert_eq!(output.as_value()["image"], "u");
        // Two responses, each up to what is read of one.
        let taken = service.taken.load(Ordering::SeqCst);
        assert!(taken < 2 * MAX_READ, "{framing:?}: {taken}");
    }
}
