//! Comparison of a file with a store, before anything is imported or paid.

use std::collections::HashMap;

use crate::job_id::JobId;
use crate::money::Money;
use crate::new_job::NewJob;
use crate::row::Row;
use crate::state::State;

/// Compares the jobs of a file with those of a store: says what an import will do and what the jobs
/// will cost, before it does anything.
///
/// It keeps some bytes for each job and none of their inputs.
#[derive(Debug, Default)]
pub struct Plan {
    jobs: HashMap<u128, Job>,
    edited: Vec<Edited>,
    removed: Vec<JobId>,
    absent: u64,
}

/// A job of the file.
#[derive(Debug)]
struct Job {
    content: u128,
    line: u64,
    estimate: Money,
    fate: Fate,
}

/// Effect that an import will have on a job of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// Has no job in the store.
    New,
    /// Replaces a job of the store with another content, which is not submitted.
    Replaced,
    /// Has a job in the store that is not submitted.
    Ready,
    /// Has a job in the store that is submitted or has ended.
    Known,
    /// Has a job in the store that is submitted or has ended, with another content.
    Edited,
}

/// Effect that an import will have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Planned {
    /// Number of jobs of the file that the store does not have.
    pub new: u64,
    /// Number of jobs that are not submitted, and whose lines were edited: they are replaced.
    pub replaced: u64,
    /// Number of jobs that the store has and that are not submitted.
    pub ready: u64,
    /// Number of jobs that the store has and that are submitted or have ended.
    pub known: u64,
    /// Estimated cost of all jobs of the file that are not submitted.
    pub estimate: Money,
    /// Jobs whose lines were edited after they were submitted: the store keeps what was submitted, and the
    /// new content is not imported.
    pub edited: Vec<Edited>,
    /// Jobs of the store that are not submitted and that the file does not have any more.
    pub removed: Vec<JobId>,
    /// Number of other jobs of the store that the file does not have.
    pub absent: u64,
}

/// A line that was edited after its job was submitted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Edited {
    /// Number of the line.
    pub line: u64,
    /// Id of the job.
    pub id: JobId,
    /// State of the job in the store.
    pub state: State,
}

impl Plan {
    /// Adds a job of the file, which has this line.
    pub fn add(&mut self, job: &NewJob, line: u64) {
        let planned = Job {
            content: job.content(),
            line,
            estimate: job.estimate,
            fate: Fate::New,
        };
        self.jobs.insert(job.id.digest(), planned);
    }

    /// Returns `true` if the file had this job with the same content when the plan was made. Import no other: nobody has
    /// agreed to its cost.
    #[must_use]
    pub fn has(&self, job: &NewJob) -> bool {
        let planned = self.jobs.get(&job.id.digest());
        planned.is_some_and(|planned| planned.content == job.content())
    }

    /// Returns `true` if the job will be submitted, after all jobs of the store were compared: its input is
    /// to be checked. That of others does not matter any more.
    #[must_use]
    pub fn submits(&self, id: &JobId) -> bool {
        let planned = self.jobs.get(&id.digest());
        planned.is_some_and(|planned| planned.fate.is_submitted())
    }

    /// Takes a job out of the plan that shall not be submitted, after all jobs of the store were compared.
    pub fn skip(&mut self, id: &JobId) {
        let skipped = self.jobs.remove(&id.digest());
        if skipped.is_some_and(|job| matches!(job.fate, Fate::Ready | Fate::Replaced)) {
            self.removed.push(id.clone());
        }
    }

    /// Compares a job of the store. Call it for each one, after all jobs of the file were added.
    pub fn compare(&mut self, row: &Row) {
        let is_unsent = row.state == State::Ready && row.made_no_job();
        if row.is_withdrawn() {
            // An import takes it as a new one.
            return;
        }
        let Some(job) = self.jobs.get_mut(&row.id.digest()) else {
            if is_unsent {
                self.removed.push(row.id.clone());
            } else {
                self.absent += 1;
            }
            return;
        };
        let is_same = job.content == row.content();
        job.fate = match (is_same, is_unsent) {
            (false, false) => {
                self.edited.push(Edited {
                    line: job.line,
                    id: row.id.clone(),
                    state: row.state,
                });
                Fate::Edited
            }
            (false, true) => Fate::Replaced,
            (true, _) if row.state == State::Ready => Fate::Ready,
            (true, _) => Fate::Known,
        };
    }

    /// Returns what an import will do, after all jobs of the store were compared.
    #[must_use]
    pub fn planned(&self) -> Planned {
        let mut planned = Planned {
            edited: self.edited.clone(),
            removed: self.removed.clone(),
            absent: self.absent,
            ..Planned::default()
        };
        for job in self.jobs.values() {
            let count = match job.fate {
                Fate::New => &mut planned.new,
                Fate::Replaced => &mut planned.replaced,
                Fate::Ready => &mut planned.ready,
                Fate::Known => &mut planned.known,
                Fate::Edited => continue,
            };
            *count += 1;
            if job.fate.is_submitted() {
                planned.estimate += job.estimate;
            }
        }
        planned
    }
}

impl Fate {
    fn is_submitted(self) -> bool {
        matches!(self, Self::New | Self::Replaced | Self::Ready)
    }
}

impl Planned {
    /// Returns the number of jobs of the file that will be submitted.
    #[must_use]
    pub fn to_submit(&self) -> u64 {
        self.new + self.replaced + self.ready
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::clock::Clock;
    use crate::ending::{NotSent, Retry};
    use crate::memory::MemoryStore;
    use crate::store::Store;

    fn job(id: &str, prompt: &str) -> NewJob {
        let input = json!({ "prompt": prompt });
        NewJob::new(id.parse().unwrap(), "a/b", input, Money::from_micros(10))
    }

    async fn plan(store: &MemoryStore, jobs: &[NewJob]) -> Planned {
        skipped(store, jobs, &[]).await
    }

    async fn skipped(store: &MemoryStore, jobs: &[NewJob], skipped: &[&str]) -> Planned {
        let mut plan = Plan::default();
        for (index, job) in jobs.iter().enumerate() {
            plan.add(job, index as u64 + 1);
            assert!(plan.has(job));
        }
        for row in store.rows(None, 0, 100).await.unwrap() {
            plan.compare(&row);
        }
        for id in skipped {
            let id: JobId = id.parse().unwrap();
            let is_held = id == "sent".parse().unwrap();
            assert_eq!(plan.submits(&id), !is_held, "{id}");
            plan.skip(&id);
            assert!(!plan.submits(&id));
        }
        plan.planned()
    }

    #[tokio::test]
    async fn plan_says_what_the_import_does() {
        let store = MemoryStore::new(Clock::system());
        let before = [
            "sent",
            "edited after",
            "ready",
            "edited",
            "removed",
            "refused",
        ];
        let before = before.map(|id| job(id, "a boat"));
        store.import(before.to_vec()).await.unwrap();
        let mut me = store.register("test", Duration::ZERO).await.unwrap();
        let claims = store.claim(&mut me, 2).await.unwrap();
        let key = |index: usize| claims.jobs[index].key.clone();
        store
            .doubtful(
                me.id(),
                vec![(key(0), "lost".into()), (key(1), "lost".into())],
            )
            .await
            .unwrap();
        let file = [
            job("sent", "a boat"),
            job("edited after", "a ship"),
            job("ready", "a boat"),
            job("edited", "a ship"),
            job("refused", "a boat"),
            job("new", "a boat"),
        ];
        let planned = plan(&store, &file).await;
        assert_eq!(
            (planned.new, planned.replaced, planned.ready, planned.known),
            (1, 1, 2, 1)
        );
        assert_eq!(
            (planned.to_submit(), planned.estimate),
            (4, Money::from_micros(40))
        );
        let edited = &planned.edited[0];
        assert_eq!(
            (edited.line, edited.id.as_str(), edited.state),
            (2, "edited after", State::InDoubt)
        );
        assert_eq!(planned.removed, ["removed".parse().unwrap()]);
        let skipped = skipped(&store, &file, &["ready", "new", "sent"]).await;
        let removed = ["ready", "removed"].map(|id| id.parse().unwrap());
        assert_eq!((skipped.new, skipped.ready, skipped.known), (0, 1, 0));
        assert!(removed.iter().all(|id| skipped.removed.contains(id)));
        assert_eq!(skipped.removed.len(), 2);
        // Withdrawn jobs are new again, also after an attempt that has made no job.
        assert_eq!(store.withdraw(planned.removed).await.unwrap(), 1);
        let imported = store.import(file.to_vec()).await.unwrap();
        assert_eq!(
            (
                imported.added,
                imported.known,
                imported.replaced.len(),
                imported.conflicts.len()
            ),
            (1, 3, 1, 1)
        );
        let again = plan(&store, &before).await;
        assert_eq!((again.new, again.removed.len()), (1, 1));
    }

    #[tokio::test]
    async fn withdrawn_job_is_ready_after_an_import() {
        let store = MemoryStore::new(Clock::system());
        let one = job("one", "a boat");
        store.import(vec![one.clone()]).await.unwrap();
        let mut me = store.register("test", Duration::ZERO).await.unwrap();
        let key = store.claim(&mut me, 1).await.unwrap().jobs[0].key.clone();
        let retry = Retry::After(Duration::ZERO);
        store
            .not_sent(me.id(), vec![NotSent::new(key, "refused", retry)])
            .await
            .unwrap();
        let ids = || vec![one.id().clone()];
        assert_eq!(store.withdraw(ids()).await.unwrap(), 1);
        assert_eq!(store.counts().await.unwrap().cancelled, 1);
        store.import(vec![one.clone()]).await.unwrap();
        assert_eq!(store.counts().await.unwrap().ready, 1);
        // A person's cancellation is final.
        store.cancel(Some(ids())).await.unwrap();
        assert_eq!(store.withdraw(ids()).await.unwrap(), 0);
        assert_eq!(store.import(vec![one.clone()]).await.unwrap().known, 1);
        assert_eq!(store.counts().await.unwrap().cancelled, 1);
        assert_eq!(plan(&store, &[one]).await.known, 1);
    }
}
