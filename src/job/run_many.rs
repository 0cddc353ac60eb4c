//! Many jobs, a few at a time.

use std::fmt;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_util::stream::FuturesUnordered;
use futures_util::{Stream, StreamExt};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::{JoinError, JoinHandle};

use crate::catch_panic::{Panic, catch_panic};
use crate::client::Client;
use crate::error::Error;
use crate::http::response::JobResult;
use crate::job::Job;
use crate::job::as_input::Input;
use crate::job::orphan::OrphanGuard;
use crate::job::submit_plan::SubmitPlan;
use crate::media::check::CheckMedia;
use crate::model::Model;
use crate::output::Output;
use crate::wait::options::WaitOptions;
use crate::wait::watch::Watch;
use runcomfy_schema::Json;

/// Many jobs that are submitted and waited for, as a stream of their outputs in the order in which
/// they end. This may cost money.
///
/// ```no_run
/// # async fn example<M: runcomfy::Model<Output = runcomfy::Output> + 'static>(client: runcomfy::Client, inputs: Vec<M>) {
/// let mut results = client.run_many(inputs).concurrency(20);
/// while let Some(finished) = results.next().await {
///     match finished.result {
///         Ok(output) => println!("{}: {:?}", finished.number, output.urls()),
///         Err(error) => eprintln!("{}: {error}", finished.number),
///     }
/// }
/// # }
/// ```
///
/// - At most [`concurrency`](Self::concurrency) jobs are submitted without their results being taken,
///   and the next input is taken only when there is room: a slow reader submits slowly.
/// - The failure of one job stops none of the others. Before you submit its input again, check
///   [`Error::may_have_been_submitted`].
/// - A task on the tokio runtime does the work, so that no request is left halfway when nobody polls
///   the stream. It also calls the iterator of the inputs, which should not block for long.
/// - Where code of yours panics (the iterator, an uploader, the deserialization of an output), no
///   further input is taken and the results of running jobs are returned; then
///   [`next`](Self::next) panics.
/// - Dropping the stream takes no further input and sends no further request. Submits in flight are
///   brought to their end; the jobs keep running, or are cancelled where
///   [`WaitOptions::cancel_on_drop`] is set. The id of each job is logged when it is submitted
///   (`tracing`, level INFO), and that of a job whose result was not taken is handed to
///   [`ClientBuilder::on_orphan`](crate::client::ClientBuilder::on_orphan).
#[must_use = "nothing is sent until it is polled"]
pub struct RunMany<O> {
    state: State<O>,
}

enum State<O> {
    New(Box<Plan<O>>),
    Running(mpsc::UnboundedReceiver<Untaken<O>>, JoinHandle<()>),
    Over,
}

struct Plan<O> {
    client: Client,
    submits: Box<dyn Iterator<Item = Submission<O>> + Send>,
    settings: Settings,
    concurrency: usize,
}

/// An input as the closure that submits it.
type Submission<O> = Box<dyn FnOnce(Client, Settings) -> Submitting<O> + Send>;
type Submitting<O> = Pin<Box<dyn Future<Output = Guarded<O>> + Send>>;

/// A submitted job, and what names it unless its result is taken.
type Guarded<O> = Result<(Job<O>, OrphanGuard), Error>;

#[derive(Clone)]
struct Settings {
    check_media: CheckMedia,
    validate: bool,
    options: WaitOptions,
}

/// A job's slot among those that may run at a time.
type Slot = OwnedSemaphorePermit;

/// Result of one of many inputs.
#[derive(Debug)]
#[non_exhaustive]
pub struct Finished<O> {
    /// The index of the input, counted from 0.
    pub number: usize,
    /// The job, where it was submitted.
    pub job: Option<Job<O>>,
    /// The job's output, or why there is none.
    pub result: Result<O, Error>,
    /// The error that the service reports beside the output of a job that has succeeded.
    pub error_beside_output: Option<Value>,
}

impl<O> Finished<O> {
    fn new(number: usize, job: Option<Job<O>>, ended: Result<JobResult<O>, Error>) -> Self {
        let (result, error_beside_output) = match ended.map(JobResult::into_parts) {
            Ok(Ok((output, about))) => (Ok(output), about.error),
            Ok(Err((error, _))) | Err(error) => (Err(error), None),
        };
        Self {
            number,
            job,
            result,
            error_beside_output,
        }
    }
}

/// Results that the stream returns next.
type Results<O> = mpsc::UnboundedSender<Untaken<O>>;

/// A result that nobody has taken yet.
struct Untaken<O> {
    finished: Finished<O>,
    /// Free when the result is taken.
    _slot: Slot,
    /// Of a job that was submitted.
    guard: Option<Box<OrphanGuard>>,
}

/// An input's number, its slot, and the outcome of its submit.
type Submitted<O> = (usize, Slot, Result<Guarded<O>, Panic>);

/// Next event of the task.
enum Step<O> {
    Room(Slot),
    Submitted(Submitted<O>),
    Finished(Result<Untaken<O>, Panic>),
    /// The stream was dropped.
    Abandoned,
}

/// Default of `concurrency`: jobs that the service's queue takes without trouble.
const DEFAULT_CONCURRENCY: usize = 100;
/// Share of the client's requests in flight that may be submits, so that polls find room beside
/// them.
const SUBMIT_SHARE: usize = 2;

impl Client {
    /// Submits many inputs and returns a stream of their outputs; see [`RunMany`].
    pub fn run_many<M, I>(&self, inputs: I) -> RunMany<M::Output>
    where
        M: Model<Output: 'static> + 'static,
        I: IntoIterator<Item = M>,
        I::IntoIter: Send + 'static,
    {
        RunMany::new(
            self,
            inputs.into_iter().map(|input| -> Submission<_> {
                Box::new(move |client, settings| {
                    let plan = SubmitPlan::typed(&client, input);
                    Box::pin(settings.set(plan).submit())
                })
            }),
        )
    }

    /// Submits many inputs of a model that has no generated type; see [`RunMany`]. Nothing is
    /// validated.
    pub fn run_many_json<I>(&self, model_id: &str, inputs: I) -> RunMany<Output>
    where
        I: IntoIterator<Item = Json>,
        I::IntoIter: Send + 'static,
    {
        let model_id: Arc<str> = model_id.into();
        RunMany::new(
            self,
            inputs.into_iter().map(move |input| -> Submission<_> {
                let model_id = Arc::clone(&model_id);
                Box::new(move |client, settings| {
                    let plan = SubmitPlan::new(&client, model_id.to_string(), Input::free(input));
                    Box::pin(settings.set(plan).submit())
                })
            }),
        )
    }
}

impl Settings {
    fn set<'a>(&self, mut plan: SubmitPlan<'a>) -> SubmitPlan<'a> {
        plan.check_media = self.check_media;
        plan.validate = self.validate;
        plan.cancel_on_drop = self.options.cancels_on_drop();
        plan
    }
}

impl<O> Untaken<O> {
    fn new(finished: Finished<O>, slot: Slot, guard: Option<Box<OrphanGuard>>) -> Self {
        Self {
            finished,
            _slot: slot,
            guard,
        }
    }
}

impl<O> RunMany<O> {
    fn new(client: &Client, submits: impl Iterator<Item = Submission<O>> + Send + 'static) -> Self {
        let settings = Settings {
            check_media: client.default_check_media(),
            validate: true,
            options: WaitOptions::default(),
        };
        Self {
            state: State::New(Box::new(Plan {
                client: client.clone(),
                submits: Box::new(submits),
                settings,
                concurrency: DEFAULT_CONCURRENCY,
            })),
        }
    }

    /// Sets the maximum number of jobs that run at a time, or have ended without their result being
    /// taken; at least 1. Default: 100.
    pub fn concurrency(self, limit: usize) -> Self {
        self.with(|plan| plan.concurrency = limit.clamp(1, Semaphore::MAX_PERMITS))
    }

    /// Sets how to wait for each job, once it is submitted.
    pub fn options(self, options: WaitOptions) -> Self {
        self.with(|plan| plan.settings.options = options)
    }

    /// Sets which media are checked before each submit; see
    /// [`Submit::check_media`](crate::job::submit::Submit::check_media).
    pub fn check_media(self, which: CheckMedia) -> Self {
        self.with(|plan| plan.settings.check_media = which)
    }

    /// Skips validation and media checks of each input; see
    /// [`Submit::unvalidated`](crate::job::submit::Submit::unvalidated).
    pub fn unvalidated(self) -> Self {
        self.with(|plan| plan.settings.validate = false)
    }

    /// Changes a setting; without effect once the stream runs.
    fn with(mut self, change: impl FnOnce(&mut Plan<O>)) -> Self {
        if let State::New(plan) = &mut self.state {
            change(plan);
        }
        self
    }
}

impl<O: DeserializeOwned + Send + 'static> RunMany<O> {
    /// Waits for the next result; returns `None` after the last one.
    ///
    /// # Panics
    /// When code of the caller has panicked, once everything else has ended.
    pub async fn next(&mut self) -> Option<Finished<O>> {
        poll_fn(|cx| self.poll(cx)).await
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Finished<O>>> {
        if matches!(self.state, State::New(_))
            && let State::New(plan) = std::mem::replace(&mut self.state, State::Over)
        {
            let (results, receiver) = mpsc::unbounded_channel();
            let task = tokio::spawn(plan.run(results));
            self.state = State::Running(receiver, task);
        }
        let State::Running(results, task) = &mut self.state else {
            return Poll::Ready(None);
        };
        if let Some(untaken) = ready!(results.poll_recv(cx)) {
            if let Some(guard) = untaken.guard {
                guard.release();
            }
            return Poll::Ready(Some(untaken.finished));
        }
        let ended = ready!(Pin::new(task).poll(cx));
        self.state = State::Over;
        match ended.map_err(JoinError::try_into_panic) {
            // A panic must not look like the end of the stream.
            Err(Ok(panic)) => resume_unwind(panic),
            _ => Poll::Ready(None),
        }
    }
}

impl<O: DeserializeOwned + Send + 'static> Plan<O> {
    async fn run(self: Box<Self>, results: Results<O>) {
        let Self {
            client,
            submits,
            settings,
            concurrency,
        } = *self;
        let slots = Arc::new(Semaphore::new(concurrency));
        let max_in_flight = client.services().api().max_in_flight();
        let max_submits = (max_in_flight / SUBMIT_SHARE).max(1);
        let mut inputs = Some(submits.enumerate());
        let mut submits = FuturesUnordered::new();
        let mut waits = FuturesUnordered::new();
        let mut panic = None;
        while inputs.is_some() || !submits.is_empty() || !waits.is_empty() {
            let may_take = inputs.is_some() && submits.len() < max_submits;
            let step = next_step(&mut submits, &mut waits, &slots, may_take, &results).await;
            match step {
                Step::Room(slot) => {
                    match catch_unwind(AssertUnwindSafe(|| inputs.as_mut()?.next())) {
                        Ok(Some((number, input))) => {
                            let submitted = catch_panic(input(client.clone(), settings.clone()));
                            submits.push(async move { (number, slot, submitted.await) });
                        }
                        Ok(None) => inputs = None,
                        Err(caught) => panic = Some(caught),
                    }
                }
                Step::Submitted((number, slot, Ok(Ok((job, guard))))) => {
                    let guard = guard.logged();
                    // The future is kept for as long as the job takes, so it is kept small.
                    let mut watch = Watch::new(job, settings.options.clone(), false);
                    waits.push(catch_panic(async move {
                        let ended = poll_fn(|cx| watch.poll_result(cx)).await;
                        let job = Some(watch.job().clone());
                        let finished = Finished::new(number, job, ended);
                        Untaken::new(finished, slot, guard)
                    }));
                }
                Step::Submitted((number, slot, Ok(Err(error)))) => {
                    let finished = Finished::new(number, None, Err(error));
                    results.send(Untaken::new(finished, slot, None)).ok();
                }
                Step::Finished(Ok(finished)) => drop(results.send(finished)),
                Step::Submitted((_, _, Err(caught))) | Step::Finished(Err(caught)) => {
                    panic = Some(caught);
                }
                Step::Abandoned => return,
            }
            if panic.is_some() {
                inputs = None;
            }
        }
        if let Some(panic) = panic {
            resume_unwind(panic);
        }
    }
}

async fn next_step<O>(
    submits: &mut FuturesUnordered<impl Future<Output = Submitted<O>>>,
    waits: &mut FuturesUnordered<impl Future<Output = Result<Untaken<O>, Panic>>>,
    slots: &Arc<Semaphore>,
    may_take: bool,
    results: &Results<O>,
) -> Step<O> {
    let mut room = pin!(Arc::clone(slots).acquire_owned());
    let mut abandoned = pin!(results.closed());
    poll_fn(|cx| {
        if let Poll::Ready(Some(submitted)) = submits.poll_next_unpin(cx) {
            return Poll::Ready(Step::Submitted(submitted));
        }
        if let Poll::Ready(Some(finished)) = waits.poll_next_unpin(cx) {
            return Poll::Ready(Step::Finished(finished));
        }
        if abandoned.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Step::Abandoned);
        }
        // The semaphore is never closed.
        if may_take && let Poll::Ready(Ok(slot)) = room.as_mut().poll(cx) {
            return Poll::Ready(Step::Room(slot));
        }
        Poll::Pending
    })
    .await
}

impl<O: DeserializeOwned + Send + 'static> Stream for RunMany<O> {
    type Item = Finished<O>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll(cx)
    }
}

/// Nothing in it is pinned.
impl<O> Unpin for RunMany<O> {}

impl<O> fmt::Debug for RunMany<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match &self.state {
            State::New(_) => "not started",
            _ => "running",
        };
        f.debug_struct("RunMany")
            .field("state", &state)
            .finish_non_exhaustive()
    }
}
