//! The state behind the HTTP routes, and what each call does to it.

use std::collections::{HashMap, HashSet, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use axum::http::HeaderMap;
use runcomfy_schema::{ModelSchema, Violations};
use serde_json::Value;

use crate::access_log::AccessLog;
use crate::account::{Accounts, Micros};
use crate::api_error::ApiError;
use crate::clock::{Clock, Moment};
use crate::fault::{Faults, Subject};
use crate::file_cache::FileCache;
use crate::job::{Job, JobOverrides};
use crate::ledger::Log;
use crate::logins::Logins;
#[cfg(feature = "media-rules")]
use crate::media_rules::MediaRules;
use crate::output::Output;
use crate::queue::{Phase, Queue};
use crate::request_id::RequestIds;
use crate::{Call, Entry, Fault, Reply};

/// Returns the error of a job that fails, by model id and input.
pub(crate) type FailWhen = Arc<dyn Fn(&str, &Value) -> Option<Value> + Send + Sync>;

/// Returns the time that a job runs, by model id and input.
pub(crate) type RunTimeWhen = Arc<dyn Fn(&str, &Value) -> Option<Duration> + Send + Sync>;

/// Holds what does not change while the service runs.
#[derive(Clone)]
pub(crate) struct Settings {
    /// Models by id; the last one added under an id counts.
    pub(crate) models: HashMap<String, ModelSchema>,
    /// Accepted tokens; with none, any token is accepted.
    pub(crate) tokens: Vec<String>,
    pub(crate) slots: usize,
    pub(crate) queue_time: Duration,
    pub(crate) run_time: Duration,
    pub(crate) run_time_when: Vec<RunTimeWhen>,
    pub(crate) price: Micros,
    /// Balance that each account starts with.
    pub(crate) balance: Micros,
    /// Time from a job's end until its id expires.
    pub(crate) expire_after: Duration,
    pub(crate) fail_when: Vec<FailWhen>,
    /// Faults that are active from the start.
    pub(crate) faults: Vec<Fault>,
    pub(crate) epoch: Option<SystemTime>,
    pub(crate) seed: Option<u64>,
    /// Origins whose pages may call the emulator; `*` means any.
    pub(crate) origins: Vec<String>,
    pub(crate) access_log: Option<AccessLog>,
}

impl fmt::Debug for Settings {
    /// Leaves the tokens out, since they may be real.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("models", &self.models.keys())
            .field("slots", &self.slots)
            .field("queue_time", &self.queue_time)
            .field("run_time", &self.run_time)
            .field("price", &self.price)
            .finish_non_exhaustive()
    }
}

/// Serves the calls, independent of HTTP.
pub(crate) struct Service {
    pub(crate) settings: Settings,
    pub(crate) clock: Clock,
    #[cfg(feature = "media-rules")]
    media_rules: MediaRules,
    pub(crate) files: FileCache,
    state: Mutex<State>,
}

/// Holds what changes while the service runs.
pub(crate) struct State {
    queue: Queue,
    jobs: HashMap<String, Arc<Job>>,
    /// Request ids that a test made expire.
    expired: HashSet<String>,
    accounts: Accounts,
    pub(crate) request_ids: RequestIds,
    pub(crate) logins: Logins,
    /// Errors for the next jobs, of any model.
    pub(crate) failures: VecDeque<Value>,
    pub(crate) ledger: Vec<Entry>,
    pub(crate) log: Log,
    pub(crate) faults: Faults,
}

impl State {
    fn new(settings: &Settings) -> Self {
        let mut faults = Faults::default();
        for fault in &settings.faults {
            faults.add(fault.clone(), Moment::ZERO);
        }
        Self {
            queue: Queue::new(settings.slots, settings.queue_time),
            jobs: HashMap::new(),
            expired: HashSet::new(),
            accounts: Accounts::default(),
            request_ids: RequestIds::new(settings.seed),
            logins: Logins::default(),
            failures: VecDeque::new(),
            ledger: Vec::new(),
            log: Log::default(),
            faults,
        }
    }

    /// Returns the reply that a script or a fault has for a call. `submitted` is the model and the input
    /// of a submit; `request_id` names the job of a call about one.
    pub(crate) fn reply(
        &mut self,
        call: Call,
        submitted: Subject<'_>,
        request_id: Option<&str>,
        now: Moment,
    ) -> Option<Reply> {
        let job = request_id.and_then(|id| self.jobs.get(id));
        let entry = job.and_then(|job| self.ledger.get(job.entry));
        let subject = entry.map_or(submitted, |entry| Subject {
            model_id: Some(&entry.model_id),
            input: Some(&entry.input),
        });
        self.faults.reply(call, subject, now)
    }

    /// Returns each accepted submit with its job and the job's phase, the oldest first.
    pub(crate) fn entries(&mut self, now: Moment) -> Vec<(&Entry, Arc<Job>, Phase)> {
        let Self {
            queue,
            jobs,
            ledger,
            ..
        } = self;
        let entries = ledger.iter();
        entries
            .filter_map(|entry| {
                let job = jobs.get(&entry.request_id)?;
                Some((entry, Arc::clone(job), queue.phase(job.ticket, now)?))
            })
            .collect()
    }
}

impl Service {
    pub(crate) fn new(settings: Settings) -> Self {
        let state = State::new(&settings);
        let clock = Clock::new(settings.epoch.unwrap_or_else(SystemTime::now));
        Self {
            settings,
            clock,
            #[cfg(feature = "media-rules")]
            media_rules: MediaRules::new(),
            files: FileCache::default(),
            state: Mutex::new(state),
        }
    }

    /// Forgets everything since the start, the time included.
    pub(crate) fn reset(&self) {
        let mut state = self.state();
        let epoch = self.settings.epoch.unwrap_or_else(SystemTime::now);
        self.clock.reset(epoch);
        *state = State::new(&self.settings);
        // With a seed the request ids are the same again.
        self.files.clear();
    }

    /// Locks the state; never held across an await.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        // After a panic elsewhere a test must still be able to read the ledger.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Accepts a job if its input is valid and its media keep their rules.
    pub(crate) async fn submit(
        &self,
        token: &str,
        id: &str,
        input: Value,
        headers: &HeaderMap,
        overrides: JobOverrides,
    ) -> Result<Arc<Job>, ApiError> {
        let model = self
            .settings
            .models
            .get(id)
            .ok_or_else(|| ApiError::unknown_model(id))?;
        let violations = self.violations(model, &input).await;
        if violations.refuse() {
            return Err(ApiError::invalid_input(&violations));
        }
        self.accept(model, token, input, headers, overrides)
    }

    #[cfg(feature = "media-rules")]
    async fn violations(&self, model: &ModelSchema, input: &Value) -> Violations {
        let mut violations = model.validate(input);
        violations.extend(self.media_rules.check(model, input).await);
        violations
    }

    #[cfg(not(feature = "media-rules"))]
    #[expect(clippy::unused_async, reason = "with media rules it fetches media")]
    async fn violations(&self, model: &ModelSchema, input: &Value) -> Violations {
        model.validate(input)
    }

    fn accept(
        &self,
        model: &ModelSchema,
        token: &str,
        input: Value,
        headers: &HeaderMap,
        overrides: JobOverrides,
    ) -> Result<Arc<Job>, ApiError> {
        let id = &*model.id;
        let settings = &self.settings;
        let failure_when = || settings.fail_when.iter().find_map(|when| when(id, &input));
        let failure = overrides.failure.or_else(failure_when);
        let run_time_when = || {
            settings
                .run_time_when
                .iter()
                .find_map(|when| when(id, &input))
        };
        let run_time = overrides.run_time.or_else(run_time_when);
        let run_time = run_time.unwrap_or(settings.run_time);
        let output = Output::plan(model, &input);
        let mut state = self.state();
        // Read under the lock, so that the queue's time never decreases.
        let created = self.clock.now();
        if !state
            .accounts
            .reserve(token, settings.balance, settings.price)
        {
            return Err(ApiError::insufficient_balance(settings.price));
        }
        let failure = failure.or_else(|| state.failures.pop_front());
        if failure.is_some() {
            state.accounts.release(token, settings.price);
        }
        let job = Arc::new(Job {
            request_id: state.request_ids.next(),
            entry: state.ledger.len(),
            ticket: state.queue.submit(created, run_time),
            owner: token.to_owned(),
            created,
            outcome: failure.map_or(Ok(output), Err),
            price: settings.price,
        });
        state.jobs.insert(job.request_id.clone(), Arc::clone(&job));
        state.ledger.push(Entry {
            model_id: id.to_owned(),
            request_id: job.request_id.clone(),
            at: created,
            input,
            headers: Entry::keep_headers(headers),
        });
        Ok(job)
    }

    /// Returns a token's balance after the jobs that have succeeded.
    pub(crate) fn balance(&self, token: &str) -> Micros {
        let mut state = self.state();
        let State { queue, jobs, .. } = &mut *state;
        let now = self.clock.now();
        let own = jobs.values().filter(|job| job.owner == token);
        let costs = own.filter_map(|job| Some(job.cost(queue.phase(job.ticket, now)?)));
        self.settings.balance.saturating_sub(costs.sum())
    }

    /// Finds a job of this token and its phase.
    pub(crate) fn look_up(&self, token: &str, id: &str) -> Result<(Arc<Job>, Phase), ApiError> {
        let (job, phase) = self.find(id)?;
        if job.owner == token {
            Ok((job, phase))
        } else {
            Err(ApiError::forbidden())
        }
    }

    /// Cancels a job that is still in the queue, and returns `true` with it if it did.
    pub(crate) fn cancel(
        &self,
        token: &str,
        id: &str,
    ) -> Result<(Arc<Job>, bool, Phase), ApiError> {
        let (job, _) = self.look_up(token, id)?;
        let cancelled = {
            let mut state = self.state();
            let now = self.clock.now();
            let cancelled = state.queue.cancel(job.ticket, now);
            if cancelled && job.outcome.is_ok() {
                state.accounts.release(token, job.price);
            }
            cancelled
        };
        let (job, phase) = self.find(id)?;
        Ok((job, cancelled, phase))
    }

    /// Finds the output of a succeeded job by its file's address; no token is needed.
    pub(crate) fn file(&self, id: &str, name: &str) -> Result<Output, ApiError> {
        let (job, phase) = self.find(id)?;
        match (&job.outcome, phase) {
            (Ok(output), Phase::Finished { .. }) if output.name() == name => Ok(output.clone()),
            _ => Err(ApiError::not_found("such file")),
        }
    }

    fn find(&self, id: &str) -> Result<(Arc<Job>, Phase), ApiError> {
        let mut state = self.state();
        let now = self.clock.now();
        let job = state.jobs.get(id).cloned();
        let job = job.ok_or_else(|| ApiError::unknown_request(id))?;
        let phase = state.queue.phase(job.ticket, now);
        // Every job has a ticket of this queue, so the phase is always known.
        let phase = phase.ok_or_else(|| ApiError::unknown_request(id))?;
        if state.expired.contains(id) || self.is_expired(phase, now) {
            return Err(ApiError::unknown_request(id));
        }
        Ok((job, phase))
    }

    /// Expires a request id, and returns `true` if there is a job of this id. The job is charged
    /// anyway.
    pub(crate) fn expire(&self, id: &str) -> bool {
        let mut state = self.state();
        state.expired.insert(id.to_owned());
        state.jobs.contains_key(id)
    }

    /// Returns `true` if a job ended so long ago that its id has expired.
    fn is_expired(&self, phase: Phase, now: Moment) -> bool {
        match phase {
            Phase::Finished { at } | Phase::Cancelled { at } => {
                now.saturating_sub(at) >= self.settings.expire_after
            }
            Phase::Queued { .. } | Phase::Running => false,
        }
    }
}
