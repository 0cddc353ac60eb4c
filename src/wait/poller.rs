//! The task that polls the jobs of all waits of a client: one task and one timer, however many jobs.

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
/// While there are any, a task polls each job when it is due. It makes as many polls at a time as
/// may be in flight, and one at a time while the circuit breaker is open.
pub(crate) struct Poller {
    api: Arc<Api>,
    run_times: SharedRunTimes,
    state: Mutex<State>,
    changed: Notify,
}

/// A wait's number.
pub(crate) type Key = u64;

#[derive(Default)]
struct State {
    /// There is a task.
    running: bool,
    next_key: Key,
    /// Waits without a poll in flight.
    waits: HashMap<Key, Box<Entry>>,
    /// Times of the next polls; waits that are gone may still be among them.
    polls: BinaryHeap<Reverse<(Instant, Key)>>,
    deadlines: BinaryHeap<Reverse<(Instant, Key)>>,
    circuit_breaker: CircuitBreaker,
}

/// Next step of the task.
struct Turn {
    due: Vec<(Key, Box<Entry>)>,
    wake: Option<Instant>,
}

impl Poller {
    pub(crate) fn new(api: Arc<Api>, run_times: RunTimes) -> Self {
        Self {
            api,
            run_times: SharedRunTimes::new(run_times),
            state: Mutex::default(),
            changed: Notify::new(),
        }
    }

    /// Adds a wait. Its events go to the buffer until nobody else holds that.
    pub(crate) fn add(self: &Arc<Self>, events: Arc<EventBuffer>) -> Key {
        let entry = Box::new(Entry::new(self, events));
        let due = entry.due();
        let (key, must_start) = self.change(|state| {
            let key = state.next_key;
            state.next_key += 1;
            if let Some(deadline) = entry.deadline() {
                state.deadlines.push(Reverse((deadline, key)));
            }
            state.put(key, entry, due);
            (key, !std::mem::replace(&mut state.running, true))
        });
        if must_start {
            // Made before the task, which may never be polled: its runtime may be ending, or there
            // may be none.
            let task = Task {
                poller: Arc::clone(self),
                ended: false,
            };
            tokio::spawn(task.run());
        } else {
            self.changed.notify_one();
        }
        key
    }

    /// Removes a wait that nobody waits for any more.
    pub(crate) fn remove(&self, key: Key) {
        let removed = self.change(|state| state.waits.remove(&key));
        if removed.is_some() {
            self.changed.notify_one();
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

    /// Returns what is due; `None` when there is nothing left to wait for.
    fn turn(&self, in_flight: usize) -> Option<Turn> {
        let now = Instant::now();
        let max_in_flight = self.api.max_in_flight();
        self.change(|state| {
            if state.waits.is_empty() && in_flight == 0 {
                state.running = false;
                state.polls.clear();
                state.deadlines.clear();
                return None;
            }
            Some(state.turn(now, in_flight, max_in_flight))
        })
    }

    /// Takes in the result of a poll.
    fn settle(&self, key: Key, mut entry: Box<Entry>, result: PollResult) {
        let now = Instant::now();
        let failure = match &result {
            PollResult::Failed(error) => Some(Arc::clone(error)),
            _ => None,
        };
        // A wait that was cut short has learnt nothing of the service.
        let reached_service = !matches!(result, PollResult::Stopped(_));
        // The entry is not used again after a panic, but for its end.
        let settled = catch_unwind(AssertUnwindSafe(|| entry.settle(self, result)));
        let next = settled
            .unwrap_or_else(|_| entry.settle(self, PollResult::Stopped(panicked())))
            .filter(|_| !entry.is_abandoned());
        let policy = self.api.retry_policy();
        let ended = self.change(|state| {
            let breaker = &mut state.circuit_breaker;
            match &failure {
                Some(error) => breaker.failed(now, error.retry_after(), policy),
                None if reached_service => breaker.succeeded(),
                None => {}
            }
            match next {
                Some(next) => {
                    state.put(key, entry, next);
                    None
                }
                None => Some(entry),
            }
        });
        // Their readers are woken outside of the lock.
        drop(ended);
        if let Some(error) = failure {
            for (_, mut entry) in self.change(|state| state.take_unreachable(now)) {
                entry.end_unreachable(Arc::clone(&error));
            }
        }
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        // A panic in between leaves at worst a wait out, which its reader then adds again.
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl State {
    fn put(&mut self, key: Key, entry: Box<Entry>, next: Instant) {
        self.polls.push(Reverse((next, key)));
        self.waits.insert(key, entry);
    }

    fn turn(&mut self, now: Instant, in_flight: usize, max_in_flight: usize) -> Turn {
        let mut due = Vec::new();
        while let Some(key) = pop_until(&mut self.deadlines, now) {
            due.extend(self.waits.remove(&key).map(|entry| (key, entry)));
        }
        let mut free = max_in_flight.saturating_sub(in_flight);
        if let Some(next) = self.circuit_breaker.next_probe() {
            free = usize::from(in_flight == 0 && next <= now);
        }
        while free > 0
            && let Some(key) = pop_until(&mut self.polls, now)
        {
            if let Some(entry) = self.waits.remove(&key) {
                due.push((key, entry));
                free -= 1;
            }
        }
        let wake = self.wake(in_flight + due.len(), max_in_flight);
        Turn { due, wake }
    }

    /// Returns when the next turn comes, if nothing else happens.
    fn wake(&self, in_flight: usize, max_in_flight: usize) -> Option<Instant> {
        let first = |heap: &BinaryHeap<Reverse<(Instant, Key)>>| heap.peek().map(|first| first.0.0);
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
    fn take_unreachable(&mut self, now: Instant) -> Vec<(Key, Box<Entry>)> {
        if !self.circuit_breaker.is_too_long() {
            return Vec::new();
        }
        let unreachable = self.waits.extract_if(|_, entry| entry.is_overdue(now));
        unreachable.collect()
    }
}

fn pop_until(heap: &mut BinaryHeap<Reverse<(Instant, Key)>>, now: Instant) -> Option<Key> {
    heap.peek().filter(|first| first.0.0 <= now)?;
    heap.pop().map(|first| first.0.1)
}

/// The task that polls, from the moment that the state says that it runs.
struct Task {
    poller: Arc<Poller>,
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
        while let Some(turn) = poller.turn(polls.len()) {
            for (key, entry) in turn.due {
                polls.push(poll(poller, key, entry));
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
            let (woken, changed) = (pin!(woken), pin!(poller.changed.notified()));
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
            let waits = self.poller.change(|state| {
                state.running = false;
                std::mem::take(&mut state.waits)
            });
            drop(waits);
        }
    }
}

async fn poll(poller: &Poller, key: Key, mut entry: Box<Entry>) -> (Key, Box<Entry>, PollResult) {
    let result = catch_panic(entry.poll(poller)).await;
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
        let waits = self.change(|state| state.waits.len());
        f.debug_struct("Poller")
            .field("waits", &waits)
            .finish_non_exhaustive()
    }
}
