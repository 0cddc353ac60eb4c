//! TCP connections that the emulator can cut on demand.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::ledger::Connections;

/// Cuts one connection on behalf of the call that came over it.
#[derive(Clone, Default)]
pub(crate) struct ConnectionHandle(Arc<Mutex<CutState>>);

/// Holds the pending cut of a connection.
#[derive(Default)]
struct CutState {
    cut: Option<Cut>,
    /// Wakes the connection's task, which may wait in a read.
    waker: Option<Waker>,
}

enum Cut {
    /// RST: the other side sees "connection reset by peer".
    Reset,
    /// FIN: the other side sees an early end.
    Close,
    /// FIN once this many bytes of the next response's body are written.
    AfterBody { remaining: usize, head: HeadEnd },
}

impl ConnectionHandle {
    /// Resets the connection at its next read or write.
    pub(crate) fn reset(&self) {
        self.cut(Cut::Reset);
    }

    /// Closes the connection at its next read or write.
    pub(crate) fn close(&self) {
        self.cut(Cut::Close);
    }

    /// Closes the connection after the head of the next response and `bytes` bytes of its body.
    pub(crate) fn close_after(&self, bytes: usize) {
        self.cut(Cut::AfterBody {
            remaining: bytes,
            head: HeadEnd::default(),
        });
    }

    fn cut(&self, cut: Cut) {
        let mut state = self.state();
        state.cut = Some(cut);
        if let Some(waker) = state.waker.take() {
            waker.wake();
        }
    }

    fn state(&self) -> MutexGuard<'_, CutState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Finds the empty line that ends the head of a response, however the bytes are split.
#[derive(Default)]
struct HeadEnd {
    matched: usize,
}

impl HeadEnd {
    const MARK: &[u8] = b"\r\n\r\n";

    /// Counts the bytes of `bytes` that belong to the head, and keeps the position in the mark.
    fn head_part(&mut self, bytes: &[u8]) -> usize {
        for (index, byte) in bytes.iter().enumerate() {
            if self.matched == Self::MARK.len() {
                return index;
            }
            self.matched = match *byte {
                byte if byte == Self::MARK[self.matched] => self.matched + 1,
                b'\r' => 1,
                _ => 0,
            };
        }
        bytes.len()
    }
}

/// Wraps the stream that the HTTP server reads and writes.
pub(crate) struct Connection {
    stream: TcpStream,
    handle: ConnectionHandle,
}

impl Connection {
    pub(crate) fn new(stream: TcpStream, handle: ConnectionHandle) -> Self {
        Self { stream, handle }
    }

    pub(crate) fn handle(&self) -> &ConnectionHandle {
        &self.handle
    }

    /// Counts the bytes of `bytes` that may be written now; fails once the connection is cut.
    fn allowed(&self, bytes: &[u8], task: &Context<'_>) -> io::Result<usize> {
        let mut state = self.handle.state();
        state.waker = Some(task.waker().clone());
        match &mut state.cut {
            None => Ok(bytes.len()),
            Some(Cut::Close) => Err(io::ErrorKind::BrokenPipe.into()),
            Some(Cut::Reset) => {
                // Without lingering, closing sends RST instead of FIN. If the system does not
                // support that, the connection still ends, with FIN.
                let _ = self.stream.set_zero_linger();
                Err(io::ErrorKind::ConnectionReset.into())
            }
            Some(Cut::AfterBody { remaining: 0, head }) if head.matched == HeadEnd::MARK.len() => {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            Some(Cut::AfterBody { remaining, head }) => {
                let part = HeadEnd {
                    matched: head.matched,
                }
                .head_part(bytes);
                Ok(bytes.len().min(part.saturating_add(*remaining)))
            }
        }
    }

    /// Records the bytes that were written.
    fn record_written(&self, bytes: &[u8]) {
        if let Some(Cut::AfterBody { remaining, head }) = &mut self.handle.state().cut {
            let part = head.head_part(bytes);
            *remaining = remaining.saturating_sub(bytes.len() - part);
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        self: Pin<&mut Self>,
        task: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.allowed(&[], task)?;
        Pin::new(&mut this.stream).poll_read(task, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        self: Pin<&mut Self>,
        task: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let allowed = this.allowed(bytes, task)?;
        let outcome = Pin::new(&mut this.stream).poll_write(task, &bytes[..allowed]);
        if let Poll::Ready(Ok(count)) = outcome {
            this.record_written(&bytes[..count]);
        }
        outcome
    }

    fn poll_flush(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(task)
    }

    fn poll_shutdown(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.allowed(&[], task)?;
        Pin::new(&mut this.stream).poll_shutdown(task)
    }
}

/// Tracks all open connections.
#[derive(Clone, Default)]
pub(crate) struct OpenConnections(Arc<Mutex<Registry>>);

#[derive(Default)]
struct Registry {
    connections: Vec<Weak<Mutex<CutState>>>,
    opened: usize,
    max_open: usize,
}

impl Registry {
    fn forget_ended(&mut self) {
        self.connections
            .retain(|connection| connection.strong_count() > 0);
    }
}

impl OpenConnections {
    /// Registers a connection.
    pub(crate) fn add(&self, handle: &ConnectionHandle) {
        let mut registry = self.registry();
        registry.forget_ended();
        registry.connections.push(Arc::downgrade(&handle.0));
        registry.opened += 1;
        registry.max_open = registry.max_open.max(registry.connections.len());
    }

    /// Closes every connection.
    pub(crate) fn close(&self) {
        self.each(ConnectionHandle::close);
    }

    /// Resets every connection.
    pub(crate) fn reset(&self) {
        self.each(ConnectionHandle::reset);
    }

    pub(crate) fn count(&self) -> Connections {
        let mut registry = self.registry();
        registry.forget_ended();
        Connections {
            opened: registry.opened,
            open: registry.connections.len(),
            max_open: registry.max_open,
        }
    }

    fn each(&self, cut: impl Fn(&ConnectionHandle)) {
        let open: Vec<_> = {
            let registry = self.registry();
            registry
                .connections
                .iter()
                .filter_map(Weak::upgrade)
                .collect()
        };
        for state in open {
            cut(&ConnectionHandle(state));
        }
    }

    fn registry(&self) -> MutexGuard<'_, Registry> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::HeadEnd;

    #[test]
    fn head_ends_at_the_empty_line_however_it_is_split() {
        let response = b"HTTP/1.1 200 OK\r\nx: \r\r\n\r\nbody\r\n\r\n";
        let end = response.len() - b"body\r\n\r\n".len();
        for first in 0..=response.len() {
            let mut head = HeadEnd::default();
            let (a, b) = response.split_at(first);
            assert_eq!(
                head.head_part(a) + head.head_part(b),
                end,
                "split at {first}"
            );
        }
    }
}
