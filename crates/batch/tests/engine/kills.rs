//! A batch in a process of its own, killed at random and started again.

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use runcomfy_batch::{Attempt, AttemptState, Attempts, EndedBy, Faults, Money, Store};
use runcomfy_emulator::{Builder, Call, Fault, Reply};
use runcomfy_testkit::cases::size;

use crate::world::{ESTIMATE, Kind, PRICE, World, batch, emulator, sqlite};

/// Variable with the emulator's URL; the test that it starts is a worker.
pub(crate) const BASE_URL: &str = "RUNCOMFY_BATCH_TEST_BASE_URL";
/// Variable with the worker's folder.
pub(crate) const FOLDER: &str = "RUNCOMFY_BATCH_TEST_FOLDER";
/// Maximum number of submits in flight in a worker.
pub(crate) const SUBMITS: usize = 8;

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

/// Returns the number of an environment variable, else a fifth of `thorough`.
pub(crate) fn number(name: &str, thorough: u64) -> usize {
    usize::try_from(size(name, thorough)).unwrap()
}

/// Every how many submits each fault comes that leaves the outcome open; primes, so that they fall together
/// with everything else.
const UNKNOWN: [usize; 3] = [37, 53, 61];

/// Returns an emulator whose calls all fail now and then.
fn failing() -> Builder {
    let faults = [
        // The job exists, and its response is lost, unreadable, or cut off before the id.
        Fault::every(Call::Submit, UNKNOWN[0], Reply::lost().carried_out()),
        Fault::every(Call::Submit, UNKNOWN[1], Reply::html(502).carried_out()),
        // The connection breaks, and there is no job.
        Fault::every(Call::Submit, UNKNOWN[2], Reply::reset()),
        Fault::every(Call::Submit, 41, Reply::refused(429, 429_001)),
        Fault::every(Call::Submit, 97, Reply::refused(422, 422_001)),
        Fault::every(Call::Submit, 71, Reply::job_fails("no boat")),
        Fault::every(Call::Status, 29, Reply::html(503)),
        Fault::every(Call::Result, 31, Reply::reset()),
        Fault::every(Call::File, 23, Reply::half()),
    ];
    let emulator = emulator().run_time(Duration::from_millis(50));
    faults.into_iter().fold(emulator, Builder::fault)
}

/// Kills workers at random until all jobs but the last share are submitted, and then lets one work to the
/// end. Returns the number of submits that were in flight at the kills, for all that the store knows.
async fn work(world: &World, store: &Arc<dyn Store>, jobs: usize, kills: usize) -> u64 {
    let mut in_flight = 0;
    for kill in 1..=kills {
        let mut worker = start(world);
        // Until it has submitted some more, and a moment longer.
        let enough = jobs * kill / (kills + 1);
        while world.emulator.ledger().len() < enough && worker.try_wait().unwrap().is_none() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        tokio::time::sleep(Duration::from_micros(fastrand::u64(..20_000))).await;
        worker.kill().unwrap();
        worker.wait().unwrap();
        let intents = store.counts().await.unwrap().intent;
        assert!(intents <= SUBMITS as u64, "{intents} submits in flight");
        in_flight += intents;
    }
    let mut last = start(world);
    let last = tokio::task::spawn_blocking(move || last.wait().unwrap());
    assert!(last.await.unwrap().success());
    in_flight
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_batch_pays_nothing_twice_and_loses_nothing() {
    let jobs = number("RUNCOMFY_BATCH_JOBS", 200);
    let kills = number("RUNCOMFY_BATCH_KILLS", 10);
    let world = World::new(failing()).await;
    let store = world.store(Kind::Sqlite, jobs).await;
    let begun = Instant::now();
    let in_flight = work(&world, &store, jobs, kills).await;

    let counts = store.counts().await.unwrap();
    let doubts = store.attempts(Attempts::InDoubt).await.unwrap();
    let is_of_kill = |doubt: &&Attempt| doubt.note.as_ref().unwrap().starts_with("process ");
    let of_kills = doubts.iter().filter(is_of_kill).count() as u64;
    println!(
        "{jobs} jobs, {kills} kills with {in_flight} submits in flight, {:.0?}: {} paid, {} saved, {} failed, {} in doubt ({of_kills} by kills), {} spent",
        begun.elapsed(),
        world.submitted(),
        counts.saved,
        counts.failed,
        counts.in_doubt,
        counts.money.spent,
    );
    world.check_no_duplicates();
    let ended = counts.saved + counts.failed + counts.in_doubt;
    assert_eq!(ended, jobs as u64, "a job is lost: {counts:?}");
    assert_eq!(counts.strays, 0);
    check_books(&world, &store).await;
    // Each doubt comes from a submit in flight at a kill, or from a fault.
    assert!(of_kills <= in_flight, "{of_kills} of {in_flight}");
    let submits = jobs + kills * SUBMITS + jobs / 20;
    let faults: usize = UNKNOWN.iter().map(|every| submits / every + 1).sum();
    assert!(counts.in_doubt - of_kills <= faults as u64, "{counts:?}");

    let money = counts.money;
    let sum = |one: Money, count: u64| Money::from_micros(one.micros() * count);
    assert_eq!(money.spent, sum(PRICE, counts.saved));
    assert_eq!(money.in_doubt, sum(ESTIMATE, counts.in_doubt));
    assert_eq!(
        (money.reserved, money.spent_by_estimate),
        (Money::ZERO, Money::ZERO)
    );
    let (saved, pictures) = (usize::try_from(counts.saved).unwrap(), world.pictures());
    assert_eq!(pictures, saved, "each saved job has one picture");
}

/// Checks that every job that the service has is in the books, under its id where that is known.
async fn check_books(world: &World, store: &Arc<dyn Store>) {
    let attempts = store.attempts(Attempts::All).await.unwrap();
    let by_key: HashMap<_, _> = attempts.iter().map(|it| (it.key.as_str(), it)).collect();
    for entry in world.emulator.ledger() {
        let attempt = by_key[entry.idempotency_key().unwrap()];
        let id = attempt.request_id.as_ref();
        match attempt.state {
            AttemptState::Saved | AttemptState::Failed => {
                assert_eq!(id.unwrap().as_str(), entry.request_id);
            }
            AttemptState::InDoubt => assert_eq!(id, None),
            other => panic!("{other} is paid: {attempt:?}"),
        }
    }
}
