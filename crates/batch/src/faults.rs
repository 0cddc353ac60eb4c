//! Commits that fail on purpose.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use crate::store::error::{StoreError, StoreErrorKind};

/// Makes commits of a store fail, for tests. Its clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Faults(Arc<AtomicU8>);

/// Moment at which a commit fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Before it is durable: nothing is stored.
    BeforeCommit,
    /// After it is durable: the transition is made, and its answer is lost.
    AfterCommit,
}

impl Faults {
    /// Creates faults that do nothing until one is set.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes the next commit fail. Reads never fail.
    pub fn fail_next(&self, fault: Fault) {
        let code = match fault {
            Fault::BeforeCommit => 1,
            Fault::AfterCommit => 2,
        };
        self.0.store(code, Ordering::SeqCst);
    }

    /// Returns the fault of this commit, once.
    pub(crate) fn take(&self) -> Option<Fault> {
        match self.0.swap(0, Ordering::SeqCst) {
            0 => None,
            1 => Some(Fault::BeforeCommit),
            _ => Some(Fault::AfterCommit),
        }
    }
}

impl Fault {
    pub(crate) fn error(self) -> StoreError {
        let message = match self {
            Self::BeforeCommit => "the commit failed on purpose; nothing was stored",
            Self::AfterCommit => {
                "the answer to a commit was lost on purpose; repeat the transition"
            }
        };
        StoreError::new(StoreErrorKind::Io, message)
    }
}
