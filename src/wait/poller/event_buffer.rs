//! Events of one wait, between the poller and the caller.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use serde_json::Value;

use super::wait_target::WaitTarget;
use crate::error::Error;
use crate::http::response::JobResult;
use crate::wait::event::Event;

/// Result with which a wait ends.
pub(crate) type Ending = Result<JobResult<Value>, Error>;

/// An item of an [`EventBuffer`].
#[derive(Debug)]
pub(crate) enum BufferedEvent {
    Event(Event),
    Ending(Box<Ending>),
    /// The poller's task is gone, with the runtime that it ran on.
    Abandoned,
}

/// A wait's target and its events, between one writer and one reader. A slow reader misses events
/// in between, never the end.
#[derive(Debug)]
pub(crate) struct EventBuffer {
    pub(crate) target: WaitTarget,
    state: Mutex<State>,
}

/// There may be one for each of ten thousand jobs, so what is rare is boxed.
#[derive(Debug, Default)]
struct State {
    /// `None` where nobody wants any.
    events: Option<Box<Events>>,
    ending: Option<Box<Ending>>,
    reader: Option<Waker>,
    abandoned: bool,
}

/// Events that were not read yet, the oldest first.
#[derive(Debug, Default)]
struct Events(VecDeque<Event>);

/// Maximum number of events that are kept for a slow reader.
const MAX_EVENTS: usize = 32;

impl EventBuffer {
    pub(crate) fn new(target: WaitTarget, with_events: bool) -> Self {
        let state = State {
            events: with_events.then(Box::default),
            ..State::default()
        };
        Self {
            target,
            state: Mutex::new(state),
        }
    }

    pub(super) fn push(&self, event: Event) {
        self.change(|state| {
            if let Some(events) = &mut state.events {
                if events.0.len() == MAX_EVENTS {
                    events.0.pop_front();
                }
                events.0.push_back(event);
            }
        });
    }

    pub(super) fn end(&self, ending: Ending) {
        self.change(|state| state.ending = Some(Box::new(ending)));
    }

    pub(super) fn abandon(&self) {
        self.change(|state| state.abandoned = true);
    }

    pub(crate) fn poll(&self, cx: &mut Context<'_>) -> Poll<BufferedEvent> {
        let mut state = self.lock();
        if let Some(event) = state
            .events
            .as_mut()
            .and_then(|events| events.0.pop_front())
        {
            return Poll::Ready(BufferedEvent::Event(event));
        }
        if let Some(ending) = state.ending.take() {
            return Poll::Ready(BufferedEvent::Ending(ending));
        }
        if state.abandoned {
            return Poll::Ready(BufferedEvent::Abandoned);
        }
        match &mut state.reader {
            Some(reader) => reader.clone_from(cx.waker()),
            reader => *reader = Some(cx.waker().clone()),
        }
        Poll::Pending
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let reader = {
            let mut state = self.lock();
            change(&mut state);
            state.reader.take()
        };
        if let Some(reader) = reader {
            reader.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Each change is whole before anything can panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
