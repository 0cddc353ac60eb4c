//! The body of a submit, which can be withdrawn until a connection takes it.
//!
//! A request that waits for a connection has sent nothing: dropping it, its deadline and the end of
//! its runtime must leave it unsent, whoever makes the connection later. So the body decides: it is
//! [`Departure`] that turns "polled once" into "in flight".
//!
//! Over HTTP/2 a connection also takes bodies that its peer does not let it send yet. So where HTTP/2 is
//! possible, the last byte is held back until all before it are written. A service that has not seen
//! the end of a body can take no job.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::task::AtomicWaker;
use http_body::{Body, Frame, SizeHint};

/// Tells whether a connection has taken the body of one request. Clones share one state.
#[derive(Clone, Debug, Default)]
pub(crate) struct Departure(Arc<State>);

#[derive(Debug, Default)]
struct State {
    phase: AtomicU8,
    /// The task that sends the body, while it waits.
    sender: AtomicWaker,
    /// Number of bodies of the client that have departed and whose submits have not ended.
    departed: Arc<AtomicUsize>,
}

/// No connection has taken the body yet. The phase of a new `AtomicU8`.
const HELD: u8 = 0;
/// A connection has taken the body.
const DEPARTED: u8 = 1;
/// No connection has taken the body, and none will.
const WITHDRAWN: u8 = 2;

impl Departure {
    /// Creates one that counts in `departed` from its departure to the end of the submit.
    pub(crate) fn counted(departed: &Arc<AtomicUsize>) -> Self {
        Self(Arc::new(State {
            departed: Arc::clone(departed),
            ..State::default()
        }))
    }

    /// Withdraws the body; returns `true` if no connection has taken it, and so none ever will.
    pub(crate) fn withdraw(&self) -> bool {
        let is_withdrawn = self.leave_held(WITHDRAWN) == WITHDRAWN;
        if is_withdrawn {
            // It may wait for ever, and keep the stream open.
            self.0.sender.wake();
        }
        is_withdrawn
    }

    /// Notes that the submit has ended.
    pub(crate) fn ended(&self) {
        if !self.withdraw() {
            self.0.departed.fetch_sub(1, Ordering::SeqCst);
        }
    }

    /// Marks the body as departed; returns `false` if it was withdrawn before.
    fn depart(&self) -> bool {
        let was_held = self.is_held();
        let departed = self.leave_held(DEPARTED) == DEPARTED;
        if departed && was_held {
            self.0.departed.fetch_add(1, Ordering::SeqCst);
        }
        departed
    }

    fn is_held(&self) -> bool {
        self.0.phase.load(Ordering::SeqCst) == HELD
    }

    /// Changes the phase if it is still [`HELD`]; returns the phase after that.
    fn leave_held(&self, phase: u8) -> u8 {
        let order = Ordering::SeqCst;
        let change = self.0.phase.compare_exchange(HELD, phase, order, order);
        change.map_or_else(|current| current, |_| phase)
    }
}

/// A request body that departs with its last byte, unless it was withdrawn.
#[derive(Debug)]
pub(crate) struct SubmitBody {
    /// All but the last byte, where that is held back until these are written.
    start: Option<Bytes>,
    /// `None` once it was handed to a connection.
    rest: Option<Bytes>,
    start_is_written: Arc<AtomicBool>,
    departure: Departure,
}

impl SubmitBody {
    /// Creates a body that a connection takes in one piece.
    pub(crate) fn new(bytes: Bytes, departure: Departure) -> Self {
        Self {
            start: None,
            rest: Some(bytes),
            start_is_written: Arc::new(AtomicBool::new(true)),
            departure,
        }
    }

    /// Creates a body whose last byte is held back until all before it are written.
    pub(crate) fn held_back(mut bytes: Bytes, departure: Departure) -> Self {
        let last = bytes.split_off(bytes.len().saturating_sub(1));
        if bytes.is_empty() {
            return Self::new(last, departure);
        }
        Self {
            start: Some(bytes),
            rest: Some(last),
            start_is_written: Arc::default(),
            departure,
        }
    }

    /// Returns the start as bytes that tell when they are written: a connection drops them then.
    fn take_start(&mut self) -> Option<Bytes> {
        let bytes = self.start.take()?;
        Some(Bytes::from_owner(Start {
            bytes,
            is_written: Arc::clone(&self.start_is_written),
            departure: self.departure.clone(),
        }))
    }
}

/// The start of a body, handed to a connection.
struct Start {
    bytes: Bytes,
    is_written: Arc<AtomicBool>,
    departure: Departure,
}

impl AsRef<[u8]> for Start {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Start {
    fn drop(&mut self) {
        self.is_written.store(true, Ordering::SeqCst);
        self.departure.0.sender.wake();
    }
}

impl Body for SubmitBody {
    type Data = Bytes;
    type Error = Withdrawn;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Withdrawn>>> {
        if self.start.is_some() && self.departure.is_held() {
            return Poll::Ready(self.take_start().map(|bytes| Ok(Frame::data(bytes))));
        }
        self.departure.0.sender.register(cx.waker());
        if self.departure.is_held() && !self.start_is_written.load(Ordering::SeqCst) {
            return Poll::Pending;
        }
        if !self.departure.depart() {
            return Poll::Ready(Some(Err(Withdrawn)));
        }
        Poll::Ready(self.rest.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_none()
    }

    /// Exact, so that the request carries its length.
    fn size_hint(&self) -> SizeHint {
        let parts = self.start.iter().chain(&self.rest);
        SizeHint::with_exact(parts.map(|bytes| bytes.len() as u64).sum())
    }
}

/// The error of a body that was withdrawn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Withdrawn;

impl fmt::Display for Withdrawn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the submit was withdrawn before its end was sent")
    }
}

impl std::error::Error for Withdrawn {}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    async fn frame(body: &mut SubmitBody) -> Option<Result<Bytes, Withdrawn>> {
        let frame = poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await;
        frame.map(|frame| frame.map(|frame| frame.into_data().unwrap()))
    }

    #[tokio::test]
    async fn departed_body_cannot_be_withdrawn() {
        let departure = Departure::default();
        let mut body = SubmitBody::new(Bytes::from_static(b"{}"), departure.clone());
        assert_eq!(body.size_hint().exact(), Some(2));
        assert_eq!(frame(&mut body).await.unwrap().unwrap(), "{}");
        assert!(!departure.withdraw());
        assert!(frame(&mut body).await.is_none());
    }

    #[tokio::test]
    async fn last_byte_is_held_back_until_the_others_are_written() {
        let departure = Departure::default();
        let mut body = SubmitBody::held_back(Bytes::from_static(b"{}"), departure.clone());
        assert_eq!(body.size_hint().exact(), Some(2));
        let start = frame(&mut body).await.unwrap().unwrap();
        assert_eq!((&*start, body.is_end_stream()), (&b"{"[..], false));
        let mut last = Box::pin(frame(&mut body));
        let is_pending = poll_fn(|cx| Poll::Ready(last.as_mut().poll(cx).is_pending()));
        assert!(is_pending.await);
        drop(start);
        assert_eq!(last.as_mut().await.unwrap().unwrap(), "}");
        drop(last);
        assert!(!departure.withdraw() && body.is_end_stream());
    }

    #[tokio::test]
    async fn withdrawn_body_ends_without_its_last_byte() {
        let departure = Departure::default();
        let mut body = SubmitBody::held_back(Bytes::from_static(b"{}"), departure.clone());
        let start = frame(&mut body).await.unwrap().unwrap();
        assert!(departure.withdraw());
        assert!(frame(&mut body).await.unwrap().is_err());
        drop(start);
        assert!(frame(&mut body).await.unwrap().is_err());
    }

    #[tokio::test]
    async fn withdrawn_body_gives_no_byte() {
        let departure = Departure::default();
        let mut body = SubmitBody::new(Bytes::from_static(b"{}"), departure.clone());
        assert!(departure.withdraw() && departure.withdraw());
        assert!(frame(&mut body).await.unwrap().is_err());
    }
}
