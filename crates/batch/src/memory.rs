//! A store in memory.

mod batch;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
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
use crate::store::{Commit, Store, new_store_id, sealed};
use batch::Batch;

/// A store in memory, for tests: the plainest form of the transitions, and nothing is durable.
///
/// The other stores are tested against it. It looks at every job at each transition, so use it for
/// batches of some thousand jobs at most.
#[derive(Debug)]
pub struct MemoryStore {
    id: String,
    batch: Mutex<Batch>,
    clock: Clock,
    faults: Faults,
}

impl MemoryStore {
    /// Creates a store with one living incarnation at a time, as SQLite has it.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self::with_id(new_store_id(), clock)
    }

    /// Creates an empty store with the id of another one, so that both make the same keys.
    #[must_use]
    pub fn twin_of(store: &dyn Store, clock: Clock) -> Self {
        Self::with_id(store.id().to_owned(), clock)
    }

    /// Allows any number of living incarnations, which live by leases.
    #[must_use]
    pub fn leases(mut self) -> Self {
        self.batch = Mutex::new(Batch::new(self.id.clone(), true));
        self
    }

    /// Makes commits fail.
    #[must_use]
    pub fn faults(mut self, faults: Faults) -> Self {
        self.faults = faults;
        self
    }

    fn with_id(id: String, clock: Clock) -> Self {
        Self {
            batch: Mutex::new(Batch::new(id.clone(), false)),
            id,
            clock,
            faults: Faults::new(),
        }
    }

    fn batch(&self) -> MutexGuard<'_, Batch> {
        let mut batch = self.batch.lock().unwrap_or_else(PoisonError::into_inner);
        batch.set_now(self.clock.now());
        batch
    }

    /// Makes a transition when the future is polled first.
    fn commit<'a, T: Send + 'a>(
        &'a self,
        transition: impl FnOnce(&mut Batch) -> Result<T, StoreError> + Send + 'a,
    ) -> Commit<'a, T> {
        Box::pin(async move {
            match self.faults.take() {
                None => transition(&mut self.batch()),
                Some(Fault::BeforeCommit) => Err(Fault::BeforeCommit.error()),
                Some(Fault::AfterCommit) => {
                    transition(&mut self.batch())?;
                    Err(Fault::AfterCommit.error())
                }
            }
        })
    }

    fn read<'a, T: Send + 'a>(
        &'a self,
        read: impl FnOnce(&Batch) -> T + Send + 'a,
    ) -> Commit<'a, T> {
        Box::pin(async move { Ok(read(&self.batch())) })
    }
}

impl sealed::Sealed for MemoryStore {}

impl Store for MemoryStore {
    fn id(&self) -> &str {
        &self.id
    }

    fn set_limits(&self, limits: Limits) -> Commit<'_, ()> {
        self.commit(move |batch| {
            batch.limits = limits;
            Ok(())
        })
    }

    fn import(&self, jobs: Vec<NewJob>) -> Commit<'_, Imported> {
        self.commit(|batch| Ok(batch.import(jobs)))
    }

    fn withdraw(&self, jobs: Vec<JobId>) -> Commit<'_, u64> {
        self.commit(move |batch| Ok(batch.withdraw(&jobs)))
    }

    fn set_schemas(&self, schemas: Vec<(String, Json)>) -> Commit<'_, ()> {
        self.commit(move |batch| {
            batch.schemas.extend(schemas);
            Ok(())
        })
    }

    fn register<'a>(&'a self, process: &'a str, lease: Duration) -> Commit<'a, Incarnation> {
        self.commit(move |batch| {
            let guard = Arc::new(());
            let id = batch.register(process, lease, Arc::downgrade(&guard))?;
            let me = Incarnation::new(id, Box::new(guard));
            Ok(if batch.has_leases {
                me.with_lease(lease)
            } else {
                me
            })
        })
    }

    fn beat<'a>(&'a self, me: &'a mut Incarnation) -> Commit<'a, Beat> {
        Box::pin(async move {
            let (id, known) = (me.id(), me.known().clone());
            let beat = self.commit(move |batch| {
                let beat = batch.beat(id, &known)?;
                Ok((beat, batch.held_by(id)))
            });
            let (beat, held) = beat.await?;
            me.hold(held);
            Ok(beat)
        })
    }

    fn use_service(&self, me: IncarnationId, address: String) -> Commit<'_, ()> {
        self.commit(move |batch| batch.use_service(me, address))
    }

    fn accept_service(&self, address: String) -> Commit<'_, ()> {
        self.commit(move |batch| {
            batch.service = Some(address);
            Ok(())
        })
    }

    fn claim<'a>(&'a self, me: &'a mut Incarnation, room: usize) -> Commit<'a, Claims> {
        Box::pin(async move {
            let id = me.id();
            let claims = self.commit(move |batch| batch.claim(id, room)).await?;
            me.learn(claims.jobs.iter().map(|job| &job.key));
            Ok(claims)
        })
    }

    fn hold_back(&self, time: Duration) -> Commit<'_, ()> {
        self.commit(move |batch| {
            batch.hold_back(time);
            Ok(())
        })
    }

    fn received(&self, me: IncarnationId, ids: Vec<(JobKey, RequestId)>) -> Commit<'_, Received> {
        self.commit(move |batch| Ok(batch.received(me, ids)))
    }

    fn not_sent(&self, me: IncarnationId, attempts: Vec<NotSent>) -> Commit<'_, Vec<JobKey>> {
        self.commit(move |batch| Ok(batch.not_sent(me, attempts)))
    }

    fn doubtful(
        &self,
        me: IncarnationId,
        attempts: Vec<(JobKey, String)>,
    ) -> Commit<'_, Vec<JobKey>> {
        self.commit(move |batch| Ok(batch.doubtful(me, attempts)))
    }

    fn settle(&self, me: IncarnationId, endings: Vec<Ending>) -> Commit<'_, Vec<JobKey>> {
        self.commit(move |batch| Ok(batch.settle(me, endings)))
    }

    fn cancel(&self, jobs: Option<Vec<JobId>>) -> Commit<'_, Cancelled> {
        self.commit(move |batch| Ok(batch.cancel(jobs.as_deref())))
    }

    fn resolve(&self, key: JobKey, resolution: Resolution) -> Commit<'_, ()> {
        self.commit(move |batch| batch.resolve(&key, resolution))
    }

    fn service(&self) -> Commit<'_, Option<String>> {
        self.read(|batch| batch.service.clone())
    }

    fn limits(&self) -> Commit<'_, Limits> {
        self.read(|batch| batch.limits)
    }

    fn schemas(&self) -> Commit<'_, Vec<(String, Json)>> {
        self.read(|batch| batch.schemas.clone().into_iter().collect())
    }

    fn counts(&self) -> Commit<'_, Counts> {
        self.read(Batch::counts)
    }

    fn funds(&self) -> Commit<'_, Funds> {
        self.read(Batch::funds)
    }

    fn count_by_prefix(&self, prefix: String) -> Commit<'_, BTreeMap<State, u64>> {
        self.read(move |batch| batch.count_by_prefix(&prefix))
    }

    fn find(&self, id: JobId) -> Commit<'_, Option<Row>> {
        self.read(move |batch| batch.find(&id))
    }

    fn rows(&self, state: Option<State>, after: u64, limit: usize) -> Commit<'_, Vec<Row>> {
        self.read(move |batch| batch.rows(state, after, limit))
    }

    fn latest(&self, prefix: String, states: Vec<State>, limit: usize) -> Commit<'_, Vec<Row>> {
        self.read(move |batch| batch.latest(&prefix, &states, limit))
    }

    fn attempts(&self, of: Attempts) -> Commit<'_, Vec<Attempt>> {
        self.read(move |batch| batch.attempts(&of))
    }

    fn processes(&self) -> Commit<'_, Vec<Process>> {
        self.read(Batch::processes)
    }

    fn events(&self, after: u64, limit: usize) -> Commit<'_, Vec<Event>> {
        self.read(move |batch| batch.events(after, limit))
    }
}
