//! Worker processes on one batch in Postgres, while workers and the server are killed or paused at random.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use runcomfy_batch::{Money, PostgresOptions, PostgresStore, Store, StoreError};
use runcomfy_testkit::postgres::PostgresServer;

use crate::kills::{BASE_URL, FOLDER, SUBMITS, number};
use crate::world::{ESTIMATE, PRICE, World, batch, emulator, jobs};

/// Variable with the URL of the store; the test that it starts is a worker.
const STORE: &str = "RUNCOMFY_BATCH_TEST_STORE";
/// Variable with the name of the worker.
const NAME: &str = "RUNCOMFY_BATCH_TEST_NAME";
const WORKERS: usize = 3;
const LEASE: Duration = Duration::from_secs(2);

/// Works on the batch until all jobs have ended, as a process that others kill. Alone it does nothing.
#[test]
fn machine() {
    let variable = |name| std::env::var(name).ok();
    let (Some(store), Some(base_url)) = (variable(STORE), variable(BASE_URL)) else {
        return;
    };
    let name = variable(NAME).unwrap();
    let folder = PathBuf::from(variable(FOLDER).unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        loop {
            match work(&store, &base_url, &folder, &name).await {
                Ok(true) => return,
                // Others still work, and one of them may end.
                Ok(false) => {}
                Err(error) => eprintln!("{name}: {error}"),
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    });
}

/// Works until nothing is left for this worker; returns `true` if all jobs have ended.
async fn work(url: &str, base_url: &str, folder: &Path, name: &str) -> Result<bool, StoreError> {
    let journal = folder.join(format!("journal-{name}.jsonl"));
    let options = PostgresOptions::new().must_exist().journal(journal);
    let store: Arc<dyn Store> = Arc::new(options.open(&url.parse()?).await?);
    let batch = batch(&store, base_url, folder)
        .spill(folder.join(format!("ids-{name}.jsonl")))
        .process(name)
        .lease(LEASE)
        .submits(SUBMITS)
        .concurrency(24);
    batch.start().summary().await?;
    Ok(store.counts().await?.is_done())
}

/// A worker process.
struct Machine {
    number: usize,
    process: Child,
}

impl Machine {
    fn start(world: &World, server: &PostgresServer, number: usize) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args([
            "machines::machine",
            "--exact",
            "--test-threads=1",
            "--nocapture",
        ]);
        command
            .env(BASE_URL, world.emulator.base_url())
            .env(FOLDER, world.folder.path())
            .env(STORE, server.url())
            .env(NAME, format!("machine-{number}"));
        let process = command.stdout(Stdio::null()).spawn();
        Self {
            number,
            process: process.unwrap(),
        }
    }

    fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Waits for its end.
    async fn end(&mut self, by: Instant) {
        while Instant::now() < by {
            if let Some(status) = self.process.try_wait().unwrap() {
                return assert!(status.success());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("machine {} does not end", self.number);
    }

    fn signal(&self, signal: &str) {
        let pid = self.process.id().to_string();
        assert!(
            Command::new("kill")
                .args([signal, &pid])
                .status()
                .unwrap()
                .success()
        );
    }
}

/// A test that fails leaves no process behind.
impl Drop for Machine {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Maximum time without a step towards the end.
const MAX_IDLE: Duration = Duration::from_secs(60);

/// Waits until the service has taken `jobs`, no more than it certainly will.
async fn wait_for(world: &World, jobs: usize) {
    let end = Instant::now() + MAX_IDLE;
    while world.emulator.ledger().len() < jobs {
        assert!(Instant::now() < end, "no job is submitted");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    tokio::time::sleep(Duration::from_micros(fastrand::u64(..20_000))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_machines_pay_nothing_twice_and_lose_nothing() {
    let Some(mut server) = PostgresServer::start() else {
        return;
    };
    let count = number("RUNCOMFY_BATCH_JOBS", 300);
    // By default one of each kind.
    let disturbances = number("RUNCOMFY_BATCH_KILLS", 20);
    let world = World::new(emulator().run_time(Duration::from_millis(50))).await;
    let store = PostgresStore::open(&server.url()).await.unwrap();
    for part in jobs(count).chunks(5000) {
        store.import(part.to_vec()).await.unwrap();
    }
    let started = Instant::now();
    let start = |server: &PostgresServer, number| Machine::start(&world, server, number);
    let mut machines: Vec<_> = (0..WORKERS).map(|number| start(&server, number)).collect();
    let (mut worker_kills, mut server_kills, mut pauses) = (0, 0, 0);
    let kills_worker = |round: usize| !round.is_multiple_of(2);
    // The others may be in doubt and never sent, each by a worker that is killed between claim and submit.
    let kills = (1..=disturbances)
        .filter(|round| kills_worker(*round))
        .count();
    let sent = count
        .checked_sub(SUBMITS * kills)
        .expect("more jobs than doubts");
    for round in 1..=disturbances {
        wait_for(&world, sent * round / (disturbances + 1)).await;
        let machine = &mut machines[fastrand::usize(..WORKERS)];
        let (kills_worker, kills_server) = (kills_worker(round), round % 4 >= 2);
        if round % 4 == 0 {
            machine.signal("-STOP");
            tokio::time::sleep(LEASE * 3 / 2).await;
            machine.signal("-CONT");
            pauses += 1;
        }
        if kills_server {
            server.kill();
            server_kills += 1;
        }
        if kills_worker {
            machine.kill();
            worker_kills += 1;
        }
        if kills_server {
            tokio::task::block_in_place(|| server.restart());
        }
        if kills_worker {
            *machine = start(&server, machine.number);
        }
    }
    for mut machine in machines {
        machine.end(Instant::now() + MAX_IDLE).await;
    }

    let seconds = started.elapsed().as_secs_f64();
    // The connection may be of a server that was killed.
    let counts = match store.counts().await {
        Ok(counts) => counts,
        Err(_) => store.counts().await.unwrap(),
    };
    println!(
        "{count} jobs in {seconds:.1} s, {worker_kills} workers killed, {server_kills} times the server, {pauses} pauses: {counts:?}, {} submits",
        world.submitted()
    );
    world.check_no_duplicates();
    let submitted = world.submitted() as u64;
    assert_eq!(
        counts.saved + counts.in_doubt,
        count as u64,
        "a job is lost: {counts:?}"
    );
    assert!(
        counts.in_doubt <= (SUBMITS * worker_kills) as u64,
        "too many doubts: {counts:?}"
    );
    assert!(
        (counts.saved..=count as u64).contains(&submitted),
        "{counts:?}"
    );
    assert_eq!(counts.strays, 0);
    let times = |money: Money, number| Money::from_micros(money.micros() * number);
    assert_eq!(counts.money.spent, times(PRICE, counts.saved));
    assert_eq!(counts.money.in_doubt, times(ESTIMATE, counts.in_doubt));
    assert_eq!(
        counts.money.committed(),
        counts.money.spent.plus(counts.money.in_doubt)
    );
}
