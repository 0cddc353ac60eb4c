//! A batch that runs.

use std::fmt;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::batch::Batch;
use super::driver::Driver;
use super::progress::{Progress, Progresses};
use super::stop::StopHandle;
use super::summary::Summary;
use super::wake::WakeHandle;
use crate::store::error::{StoreError, StoreErrorKind};

/// A [`Batch`] that runs in a task of its own. Dropping it leaves the batch running; stop it with its
/// [`StopHandle`].
pub struct Running {
    task: JoinHandle<Result<Summary, StoreError>>,
    progresses: Progresses,
    stop: StopHandle,
    wake: WakeHandle,
}

impl Batch {
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

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running").finish_non_exhaustive()
    }
}
