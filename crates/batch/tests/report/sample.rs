//! A batch with jobs in every state, hostile texts, and attempts that were paid twice.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use runcomfy::RequestId;
use runcomfy_batch::{
    Claimed, Clock, End, Ending, Incarnation, JobId, Limits, Money, NewJob, NotSent, Report,
    ReportFormat, Resolution, Retry, SqliteOptions, SqliteStore, Store, Timestamp,
};
use serde_json::json;
use tempfile::TempDir;

/// A prompt that would take over a page that did not escape it.
pub(crate) const HOSTILE: &str =
    "</script><script>window.taken=1</script><img src=x onerror=\"window.taken=1\">'\"`&amp;";

/// 2026-11-28, 14:00 in UTC.
pub(crate) const START: Timestamp = Timestamp::from_micros(1_795_874_400_000_000);

/// A store, the process that works on it, and the folder of its files.
pub(crate) struct Sample {
    pub(crate) folder: TempDir,
    pub(crate) store: SqliteStore,
    me: Incarnation,
    clock: Clock,
}

fn micros(micros: u64) -> Money {
    Money::from_micros(micros)
}

fn model(n: u64) -> &'static str {
    if n.is_multiple_of(4) {
        "acme/<film>"
    } else {
        "acme/paint"
    }
}

fn prompt(n: u64) -> String {
    match n {
        1 => HOSTILE.to_owned(),
        2 => "=HYPERLINK(\"http://x\")".to_owned(),
        _ => format!("Boat {n} in the fog, with a lantern & \"two\" <gulls>"),
    }
}

impl Sample {
    /// Creates a batch of `number` jobs, of which the last ones are not saved.
    pub(crate) async fn create(number: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::manual(START);
        let store = SqliteOptions::new().clock(clock.clone());
        let store = store.open(folder.path().join("boats.batch.db")).unwrap();
        let job = |n: u64| {
            let id: JobId = format!("boat-{n}").parse().unwrap();
            let input = json!({ "prompt": prompt(n), "seed": n });
            NewJob::new(id, model(n), input, micros(40_000))
        };
        store.import((1..=number).map(job).collect()).await.unwrap();
        let budget = Limits::none().budget(micros(number * 40_000));
        store.set_limits(budget).await.unwrap();
        let me = store
            .register("process 4711", Duration::ZERO)
            .await
            .unwrap();
        let mut sample = Self {
            folder,
            store,
            me,
            clock,
        };
        sample.play(usize::try_from(number).unwrap()).await;
        sample
    }

    async fn play(&mut self, number: usize) {
        // Two stay ready, and one is claimed and not sent.
        let jobs = self.claim(number - 3).await;
        let (doubts, jobs) = jobs.split_at(3);
        let (retried, jobs) = jobs.split_at(1);
        self.receive(jobs).await;
        self.clock.advance(Duration::from_secs(42));
        let (running, ended) = jobs.split_at(2);
        let endings = ended.iter().enumerate();
        let endings = endings
            .map(|(index, job)| self.ending(index, job))
            .collect();
        self.store.settle(self.me.id(), endings).await.unwrap();
        let lost = |job: &Claimed| {
            (
                job.key.clone(),
                format!("the response to {HOSTILE} was lost"),
            )
        };
        let lost: Vec<_> = doubts.iter().map(lost).collect();
        self.store.doubtful(self.me.id(), lost).await.unwrap();
        let refused = NotSent::new(
            retried[0].key.clone(),
            "throttled",
            Retry::After(Duration::ZERO),
        );
        self.store
            .not_sent(self.me.id(), vec![refused])
            .await
            .unwrap();
        assert_eq!(running.len(), 2);
        // The first doubt is submitted again, and its id arrives late: it is paid twice.
        self.clock.advance(Duration::from_secs(3600));
        let key = doubts[0].key.clone();
        self.store.resolve(key, Resolution::Resubmit).await.unwrap();
        let again = self.claim(2).await;
        self.receive(&again[..1]).await;
        self.receive(&doubts[..1]).await;
        let double = Ending::new(doubts[0].key.clone(), End::Failed("late".to_owned()));
        let double = double.cost(micros(12_345));
        self.store.settle(self.me.id(), vec![double]).await.unwrap();
    }

    fn ending(&self, index: usize, job: &Claimed) -> Ending {
        let end = match index % 20 {
            7 => End::Failed("out of paint".to_owned()),
            11 => End::Cancelled,
            _ => {
                let name = format!("{:06}-{}#1.bmp", job.n, job.id);
                fs::write(self.files().join(&name), picture(job.n)).unwrap();
                End::Saved(json!({
                    "files": [name],
                    "folder": self.files().to_str(),
                    "output": { "image": "https://media.example.com/a.png" },
                }))
            }
        };
        let ending = Ending::new(job.key.clone(), end);
        if index % 10 == 3 {
            ending
        } else {
            ending.cost(micros(30_000 + job.n))
        }
    }

    /// Returns the folder of the saved files.
    pub(crate) fn files(&self) -> PathBuf {
        let files = self.folder.path().join("boats & \"ships\"");
        fs::create_dir_all(&files).unwrap();
        files
    }

    /// Returns a report of the batch, for a page in its folder.
    pub(crate) fn report(&self) -> Report<'_> {
        Report::new(&self.store)
            .title("Boats & <ships>")
            .folder(self.folder.path())
            .resolve_with("runcomfy batch resolve KEY --store boats.batch.db")
            .at(START)
    }

    /// Writes a report of the batch.
    pub(crate) async fn write(report: Report<'_>, format: ReportFormat) -> String {
        let mut out = Vec::new();
        report.write(format, &mut out).await.unwrap();
        String::from_utf8(out).unwrap()
    }

    async fn claim(&mut self, room: usize) -> Vec<Claimed> {
        let claims = self.store.claim(&mut self.me, room).await.unwrap();
        assert_eq!(claims.jobs.len(), room);
        claims.jobs
    }

    async fn receive(&self, jobs: &[Claimed]) {
        let id = |job: &Claimed| -> RequestId { format!("request-{}", job.key).parse().unwrap() };
        let ids = jobs.iter().map(|job| (job.key.clone(), id(job))).collect();
        self.store.received(self.me.id(), ids).await.unwrap();
    }
}

/// Returns a picture of a boat in the fog, as BMP.
fn picture(n: u64) -> Vec<u8> {
    const WIDTH: u16 = 64;
    const HEIGHT: u16 = 48;
    let size = 54 + 3 * u32::from(WIDTH) * u32::from(HEIGHT);
    let mut bytes = b"BM".to_vec();
    for word in [size, 0, 54, 40, WIDTH.into(), HEIGHT.into()] {
        bytes.extend(word.to_le_bytes());
    }
    bytes.extend([1, 0, 24, 0]);
    bytes.extend([0; 24]);
    let tint = (n * 47 % 120) as u8;
    // From the lowest line to the highest.
    for y in 0..HEIGHT {
        for x in 0..WIDTH {
            let is_sail = x > 32 && x < 32 + (44 - y.min(44)) / 2 && y > 16;
            let is_hull = (12..=16).contains(&y) && (18..50).contains(&x);
            bytes.extend(match () {
                () if is_hull => [30, 60, 90],
                () if is_sail => [255, 255, 255],
                () if y < 14 => [150, 90 + tint, 60],
                () => [200, 150 + tint / 2, 120 + tint],
            });
        }
    }
    bytes
}
