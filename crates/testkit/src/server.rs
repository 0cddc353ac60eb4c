//! A scripted HTTP server on a bare socket.
//!
//! It shares no code with the client under test, writes each response byte for byte as the test
//! says, and records what it receives. It lives in the caller's runtime, so its clock is the
//! test's; [`Server::on_thread`] is for tests without a runtime.

mod connection;
mod log;
mod request;
mod response;

use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, mpsc};

use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio::sync::oneshot;

use log::Log;
pub use request::Request;
pub use response::Response;

/// A server on loopback that answers each request as its script says.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    log: Arc<Log>,
    /// Ends the server's thread when it is dropped.
    _thread: Option<oneshot::Sender<()>>,
}

impl Server {
    /// Starts a server in the current tokio runtime.
    ///
    /// # Panics
    /// Panics outside of a runtime, and where loopback has no free port.
    pub async fn start(script: impl Fn(&Request) -> Response + Send + Sync + 'static) -> Self {
        let (server, serving) = Self::bind(script).await;
        tokio::spawn(serving);
        server
    }

    /// Starts a server that sends a clone of `response` to every request.
    ///
    /// # Panics
    /// As [`Server::start`] does.
    pub async fn always(response: Response) -> Self {
        Self::start(move |_| response.clone()).await
    }

    /// Starts a server on a thread of its own, which ends when the server is dropped.
    ///
    /// # Panics
    /// Panics where the thread cannot be started, and where loopback has no free port.
    pub fn on_thread(script: impl Fn(&Request) -> Response + Send + Sync + 'static) -> Self {
        let (started, starting) = mpsc::channel();
        std::thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(async {
                let (server, serving) = Self::bind(script).await;
                let (thread, dropped) = oneshot::channel();
                let server = Self {
                    _thread: Some(thread),
                    ..server
                };
                started.send(server).expect("the caller waits");
                tokio::select! {
                    () = serving => {}
                    _ = dropped => {}
                }
            });
        });
        starting.recv().expect("the thread starts a server")
    }

    async fn bind(
        script: impl Fn(&Request) -> Response + Send + Sync + 'static,
    ) -> (Self, impl Future<Output = ()> + Send) {
        let listener = TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("loopback has a free port");
        let address = listener
            .local_addr()
            .expect("a bound socket has an address");
        let log = Arc::new(Log::default());
        let serving = accept(listener, log.clone(), Arc::new(script));
        let server = Self {
            address,
            log,
            _thread: None,
        };
        (server, serving)
    }

    /// Returns the address that the server listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the server's origin, such as `http://127.0.0.1:34567`.
    #[must_use]
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the URL of a path, which is given without its leading slash.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}/{path}", self.address)
    }

    /// Returns all requests so far, in the order of their arrival.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.log.requests()
    }

    /// Returns the number of connections that were ever accepted.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.log.connections()
    }

    /// Returns the highest number of connections that were open at once.
    #[must_use]
    pub fn max_open(&self) -> usize {
        self.log.max_open()
    }

    /// Returns the number of body bytes that were sent so far.
    #[must_use]
    pub fn bytes_sent(&self) -> u64 {
        self.log.bytes_sent()
    }

    /// Waits until no connection is open.
    pub async fn closed(&self) {
        while self.log.open() > 0 {
            tokio::task::yield_now().await;
        }
    }
}

async fn accept<S>(listener: TcpListener, log: Arc<Log>, script: Arc<S>)
where
    S: Fn(&Request) -> Response + Send + Sync + 'static,
{
    while let Ok((stream, _)) = listener.accept().await {
        let (open, log, script) = (Log::open_one(&log), log.clone(), script.clone());
        tokio::spawn(async move {
            // Tests let clients disconnect at any time, which is no error here.
            let _ = connection::serve(stream, &log, &*script).await;
            drop(open);
        });
    }
}

/// Returns an address on loopback that refuses connections.
///
/// # Panics
/// Panics where loopback has no free port.
#[must_use]
pub fn closed_address() -> SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    // The port was free a moment ago; a later listener on it would be another test's.
    listener
        .local_addr()
        .expect("a bound socket has an address")
}
