//! A batch with a job in every state, without a service.

use std::path::{Path, PathBuf};
use std::time::Duration;

use runcomfy::RequestId;
use runcomfy_batch::{
    Claimed, Clock, End, Ending, Incarnation, JobKey, Limits, Money, NewJob, NotSent, Retry,
    SqliteOptions, SqliteStore, Store, Timestamp,
};
use serde_json::json;

use crate::support::TEXT_TO_IMAGE;

/// 2026-11-28, 14:00 in UTC.
const START: Timestamp = Timestamp::from_micros(1_795_874_400_000_000);

fn cents(cents: u64) -> Money {
    Money::from_micros(cents * 10_000)
}

/// A store, the process that works on it, and the time.
pub(super) struct Sample {
    pub(super) store: SqliteStore,
    me: Incarnation,
    clock: Clock,
    /// The folder of the store.
    folder: PathBuf,
}

impl Sample {
    /// Creates the store at `path`, with eight jobs: one in each state, and `boat-8` ready too.
    ///
    /// The process that works on it lives until the sample is dropped.
    pub(super) async fn create(path: &Path) -> Self {
        let clock = Clock::manual(START);
        let store = SqliteOptions::new()
            .clock(clock.clone())
            .open(path)
            .unwrap();
        let job = |n: u32| {
            let input = json!({ "prompt": format!("Boat {n} <in> the fog") });
            let id = format!("boat-{n}").parse().unwrap();
            NewJob::new(id, TEXT_TO_IMAGE, input, cents(4))
        };
        store.import((1..=8).map(job).collect()).await.unwrap();
        store
            .set_limits(Limits::none().budget(cents(100)))
            .await
            .unwrap();
        let lease = Duration::from_secs(30);
        let me = store.register("process 4711", lease).await.unwrap();
        let folder = path.parent().unwrap().canonicalize().unwrap();
        let mut sample = Self {
            store,
            me,
            clock,
            folder,
        };
        sample.play().await;
        sample
    }

    async fn play(&mut self) {
        let jobs = self.claim(5).await;
        self.receive(&jobs[..3]).await;
        self.clock.advance(Duration::from_secs(42));
        let folder = self.folder.join("pictures");
        let files = json!({
            "files": ["000001-boat-1.png"],
            "folder": folder.to_str(),
            "output": { "image": "https://x/a.png" },
        });
        let endings = vec![
            Ending::new(jobs[0].key.clone(), End::Saved(files)).cost(cents(3)),
            Ending::new(jobs[1].key.clone(), End::Failed("out of paint".to_owned())),
            Ending::new(jobs[2].key.clone(), End::Cancelled).cost(Money::ZERO),
        ];
        self.store.settle(self.me.id(), endings).await.unwrap();
        let lost = vec![(jobs[3].key.clone(), "the reply was lost".to_owned())];
        self.store.doubtful(self.me.id(), lost).await.unwrap();
        let refused = NotSent::new(
            jobs[4].key.clone(),
            "throttled",
            Retry::After(Duration::ZERO),
        );
        self.store
            .not_sent(self.me.id(), vec![refused])
            .await
            .unwrap();
        self.clock.advance(Duration::from_secs(60));
        let again = self.claim(2).await;
        self.receive(&again[..1]).await;
    }

    async fn claim(&mut self, room: usize) -> Vec<Claimed> {
        let claims = self.store.claim(&mut self.me, room).await.unwrap();
        assert_eq!(claims.jobs.len(), room);
        claims.jobs
    }

    async fn receive(&self, jobs: &[Claimed]) {
        let id = |job: &Claimed| -> (JobKey, RequestId) {
            (
                job.key.clone(),
                format!("request-{}", job.n).parse().unwrap(),
            )
        };
        let ids = jobs.iter().map(id).collect();
        self.store.received(self.me.id(), ids).await.unwrap();
    }
}
