//! A wait as a stream.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_util::Stream;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::runtime::Handle;
use tokio::time::Instant;

use crate::error::Error;
use crate::error::ErrorKind;
use crate::http::response::JobResult;
use crate::job::Job;
use crate::wait::WaitOptions;
use crate::wait::event::Event;
use crate::wait::poller::{BufferedEvent, Ending, EventBuffer, Key, Order, Scheduler};
use runcomfy_schema::Redacted;

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
/// Dropping it leaves the job alone, as for [`Wait`](crate::wait::Wait). Who reads slowly misses events
/// in between, never the last.
#[must_use = "nothing is awaited yet"]
pub struct Watch<O> {
    job: Job<O>,
    with_news: bool,
    state: State,
}

enum State {
    New(Box<WaitOptions>),
    Waiting(Key, Arc<EventBuffer>),
    Ended(Box<Ending>),
    /// The ending was taken out.
    Over,
}

/// How often a wait is taken up in one breath. A runtime that is shutting down gives it up each
/// time.
const TAKEN_UP: usize = 3;

impl<O> Watch<O> {
    pub(crate) fn new(job: Job<O>, options: WaitOptions, with_news: bool) -> Self {
        Self {
            job,
            with_news,
            state: State::New(Box::new(options)),
        }
    }

    pub(crate) fn job(&self) -> &Job<O> {
        &self.job
    }

    /// The next event; `None` once the wait is over.
    pub async fn next(&mut self) -> Option<Event> {
        poll_fn(|cx| self.poll(cx)).await
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        let mut abandoned = 0;
        loop {
            match &mut self.state {
                State::New(options) => {
                    let order = Order::new(&self.job, options, Instant::now());
                    self.state = self.wait_for(order);
                    if self.with_news {
                        return Poll::Ready(Some(Event::Submitted));
                    }
                }
                State::Waiting(_, mail) => match mail.poll(cx) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(BufferedEvent::News(event)) => return Poll::Ready(Some(event)),
                    Poll::Ready(BufferedEvent::Ending(ending)) => {
                        let done = ending
                            .as_ref()
                            .as_ref()
                            .ok()
                            .map(|result| result.status.clone());
                        self.state = State::Ended(ending);
                        return Poll::Ready(done.map(Event::Done));
                    }
                    // The runtime that looked after it is gone; this one goes on.
                    Poll::Ready(BufferedEvent::Abandoned) if abandoned < TAKEN_UP => {
                        abandoned += 1;
                        let order = mail.order.clone().in_this_runtime();
                        self.state = self.wait_for(order);
                    }
                    Poll::Ready(BufferedEvent::Abandoned) => {
                        let message = "the tokio runtime is shutting down, so nothing can wait in \
                                       it; the job goes on; its request id takes it up again";
                        let error = Error::new(ErrorKind::ResponseLost, message);
                        self.state = State::Ended(Box::new(Err(error)));
                    }
                },
                State::Ended(_) | State::Over => return Poll::Ready(None),
            }
        }
    }

    fn wait_for(&self, order: Order) -> State {
        let mail = Arc::new(EventBuffer::new(order, self.with_news));
        State::Waiting(Scheduler::add(&self.job.client, Arc::clone(&mail)), mail)
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
        poll_fn(|cx| self.poll_output(cx)).await
    }

    pub(crate) fn poll_output(&mut self, cx: &mut Context<'_>) -> Poll<Result<O, Error>> {
        loop {
            match std::mem::replace(&mut self.state, State::Over) {
                State::Ended(ending) => {
                    return Poll::Ready(self.job.named(ending.and_then(decode)));
                }
                under_way => self.state = under_way,
            }
            ready!(self.poll(cx));
        }
    }
}

fn decode<O: DeserializeOwned>(result: JobResult<Value>) -> Result<O, Error> {
    let id = result.request_id.clone();
    O::deserialize(result.into_output()?).map_err(|error| {
        let how = error.to_string();
        let message = format!(
            "the job has succeeded, but its output has another form: {}",
            Redacted(&how)
        );
        Error::new(ErrorKind::UnexpectedOutput, message).with_request_id(&id)
    })
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
        let scheduler = &self.job.client.inner.scheduler;
        // Where it is dropped outside of any runtime, that in which it was polled may go on.
        let runtime = match &self.state {
            State::New(options) if options.cancel_on_drop => Handle::try_current().ok(),
            State::Waiting(key, mail) => {
                scheduler.remove(*key);
                mail.order
                    .cancel_on_drop()
                    .map(|polled_in| Handle::try_current().unwrap_or_else(|_| polled_in.clone()))
            }
            _ => None,
        };
        if let Some(runtime) = runtime {
            let job = self.job.cast::<()>();
            runtime.spawn(async move { job.cancel().await });
        }
    }
}

impl<O> fmt::Debug for Watch<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch")
            .field("job", &self.job)
            .finish_non_exhaustive()
    }
}
