//! Incarnations of a process.

use std::collections::HashSet;
use std::fmt;
use std::time::Duration;

use crate::job_key::JobKey;
use crate::timestamp::Timestamp;

/// The number of an incarnation, which the store counts up: the fencing token of what it owns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IncarnationId(pub(crate) u64);

/// One start of a process that works on a batch.
///
/// Only the incarnation that has claimed a job may submit it, and only once. It is not `Clone`, and
/// [claims](crate::store::Store::claim) and [beats](crate::store::Store::beat) borrow it exclusively:
/// a beat gives back what was claimed without this incarnation hearing of it, so no claim may be
/// running then. It ends when it is dropped.
pub struct Incarnation {
    id: IncarnationId,
    /// Keys of held attempts that it has heard of: the answer to their claim or adoption has arrived.
    known: HashSet<JobKey>,
    /// Is `None` where it lives as long as its guard.
    lease: Option<Duration>,
    /// Keeps the incarnation alive, as a lock does.
    _guard: Box<dyn Send + Sync>,
}

/// An incarnation as others see it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Process {
    /// Number of the incarnation.
    pub id: IncarnationId,
    /// Name that it was registered by.
    pub name: String,
    /// Time of its start.
    pub started_at: Timestamp,
    /// Is `true` if it lives. Its intents are in doubt otherwise, as soon as another one works on the batch.
    pub is_living: bool,
}

impl Incarnation {
    pub(crate) fn new(id: IncarnationId, guard: Box<dyn Send + Sync>) -> Self {
        Self {
            id,
            known: HashSet::new(),
            lease: None,
            _guard: guard,
        }
    }

    /// Has it live for a lease after each beat.
    pub(crate) fn with_lease(mut self, lease: Duration) -> Self {
        self.lease = Some(lease);
        self
    }

    /// Returns the lease, if it lives by one.
    pub(crate) fn lease(&self) -> Option<Duration> {
        self.lease
    }

    /// Returns the number by which the store knows it.
    #[must_use]
    pub fn id(&self) -> IncarnationId {
        self.id
    }

    /// Notes that the answer to a claim has arrived.
    pub(crate) fn learn<'a>(&mut self, keys: impl Iterator<Item = &'a JobKey>) {
        self.known.extend(keys.cloned());
    }

    pub(crate) fn known(&self) -> &HashSet<JobKey> {
        &self.known
    }

    /// Replaces the known keys by those of all attempts that it holds, after a beat has named them.
    pub(crate) fn hold(&mut self, held: HashSet<JobKey>) {
        self.known = held;
    }
}

impl IncarnationId {
    /// Returns the number.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }
}

impl fmt::Display for IncarnationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Incarnation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incarnation")
            .field("id", &self.id)
            .field("known", &self.known.len())
            .finish_non_exhaustive()
    }
}
