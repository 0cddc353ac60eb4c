//! A batch in a process of its own, killed at random and started again.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use runcomfy_batch::{EndedBy, Faults, Money};

use crate::world::{ESTIMATE, Kind, PRICE, World, batch, emulator, sqlite};

/// Variable with the emulator's URL; the test that it starts is a worker.
const BASE_URL: &str = "RUNCOMFY_BATCH_TEST_BASE_URL";
/// Variable with the worker's folder.
const FOLDER: &str = "RUNCOMFY_BATCH_TEST_FOLDER";
/// Maximum number of submits in flight in a worker.
const SUBMITS: usize = 8;

/// Runs the batch in the folder to its end, as a process that others kill. Alone it does nothing.
#[test]
fn worker() {
    let (Ok(base_url), Some(folder)) = (std::env::var(BASE_URL), std::env::var_os(FOLDER)) else {
        return;
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let folder = PathBuf::from(folder);
        let store = sqlite(&folder, Faults::new());
        let batch = batch(&store, &base_url, &folder)
            .submits(SUBMITS)
            .concurrency(24);
        let summary = batch.start().summary().await.unwrap();
        assert_eq!(summary.ended_by, EndedBy::Done);
    });
}

fn start(world: &World) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["kills::worker", "--exact", "--test-threads=1"]);
    command
        .env(BASE_URL, world.emulator.base_url())
        .env(FOLDER, world.folder.path());
    command.stdout(Stdio::null()).spawn().unwrap()
}

/// Number in an environment variable, for the long form.
fn number(name: &str, default: usize) -> usize {
    std::env::var(name).map_or(default, |number| number.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_batch_pays_nothing_twice_and_loses_nothing() {
    let jobs = number("RUNCOMFY_BATCH_JOBS", 200);
    let kills = number("RUNCOMFY_BATCH_KILLS", 10);
    let world = World::new(emulator().run_time(Duration::from_millis(50))).await;
    let store = world.store(Kind::Sqlite, jobs).await;
    for kill in 1..=kills {
        let mut worker = start(&world);
        // Until it has submitted some more, and a moment longer.
        let enough = jobs * kill / (kills + 1);
        while world.emulator.ledger().len() < enough && worker.try_wait().unwrap().is_none() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        tokio::time::sleep(Duration::from_micros(fastrand::u64(..20_000))).await;
        worker.kill().unwrap();
        worker.wait().unwrap();
    }
    let mut last = start(&world);
    let status = tokio::task::spawn_blocking(move || last.wait().unwrap())
        .await
        .unwrap();
    assert!(status.success());

    let counts = store.counts().await.unwrap();
    println!(
        "{jobs} jobs, {kills} kills: {counts:?}, {} submits",
        world.submitted()
    );
    world.check_no_duplicates();
    assert_eq!(
        counts.saved + counts.in_doubt,
        jobs as u64,
        "a job is lost: {counts:?}"
    );
    assert!(
        counts.in_doubt <= (SUBMITS * kills) as u64,
        "too many doubts: {counts:?}"
    );
    assert!(world.submitted() as u64 >= counts.saved);
    assert!(world.submitted() <= jobs);
    assert_eq!(counts.strays, 0);
    let money = counts.money;
    assert_eq!(
        money.spent,
        Money::from_micros(PRICE.micros() * counts.saved)
    );
    assert_eq!(
        money.in_doubt,
        Money::from_micros(ESTIMATE.micros() * counts.in_doubt)
    );
    assert_eq!(
        (money.reserved, money.spent_by_estimate),
        (Money::ZERO, Money::ZERO)
    );
    let (saved, pictures) = (usize::try_from(counts.saved).unwrap(), world.pictures());
    assert_eq!(pictures, saved, "each saved job has one picture");
}
