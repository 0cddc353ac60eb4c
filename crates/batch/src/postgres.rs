//! A store in a Postgres database.

mod connection;
mod failure;
mod journal;
mod migration;
mod password;
mod report;
#[cfg(any(feature = "rustls", feature = "native-tls"))]
mod tls;
mod transition;
mod url;
mod value;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use runcomfy::RequestId;
use runcomfy::schema::Json;

use crate::claim::{Beat, Claims};
use crate::clock::Clock;
use crate::counts::{Counts, Funds};
use crate::ending::{Cancelled, Ending, NotSent, Received};
use crate::event::Event;
use crate::faults::{Fault, Faults};
use crate::incarnation::{Incarnation, IncarnationId, Process};
use crate::job_id::JobId;
use crate::job_key::JobKey;
use crate::limits::Limits;
use crate::new_job::{Imported, NewJob};
use crate::resolution::Resolution;
use crate::row::{Attempt, Attempts, Row};
use crate::state::State;
use crate::store::error::StoreError;
use crate::store::{Commit, Store, sealed};
use connection::Connection;
use failure::Failure;
use journal::Journal;
pub use url::PostgresUrl;

#[cfg(doc)]
use crate::store::error::StoreErrorKind;

/// A store in a schema of a Postgres database, for the processes of many machines.
///
/// Each transition is one call of a function in the database and one commit, so a store needs no pool, keeps
/// no state in its session, and works behind a pooler in transaction mode. Any number of incarnations work at a
/// time; each lives by its lease, and only the server's clock decides on it. A connection that was lost is
/// made again by the next transition.
///
/// A server that forgets a commit which it has acknowledged makes jobs be paid twice. So a server with `fsync`
/// or `synchronous_commit` off is refused, and one with another system identifier or timeline claims
/// nothing until a person [accepts](Self::accept_server) it. A [journal](PostgresOptions::journal) finds the
/// intents that it has forgotten.
#[derive(Debug)]
pub struct PostgresStore {
    id: Arc<str>,
    connection: Connection,
    clock: Clock,
    faults: Faults,
    journal: Option<Journal>,
}

/// Settings with which a [`PostgresStore`] is opened.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct PostgresOptions {
    must_exist: bool,
    journal: Option<PathBuf>,
    clock: Clock,
    faults: Faults,
}

impl PostgresOptions {
    /// Returns settings that create the batch where it is missing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Opens only a batch that exists.
    pub fn must_exist(mut self) -> Self {
        self.must_exist = true;
        self
    }

    /// Keeps each intent in a file of this machine too, before it is sent. The next start puts those that the
    /// server has forgotten in doubt. Default: none.
    pub fn journal(mut self, file: impl Into<PathBuf>) -> Self {
        self.journal = Some(file.into());
        self
    }

    /// Sets the clock, for tests. Default: the server's.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Makes commits fail, for tests.
    pub fn faults(mut self, faults: Faults) -> Self {
        self.faults = faults;
        self
    }

    /// Opens the store at a URL. Call it within a tokio runtime, which must live as long as the store.
    ///
    /// # Errors
    /// [`StoreErrorKind::NotFound`], [`StoreErrorKind::NotAStore`], [`StoreErrorKind::NewerVersion`],
    /// [`StoreErrorKind::NotDurable`], [`StoreErrorKind::ServerChanged`], [`StoreErrorKind::Unreachable`],
    /// [`StoreErrorKind::Io`]; the message says what to do.
    pub async fn open(self, url: &PostgresUrl) -> Result<PostgresStore, StoreError> {
        self.try_open(url.clone())
            .await
            .map_err(Failure::into_error_at_the_start)
    }

    async fn try_open(self, mut url: PostgresUrl) -> Result<PostgresStore, Failure> {
        if url.config.get_password().is_none()
            && let Some(password) = password::find(&url.config)?
        {
            url.config.password(password);
        }
        let connection = Connection::open(url).await?;
        let id = connection.migrate(!self.must_exist).await?;
        let store = PostgresStore {
            id: id.into(),
            connection,
            clock: self.clock,
            faults: self.faults,
            journal: self.journal.map(Journal::new),
        };
        if let Some(journal) = &store.journal {
            let now = store.time();
            journal.remember(&store.connection, &store.id, now).await?;
        }
        Ok(store)
    }
}

impl PostgresStore {
    /// Opens the store at a URL such as `postgres://user@host/database?batch=boats`, and creates the batch where
    /// it is missing.
    ///
    /// # Errors
    /// As [`PostgresOptions::open`].
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        PostgresOptions::new().open(&url.parse()?).await
    }

    /// Accepts the server as it is, after its system identifier or timeline has changed: claims go on. Start
    /// each worker once before, so that its [journal](PostgresOptions::journal) puts forgotten intents in doubt.
    ///
    /// # Errors
    /// [`StoreErrorKind::Unreachable`]: the server cannot be reached; nothing was changed.
    pub async fn accept_server(&self) -> Result<(), StoreError> {
        let accepted = self.connection.call("accept_server", &[]).await;
        accepted.map(drop).map_err(Failure::into_error)
    }

    /// Checks that the server is the one that the batch was created on, or that a person has accepted since.
    ///
    /// # Errors
    /// [`StoreErrorKind::ServerChanged`]: nothing is claimed. [`StoreErrorKind::Unreachable`]: it cannot be
    /// reached.
    pub async fn check_server(&self) -> Result<(), StoreError> {
        let checked = self.connection.call("check_server", &[]).await;
        checked.map(drop).map_err(Failure::into_error)
    }

    /// Makes a transition when the future is polled first.
    fn commit<'a, T: Send + 'a>(
        &'a self,
        transition: impl Future<Output = Result<T, Failure>> + Send + 'a,
    ) -> Commit<'a, T> {
        Box::pin(async move {
            match self.faults.take() {
                None => transition.await.map_err(Failure::into_error),
                Some(Fault::BeforeCommit) => Err(Fault::BeforeCommit.error()),
                Some(Fault::AfterCommit) => {
                    transition.await.map_err(Failure::into_error)?;
                    Err(Fault::AfterCommit.error())
                }
            }
        })
    }
}

impl sealed::Sealed for PostgresStore {}

impl Store for PostgresStore {
    fn id(&self) -> &str {
        &self.id
    }

    fn set_limits(&self, limits: Limits) -> Commit<'_, ()> {
        self.commit(self.write_limits(limits))
    }

    fn import(&self, jobs: Vec<NewJob>) -> Commit<'_, Imported> {
        self.commit(self.import_jobs(jobs))
    }

    fn withdraw(&self, jobs: Vec<JobId>) -> Commit<'_, u64> {
        self.commit(self.withdraw_jobs(jobs))
    }

    fn set_schemas(&self, schemas: Vec<(String, Json)>) -> Commit<'_, ()> {
        self.commit(self.write_schemas(schemas))
    }

    fn register<'a>(&'a self, process: &'a str, lease: Duration) -> Commit<'a, Incarnation> {
        self.commit(self.start_incarnation(process, lease))
    }

    fn beat<'a>(&'a self, me: &'a mut Incarnation) -> Commit<'a, Beat> {
        Box::pin(async move {
            let beat = self.commit(self.renew(me.id(), me.known()));
            let (beat, held) = beat.await?;
            me.hold(held);
            Ok(beat)
        })
    }

    fn use_service(&self, me: IncarnationId, address: String) -> Commit<'_, ()> {
        self.commit(async move { self.write_service(me, &address).await })
    }

    fn accept_service(&self, address: String) -> Commit<'_, ()> {
        self.commit(async move { self.replace_service(&address).await })
    }

    fn claim<'a>(&'a self, me: &'a mut Incarnation, room: usize) -> Commit<'a, Claims> {
        Box::pin(async move {
            let claims = self.commit(self.claim_jobs(me.id(), room)).await?;
            me.learn(claims.jobs.iter().map(|job| &job.key));
            Ok(claims)
        })
    }

    fn hold_back(&self, time: Duration) -> Commit<'_, ()> {
        self.commit(self.hold_claims_back(time))
    }

    fn received(&self, me: IncarnationId, ids: Vec<(JobKey, RequestId)>) -> Commit<'_, Received> {
        self.commit(self.take_ids(me, ids))
    }

    fn not_sent(&self, me: IncarnationId, attempts: Vec<NotSent>) -> Commit<'_, Vec<JobKey>> {
        self.commit(self.end_without_job(me, attempts))
    }

    fn doubtful(
        &self,
        me: IncarnationId,
        attempts: Vec<(JobKey, String)>,
    ) -> Commit<'_, Vec<JobKey>> {
        self.commit(self.put_in_doubt(me, attempts))
    }

    fn settle(&self, me: IncarnationId, endings: Vec<Ending>) -> Commit<'_, Vec<JobKey>> {
        self.commit(self.settle_attempts(me, endings))
    }

    fn cancel(&self, jobs: Option<Vec<JobId>>) -> Commit<'_, Cancelled> {
        self.commit(self.cancel_jobs(jobs))
    }

    fn resolve(&self, key: JobKey, resolution: Resolution) -> Commit<'_, ()> {
        self.commit(self.decide(key, resolution))
    }

    fn service(&self) -> Commit<'_, Option<String>> {
        Box::pin(async { self.read_service().await.map_err(Failure::into_error) })
    }

    fn limits(&self) -> Commit<'_, Limits> {
        Box::pin(async { self.read_limits().await.map_err(Failure::into_error) })
    }

    fn schemas(&self) -> Commit<'_, Vec<(String, Json)>> {
        Box::pin(async { self.read_schemas().await.map_err(Failure::into_error) })
    }

    fn counts(&self) -> Commit<'_, Counts> {
        Box::pin(async { self.count().await.map_err(Failure::into_error) })
    }

    fn funds(&self) -> Commit<'_, Funds> {
        Box::pin(async { self.read_funds().await.map_err(Failure::into_error) })
    }

    fn count_by_prefix(&self, prefix: String) -> Commit<'_, BTreeMap<State, u64>> {
        Box::pin(async move {
            let counts = self.read_count_by_prefix(&prefix).await;
            counts.map_err(Failure::into_error)
        })
    }

    fn find(&self, id: JobId) -> Commit<'_, Option<Row>> {
        Box::pin(async move { self.find_row(&id).await.map_err(Failure::into_error) })
    }

    fn rows(&self, state: Option<State>, after: u64, limit: usize) -> Commit<'_, Vec<Row>> {
        Box::pin(async move {
            let rows = self.read_rows(state, after, limit).await;
            rows.map_err(Failure::into_error)
        })
    }

    fn latest(&self, prefix: String, states: Vec<State>, limit: usize) -> Commit<'_, Vec<Row>> {
        Box::pin(async move {
            let rows = self.read_latest(&prefix, &states, limit).await;
            rows.map_err(Failure::into_error)
        })
    }

    fn attempts(&self, of: Attempts) -> Commit<'_, Vec<Attempt>> {
        Box::pin(async move { self.read_attempts(&of).await.map_err(Failure::into_error) })
    }

    fn processes(&self) -> Commit<'_, Vec<Process>> {
        Box::pin(async { self.read_processes().await.map_err(Failure::into_error) })
    }

    fn events(&self, after: u64, limit: usize) -> Commit<'_, Vec<Event>> {
        Box::pin(async move {
            let events = self.read_events(after, limit).await;
            events.map_err(Failure::into_error)
        })
    }
}
