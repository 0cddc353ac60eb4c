//! Judges a client as a Model API on bare sockets: which jobs exist, and which were reported.
//!
//! A [`Judge`] answers each submit as a test scripts it and keeps a ledger of its own of the jobs
//! that it took. It shares no code with the client, with the emulator or with any HTTP library:
//! HTTP/1.1 and HTTP/2 are read and written by hand, on blocking sockets and threads. A submit is
//! recognized by its [`MARK`] in the request's body, so no header has to be decoded.

mod http1;
mod http2;
mod ledger;
pub mod reading;

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

pub use ledger::{Job, Ledger};

/// Prefix of the text in a submit's body that identifies the wish behind it: `mark:17` is one
/// wish, however often it arrives.
pub const MARK: &str = "mark:";

/// Placeholder in a scripted body for the id of the job that was taken.
pub const ID: &str = "$ID";

/// Version of HTTP that a [`Judge`] speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/1.1, with connections kept open.
    Http1,
    /// HTTP/2 without TLS, by prior knowledge.
    Http2,
}

/// A submit that has arrived whole.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// The text behind [`MARK`].
    pub mark: String,
    /// Number of arrivals of the mark, this one included.
    pub attempt: usize,
    /// Number of the connection, counted from 0.
    pub connection: usize,
}

/// Treatment of a submit by a [`Judge`].
#[derive(Clone, Debug)]
pub struct Verdict {
    /// `true` if a job exists from now on.
    pub taken: bool,
    /// Answer to the submit.
    pub answer: Answer,
}

/// Answer to a submit.
#[derive(Clone, Debug)]
pub enum Answer {
    /// A response; [`ID`] in its body becomes the job's id.
    Respond(Response),
    /// The head and half of the body of a response, then the end of the connection.
    Half(Response),
    /// The head and half of the body of a response, then the end of the stream as of one that was
    /// not processed: REFUSED_STREAM. Over HTTP/1.1 as [`Answer::Half`].
    HalfThenRefuse(Response),
    /// The head and half of the body of a response, then a GOAWAY below its stream. Over HTTP/1.1 as
    /// [`Answer::Half`].
    HalfThenGoAwayBelow(Response),
    /// A response, and a 429 that nobody asked for once the next request of the connection arrives.
    /// Over HTTP/2 as [`Answer::Respond`].
    WithLate429(Response),
    /// An interim response (HTTP 103), then the response.
    Interim(Response),
    /// The end of the connection.
    Close,
    /// A reset of the connection (HTTP/1.1), or of the stream with `INTERNAL_ERROR` (HTTP/2).
    Reset,
    /// A reset of the stream with `REFUSED_STREAM`, which proves that nothing was processed. Over
    /// HTTP/1.1 as [`Answer::Close`].
    Refuse,
    /// A GOAWAY whose last stream is below the submit's, then the end of the connection: nothing
    /// was processed. Over HTTP/1.1 as [`Answer::Close`].
    GoAwayBelow,
    /// A GOAWAY whose last stream is the submit's, then the end of the connection. Over HTTP/1.1
    /// as [`Answer::Close`].
    GoAwayAt,
    /// Nothing, for as long as the client keeps the connection.
    Silence,
}

/// A scripted response.
#[derive(Clone, Debug)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// Header fields besides `content-type` and `content-length`.
    pub headers: Vec<(&'static str, String)>,
    /// Body, with [`ID`] where the job's id goes.
    pub body: String,
}

/// Treatment of a new connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Welcome {
    /// The requests of the connection are read.
    Serve,
    /// The connection is closed before anything is read.
    Close,
    /// The requests of the connection are read, but over HTTP/2 no further byte of their bodies may be
    /// sent until [`Judge::release`].
    Hold,
}

type Script = dyn Fn(&Arrival) -> Verdict + Send + Sync;
type Greeter = dyn Fn(usize) -> Welcome + Send + Sync;

/// A running server; it ends when it is dropped.
pub struct Judge {
    address: SocketAddr,
    court: Arc<Court>,
    acceptor: Option<JoinHandle<()>>,
}

/// State that all connections share.
struct Court {
    script: Box<Script>,
    welcome: Box<Greeter>,
    ledger: Mutex<Ledger>,
    /// Open connections by their numbers, to end them with the server.
    streams: Mutex<HashMap<usize, TcpStream>>,
    closing: AtomicBool,
    released: AtomicBool,
}

impl Judge {
    /// Starts a server on a free loopback port that treats each submit as `script` says.
    ///
    /// # Errors
    /// When no port can be bound.
    pub fn start(
        protocol: Protocol,
        script: impl Fn(&Arrival) -> Verdict + Send + Sync + 'static,
    ) -> io::Result<Self> {
        Self::start_with(protocol, |_| Welcome::Serve, script)
    }

    /// Starts a server as [`start`](Self::start), with a say about each new connection by its
    /// number, counted from 0.
    ///
    /// # Errors
    /// When no port can be bound.
    pub fn start_with(
        protocol: Protocol,
        welcome: impl Fn(usize) -> Welcome + Send + Sync + 'static,
        script: impl Fn(&Arrival) -> Verdict + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let court = Arc::new(Court {
            script: Box::new(script),
            welcome: Box::new(welcome),
            ledger: Mutex::default(),
            streams: Mutex::default(),
            closing: AtomicBool::new(false),
            released: AtomicBool::new(false),
        });
        let shared = Arc::clone(&court);
        let acceptor = thread::spawn(move || accept(&listener, protocol, &shared));
        Ok(Self {
            address,
            court,
            acceptor: Some(acceptor),
        })
    }

    /// Returns the base URL, `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Lets the bodies of all connections be sent that were held by [`Welcome::Hold`].
    pub fn release(&self) {
        self.court.released.store(true, Ordering::SeqCst);
    }

    /// Returns a copy of the ledger as it is now.
    #[must_use]
    pub fn ledger(&self) -> Ledger {
        self.court.ledger(|ledger| ledger.clone())
    }
}

impl Drop for Judge {
    fn drop(&mut self) {
        self.court.closing.store(true, Ordering::SeqCst);
        // Wakes the acceptor; where that fails it has ended already.
        TcpStream::connect(self.address).ok();
        if let Some(acceptor) = self.acceptor.take() {
            acceptor.join().ok();
        }
        for (_, stream) in lock(&self.court.streams).drain() {
            stream.shutdown(std::net::Shutdown::Both).ok();
        }
    }
}

fn accept(listener: &TcpListener, protocol: Protocol, court: &Arc<Court>) {
    for (connection, stream) in listener.incoming().enumerate() {
        if court.closing.load(Ordering::SeqCst) {
            return;
        }
        let Ok(stream) = stream else { continue };
        court.ledger(Ledger::connected);
        let welcome = (court.welcome)(connection);
        if welcome == Welcome::Close {
            continue;
        }
        let is_held = welcome == Welcome::Hold;
        if let Ok(copy) = stream.try_clone() {
            lock(&court.streams).insert(connection, copy);
        }
        stream.set_nodelay(true).ok();
        let court = Arc::clone(court);
        // A client that leaves ends its connection with an error, which concerns nobody.
        thread::spawn(move || {
            match protocol {
                Protocol::Http1 => http1::serve(stream, connection, &court).ok(),
                Protocol::Http2 => http2::serve(stream, connection, is_held, &court).ok(),
            };
            // The last handle: the connection is closed with it.
            lock(&court.streams).remove(&connection);
        });
    }
}

impl Court {
    fn ledger<T>(&self, change: impl FnOnce(&mut Ledger) -> T) -> T {
        change(&mut lock(&self.ledger))
    }

    /// Judges a submit with this body; the id is that of its job, where one was taken.
    fn judge(&self, body: &[u8], connection: usize) -> (Answer, String) {
        let mark = mark_of(body);
        let attempt = self.ledger(|ledger| ledger.arrived(&mark));
        let arrival = Arrival {
            mark,
            attempt,
            connection,
        };
        let verdict = (self.script)(&arrival);
        let id = if verdict.taken {
            self.ledger(|ledger| ledger.take(&arrival.mark))
        } else {
            String::new()
        };
        (verdict.answer, id)
    }
}

impl Response {
    /// Creates a response without header fields of its own.
    #[must_use]
    pub fn new(status: u16, body: impl Into<String>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: body.into(),
        }
    }

    /// Adds a header field.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    fn body(&self, id: &str) -> String {
        self.body.replace(ID, id)
    }
}

/// The text behind the mark, up to what cannot belong to it.
fn mark_of(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let rest = text.split_once(MARK).map_or("", |(_, rest)| rest);
    let end = rest
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '-')
        .unwrap_or(rest.len());
    rest[..end].to_owned()
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Body of the response to a call other than a submit: a job of any id is cancelled.
const OTHER_CALLS: &str = r#"{"request_id": "any", "status": "cancelled", "outcome": "cancelled"}"#;
