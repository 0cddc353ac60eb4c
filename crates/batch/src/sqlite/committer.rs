//! The thread that commits.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::oneshot;

use super::failure::Failure;
use crate::faults::{Fault, Faults};
use crate::store::Commit;
use crate::store::error::{StoreError, StoreErrorKind};

/// Maximum number of transitions in one commit.
const MAX_GROUP: usize = 256;

/// A thread that owns a connection and makes transitions, in the order in which they come.
///
/// All that wait are made in one commit, which needs one sync: the more there are, the less each
/// costs. Dropping it makes what waits, and ends the thread.
#[derive(Debug)]
pub(super) struct Committer {
    queue: Option<Sender<Box<dyn Task>>>,
    thread: Option<JoinHandle<()>>,
    /// `None` for a thread that reads.
    faults: Option<Faults>,
}

/// A transition that waits for its commit.
trait Task: Send {
    /// Makes the transition; returns `false` if it must be taken back.
    fn make(&mut self, connection: &Connection) -> bool;

    /// Answers it, after the commit. `failure` is the reason for which nothing was stored.
    fn answer(self: Box<Self>, failure: Option<&Failure>);
}

struct Transition<T, F> {
    make: Option<F>,
    outcome: Option<Result<T, StoreError>>,
    fault: Option<Fault>,
    answer: oneshot::Sender<Result<T, StoreError>>,
}

impl Committer {
    /// Starts a thread that writes.
    pub(super) fn writer(connection: Connection, faults: Faults) -> Result<Self, StoreError> {
        Self::start(connection, TransactionBehavior::Immediate, Some(faults))
    }

    /// Starts a thread that reads.
    pub(super) fn reader(connection: Connection) -> Result<Self, StoreError> {
        Self::start(connection, TransactionBehavior::Deferred, None)
    }

    fn start(
        connection: Connection,
        behavior: TransactionBehavior,
        faults: Option<Faults>,
    ) -> Result<Self, StoreError> {
        let (queue, tasks) = channel();
        let name = "runcomfy-batch".to_owned();
        let thread = thread::Builder::new().name(name);
        let thread = thread.spawn(move || run(connection, behavior, &tasks));
        let thread = thread.map_err(|error| Failure::from(error).into_error())?;
        Ok(Self {
            queue: Some(queue),
            thread: Some(thread),
            faults,
        })
    }

    /// Makes a transition and waits for its commit. It is queued at once, and made even if the future is
    /// dropped.
    pub(super) fn commit<T: Send + 'static>(
        &self,
        make: impl FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    ) -> Commit<'static, T> {
        let (answer, answered) = oneshot::channel();
        let transition = Transition {
            make: Some(|connection: &Connection| make(connection).map_err(Failure::into_error)),
            outcome: None,
            fault: self.faults.as_ref().and_then(Faults::take),
            answer,
        };
        if let Some(queue) = &self.queue {
            // A thread that has ended answers nothing, which is an error below.
            let _ = queue.send(Box::new(transition));
        }
        Box::pin(async move { answered.await.unwrap_or_else(|_| Err(thread_has_ended())) })
    }
}

impl Drop for Committer {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn thread_has_ended() -> StoreError {
    StoreError::new(
        StoreErrorKind::Io,
        "the thread of the store has ended; the transition may not be stored. Open the store again",
    )
}

fn run(mut connection: Connection, behavior: TransactionBehavior, tasks: &Receiver<Box<dyn Task>>) {
    while let Ok(first) = tasks.recv() {
        let rest = tasks.try_iter().take(MAX_GROUP - 1);
        let mut group: Vec<_> = std::iter::once(first).chain(rest).collect();
        let failure = commit(&mut connection, behavior, &mut group).err();
        for task in group {
            task.answer(failure.as_ref());
        }
    }
}

/// Makes a group of transitions in one commit, each as a whole or not at all.
fn commit(
    connection: &mut Connection,
    behavior: TransactionBehavior,
    group: &mut [Box<dyn Task>],
) -> Result<(), Failure> {
    let mut transaction = connection.transaction_with_behavior(behavior)?;
    for task in group {
        let savepoint = transaction.savepoint()?;
        if task.make(&savepoint) {
            savepoint.commit()?;
        } else {
            savepoint.finish()?;
        }
    }
    transaction.commit()?;
    Ok(())
}

impl<T: Send, F: FnOnce(&Connection) -> Result<T, StoreError> + Send> Task for Transition<T, F> {
    fn make(&mut self, connection: &Connection) -> bool {
        let Some(make) = self.make.take() else {
            return false;
        };
        let mut outcome = make(connection);
        if self.fault == Some(Fault::BeforeCommit) {
            outcome = Err(Fault::BeforeCommit.error());
        }
        let is_made = outcome.is_ok();
        self.outcome = Some(outcome);
        is_made
    }

    fn answer(self: Box<Self>, failure: Option<&Failure>) {
        let outcome = match (failure, self.outcome, self.fault) {
            // A transition that was refused keeps its own reason.
            (_, Some(Err(error)), _) => Err(error),
            (Some(failure), ..) => Err(failure.to_error()),
            (None, None, _) => Err(thread_has_ended()),
            (None, Some(Ok(_)), Some(fault)) => Err(fault.error()),
            (None, Some(Ok(answer)), None) => Ok(answer),
        };
        // Nobody may be waiting any more.
        let _ = self.answer.send(outcome);
    }
}
