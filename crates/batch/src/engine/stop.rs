//! The stop of a batch.

use std::sync::Arc;

use tokio::sync::{Notify, watch};

/// A way to stop a batch. Nothing is lost by any of them: run the same store again to resume it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Stop {
    /// Nothing more is claimed, and jobs that run are waited for and saved.
    Finish,
    /// Nothing more is claimed, submits in flight are waited for, and jobs that run keep running at the
    /// service. The next run waits for them.
    Leave,
    /// The batch ends at once. A submit in flight is in doubt if the process ends before its response.
    Now,
}

/// Stops a batch. Its clones stop the same one.
#[derive(Clone, Debug)]
pub struct StopHandle {
    level: Arc<watch::Sender<Option<Stop>>>,
    /// Wakes the driver.
    pub(super) changed: Arc<Notify>,
}

impl StopHandle {
    pub(super) fn new() -> Self {
        Self {
            level: Arc::new(watch::Sender::new(None)),
            changed: Arc::new(Notify::new()),
        }
    }

    /// Stops the batch. A milder way than one before changes nothing.
    pub fn stop(&self, how: Stop) {
        let is_new = self.level.send_if_modified(|level| {
            let is_new = *level < Some(how);
            if is_new {
                *level = Some(how);
            }
            is_new
        });
        if is_new {
            self.changed.notify_one();
        }
    }

    /// Returns how the batch is to stop.
    pub(super) fn level(&self) -> Option<Stop> {
        *self.level.borrow()
    }

    /// Waits until jobs that run are to be left.
    pub(super) async fn leaves_jobs(&self) {
        let mut level = self.level.subscribe();
        // The sender lives as long as `self`.
        let _ = level.wait_for(|level| *level >= Some(Stop::Leave)).await;
    }
}
