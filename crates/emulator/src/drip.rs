//! A body that comes in small pieces.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Bytes, HttpBody};
use http_body::{Frame, SizeHint};
use tokio::time::{Sleep, sleep};

/// Gives a body out piece by piece, with a pause between two of them.
pub(crate) struct Drip {
    rest: Bytes,
    piece: usize,
    pause: Duration,
    /// The pause before the next piece; none before the first.
    paused: Option<Pin<Box<Sleep>>>,
}

impl Drip {
    /// Pieces of no bytes would never come to an end, so each has one at least.
    pub(crate) fn new(body: Bytes, piece: usize, pause: Duration) -> Self {
        Self {
            rest: body,
            piece: piece.max(1),
            pause,
            paused: None,
        }
    }
}

impl HttpBody for Drip {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        task: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let this = self.get_mut();
        if this.rest.is_empty() {
            return Poll::Ready(None);
        }
        if let Some(paused) = &mut this.paused {
            ready!(paused.as_mut().poll(task));
        }
        this.paused = Some(Box::pin(sleep(this.pause)));
        let piece = this.rest.split_to(this.piece.min(this.rest.len()));
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}
