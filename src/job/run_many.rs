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
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::{JoinError, JoinHandle};

use crate::catch_panic::{Panic, catch_panic};
use crate::client::Client;
use crate::error::Error;
use crate::job::Job;
use crate::job::submit::Submit;
use crate::media::check::CheckMedia;
use crate::model::Model;
use crate::output::Output;
use crate::wait::options::WaitOptions;
use crate::wait::watch::Watch;
use runcomfy_schema::Json;

/// Many jobs that are about to be submitted and waited for, as a stream of their outputs in the
/// order in which they end. This may cost money.
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
/// - No more than [`concurrency`](Self::concurrency) jobs are submitted without their results being
///   taken, and the next input is drawn only when there is room: who takes results slowly submits
///   slowly.
/// - The failure of one job stops none of the others. Ask its error before its input is submitted
///   again: [`Error::may_have_been_submitted`].
/// - A task on the tokio runtime carries the work, so that no request is left halfway when nobody
///   polls the stream. Inputs are drawn on it: an iterator that blocks for long holds it up.
/// - Where code of yours panics (the iterator, an uploader, what reads an output), no further input
///   is drawn and the results of what is under way are given; then [`next`](Self::next) panics.
/// - Dropping the stream draws no further input and begins no request. Submits that are on their
///   way are brought to their end; the jobs are left alone, or cancelled where
///   [`WaitOptions::cancel_on_drop`] is set. The id of each job is logged when it is submitted
///   (`tracing`, level INFO).
#[must_use = "nothing is sent until it is polled"]
pub struct RunMany<O> {
    state: State<O>,
}

enum State<O> {
    New(Box<Plan<O>>),
    Running(
        mpsc::UnboundedReceiver<(Finished<O>, Place)>,
        JoinHandle<()>,
    ),
    Over,
}

struct Plan<O> {
    client: Client,
    submits: Box<dyn Iterator<Item = Submission<O>> + Send>,
    settings: Settings,
    concurrency: usize,
}

/// An input, as what submits it.
type Submission<O> = Box<dyn FnOnce(Client, Settings) -> Submitting<O> + Send>;
type Submitting<O> = Pin<Box<dyn Future<Output = Result<Job<O>, Error>> + Send>>;

#[derive(Clone)]
struct Settings {
    check_media: CheckMedia,
    validate: bool,
    options: WaitOptions,
}

/// A job's place among those that may be under way at once.
type Place = OwnedSemaphorePermit;

/// What came of one of many inputs.
#[derive(Debug)]
#[non_exhaustive]
pub struct Finished<O> {
    /// The number of the input, counted from 0.
    pub number: usize,
    /// The job, where it was submitted.
    pub job: Option<Job<O>>,
    /// Its output, or why there is none.
    pub result: Result<O, Error>,
}

/// The place is given back when the result is taken.
type Results<O> = mpsc::UnboundedSender<(Finished<O>, Place)>;

/// An input's number, its place, and what its submit gave.
type Submitted<O> = (usize, Place, Result<Result<Job<O>, Error>, Panic>);

/// What happens next.
enum Step<O> {
    Room(Place),
    Submitted(Submitted<O>),
    Finished(Result<(Finished<O>, Place), Panic>),
    /// The stream was dropped.
    Abandoned,
}

/// As many jobs as a queue takes without notice.
const CONCURRENCY: usize = 100;
/// Submits on their way at once; the client's other requests find room beside them.
const SUBMITS: usize = 16;

impl Client {
    /// Submits many inputs and gives their outputs as they come; see [`RunMany`].
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
                    Box::pin(async move { settings.set(client.submit(&input)).await })
                })
            }),
        )
    }

    /// As [`run_many`](Self::run_many), for a model without a generated type. Nothing is
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
                    Box::pin(
                        async move { settings.set(client.submit_json(&model_id, &input)).await },
                    )
                })
            }),
        )
    }
}

impl Settings {
    fn set<'a, O>(&self, submit: Submit<'a, O>) -> Submit<'a, O> {
        let submit = submit
            .check_media(self.check_media)
            .cancel_on_drop(self.options.cancels_on_drop());
        if self.validate {
            submit
        } else {
            submit.unvalidated()
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
                concurrency: CONCURRENCY,
            })),
        }
    }

    /// The most jobs that are under way at once, or ended without their result being taken; 100
    /// unless set, 1 at least.
    pub fn concurrency(self, limit: usize) -> Self {
        self.with(|plan| plan.concurrency = limit.clamp(1, Semaphore::MAX_PERMITS))
    }

    /// How to wait for each job, once it is submitted.
    pub fn options(self, options: WaitOptions) -> Self {
        self.with(|plan| plan.settings.options = options)
    }

    /// As [`Submit::check_media`], for each.
    pub fn check_media(self, which: CheckMedia) -> Self {
        self.with(|plan| plan.settings.check_media = which)
    }

    /// As [`Submit::unvalidated`], for each.
    pub fn unvalidated(self) -> Self {
        self.with(|plan| plan.settings.validate = false)
    }

    /// What is set once it runs has no effect.
    fn with(mut self, change: impl FnOnce(&mut Plan<O>)) -> Self {
        if let State::New(plan) = &mut self.state {
            change(plan);
        }
        self
    }
}

impl<O: DeserializeOwned + Send + 'static> RunMany<O> {
    /// The next result; `None` after the last.
    ///
    /// # Panics
    /// Where code of the caller's has panicked, once everything else has ended.
    pub async fn next(&mut self) -> Option<Finished<O>> {
        poll_fn(|cx| self.poll(cx)).await
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Finished<O>>> {
        if matches!(self.state, State::New(_))
            && let State::New(plan) = std::mem::replace(&mut self.state, State::Over)
        {
            let (results, receiver) = mpsc::unbounded_channel();
            let task = tokio::spawn(plan.carry_out(results));
            self.state = State::Running(receiver, task);
        }
        let State::Running(results, task) = &mut self.state else {
            return Poll::Ready(None);
        };
        if let Some((finished, _place)) = ready!(results.poll_recv(cx)) {
            return Poll::Ready(Some(finished));
        }
        let ended = ready!(Pin::new(task).poll(cx));
        self.state = State::Over;
        match ended.map_err(JoinError::try_into_panic) {
            // An end that is none must not look like one.
            Err(Ok(panic)) => resume_unwind(panic),
            _ => Poll::Ready(None),
        }
    }
}

impl<O: DeserializeOwned + Send + 'static> Plan<O> {
    async fn carry_out(self: Box<Self>, results: Results<O>) {
        let Self {
            client,
            submits,
            settings,
            concurrency,
        } = *self;
        let places = Arc::new(Semaphore::new(concurrency));
        let mut inputs = Some(submits.enumerate());
        let mut submits = FuturesUnordered::new();
        let mut waits = FuturesUnordered::new();
        let mut panic = None;
        while inputs.is_some() || !submits.is_empty() || !waits.is_empty() {
            let may_draw = inputs.is_some() && submits.len() < SUBMITS;
            let step = next_step(&mut submits, &mut waits, &places, may_draw, &results).await;
            match step {
                Step::Room(place) => {
                    match catch_unwind(AssertUnwindSafe(|| inputs.as_mut()?.next())) {
                        Ok(Some((number, input))) => {
                            let submitted = catch_panic(input(client.clone(), settings.clone()));
                            submits.push(async move { (number, place, submitted.await) });
                        }
                        Ok(None) => inputs = None,
                        Err(caught) => panic = Some(caught),
                    }
                }
                Step::Submitted((number, place, Ok(Ok(job)))) => {
                    tracing::info!(number, request_id = %job.request_id(), "submitted");
                    // The future is kept for as long as the job takes, so it is kept small.
                    let mut watch = Watch::new(job, settings.options.clone(), false);
                    waits.push(catch_panic(async move {
                        let result = poll_fn(|cx| watch.poll_output(cx)).await;
                        let job = Some(watch.job().clone());
                        (
                            Finished {
                                number,
                                job,
                                result,
                            },
                            place,
                        )
                    }));
                }
                Step::Submitted((number, place, Ok(Err(error)))) => {
                    let result = Err(error);
                    results
                        .send((
                            Finished {
                                number,
                                job: None,
                                result,
                            },
                            place,
                        ))
                        .ok();
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
    waits: &mut FuturesUnordered<impl Future<Output = Result<(Finished<O>, Place), Panic>>>,
    places: &Arc<Semaphore>,
    may_draw: bool,
    results: &Results<O>,
) -> Step<O> {
    let mut room = pin!(Arc::clone(places).acquire_owned());
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
        // Never closed, so there is a place some day.
        if may_draw && let Poll::Ready(Ok(place)) = room.as_mut().poll(cx) {
            return Poll::Ready(Step::Room(place));
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
            State::New(_) => "not begun",
            _ => "running",
        };
        f.debug_struct("RunMany")
            .field("state", &state)
            .finish_non_exhaustive()
    }
}
