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

use crate::error::{Error, ErrorKind};
use crate::http::response::JobResult;
use crate::job::Job;
use crate::wait::event::Event;
use crate::wait::options::WaitOptions;
use crate::wait::poller::{BufferedEvent, Ending, EventBuffer, Key, WaitTarget};
use runcomfy_schema::RedactedPaths;

/// A wait for a job as a stream of events. It ends with the wait; then [`output`](Self::output)
/// gives the job's output.
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
/// Dropping it leaves the job alone, as for [`Wait`](crate::wait::Wait). A slow reader misses events
/// in between, never the last one.
#[must_use = "nothing is awaited yet"]
pub struct Watch<O> {
    job: Job<O>,
    with_events: bool,
    state: State,
}

enum State {
    New(Box<WaitOptions>),
    Waiting(Key, Arc<EventBuffer>),
    Ended(Box<Ending>),
    /// The ending was taken out.
    Over,
}

/// Maximum number of times that a wait is added to the poller within one poll of the stream. A runtime that is shutting
/// down drops the poller's task each time.
const MAX_RESTARTS: usize = 3;

impl<O> Watch<O> {
    pub(crate) fn new(job: Job<O>, options: WaitOptions, with_events: bool) -> Self {
        Self {
            job,
            with_events,
            state: State::New(Box::new(options)),
        }
    }

    pub(crate) fn job(&self) -> &Job<O> {
        &self.job
    }

    /// Waits for the next event; returns `None` once the wait is over.
    pub async fn next(&mut self) -> Option<Event> {
        poll_fn(|cx| self.poll(cx)).await
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        let mut abandoned = 0;
        loop {
            match &mut self.state {
                State::New(options) => {
                    let id = self.job.request_id().clone();
                    let target = WaitTarget::new(id, options, Instant::now())
                        .of_model(self.job.model())
                        .submitted_at(self.job.submitted());
                    self.state = self.wait_for(target);
                    if self.with_events {
                        return Poll::Ready(Some(Event::Submitted));
                    }
                }
                State::Waiting(key, events) => match events.poll(cx) {
                    Poll::Pending if key.is_driven_here() => return Poll::Pending,
                    // The other runtime may be idle, so this one continues.
                    Poll::Pending => {
                        self.job.services().poller().remove(*key);
                        let target = events.target.clone().in_this_runtime();
                        self.state = self.wait_for(target);
                    }
                    Poll::Ready(BufferedEvent::Event(event)) => return Poll::Ready(Some(event)),
                    Poll::Ready(BufferedEvent::Ending(ending)) => {
                        let done = ending
                            .as_ref()
                            .as_ref()
                            .ok()
                            .map(|result| result.status.clone());
                        self.state = State::Ended(ending);
                        return Poll::Ready(done.map(Event::Done));
                    }
                    // The runtime of the poller's task is gone; this one continues.
                    Poll::Ready(BufferedEvent::Abandoned) if abandoned < MAX_RESTARTS => {
                        abandoned += 1;
                        let target = events.target.clone().in_this_runtime();
                        self.state = self.wait_for(target);
                    }
                    Poll::Ready(BufferedEvent::Abandoned) => {
                        let message = "the tokio runtime is shutting down, so nothing can wait in \
                                       it; the job keeps running; resume it by its request id";
                        let error = Error::new(ErrorKind::ResponseLost, message);
                        self.state = State::Ended(Box::new(Err(error)));
                    }
                },
                State::Ended(_) | State::Over => return Poll::Ready(None),
            }
        }
    }

    fn wait_for(&self, target: WaitTarget) -> State {
        let events = Arc::new(EventBuffer::new(target, self.with_events));
        let key = self.job.services().poller().add(Arc::clone(&events));
        State::Waiting(key, events)
    }
}

impl<O: DeserializeOwned> Watch<O> {
    /// Waits for the end, whatever events are still to come, and returns the output.
    ///
    /// # Errors
    /// As [`Job::wait`].
    pub async fn output(mut self) -> Result<O, Error> {
        poll_fn(|cx| self.poll_output(cx)).await
    }

    /// Waits for the end, whatever events are still to come, and returns the result: the output, and
    /// what the service reports beside it, such as an error.
    ///
    /// # Errors
    /// As [`Job::wait`].
    pub async fn result(mut self) -> Result<JobResult<O>, Error> {
        poll_fn(|cx| self.poll_result(cx)).await
    }

    pub(crate) fn poll_output(&mut self, cx: &mut Context<'_>) -> Poll<Result<O, Error>> {
        let result = ready!(self.poll_result(cx));
        Poll::Ready(result.and_then(JobResult::into_output))
    }

    /// Waits for the result of a job that has succeeded, which has an output then.
    pub(crate) fn poll_result(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<JobResult<O>, Error>> {
        loop {
            match std::mem::replace(&mut self.state, State::Over) {
                State::Ended(ending) => {
                    return Poll::Ready(self.job.named(ending.and_then(decode)));
                }
                waiting => self.state = waiting,
            }
            ready!(self.poll(cx));
        }
    }
}

fn decode<O: DeserializeOwned>(result: JobResult<Value>) -> Result<JobResult<O>, Error> {
    let parts = result.into_parts();
    let (output, about) = parts.map_err(|(error, output)| error.with_output(output))?;
    match O::deserialize(&output) {
        Ok(output) => Ok(about.with_output(Some(output))),
        Err(error) => {
            let how = error.to_string();
            let message = format!(
                "the job has succeeded, but its output has another form: {}",
                RedactedPaths(&how)
            );
            Err(Error::new(ErrorKind::UnexpectedOutput, message)
                .with_request_id(&about.request_id)
                .with_output(Some(output)))
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
        // Where it is dropped outside of any runtime, that in which it was polled may still run.
        let runtime = match &self.state {
            State::New(options) if options.cancels_on_drop() => Handle::try_current().ok(),
            State::Waiting(key, events) => {
                self.job.services().poller().remove(*key);
                events
                    .target
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
