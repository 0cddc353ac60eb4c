//! The service behind the HTTP: what it knows, and what each call does to it.

use std::collections::{HashMap, HashSet, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use axum::http::HeaderMap;
use runcomfy_schema::ModelSchema;
use serde_json::Value;

use crate::account::{Accounts, Micros};
use crate::clock::{Clock, Moment};
use crate::fault::Faults;
use crate::job::{Job, Terms};
use crate::ledger::Log;
use crate::media_rules::MediaRules;
use crate::output::Output;
use crate::queue::{Phase, Queue};
use crate::refusal::Refusal;
use crate::request_id::RequestIds;
use crate::{Entry, Fault};

/// Decides whether a job fails, by model id and input.
pub(crate) type FailWhen = Arc<dyn Fn(&str, &Value) -> Option<Value> + Send + Sync>;

/// Decides how long a job runs, by model id and input.
pub(crate) type RunTimeWhen = Arc<dyn Fn(&str, &Value) -> Option<Duration> + Send + Sync>;

/// What does not change while the service runs.
#[derive(Clone)]
pub(crate) struct Settings {
    /// By id; a model given twice counts as given last.
    pub(crate) models: HashMap<String, ModelSchema>,
    /// The tokens that are good; empty where any is.
    pub(crate) tokens: Vec<String>,
    pub(crate) slots: usize,
    pub(crate) queue_time: Duration,
    pub(crate) run_time: Duration,
    pub(crate) run_time_when: Vec<RunTimeWhen>,
    pub(crate) price: Micros,
    /// What each account starts with.
    pub(crate) balance: Micros,
    /// How long after its end a job is known.
    pub(crate) expiry: Duration,
    pub(crate) fail_when: Vec<FailWhen>,
    /// Those that stand from the start.
    pub(crate) faults: Vec<Fault>,
    pub(crate) epoch: Option<SystemTime>,
    pub(crate) seed: Option<u64>,
}

impl fmt::Debug for Settings {
    /// Leaves the tokens out, which may be real ones.
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

/// The service.
pub(crate) struct Service {
    pub(crate) settings: Settings,
    pub(crate) clock: Clock,
    media: MediaRules,
    state: Mutex<State>,
}

/// What changes.
pub(crate) struct State {
    queue: Queue,
    jobs: HashMap<String, Arc<Job>>,
    /// Ids that were made to expire before their time.
    expired: HashSet<String>,
    accounts: Accounts,
    request_ids: RequestIds,
    /// Errors for the next jobs, whatever they are.
    pub(crate) failures: VecDeque<Value>,
    pub(crate) ledger: Vec<Entry>,
    pub(crate) log: Log,
    pub(crate) faults: Faults,
}

impl Service {
    pub(crate) fn new(settings: Settings) -> Self {
        let mut faults = Faults::default();
        for fault in &settings.faults {
            faults.add(fault.clone(), Moment::ZERO);
        }
        let state = State {
            queue: Queue::new(settings.slots, settings.queue_time),
            jobs: HashMap::new(),
            expired: HashSet::new(),
            accounts: Accounts::default(),
            request_ids: RequestIds::new(settings.seed),
            failures: VecDeque::new(),
            ledger: Vec::new(),
            log: Log::default(),
            faults,
        };
        let clock = Clock::new(settings.epoch.unwrap_or_else(SystemTime::now));
        Self {
            settings,
            clock,
            media: MediaRules::new(),
            state: Mutex::new(state),
        }
    }

    /// The state; never held across an await.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere must not hide the ledger from the test that wants to read it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Accepts a job for a valid input with media that keep their rules.
    pub(crate) async fn submit(
        &self,
        token: &str,
        id: &str,
        input: Value,
        headers: &HeaderMap,
        terms: Terms,
    ) -> Result<Arc<Job>, Refusal> {
        let model = self
            .settings
            .models
            .get(id)
            .ok_or_else(|| Refusal::unknown_model(id))?;
        let mut violations = model.validate(&input);
        violations.extend(self.media.check(model, &input).await);
        if violations.refuse() {
            return Err(Refusal::invalid_input(&violations));
        }
        self.accept(model, token, input, headers, terms)
    }

    fn accept(
        &self,
        model: &ModelSchema,
        token: &str,
        input: Value,
        headers: &HeaderMap,
        terms: Terms,
    ) -> Result<Arc<Job>, Refusal> {
        let id = &*model.id;
        let settings = &self.settings;
        let failing = || settings.fail_when.iter().find_map(|when| when(id, &input));
        let failure = terms.failure.or_else(failing);
        let running = || {
            settings
                .run_time_when
                .iter()
                .find_map(|when| when(id, &input))
        };
        let run_time = terms.run_time.or_else(running);
        let run_time = run_time.unwrap_or(settings.run_time);
        let output = Output::plan(model, &input);
        let mut state = self.state();
        // Read under the lock, so that the queue never sees time go back.
        let created = self.clock.now();
        if !state
            .accounts
            .commit(token, settings.balance, settings.price)
        {
            return Err(Refusal::no_balance(settings.price));
        }
        let failure = failure.or_else(|| state.failures.pop_front());
        if failure.is_some() {
            state.accounts.give_back(token, settings.price);
        }
        let job = Arc::new(Job {
            request_id: state.request_ids.next(),
            ticket: state.queue.submit(created, run_time),
            owner: token.to_owned(),
            created,
            ending: failure.map_or(Ok(output), Err),
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

    /// What is left of a token's balance once the jobs that have run are paid.
    pub(crate) fn balance(&self, token: &str) -> Micros {
        let mut state = self.state();
        let State { queue, jobs, .. } = &mut *state;
        let now = self.clock.now();
        let own = jobs.values().filter(|job| job.owner == token);
        let costs = own.filter_map(|job| Some(job.cost(queue.phase(job.ticket, now)?)));
        self.settings.balance.saturating_sub(costs.sum())
    }

    /// A job of this token and where it stands now.
    pub(crate) fn look_up(&self, token: &str, id: &str) -> Result<(Arc<Job>, Phase), Refusal> {
        let (job, phase) = self.find(id)?;
        if job.owner == token {
            Ok((job, phase))
        } else {
            Err(Refusal::foreign_job())
        }
    }

    /// Cancels a job that still stands in the queue, and tells whether it did.
    pub(crate) fn cancel(&self, token: &str, id: &str) -> Result<(Arc<Job>, bool, Phase), Refusal> {
        let (job, _) = self.look_up(token, id)?;
        let taken_out = {
            let mut state = self.state();
            let now = self.clock.now();
            let taken_out = state.queue.cancel(job.ticket, now);
            if taken_out && job.ending.is_ok() {
                state.accounts.give_back(token, job.price);
            }
            taken_out
        };
        let (job, phase) = self.find(id)?;
        Ok((job, taken_out, phase))
    }

    /// The output of a job that succeeded, by its file's address; no token is asked for.
    pub(crate) fn file(&self, id: &str, name: &str) -> Result<Output, Refusal> {
        let (job, phase) = self.find(id)?;
        match (&job.ending, phase) {
            (Ok(output), Phase::Finished { .. }) if output.name() == name => Ok(output.clone()),
            _ => Err(Refusal::no_such_thing("such file")),
        }
    }

    fn find(&self, id: &str) -> Result<(Arc<Job>, Phase), Refusal> {
        let mut state = self.state();
        let now = self.clock.now();
        let job = state.jobs.get(id).cloned();
        let job = job.ok_or_else(|| Refusal::unknown_request(id))?;
        let phase = state.queue.phase(job.ticket, now);
        // Every job got its ticket from this queue.
        let phase = phase.ok_or_else(|| Refusal::unknown_request(id))?;
        if state.expired.contains(id) || self.is_over(phase, now) {
            return Err(Refusal::unknown_request(id));
        }
        Ok((job, phase))
    }

    /// Lets a request id be known no more. What the job costs is paid all the same.
    pub(crate) fn expire(&self, id: &str) {
        self.state().expired.insert(id.to_owned());
    }

    /// Whether a job ended so long ago that its id has expired.
    fn is_over(&self, phase: Phase, now: Moment) -> bool {
        match phase {
            Phase::Finished { at } | Phase::Cancelled { at } => {
                now.saturating_sub(at) >= self.settings.expiry
            }
            Phase::Queued { .. } | Phase::Running => false,
        }
    }
}
