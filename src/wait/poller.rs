//! Looks after all waits of a client: one task, one timer, however many jobs.

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

use crate::catch_panic::caught;
use crate::client::Client;
use crate::error::Error;
use crate::error::ErrorKind;
use crate::http::rate_limit::MAX_IN_FLIGHT;

mod circuit_breaker;
mod entry;
mod event_buffer;
mod order;
mod unreachable;

use circuit_breaker::CircuitBreaker;
use entry::{Entry, PollResult};

pub(crate) use event_buffer::{BufferedEvent, Ending, EventBuffer};
pub(crate) use order::Order;

/// All waits of a client. While there are any a task looks at each job when its time has come, at
/// so many at once as may be sent at once, and in an outage at one.
#[derive(Default)]
pub(crate) struct Scheduler {
    state: Mutex<State>,
    changed: Notify,
}

/// A wait's number.
pub(crate) type Key = u64;

#[derive(Default)]
struct State {
    running: bool,
    next_key: Key,
    /// Those that are not being looked at.
    waits: HashMap<Key, Box<Entry>>,
    /// When each is looked at next; waits that are gone may still stand here.
    looks: BinaryHeap<Reverse<(Instant, Key)>>,
    deadlines: BinaryHeap<Reverse<(Instant, Key)>>,
    outage: CircuitBreaker,
}

/// What the task does next.
struct Turn {
    due: Vec<(Key, Box<Entry>)>,
    wake: Option<Instant>,
}

impl Scheduler {
    /// Takes a wait in; what it has to tell comes to the mailbox until that is dropped.
    pub(crate) fn add(client: &Client, mail: Arc<EventBuffer>) -> Key {
        let entry = Box::new(Entry::new(client, mail));
        let due = entry.due();
        let this = &client.inner.scheduler;
        let (key, must_start) = this.change(|state| {
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
                client: client.clone(),
                ended: false,
            };
            tokio::spawn(task.run());
        } else {
            this.changed.notify_one();
        }
        key
    }

    /// Forgets a wait that nobody waits for any more.
    pub(crate) fn remove(&self, key: Key) {
        let removed = self.change(|state| state.waits.remove(&key));
        if removed.is_some() {
            self.changed.notify_one();
        }
    }

    /// What is due; `None` when there is nothing left to wait for.
    fn turn(&self, under_way: usize) -> Option<Turn> {
        let now = Instant::now();
        self.change(|state| {
            if state.waits.is_empty() && under_way == 0 {
                state.running = false;
                state.looks.clear();
                state.deadlines.clear();
                return None;
            }
            Some(state.turn(now, under_way))
        })
    }

    fn settle(&self, client: &Client, key: Key, mut entry: Box<Entry>, seen: PollResult) {
        let now = Instant::now();
        let failure = match &seen {
            PollResult::Failed(error) => Some(Arc::clone(error)),
            _ => None,
        };
        // A wait that was cut short has learnt nothing of the service.
        let learnt = !matches!(seen, PollResult::Over(_));
        // The entry is not used again after a panic, but for its end.
        let settled = catch_unwind(AssertUnwindSafe(|| entry.settle(client, seen)));
        let next = settled
            .unwrap_or_else(|_| entry.settle(client, PollResult::Over(panicked())))
            .filter(|_| !entry.is_abandoned());
        let ended = self.change(|state| {
            match &failure {
                Some(error) => state.outage.failed(now, error.retry_after()),
                None if learnt => state.outage.succeeded(),
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
            for (_, mut entry) in self.change(|state| state.take_silent(now)) {
                entry.end_silent(Arc::clone(&error));
            }
        }
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        // A panic in between leaves at worst a wait out, which its reader then takes up again.
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl State {
    fn put(&mut self, key: Key, entry: Box<Entry>, next: Instant) {
        self.looks.push(Reverse((next, key)));
        self.waits.insert(key, entry);
    }

    fn turn(&mut self, now: Instant, under_way: usize) -> Turn {
        let mut due = Vec::new();
        while let Some(key) = pop_until(&mut self.deadlines, now) {
            due.extend(self.waits.remove(&key).map(|entry| (key, entry)));
        }
        let mut free = MAX_IN_FLIGHT.saturating_sub(under_way);
        if let Some(next) = self.outage.next() {
            free = usize::from(under_way == 0 && next <= now);
        }
        while free > 0
            && let Some(key) = pop_until(&mut self.looks, now)
        {
            if let Some(entry) = self.waits.remove(&key) {
                due.push((key, entry));
                free -= 1;
            }
        }
        let wake = self.wake(under_way + due.len());
        Turn { due, wake }
    }

    /// When the next turn comes, if nothing else happens.
    fn wake(&self, under_way: usize) -> Option<Instant> {
        let first = |heap: &BinaryHeap<Reverse<(Instant, Key)>>| heap.peek().map(|first| first.0.0);
        let look = match self.outage.next() {
            // The one look under way decides.
            Some(_) if under_way > 0 => None,
            Some(next) => first(&self.looks).map(|first| first.max(next)),
            None if under_way >= MAX_IN_FLIGHT => None,
            None => first(&self.looks),
        };
        look.into_iter().chain(first(&self.deadlines)).min()
    }

    /// The waits that have heard nothing for too long in an outage.
    fn take_silent(&mut self, now: Instant) -> Vec<(Key, Box<Entry>)> {
        if !self.outage.is_too_long() {
            return Vec::new();
        }
        let silent = self.waits.extract_if(|_, entry| entry.is_overdue(now));
        silent.collect()
    }
}

fn pop_until(heap: &mut BinaryHeap<Reverse<(Instant, Key)>>, now: Instant) -> Option<Key> {
    heap.peek().filter(|first| first.0.0 <= now)?;
    heap.pop().map(|first| first.0.1)
}

/// What looks after the waits, from the time that it is said to run.
struct Task {
    client: Client,
    ended: bool,
}

impl Task {
    /// Ends with the last wait, and lets go of the client with that.
    async fn run(mut self) {
        self.look_after_all().await;
        self.ended = true;
    }

    async fn look_after_all(&self) {
        let client = &self.client;
        let scheduler = &client.inner.scheduler;
        let mut looks = FuturesUnordered::new();
        while let Some(turn) = scheduler.turn(looks.len()) {
            for (key, entry) in turn.due {
                looks.push(look(client, key, entry));
            }
            let looked = async {
                match looks.next().await {
                    Some(looked) => looked,
                    None => pending().await,
                }
            };
            let woken = async {
                match turn.wake {
                    Some(at) => sleep_until(at).await,
                    None => pending().await,
                }
            };
            let (woken, changed) = (pin!(woken), pin!(scheduler.changed.notified()));
            let looked = match select(pin!(looked), select(woken, changed)).await {
                Either::Left((looked, _)) => Some(looked),
                Either::Right(_) => None,
            };
            if let Some((key, entry, seen)) = looked {
                scheduler.settle(client, key, entry, seen);
            }
        }
    }
}

/// Where it is dropped, with its runtime, its waits are given back to their readers.
impl Drop for Task {
    fn drop(&mut self) {
        if !self.ended {
            let waits = self.client.inner.scheduler.change(|state| {
                state.running = false;
                std::mem::take(&mut state.waits)
            });
            drop(waits);
        }
    }
}

async fn look(client: &Client, key: Key, mut entry: Box<Entry>) -> (Key, Box<Entry>, PollResult) {
    let seen = caught(entry.look(client)).await;
    let seen = seen.unwrap_or_else(|_| PollResult::Over(panicked()));
    (key, entry, seen)
}

/// The end of a wait whose look panicked: were it taken up again, it might panic for ever, and all
/// other waits with it.
fn panicked() -> Error {
    let message = "a look at the job panicked, in this client or in what it was set up with; the \
                   job may go on; its request id takes it up again";
    Error::new(ErrorKind::ResponseLost, message)
}

/// How many wait, and not each of them.
impl fmt::Debug for Scheduler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let waits = self.change(|state| state.waits.len());
        f.debug_struct("Scheduler")
            .field("waits", &waits)
            .finish_non_exhaustive()
    }
}
