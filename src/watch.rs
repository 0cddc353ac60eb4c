//! A wait as a stream.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::Stream;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::runtime::Handle;
use tokio::time::Instant;

use crate::scheduler::{Ending, Key, Letter, Mailbox, Order, Scheduler};
use crate::{Error, ErrorKind, Event, Job, JobResult, Status, WaitOptions};

/// What happens to a job, as a stream that ends with the wait; then [`output`](Self::output) gives
/// what the job gave.
///
/// ```no_run
/// # async fn example(job: runcomfy::Job<runcomfy::Output>) -> Result<(), runcomfy::Error> {
/// let mut watch = job.watch();
/// while let Some(event) = watch.next().await {
///     println!("{event:?}"); // Submitted, Queued { position: Some(2) }, Started, Done(Succeeded)
/// }
/// println!("{:?}", watch.output().await?);
/// # Ok(()) }
/// ```
///
/// Dropping it leaves the job alone, as for [`Wait`](crate::Wait). Who reads slowly misses events
/// in between, never the last.
#[must_use = "nothing is awaited yet"]
pub struct Watch<O> {
    job: Job<O>,
    options: WaitOptions,
    with_news: bool,
    state: State,
}

enum State {
    New,
    Waiting(Box<Waiting>),
    Ended(Box<Ending>),
}

struct Waiting {
    order: Order,
    key: Key,
    mail: Arc<Mailbox>,
}

impl<O> Watch<O> {
    pub(crate) fn new(job: Job<O>, options: WaitOptions, with_news: bool) -> Self {
        Self {
            job,
            options,
            with_news,
            state: State::New,
        }
    }

    /// The next event; `None` once the wait is over.
    pub async fn next(&mut self) -> Option<Event> {
        poll_fn(|cx| self.poll(cx)).await
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        loop {
            match &mut self.state {
                State::New => {
                    let order = self.order(Instant::now());
                    self.state = State::Waiting(Box::new(self.add(order)));
                    if self.with_news {
                        return Poll::Ready(Some(Event::Submitted));
                    }
                }
                State::Waiting(waiting) => match waiting.mail.poll(cx) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(Letter::News(event)) => return Poll::Ready(Some(event)),
                    Poll::Ready(Letter::Ending(ending)) => {
                        let done = ending
                            .as_ref()
                            .as_ref()
                            .ok()
                            .map(|result| result.status.clone());
                        self.state = State::Ended(ending);
                        return Poll::Ready(done.map(Event::Done));
                    }
                    // The runtime that looked after it is gone; this one goes on.
                    Poll::Ready(Letter::Abandoned) => {
                        let order = waiting.order.clone();
                        self.state = State::Waiting(Box::new(self.add(order)));
                    }
                },
                State::Ended(_) => return Poll::Ready(None),
            }
        }
    }

    fn add(&self, order: Order) -> Waiting {
        let mail = Arc::new(Mailbox::new(self.with_news));
        let key = Scheduler::add(&self.job.client, order.clone(), Arc::clone(&mail));
        Waiting { order, key, mail }
    }

    fn order(&self, now: Instant) -> Order {
        // A limit beyond what a clock can tell is none.
        let from_now = |limit: Option<Duration>| {
            limit.and_then(|limit| Some((limit, now.checked_add(limit)?)))
        };
        Order {
            id: self.job.request_id().clone(),
            model: self.job.model.clone(),
            submitted: self.job.submitted,
            deadline: from_now(self.options.deadline),
            at_deadline: self.options.at_deadline,
            cancel_queued_after: from_now(self.options.cancel_if_queued_after),
            interval: self.options.poll_every,
        }
    }
}

impl<O: DeserializeOwned> Watch<O> {
    /// Waits for the end, whatever events are still to come, and gives the output.
    ///
    /// # Errors
    /// - [`ErrorKind::JobFailed`], [`ErrorKind::JobCancelled`]: so the job ended.
    /// - [`ErrorKind::Deadline`]: a limit was reached; the job goes on.
    /// - Those of the service; all of them name the job.
    pub async fn output(mut self) -> Result<O, Error> {
        loop {
            match std::mem::replace(&mut self.state, State::New) {
                State::Ended(ending) => return self.job.named(ending.and_then(decode)),
                under_way => self.state = under_way,
            }
            self.next().await;
        }
    }
}

fn decode<O: DeserializeOwned>(result: JobResult<Value>) -> Result<O, Error> {
    match result.status {
        Status::Succeeded => match result.output {
            Some(output) => O::deserialize(output).map_err(|error| {
                let message = "the job has succeeded, but its output has another form";
                Error::new(ErrorKind::Unreadable, message).with_source(error)
            }),
            None => Err(Error::new(
                ErrorKind::Unreadable,
                "the job has succeeded, but the service gives no output",
            )),
        },
        Status::Cancelled => Err(Error::new(ErrorKind::JobCancelled, "the job was cancelled")),
        _ => {
            let failed = Error::new(ErrorKind::JobFailed, "the job has failed");
            Err(failed.with_code(None, result.error))
        }
    }
}

impl<O> Stream for Watch<O> {
    type Item = Event;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        self.get_mut().poll(cx)
    }
}

/// Nothing in it is pinned.
impl<O> Unpin for Watch<O> {}

impl<O> Drop for Watch<O> {
    fn drop(&mut self) {
        let State::Waiting(waiting) = &self.state else {
            return;
        };
        let client = &self.job.client;
        client.inner.scheduler.remove(waiting.key);
        if self.options.cancel_on_drop
            && let Ok(runtime) = Handle::try_current()
        {
            let (client, id) = (client.clone(), waiting.order.id.clone());
            runtime.spawn(async move { client.cancel_once(&id).await });
        }
    }
}

impl<O> fmt::Debug for Watch<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch")
            .field("job", &self.job)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
