//! Submits and jobs that nobody waits for, named in the log and to the program's hook.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use tracing::{error, info, warn};

use crate::error::Error;
use crate::job::cancel_outcome::CancelOutcome;
use crate::job::request_id::RequestId;

#[cfg(doc)]
use crate::client::ClientBuilder;

/// A submit in flight, or its job, that the program has dropped; see [`ClientBuilder::on_orphan`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Orphan {
    /// Id of the model.
    pub model_id: String,
    /// Idempotency key of the submit.
    pub idempotency_key: String,
    /// Id of the job; `None` where the outcome of the submit is unknown: there may be a job, which
    /// costs money.
    pub request_id: Option<RequestId>,
    /// Outcome of the cancellation, where one was requested and answered.
    pub cancel_outcome: Option<CancelOutcome>,
}

/// The program's hook for orphans, where it has one.
#[derive(Clone, Default)]
pub(crate) struct OrphanHook(Option<Arc<dyn Fn(Orphan) + Send + Sync>>);

impl OrphanHook {
    pub(crate) fn new(hook: impl Fn(Orphan) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(hook)))
    }

    /// Calls the hook. Its panic ends here: the caller may be a drop within another panic.
    fn call(&self, orphan: Orphan) {
        let Some(hook) = &self.0 else { return };
        if catch_unwind(AssertUnwindSafe(|| hook(orphan))).is_err() {
            error!("the hook for orphaned submits has panicked");
        }
    }
}

impl fmt::Debug for OrphanHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OrphanHook")
            .field(&self.0.is_some())
            .finish()
    }
}

/// Names a submit or its job once when it is dropped, unless it was released: in the log, and to the
/// program's hook. It also runs where a runtime ends and drops the task that owns it.
pub(crate) struct OrphanGuard {
    /// `None` once it was released.
    orphan: Option<Orphan>,
    hook: OrphanHook,
    log: Log,
}

/// The subject of the log's line about an orphan.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Log {
    /// The submit or the job.
    Orphan,
    /// The job, which was to be cancelled.
    ToBeCancelled,
    /// Nothing, since it has named the job before.
    Nothing,
}

impl OrphanGuard {
    pub(crate) fn new(hook: &OrphanHook, model_id: &str, key: &str) -> Self {
        Self {
            orphan: Some(Orphan {
                model_id: model_id.to_owned(),
                idempotency_key: key.to_owned(),
                request_id: None,
                cancel_outcome: None,
            }),
            hook: hook.clone(),
            log: Log::Orphan,
        }
    }

    /// Notes the id of the job.
    pub(crate) fn identify(&mut self, id: &RequestId) {
        if let Some(orphan) = &mut self.orphan {
            orphan.request_id = Some(id.clone());
        }
    }

    /// Notes that the job is to be cancelled.
    pub(crate) fn cancelling(&mut self) {
        self.log = Log::ToBeCancelled;
    }

    /// Notes the service's answer to the cancellation.
    pub(crate) fn cancelled(&mut self, outcome: CancelOutcome) {
        if let Some(orphan) = &mut self.orphan {
            orphan.cancel_outcome = Some(outcome);
        }
    }

    /// Notes that the log has named the job already; `None` where there is no hook to name it to.
    ///
    /// Boxed, as there may be ten thousand.
    pub(crate) fn logged(mut self) -> Option<Box<Self>> {
        self.log = Log::Nothing;
        let has_hook = self.hook.0.is_some();
        has_hook.then(|| Box::new(self))
    }

    /// Leaves the naming to others: the program has the id, or an error with the key.
    pub(crate) fn release(mut self) {
        self.orphan = None;
    }

    /// Logs that there is no job, since the submit has failed for certain.
    pub(crate) fn refused(&mut self, error: &Error) {
        let Some(orphan) = self.orphan.take() else {
            return;
        };
        info!(
            key = orphan.idempotency_key,
            model = orphan.model_id,
            kind = ?error.kind(),
            "submit has failed, nobody waits for it; there is no job"
        );
    }
}

impl Drop for OrphanGuard {
    fn drop(&mut self) {
        let Some(orphan) = self.orphan.take() else {
            return;
        };
        log(&orphan, self.log);
        self.hook.call(orphan);
    }
}

fn log(orphan: &Orphan, log: Log) {
    let (key, model) = (&*orphan.idempotency_key, &*orphan.model_id);
    match (&orphan.request_id, &orphan.cancel_outcome, log) {
        (_, _, Log::Nothing) => {}
        (None, ..) => {
            warn!(
                key,
                model, "job may have been submitted, nobody waits for it"
            );
        }
        (Some(id), Some(outcome), _) => {
            info!(request_id = %id, key, model, ?outcome, "job submitted, nobody waits for it; cancellation requested");
        }
        (Some(id), None, Log::ToBeCancelled) => {
            warn!(request_id = %id, key, model, "job submitted, nobody waits for it; it could not be cancelled");
        }
        (Some(id), None, Log::Orphan) => {
            info!(request_id = %id, key, model, "job submitted, nobody waits for it");
        }
    }
}
