//! Waiting for a job.

use std::fmt;
use std::future::IntoFuture;
use std::pin::Pin;
use std::time::Duration;

use serde::de::DeserializeOwned;
use tokio::time::Instant;

use crate::pace::Pace;
use crate::{Error, ErrorKind, Job, JobStatus, Status};

/// A wait for a job's output; `.await` it.
///
/// It polls with a growing, jittered interval, honours `Retry-After`, and is not ended by network
/// hiccups: only by the job's end, a refusal, the deadline, or ten minutes without one readable
/// answer. Dropping it leaves the job alone.
#[must_use = "nothing is awaited yet"]
pub struct Wait<'a, O> {
    job: &'a Job<O>,
    deadline: Option<Duration>,
    observer: Option<Observer<'a>>,
}

type Observer<'a> = Box<dyn FnMut(&JobStatus) + Send + 'a>;

/// Silence of this length is an outage that the caller should know of.
const LONGEST_SILENCE: Duration = Duration::from_secs(600);

impl<'a, O> Wait<'a, O> {
    pub(crate) fn new(job: &'a Job<O>) -> Self {
        Self {
            job,
            deadline: None,
            observer: None,
        }
    }

    /// How long to wait at the most. At its end the job goes on, and the error of kind
    /// [`ErrorKind::Deadline`] names it and its last status.
    pub fn deadline(mut self, limit: Duration) -> Self {
        self.deadline = Some(limit);
        self
    }

    /// Calls `observer` with every status that the service gives.
    pub fn on_status(mut self, observer: impl FnMut(&JobStatus) + Send + 'a) -> Self {
        self.observer = Some(Box::new(observer));
        self
    }
}

impl<'a, O: DeserializeOwned + Send + 'a> IntoFuture for Wait<'a, O> {
    type Output = Result<O, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl<O: DeserializeOwned> Wait<'_, O> {
    async fn run(mut self) -> Result<O, Error> {
        let Some(limit) = self.deadline else {
            return self.poll(&mut None).await;
        };
        let mut last = None;
        match tokio::time::timeout(limit, self.poll(&mut last)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(late(self.job, limit, last)),
        }
    }

    async fn poll(&mut self, last: &mut Option<JobStatus>) -> Result<O, Error> {
        let mut pace = Pace::new();
        let mut heard = Instant::now();
        loop {
            let pause = match self.ask(last).await {
                Ok(Some(output)) => return Ok(output),
                Ok(None) => {
                    heard = Instant::now();
                    None
                }
                Err(error) if error.is_passing() && heard.elapsed() < LONGEST_SILENCE => {
                    error.retry_after()
                }
                Err(error) => return Err(error.with_last_status(last.take())),
            };
            tokio::time::sleep(pause.unwrap_or_else(|| pace.next(fastrand::f64()))).await;
        }
    }

    /// One look: the status, and once it is terminal the result.
    async fn ask(&mut self, last: &mut Option<JobStatus>) -> Result<Option<O>, Error> {
        let status = self.job.ask_status().await?;
        if let Some(observer) = &mut self.observer {
            observer(&status);
        }
        let ended = status.status.is_terminal();
        *last = Some(status);
        if !ended {
            return Ok(None);
        }
        let result = self.job.ask_result().await?;
        match result.status {
            Status::Succeeded => match result.output {
                Some(output) => Ok(Some(output)),
                None => self.job.named(Err(Error::new(
                    ErrorKind::Unreadable,
                    "the job has succeeded, but the service gives no output",
                ))),
            },
            Status::Failed => {
                let failed = Error::new(ErrorKind::JobFailed, "the job has failed");
                self.job.named(Err(failed.with_code(None, result.error)))
            }
            Status::Cancelled => self.job.named(Err(Error::new(
                ErrorKind::JobCancelled,
                "the job was cancelled",
            ))),
            // The two calls may be served by machines that are not quite in step.
            _ => Ok(None),
        }
    }
}

fn late<O>(job: &Job<O>, limit: Duration, last: Option<JobStatus>) -> Error {
    let state = last
        .as_ref()
        .map_or_else(|| "unknown".to_owned(), |last| last.status.to_string());
    let message =
        format!("the job was not finished after {limit:?} (last status: {state}); it goes on");
    Error::new(ErrorKind::Deadline, message)
        .with_request_id(job.request_id())
        .with_last_status(last)
}

impl<O> fmt::Debug for Wait<'_, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wait")
            .field("job", self.job)
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}
