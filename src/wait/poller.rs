//! The tasks that poll the jobs of all waits of a client: one task and one timer for each runtime,
//! however many jobs.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::fmt;
use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::StreamExt;
use futures_util::future::{Either, select};
use futures_util::stream::FuturesUnordered;
use tokio::runtime::{self, Handle};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use crate::api::Api;
use crate::catch_panic::catch_panic;
use crate::error::{Error, ErrorKind};
use crate::wait::run_times::{RunTimes, SharedRunTimes};

mod circuit_breaker;
mod entry;
mod event_buffer;
mod pending_result;
mod unreachable;
mod wait_target;

use circuit_breaker::CircuitBreaker;
use entry::{Entry, PollResult};

pub(crate) use event_buffer::{BufferedEvent, Ending, EventBuffer};
pub(crate) use wait_target::WaitTarget;

/// All waits of a client.
///
/// A wait is driven by the runtime that awaits it: another one may be idle, and would not wake up for
/// its deadline. While a runtime has any waits, a task in it polls each job when it is due. The task
/// makes as many polls at a time as may be in flight, and one at a time while the circuit breaker is
/// open.
pub(crate) struct Poller {
    api: Arc<Api>,
    run_times: SharedRunTimes,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    next_number: u64,
    /// Only of runtimes that have a task.
    runtimes: HashMap<runtime::Id, Waits>,
}

/// A wait's number, and the runtime that drives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    runtime: runtime::Id,
    number: u64,
}

impl Key {
    /// Returns `true` unless the current runtime is known to be another one.
    pub(crate) fn is_driven_here(self) -> bool {
        Handle::try_current().map_or(true, |current| current.id() == self.runtime)
    }
}

/// The waits that one runtime drives.
#[derive(Default)]
struct Waits {
    changed: Arc<Notify>,
    /// Waits without a poll in flight.
    idle: HashMap<u64, Box<Entry>>,
    /// Times of the next polls; waits that are gone may still be among them.
    polls: BinaryHeap<Reverse<(Instant, u64)>>,
    deadlines: BinaryHeap<Reverse<(Instant, u64)>>,
    circuit_breaker: CircuitBreaker,
}

/// Next step of the task.
struct Turn {
    due: Vec<(u64, Box<Entry>)>,
    wake: Option<Instant>,
}

impl Poller {
    pub(crate) fn new(api: Arc<Api>, run_times: RunTimes) -> Self {
        Self {
            api,
            run_times: SharedRunTimes::new(run_times),
            state: Mutex::default(),
        }
    }

    /// Adds a wait to the current runtime. Its events go to the buffer until nobody else holds that.
    pub(crate) fn add(self: &Arc<Self>, events: Arc<EventBuffer>) -> Key {
        let runtime = Handle::current().id();
        let entry = Box::new(Entry::new(&self.run_times, events));
        let due = entry.due();
        let (number, changed, must_start) = self.change(|state| {
            let number = state.next_number;
            state.next_number += 1;
            let must_start = !state.runtimes.contains_key(&runtime);
            let waits = state.runtimes.entry(runtime).or_default();
            if let Some(deadline) = entry.deadline() {
                waits.deadlines.push(Reverse((deadline, number)));
            }
            waits.put(number, entry, due);
            (number, Arc::clone(&waits.changed), must_start)
        });
        if must_start {
            // Made before the task, which may never be polled: its runtime may be ending.
            let task = Task {
                poller: Arc::clone(self),
                runtime,
                changed,
                ended: false,
            };
            tokio::spawn(task.run());
        } else {
            changed.notify_one();
        }
        Key { runtime, number }
    }

    /// Removes a wait that nobody waits for any more.
    pub(crate) fn remove(&self, key: Key) {
        let removed = self.change(|state| {
            let waits = state.runtimes.get_mut(&key.runtime)?;
            let entry = waits.idle.remove(&key.number)?;
            Some((entry, Arc::clone(&waits.changed)))
        });
        if let Some((_, changed)) = removed {
            changed.notify_one();
        }
    }

    /// Returns what is known of the run times of jobs.
    pub(crate) fn run_times(&self) -> RunTimes {
        self.run_times.snapshot()
    }

    /// Returns the model's id as all its jobs share it.
    pub(crate) fn model_name(&self, model_id: &str) -> Arc<str> {
        self.run_times.name(model_id)
    }

    /// Returns what is due in a runtime; `None` when there is nothing left to wait for.
    fn turn(&self, runtime: runtime::Id, in_flight: usize) -> Option<Turn> {
        let now = Instant::now();
        let max_in_flight = self.api.max_in_flight();
        self.change(|state| {
            let waits = state.runtimes.get_mut(&runtime)?;
            if waits.idle.is_empty() && in_flight == 0 {
                state.runtimes.remove(&runtime);
                return None;
            }
            Some(waits.turn(now, in_flight, max_in_flight))
        })
    }

    /// Takes in the result of a poll.
    fn settle(&self, key: Key, mut entry: Box<Entry>, result: PollResult) {
        let Key { runtime, number } = key;
        let now = Instant::now();
        let failure = match &result {
            PollResult::Failed(error) => Some(Arc::clone(error)),
            _ => None,
        };
        // A wait that was cut short has learnt nothing of the service.
        let reached_service = !matches!(result, PollResult::Stopped(_));
        // The entry is not used again after a panic, but for its end.
        let mut settle = |result| entry.settle(&self.api, &self.run_times, result);
        let settled = catch_unwind(AssertUnwindSafe(|| settle(result)));
        let next = settled
            .unwrap_or_else(|_| settle(PollResult::Stopped(panicked())))
            .filter(|_| !entry.is_abandoned());
        let policy = self.api.retry_policy();
        let new_limit = entry.new_limit();
        let ended = self.change(|state| {
            let waits = state.runtimes.entry(runtime).or_default();
            let breaker = &mut waits.circuit_breaker;
            match &failure {
                Some(error) => breaker.failed(now, error.retry_after(), policy),
                None if reached_service => breaker.succeeded(),
                None => {}
            }
            match next {
                Some(next) => {
                    let limit = new_limit.map(|limit| Reverse((limit, number)));
                    waits.deadlines.extend(limit);
                    waits.put(number, entry, next);
                    None
                }
                None => Some(entry),
            }
        });
        // Their readers are woken outside of the lock.
        drop(ended);
        if let Some(error) = failure {
            let unreachable = self.change(|state| {
                let waits = state.runtimes.get_mut(&runtime);
                waits.map(|waits| waits.take_unreachable(now))
            });
            for (_, mut entry) in unreachable.into_iter().flatten() {
                entry.end_unreachable(Arc::clone(&error));
            }
        }
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        // A panic in between leaves at worst a wait out, which its reader then adds again.
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Waits {
    fn put(&mut self, number: u64, entry: Box<Entry>, next: Instant) {
        self.polls.push(Reverse((next, number)));
        self.idle.insert(number, entry);
    }

    fn turn(&mut self, now: Instant, in_flight: usize, max_in_flight: usize) -> Turn {
        let mut due = Vec::new();
        while let Some(number) = pop_until(&mut self.deadlines, now) {
            // A limit that has moved, or was taken back, makes nothing due.
            let expired = self.idle.get(&number);
            if expired.is_some_and(|entry| entry.has_expired(now)) {
                due.extend(self.idle.remove(&number).map(|entry| (number, entry)));
            }
        }
        let mut free = max_in_flight.saturating_sub(in_flight);
        if let Some(next) = self.circuit_breaker.next_probe() {
            free = usize::from(in_flight == 0 && next <= now);
        }
        while free > 0
            && let Some(number) = pop_until(&mut self.polls, now)
        {
            if let Some(entry) = self.idle.remove(&number) {
                due.push((number, entry));
                free -= 1;
            }
        }
        let wake = self.wake(in_flight + due.len(), max_in_flight);
        Turn { due, wake }
    }

    /// Returns when the next turn comes, if nothing else happens.
    fn wake(&self, in_flight: usize, max_in_flight: usize) -> Option<Instant> {
        let first = |heap: &BinaryHeap<Reverse<(Instant, u64)>>| heap.peek().map(|first| first.0.0);
        let poll = match self.circuit_breaker.next_probe() {
            // The probe in flight decides.
            Some(_) if in_flight > 0 => None,
            Some(next) => first(&self.polls).map(|first| first.max(next)),
            None if in_flight >= max_in_flight => None,
            None => first(&self.polls),
        };
        poll.into_iter().chain(first(&self.deadlines)).min()
    }

    /// Takes out the waits that have had no response for too long in an outage.
    fn take_unreachable(&mut self, now: Instant) -> Vec<(u64, Box<Entry>)> {
        if !self.circuit_breaker.is_too_long() {
            return Vec::new();
        }
        let unreachable = self.idle.extract_if(|_, entry| entry.is_overdue(now));
        unreachable.collect()
    }
}

fn pop_until(heap: &mut BinaryHeap<Reverse<(Instant, u64)>>, now: Instant) -> Option<u64> {
    heap.peek().filter(|first| first.0.0 <= now)?;
    heap.pop().map(|first| first.0.1)
}

/// The task that polls in a runtime, from the moment that the state has the runtime.
struct Task {
    poller: Arc<Poller>,
    runtime: runtime::Id,
    changed: Arc<Notify>,
    ended: bool,
}

impl Task {
    /// Polls until the last wait has ended; then it lets go of the client.
    async fn run(mut self) {
        self.poll_all().await;
        self.ended = true;
    }

    async fn poll_all(&self) {
        let poller = &*self.poller;
        let mut polls = FuturesUnordered::new();
        while let Some(turn) = poller.turn(self.runtime, polls.len()) {
            for (number, entry) in turn.due {
                let runtime = self.runtime;
                polls.push(poll(poller, Key { runtime, number }, entry));
            }
            let next_result = async {
                match polls.next().await {
                    Some(result) => result,
                    None => pending().await,
                }
            };
            let woken = async {
                match turn.wake {
                    Some(at) => sleep_until(at).await,
                    None => pending().await,
                }
            };
            let (woken, changed) = (pin!(woken), pin!(self.changed.notified()));
            let settled = match select(pin!(next_result), select(woken, changed)).await {
                Either::Left((settled, _)) => Some(settled),
                Either::Right(_) => None,
            };
            if let Some((key, entry, result)) = settled {
                poller.settle(key, entry, result);
            }
        }
    }
}

/// A task that is dropped with its runtime gives its waits back to their readers.
impl Drop for Task {
    fn drop(&mut self) {
        if !self.ended {
            let waits = self
                .poller
                .change(|state| state.runtimes.remove(&self.runtime));
            // Their readers are woken outside of the lock.
            drop(waits);
        }
    }
}

async fn poll(poller: &Poller, key: Key, mut entry: Box<Entry>) -> (Key, Box<Entry>, PollResult) {
    let result = catch_panic(entry.poll(&poller.api)).await;
    let result = result.unwrap_or_else(|_| PollResult::Stopped(panicked()));
    (key, entry, result)
}

/// Returns the end of a wait whose poll panicked: were it added again, it might panic for ever, and
/// all other waits with it.
fn panicked() -> Error {
    let message = "a poll of the job panicked, in this client or in what it was set up with; the job \
                   may keep running; resume it by its request id";
    Error::new(ErrorKind::ResponseLost, message)
}

/// Prints the number of waits, not each of them.
impl fmt::Debug for Poller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let waits = |state: &mut State| state.runtimes.values().map(|waits| waits.idle.len()).sum();
        let waits: usize = self.change(waits);
        f.debug_struct("Poller")
            .field("waits", &waits)
            .finish_non_exhaustive()
    }
}
