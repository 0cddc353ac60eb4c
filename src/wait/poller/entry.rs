//! One wait, as the poller keeps it.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, timeout, timeout_at};
use tracing::{Instrument, debug_span};

use super::event_buffer::{Ending, EventBuffer};
use super::pending_result::PendingResult;
use super::unreachable::{MAX_UNREACHABLE, Unreachable};
use crate::api::{Api, JobRef};
use crate::error::{Error, ErrorKind};
use crate::http::response::{JobResult, has_content};
use crate::http::retry_policy::RetryPolicy;
use crate::http::retry_table::{Decision, Failure, Operation, judge};
use crate::job::cancel_outcome::CancelOutcome;
use crate::job::progress_log;
use crate::job::status::{JobStatus, Status};
use crate::wait::event::Event;
use crate::wait::options::AtDeadline;
use crate::wait::poll_schedule::PollSchedule;
use crate::wait::run_times::SharedRunTimes;
use runcomfy_schema::Redacted;

/// A wait that has not ended.
#[derive(Debug)]
pub(super) struct Entry {
    events: Arc<EventBuffer>,
    schedule: PollSchedule,
    last_status: Option<JobStatus>,
    /// Time at which the job was first seen running.
    started: Option<Instant>,
    /// The unknown status that was reported last.
    unknown_status: Option<Box<str>>,
    /// Time at which the first poll after the last readable response was due.
    due: Instant,
    /// Polls in a row without a status.
    failures: u32,
    presence: Presence,
    /// Boxed, as there may be ten thousand, and few in trouble.
    unreachable: Option<Box<Unreachable>>,
    /// Set once the job has ended without its result being there.
    pending_result: Option<Box<PendingResult>>,
    /// The service has taken a terminal status back. It is believed once.
    end_taken_back: bool,
    /// The service has said that it cannot be cancelled.
    not_cancellable: bool,
    /// A request to cancel it has no response: it may have worked.
    cancel_unanswered: bool,
    /// Number of responses that were longer than is read.
    too_large: u8,
}

/// Tells whether the service knows a job.
#[derive(Debug)]
struct Presence {
    /// This client has submitted the job, or a poll has succeeded.
    is_known: bool,
    /// Time of the first of the latest responses, where these say that there is no such job.
    missing_since: Option<Instant>,
}

/// Result of a poll.
#[derive(Debug)]
pub(super) enum PollResult {
    /// The job has not ended.
    Unfinished(JobStatus),
    /// The job has not ended; the service does not say how far it is.
    NotReady,
    /// The job has ended, but its result is not there.
    ResultPending(JobStatus),
    /// The job has ended, with its result.
    Finished(Box<JobResult<Value>>),
    /// The poll failed; a later one may succeed.
    Failed(Arc<Error>),
    /// The wait has ended, whatever the job does.
    Stopped(Error),
}

/// Time before its deadline at which a wait polls for the last time.
const LAST_POLL: Duration = Duration::from_secs(1);

/// Time for which a job that the service knows may be missing: the machine that answers may not know
/// it.
const MAX_MISSING: Duration = Duration::from_secs(60);

/// Number of responses longer than is read with which a wait ends: one may be a gateway's, and each costs
/// megabytes.
const MAX_TOO_LARGE: u8 = 3;

/// Parts of words for a job that has not ended.
const UNFINISHED: [&str; 12] = [
    "ing", "queue", "progress", "schedul", "start", "accept", "submit", "receiv", "creat", "paus",
    "retr", "partial",
];

/// Returns `true` if a status that is not known says that the job has not ended.
fn says_unfinished(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    UNFINISHED.into_iter().any(|part| word.contains(part))
}

/// Maximum time that a wait takes beyond its deadline to cancel the job.
const CANCEL_TIMEOUT: Duration = Duration::from_secs(10);

impl Entry {
    pub(super) fn new(run_times: &SharedRunTimes, events: Arc<EventBuffer>) -> Self {
        let now = Instant::now();
        let target = &events.target;
        let model = target.model.as_deref();
        let expected = model.and_then(|id| run_times.expected(id));
        let schedule = PollSchedule::new(target.submitted, expected, now);
        let is_known = target.submitted.is_some();
        let mut entry = Self {
            schedule: schedule.fixed(target.interval()),
            events,
            last_status: None,
            started: None,
            unknown_status: None,
            due: now,
            failures: 0,
            presence: Presence {
                is_known,
                missing_since: None,
            },
            unreachable: None,
            pending_result: None,
            end_taken_back: false,
            not_cancellable: false,
            cancel_unanswered: false,
            too_large: 0,
        };
        entry.due = entry.next(now);
        entry
    }

    /// Returns when the first poll of a new wait is due.
    pub(super) fn due(&self) -> Instant {
        self.due
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.events.target.deadline().map(|(_, at)| at)
    }

    /// Returns when the wait ends for want of a result, where the job has ended.
    fn result_limit(&self) -> Option<Instant> {
        self.pending_result.as_ref().map(|pending| pending.limit())
    }

    /// Returns the limit of the wait for a result if it has changed.
    pub(super) fn new_limit(&mut self) -> Option<Instant> {
        self.pending_result.as_mut()?.new_limit()
    }

    /// Returns `true` if the wait is to end now, in time for a poll or not.
    pub(super) fn has_expired(&self, now: Instant) -> bool {
        let limits = [self.deadline(), self.result_limit()];
        limits.into_iter().flatten().any(|limit| limit <= now)
    }

    /// Returns `true` if nobody waits any more.
    pub(super) fn is_abandoned(&self) -> bool {
        Arc::strong_count(&self.events) == 1
    }

    /// Returns `true` if a response is long overdue. In an outage few jobs are polled, so the age of
    /// its last response alone says nothing.
    pub(super) fn is_overdue(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.due) >= MAX_UNREACHABLE
    }

    /// Returns when the next poll is due after one that succeeded.
    fn next(&self, now: Instant) -> Instant {
        let mut next = match &self.pending_result {
            Some(pending) => pending.next(now),
            None => self.schedule.next(now, fastrand::f64()),
        };
        if let Some((_, at)) = self.events.target.cancel_queued_after()
            && at > now
        {
            next = next.min(at);
        }
        // A last poll just before the deadline finds what has ended in the meantime.
        if let Some(at) = self.deadline()
            && next + LAST_POLL > at
            && now + 2 * LAST_POLL < at
        {
            next = at - LAST_POLL;
        }
        next
    }

    /// Polls the job once, cut short by the deadline.
    pub(super) async fn poll(&mut self, api: &Api) -> PollResult {
        let target = &self.events.target;
        let model = target.model.as_deref().unwrap_or_default();
        let span = debug_span!("poll", request_id = %target.id, model, attempt = self.failures + 1);
        async {
            match self.deadline() {
                None => self.poll_or_give_up(api).await,
                Some(at) if at <= Instant::now() => PollResult::Stopped(self.expire(api).await),
                Some(at) => match timeout_at(at, self.poll_or_give_up(api)).await {
                    Ok(result) => result,
                    Err(_) => PollResult::Stopped(self.expire(api).await),
                },
            }
        }
        .instrument(span)
        .await
    }

    /// Polls the job; where it has ended and its result is waited for, not beyond the limit of that.
    async fn poll_or_give_up(&mut self, api: &Api) -> PollResult {
        let now = Instant::now();
        let limit = match &self.pending_result {
            None => return self.poll_or_cancel(api).await,
            Some(pending) => pending.poll_limit(now),
        };
        let polled = match limit {
            Some(limit) => timeout_at(limit, self.poll_or_cancel(api)).await.ok(),
            None => None,
        };
        polled.unwrap_or_else(|| self.without_result())
    }

    /// Ends the wait for the result of a job that has ended.
    fn without_result(&mut self) -> PollResult {
        match self.pending_result.take() {
            Some(pending) => PollResult::Stopped(pending.end().with_attempts(self.failures.max(1))),
            None => PollResult::NotReady,
        }
    }

    async fn poll_or_cancel(&mut self, api: &Api) -> PollResult {
        let result = match self.fetch(api).await {
            Ok(result) => result,
            Err(error) => match judge(Operation::Read, self.missing(error)) {
                (Decision::Retry, error) if !self.is_too_large_again(&error) => {
                    PollResult::Failed(Arc::new(error))
                }
                (_, error) => PollResult::Stopped(self.refused(error)),
            },
        };
        match (&result, self.events.target.cancel_queued_after()) {
            (PollResult::Unfinished(status), Some((after, at)))
                if status.status == Status::InQueue
                    && Instant::now() >= at
                    && !self.not_cancellable =>
            {
                self.cancel_queued(api, after).await.unwrap_or(result)
            }
            _ => result,
        }
    }

    /// Marks "not found" as transient where the service knows the job, for a minute after the first.
    fn missing(&mut self, error: Error) -> Error {
        if error.kind() != ErrorKind::NotFound {
            return error;
        }
        let now = Instant::now();
        let since = *self.presence.missing_since.get_or_insert(now);
        if self.presence.is_known && now - since < MAX_MISSING {
            error.early()
        } else {
            error
        }
    }

    /// Returns `true` if the wait has had so many responses that are longer than is read that the next
    /// one would be, too.
    fn is_too_large_again(&mut self, error: &Error) -> bool {
        let is_too_large = error.kind() == ErrorKind::TooLarge;
        self.too_large += u8::from(is_too_large);
        is_too_large && self.too_large >= MAX_TOO_LARGE
    }

    /// Fetches the status, and once it is terminal the result; the result alone where that is
    /// enough.
    async fn fetch(&mut self, api: &Api) -> Result<PollResult, Error> {
        let now = Instant::now();
        if self.pending_result.is_none() && self.schedule.polls_result(now) {
            return self.fetch_result(api).await;
        }
        let status = api.poll_status(self.job()).await?;
        self.schedule.status_polled(now);
        match &status.status {
            Status::InQueue | Status::InProgress => Ok(PollResult::Unfinished(status)),
            Status::Other(_) => self.fetch_unknown(api, status, now).await,
            _ => self.fetch_ended(api, status).await,
        }
    }

    /// Fetches the result of a job that was seen running.
    async fn fetch_result(&mut self, api: &Api) -> Result<PollResult, Error> {
        let result = match api.poll_result(self.job()).await {
            Err(error) if error.kind() == ErrorKind::NotReady => None,
            Err(error) => {
                // The job may have ended without a result.
                self.schedule.result_failed(Instant::now());
                return Err(error);
            }
            Ok(result) => Some(result),
        };
        self.schedule.result_polled(Instant::now());
        Ok(
            match result.map(|result| self.ended(result, Status::Completed)) {
                Some(Ok(result)) => PollResult::Finished(result),
                Some(Err(result)) => PollResult::Unfinished(JobStatus::new(result.status)),
                None => PollResult::NotReady,
            },
        )
    }

    /// Fetches the result of a job whose status is terminal. It is waited for from now on; only a
    /// refusal that no later request can cure ends the wait before the limit.
    async fn fetch_ended(&mut self, api: &Api, status: JobStatus) -> Result<PollResult, Error> {
        let now = Instant::now();
        self.schedule.result_polled(now);
        let pending = self
            .pending_result
            .get_or_insert_with(|| Box::new(PendingResult::new(&status, now)));
        pending.ended(&status);
        // Of a wait whose time was up before this poll, the poll has its own limit.
        let limit = pending.poll_limit(now).unwrap_or(now);
        let requested = timeout_at(limit, api.poll_result::<Value>(self.job())).await;
        let (reason, cause) = match requested {
            Err(_) => {
                self.last_status = Some(status);
                return Ok(self.without_result());
            }
            Ok(Ok(result)) => match self.ended(result, status.status.clone()) {
                Ok(result) => return Ok(PollResult::Finished(Box::new(agreed(*result, status)))),
                Err(result) => (result.error, None),
            },
            Ok(Err(error)) if lacks_result(&error) => (None, Some(error)),
            Ok(Err(error)) => {
                self.last_status = Some(status);
                return Err(error);
            }
        };
        if let Some(pending) = &mut self.pending_result {
            pending.lacks_result(reason.as_ref(), cause);
        }
        Ok(PollResult::ResultPending(status))
    }

    /// Fetches the result of a job whose status is not known, which decides: the status may be a new
    /// word for an end. A failure that passes decides nothing, since the service has just said that it
    /// knows the job.
    async fn fetch_unknown(
        &mut self,
        api: &Api,
        status: JobStatus,
        now: Instant,
    ) -> Result<PollResult, Error> {
        if !self.schedule.may_poll_result_too(now) {
            return Ok(PollResult::Unfinished(status));
        }
        self.schedule.result_polled(now);
        match api.poll_result(self.job()).await {
            Ok(result) => Ok(match self.ended(result, Status::Completed) {
                Ok(result) => PollResult::Finished(result),
                Err(_) => PollResult::Unfinished(status),
            }),
            Err(error) if lacks_result(&error) => Ok(PollResult::Unfinished(status)),
            Err(error) => {
                self.last_status = Some(status);
                Err(error)
            }
        }
    }

    /// Returns the result of a job that has ended; `Err` if it has not.
    ///
    /// A result whose status is not known decides by what it carries: an output ends the job, as
    /// `end` says, unless the word says that work continues, such as `rendering`
    /// or `queued`.
    fn ended(
        &mut self,
        mut result: JobResult<Value>,
        end: Status,
    ) -> Result<Box<JobResult<Value>>, Box<JobResult<Value>>> {
        if let Status::Other(word) = &result.status
            && !says_unfinished(word)
            && result.output.as_ref().is_some_and(has_content)
        {
            let word = word.clone();
            tracing::warn!(
                request_id = %self.events.target.id,
                status = %Redacted(&word),
                "the service reports a status that this version does not know, beside an output; \
                 the job counts as ended"
            );
            self.report_unknown(word);
            result.status = match end {
                Status::Completed => Status::Succeeded,
                end => end,
            };
        }
        if result.status.is_terminal() {
            Ok(result.into())
        } else {
            Err(result.into())
        }
    }

    /// Returns the time since this client has submitted the job, if it did.
    fn after_submit(&self, now: Instant) -> Option<Duration> {
        let submitted = self.events.target.submitted;
        submitted.map(|at| now.saturating_duration_since(at))
    }

    fn job(&self) -> JobRef<'_> {
        let target = &self.events.target;
        JobRef {
            id: &target.id,
            submitted: target.submitted,
        }
    }

    /// Returns the end of the wait after a failure that no later poll can cure.
    fn refused(&self, error: Error) -> Error {
        let error = error.with_attempts(self.failures + 1);
        match error.kind() {
            // The result is there, but cannot be read.
            ErrorKind::TooLarge => error,
            _ if self.has_ended() => {
                error.with_note("the job has ended; fetch its result later by its request id")
            }
            ErrorKind::Unauthenticated => error
                .with_note("the job keeps running; resume it by its request id with a valid token"),
            _ => error.with_note("the job may still be running; resume it by its request id"),
        }
    }

    /// Returns `true` if the service has said that the job has ended, and has not taken that back.
    fn has_ended(&self) -> bool {
        let last = self.last_status.as_ref();
        self.pending_result.is_some() || last.is_some_and(|last| last.status.is_terminal())
    }

    /// Requests to cancel the job; `None` if the wait continues.
    async fn cancel_queued(&mut self, api: &Api, after: Duration) -> Option<PollResult> {
        // It may be cut short by the deadline.
        self.cancel_unanswered = true;
        match api.poll_cancel(self.job()).await {
            Ok(CancelOutcome::Cancelled) => Some(PollResult::Stopped(cancelled(after))),
            Ok(_) => {
                self.cancel_unanswered = false;
                self.not_cancellable = true;
                self.events.push(Event::NotCancellable);
                None
            }
            // The next poll requests it again.
            Err(_) => None,
        }
    }

    /// Returns the end of the wait at its deadline, after what the caller wants to happen then.
    async fn expire(&mut self, api: &Api) -> Error {
        let target = &self.events.target;
        let limit = target.deadline().map_or(Duration::ZERO, |(limit, _)| limit);
        if self.has_ended() {
            return self.expired(limit, "it has ended, but its result is not there yet");
        }
        if target.at_deadline() == AtDeadline::LeaveRunning {
            let job = if self.cancel_unanswered {
                "its cancellation was requested without a response, so it may keep running"
            } else {
                "it keeps running"
            };
            return self.expired(limit, job);
        }
        match timeout(CANCEL_TIMEOUT, api.poll_cancel(self.job())).await {
            Ok(Ok(CancelOutcome::Cancelled)) => cancelled(limit),
            Ok(Ok(_)) => self.expired(
                limit,
                "it could not be cancelled any more, so it keeps running",
            ),
            Ok(Err(error)) => self
                .expired(limit, "it could not be cancelled, so it may keep running")
                .with_source(error),
            Err(_) => self.expired(
                limit,
                "it could not be cancelled in time, so it may keep running",
            ),
        }
    }

    fn expired(&self, limit: Duration, job: &str) -> Error {
        let last = self.last_status.as_ref();
        let last = last.map_or_else(|| "unknown".to_owned(), |last| last.status.to_string());
        let message = format!(
            "the job was not finished after {limit:?} (last status: {last}); {job}; \
             resume it by its request id"
        );
        Error::new(ErrorKind::Deadline, message).with_attempts(self.failures.max(1))
    }

    /// Takes in the result of a poll; returns when the next poll is due, or `None` when the wait has
    /// ended.
    pub(super) fn settle(
        &mut self,
        api: &Api,
        run_times: &SharedRunTimes,
        result: PollResult,
    ) -> Option<Instant> {
        let now = Instant::now();
        let late = now.saturating_duration_since(self.due);
        let policy = api.retry_policy();
        if let Some(pending) = &mut self.pending_result {
            pending.polled(!is_unconnected(&result), now);
        }
        let next = match result {
            PollResult::Unfinished(status) => {
                self.take_back(&status, now);
                self.schedule.observe(&status, late, now);
                self.report(&status);
                self.last_status = Some(status);
                Some(self.reached(now))
            }
            PollResult::NotReady => Some(self.reached(now)),
            PollResult::ResultPending(status) => {
                self.last_status = Some(status);
                Some(self.result_pending(now))
            }
            PollResult::Failed(error) => self.failed(error, now, policy),
            PollResult::Stopped(error) => {
                self.end(Err(error));
                return None;
            }
            PollResult::Finished(result) => {
                self.finish(run_times, *result, late, now);
                return None;
            }
        };
        if self.result_limit().is_some_and(|limit| limit <= now)
            && let PollResult::Stopped(error) = self.without_result()
        {
            self.end(Err(error));
            return None;
        }
        next
    }

    fn finish(
        &mut self,
        run_times: &SharedRunTimes,
        result: JobResult<Value>,
        late: Duration,
        now: Instant,
    ) {
        let target = &self.events.target;
        progress_log::finished(
            &target.id,
            target.model.as_deref(),
            &result.status,
            self.after_submit(now),
            self.started.map(|at| now.saturating_duration_since(at)),
        );
        if let (Status::Succeeded, Some(model), Some(_)) =
            (&result.status, &target.model, target.submitted)
            && let Some(time) = self.schedule.run_time(late, now)
        {
            run_times.record(Arc::clone(model), time);
        }
        if let (Status::Succeeded, Some(error)) = (&result.status, &result.error) {
            tracing::warn!(
                request_id = %target.id,
                "the service reports an error beside the job's output"
            );
            self.events.push(Event::ErrorBesideOutput(error.clone()));
        }
        self.end(Ok(result));
    }

    /// Believes a service that calls a job unfinished again for long enough, but only once: one that
    /// alternates would be waited for without end.
    fn take_back(&mut self, status: &JobStatus, now: Instant) {
        let is_known = !matches!(status.status, Status::Other(_));
        if let Some(pending) = self.pending_result.as_mut().filter(|_| is_known)
            && pending.unfinished(now)
            && !self.end_taken_back
        {
            self.end_taken_back = true;
            self.pending_result = None;
        }
    }

    /// Notes that the job has ended without its result; returns when the next poll is due.
    fn result_pending(&mut self, now: Instant) -> Instant {
        let failures = self.failures;
        let next = self.reached(now);
        let pending = self.pending_result.as_ref();
        let failure = pending.and_then(|pending| pending.failure());
        if let Some(kind) = failure.filter(|kind| *kind != ErrorKind::NotReady) {
            self.failures = failures.saturating_add(1);
            self.events.push(Event::Retrying {
                failures: self.failures,
                kind,
                backoff: next - now,
            });
        }
        next
    }

    /// Notes that the service knows the job, which is unfinished; returns when the next poll is due.
    fn reached(&mut self, now: Instant) -> Instant {
        self.presence = Presence {
            is_known: true,
            missing_since: None,
        };
        self.failures = 0;
        self.unreachable = None;
        self.due = self.next(now);
        self.due
    }

    /// Notes a failed poll; returns when the next one is due, or `None` when the service has been
    /// unreachable for too long.
    fn failed(&mut self, error: Arc<Error>, now: Instant, policy: &RetryPolicy) -> Option<Instant> {
        self.failures = self.failures.saturating_add(1);
        let unreachable = self.unreachable.get_or_insert_default();
        unreachable.failed(now);
        if unreachable.is_too_long() {
            self.end_unreachable(error);
            return None;
        }
        let backoff = policy.backoff_after(&error, self.failures);
        self.events.push(Event::Retrying {
            failures: self.failures,
            kind: error.kind(),
            backoff,
        });
        let next = now + backoff;
        let pending = self.pending_result.as_ref();
        Some(pending.map_or(next, |pending| pending.bound(next, now)))
    }

    /// Ends the wait because the service was unreachable for too long; `last` is how the last poll
    /// failed, of this job or, in an outage, of another.
    pub(super) fn end_unreachable(&mut self, last: Arc<Error>) {
        let message = format!(
            "the service has not sent one readable response in {MAX_UNREACHABLE:?}; the job may keep \
             running; resume it by its request id"
        );
        let error = Error::new(ErrorKind::Unavailable, message)
            .with_attempts(self.failures.max(1))
            .with_source(last);
        self.end(Err(error));
    }

    fn end(&mut self, ending: Ending) {
        self.events.end(ending.map_err(|error| {
            error
                .with_request_id(&self.events.target.id)
                .with_last_status(self.last_status.take())
        }));
    }

    /// Reports a status that differs from the last one.
    fn report(&mut self, status: &JobStatus) {
        if self.last_status.as_ref() == Some(status) {
            return;
        }
        match &status.status {
            Status::InQueue => {
                let position = status.queue_position;
                let target = &self.events.target;
                progress_log::queued(&target.id, target.model.as_deref(), position);
                self.events.push(Event::Queued { position });
            }
            Status::InProgress => {
                let now = Instant::now();
                let target = &self.events.target;
                let after_submit = self.after_submit(now);
                progress_log::started(&target.id, target.model.as_deref(), after_submit);
                self.started.get_or_insert(now);
                self.events.push(Event::Started);
            }
            other => {
                let word = other.to_string();
                if self.report_unknown(word) {
                    tracing::warn!(
                        request_id = %self.events.target.id,
                        "the service reports a status that this version does not know; still waiting"
                    );
                }
            }
        }
    }

    /// Reports a status that is not known; returns `false` if it was reported last.
    fn report_unknown(&mut self, word: String) -> bool {
        let is_new = self.unknown_status.as_deref() != Some(&*word);
        if is_new {
            self.unknown_status = Some(word.as_str().into());
            self.events.push(Event::UnknownStatus(word));
        }
        is_new
    }
}

/// A wait whose poller's task is gone is added again by its reader.
impl Drop for Entry {
    fn drop(&mut self) {
        self.events.abandon();
    }
}

/// Returns the result, with the end that the status names where the result does not say how the job
/// has ended.
fn agreed(mut result: JobResult<Value>, status: JobStatus) -> JobResult<Value> {
    let says_how = result.status != Status::Succeeded || result.output.is_some();
    if !says_how && matches!(status.status, Status::Failed | Status::Cancelled) {
        result.status = status.status;
    }
    if result.status == Status::Failed && result.error.is_none() {
        result.error = status.error;
    }
    result
}

/// Returns `true` if a result that was requested beside a status is not there, or not yet. The status
/// shows that the service knows the job, so "not found" is about the result alone. One that is too long
/// is there.
fn lacks_result(error: &Error) -> bool {
    let failure = Failure::from_error(error);
    let may_be_there = failure == Failure::ResponseTooLarge;
    let is_transient = failure.decide(Operation::Read) == Decision::Retry;
    error.kind() == ErrorKind::NotFound || is_transient && !may_be_there
}

/// Returns `true` if a poll has found no connection to the service.
fn is_unconnected(result: &PollResult) -> bool {
    matches!(result, PollResult::Failed(error) if error.kind() == ErrorKind::NotSent)
}

fn cancelled(after: Duration) -> Error {
    let message = format!("the job was still queued after {after:?} and was cancelled");
    Error::new(ErrorKind::JobCancelled, message)
}
