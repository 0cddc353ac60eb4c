//! TCP connections that can be cut on demand.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::Connections;
use crate::gate::{Arrival, Gate};
use crate::service::Service;

/// The handle of one connection, by which a call can cut it.
#[derive(Clone, Default)]
pub(crate) struct Line(Arc<Mutex<Fate>>);

/// What is to become of a connection.
#[derive(Default)]
struct Fate {
    cut: Option<Cut>,
    /// Wakes the connection's task, which may be asleep in a read.
    waker: Option<Waker>,
}

enum Cut {
    /// RST: the other side sees "connection reset by peer".
    Reset,
    /// FIN: the other side sees an early end.
    Close,
    /// FIN once so many bytes of the next reply's body have gone out.
    AfterBody { left: usize, head: HeadEnd },
}

impl Line {
    /// Resets the connection at its next read or write.
    pub(crate) fn reset(&self) {
        self.cut(Cut::Reset);
    }

    /// Closes the connection at its next read or write.
    pub(crate) fn close(&self) {
        self.cut(Cut::Close);
    }

    /// Lets the head of the next reply pass and `bytes` of its body, then closes.
    pub(crate) fn close_after(&self, bytes: usize) {
        self.cut(Cut::AfterBody {
            left: bytes,
            head: HeadEnd::default(),
        });
    }

    fn cut(&self, cut: Cut) {
        let mut fate = self.fate();
        fate.cut = Some(cut);
        if let Some(waker) = fate.waker.take() {
            waker.wake();
        }
    }

    fn fate(&self) -> MutexGuard<'_, Fate> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Finds the empty line that ends the head of a reply, in however many pieces it comes.
#[derive(Default)]
struct HeadEnd {
    matched: usize,
}

impl HeadEnd {
    const MARK: &[u8] = b"\r\n\r\n";

    /// How many of `bytes` belong to the head; remembers where it stands in the mark.
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

/// A connection as the HTTP server sees it.
pub(crate) struct Wire {
    stream: TcpStream,
    line: Line,
}

impl Wire {
    /// How many bytes may go out now, at most `bytes`; an error once the connection is cut.
    fn allowed(&self, bytes: &[u8], task: &Context<'_>) -> io::Result<usize> {
        let mut fate = self.line.fate();
        fate.waker = Some(task.waker().clone());
        match &mut fate.cut {
            None => Ok(bytes.len()),
            Some(Cut::Close) => Err(io::ErrorKind::BrokenPipe.into()),
            Some(Cut::Reset) => {
                // Without lingering, closing sends RST in place of FIN. Should the system refuse,
                // the connection still ends, only more politely.
                let _ = self.stream.set_zero_linger();
                Err(io::ErrorKind::ConnectionReset.into())
            }
            Some(Cut::AfterBody { left: 0, head }) if head.matched == HeadEnd::MARK.len() => {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            // Byte by byte would do; pieces are cut so that what is counted is also written.
            Some(Cut::AfterBody { left, head }) => {
                let part = HeadEnd {
                    matched: head.matched,
                }
                .head_part(bytes);
                Ok(bytes.len().min(part.saturating_add(*left)))
            }
        }
    }

    /// Takes note of what went out.
    fn sent(&self, bytes: &[u8]) {
        if let Some(Cut::AfterBody { left, head }) = &mut self.line.fate().cut {
            let part = head.head_part(bytes);
            *left = left.saturating_sub(bytes.len() - part);
        }
    }
}

impl AsyncRead for Wire {
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

impl AsyncWrite for Wire {
    fn poll_write(
        self: Pin<&mut Self>,
        task: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let allowed = this.allowed(bytes, task)?;
        let outcome = Pin::new(&mut this.stream).poll_write(task, &bytes[..allowed]);
        if let Poll::Ready(Ok(count)) = outcome {
            this.sent(&bytes[..count]);
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

/// All open connections.
#[derive(Clone, Default)]
pub(crate) struct Lines(Arc<Mutex<Open>>);

#[derive(Default)]
struct Open {
    lines: Vec<Weak<Mutex<Fate>>>,
    opened: usize,
    most: usize,
}

impl Open {
    fn forget_ended(&mut self) {
        self.lines.retain(|line| line.strong_count() > 0);
    }
}

impl Lines {
    fn add(&self, line: &Line) {
        let mut open = self.open();
        open.forget_ended();
        open.lines.push(Arc::downgrade(&line.0));
        open.opened += 1;
        open.most = open.most.max(open.lines.len());
    }

    /// Closes every connection.
    pub(crate) fn close(&self) {
        self.each(Line::close);
    }

    /// Resets every connection.
    pub(crate) fn reset(&self) {
        self.each(Line::reset);
    }

    pub(crate) fn count(&self) -> Connections {
        let mut open = self.open();
        open.forget_ended();
        Connections {
            opened: open.opened,
            open: open.lines.len(),
            most_open: open.most,
        }
    }

    fn each(&self, cut: impl Fn(&Line)) {
        let lines: Vec<_> = self.open().lines.iter().filter_map(Weak::upgrade).collect();
        for fate in lines {
            cut(&Line(fate));
        }
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Accepts connections and hands out their lines.
pub(crate) struct Switchboard {
    pub(crate) gate: Gate,
    pub(crate) address: SocketAddr,
    pub(crate) lines: Lines,
    /// Whose clock the outages go by.
    pub(crate) service: Arc<Service>,
}

/// How long to wait before what failed is tried again: accepting, when the system is out of
/// descriptors, and listening again, when another process has the port.
const PAUSE: Duration = Duration::from_millis(100);

impl Switchboard {
    /// The next connection; nothing when an outage has changed or ended, and after a failure.
    async fn arrival(&self) -> Option<(TcpStream, SocketAddr)> {
        let arrival = poll_fn(|task| self.gate.poll_arrival(task));
        let arrival = match self.gate.shut_until() {
            None => arrival.await,
            Some(until) => {
                let left = until.saturating_sub(self.service.clock.now());
                let wait = if left.is_zero() { PAUSE } else { left };
                let Ok(arrival) = timeout(wait, arrival).await else {
                    self.gate.settle(self.service.clock.now());
                    return None;
                };
                arrival
            }
        };
        match arrival {
            Ok(Arrival::Connection(stream, peer)) => Some((stream, peer)),
            Ok(Arrival::Change) => None,
            Err(_) => {
                sleep(PAUSE).await;
                None
            }
        }
    }
}

impl Listener for Switchboard {
    type Io = Wire;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Wire, SocketAddr) {
        let (stream, peer) = loop {
            if let Some(arrival) = self.arrival().await {
                break arrival;
            }
        };
        // Only costs speed where it fails.
        let _ = stream.set_nodelay(true);
        let line = Line::default();
        self.lines.add(&line);
        if self.gate.shut_until().is_some() {
            // The outage began after this was accepted and before it could be seen.
            line.reset();
        }
        (Wire { stream, line }, peer)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}

impl Connected<IncomingStream<'_, Switchboard>> for Line {
    fn connect_info(stream: IncomingStream<'_, Switchboard>) -> Self {
        stream.io().line.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::HeadEnd;

    #[test]
    fn the_head_ends_at_the_empty_line_however_it_is_cut() {
        let reply = b"HTTP/1.1 200 OK\r\nx: \r\r\n\r\nbody\r\n\r\n";
        let end = reply.len() - b"body\r\n\r\n".len();
        for first in 0..=reply.len() {
            let mut head = HeadEnd::default();
            let (a, b) = reply.split_at(first);
            assert_eq!(head.head_part(a) + head.head_part(b), end, "cut at {first}");
        }
    }
}
