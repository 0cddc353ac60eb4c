//! Where the scheduler leaves what it has to tell of one job.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use serde_json::Value;

use super::Order;
use crate::error::Error;
use crate::http::response::JobResult;
use crate::wait::event::Event;

/// How a wait has ended.
pub(crate) type Ending = Result<JobResult<Value>, Error>;

/// What comes out of a mailbox.
#[derive(Debug)]
pub(crate) enum BufferedEvent {
    News(Event),
    Ending(Box<Ending>),
    /// The scheduler is gone, with the runtime that it ran on.
    Abandoned,
}

/// An order and what is told of it, between one writer and one reader. A slow reader misses what
/// happened in between, never the end.
#[derive(Debug)]
pub(crate) struct EventBuffer {
    pub(crate) order: Order,
    mail: Mutex<Mail>,
}

/// There may be one for each of ten thousand jobs, so what is rare is boxed.
#[derive(Debug, Default)]
struct Mail {
    /// `None` where nobody wants any.
    news: Option<Box<News>>,
    ending: Option<Box<Ending>>,
    reader: Option<Waker>,
    abandoned: bool,
}

/// The oldest first.
#[derive(Debug, Default)]
struct News(VecDeque<Event>);

/// News that nobody has read are few.
const MOST_NEWS: usize = 32;

impl EventBuffer {
    pub(crate) fn new(order: Order, with_news: bool) -> Self {
        let mail = Mail {
            news: with_news.then(Box::default),
            ..Mail::default()
        };
        Self {
            order,
            mail: Mutex::new(mail),
        }
    }

    pub(super) fn tell(&self, event: Event) {
        self.change(|mail| {
            if let Some(news) = &mut mail.news {
                if news.0.len() == MOST_NEWS {
                    news.0.pop_front();
                }
                news.0.push_back(event);
            }
        });
    }

    pub(super) fn end(&self, ending: Ending) {
        self.change(|mail| mail.ending = Some(Box::new(ending)));
    }

    pub(super) fn abandon(&self) {
        self.change(|mail| mail.abandoned = true);
    }

    pub(crate) fn poll(&self, cx: &mut Context<'_>) -> Poll<BufferedEvent> {
        let mut mail = self.lock();
        if let Some(event) = mail.news.as_mut().and_then(|news| news.0.pop_front()) {
            return Poll::Ready(BufferedEvent::News(event));
        }
        if let Some(ending) = mail.ending.take() {
            return Poll::Ready(BufferedEvent::Ending(ending));
        }
        if mail.abandoned {
            return Poll::Ready(BufferedEvent::Abandoned);
        }
        match &mut mail.reader {
            Some(reader) => reader.clone_from(cx.waker()),
            reader => *reader = Some(cx.waker().clone()),
        }
        Poll::Pending
    }

    fn change(&self, change: impl FnOnce(&mut Mail)) {
        let reader = {
            let mut mail = self.lock();
            change(&mut mail);
            mail.reader.take()
        };
        if let Some(reader) = reader {
            reader.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Mail> {
        // Each change is whole before anything can panic.
        self.mail.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
