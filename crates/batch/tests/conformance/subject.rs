//! Stores under test.

use std::sync::Arc;
use std::time::Duration;

use runcomfy_batch::{Clock, Faults, MemoryStore, SqliteOptions, SqliteStore, Store, Timestamp};

/// A store that can be killed and opened again.
pub(crate) trait Subject {
    /// Opens the store for one more process. Dropping what it returns is the process's end.
    fn open(&mut self) -> Arc<dyn Store>;

    /// Makes commits of all that are open fail.
    fn faults(&self) -> &Faults;

    /// Moves the clock of all that are open.
    fn set_time(&mut self, now: Timestamp);

    /// Returns `true` if incarnations live by leases, and several at a time.
    fn has_leases(&self) -> bool;
}

/// Time at which each sequence begins.
pub(crate) const START: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);

/// Lease of every incarnation.
pub(crate) const LEASE: Duration = Duration::from_secs(10);

/// The model.
pub(crate) struct Memory {
    store: Arc<dyn Store>,
    clock: Clock,
    faults: Faults,
    has_leases: bool,
}

impl Memory {
    pub(crate) fn new(has_leases: bool) -> Self {
        let clock = Clock::manual(START);
        Self::with(MemoryStore::new(clock.clone()), clock, has_leases)
    }

    /// Creates a model that makes the same keys as another store.
    pub(crate) fn twin_of(store: &dyn Store, has_leases: bool) -> Self {
        let clock = Clock::manual(START);
        Self::with(
            MemoryStore::twin_of(store, clock.clone()),
            clock,
            has_leases,
        )
    }

    fn with(store: MemoryStore, clock: Clock, has_leases: bool) -> Self {
        let faults = Faults::new();
        let store = if has_leases { store.leases() } else { store };
        let store = store.faults(faults.clone());
        Self {
            store: Arc::new(store),
            clock,
            faults,
            has_leases,
        }
    }
}

impl Subject for Memory {
    fn open(&mut self) -> Arc<dyn Store> {
        Arc::clone(&self.store)
    }

    fn faults(&self) -> &Faults {
        &self.faults
    }

    fn set_time(&mut self, now: Timestamp) {
        self.clock.set(now);
    }

    fn has_leases(&self) -> bool {
        self.has_leases
    }
}

/// A file in a folder of its own.
pub(crate) struct Sqlite {
    folder: tempfile::TempDir,
    options: SqliteOptions,
    clock: Clock,
    faults: Faults,
}

/// Creates a folder in memory where the system has one: a sync costs nothing there, and no test cuts the
/// power.
fn folder() -> tempfile::TempDir {
    let memory = tempfile::tempdir_in("/dev/shm");
    memory.or_else(|_| tempfile::tempdir()).unwrap()
}

impl Sqlite {
    pub(crate) fn new() -> Self {
        let (clock, faults) = (Clock::manual(START), Faults::new());
        Self {
            folder: folder(),
            options: SqliteOptions::new()
                .clock(clock.clone())
                .faults(faults.clone()),
            clock,
            faults,
        }
    }

    pub(crate) fn store(&self) -> SqliteStore {
        let path = self.folder.path().join("jobs.batch.db");
        self.options.clone().open(path).unwrap()
    }
}

impl Subject for Sqlite {
    fn open(&mut self) -> Arc<dyn Store> {
        Arc::new(self.store())
    }

    fn faults(&self) -> &Faults {
        &self.faults
    }

    fn set_time(&mut self, now: Timestamp) {
        self.clock.set(now);
    }

    fn has_leases(&self) -> bool {
        false
    }
}
