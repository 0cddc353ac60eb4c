//! The body of a submit, which can be withdrawn until its first byte is handed to a connection.
//!
//! A request that waits for a connection has sent nothing: dropping it, its deadline and the end of
//! its runtime must leave it unsent, whoever makes the connection later. So the body decides: it is
//! [`Departure`] that turns "polled once" into "in flight".

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

/// Tells whether the body of one request has begun to be sent. Clones share one state.
#[derive(Clone, Debug, Default)]
pub(crate) struct Departure(Arc<AtomicU8>);

/// Nothing was handed to a connection yet. The state of a new `AtomicU8`.
const HELD: u8 = 0;
/// The first byte was handed to a connection.
const DEPARTED: u8 = 1;
/// Nothing was handed to a connection, and nothing will be.
const WITHDRAWN: u8 = 2;

impl Departure {
    /// Withdraws the body; returns `true` if nothing of it was sent, and so nothing ever will be.
    pub(crate) fn withdraw(&self) -> bool {
        self.leave_held(WITHDRAWN) == WITHDRAWN
    }

    /// Marks the body as departed; returns `false` if it was withdrawn before.
    fn depart(&self) -> bool {
        self.leave_held(DEPARTED) == DEPARTED
    }

    /// Changes the state if it is still [`HELD`]; returns the state after that.
    fn leave_held(&self, state: u8) -> u8 {
        let change = self
            .0
            .compare_exchange(HELD, state, Ordering::SeqCst, Ordering::SeqCst);
        change.map_or_else(|current| current, |_| state)
    }
}

/// A request body in one piece that departs with its first poll, unless it was withdrawn.
#[derive(Debug)]
pub(crate) struct SubmitBody {
    /// `None` once it was handed to a connection.
    bytes: Option<Bytes>,
    departure: Departure,
}

impl SubmitBody {
    pub(crate) fn new(bytes: Bytes, departure: Departure) -> Self {
        Self {
            bytes: Some(bytes),
            departure,
        }
    }
}

impl Body for SubmitBody {
    type Data = Bytes;
    type Error = Withdrawn;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Withdrawn>>> {
        if !self.departure.depart() {
            return Poll::Ready(Some(Err(Withdrawn)));
        }
        Poll::Ready(self.bytes.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none()
    }

    /// Exact, so that the request carries its length.
    fn size_hint(&self) -> SizeHint {
        let length = self.bytes.as_ref().map_or(0, Bytes::len);
        SizeHint::with_exact(length as u64)
    }
}

/// The error of a body that was withdrawn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Withdrawn;

impl fmt::Display for Withdrawn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the submit was withdrawn before anything of it was sent")
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
    async fn withdrawn_body_gives_no_byte() {
        let departure = Departure::default();
        let mut body = SubmitBody::new(Bytes::from_static(b"{}"), departure.clone());
        assert!(departure.withdraw() && departure.withdraw());
        assert!(frame(&mut body).await.unwrap().is_err());
    }
}
