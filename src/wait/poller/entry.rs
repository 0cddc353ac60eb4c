//! One wait, as the scheduler keeps it.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, timeout, timeout_at};
use tracing::{Instrument, debug_span};

use super::unreachable::{self, Silence};
use super::{Ending, EventBuffer};
use crate::client::Client;
use crate::error::Error;
use crate::error::ErrorKind;
use crate::http::response::JobResult;
use crate::http::retry::{backoff_after, pause};
use crate::job::CancelOutcome;
use crate::job::status::JobStatus;
use crate::job::status::Status;
use crate::wait::AtDeadline;
use crate::wait::event::Event;
use crate::wait::poll_schedule::PollSchedule;

/// A wait under way.
#[derive(Debug)]
pub(super) struct Entry {
    mail: Arc<EventBuffer>,
    pace: PollSchedule,
    last: Option<JobStatus>,
    /// The unknown status that was told of.
    unknown: Option<Box<str>>,
    /// When the first look after the last readable answer was due.
    due: Instant,
    /// Looks in a row without news.
    failures: u32,
    /// Boxed, as there may be ten thousand, and few in trouble.
    silence: Option<Box<Silence>>,
    /// The service has said that it cannot be cancelled.
    not_cancellable: bool,
    /// A request to cancel it has no answer: it may have worked.
    cancel_unanswered: bool,
}

/// What a look has shown.
#[derive(Debug)]
pub(super) enum PollResult {
    Unfinished(JobStatus),
    /// As unfinished, without a word on how far it is.
    NotYet,
    /// It has ended, but its result is not there yet: the two calls may be served by machines that
    /// are not quite in step.
    Ending,
    Ended(Box<JobResult<Value>>),
    /// Nothing could be learnt; it may pass.
    Failed(Arc<Error>),
    /// The wait is over, whatever the job does.
    Over(Error),
}

/// A job that has ended is asked for its result no sooner again, and a wait that ends looks for a
/// last time so long before.
const SOON: Duration = Duration::from_secs(1);

/// How long a wait may take beyond its deadline to cancel the job.
const LAST_WORD: Duration = Duration::from_secs(10);

impl Entry {
    pub(super) fn new(client: &Client, mail: Arc<EventBuffer>) -> Self {
        let now = Instant::now();
        let order = &mail.order;
        let expected = order.model.as_deref().and_then(|id| client.expected(id));
        let mut entry = Self {
            pace: PollSchedule::new(order.submitted, expected, now).fixed(order.interval()),
            mail,
            last: None,
            unknown: None,
            due: now,
            failures: 0,
            silence: None,
            not_cancellable: false,
            cancel_unanswered: false,
        };
        entry.due = entry.next(now);
        entry
    }

    /// When the first look of a new wait is due.
    pub(super) fn due(&self) -> Instant {
        self.due
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.mail.order.deadline().map(|(_, at)| at)
    }

    /// Whether nobody waits any more.
    pub(super) fn is_abandoned(&self) -> bool {
        Arc::strong_count(&self.mail) == 1
    }

    /// Whether there should have been an answer long ago, were it not for an outage; in one, few
    /// jobs are asked.
    pub(super) fn is_overdue(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.due) >= unreachable::LONGEST
    }

    /// When to look next, if all goes well.
    fn next(&self, now: Instant) -> Instant {
        let mut next = self.pace.next(now, fastrand::f64());
        if let Some((_, at)) = self.mail.order.cancel_queued_after()
            && at > now
        {
            next = next.min(at);
        }
        // A last look just before the deadline finds what has ended in the meantime.
        if let Some(at) = self.deadline()
            && next + SOON > at
            && now + 2 * SOON < at
        {
            next = at - SOON;
        }
        next
    }

    /// One look at the job, cut short by the deadline.
    pub(super) async fn look(&mut self, client: &Client) -> PollResult {
        let order = &self.mail.order;
        let model = order.model.as_deref().unwrap_or_default();
        let span = debug_span!("look", request_id = %self.mail.order.id, model, attempt = self.failures + 1);
        async {
            match self.deadline() {
                None => self.ask(client).await,
                Some(at) if at <= Instant::now() => PollResult::Over(self.give_up(client).await),
                Some(at) => match timeout_at(at, self.ask(client)).await {
                    Ok(seen) => seen,
                    Err(_) => PollResult::Over(self.give_up(client).await),
                },
            }
        }
        .instrument(span)
        .await
    }

    async fn ask(&mut self, client: &Client) -> PollResult {
        let seen = self.ask_how_far(client).await.unwrap_or_else(|error| {
            if error.is_transient() {
                PollResult::Failed(Arc::new(error))
            } else {
                PollResult::Over(error.with_attempts(self.failures + 1))
            }
        });
        match (&seen, self.mail.order.cancel_queued_after()) {
            (PollResult::Unfinished(status), Some((after, at)))
                if status.status == Status::InQueue
                    && Instant::now() >= at
                    && !self.not_cancellable =>
            {
                self.cancel_queued(client, after).await.unwrap_or(seen)
            }
            _ => seen,
        }
    }

    /// The status, and once it is terminal the result; the result alone where that is enough.
    async fn ask_how_far(&self, client: &Client) -> Result<PollResult, Error> {
        let id = &self.mail.order.id;
        let inner = &client.inner;
        let asks_status = !self.pace.asks_result();
        if asks_status {
            let url = inner.endpoint.status(id);
            let status = inner
                .transport
                .get(url)
                .await
                .and_then(|reply| reply.status())?;
            if !status.status.is_terminal() {
                return Ok(PollResult::Unfinished(status));
            }
        }
        let reply = inner.transport.get(inner.endpoint.result(id)).await;
        match reply.and_then(|reply| reply.result(id)) {
            Ok(result) if result.status.is_terminal() => Ok(PollResult::Ended(Box::new(result))),
            Ok(_) if asks_status => Ok(PollResult::Ending),
            Ok(JobResult { status, .. }) => Ok(PollResult::Unfinished(JobStatus {
                status,
                queue_position: None,
            })),
            Err(error) if error.kind() == ErrorKind::NotReady => Ok(if asks_status {
                PollResult::Ending
            } else {
                PollResult::NotYet
            }),
            Err(error) => Err(error),
        }
    }

    /// `None` where the wait goes on as if nothing had been asked.
    async fn cancel_queued(&mut self, client: &Client, after: Duration) -> Option<PollResult> {
        // It may be cut short by the deadline.
        self.cancel_unanswered = true;
        match client.cancel_once(&self.mail.order.id).await {
            Ok(CancelOutcome::Cancelled) => Some(PollResult::Over(cancelled(after))),
            Ok(_) => {
                self.cancel_unanswered = false;
                self.not_cancellable = true;
                self.tell(Event::NotCancellable);
                None
            }
            // The next look asks again.
            Err(_) => None,
        }
    }

    /// The end of the wait at its deadline, as the caller wants it.
    pub(super) async fn give_up(&mut self, client: &Client) -> Error {
        let limit = self
            .mail
            .order
            .deadline()
            .map_or(Duration::ZERO, |(limit, _)| limit);
        if self.mail.order.at_deadline() == AtDeadline::LeaveRunning {
            let what = if self.cancel_unanswered {
                "it was to be cancelled, which was not answered, and may go on"
            } else {
                "it goes on"
            };
            return self.late(limit, what);
        }
        match timeout(LAST_WORD, client.cancel_once(&self.mail.order.id)).await {
            Ok(Ok(CancelOutcome::Cancelled)) => cancelled(limit),
            Ok(Ok(_)) => self.late(limit, "it could not be cancelled any more and goes on"),
            Ok(Err(error)) => self
                .late(limit, "it could not be cancelled and may go on")
                .with_source(error),
            Err(_) => self.late(limit, "it could not be cancelled in time and may go on"),
        }
    }

    fn late(&self, limit: Duration, what: &str) -> Error {
        let last = self.last.as_ref();
        let state = last.map_or_else(|| "unknown".to_owned(), |last| last.status.to_string());
        let message = format!(
            "the job was not finished after {limit:?} (last status: {state}); {what}; \
             its request id takes it up again"
        );
        Error::new(ErrorKind::Deadline, message).with_attempts(self.failures.max(1))
    }

    /// Takes in what a look has shown; gives the time of the next look, or `None` when the wait is
    /// over.
    pub(super) fn settle(&mut self, client: &Client, seen: PollResult) -> Option<Instant> {
        let now = Instant::now();
        let late = now.saturating_duration_since(self.due);
        match seen {
            PollResult::Unfinished(status) => {
                self.pace.saw(&status, late, now);
                self.tell_change(&status);
                self.last = Some(status);
                Some(self.answered(now))
            }
            PollResult::NotYet => Some(self.answered(now)),
            PollResult::Ending => {
                self.silence = None;
                self.failures = self.failures.saturating_add(1);
                Some(now + pause(self.failures).max(SOON))
            }
            PollResult::Failed(error) => {
                self.failures = self.failures.saturating_add(1);
                let silence = self.silence.get_or_insert_default();
                silence.failed(now);
                if silence.is_too_long() {
                    self.end_silent(error);
                    return None;
                }
                let pause = backoff_after(&error, self.failures);
                self.tell(Event::Retrying {
                    failures: self.failures,
                    kind: error.kind(),
                    pause,
                });
                Some(now + pause)
            }
            PollResult::Over(error) => {
                self.end(Err(error));
                None
            }
            PollResult::Ended(result) => {
                let order = &self.mail.order;
                if let (Status::Succeeded, Some(model), Some(_)) =
                    (&result.status, &order.model, order.submitted)
                    && let Some(time) = self.pace.run_time(late, now)
                {
                    client.record(Arc::clone(model), time);
                }
                self.end(Ok(*result));
                None
            }
        }
    }

    /// The job is unfinished; gives the time of the next look.
    fn answered(&mut self, now: Instant) -> Instant {
        self.failures = 0;
        self.silence = None;
        self.due = self.next(now);
        self.due
    }

    /// Ends the wait because the service has been silent for too long; `last` is how the last look
    /// failed, at this job or, in an outage, at another.
    pub(super) fn end_silent(&mut self, last: Arc<Error>) {
        let message = format!(
            "the service has not given one readable answer in {:?}; the job may go on; its request \
             id takes it up again",
            unreachable::LONGEST
        );
        let error = Error::new(ErrorKind::Unavailable, message)
            .with_attempts(self.failures.max(1))
            .with_source(last);
        self.end(Err(error));
    }

    fn end(&mut self, ending: Ending) {
        self.mail.end(ending.map_err(|error| {
            error
                .with_request_id(&self.mail.order.id)
                .with_last_status(self.last.take())
        }));
    }

    fn tell_change(&mut self, status: &JobStatus) {
        if self.last.as_ref() == Some(status) {
            return;
        }
        match &status.status {
            Status::InQueue => self.tell(Event::Queued {
                position: status.queue_position,
            }),
            Status::InProgress => self.tell(Event::Started),
            other => {
                let word = other.to_string();
                if self.unknown.as_deref() == Some(&*word) {
                    return;
                }
                self.unknown = Some(word.as_str().into());
                tracing::warn!(
                    request_id = %self.mail.order.id,
                    "the service gives a status that this version does not know; waiting on"
                );
                self.tell(Event::UnknownStatus(word));
            }
        }
    }

    fn tell(&self, event: Event) {
        self.mail.tell(event);
    }
}

/// A wait whose scheduler is gone looks for another.
impl Drop for Entry {
    fn drop(&mut self) {
        self.mail.abandon();
    }
}

fn cancelled(after: Duration) -> Error {
    let message = format!("the job was still queued after {after:?} and was cancelled");
    Error::new(ErrorKind::JobCancelled, message)
}
