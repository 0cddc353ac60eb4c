//! The writing of outcomes into the store, until it has them.

use std::sync::Arc;
use std::time::Duration;

use runcomfy::RequestId;
use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep;
use tracing::{error, warn};

use super::log_target::TARGET;
use super::spill::Spill;
use crate::ending::{Ending, NotSent};
use crate::incarnation::IncarnationId;
use crate::job_key::JobKey;
use crate::store::Store;
use crate::store::error::StoreError;

/// An outcome to store.
#[derive(Debug)]
pub(super) enum Record {
    /// The service has given an id.
    Received(JobKey, RequestId),
    /// An attempt has certainly made no job.
    NotSent(NotSent),
    /// The outcome is unknown, for this reason.
    Doubtful(JobKey, String),
    /// A job has ended.
    Settled(Ending),
}

/// Takes outcomes from the tasks of an incarnation's jobs. A task of its own stores them: those that wait
/// share a commit, and each is repeated until the store has it. Its clones write to the same store.
#[derive(Clone, Debug)]
pub(super) struct Recorder {
    me: IncarnationId,
    queue: mpsc::UnboundedSender<Message>,
}

type Message = (IncarnationId, Record, oneshot::Sender<()>);

/// Facts, each with the incarnation that found it.
type Facts<T> = Vec<(IncarnationId, T)>;

/// Maximum number of outcomes that share a commit.
const MAX_BLOCK: usize = 512;
const MIN_BACKOFF: Duration = Duration::from_millis(50);
const MAX_BACKOFF: Duration = Duration::from_secs(5);

impl Recorder {
    /// Creates the recorder of an incarnation, and its task, which ends with the last clone.
    pub(super) fn new(store: Arc<dyn Store>, me: IncarnationId, spill: Option<Spill>) -> Self {
        let (queue, receiver) = mpsc::unbounded_channel();
        let writer = Writer {
            store,
            spill,
            receiver,
        };
        tokio::spawn(writer.run());
        Self { me, queue }
    }

    /// Returns the recorder of another incarnation of this process, with the same task.
    pub(super) fn for_incarnation(&self, me: IncarnationId) -> Self {
        Self {
            me,
            queue: self.queue.clone(),
        }
    }

    /// Stores an outcome, and waits until the store has it.
    pub(super) async fn record(&self, record: Record) {
        let stored = self.send(record);
        // The task ends early only where the runtime does.
        let _ = stored.await;
    }

    /// Stores an outcome without a wait for it.
    pub(super) fn send(&self, record: Record) -> oneshot::Receiver<()> {
        let (sender, stored) = oneshot::channel();
        // As for the wait.
        let _ = self.queue.send((self.me, record, sender));
        stored
    }
}

struct Writer {
    store: Arc<dyn Store>,
    spill: Option<Spill>,
    receiver: mpsc::UnboundedReceiver<Message>,
}

/// Outcomes of one commit each, and those who wait for them.
#[derive(Default)]
struct Block {
    received: Facts<(JobKey, RequestId)>,
    not_sent: Facts<NotSent>,
    doubtful: Facts<(JobKey, String)>,
    settled: Facts<Ending>,
    waiting: Vec<oneshot::Sender<()>>,
}

impl Block {
    fn add(&mut self, (me, record, waiting): Message) {
        self.waiting.push(waiting);
        match record {
            Record::Received(key, id) => self.received.push((me, (key, id))),
            Record::NotSent(attempt) => self.not_sent.push((me, attempt)),
            Record::Doubtful(key, reason) => self.doubtful.push((me, (key, reason))),
            Record::Settled(ending) => self.settled.push((me, ending)),
        }
    }
}

impl Writer {
    async fn run(mut self) {
        let mut messages = Vec::new();
        while self.receiver.recv_many(&mut messages, MAX_BLOCK).await > 0 {
            let mut block = Block::default();
            messages.drain(..).for_each(|message| block.add(message));
            self.write(block).await;
        }
    }

    /// Stores a block: the ids first, since an ending needs its id.
    async fn write(&mut self, mut block: Block) {
        self.write_ids(&mut block).await;
        let store = &*self.store;
        let refused = [
            repeat(&block.not_sent, |me, facts| store.not_sent(me, facts)).await,
            repeat(&block.doubtful, |me, facts| store.doubtful(me, facts)).await,
            repeat(&block.settled, |me, facts| store.settle(me, facts)).await,
        ];
        for (me, key) in refused.into_iter().flatten() {
            warn!(target: TARGET, batch = store.id(), worker = %me, %key, "the store has another outcome of the attempt");
        }
        for waiting in block.waiting {
            // The task of the job may be gone.
            let _ = waiting.send(());
        }
    }

    /// Stores ids until the store has them. While it fails they are spilled, with those that arrive
    /// meanwhile.
    async fn write_ids(&mut self, block: &mut Block) {
        let (mut backoff, mut spilled) = (MIN_BACKOFF, 0);
        while !block.received.is_empty() {
            match self.write_ids_once(&block.received).await {
                Ok(()) => break,
                Err(error) => self.keep(block, &mut spilled, &error).await,
            }
            sleep(backoff).await;
            backoff = (backoff * 2).min(MAX_BACKOFF);
            while let Ok(message) = self.receiver.try_recv() {
                block.add(message);
            }
        }
        if let Some(spill) = self.spill.as_ref().filter(|_| spilled > 0)
            && let Err(error) = spill.remove().await
        {
            warn!(target: TARGET, file = %spill.path().display(), %error, "could not remove the file of ids; the next run reads it again, which changes nothing");
        }
    }

    async fn write_ids_once(&self, ids: &Facts<(JobKey, RequestId)>) -> Result<(), StoreError> {
        for (me, ids) in by_incarnation(ids) {
            let received = self.store.received(me, ids).await?;
            for key in received.doubles.iter().chain(&received.strays) {
                error!(target: TARGET, batch = self.store.id(), worker = %me, %key, "an id arrived for an attempt that has another, or a newer one beside it; both may be paid");
            }
        }
        Ok(())
    }

    /// Spills the ids of a block that are not yet.
    async fn keep(&self, block: &Block, spilled: &mut usize, error: &StoreError) {
        warn!(target: TARGET, batch = self.store.id(), %error, "could not store ids; they are kept, and stored again");
        let Some(spill) = &self.spill else { return };
        let new = block.received[*spilled..].iter();
        let new: Vec<_> = new.map(|(_, id)| id.clone()).collect();
        if new.is_empty() {
            return;
        }
        match spill.append(&new).await {
            Ok(()) => *spilled = block.received.len(),
            Err(error) => {
                for (key, id) in new {
                    error!(target: TARGET, batch = self.store.id(), %key, request_id = %id, %error, "could not write the id to a file either; it is in memory alone");
                }
            }
        }
    }
}

/// Splits facts into runs of one incarnation each.
fn by_incarnation<T: Clone>(facts: &Facts<T>) -> impl Iterator<Item = (IncarnationId, Vec<T>)> {
    let runs = facts.chunk_by(|one, other| one.0 == other.0);
    runs.map(|run| (run[0].0, run.iter().map(|(_, fact)| fact.clone()).collect()))
}

/// Makes a transition until the store has it, and returns the keys that it refuses.
async fn repeat<'a, T: Clone>(
    facts: &Facts<T>,
    make: impl Fn(IncarnationId, Vec<T>) -> crate::store::Commit<'a, Vec<JobKey>>,
) -> Facts<JobKey> {
    let mut refused = Vec::new();
    for (me, facts) in by_incarnation(facts) {
        let mut backoff = MIN_BACKOFF;
        loop {
            match make(me, facts.clone()).await {
                Ok(keys) => {
                    refused.extend(keys.into_iter().map(|key| (me, key)));
                    break;
                }
                Err(error) => {
                    warn!(target: TARGET, %error, "could not store outcomes; they are kept, and stored again");
                }
            }
            sleep(backoff).await;
            backoff = (backoff * 2).min(MAX_BACKOFF);
        }
    }
    refused
}

#[cfg(test)]
mod tests {
    use runcomfy::schema::Json;

    use super::*;
    use crate::clock::Clock;
    use crate::ending::{End, Retry};
    use crate::faults::{Fault, Faults};
    use crate::incarnation::Incarnation;
    use crate::memory::MemoryStore;
    use crate::money::Money;
    use crate::new_job::NewJob;

    /// Returns a store of which `faults` makes commits fail, and keys that its incarnation has claimed.
    async fn claimed(faults: &Faults) -> (Arc<dyn Store>, Incarnation, Vec<JobKey>) {
        let store = MemoryStore::new(Clock::system()).faults(faults.clone());
        let job = |n| {
            let id = format!("job {n}").parse().unwrap();
            NewJob::new(id, "m", Json::Null, Money::from_micros(5))
        };
        store.import((1..=4).map(job).collect()).await.unwrap();
        let mut me = store.register("test", Duration::MAX).await.unwrap();
        let jobs = store.claim(&mut me, 4).await.unwrap().jobs;
        let keys = jobs.into_iter().map(|job| job.key).collect();
        (Arc::new(store), me, keys)
    }

    #[tokio::test(start_paused = true)]
    async fn outcomes_are_stored_although_commits_fail() {
        for fault in [Fault::BeforeCommit, Fault::AfterCommit] {
            let faults = Faults::new();
            let (store, me, keys) = claimed(&faults).await;
            let recorder = Recorder::new(Arc::clone(&store), me.id(), None);
            let id = || "r-1".parse().unwrap();
            let refused = NotSent::new(keys[1].clone(), "refused", Retry::Never);
            for record in [
                Record::Received(keys[0].clone(), id()),
                Record::NotSent(refused),
                Record::Doubtful(keys[2].clone(), "lost".to_owned()),
                Record::Settled(Ending::new(keys[0].clone(), End::Cancelled)),
            ] {
                faults.fail_next(fault);
                recorder.record(record).await;
            }
            let counts = store.counts().await.unwrap();
            let states = [
                counts.cancelled,
                counts.failed,
                counts.in_doubt,
                counts.intent,
            ];
            assert_eq!(states, [1, 1, 1, 1], "{fault:?}");
        }
    }

    #[tokio::test]
    async fn id_is_in_a_file_until_the_store_has_it() {
        let folder = tempfile::tempdir().unwrap();
        let spill = Spill::new(folder.path().join("ids.jsonl"));
        let faults = Faults::new();
        let (store, me, keys) = claimed(&faults).await;
        faults.fail_next(Fault::BeforeCommit);
        let recorder = Recorder::new(Arc::clone(&store), me.id(), Some(spill.clone()));
        let id: RequestId = "r-1".parse().unwrap();
        let stored = recorder.send(Record::Received(keys[0].clone(), id.clone()));
        while spill.read().await.unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
        assert_eq!(spill.read().await.unwrap(), [(keys[0].clone(), id)]);
        stored.await.unwrap();
        assert_eq!(store.counts().await.unwrap().submitted, 1);
        assert!(spill.read().await.unwrap().is_empty());
    }
}
