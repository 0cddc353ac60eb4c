//! The engine: what drives a store and a client until all jobs have ended.

pub(crate) mod blocking;
mod breaker;
mod driver;
mod files;
mod lease;
mod places;
mod progress;
mod recorder;
mod space;
mod spill;
mod stop;
mod summary;
mod verdict;
mod wake;
mod worker;

use std::fmt;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use runcomfy::Client;
use runcomfy::schema::Json;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::claim::Claimed;
use crate::disk::Disk;
use crate::metrics::Metrics;
use crate::store::Store;
use crate::store::error::{StoreError, StoreErrorKind};
use driver::Driver;

use progress::Progresses;
pub use progress::{JobRef, Progress};
pub use stop::{Stop, StopHandle};
pub use summary::{EndedBy, Summary};
pub use wake::WakeHandle;

/// Target of the log, which is stable.
const TARGET: &str = "runcomfy::batch";

/// Runs the jobs of a store through a client until all have ended: each is submitted at most once, waited
/// for, and its files are saved.
///
/// A job is submitted only after its intent is durable. Its id is kept until the store has it. A submit
/// that was certainly not accepted is repeated or fails, and one with an unknown outcome is in doubt: it is
/// named, and never repeated by itself. After a kill at any moment, run the same store again.
///
/// Build the client with [`include_cost`](runcomfy::ClientBuilder::include_cost), so that jobs settle at
/// the cost that the service reports and not at their estimates. Run the batch in a runtime that lives
/// until its end.
///
/// ```no_run
/// # async fn example(store: std::sync::Arc<dyn runcomfy_batch::Store>, client: runcomfy::Client)
/// # -> Result<(), runcomfy_batch::StoreError> {
/// use runcomfy_batch::Batch;
///
/// let mut running = Batch::new(store, client, "pictures").concurrency(16).start();
/// while let Some(progress) = running.next().await {
///     println!("{}", progress.as_str());
/// }
/// let summary = running.summary().await?;
/// println!("{} saved, {} in doubt", summary.counts.saved, summary.counts.in_doubt);
/// # Ok(()) }
/// ```
#[must_use = "nothing runs until it is started"]
pub struct Batch {
    store: Arc<dyn Store>,
    client: Client,
    prepare: Option<Arc<Prepare>>,
    metrics: Arc<Metrics>,
    settings: Settings,
}

/// Makes the input that is sent from a job.
type Prepare = dyn Fn(Claimed) -> Prepared + Send + Sync;

/// The future of the input that is sent for a job, or of the reason for which there is none.
pub type Prepared = Pin<Box<dyn Future<Output = Result<Json, Unprepared>> + Send>>;

/// Reason for which nothing can be sent for a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unprepared {
    /// The job has failed: no process can prepare it.
    Job(String),
    /// This process cannot prepare it, and another may: the job is ready again, and this process submits nothing
    /// more.
    Process(String),
}

/// Settings of a [`Batch`].
#[derive(Clone, Debug)]
struct Settings {
    folder: PathBuf,
    name: String,
    process: String,
    spill: Option<PathBuf>,
    concurrency: usize,
    /// Maximum number of submits in flight; 0: nothing is submitted.
    submits: usize,
    lease: Duration,
    min_free: u64,
    disk: Disk,
    poll_every: Option<Duration>,
    keeps_running: bool,
    emulated: bool,
}

/// A [`Batch`] that runs in a task of its own. Dropping it leaves the batch running; stop it with its
/// [`StopHandle`].
pub struct Running {
    task: JoinHandle<Result<Summary, StoreError>>,
    progresses: Progresses,
    stop: StopHandle,
    wake: WakeHandle,
}

impl Batch {
    /// Creates a batch that saves files in `folder`, which is created where it is missing.
    pub fn new(store: Arc<dyn Store>, client: Client, folder: impl Into<PathBuf>) -> Self {
        Self {
            store,
            client,
            prepare: None,
            metrics: Arc::default(),
            settings: Settings {
                folder: folder.into(),
                name: "{n}-{id}".to_owned(),
                process: format!("process {}", std::process::id()),
                spill: None,
                concurrency: 32,
                submits: 8,
                lease: Duration::from_secs(30),
                min_free: 100_000_000,
                disk: Disk::system(),
                poll_every: None,
                keeps_running: false,
                emulated: false,
            },
        }
    }

    /// Sets the maximum number of jobs between their claim and their end, at least 1. Default: 32.
    pub fn concurrency(mut self, jobs: usize) -> Self {
        self.settings.concurrency = jobs.max(1);
        self
    }

    /// Sets the maximum number of submits in flight, at least 1: a kill makes at most so many doubts.
    /// Default: 8.
    pub fn submits(mut self, submits: usize) -> Self {
        self.settings.submits = submits.max(1);
        self
    }

    /// Submits nothing: jobs that were submitted before are waited for and saved, then the batch ends. Jobs
    /// that are ready stay ready.
    pub fn without_submits(mut self) -> Self {
        self.settings.submits = 0;
        self
    }

    /// Sets the names of saved files without their extensions. `{n}`, `{id}`, `{model}`, `{key}` and
    /// `{request_id}` are replaced, and characters that file names cannot have become `_`. A job with
    /// several files numbers them. Default: `{n}-{id}`.
    pub fn file_name(mut self, template: impl Into<String>) -> Self {
        self.settings.name = template.into();
        self
    }

    /// Sets the name of this process in reports and messages. Default: `process` and its number.
    pub fn process(mut self, name: impl Into<String>) -> Self {
        self.settings.process = name.into();
        self
    }

    /// Sets the file that takes ids while the store cannot be written. The next run reads it, and it is
    /// removed once the store has the ids. Default: none; ids are kept in memory until the store takes
    /// them.
    pub fn spill(mut self, file: impl Into<PathBuf>) -> Self {
        self.settings.spill = Some(file.into());
        self
    }

    /// Sets what makes the input that is sent from the job, such as reading the local files that it names.
    /// It runs before each submit, so that the store need not keep files. Where it fails, nothing is sent,
    /// no money is reserved any more, and the job has failed for that reason or is left to other processes.
    /// Default: the input is sent as the store has it.
    pub fn prepare(
        mut self,
        prepare: impl Fn(Claimed) -> Prepared + Send + Sync + 'static,
    ) -> Self {
        self.prepare = Some(Arc::new(prepare));
        self
    }

    /// Sets what counts submits and times. Default: nobody sees them.
    pub fn metrics(mut self, metrics: Arc<Metrics>) -> Self {
        self.metrics = metrics;
        self
    }

    /// Sets the number of bytes that are to stay free on the disk of the files. With less nothing is
    /// submitted, so that what is paid can be saved; the batch resumes once there is room. Default:
    /// 100 MB. Only Unix systems are asked.
    pub fn min_free(mut self, bytes: u64) -> Self {
        self.settings.min_free = bytes;
        self
    }

    /// Sets the disk of the files, for tests.
    pub fn disk(mut self, disk: Disk) -> Self {
        self.settings.disk = disk;
        self
    }

    /// Sets the lease of this incarnation, which is renewed three times in it. Default: 30 s.
    pub fn lease(mut self, lease: Duration) -> Self {
        self.settings.lease = lease.max(Duration::from_secs(1));
        self
    }

    /// Polls jobs at even intervals. Default: a growing interval, as for
    /// [`WaitOptions::poll_every`](runcomfy::WaitOptions::poll_every).
    pub fn poll_every(mut self, interval: Duration) -> Self {
        self.settings.poll_every = Some(interval);
        self
    }

    /// Keeps the batch running until it is stopped, for programs that import jobs meanwhile: a server. It
    /// holds the store all the time. [Wake](WakeHandle::wake) it after an import.
    ///
    /// Where the budget has not left what the next job needs, [`Progress::Budget`] is repeated until it has.
    /// Where the service refuses the account, [`Progress::Account`] says so, and nothing more is claimed
    /// until it is woken. Files that could not be saved are fetched again each minute.
    pub fn keep_running(mut self) -> Self {
        self.settings.keeps_running = true;
        self
    }

    /// Sets that the service is an emulator which ends with the process: its jobs cost nothing and are lost with it.
    /// The store does not remember its address, and a job that it does not know has failed. Default: the store
    /// [remembers](Store::use_service) the address of the client, and a job that the service has accepted and does
    /// not know later stays submitted, since another token or address may know it.
    pub fn emulated(mut self) -> Self {
        self.settings.emulated = true;
        self
    }

    /// Starts the batch in a task of the tokio runtime, which needs its timer.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    #[must_use]
    pub fn start(self) -> Running {
        let (sender, progresses) = mpsc::unbounded_channel();
        let stop = StopHandle::new();
        let wake = WakeHandle::new(&stop);
        let driver = Driver::new(self, sender, stop.clone(), wake.clone());
        Running {
            task: tokio::spawn(driver.run()),
            progresses: Progresses::new(progresses),
            stop,
            wake,
        }
    }
}

impl Running {
    /// Returns a handle that stops the batch.
    #[must_use]
    pub fn stop_handle(&self) -> StopHandle {
        self.stop.clone()
    }

    /// Returns a handle that wakes the batch.
    #[must_use]
    pub fn wake_handle(&self) -> WakeHandle {
        self.wake.clone()
    }

    /// Waits for the next event; returns `None` once the batch has ended.
    pub async fn next(&mut self) -> Option<Progress> {
        self.progresses.next().await
    }

    /// Waits for the end of the batch. Events that were not taken are dropped.
    ///
    /// # Errors
    /// - [`StoreErrorKind::Busy`]: another process works on the batch; nothing was submitted.
    /// - [`StoreErrorKind::OtherService`]: jobs of the batch were submitted to another service than that of the
    ///   client, and have not ended; nothing was submitted.
    /// - [`StoreErrorKind::IncarnationEnded`]: another process has taken over a store in a file, whose lock
    ///   file was removed. What it has not taken over is stored.
    /// - [`StoreErrorKind::Removed`]: the file of the store was deleted or replaced during the run. Nothing was
    ///   submitted after that, and jobs that ran were waited for and saved.
    /// - Another kind: the store could not be read, or the folder of the files not be written, at the start;
    ///   nothing was submitted.
    pub async fn summary(self) -> Result<Summary, StoreError> {
        drop(self.progresses);
        self.task.await.unwrap_or_else(|error| {
            Err(StoreError::new(
                StoreErrorKind::Io,
                format!(
                    "the task of the batch has ended early ({error}); its jobs are as the store has them. Run it again"
                ),
            ))
        })
    }
}

impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch")
            .field("store", &self.store)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running").finish_non_exhaustive()
    }
}
