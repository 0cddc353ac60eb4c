//! The engine of this process: what submits, waits and saves.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use runcomfy::Client;
use runcomfy_batch::{
    Batch, Claimed, JobId, Money, Prepared, Progress, Running, Stop, StopHandle, Store, StoreError,
    Unprepared, WakeHandle,
};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::models::Models;
use crate::refusal::reason_of;
use crate::settings::Settings;

/// Lease of this process in stores that have leases.
const LEASE: Duration = Duration::from_secs(30);

/// Runs the batch of the store, as long as no other process does.
pub(crate) struct Engine {
    client: Client,
    store: Arc<dyn Store>,
    settings: Arc<Settings>,
    models: Arc<Models>,
    active: tokio::sync::Mutex<Option<Active>>,
    notes: Arc<Notes>,
}

/// A batch that runs in this process.
struct Active {
    task: JoinHandle<()>,
    stop: StopHandle,
    wake: WakeHandle,
}

/// Facts of the run that the store does not have.
#[derive(Default)]
pub(crate) struct Notes {
    facts: Mutex<Facts>,
    /// Counts the events.
    changed: watch::Sender<u64>,
}

#[derive(Default)]
struct Facts {
    events: u64,
    started: HashSet<JobId>,
    /// Jobs that have ended at the service and are not saved, with the reason once that has failed.
    unsaved: HashMap<JobId, Option<String>>,
    /// The last refusal of the account, with the number of its event.
    account: Option<(u64, String)>,
    /// The sum that the budget has not left, with the number of its event.
    budget: Option<(u64, Money)>,
    paused: Option<String>,
    ended: Option<String>,
}

/// Reason for which a job that was imported is not submitted.
pub(crate) enum Hindrance {
    Account(String),
    Budget(Money),
    Ended(String),
}

impl Engine {
    pub(crate) fn new(
        client: Client,
        store: Arc<dyn Store>,
        settings: Arc<Settings>,
        models: Arc<Models>,
    ) -> Self {
        Self {
            client,
            store,
            settings,
            models,
            active: tokio::sync::Mutex::default(),
            notes: Arc::default(),
        }
    }

    /// Returns what is noted of the run.
    pub(crate) fn notes(&self) -> &Notes {
        &self.notes
    }

    /// Holds the store and runs its jobs, unless this process does so already.
    ///
    /// # Errors
    /// [`StoreErrorKind::Busy`](runcomfy_batch::StoreErrorKind::Busy): another process holds the store.
    pub(crate) async fn hold(&self) -> Result<(), StoreError> {
        let mut active = self.active.lock().await;
        if active
            .as_ref()
            .is_some_and(|active| !active.task.is_finished())
        {
            return Ok(());
        }
        // Where another process holds it, its name is known before anything starts.
        drop(self.store.register(&self.settings.process, LEASE).await?);
        self.notes.facts().ended = None;
        let running = self.batch().start();
        *active = Some(Active {
            stop: running.stop_handle(),
            wake: running.wake_handle(),
            task: tokio::spawn(follow(running, Arc::clone(&self.notes))),
        });
        Ok(())
    }

    fn batch(&self) -> Batch {
        let settings = &self.settings;
        let mut batch = Batch::new(
            Arc::clone(&self.store),
            self.client.clone(),
            &settings.folder,
        )
        .concurrency(settings.concurrency)
        .process(&*settings.process)
        .lease(LEASE)
        .keep_running();
        if let Some(file) = &settings.spill {
            batch = batch.spill(file);
        }
        if let Some(interval) = settings.poll_every {
            batch = batch.poll_every(interval);
        }
        if settings.emulated {
            batch = batch.emulated();
        }
        if settings.attach.is_some() {
            batch = batch.prepare(prepare(Arc::clone(settings), Arc::clone(&self.models)));
        }
        batch
    }

    /// Looks for jobs to submit now.
    pub(crate) async fn wake(&self) {
        if let Some(active) = &*self.active.lock().await {
            active.wake.wake();
        }
    }

    /// Stops: nothing more is submitted, submits in flight are waited for, and jobs that run keep running at
    /// the service.
    pub(crate) async fn close(&self) {
        if let Some(active) = self.active.lock().await.take() {
            active.stop.stop(Stop::Leave);
            // A task that was ended has nothing left to say.
            let _ = active.task.await;
        }
    }
}

async fn follow(mut running: Running, notes: Arc<Notes>) {
    while let Some(event) = running.next().await {
        notes.note(&event);
    }
    let ended = match running.summary().await {
        Ok(_) => "the server is stopping".to_owned(),
        Err(error) => reason_of(&error),
    };
    notes.facts().ended = Some(ended);
    notes.count();
}

/// Returns what attaches the local files that an input names, right before its submit.
fn prepare(
    settings: Arc<Settings>,
    models: Arc<Models>,
) -> impl Fn(Claimed) -> Prepared + Send + Sync + 'static {
    move |job| {
        let (settings, models) = (Arc::clone(&settings), Arc::clone(&models));
        Box::pin(async move {
            let schema = match models.known_schema(&job.model) {
                Some(schema) => Some(schema),
                None => models
                    .find(&job.model)
                    .await
                    .ok()
                    .map(|model| Arc::clone(&model.schema)),
            };
            let (Some(attach), Some(schema)) = (&settings.attach, schema) else {
                return Ok(job.input);
            };
            let (input, violations) = attach(schema, job.input).await;
            if violations.is_empty() {
                return Ok(input);
            }
            let faults: Vec<String> = violations.iter().map(ToString::to_string).collect();
            Err(Unprepared::Job(faults.join("; ")))
        })
    }
}

impl Notes {
    fn facts(&self) -> MutexGuard<'_, Facts> {
        self.facts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, event: &Progress) {
        let mut facts = self.facts();
        facts.events += 1;
        let number = facts.events;
        match event {
            Progress::Started(job) => {
                facts.started.insert(job.id.clone());
            }
            Progress::Finished(job, _) => {
                facts.unsaved.entry(job.id.clone()).or_default();
            }
            Progress::NotSaved(job, reason) => {
                // A job whose end is unknown is not paid for certain.
                if let Some(unsaved) = facts.unsaved.get_mut(&job.id) {
                    *unsaved = Some(reason.clone());
                }
            }
            Progress::Saved(job) | Progress::Failed(job, _) | Progress::Cancelled(job) => {
                facts.started.remove(&job.id);
                facts.unsaved.remove(&job.id);
            }
            Progress::Account(reason) => facts.account = Some((number, reason.clone())),
            Progress::Budget(sum) => facts.budget = Some((number, *sum)),
            Progress::Paused(reason) => facts.paused = Some(reason.clone()),
            Progress::Resumed => facts.paused = None,
            _ => {}
        }
        drop(facts);
        self.count();
    }

    fn count(&self) {
        self.changed.send_modify(|count| *count += 1);
    }

    /// Returns the number of events so far.
    pub(crate) fn events(&self) -> u64 {
        self.facts().events
    }

    /// Returns a receiver of the number of events.
    pub(crate) fn subscribe(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Returns `true` if a job is known to run at the service.
    pub(crate) fn has_started(&self, id: &JobId) -> bool {
        self.facts().started.contains(id)
    }

    /// Returns `true` if a job is known to have succeeded. Its files are not saved yet.
    pub(crate) fn has_succeeded(&self, id: &JobId) -> bool {
        self.facts().unsaved.contains_key(id)
    }

    /// Returns why the files of a job that has succeeded could not be saved so far.
    pub(crate) fn unsaved(&self, id: &JobId) -> Option<String> {
        self.facts().unsaved.get(id).cloned().flatten()
    }

    /// Returns the reason for which nothing is submitted for now.
    pub(crate) fn paused(&self) -> Option<String> {
        self.facts().paused.clone()
    }

    /// Returns why a job that was imported after so many events is not submitted.
    pub(crate) fn hindrance(&self, since: u64) -> Option<Hindrance> {
        let facts = self.facts();
        if let Some(reason) = &facts.ended {
            return Some(Hindrance::Ended(reason.clone()));
        }
        match (&facts.account, &facts.budget) {
            (Some((number, reason)), _) if *number > since => {
                Some(Hindrance::Account(reason.clone()))
            }
            (_, Some((number, sum))) if *number > since => Some(Hindrance::Budget(*sum)),
            _ => None,
        }
    }
}
