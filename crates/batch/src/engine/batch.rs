//! A batch before its start.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use runcomfy::Client;

use super::prepared::{Prepare, Prepared};
use super::settings::Settings;
use crate::claim::Claimed;
use crate::disk::Disk;
use crate::metrics::Metrics;
use crate::store::Store;

#[cfg(doc)]
use super::progress::Progress;
#[cfg(doc)]
use super::wake::WakeHandle;

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
    pub(super) store: Arc<dyn Store>,
    pub(super) client: Client,
    pub(super) prepare: Option<Arc<Prepare>>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) settings: Settings,
}

impl Batch {
    /// Creates a batch that saves files in `folder`, which is created where it is missing.
    pub fn new(store: Arc<dyn Store>, client: Client, folder: impl Into<PathBuf>) -> Self {
        Self {
            store,
            client,
            prepare: None,
            metrics: Arc::default(),
            settings: Settings::new(folder.into()),
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
    /// submitted, so that what is paid can be saved; the batch resumes once there is room. A hundredth of it is
    /// to stay free on the disk of [`spill`](Self::spill). Default: 100 MB. Only Unix systems are asked.
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
}

impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch")
            .field("store", &self.store)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
