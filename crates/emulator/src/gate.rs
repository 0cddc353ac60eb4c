//! The listening port, which an outage shuts and opens again.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;

use crate::clock::Moment;

/// Listens on a port, and stops listening during an outage, so that connections are refused.
///
/// Opening and shutting take effect at once, not when the server's task runs next: after
/// [`shut`](Self::shut) the next connection is refused.
#[derive(Clone)]
pub(crate) struct Gate(Arc<Mutex<Inner>>);

struct Inner {
    /// `None` once the gate is closed for good.
    port: Option<Port>,
    listener: Option<TcpListener>,
    /// The end of the outage, while there is one.
    shut_until: Option<Moment>,
    /// Wakes the accepting task when one of the fields above has changed.
    waker: Option<Waker>,
    changed: bool,
    /// The runtime that owns the listener; the gate may be opened from outside of it.
    runtime: Handle,
}

/// Reports what ended a wait of the accepting task.
pub(crate) enum Arrival {
    Connection(TcpStream, SocketAddr),
    /// An outage began, ended, or got another end.
    Change,
}

impl Gate {
    /// Listens on `address`; with port 0 the system chooses a free one.
    pub(crate) fn open(address: SocketAddr) -> io::Result<(Self, SocketAddr)> {
        let port = Port::take(address)?;
        let address = port.address;
        let inner = Inner {
            listener: Some(port.listen()?),
            port: Some(port),
            shut_until: None,
            waker: None,
            changed: false,
            runtime: Handle::current(),
        };
        Ok((Self(Arc::new(Mutex::new(inner))), address))
    }

    /// Refuses connections until this moment, and resets those that are not accepted yet.
    pub(crate) fn shut(&self, until: Moment) {
        let mut inner = self.inner();
        inner.listener = None;
        inner.shut_until = Some(until);
        inner.wake();
    }

    /// Opens the gate if its outage is over by `now`.
    pub(crate) fn open_if_due(&self, now: Moment) {
        let mut inner = self.inner();
        if let Some(until) = inner.shut_until {
            if until <= now {
                inner.reopen();
            }
            inner.wake();
        }
    }

    /// Closes the gate for good and frees its port.
    pub(crate) fn close(&self) {
        let mut inner = self.inner();
        inner.listener = None;
        inner.port = None;
        inner.shut_until = None;
    }

    pub(crate) fn shut_until(&self) -> Option<Moment> {
        self.inner().shut_until
    }

    pub(crate) fn poll_arrival(&self, task: &mut Context<'_>) -> Poll<io::Result<Arrival>> {
        let mut inner = self.inner();
        if std::mem::take(&mut inner.changed) {
            return Poll::Ready(Ok(Arrival::Change));
        }
        inner.waker = Some(task.waker().clone());
        let Some(listener) = &inner.listener else {
            return Poll::Pending;
        };
        let accepted = listener.poll_accept(task);
        accepted.map_ok(|(stream, peer)| Arrival::Connection(stream, peer))
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Listens again. While another process has the port the gate stays shut with its outage over,
    /// and the accepting task retries.
    fn reopen(&mut self) {
        let _inside = self.runtime.enter();
        self.listener = self.port.as_ref().and_then(|port| port.listen().ok());
        self.shut_until = match self.listener {
            Some(_) => None,
            None => Some(Moment::ZERO),
        };
    }

    fn wake(&mut self) {
        self.changed = true;
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

/// Holds a port for this emulator, also while it does not listen.
struct Port {
    address: SocketAddr,
    /// A socket that is bound and never listens: while the gate is shut the port refuses
    /// connections, and the system gives it to no process that binds port 0.
    #[cfg(all(unix, not(any(target_os = "solaris", target_os = "illumos"))))]
    _reserved: tokio::net::TcpSocket,
}

#[cfg(all(unix, not(any(target_os = "solaris", target_os = "illumos"))))]
impl Port {
    /// Number of connections that the system holds until they are accepted.
    const MAX_BACKLOG: u32 = 1024;

    fn take(mut address: SocketAddr) -> io::Result<Self> {
        if address.port() != 0 {
            // The sockets below may share their port, so a second emulator would get a part of the
            // connections. This exclusive bind fails instead.
            std::net::TcpListener::bind(address)?;
        }
        let reserved = Self::bind(address)?;
        address.set_port(reserved.local_addr()?.port());
        Ok(Self {
            address,
            _reserved: reserved,
        })
    }

    fn listen(&self) -> io::Result<TcpListener> {
        Self::bind(self.address)?.listen(Self::MAX_BACKLOG)
    }

    fn bind(address: SocketAddr) -> io::Result<tokio::net::TcpSocket> {
        let socket = match address {
            SocketAddr::V4(_) => tokio::net::TcpSocket::new_v4(),
            SocketAddr::V6(_) => tokio::net::TcpSocket::new_v6(),
        }?;
        // Binds also while connections of an earlier process on this port are in TIME_WAIT.
        socket.set_reuseaddr(true)?;
        socket.set_reuseport(true)?;
        socket.bind(address)?;
        Ok(socket)
    }
}

/// Without a way to hold a port that does not listen, another process may take it during an
/// outage; then the outage lasts until that process frees the port.
#[cfg(not(all(unix, not(any(target_os = "solaris", target_os = "illumos")))))]
impl Port {
    fn take(address: SocketAddr) -> io::Result<Self> {
        let probe = std::net::TcpListener::bind(address)?;
        Ok(Self {
            address: probe.local_addr()?,
        })
    }

    fn listen(&self) -> io::Result<TcpListener> {
        let listener = std::net::TcpListener::bind(self.address)?;
        listener.set_nonblocking(true)?;
        TcpListener::from_std(listener)
    }
}
