//! The port that the emulator listens on, which an outage closes and opens again.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;

use crate::clock::Moment;

/// A listening port that can be shut, so that connections are refused, and be opened again.
///
/// It opens and shuts at once, not when the server's task gets its turn: who shuts it can count on
/// the next connection being refused.
#[derive(Clone)]
pub(crate) struct Gate(Arc<Mutex<Inner>>);

struct Inner {
    /// Nothing once the gate was closed for good.
    port: Option<Port>,
    listener: Option<TcpListener>,
    /// When the outage ends.
    shut_until: Option<Moment>,
    /// The accepting task, which must look again when any of the above has changed.
    waker: Option<Waker>,
    changed: bool,
    /// A listener belongs to a runtime, and who opens the gate may stand outside of it.
    runtime: Handle,
}

/// What the accepting task has waited for.
pub(crate) enum Arrival {
    Connection(TcpStream, SocketAddr),
    /// An outage began, ended, or will end at another time.
    Change,
}

impl Gate {
    /// Listens on `address`; its port may be 0.
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

    /// Refuses connections until then; those that nobody has accepted yet are reset.
    pub(crate) fn shut(&self, until: Moment) {
        let mut inner = self.inner();
        inner.listener = None;
        inner.shut_until = Some(until);
        inner.wake();
    }

    /// Opens the gate if its outage is over.
    pub(crate) fn settle(&self, now: Moment) {
        let mut inner = self.inner();
        if let Some(until) = inner.shut_until {
            if until <= now {
                inner.reopen();
            }
            inner.wake();
        }
    }

    /// Closes the gate for good and gives its port back.
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
    /// Where another process has the port the gate stays shut, with its outage over: then the
    /// accepting task tries again and again.
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

/// A port that is this emulator's, whether it listens or not.
struct Port {
    address: SocketAddr,
    /// Bound and never listening: while the gate is shut the port refuses connections, and the
    /// system still gives it to nobody who wants just any.
    #[cfg(all(unix, not(any(target_os = "solaris", target_os = "illumos"))))]
    _kept: tokio::net::TcpSocket,
}

#[cfg(all(unix, not(any(target_os = "solaris", target_os = "illumos"))))]
impl Port {
    /// Connections that the system keeps until they are accepted.
    const BACKLOG: u32 = 1024;

    fn take(mut address: SocketAddr) -> io::Result<Self> {
        if address.port() != 0 {
            // A port that can be shared would be shared with another emulator without a word.
            std::net::TcpListener::bind(address)?;
        }
        let kept = Self::bind(address)?;
        address.set_port(kept.local_addr()?.port());
        Ok(Self {
            address,
            _kept: kept,
        })
    }

    fn listen(&self) -> io::Result<TcpListener> {
        Self::bind(self.address)?.listen(Self::BACKLOG)
    }

    fn bind(address: SocketAddr) -> io::Result<tokio::net::TcpSocket> {
        let socket = match address {
            SocketAddr::V4(_) => tokio::net::TcpSocket::new_v4(),
            SocketAddr::V6(_) => tokio::net::TcpSocket::new_v6(),
        }?;
        // Also while connections of an earlier process on this port are in their last minute.
        socket.set_reuseaddr(true)?;
        socket.set_reuseport(true)?;
        socket.bind(address)?;
        Ok(socket)
    }
}

/// Without a way to hold a port that does not listen, another process may take it meanwhile; then
/// the outage lasts until that process gives it back.
#[cfg(not(all(unix, not(any(target_os = "solaris", target_os = "illumos")))))]
impl Port {
    fn take(address: SocketAddr) -> io::Result<Self> {
        let found = std::net::TcpListener::bind(address)?;
        Ok(Self {
            address: found.local_addr()?,
        })
    }

    fn listen(&self) -> io::Result<TcpListener> {
        let listener = std::net::TcpListener::bind(self.address)?;
        listener.set_nonblocking(true)?;
        TcpListener::from_std(listener)
    }
}
