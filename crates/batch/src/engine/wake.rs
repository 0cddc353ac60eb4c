//! Waking a batch.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

use super::stop::StopHandle;

/// Wakes a batch that [keeps running](crate::Batch::keep_running). Its clones wake the same one.
#[derive(Clone, Debug)]
pub struct WakeHandle {
    is_woken: Arc<AtomicBool>,
    /// Wakes the driver.
    changed: Arc<Notify>,
}

impl WakeHandle {
    pub(super) fn new(stop: &StopHandle) -> Self {
        Self {
            is_woken: Arc::default(),
            changed: Arc::clone(&stop.changed),
        }
    }

    /// Looks for jobs now, rather than within two seconds, and also after the service has refused the
    /// account.
    pub fn wake(&self) {
        self.is_woken.store(true, Ordering::Release);
        self.changed.notify_one();
    }

    /// Returns `true` once for any number of calls before.
    pub(super) fn take(&self) -> bool {
        self.is_woken.swap(false, Ordering::AcqRel)
    }
}
