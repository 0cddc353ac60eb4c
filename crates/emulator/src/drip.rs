//! A response body that is sent in small pieces.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Bytes, HttpBody};
use http_body::{Frame, SizeHint};
use tokio::time::{Sleep, sleep};

/// Sends a body piece by piece, with a pause between two pieces.
pub(crate) struct Drip {
    rest: Bytes,
    piece: usize,
    pause: Duration,
    /// The timer until the next piece; `None` before the first.
    timer: Option<Pin<Box<Sleep>>>,
}

impl Drip {
    /// Creates a body of `piece` bytes at a time; 0 counts as 1, since empty pieces never end.
    pub(crate) fn new(body: Bytes, piece: usize, pause: Duration) -> Self {
        Self {
            rest: body,
            piece: piece.max(1),
            pause,
            timer: None,
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
        if let Some(timer) = &mut this.timer {
            ready!(timer.as_mut().poll(task));
        }
        this.timer = Some(Box::pin(sleep(this.pause)));
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
