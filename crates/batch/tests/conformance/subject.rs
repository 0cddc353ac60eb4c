//! Stores under test.

#[cfg(feature = "postgres")]
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use runcomfy_batch::{Clock, Faults, MemoryStore, SqliteOptions, SqliteStore, Store, Timestamp};
#[cfg(feature = "postgres")]
use runcomfy_batch::{PostgresOptions, PostgresStore};
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

/// The schema of the batch.
#[cfg(feature = "postgres")]
const BATCH: &str = "batch";

/// Empties the tables of the batch, and numbers incarnations and events from the first again. The plans of the
/// connections stay valid.
#[cfg(feature = "postgres")]
const EMPTY: &str = "SET search_path = batch;
    DELETE FROM job; DELETE FROM job_input; DELETE FROM attempt; DELETE FROM received; DELETE FROM event;
    DELETE FROM incarnation; DELETE FROM model; DELETE FROM model_schema;
    CREATE TEMPORARY TABLE empty (LIKE batch INCLUDING DEFAULTS);
    INSERT INTO empty (id) SELECT id FROM batch; DELETE FROM batch; INSERT INTO batch TABLE empty;
    SELECT setval(pg_get_serial_sequence('incarnation', 'id'), 1, false),
      setval(pg_get_serial_sequence('event', 'seq'), 1, false);";

/// A server with one batch, and the runtime of the connections to it.
#[cfg(feature = "postgres")]
pub(crate) struct Server {
    postgres: PostgresServer,
    runtime: tokio::runtime::Runtime,
    clock: Clock,
    faults: Faults,
    /// All that were opened. One that nobody uses is used again: each connection makes plans of its own.
    stores: std::cell::RefCell<Vec<Arc<PostgresStore>>>,
}

/// The batch of a server.
#[cfg(feature = "postgres")]
pub(crate) struct Postgres(Rc<Server>);

#[cfg(feature = "postgres")]
impl Postgres {
    /// Starts a server, where Postgres is installed.
    pub(crate) fn start() -> Option<Rc<Server>> {
        let postgres = PostgresServer::start()?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build();
        let server = Server {
            postgres,
            runtime: runtime.unwrap(),
            clock: Clock::manual(START),
            faults: Faults::new(),
            stores: std::cell::RefCell::default(),
        };
        drop(server.open());
        Some(Rc::new(server))
    }

    /// Empties the batch of the server.
    pub(crate) fn new(server: &Rc<Server>) -> Self {
        let _ = server.postgres.sql(EMPTY);
        server.clock.set(START);
        Self(Rc::clone(server))
    }

    pub(crate) fn store(&self) -> Arc<dyn Store> {
        self.0.open()
    }
}

#[cfg(feature = "postgres")]
impl Server {
    fn open(&self) -> Arc<PostgresStore> {
        let mut stores = self.stores.borrow_mut();
        if let Some(store) = stores.iter().find(|store| Arc::strong_count(store) == 1) {
            return Arc::clone(store);
        }
        let url = format!("{}?batch={BATCH}", self.postgres.url());
        let options = PostgresOptions::new()
            .clock(self.clock.clone())
            .faults(self.faults.clone());
        let store = self.runtime.block_on(options.open(&url.parse().unwrap()));
        let store = Arc::new(store.unwrap());
        stores.push(Arc::clone(&store));
        store
    }
}

#[cfg(feature = "postgres")]
impl Subject for Postgres {
    fn open(&mut self) -> Arc<dyn Store> {
        self.store()
    }

    fn faults(&self) -> &Faults {
        &self.0.faults
    }

    fn set_time(&mut self, now: Timestamp) {
        self.0.clock.set(now);
    }

    fn has_leases(&self) -> bool {
        true
    }
}
