//! The way of one job: submitted, waited for, saved.

use std::borrow::Cow;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use runcomfy::schema::Json;
use runcomfy::{
    CancelOutcome, Client, Error, ErrorKind, Event, Job, JobResult, Output, RequestId, WaitOptions,
};
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::{Instant, sleep};
use tracing::{info, warn};

use super::breaker::{Breaker, Change};
use super::files::{Folder, Unsaved};
use super::lease::{Lease, Moment};
use super::log_target::TARGET;
use super::places::Place;
use super::prepared::{Prepare, Unprepared};
use super::progress::{JobRef, Progress};
use super::recorder::{Record, Recorder};
use super::space::{Space, is_lack_of_room};
use super::stop::StopHandle;
use super::summary::EndedBy;
use super::verdict::Verdict;
use crate::claim::{Adopted, Claimed};
use crate::ending::{End, Ending, NotSent, Retry};
use crate::incarnation::IncarnationId;
use crate::job_key::JobKey;
use crate::metrics::Metrics;
use crate::money::Money;
use crate::store::Store;

/// State that the tasks of all jobs of an incarnation share.
#[derive(Clone)]
pub(super) struct Worker {
    pub(super) store: Arc<dyn Store>,
    pub(super) me: IncarnationId,
    pub(super) lease: Arc<Lease>,
    pub(super) client: Client,
    pub(super) prepare: Option<Arc<Prepare>>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) recorder: Recorder,
    pub(super) breaker: Arc<Breaker>,
    pub(super) space: Arc<Space>,
    pub(super) folder: Folder,
    pub(super) stop: StopHandle,
    pub(super) progress: UnboundedSender<Progress>,
    pub(super) poll_every: Option<Duration>,
    /// Is `true` if there may be no next run, which would repeat what has failed.
    pub(super) keeps_running: bool,
    /// Is `true` if jobs that the service does not know are lost with it.
    pub(super) emulated: bool,
    /// Reason for which this process submits nothing more.
    pub(super) refused: Arc<Mutex<Option<EndedBy>>>,
}

/// Time for which a submit looks for a connection. A job that has none by then is ready again: its intent
/// would be a doubt if the process were killed.
const CONNECT_WINDOW: Duration = Duration::from_secs(30);
/// Time after which a failed wait or save is repeated.
const RETRY_AFTER: Duration = Duration::from_secs(2);
/// Time after which a batch that keeps running repeats what the next run would.
const NEXT_RUN_AFTER: Duration = Duration::from_secs(60);
/// Number of attempts to save the files of a job.
const MAX_SAVES: u32 = 5;
/// Id of a job whose status is fetched where no other is known. That the service does not know it is an
/// answer too.
const UNKNOWN_JOB: &str = "00000000-0000-0000-0000-000000000000";

/// Puts an attempt in doubt where its task ends without an outcome, as by a panic.
struct OpenIntent {
    key: Option<JobKey>,
    recorder: Recorder,
}

impl OpenIntent {
    fn has_ended(mut self) {
        self.key = None;
    }
}

impl Drop for OpenIntent {
    fn drop(&mut self) {
        if let Some(key) = self.key.take() {
            let reason = "the task of the submit ended before its response".to_owned();
            drop(self.recorder.send(Record::Doubtful(key, reason)));
        }
    }
}

impl Worker {
    /// Returns the worker of another incarnation of this process.
    pub(super) fn for_incarnation(&self, me: IncarnationId, lease: Lease) -> Self {
        Self {
            me,
            lease: Arc::new(lease),
            recorder: self.recorder.for_incarnation(me),
            ..self.clone()
        }
    }

    /// Submits a job and brings it to its end. Run it in a task of its own, and never drop it.
    pub(super) async fn run(self: Arc<Self>, job: Claimed, _place: Place, submit: Place) {
        self.log(&job, None, "ready", "intent");
        let id = self.submit(&job).await;
        let submitted = Instant::now();
        // Only now: an id that the store does not have yet is a doubt after a kill.
        drop(submit);
        if let Some(id) = id {
            self.wait(&job, id, Some(submitted)).await;
        }
    }

    /// Brings a job of an ended incarnation to its end.
    pub(super) async fn adopt(self: Arc<Self>, adopted: Adopted, _place: Place) {
        self.wait(&adopted.job, adopted.request_id, None).await;
    }

    /// Cancels a job at the service. The wait for it learns of it.
    pub(super) async fn cancel(self: Arc<Self>, id: RequestId) {
        match self.client.json_job(id.clone()).cancel().await {
            Ok(CancelOutcome::Cancelled | CancelOutcome::NotCancellable) => {}
            Ok(other) => {
                warn!(target: TARGET, request_id = %id, ?other, "unknown answer to a cancellation");
            }
            Err(error) => {
                warn!(target: TARGET, request_id = %id, %error, "could not cancel the job");
            }
        }
    }

    /// Fetches a status, which costs nothing, to see whether the service answers.
    pub(super) async fn probe(self: Arc<Self>) {
        let job = self.breaker.job().or_else(|| UNKNOWN_JOB.parse().ok());
        let has_answer = match job {
            Some(id) => match self.client.json_job(id).status().await {
                Ok(_) => true,
                Err(error) => error.http_status().is_some_and(|status| status < 500),
            },
            None => true,
        };
        if let Some(change) = self.breaker.probed(has_answer) {
            self.pause(change);
        }
        self.stop.changed.notify_one();
    }

    /// Submits a job, stores the outcome, and returns its id.
    async fn submit(&self, job: &Claimed) -> Option<RequestId> {
        let intent = OpenIntent {
            key: Some(job.key.clone()),
            recorder: self.recorder.clone(),
        };
        let verdict = match self.prepared(job).await {
            // The last look before the submit.
            Ok(_) if !self.lease.may_send(Moment::now()) => Verdict::Retry {
                reason: "the lease of this process was about to end".to_owned(),
                after: Duration::ZERO,
                is_throttled: false,
            },
            Ok(input) => self.send(job, &input).await,
            Err(Unprepared::Job(reason)) => Verdict::Failed(format!(
                "the input could not be prepared; nothing was sent: {reason}"
            )),
            Err(Unprepared::Process(reason)) => Verdict::Process(reason),
        };
        let id = self.store_verdict(job, verdict).await;
        intent.has_ended();
        id
    }

    async fn send(&self, job: &Claimed, input: &Json) -> Verdict {
        let submit = self.client.submit_json(job.model.as_str(), input);
        let submit = submit.key(job.key.as_str()).deadline(CONNECT_WINDOW);
        // The store holds all claims back: intents that wait here would be sent at one moment, faster than the rate.
        let submit = submit.leave_throttled();
        let begun = Instant::now();
        let outcome = submit.outcome().await;
        let verdict = Verdict::from_outcome(&outcome, job.attempt);
        let time = begun.elapsed();
        self.metrics
            .submitted(&outcome, verdict.is_throttled(), time);
        if let Some(change) = self.breaker.record(&verdict) {
            self.pause(change);
        }
        verdict
    }

    /// Returns the input that is sent, or the reason for which there is none.
    async fn prepared<'a>(&self, job: &'a Claimed) -> Result<Cow<'a, Json>, Unprepared> {
        let Some(prepare) = &self.prepare else {
            return Ok(Cow::Borrowed(&job.input));
        };
        // A task of its own, since a panic in it has sent nothing.
        let prepared = tokio::spawn(prepare(job.clone())).await;
        let prepared = prepared.map_err(|error| Unprepared::Job(error.to_string()))?;
        prepared.map(Cow::Owned)
    }

    async fn store_verdict(&self, job: &Claimed, verdict: Verdict) -> Option<RequestId> {
        let about = JobRef::new(job, None);
        let not_sent =
            |reason: &str, retry| Record::NotSent(NotSent::new(job.key.clone(), reason, retry));
        match verdict {
            Verdict::Accepted(id) => {
                let record = Record::Received(job.key.clone(), id.clone());
                self.recorder.record(record).await;
                self.log(job, Some(&id), "intent", "submitted");
                self.report(Progress::Submitted(JobRef::new(job, Some(&id))));
                return Some(id);
            }
            Verdict::Retry {
                reason,
                after,
                is_throttled,
            } => {
                if is_throttled {
                    self.hold_back(after).await;
                }
                self.recorder
                    .record(not_sent(&reason, Retry::After(after)))
                    .await;
                self.log(job, None, "intent", "ready");
                self.report(Progress::Retried(about, reason));
            }
            Verdict::Failed(reason) => {
                self.recorder.record(not_sent(&reason, Retry::Never)).await;
                self.log(job, None, "intent", "failed");
                self.report(Progress::Failed(about, reason));
            }
            Verdict::Account(reason) => {
                self.give_back(job, &reason).await;
                self.refuse(EndedBy::Account(reason));
            }
            Verdict::Process(reason) => {
                self.give_back(job, &reason).await;
                self.refuse(EndedBy::Process(reason));
            }
            Verdict::Doubt(reason) => {
                let record = Record::Doubtful(job.key.clone(), reason.clone());
                self.recorder.record(record).await;
                self.log(job, None, "intent", "in_doubt");
                self.report(Progress::Doubt(job.key.clone(), reason));
            }
        }
        None
    }

    /// Holds back the claims of all workers, as the service asks.
    async fn hold_back(&self, time: Duration) {
        info!(target: TARGET, batch = self.store.id(), worker = %self.me, seconds = time.as_secs_f64(), "the service throttles; claims are held back");
        if let Err(error) = self.store.hold_back(time).await {
            warn!(target: TARGET, %error, "could not hold back the claims of others");
        }
    }

    /// Makes a job ready again that was not sent.
    async fn give_back(&self, job: &Claimed, reason: &str) {
        let attempt = NotSent::new(job.key.clone(), reason, Retry::After(Duration::ZERO));
        self.recorder.record(Record::NotSent(attempt)).await;
        self.log(job, None, "intent", "ready");
    }

    /// Waits for a job, saves its files and settles it. A job of another process was submitted at an unknown time.
    async fn wait(&self, claimed: &Claimed, id: RequestId, mut submitted: Option<Instant>) {
        let job = self.client.json_job(id);
        loop {
            let wait = self.watch(claimed, &job);
            let Some(result) = unless(self.leaves_jobs(), wait).await else {
                return;
            };
            match result {
                Ok(result) => {
                    self.count_end(submitted.take());
                    if self.save(claimed, &job, &result).await {
                        return;
                    }
                }
                Err(error) if error.is_transient() => {
                    sleep(RETRY_AFTER).await;
                    continue;
                }
                Err(error) => match error.kind() {
                    // Another token may know the job.
                    ErrorKind::Unauthenticated | ErrorKind::Forbidden => {
                        self.refuse(EndedBy::Account(error.to_string()));
                    }
                    kind => {
                        if matches!(kind, ErrorKind::JobFailed | ErrorKind::JobCancelled) {
                            self.count_end(submitted);
                        }
                        if self.emulated || says_end(kind) {
                            return self.fail(claimed, &job, &error).await;
                        }
                        self.miss(claimed, &job, &error);
                    }
                },
            }
            let later = unless(self.leaves_jobs(), sleep(NEXT_RUN_AFTER));
            if !self.keeps_running || later.await.is_none() {
                return;
            }
        }
    }

    fn count_end(&self, submitted: Option<Instant>) {
        if let Some(submitted) = submitted {
            self.metrics.ended(submitted.elapsed());
        }
    }

    async fn watch(
        &self,
        claimed: &Claimed,
        job: &Job<Output>,
    ) -> Result<JobResult<Output>, Error> {
        let mut options = WaitOptions::new();
        if let Some(interval) = self.poll_every {
            options = options.poll_every(interval);
        }
        let mut watch = job.wait().options(options).watch();
        while let Some(event) = watch.next().await {
            if event == Event::Started {
                self.report(Progress::Started(JobRef::new(
                    claimed,
                    Some(job.request_id()),
                )));
            }
        }
        watch.result().await
    }

    /// Reports a job that the service has accepted, and whose end it does not say. It may be paid, so it stays
    /// submitted.
    fn miss(&self, claimed: &Claimed, job: &Job<Output>, error: &Error) {
        let id = job.request_id();
        let reason = format!(
            "the service has accepted it as {id}, and does not say how it has ended: {error}. It may be paid, and stays submitted. Check that the token and the address of the service are those of its submit; the next run looks again"
        );
        warn!(target: TARGET, batch = self.store.id(), n = claimed.n, key = %claimed.key, request_id = %id, %error, "the end of the job is unknown");
        self.report(Progress::NotSaved(JobRef::new(claimed, Some(id)), reason));
    }

    /// Settles a job that has not succeeded.
    async fn fail(&self, claimed: &Claimed, job: &Job<Output>, error: &Error) {
        let about = JobRef::new(claimed, Some(job.request_id()));
        let has_ended = matches!(error.kind(), ErrorKind::JobFailed | ErrorKind::JobCancelled);
        let cost = if has_ended {
            job.result().await.ok().and_then(|result| result.cost)
        } else {
            None
        };
        if error.kind() == ErrorKind::JobCancelled {
            self.settle(claimed, job, End::Cancelled, cost).await;
            return self.report(Progress::Cancelled(about));
        }
        // An emulated job has ended with its emulator, so nobody can wait for it again.
        let reason = if self.emulated && error.kind() == ErrorKind::NotFound {
            "the emulator that had the job has ended, and the job with it".to_owned()
        } else {
            error.to_string()
        };
        self.settle(claimed, job, End::Failed(reason.clone()), cost)
            .await;
        self.report(Progress::Failed(about, reason));
    }

    /// Saves the files of a job that has succeeded, and settles it. Returns `false` if they could not be
    /// saved for now.
    async fn save(&self, claimed: &Claimed, job: &Job<Output>, result: &JobResult<Output>) -> bool {
        let about = || JobRef::new(claimed, Some(job.request_id()));
        let cost = result.cost.and_then(Money::from_usd);
        self.report(Progress::Finished(about(), cost));
        let (mut failures, mut waiting) = (0, None);
        let unsaved = loop {
            let save = async {
                self.space.check().await?;
                self.folder.save(claimed, job, result).await
            };
            match unless(self.leaves_jobs(), save).await {
                None => return true,
                Some(Ok(saved)) => {
                    self.settle(claimed, job, End::Saved(saved), result.cost)
                        .await;
                    self.report(Progress::Saved(about()));
                    return true;
                }
                // It concerns every job: nothing is claimed meanwhile.
                Some(Err(unsaved)) if unsaved.is_lack_of_room() => {
                    if waiting.is_none() {
                        warn!(target: TARGET, batch = self.store.id(), n = claimed.n, key = %claimed.key, %unsaved, "files wait for room");
                        waiting = Some(self.space.wait());
                    }
                }
                Some(Err(unsaved)) => {
                    failures += 1;
                    if failures >= MAX_SAVES || unsaved.is_certain() {
                        break unsaved;
                    }
                }
            }
            if unless(self.leaves_jobs(), sleep(RETRY_AFTER))
                .await
                .is_none()
            {
                return true;
            }
        };
        let reason = format!("the job has succeeded, but its files could not be saved: {unsaved}");
        if unsaved.is_certain() {
            self.settle(claimed, job, End::Failed(reason.clone()), result.cost)
                .await;
            self.report(Progress::Failed(about(), reason));
            return true;
        }
        warn!(target: TARGET, batch = self.store.id(), n = claimed.n, key = %claimed.key, request_id = %job.request_id(), reason, "files are not saved");
        self.report(Progress::NotSaved(about(), reason));
        false
    }

    async fn settle(&self, claimed: &Claimed, job: &Job<Output>, end: End, cost: Option<f64>) {
        let state = match &end {
            End::Saved(_) => "saved",
            End::Failed(_) => "failed",
            End::Cancelled => "cancelled",
        };
        let mut ending = Ending::new(claimed.key.clone(), end);
        if let Some(cost) = cost.and_then(Money::from_usd) {
            ending = ending.cost(cost);
        }
        self.recorder.record(Record::Settled(ending)).await;
        let id = Some(job.request_id());
        self.log_settled(claimed, id, ("submitted", state), cost);
    }

    /// Waits until jobs that run are to be left to the next run, or to another incarnation.
    async fn leaves_jobs(&self) {
        unless(self.stop.leaves_jobs(), self.lease.ended()).await;
    }

    /// Stops claims, since no further submit of this process can succeed.
    fn refuse(&self, reason: EndedBy) {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused.get_or_insert(reason);
        drop(refused);
        self.stop.changed.notify_one();
    }

    fn pause(&self, change: Change) {
        match change {
            Change::Opened(time) => {
                warn!(target: TARGET, batch = self.store.id(), worker = %self.me, seconds = time.as_secs(), "the service does not accept submits; claims are paused");
                let seconds = time.as_secs();
                self.report(Progress::Paused(format!(
                    "the service does not accept submits; the next attempt is in {seconds} s"
                )));
            }
            Change::Closed => self.report(Progress::Resumed),
        }
    }

    pub(super) fn report(&self, progress: Progress) {
        // Nobody needs to listen.
        let _ = self.progress.send(progress);
    }

    fn log(&self, job: &Claimed, id: Option<&RequestId>, from: &str, to: &str) {
        self.log_settled(job, id, (from, to), None);
    }

    fn log_settled(
        &self,
        job: &Claimed,
        id: Option<&RequestId>,
        (from, to): (&str, &str),
        cost: Option<f64>,
    ) {
        info!(target: TARGET,
            batch = self.store.id(),
            n = job.n,
            key = %job.key,
            request_id = id.map(tracing::field::display),
            worker = %self.me,
            state.from = from,
            state.to = to,
            cost,
            "job has another state"
        );
    }
}

impl JobRef {
    fn new(job: &Claimed, request_id: Option<&RequestId>) -> Self {
        Self {
            n: job.n,
            id: job.id.clone(),
            key: job.key.clone(),
            request_id: request_id.cloned(),
        }
    }
}

impl Unsaved {
    /// Returns `true` if files of other jobs cannot be saved either, until there is room.
    fn is_lack_of_room(&self) -> bool {
        match self {
            Self::Io(error) => is_lack_of_room(error),
            Self::Download(error) => is_lack_of_room(error),
        }
    }

    /// Returns `true` if no further attempt can succeed. A file that a store does not have or refuses may be there
    /// later, as one behind a link that the service has renewed.
    fn is_certain(&self) -> bool {
        match self {
            Self::Io(_) => false,
            Self::Download(error) => {
                let is_refused = error.http_status().is_some();
                !is_refused && !error.is_transient() && error.kind() != ErrorKind::Io
            }
        }
    }
}

impl std::fmt::Display for Unsaved {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Io(error) => write!(f, "the folder could not be written: {error}"),
            Self::Download(error) => error.fmt(f),
        }
    }
}

/// Returns `true` for errors of a wait by which the job has ended: the service has said so, or its result cannot be
/// read by any further wait.
fn says_end(kind: ErrorKind) -> bool {
    use ErrorKind as K;
    matches!(
        kind,
        K::JobFailed | K::JobCancelled | K::UnexpectedOutput | K::TooLarge
    )
}

/// Runs `work`, or returns `None` if `stop` comes first. What is done is done, though: `work` goes first.
async fn unless<T>(stop: impl Future<Output = ()>, work: impl Future<Output = T>) -> Option<T> {
    let (mut stop, mut work) = (pin!(stop), pin!(work));
    std::future::poll_fn(|cx| match work.as_mut().poll(cx) {
        Poll::Ready(value) => Poll::Ready(Some(value)),
        Poll::Pending => stop.as_mut().poll(cx).map(|()| None),
    })
    .await
}
