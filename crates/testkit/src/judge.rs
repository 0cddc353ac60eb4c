//! Judges a client as a Model API on bare sockets: which jobs exist, and which were reported.
//!
//! A [`Judge`] answers each submit as a test scripts it and keeps a ledger of its own of the jobs
//! that it took. It shares no code with the client, with the emulator or with any HTTP library:
//! HTTP/1.1 and HTTP/2 are read and written by hand, on blocking sockets and threads. A submit is
//! recognized by its [`MARK`] in the request's body, so no header has to be decoded.

mod answer;
mod court;
mod http1;
mod http2;
mod ledger;
pub mod reading;

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

pub use answer::{Answer, ID, QUOTED_TOKEN, Response, Verdict};
pub use court::{Arrival, MARK, Welcome};
pub use ledger::{Job, Ledger};

use court::{Court, lock};

/// Version of HTTP that a [`Judge`] speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/1.1, with connections kept open.
    Http1,
    /// HTTP/2 without TLS, by prior knowledge.
    Http2,
}

/// A running server; it ends when it is dropped.
pub struct Judge {
    address: SocketAddr,
    court: Arc<Court>,
    acceptor: Option<JoinHandle<()>>,
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
