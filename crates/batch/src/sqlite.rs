//! A store in a file.

mod attempt;
mod beat;
mod claim;
mod committer;
mod decision;
mod failure;
mod file_system;
mod identity;
mod import;
mod lock;
mod open;
mod options;
mod report;
mod service;
mod transition;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use runcomfy::RequestId;
use runcomfy::schema::Json;

use crate::claim::{Beat, Claims};
use crate::clock::Clock;
use crate::counts::{Counts, Funds};
use crate::ending::{Cancelled, Ending, NotSent, Received};
use crate::event::Event;
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
use committer::Committer;
use failure::Failure;
use identity::Identity;
use lock::Lock;
pub use options::SqliteOptions;
use transition::Transition;

#[cfg(doc)]
use crate::store::error::StoreErrorKind;

/// A store in a SQLite file, for the processes of one machine.
///
/// Every transition is on the disk before it is answered. Transitions that come together share one
/// sync, so that many submitters cost little more than one. One process at a time works on the batch: it
/// holds a lock on a file beside the store, which the system releases when the process ends, however
/// it ends. Others can read, cancel and resolve meanwhile.
///
/// The file must be on a local disk, and a copy of it is no backup: a store that does not know the last
/// submits would send them again.
#[derive(Debug)]
pub struct SqliteStore {
    id: Arc<str>,
    path: PathBuf,
    identity: Identity,
    clock: Clock,
    writer: Committer,
    reader: Committer,
}

impl SqliteOptions {
    /// Opens the store, and checks that its file is whole. This blocks: it reads the whole file.
    ///
    /// # Errors
    /// [`StoreErrorKind::NotFound`], [`StoreErrorKind::Removed`], [`StoreErrorKind::NotAStore`],
    /// [`StoreErrorKind::NewerVersion`], [`StoreErrorKind::Damaged`],
    /// [`StoreErrorKind::NetworkFileSystem`], [`StoreErrorKind::Full`], [`StoreErrorKind::Io`]; the message
    /// says what to do.
    pub fn open(self, path: impl AsRef<Path>) -> Result<SqliteStore, StoreError> {
        let path = path.as_ref();
        let opened = self.try_open(path);
        opened.map_err(|failure| failure.on_disk_of(path).into_error())
    }

    fn try_open(self, path: &Path) -> Result<SqliteStore, Failure> {
        let (connection, id) = open::open(path, &self)?;
        // The lock lies beside the file itself, by whatever links it was found.
        let path = path.canonicalize()?;
        let reader = open::connect(&path, false)?;
        Ok(SqliteStore {
            id: id.into(),
            identity: Identity::of_file(&path)?,
            path,
            clock: self.clock.clone(),
            writer: Committer::writer(connection, self.faults)?,
            reader: Committer::reader(reader)?,
        })
    }
}

impl SqliteStore {
    /// Opens a store, and creates it where it is missing. This blocks: it reads the whole file.
    ///
    /// # Errors
    /// As [`SqliteOptions::open`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        SqliteOptions::new().open(path)
    }

    /// Makes a transition.
    fn commit<T: Send + 'static>(
        &self,
        make: impl FnOnce(&Transition<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> Commit<'_, T> {
        self.run(&self.writer, make)
    }

    fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Transition<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> Commit<'_, T> {
        self.run(&self.reader, read)
    }

    fn run<'a, T: Send + 'static>(
        &'a self,
        committer: &'a Committer,
        make: impl FnOnce(&Transition<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> Commit<'a, T> {
        let (batch, clock) = (Arc::clone(&self.id), self.clock.clone());
        committer.commit(move |connection| {
            make(&Transition {
                connection,
                batch: &batch,
                now: clock.now(),
            })
        })
    }

    /// Returns the error of a batch that another process works on.
    #[expect(
        clippy::redundant_closure_for_method_calls,
        reason = "a method is not general enough over the lifetime of the transition"
    )]
    async fn busy(&self) -> StoreError {
        let process = self.read(|transition| transition.last_process()).await;
        match process {
            Ok(process) => {
                StoreError::busy(&process.unwrap_or_else(|| "another process".to_owned()))
            }
            Err(error) => error,
        }
    }
}

impl sealed::Sealed for SqliteStore {}

#[expect(
    clippy::redundant_closure_for_method_calls,
    reason = "a method is not general enough over the lifetime of the transition"
)]
impl Store for SqliteStore {
    fn id(&self) -> &str {
        &self.id
    }

    fn set_limits(&self, limits: Limits) -> Commit<'_, ()> {
        self.commit(move |transition| transition.set_limits(limits))
    }

    fn import(&self, jobs: Vec<NewJob>) -> Commit<'_, Imported> {
        self.commit(move |transition| transition.import(jobs))
    }

    fn withdraw(&self, jobs: Vec<JobId>) -> Commit<'_, u64> {
        self.commit(move |transition| transition.withdraw(&jobs))
    }

    fn set_schemas(&self, schemas: Vec<(String, Json)>) -> Commit<'_, ()> {
        self.commit(move |transition| transition.set_schemas(&schemas))
    }

    fn register<'a>(&'a self, process: &'a str, _lease: Duration) -> Commit<'a, Incarnation> {
        Box::pin(async move {
            self.identity.check(&self.path)?;
            let lock = Lock::try_acquire(&self.path);
            let lock = lock.map_err(|error| Failure::from(error).into_error())?;
            let Some(lock) = lock else {
                return Err(self.busy().await);
            };
            let process = process.to_owned();
            let id = self
                .commit(move |transition| transition.register(&process))
                .await?;
            Ok(Incarnation::new(id, Box::new(lock)))
        })
    }

    fn beat<'a>(&'a self, me: &'a mut Incarnation) -> Commit<'a, Beat> {
        Box::pin(async move {
            let (id, known) = (me.id(), me.known().clone());
            if self.identity.check(&self.path).is_err() && !self.path.exists() {
                Lock::leave_trace(&self.path);
            }
            let beat = self.commit(move |transition| transition.beat(id, &known));
            let (beat, held) = beat.await?;
            me.hold(held);
            Ok(beat)
        })
    }

    fn use_service(&self, me: IncarnationId, address: String) -> Commit<'_, ()> {
        self.commit(move |transition| transition.use_service(me, &address))
    }

    fn accept_service(&self, address: String) -> Commit<'_, ()> {
        self.commit(move |transition| transition.set_service(&address))
    }

    fn claim<'a>(&'a self, me: &'a mut Incarnation, room: usize) -> Commit<'a, Claims> {
        Box::pin(async move {
            let (id, path, identity) = (me.id(), self.path.clone(), self.identity);
            let claims = self.commit(move |transition| {
                identity.check(&path)?;
                transition.claim(id, room)
            });
            let claims = claims.await?;
            me.learn(claims.jobs.iter().map(|job| &job.key));
            Ok(claims)
        })
    }

    fn hold_back(&self, time: Duration) -> Commit<'_, ()> {
        self.commit(move |transition| transition.hold_back(time))
    }

    fn received(&self, me: IncarnationId, ids: Vec<(JobKey, RequestId)>) -> Commit<'_, Received> {
        self.commit(move |transition| transition.received(me, ids))
    }

    fn not_sent(&self, me: IncarnationId, attempts: Vec<NotSent>) -> Commit<'_, Vec<JobKey>> {
        self.commit(move |transition| transition.not_sent(me, attempts))
    }

    fn doubtful(
        &self,
        me: IncarnationId,
        attempts: Vec<(JobKey, String)>,
    ) -> Commit<'_, Vec<JobKey>> {
        self.commit(move |transition| transition.doubtful(me, attempts))
    }

    fn settle(&self, me: IncarnationId, endings: Vec<Ending>) -> Commit<'_, Vec<JobKey>> {
        self.commit(move |transition| transition.settle(me, endings))
    }

    fn cancel(&self, jobs: Option<Vec<JobId>>) -> Commit<'_, Cancelled> {
        self.commit(move |transition| transition.cancel(jobs.as_deref()))
    }

    fn resolve(&self, key: JobKey, resolution: Resolution) -> Commit<'_, ()> {
        self.commit(move |transition| transition.resolve(&key, resolution))
    }

    fn service(&self) -> Commit<'_, Option<String>> {
        self.read(|transition| transition.service())
    }

    fn limits(&self) -> Commit<'_, Limits> {
        self.read(|transition| transition.limits())
    }

    fn schemas(&self) -> Commit<'_, Vec<(String, Json)>> {
        self.read(|transition| transition.schemas())
    }

    fn counts(&self) -> Commit<'_, Counts> {
        self.read(|transition| transition.counts())
    }

    fn funds(&self) -> Commit<'_, Funds> {
        self.read(|transition| transition.funds())
    }

    fn count_by_prefix(&self, prefix: String) -> Commit<'_, BTreeMap<State, u64>> {
        self.read(move |transition| transition.count_by_prefix(&prefix))
    }

    fn find(&self, id: JobId) -> Commit<'_, Option<Row>> {
        self.read(move |transition| transition.find(&id))
    }

    fn rows(&self, state: Option<State>, after: u64, limit: usize) -> Commit<'_, Vec<Row>> {
        self.read(move |transition| transition.rows(state, after, limit))
    }

    fn latest(&self, prefix: String, states: Vec<State>, limit: usize) -> Commit<'_, Vec<Row>> {
        self.read(move |transition| transition.latest(&prefix, &states, limit))
    }

    fn attempts(&self, of: Attempts) -> Commit<'_, Vec<Attempt>> {
        self.read(move |transition| transition.attempts(&of))
    }

    fn processes(&self) -> Commit<'_, Vec<Process>> {
        Box::pin(async move {
            let is_held = Lock::is_held(&self.path);
            let is_living = is_held.map_err(|error| Failure::from(error).into_error())?;
            self.read(move |transition| transition.processes(is_living))
                .await
        })
    }

    fn events(&self, after: u64, limit: usize) -> Commit<'_, Vec<Event>> {
        self.read(move |transition| transition.events(after, limit))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::money::Money;
    use crate::store::error::StoreErrorKind;

    fn store() -> (tempfile::TempDir, SqliteStore) {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path().join("jobs.batch.db")).unwrap();
        (folder, store)
    }

    fn jobs(number: usize) -> Vec<NewJob> {
        let jobs = (0..number).map(|n| {
            let id = format!("job {n}").parse().unwrap();
            NewJob::new(
                id,
                "a/b",
                json!({ "prompt": "fog ".repeat(50) }),
                Money::from_micros(1),
            )
        });
        jobs.collect()
    }

    /// Limits the file to its size plus some pages, as a full disk does.
    async fn leave_room_for(store: &SqliteStore, pages: i64) {
        let limit = store.commit(move |transition| {
            let connection = transition.connection;
            let used: i64 = connection.pragma_query_value(None, "page_count", |row| row.get(0))?;
            Ok(connection.pragma_update(None, "max_page_count", used + pages)?)
        });
        limit.await.unwrap();
    }

    #[tokio::test]
    async fn full_disk_stops_claims_until_there_is_room() {
        let (_folder, store) = store();
        store.import(jobs(300)).await.unwrap();
        let mut me = store.register("test", Duration::ZERO).await.unwrap();
        leave_room_for(&store, 2).await;
        let mut claimed = 0;
        let error = loop {
            match store.claim(&mut me, 8).await {
                Ok(claims) => claimed += claims.jobs.len(),
                Err(error) => break error,
            }
            assert!(claimed < 300, "the disk is never full");
        };
        assert_eq!(error.kind(), StoreErrorKind::Full);
        assert!(error.to_string().contains("Make room"), "{error}");
        let counts = store.counts().await.unwrap();
        assert_eq!(counts.intent, claimed as u64);
        assert_eq!(counts.money.reserved.micros(), claimed as u64);
        assert_eq!(
            store.import(jobs(400)).await.unwrap_err().kind(),
            StoreErrorKind::Full
        );
        assert_eq!(store.counts().await.unwrap().total(), 300);
        leave_room_for(&store, 10_000).await;
        assert_eq!(store.claim(&mut me, 8).await.unwrap().jobs.len(), 8);
    }

    #[tokio::test]
    async fn jobs_are_found_by_request_id_without_a_scan() {
        let (_folder, store) = store();
        let plan = store.read(|transition| {
            let of = Attempts::OfRequest("r-1".parse().unwrap());
            let sql = format!("EXPLAIN QUERY PLAN {}", report::attempts_sql(&of));
            let detail = |row: &rusqlite::Row<'_>| row.get::<_, String>("detail");
            let mut statement = transition.connection.prepare(&sql)?;
            let steps = statement.query_map(["r-1"], detail)?;
            Ok(steps.collect::<Result<Vec<_>, _>>()?.join("; "))
        });
        let plan = plan.await.unwrap();
        assert!(plan.contains("USING INDEX attempt_request"), "{plan}");
    }

    #[tokio::test]
    async fn refusal_takes_nothing_of_its_group_back() {
        let (_folder, store) = store();
        let unknown = "unknown".parse().unwrap();
        let (one, refused, two) = tokio::join!(
            store.import(jobs(1)),
            store.resolve(unknown, Resolution::NoJob),
            store.import(jobs(2)),
        );
        assert_eq!((one.unwrap().added, two.unwrap().added), (1, 1));
        assert_eq!(refused.unwrap_err().kind(), StoreErrorKind::NotFound);
        assert_eq!(store.counts().await.unwrap().total(), 2);
    }

    /// A claim whose future is dropped may be made; nobody has heard of it, so the next beat gives it
    /// back.
    #[tokio::test]
    async fn dropped_claim_is_given_back() {
        let (_folder, store) = store();
        store.import(jobs(1)).await.unwrap();
        let mut me = store.register("test", Duration::ZERO).await.unwrap();
        let id = me.id();
        drop(store.commit(move |transition| transition.claim(id, 1)));
        let beat = store.beat(&mut me).await.unwrap();
        assert_eq!(beat.given_back.len(), 1);
        let again = store.claim(&mut me, 1).await.unwrap();
        assert_ne!(again.jobs[0].key, beat.given_back[0]);
        assert_eq!(again.jobs[0].attempt, 2);
    }
}
