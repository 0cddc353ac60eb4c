//! The listener, which registers each connection.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::connection::{Connection, ConnectionHandle, OpenConnections};
use crate::gate::{Arrival, Gate};
use crate::service::Service;

/// Accepts connections and registers each so that it can be cut.
pub(crate) struct ConnectionListener {
    pub(crate) gate: Gate,
    pub(crate) address: SocketAddr,
    pub(crate) connections: OpenConnections,
    /// The service whose clock decides when an outage ends.
    pub(crate) service: Arc<Service>,
}

/// Backoff after a failure to accept (the system is out of descriptors) or to listen again
/// (another process has the port).
const LISTEN_BACKOFF: Duration = Duration::from_millis(100);

impl ConnectionListener {
    /// Waits for the next connection; returns `None` when an outage changed or ended, and after a
    /// failure.
    async fn arrival(&self) -> Option<(TcpStream, SocketAddr)> {
        let arrival = poll_fn(|task| self.gate.poll_arrival(task));
        let arrival = match self.gate.shut_until() {
            None => arrival.await,
            Some(until) => {
                let remaining = until.saturating_sub(self.service.clock.now());
                let wait = if remaining.is_zero() {
                    LISTEN_BACKOFF
                } else {
                    remaining
                };
                let Ok(arrival) = timeout(wait, arrival).await else {
                    self.gate.open_if_due(self.service.clock.now());
                    return None;
                };
                arrival
            }
        };
        match arrival {
            Ok(Arrival::Connection(stream, peer)) => Some((stream, peer)),
            Ok(Arrival::Change) => None,
            Err(_) => {
                sleep(LISTEN_BACKOFF).await;
                None
            }
        }
    }
}

impl Listener for ConnectionListener {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        let (stream, peer) = loop {
            if let Some(arrival) = self.arrival().await {
                break arrival;
            }
        };
        // A failure costs speed only.
        let _ = stream.set_nodelay(true);
        let handle = ConnectionHandle::default();
        self.connections.add(&handle);
        if self.gate.shut_until().is_some() {
            // The outage began after this connection was accepted and before it was registered.
            handle.reset();
        }
        (Connection::new(stream, handle), peer)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}

impl Connected<IncomingStream<'_, ConnectionListener>> for ConnectionHandle {
    fn connect_info(stream: IncomingStream<'_, ConnectionListener>) -> Self {
        stream.io().handle().clone()
    }
}
