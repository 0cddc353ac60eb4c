//! The transitions in their plainest form: every sum is counted again, every job looked at.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Weak;
use std::time::Duration;

use runcomfy::RequestId;
use runcomfy::schema::Json;

use crate::claim::{Adopted, Beat, Claimed, Claims, NextClaim};
use crate::counts::{Counts, Funds, Spending};
use crate::ending::{Cancelled, End, Ending, NotSent, Received, Retry};
use crate::event::Event;
use crate::incarnation::{IncarnationId, Process};
use crate::job_id::JobId;
use crate::job_key::JobKey;
use crate::limits::{Limits, MAX_DELAY, has_come};
use crate::money::Money;
use crate::new_job::{Conflict, Imported, NewJob};
use crate::resolution::{Resolution, ended_at, may_still_arrive};
use crate::row::{
    Attempt, Attempts, DECLARED, GIVEN_BACK, GONE, IMPORTED_AGAIN, Row, WITHDRAWN, orphan_note,
};
use crate::state::{AttemptState, State};
use crate::store::error::StoreError;
use crate::timestamp::Timestamp;

/// Maximum number of jobs that one beat adopts.
const MAX_ADOPTED: usize = 500;

/// A batch in memory.
#[derive(Debug)]
pub(super) struct Batch {
    id: String,
    pub(super) has_leases: bool,
    now: Timestamp,
    pub(super) limits: Limits,
    /// Theoretical arrival time of the next claim.
    tat: Timestamp,
    held_until: Timestamp,
    /// The job with the number `n` has the index `n - 1`.
    jobs: Vec<Job>,
    /// The incarnation with the number `id` has the index `id - 1`.
    incarnations: Vec<Registered>,
    received: BTreeSet<(JobKey, RequestId)>,
    events: Vec<Event>,
    pub(super) schemas: BTreeMap<String, Json>,
    /// Address of the service.
    pub(super) service: Option<String>,
}

#[derive(Debug)]
struct Job {
    new: NewJob,
    state: State,
    cancel_requested: bool,
    not_before: Timestamp,
    attempts: Vec<Attempt>,
}

#[derive(Debug)]
struct Registered {
    process: String,
    started_at: Timestamp,
    lease: Duration,
    alive_until: Timestamp,
    guard: Weak<()>,
}

/// Indices of a job and of one of its attempts.
type Position = (usize, usize);

impl Batch {
    pub(super) fn new(id: String, has_leases: bool) -> Self {
        Self {
            id,
            has_leases,
            now: Timestamp::default(),
            limits: Limits::none(),
            tat: Timestamp::default(),
            held_until: Timestamp::default(),
            jobs: Vec::new(),
            incarnations: Vec::new(),
            received: BTreeSet::new(),
            events: Vec::new(),
            schemas: BTreeMap::new(),
            service: None,
        }
    }

    pub(super) fn set_now(&mut self, now: Timestamp) {
        self.now = now;
    }

    pub(super) fn import(&mut self, jobs: Vec<NewJob>) -> Imported {
        let mut imported = Imported::default();
        for new in jobs {
            let Some(n) = self.jobs.iter().position(|job| job.new.id == new.id) else {
                imported.added += 1;
                self.jobs.push(Job::new(new));
                continue;
            };
            let job = &mut self.jobs[n];
            if job.is_withdrawn() {
                imported.added += 1;
                job.new = new;
                job.state = State::Ready;
                let note = Some(IMPORTED_AGAIN.to_owned());
                self.log(n, None, None, State::Cancelled, note);
                continue;
            }
            let id = new.id.clone();
            let is_same = (&job.new.model, &job.new.input) == (&new.model, &new.input);
            if !is_same && !job.can_be_replaced() {
                let state = job.state;
                imported.conflicts.push(Conflict { id, state });
                continue;
            }
            if job.state == State::Ready {
                job.new = new;
            }
            if is_same {
                imported.known += 1;
            } else {
                imported.replaced.push(id);
            }
        }
        imported
    }

    pub(super) fn withdraw(&mut self, ids: &[JobId]) -> u64 {
        let mut withdrawn = 0;
        for id in ids {
            let n = self.jobs.iter().position(|job| job.new.id == *id);
            if let Some(n) = n.filter(|n| self.jobs[*n].can_be_replaced()) {
                self.jobs[n].state = State::Cancelled;
                self.log(n, None, None, State::Ready, Some(WITHDRAWN.to_owned()));
                withdrawn += 1;
            }
        }
        withdrawn
    }

    pub(super) fn register(
        &mut self,
        process: &str,
        lease: Duration,
        guard: Weak<()>,
    ) -> Result<IncarnationId, StoreError> {
        let living = self
            .incarnations
            .last()
            .filter(|last| last.guard.strong_count() > 0);
        if let Some(living) = living.filter(|_| !self.has_leases) {
            return Err(StoreError::busy(&living.process));
        }
        self.incarnations.push(Registered {
            process: process.to_owned(),
            started_at: self.now,
            lease,
            alive_until: self.now.after(lease),
            guard,
        });
        Ok(IncarnationId(self.incarnations.len() as u64))
    }

    pub(super) fn beat(
        &mut self,
        me: IncarnationId,
        known: &HashSet<JobKey>,
    ) -> Result<Beat, StoreError> {
        self.check_alive(me)?;
        let now = self.now;
        let mine = &mut self.incarnations[index(me.0)];
        mine.alive_until = now.after(mine.lease);
        let mut beat = Beat::default();
        self.doubt_orphans(me, &mut beat);
        self.adopt_orphans(me, known);
        for at in self.positions() {
            let attempt = &self.jobs[at.0].attempts[at.1];
            if attempt.owner == Some(me) && !known.contains(&attempt.key) {
                self.tell(me, at, &mut beat);
            }
            let (job, attempt) = (&self.jobs[at.0], &self.jobs[at.0].attempts[at.1]);
            let is_mine = attempt.state == AttemptState::Submitted && attempt.owner == Some(me);
            if is_mine && job.cancel_requested {
                beat.to_cancel.push(attempt.key.clone());
            }
        }
        Ok(beat)
    }

    /// Puts the intents of ended incarnations in doubt.
    fn doubt_orphans(&mut self, me: IncarnationId, beat: &mut Beat) {
        for at in self.positions() {
            let attempt = &self.jobs[at.0].attempts[at.1];
            let dead = attempt.owner.filter(|owner| !self.is_alive(*owner));
            if let (Some(owner), AttemptState::Intent) = (dead, attempt.state) {
                beat.doubts.push(attempt.key.clone());
                let note = orphan_note(&self.incarnations[index(owner.0)].process);
                let states = (AttemptState::InDoubt, State::InDoubt);
                self.end(at, Some(me), states, Some(note));
            }
        }
    }

    /// Takes submitted jobs of ended incarnations, and of those that have no owner, so that all living
    /// incarnations have as many. A known attempt was put in doubt and resolved since the last beat: its adoption
    /// would not be told, so the next beat takes it.
    fn adopt_orphans(&mut self, me: IncarnationId, known: &HashSet<JobKey>) {
        let share = self.share(me);
        let orphans = self.positions().into_iter().filter(|at| {
            let attempt = &self.jobs[at.0].attempts[at.1];
            let is_orphan = attempt.owner.is_none_or(|owner| !self.is_alive(owner));
            attempt.state == AttemptState::Submitted && is_orphan && !known.contains(&attempt.key)
        });
        for at in orphans.take(share.min(MAX_ADOPTED)).collect::<Vec<_>>() {
            self.jobs[at.0].attempts[at.1].owner = Some(me);
            let state = self.jobs[at.0].state;
            self.log(at.0, Some(at.1), Some(me), state, None);
        }
    }

    /// Returns how many submitted jobs `me` may adopt: what it has less than its part of all.
    fn share(&self, me: IncarnationId) -> usize {
        let living = (1..=self.incarnations.len() as u64).map(IncarnationId);
        let living = living.filter(|id| self.is_alive(*id)).count().max(1);
        let attempts = self.jobs.iter().flat_map(|job| &job.attempts);
        let submitted = attempts.filter(|attempt| attempt.state == AttemptState::Submitted);
        let owners: Vec<_> = submitted.map(|attempt| attempt.owner).collect();
        let mine = owners.iter().filter(|owner| **owner == Some(me)).count();
        owners.len().div_ceil(living).saturating_sub(mine)
    }

    /// Tells an incarnation of an attempt that it owns and has not heard of; an intent is given back.
    fn tell(&mut self, me: IncarnationId, at: Position, beat: &mut Beat) {
        let (job, attempt) = (&self.jobs[at.0], &self.jobs[at.0].attempts[at.1]);
        match attempt.state {
            AttemptState::Intent => {
                beat.given_back.push(attempt.key.clone());
                let states = (AttemptState::NoJob, job.unless_cancelled(State::Ready));
                self.end(at, Some(me), states, Some(GIVEN_BACK.to_owned()));
            }
            AttemptState::Submitted => beat.adopted.extend(self.adopted(at)),
            _ => {}
        }
    }

    fn adopted(&self, at: Position) -> Option<Adopted> {
        Some(Adopted {
            job: self.claimed(at),
            request_id: self.jobs[at.0].attempts[at.1].request_id.clone()?,
            is_superseded: self.is_superseded(at),
        })
    }

    /// Returns the keys of what an incarnation holds.
    pub(super) fn held_by(&self, me: IncarnationId) -> HashSet<JobKey> {
        let held = self.attempts(&Attempts::Held).into_iter();
        let mine = held.filter(|attempt| attempt.owner == Some(me));
        mine.map(|attempt| attempt.key).collect()
    }

    pub(super) fn claim(&mut self, me: IncarnationId, room: usize) -> Result<Claims, StoreError> {
        self.check_alive(me)?;
        if !has_come(self.held_until, self.now) {
            let next = NextClaim::After(self.held_until.since(self.now));
            return Ok(Claims {
                jobs: Vec::new(),
                next,
            });
        }
        let rate = self.limits.rate;
        let slots = rate.map_or(usize::MAX, |rate| rate.slots(self.tat, self.now));
        let mut money = self.spending();
        let mut jobs = Vec::new();
        let mut over_budget = None;
        for job in self.claimable().into_iter().take(room.min(slots)) {
            let sum = self.estimate(job);
            if !money.has_room_for(sum) {
                over_budget = Some(sum);
                break;
            }
            money.reserved += sum;
            jobs.push(self.start(job, me, sum));
        }
        if let Some(rate) = rate.filter(|_| !jobs.is_empty()) {
            self.tat = rate.take(self.tat, self.now, jobs.len());
        }
        let next = match (over_budget, rate) {
            (Some(sum), _) => NextClaim::OverBudget(sum),
            (None, _) if jobs.len() == room => NextClaim::Now,
            (None, Some(rate)) if jobs.len() == slots => {
                NextClaim::After(rate.wait(self.tat, self.now))
            }
            _ => self.next_backoff(),
        };
        Ok(Claims { jobs, next })
    }

    /// Returns the jobs that can be claimed, in their order.
    fn claimable(&self) -> Vec<usize> {
        let jobs = self.jobs.iter().enumerate();
        let ready =
            jobs.filter(|(_, job)| job.state == State::Ready && has_come(job.not_before, self.now));
        let mut ready: Vec<_> = ready
            .map(|(n, job)| (Reverse(job.new.priority), n))
            .collect();
        ready.sort_unstable();
        ready.into_iter().map(|(_, n)| n).collect()
    }

    /// Returns when the next job is ready again.
    fn next_backoff(&self) -> NextClaim {
        let ready = self.jobs.iter().filter(|job| job.state == State::Ready);
        let later = ready.filter(|job| !has_come(job.not_before, self.now));
        let next = later.map(|job| job.not_before.since(self.now)).min();
        next.map_or(NextClaim::NoneReady, NextClaim::After)
    }

    /// Returns the sum to reserve for a job: its estimate, or the highest cost that was reported for its
    /// model.
    fn estimate(&self, job: usize) -> Money {
        let new = &self.jobs[job].new;
        let same = self.jobs.iter().filter(|job| job.new.model == new.model);
        let ended = same
            .flat_map(|job| &job.attempts)
            .filter(|attempt| !attempt.cost_is_estimate);
        ended
            .filter_map(|attempt| attempt.cost)
            .fold(new.estimate, Money::max)
    }

    fn start(&mut self, job: usize, me: IncarnationId, reserved: Money) -> Claimed {
        let n = job as u64 + 1;
        let number = self.jobs[job]
            .attempts
            .last()
            .map_or(1, |last| last.number + 1);
        self.jobs[job].attempts.push(Attempt {
            key: JobKey::new(&self.id, n, number),
            n,
            number,
            state: AttemptState::Intent,
            owner: Some(me),
            request_id: None,
            reserved,
            cost: None,
            cost_is_estimate: false,
            note: None,
            result: None,
            claimed_at: self.now,
            submitted_at: None,
            ended_at: None,
        });
        let at = (job, self.jobs[job].attempts.len() - 1);
        let from = std::mem::replace(&mut self.jobs[job].state, State::Intent);
        self.log(job, Some(at.1), Some(me), from, None);
        self.claimed(at)
    }

    fn claimed(&self, at: Position) -> Claimed {
        let (job, attempt) = (&self.jobs[at.0], &self.jobs[at.0].attempts[at.1]);
        Claimed {
            key: attempt.key.clone(),
            attempt: attempt.number,
            n: attempt.n,
            id: job.new.id.clone(),
            model: job.new.model.clone(),
            input: job.new.input.clone(),
            reserved: attempt.reserved,
        }
    }

    pub(super) fn hold_back(&mut self, time: Duration) {
        let until = self.now.after(time.min(MAX_DELAY));
        let is_held = !has_come(self.held_until, self.now);
        self.held_until = if is_held {
            until.max(self.held_until)
        } else {
            until
        };
    }

    pub(super) fn received(
        &mut self,
        me: IncarnationId,
        ids: Vec<(JobKey, RequestId)>,
    ) -> Received {
        let mut received = Received::default();
        for (key, id) in ids {
            self.received.insert((key.clone(), id.clone()));
            let Some(at) = self.position(&key) else {
                received.strays.push(key);
                continue;
            };
            match &self.jobs[at.0].attempts[at.1].request_id {
                Some(known) if *known == id => {}
                Some(_) => received.strays.push(key),
                None => {
                    self.submit(at, Some(me), &id);
                    if self.is_superseded(at) {
                        received.doubles.push(key);
                    }
                }
            }
        }
        received
    }

    fn submit(&mut self, at: Position, by: Option<IncarnationId>, id: &RequestId) {
        let is_last = !self.is_superseded(at);
        let job = &mut self.jobs[at.0];
        let from = job.state;
        if is_last {
            job.state = State::Submitted;
        }
        let attempt = &mut job.attempts[at.1];
        attempt.state = AttemptState::Submitted;
        attempt.owner = by;
        attempt.request_id = Some(id.clone());
        attempt.note = None;
        attempt.submitted_at = Some(self.now);
        attempt.ended_at = None;
        self.log(at.0, Some(at.1), by, from, Some(id.to_string()));
    }

    pub(super) fn not_sent(&mut self, me: IncarnationId, attempts: Vec<NotSent>) -> Vec<JobKey> {
        let mut refused = Vec::new();
        for NotSent { key, reason, retry } in attempts {
            let Some(at) = self.position(&key).filter(|at| self.owner(*at) == Some(me)) else {
                refused.push(key);
                continue;
            };
            let job = &mut self.jobs[at.0];
            match job.attempts[at.1].state {
                AttemptState::Intent | AttemptState::InDoubt => {}
                AttemptState::NoJob => continue,
                _ => {
                    refused.push(key);
                    continue;
                }
            }
            let (state, not_before) = match retry {
                Retry::After(time) => (State::Ready, self.now.after(time.min(MAX_DELAY))),
                Retry::Never => (State::Failed, job.not_before),
            };
            let is_held = matches!(job.state, State::Intent | State::InDoubt);
            if is_held && at.1 + 1 == job.attempts.len() {
                job.not_before = not_before;
            }
            let state = job.unless_cancelled(state);
            self.end(at, Some(me), (AttemptState::NoJob, state), Some(reason));
        }
        refused
    }

    pub(super) fn doubtful(
        &mut self,
        me: IncarnationId,
        attempts: Vec<(JobKey, String)>,
    ) -> Vec<JobKey> {
        let mut refused = Vec::new();
        for (key, reason) in attempts {
            let at = self.position(&key).filter(|at| self.owner(*at) == Some(me));
            let state = at.map(|at| (at, self.jobs[at.0].attempts[at.1].state));
            match state {
                Some((at, AttemptState::Intent)) => {
                    let states = (AttemptState::InDoubt, State::InDoubt);
                    self.end(at, Some(me), states, Some(reason));
                }
                Some((_, AttemptState::InDoubt)) => {}
                _ => refused.push(key),
            }
        }
        refused
    }

    pub(super) fn settle(&mut self, me: IncarnationId, endings: Vec<Ending>) -> Vec<JobKey> {
        let mut refused = Vec::new();
        for Ending { key, end, cost } in endings {
            let Some(at) = self.position(&key).filter(|at| self.owner(*at) == Some(me)) else {
                refused.push(key);
                continue;
            };
            let attempt = &mut self.jobs[at.0].attempts[at.1];
            match attempt.state {
                AttemptState::Submitted => {}
                AttemptState::Saved | AttemptState::Failed | AttemptState::Cancelled => continue,
                _ => {
                    refused.push(key);
                    continue;
                }
            }
            attempt.cost = Some(cost.unwrap_or(attempt.reserved));
            attempt.cost_is_estimate = cost.is_none();
            let (of_attempt, of_job, note) = match end {
                End::Saved(result) => {
                    attempt.result = Some(result);
                    (AttemptState::Saved, State::Saved, None)
                }
                End::Failed(reason) => (AttemptState::Failed, State::Failed, Some(reason)),
                End::Cancelled => (AttemptState::Cancelled, State::Cancelled, None),
            };
            self.end(at, Some(me), (of_attempt, of_job), note);
        }
        refused
    }

    /// Ends an attempt, or puts it in doubt, and with it the job that waits for it.
    fn end(
        &mut self,
        at: Position,
        by: Option<IncarnationId>,
        (of_attempt, of_job): (AttemptState, State),
        note: Option<String>,
    ) {
        let is_last = !self.is_superseded(at);
        let job = &mut self.jobs[at.0];
        let from = job.state;
        if is_last && matches!(from, State::Intent | State::InDoubt | State::Submitted) {
            job.state = of_job;
        }
        let attempt = &mut job.attempts[at.1];
        attempt.state = of_attempt;
        attempt.ended_at = Some(ended_at(note.as_deref(), attempt.ended_at, self.now));
        attempt.note.clone_from(&note);
        self.log(at.0, Some(at.1), by, from, note);
    }

    pub(super) fn use_service(
        &mut self,
        me: IncarnationId,
        address: String,
    ) -> Result<(), StoreError> {
        self.check_alive(me)?;
        let before = self.service.as_ref().filter(|before| **before != address);
        let has_open = || {
            let attempts = self.jobs.iter().flat_map(|job| &job.attempts);
            let mut states = attempts.map(|attempt| attempt.state);
            states.any(|state| {
                use AttemptState as A;
                matches!(state, A::Intent | A::Submitted | A::InDoubt)
            })
        };
        let others = (1..=self.incarnations.len() as u64).map(IncarnationId);
        let mut others = others.filter(|other| self.has_leases && *other != me);
        if let Some(before) = before
            && (has_open() || others.any(|other| self.is_alive(other)))
        {
            return Err(StoreError::other_service(before, &address));
        }
        self.service = Some(address);
        Ok(())
    }

    pub(super) fn cancel(&mut self, ids: Option<&[JobId]>) -> Cancelled {
        let mut cancelled = Cancelled::default();
        for n in 0..self.jobs.len() {
            let job = &mut self.jobs[n];
            let is_meant = ids.is_none_or(|ids| ids.contains(&job.new.id));
            if !is_meant || job.state.has_ended() {
                continue;
            }
            let from = job.state;
            if from == State::Ready {
                job.state = State::Cancelled;
                cancelled.cancelled += 1;
            } else {
                cancelled.requested += 1;
            }
            if !std::mem::replace(&mut job.cancel_requested, true) {
                self.log(n, None, None, from, Some("cancel requested".to_owned()));
            }
        }
        cancelled
    }

    pub(super) fn resolve(
        &mut self,
        key: &JobKey,
        resolution: Resolution,
    ) -> Result<(), StoreError> {
        let at = self
            .position(key)
            .ok_or_else(|| StoreError::unknown_key(key))?;
        let attempt = &self.jobs[at.0].attempts[at.1];
        match (resolution, attempt.state) {
            (Resolution::RequestId(id), AttemptState::InDoubt | AttemptState::NoJob) => {
                self.received.insert((key.clone(), id.clone()));
                self.submit(at, None, &id);
                Ok(())
            }
            (Resolution::RequestId(id), _) if attempt.request_id.as_ref() == Some(&id) => Ok(()),
            (Resolution::NoJob, AttemptState::InDoubt) => {
                let state = self.jobs[at.0].unless_cancelled(State::Failed);
                let note = Some(DECLARED.to_owned());
                self.end(at, None, (AttemptState::NoJob, state), note);
                Ok(())
            }
            (Resolution::NoJob, AttemptState::NoJob) | (Resolution::Gone, AttemptState::Failed) => {
                Ok(())
            }
            (Resolution::Gone, AttemptState::Submitted) => {
                let attempt = &mut self.jobs[at.0].attempts[at.1];
                attempt.cost = Some(attempt.reserved);
                attempt.cost_is_estimate = true;
                let states = (AttemptState::Failed, State::Failed);
                self.end(at, None, states, Some(GONE.to_owned()));
                Ok(())
            }
            (Resolution::Gone, state) => Err(StoreError::not_submitted(key, state)),
            (Resolution::Resubmit, _) if !self.is_superseded(at) => self.resubmit(at, key),
            (Resolution::Resubmit, _) => Err(StoreError::is_superseded(key)),
            _ => Err(StoreError::not_in_doubt(key, attempt.state)),
        }
    }

    fn resubmit(&mut self, at: Position, key: &JobKey) -> Result<(), StoreError> {
        let (job, attempt) = (&self.jobs[at.0], &self.jobs[at.0].attempts[at.1]);
        let from = job.state;
        if !matches!(from, State::InDoubt | State::Failed | State::Cancelled) {
            return Err(StoreError::not_resubmittable(key, from));
        }
        let state = (attempt.state, attempt.note.as_deref());
        if let Some(until) = may_still_arrive(state, attempt.ended_at, self.now) {
            return Err(StoreError::may_still_arrive(key, until));
        }
        let job = &mut self.jobs[at.0];
        job.state = State::Ready;
        job.cancel_requested = false;
        job.not_before = Timestamp::default();
        self.log(
            at.0,
            Some(at.1),
            None,
            from,
            Some("to be submitted again".to_owned()),
        );
        Ok(())
    }

    pub(super) fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for job in &self.jobs {
            *counts.of_state_mut(job.state) += 1;
        }
        let attempts = || self.jobs.iter().flat_map(|job| &job.attempts);
        let in_doubt = attempts().filter(|attempt| attempt.state == AttemptState::InDoubt);
        counts.doubts = in_doubt.count() as u64;
        let taken: HashSet<_> = attempts()
            .filter_map(|attempt| Some((&attempt.key, attempt.request_id.as_ref()?)))
            .collect();
        let strays = self
            .received
            .iter()
            .filter(|(key, id)| !taken.contains(&(key, id)));
        counts.strays = strays.count() as u64;
        counts.money = self.spending();
        counts
    }

    pub(super) fn funds(&self) -> Funds {
        let ready = self.jobs.iter().filter(|job| job.state == State::Ready);
        Funds {
            spending: self.spending(),
            waiting: ready.map(|job| job.new.estimate).sum(),
        }
    }

    pub(super) fn count_by_prefix(&self, prefix: &str) -> BTreeMap<State, u64> {
        let jobs = self.jobs.iter();
        let mut counts = BTreeMap::new();
        for job in jobs.filter(|job| job.new.id.as_str().starts_with(prefix)) {
            *counts.entry(job.state).or_default() += 1;
        }
        counts
    }

    fn spending(&self) -> Spending {
        let mut money = Spending {
            budget: self.limits.budget,
            ..Spending::default()
        };
        for attempt in self.jobs.iter().flat_map(|job| &job.attempts) {
            money.add(attempt);
        }
        money
    }

    pub(super) fn find(&self, id: &JobId) -> Option<Row> {
        let n = self.jobs.iter().position(|job| job.new.id == *id)?;
        Some(self.row(n))
    }

    pub(super) fn rows(&self, state: Option<State>, after: u64, limit: usize) -> Vec<Row> {
        let rows = (index(after + 1)..self.jobs.len()).map(|n| self.row(n));
        let rows = rows.filter(|row| state.is_none_or(|state| row.state == state));
        rows.take(limit).collect()
    }

    pub(super) fn latest(&self, prefix: &str, states: &[State], limit: usize) -> Vec<Row> {
        let rows = (0..self.jobs.len()).rev().map(|n| self.row(n));
        let rows = rows.filter(|row| states.contains(&row.state));
        let rows = rows.filter(|row| row.id.as_str().starts_with(prefix));
        rows.take(limit).collect()
    }

    fn row(&self, n: usize) -> Row {
        let job = &self.jobs[n];
        Row {
            n: n as u64 + 1,
            id: job.new.id.clone(),
            model: job.new.model.clone(),
            input: job.new.input.clone(),
            priority: job.new.priority,
            estimate: job.new.estimate,
            state: job.state,
            cancel_requested: job.cancel_requested,
            not_before: job.not_before,
            attempt: job.attempts.last().cloned(),
        }
    }

    pub(super) fn attempts(&self, of: &Attempts) -> Vec<Attempt> {
        let jobs = self.jobs.iter();
        let attempts = jobs.flat_map(|job| job.attempts.iter().map(move |attempt| (job, attempt)));
        let selected = attempts.filter(|(job, attempt)| match of {
            Attempts::All => true,
            Attempts::OfJob(id) => job.new.id == *id,
            Attempts::OfRequest(id) => attempt.request_id.as_ref() == Some(id),
            Attempts::InDoubt => attempt.state == AttemptState::InDoubt,
            Attempts::Held => {
                matches!(
                    attempt.state,
                    AttemptState::Intent | AttemptState::Submitted
                )
            }
        });
        selected.map(|(_, attempt)| attempt.clone()).collect()
    }

    pub(super) fn events(&self, after: u64, limit: usize) -> Vec<Event> {
        let events = self.events.iter().skip(index(after + 1));
        events.take(limit).cloned().collect()
    }

    pub(super) fn processes(&self) -> Vec<Process> {
        let processes = self.incarnations.iter().zip(1..).map(|(registered, id)| {
            let id = IncarnationId(id);
            let is_living = self.is_alive(id) && registered.guard.strong_count() > 0;
            Process {
                id,
                name: registered.process.clone(),
                started_at: registered.started_at,
                is_living,
            }
        });
        processes.collect()
    }

    fn check_alive(&self, me: IncarnationId) -> Result<(), StoreError> {
        let alive = self.is_alive(me);
        alive
            .then_some(())
            .ok_or_else(StoreError::incarnation_ended)
    }

    fn is_alive(&self, id: IncarnationId) -> bool {
        if self.has_leases {
            return self.incarnations[index(id.0)].alive_until > self.now;
        }
        index(id.0) + 1 == self.incarnations.len()
    }

    fn is_superseded(&self, at: Position) -> bool {
        at.1 + 1 < self.jobs[at.0].attempts.len()
    }

    fn owner(&self, at: Position) -> Option<IncarnationId> {
        self.jobs[at.0].attempts[at.1].owner
    }

    fn position(&self, key: &JobKey) -> Option<Position> {
        let mut positions = self.positions().into_iter();
        positions.find(|at| self.jobs[at.0].attempts[at.1].key == *key)
    }

    fn positions(&self) -> Vec<Position> {
        let jobs = self.jobs.iter().enumerate();
        let attempts = jobs.flat_map(|(n, job)| (0..job.attempts.len()).map(move |a| (n, a)));
        attempts.collect()
    }

    /// Writes an event with the states that job and attempt have now.
    fn log(
        &mut self,
        job: usize,
        attempt: Option<usize>,
        incarnation: Option<IncarnationId>,
        from: State,
        note: Option<String>,
    ) {
        let attempt = attempt.map(|attempt| &self.jobs[job].attempts[attempt]);
        self.events.push(Event {
            seq: self.events.len() as u64 + 1,
            at: self.now,
            n: job as u64 + 1,
            id: self.jobs[job].new.id.clone(),
            incarnation,
            from,
            to: self.jobs[job].state,
            key: attempt.map(|attempt| attempt.key.clone()),
            attempt: attempt.map(|attempt| attempt.state),
            note,
        });
    }
}

impl Job {
    fn new(new: NewJob) -> Self {
        Self {
            new,
            state: State::Ready,
            cancel_requested: false,
            not_before: Timestamp::default(),
            attempts: Vec::new(),
        }
    }

    /// Returns `true` if nothing was submitted for the job, so that its content may change.
    fn can_be_replaced(&self) -> bool {
        self.state == State::Ready && self.made_no_job()
    }

    /// Returns `true` if the job was withdrawn, and nobody has asked to cancel it.
    fn is_withdrawn(&self) -> bool {
        self.state == State::Cancelled && !self.cancel_requested && self.made_no_job()
    }

    fn made_no_job(&self) -> bool {
        let last = self.attempts.last();
        last.is_none_or(|last| last.state == AttemptState::NoJob)
    }

    /// Returns the state of a job that is not submitted after all.
    fn unless_cancelled(&self, state: State) -> State {
        if self.cancel_requested {
            State::Cancelled
        } else {
            state
        }
    }
}

/// Returns the index of what is numbered from 1.
fn index(number: u64) -> usize {
    usize::try_from(number.saturating_sub(1)).unwrap_or(usize::MAX)
}
