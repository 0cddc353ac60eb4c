//! The loop that claims jobs and hands each to a task of its own.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;
use tokio::time::{Instant, sleep, timeout};
use tracing::{info, warn};

use super::batch::Batch;
use super::breaker::Allowance;
use super::files::Folder;
use super::lease::{Lease, Moment};
use super::log_target::TARGET;
use super::places::Places;
use super::progress::Progress;
use super::recorder::Recorder;
use super::settings::Settings;
use super::space::Space;
use super::spill::Spill;
use super::stop::{Stop, StopHandle};
use super::summary::{EndedBy, Summary};
use super::wake::WakeHandle;
use super::worker::Worker;
use crate::claim::{Claims, NextClaim};
use crate::counts::Counts;
use crate::incarnation::Incarnation;
use crate::job_key::JobKey;
use crate::row::Attempts;
use crate::store::Store;
use crate::store::error::{StoreError, StoreErrorKind};

/// Drives a batch to its end.
pub(super) struct Driver {
    batch: Batch,
    progress: UnboundedSender<Progress>,
    stop: StopHandle,
    wake: WakeHandle,
}

/// Maximum time between two beats: a request to cancel is heard so late.
const MAX_BEAT: Duration = Duration::from_secs(2);
/// Time between a failure of the store and the next attempt.
const STORE_BACKOFF: Duration = Duration::from_secs(1);
/// Number of attempts to read the last counts from a server.
const LAST_ATTEMPTS: u32 = 30;
/// Time between two looks at a disk without room.
const SPACE_POLL: Duration = Duration::from_secs(1);

impl Driver {
    pub(super) fn new(
        batch: Batch,
        progress: UnboundedSender<Progress>,
        stop: StopHandle,
        wake: WakeHandle,
    ) -> Self {
        Self {
            batch,
            progress,
            stop,
            wake,
        }
    }

    /// Runs the batch until nothing is left to do, or it is stopped.
    pub(super) async fn run(self) -> Result<Summary, StoreError> {
        let mut run = self.start().await?;
        let ended_by = loop {
            match run.until_end().await {
                Ok(ended_by) => break ended_by,
                // A file has one process: whoever has taken it over keeps it. One that was removed is gone.
                Err(error) if run.me.lease().is_none() => return Err(error),
                Err(error) => {
                    if let Some(ended_by) = run.register_again(&error).await? {
                        break ended_by;
                    }
                }
            }
        };
        let store = &run.worker.store;
        let counts = run.last_counts().await?;
        info!(target: TARGET, batch = store.id(), ?ended_by, "batch has ended");
        Ok(Summary { ended_by, counts })
    }

    async fn start(self) -> Result<Run, StoreError> {
        let Batch {
            store,
            client,
            prepare,
            metrics,
            settings,
        } = self.batch;
        let folder = settings.folder.clone();
        let space = Space::new(folder.clone(), settings.disk.clone(), settings.min_free)
            .with_state(settings.spill.as_deref());
        space.prepare().await?;
        let begun = Moment::now();
        let service = (!settings.emulated).then(|| client.base_url().to_owned());
        let me = register(&*store, &settings, service.as_ref()).await?;
        let spill = settings.spill.clone().map(Spill::new);
        if let Some(spill) = &spill {
            read_spill(&*store, &me, spill).await?;
        }
        let worker = me.lease().map(|_| settings.process.clone());
        let worker = Worker {
            me: me.id(),
            lease: Arc::new(Lease::new(me.lease(), begun)),
            recorder: Recorder::new(Arc::clone(&store), me.id(), spill),
            store,
            client,
            prepare,
            metrics,
            breaker: Arc::default(),
            space: Arc::new(space),
            folder: Folder::new(folder, settings.name.clone(), worker),
            stop: self.stop.clone(),
            progress: self.progress,
            poll_every: settings.poll_every,
            keeps_running: settings.keeps_running,
            emulated: settings.emulated,
            refused: Arc::default(),
        };
        Ok(Run {
            worker: Arc::new(worker),
            places: Places::new(Arc::clone(&self.stop.changed)),
            settings,
            service,
            me,
            stop: self.stop,
            wake: self.wake,
            next_beat: Instant::now(),
            cancelling: HashSet::new(),
            is_paused: false,
            is_refused: false,
            removed: None,
        })
    }
}

/// Registers this process, which submits to this service.
async fn register(
    store: &dyn Store,
    settings: &Settings,
    service: Option<&String>,
) -> Result<Incarnation, StoreError> {
    let me = store.register(&settings.process, settings.lease).await?;
    if let Some(service) = service {
        store.use_service(me.id(), service.clone()).await?;
    }
    Ok(me)
}

/// Gives the store the ids that an earlier process could not store.
async fn read_spill(store: &dyn Store, me: &Incarnation, spill: &Spill) -> Result<(), StoreError> {
    let unreadable = |error: std::io::Error| {
        let file = spill.path().display();
        StoreError::new(
            StoreErrorKind::Io,
            format!(
                "could not read `{file}`, which may have ids of paid jobs: {error}. Nothing was submitted; make it readable and run again"
            ),
        )
    };
    let ids = spill.read().await.map_err(unreadable)?;
    if !ids.is_empty() {
        store.received(me.id(), ids).await?;
    }
    if let Err(error) = spill.remove().await {
        warn!(target: TARGET, %error, "could not remove the file of ids; the next run reads it again, which changes nothing");
    }
    Ok(())
}

/// One run, after its start.
struct Run {
    worker: Arc<Worker>,
    places: Places,
    settings: Settings,
    /// Address of the service, which the store remembers.
    service: Option<String>,
    me: Incarnation,
    stop: StopHandle,
    wake: WakeHandle,
    next_beat: Instant,
    /// Attempts whose cancellation was sent.
    cancelling: HashSet<JobKey>,
    /// Is `true` while nothing is claimed for a reason that was reported.
    is_paused: bool,
    /// Is `true` while nothing is claimed since the service refuses the account.
    is_refused: bool,
    /// Error of a store whose file was removed: nothing is claimed, and the run ends with it.
    removed: Option<StoreError>,
}

/// Next step of the loop.
enum Next {
    /// Look again after this time, or earlier if something changes.
    Wait(Duration),
    End(EndedBy),
}

impl Run {
    /// Runs until the end of the batch.
    ///
    /// # Errors
    /// [`StoreErrorKind::IncarnationEnded`] and [`StoreErrorKind::Removed`], and no other.
    async fn until_end(&mut self) -> Result<EndedBy, StoreError> {
        loop {
            // A lease that is about to end is renewed before anything is claimed.
            let may_send = self.worker.lease.may_send(Moment::now());
            if self.next_beat <= Instant::now() || !may_send {
                self.beat().await?;
            }
            match self.step().await? {
                Next::End(ended_by) => return Ok(ended_by),
                Next::Wait(time) => {
                    let until_beat = self.next_beat.saturating_duration_since(Instant::now());
                    let changed = self.stop.changed.notified();
                    // Both ways lead to the next step.
                    let _ = timeout(time.min(until_beat), changed).await;
                }
            }
        }
    }

    async fn step(&mut self) -> Result<Next, StoreError> {
        let shortage = self.worker.space.shortage().await;
        // Counted before a stop is looked for, since a stop frees the places of the jobs that it leaves.
        let room = self.room();
        let is_idle = self.places.jobs() == 0;
        let later = Next::Wait(MAX_BEAT);
        if self.removed.is_some() {
            let is_over = is_idle || self.stop.level() == Some(Stop::Now);
            let removed = self.removed.take_if(|_| is_over);
            return removed.map_or(Ok(later), Err);
        }
        if let Some(ended_by) = self.stopping() {
            let is_over = is_idle || self.stop.level() == Some(Stop::Now);
            return Ok(if is_over { Next::End(ended_by) } else { later });
        }
        if self.account_is_refused() {
            return Ok(later);
        }
        if self.settings.submits == 0 && is_idle {
            return self.end_if_idle(EndedBy::Done).await;
        }
        if let Some(reason) = shortage {
            self.pause(reason);
            return Ok(Next::Wait(SPACE_POLL));
        }
        let room = match room {
            Ok(0) => return Ok(later),
            Ok(room) => room,
            Err(wait) => return Ok(Next::Wait(wait)),
        };
        let claimed = self.worker.store.claim(&mut self.me, room).await;
        let claims = match claimed {
            Ok(claims) => claims,
            Err(error) => return self.failed_claim(error),
        };
        self.resume();
        let Claims { jobs, next } = claims;
        for job in jobs {
            let places = (self.places.job(), self.places.submit());
            tokio::spawn(Arc::clone(&self.worker).run(job, places.0, places.1));
        }
        match next {
            NextClaim::Now => Ok(Next::Wait(Duration::ZERO)),
            NextClaim::After(time) => Ok(Next::Wait(time)),
            NextClaim::OverBudget(needed) if self.settings.keeps_running => {
                self.worker.report(Progress::Budget(needed));
                Ok(later)
            }
            NextClaim::NoneReady if self.settings.keeps_running => Ok(later),
            NextClaim::OverBudget(needed) if is_idle && self.places.jobs() == 0 => {
                self.end_if_idle(EndedBy::Budget(needed)).await
            }
            NextClaim::NoneReady if is_idle && self.places.jobs() == 0 => {
                self.end_if_idle(EndedBy::Done).await
            }
            NextClaim::OverBudget(_) | NextClaim::NoneReady => Ok(later),
        }
    }

    /// Returns the reason for which nothing is claimed any more.
    fn stopping(&self) -> Option<EndedBy> {
        if self.stop.level().is_some() {
            return Some(EndedBy::Stopped);
        }
        if self.settings.keeps_running {
            return None;
        }
        let refused = self.worker.refused.lock();
        refused.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns `true` while nothing is claimed, in a batch that keeps running, since the service refuses the
    /// account. It is woken by whoever has fixed that.
    fn account_is_refused(&mut self) -> bool {
        if !self.settings.keeps_running {
            return false;
        }
        let is_woken = self.wake.take();
        let refused = self.worker.refused.lock();
        let refused = refused.unwrap_or_else(PoisonError::into_inner).take();
        if let Some(EndedBy::Account(reason) | EndedBy::Process(reason)) = refused {
            warn!(target: TARGET, batch = self.worker.store.id(), reason, "the service refuses the account; nothing is claimed");
            self.worker.report(Progress::Account(reason));
            self.is_refused = true;
        } else if is_woken {
            self.is_refused = false;
        }
        self.is_refused
    }

    /// Returns the number of jobs that can be started at once, or the time until the next step.
    fn room(&self) -> Result<usize, Duration> {
        let jobs = self.settings.concurrency.saturating_sub(self.places.jobs());
        let submits = self.settings.submits.saturating_sub(self.places.submits());
        let room = jobs.min(submits);
        match self.worker.breaker.allowance() {
            Allowance::All => Ok(room),
            Allowance::One if self.places.submits() == 0 => Ok(room.min(1)),
            Allowance::One => Ok(0),
            Allowance::Probe => {
                tokio::spawn(Arc::clone(&self.worker).probe());
                Ok(0)
            }
            Allowance::Not(wait) => Err(wait.unwrap_or(MAX_BEAT)),
        }
    }

    /// Ends the batch, unless there are more jobs to adopt, now or after the end of another process.
    async fn end_if_idle(&mut self, ended_by: EndedBy) -> Result<Next, StoreError> {
        if !self.beat().await? {
            return Ok(Next::Wait(STORE_BACKOFF));
        }
        if self.places.jobs() > 0 || self.waits_for_others().await {
            return Ok(Next::Wait(MAX_BEAT));
        }
        if let EndedBy::Budget(needed) = ended_by {
            self.worker.report(Progress::Budget(needed));
        }
        Ok(Next::End(ended_by))
    }

    /// Returns `true` while other processes hold jobs, and this one holds none: those that it still holds could
    /// not be saved, and two processes with such jobs would wait for each other.
    async fn waits_for_others(&self) -> bool {
        let (store, me) = (&self.worker.store, self.me.id());
        // A batch without submits leaves them to whoever may submit.
        if self.me.lease().is_none() || self.settings.submits == 0 {
            return false;
        }
        match store.attempts(Attempts::Held).await {
            Ok(held) => !held.is_empty() && held.iter().all(|held| held.owner != Some(me)),
            // The next step looks again.
            Err(_) => true,
        }
    }

    /// Gives back what a failed claim may have claimed. Nothing is sent meanwhile.
    fn failed_claim(&mut self, error: StoreError) -> Result<Next, StoreError> {
        if error.kind() == StoreErrorKind::IncarnationEnded {
            return Err(error);
        }
        self.pause_for(&error);
        if error.kind() == StoreErrorKind::Removed {
            self.removed = Some(error);
            return Ok(Next::Wait(Duration::ZERO));
        }
        self.next_beat = Instant::now() + STORE_BACKOFF;
        Ok(Next::Wait(STORE_BACKOFF))
    }

    /// Renews the lease, and takes what the store has for this incarnation. Returns `true` if nothing is ready that
    /// was not before: the store has answered, and has given back no job whose claim was never heard of.
    async fn beat(&mut self) -> Result<bool, StoreError> {
        let begun = Moment::now();
        let beat = match self.worker.store.beat(&mut self.me).await {
            Ok(beat) => beat,
            Err(error) if error.kind() == StoreErrorKind::IncarnationEnded => return Err(error),
            Err(error) => {
                self.pause_for(&error);
                self.next_beat = Instant::now() + STORE_BACKOFF;
                return Ok(false);
            }
        };
        self.worker.lease.renew(begun);
        self.next_beat = Instant::now() + MAX_BEAT.min(self.settings.lease / 3);
        for key in beat.doubts {
            let reason = "the process that was submitting it has ended".to_owned();
            warn!(target: TARGET, batch = self.worker.store.id(), %key, "job is in doubt");
            self.worker.report(Progress::Doubt(key, reason));
        }
        for adopted in beat.adopted {
            let place = self.places.job();
            tokio::spawn(Arc::clone(&self.worker).adopt(adopted, place));
        }
        self.cancel(beat.to_cancel).await;
        Ok(beat.given_back.is_empty())
    }

    /// Registers this process again, after its incarnation has ended: it could not renew its lease in time.
    /// Its jobs were or are adopted, and submits in flight are reported as they end. Returns the reason of
    /// the end if the run is stopped first.
    ///
    /// # Errors
    /// [`StoreErrorKind::OtherService`]: others submit to another service meanwhile.
    async fn register_again(&mut self, error: &StoreError) -> Result<Option<EndedBy>, StoreError> {
        warn!(target: TARGET, batch = self.worker.store.id(), worker = %self.me.id(), %error, "registering again");
        self.worker.lease.end();
        let (me, begun) = loop {
            if self.stop.level() == Some(Stop::Now) {
                return Ok(Some(EndedBy::Stopped));
            }
            let begun = Moment::now();
            let store = &*self.worker.store;
            match register(store, &self.settings, self.service.as_ref()).await {
                Ok(me) => break (me, begun),
                Err(error) if error.kind() == StoreErrorKind::OtherService => return Err(error),
                Err(error) => self.pause_for(&error),
            }
            sleep(STORE_BACKOFF).await;
        };
        let lease = Lease::new(me.lease(), begun);
        self.worker = Arc::new(self.worker.for_incarnation(me.id(), lease));
        self.me = me;
        self.next_beat = Instant::now();
        Ok(None)
    }

    /// Returns the counts at the end. A server that is away for a moment is waited for.
    async fn last_counts(&self) -> Result<Counts, StoreError> {
        let attempts = self.me.lease().map_or(1, |_| LAST_ATTEMPTS);
        for _ in 1..attempts {
            match self.worker.store.counts().await {
                Err(_) if self.stop.level() != Some(Stop::Now) => sleep(STORE_BACKOFF).await,
                counts => return counts,
            }
        }
        self.worker.store.counts().await
    }

    /// Cancels jobs at the service, each once.
    async fn cancel(&mut self, keys: Vec<JobKey>) {
        let new: HashSet<JobKey> = keys
            .into_iter()
            .filter(|key| !self.cancelling.contains(key))
            .collect();
        if new.is_empty() {
            return;
        }
        let held = match self.worker.store.attempts(Attempts::Held).await {
            Ok(held) => held,
            // The next beat lists them again.
            Err(error) => return warn!(target: TARGET, %error, "could not read the jobs to cancel"),
        };
        for attempt in held {
            if let Some(id) = attempt.request_id.filter(|_| new.contains(&attempt.key)) {
                tokio::spawn(Arc::clone(&self.worker).cancel(id));
            }
        }
        self.cancelling.extend(new);
    }

    fn pause_for(&mut self, error: &StoreError) {
        self.pause(error.to_string());
    }

    fn pause(&mut self, reason: String) {
        if !std::mem::replace(&mut self.is_paused, true) {
            warn!(target: TARGET, batch = self.worker.store.id(), reason, "nothing is claimed");
            self.worker.report(Progress::Paused(reason));
        }
    }

    fn resume(&mut self) {
        if std::mem::take(&mut self.is_paused) {
            self.worker.report(Progress::Resumed);
        }
    }
}
