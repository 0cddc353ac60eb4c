//! A batch with its processes, a service and a person, whose transitions may fail.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use runcomfy_batch::{
    Attempt, AttemptState, Attempts, Commit, Fault, Incarnation, IncarnationId, Store, StoreError,
    StoreErrorKind, Timestamp,
};

use crate::judge::{Judge, LISTED, MAX_LISTED, PREFIX, Shown};
use crate::process::Process;
use crate::service::Service;
use crate::subject::{LEASE, START, Subject};

/// Outcome of a transition.
#[derive(Debug)]
pub(crate) enum Outcome<T> {
    Done(T),
    /// The transition was made, and its answer was lost.
    Lost,
    /// The transition was not made.
    Failed,
    /// The store refused it.
    Refused(StoreErrorKind),
}

pub(crate) struct World {
    pub(crate) rng: Rng,
    runtime: tokio::runtime::Runtime,
    /// The store under test, and others that must agree with it.
    subjects: Vec<Box<dyn Subject>>,
    /// The person's handles, one for each store.
    pub(crate) person: Vec<Arc<dyn Store>>,
    pub(crate) processes: Vec<Process>,
    pub(crate) service: Service,
    pub(crate) judge: Judge,
    now: Timestamp,
    /// Is `false` at the end of a sequence.
    pub(crate) has_faults: bool,
}

impl World {
    /// Begins a sequence; `seed` decides on all that happens in it.
    pub(crate) fn new(seed: u64, mut subjects: Vec<Box<dyn Subject>>) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let open = |subjects: &mut Vec<Box<dyn Subject>>| {
            subjects
                .iter_mut()
                .map(|subject| subject.open())
                .collect::<Vec<_>>()
        };
        let person = open(&mut subjects);
        let number = if subjects[0].has_leases() { 3 } else { 2 };
        let processes = (0..number)
            .map(|_| Process::new(open(&mut subjects)))
            .collect();
        Self {
            rng: Rng::with_seed(seed),
            runtime: runtime.unwrap(),
            subjects,
            person,
            processes,
            service: Service::default(),
            judge: Judge::default(),
            now: START,
            has_faults: true,
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }

    pub(crate) fn has_leases(&self) -> bool {
        self.subjects[0].has_leases()
    }

    pub(crate) fn set_time(&mut self, now: Timestamp) {
        if now < self.now {
            self.judge.forget_claims();
            self.judge.held_until = Timestamp::default();
        }
        self.now = now;
        for subject in &mut self.subjects {
            subject.set_time(now);
        }
    }

    pub(crate) fn pass(&mut self, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap();
        self.set_time(Timestamp::from_micros(self.now.micros() + micros));
    }

    /// Draws the fault of the next transition.
    fn draw_fault(&mut self) -> Option<Fault> {
        match self.rng.u8(..12) {
            0 if self.has_faults => Some(Fault::BeforeCommit),
            1 if self.has_faults => Some(Fault::AfterCommit),
            _ => None,
        }
    }

    /// Makes a transition in each store.
    pub(crate) fn make<T: PartialEq + Debug>(
        &mut self,
        stores: &[Arc<dyn Store>],
        transition: impl for<'s> Fn(&'s dyn Store) -> Commit<'s, T>,
    ) -> Outcome<T> {
        let fault = self.draw_fault();
        let mut answers = Vec::new();
        for (subject, store) in self.subjects.iter().zip(stores) {
            if let Some(fault) = fault {
                subject.faults().fail_next(fault);
            }
            answers.push(self.runtime.block_on(transition(&**store)));
        }
        agreed(answers, fault)
    }

    /// Makes a transition of a process that borrows its incarnation.
    pub(crate) fn make_as<T: PartialEq + Debug>(
        &mut self,
        process: usize,
        transition: impl for<'s> Fn(&'s dyn Store, &'s mut Incarnation) -> Commit<'s, T>,
    ) -> Outcome<T> {
        let fault = self.draw_fault();
        let process = &mut self.processes[process];
        let mut answers = Vec::new();
        for ((subject, store), me) in self
            .subjects
            .iter()
            .zip(&process.stores)
            .zip(&mut process.me)
        {
            if let Some(fault) = fault {
                subject.faults().fail_next(fault);
            }
            answers.push(self.runtime.block_on(transition(&**store, me)));
        }
        agreed(answers, fault)
    }

    /// Registers a process.
    pub(crate) fn register(&mut self, process: usize) {
        let is_busy = !self.has_leases() && self.processes.iter().any(|other| !other.me.is_empty());
        let fault = if is_busy { None } else { self.draw_fault() };
        let mut ids = Vec::new();
        let mut registered = Vec::new();
        for (subject, store) in self.subjects.iter().zip(&self.processes[process].stores) {
            if let Some(fault) = fault {
                subject.faults().fail_next(fault);
            }
            let name = format!("process {process}");
            let answer = self.runtime.block_on(store.register(&name, LEASE));
            ids.push(answer.map(|me| {
                registered.push(me);
                registered[registered.len() - 1].id()
            }));
        }
        match agreed(ids, fault) {
            Outcome::Done(id) => {
                let process = &mut self.processes[process];
                process.me = registered;
                let spilled = std::mem::take(&mut process.spilled);
                process
                    .ids
                    .extend(spilled.into_iter().map(|spilled| (id, spilled)));
                self.lives_until_lease_ends(id);
            }
            Outcome::Lost => self.judge.unheard_until = Some(self.lease_from_now()),
            Outcome::Failed => {}
            Outcome::Refused(kind) => {
                assert_eq!(kind, StoreErrorKind::Busy);
                assert!(is_busy);
            }
        }
    }

    pub(crate) fn lives_until_lease_ends(&mut self, id: IncarnationId) {
        if self.has_leases() {
            let end = self.lease_from_now();
            self.judge.leases.insert(id, end);
        }
    }

    fn lease_from_now(&self) -> Timestamp {
        let micros = u64::try_from(LEASE.as_micros()).unwrap();
        Timestamp::from_micros(self.now.micros() + micros)
    }

    /// Returns `true` if the incarnation's lease has ended.
    pub(crate) fn has_ended(&self, id: IncarnationId) -> bool {
        let lease = self.judge.leases.get(&id);
        lease.is_some_and(|end| *end <= self.now)
    }

    /// Kills a process and starts another one in its place. Ids that the store has not acknowledged are in its
    /// file of ids, or lost with it.
    pub(crate) fn kill(&mut self, process: usize) {
        self.note_risk(process);
        let stores = self
            .subjects
            .iter_mut()
            .map(|subject| subject.open())
            .collect();
        let killed = std::mem::replace(&mut self.processes[process], Process::new(stores));
        let rng = &mut self.rng;
        let written = killed.ids.into_iter().filter(|_| rng.bool());
        let written = written.map(|(_, id)| id);
        self.processes[process].spilled = killed.spilled.into_iter().chain(written).collect();
    }

    /// Notes what may become a doubt, since its process may end.
    pub(crate) fn note_risk(&mut self, process: usize) {
        let process = &self.processes[process];
        self.judge.at_risk.extend(process.unreported());
    }

    /// Returns the intents that the store has for an incarnation.
    pub(crate) fn intents_of(&self, id: IncarnationId) -> Vec<Attempt> {
        let held = self.read(&self.person[0], |store| store.attempts(Attempts::Held));
        let intents = held
            .into_iter()
            .filter(|attempt| attempt.state == AttemptState::Intent && attempt.owner == Some(id));
        intents.collect()
    }

    pub(crate) fn read<'s, T>(
        &self,
        store: &'s Arc<dyn Store>,
        read: impl Fn(&'s dyn Store) -> Commit<'s, T>,
    ) -> T {
        self.runtime.block_on(read(&**store)).unwrap()
    }

    /// Returns all that a store shows.
    pub(crate) fn shown(&self, store: usize) -> Shown {
        let store = &self.person[store];
        Shown {
            counts: self.read(store, |store| store.counts()),
            funds: self.read(store, |store| store.funds()),
            by_prefix: self.read(store, |store| store.count_by_prefix(PREFIX.to_owned())),
            latest: self.read(store, |store| {
                store.latest(PREFIX.to_owned(), LISTED.to_vec(), MAX_LISTED)
            }),
            rows: self.read(store, |store| store.rows(None, 0, usize::MAX)),
            attempts: self.read(store, |store| store.attempts(Attempts::All)),
            events: self.read(store, |store| store.events(0, usize::MAX)),
            service: self.read(store, |store| store.service()),
        }
    }

    /// Checks all invariants, and that the stores agree.
    pub(crate) fn check(&mut self) -> Shown {
        let shown = self.shown(0);
        for other in 1..self.person.len() {
            assert_eq!(shown, self.shown(other), "the stores disagree");
        }
        self.judge.check(&shown, &self.service);
        shown
    }
}

/// Returns the outcome on which all stores agree.
fn agreed<T: PartialEq + Debug>(
    answers: Vec<Result<T, StoreError>>,
    fault: Option<Fault>,
) -> Outcome<T> {
    let mut answers = answers
        .into_iter()
        .map(|answer| answer.map_err(|error| error.kind()));
    let first = answers.next().unwrap();
    for other in answers {
        assert_eq!(first, other, "the answers differ");
    }
    match (first, fault) {
        (Ok(answer), None) => Outcome::Done(answer),
        (Ok(answer), Some(fault)) => panic!("{fault:?} was not made: {answer:?}"),
        (Err(StoreErrorKind::Io), Some(Fault::BeforeCommit)) => Outcome::Failed,
        (Err(StoreErrorKind::Io), Some(Fault::AfterCommit)) => Outcome::Lost,
        (Err(kind), _) => Outcome::Refused(kind),
    }
}
