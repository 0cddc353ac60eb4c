//! Stores under test.

#[cfg(feature = "postgres")]
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

#[cfg(feature = "postgres")]
use runcomfy_batch::PostgresOptions;
use runcomfy_batch::{Clock, Faults, MemoryStore, SqliteOptions, SqliteStore, Store, Timestamp};
#[cfg(feature = "postgres")]
use runcomfy_testkit::postgres::PostgresServer;

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

/// A server, and the runtime of the connections to it.
#[cfg(feature = "postgres")]
pub(crate) struct Server {
    postgres: PostgresServer,
    runtime: tokio::runtime::Runtime,
    batches: std::cell::Cell<u64>,
}

/// A schema of its own in a database.
#[cfg(feature = "postgres")]
pub(crate) struct Postgres {
    server: Rc<Server>,
    batch: String,
    options: PostgresOptions,
    clock: Clock,
    faults: Faults,
}

#[cfg(feature = "postgres")]
impl Postgres {
    /// Starts a server, where Postgres is installed.
    pub(crate) fn start() -> Option<Rc<Server>> {
        let postgres = PostgresServer::start()?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build();
        Some(Rc::new(Server {
            postgres,
            runtime: runtime.unwrap(),
            batches: std::cell::Cell::default(),
        }))
    }

    pub(crate) fn new(server: &Rc<Server>) -> Self {
        let (clock, faults) = (Clock::manual(START), Faults::new());
        let number = server.batches.get() + 1;
        server.batches.set(number);
        Self {
            server: Rc::clone(server),
            batch: format!("batch_{number}"),
            options: PostgresOptions::new()
                .clock(clock.clone())
                .faults(faults.clone()),
            clock,
            faults,
        }
    }

    pub(crate) fn store(&self) -> Arc<dyn Store> {
        let url = format!("{}?batch={}", self.server.postgres.url(), self.batch);
        let store = self
            .server
            .runtime
            .block_on(self.options.clone().open(&url.parse().unwrap()));
        Arc::new(store.unwrap())
    }
}

#[cfg(feature = "postgres")]
impl Drop for Postgres {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let sql = format!("DROP SCHEMA {} CASCADE", self.batch);
            let _ = self
                .server
                .postgres
                .sql(&format!("SET client_min_messages = error; {sql}"));
        }
    }
}

#[cfg(feature = "postgres")]
impl Subject for Postgres {
    fn open(&mut self) -> Arc<dyn Store> {
        self.store()
    }

    fn faults(&self) -> &Faults {
        &self.faults
    }

    fn set_time(&mut self, now: Timestamp) {
        self.clock.set(now);
    }

    fn has_leases(&self) -> bool {
        true
    }
}
