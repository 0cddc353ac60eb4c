//! `kill -9` at random moments: no job is paid twice, and none is lost.
//!
//! `RUNCOMFY_BATCH_JOBS` and `RUNCOMFY_BATCH_KILLS` set the numbers of jobs and of kills.

use std::collections::{HashMap, HashSet};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use runcomfy_batch::{Attempt, AttemptState, Attempts, Counts, Money, Store};
use runcomfy_emulator::{Builder, Call, Fault, Reply};
use runcomfy_testkit::cases::size;

use super::jobs::{FILE, Jobs, open};
use crate::support::exit_code;

/// Maximum number of submits in flight.
pub(super) const SUBMITS: u64 = 8;
/// Price of a job that succeeds, and its estimate, in millionths of a dollar.
const PRICE: u64 = 70_000;
const ESTIMATE: u64 = 100_000;

/// Every how many submits each fault comes that leaves the outcome open; primes, so that they fall together
/// with everything else.
const UNKNOWN: [usize; 3] = [37, 53, 61];

/// Adds faults of all calls to the service.
pub(super) fn failing(builder: Builder) -> Builder {
    let faults = [
        Fault::every(Call::Submit, UNKNOWN[0], Reply::lost().carried_out()),
        Fault::every(Call::Submit, UNKNOWN[1], Reply::html(502).carried_out()),
        Fault::every(Call::Submit, UNKNOWN[2], Reply::reset()),
        Fault::every(Call::Submit, 41, Reply::refused(429, 429_001)),
        Fault::every(Call::Submit, 97, Reply::refused(422, 422_001)),
        Fault::every(Call::Submit, 71, Reply::job_fails("no boat")),
        Fault::every(Call::Status, 29, Reply::html(503)),
        Fault::every(Call::Result, 31, Reply::reset()),
        Fault::every(Call::File, 23, Reply::half()),
    ];
    let builder = builder.run_time(Duration::from_millis(50)).price(0.07);
    faults.into_iter().fold(builder, Builder::fault)
}

/// Returns the number of an environment variable, else a fifth of `thorough`.
pub(super) fn number(name: &str, thorough: u64) -> usize {
    usize::try_from(size(name, thorough)).unwrap()
}

fn start(jobs: &Jobs) -> Child {
    let more = ["--price-per-job", "0.10", "--concurrency", "100", "--quiet"];
    let arguments = Jobs::arguments(FILE, &more);
    let mut command = jobs.service.command(&arguments);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}

/// Runs work on a store that no process works on.
fn read<T>(jobs: &Jobs, work: impl AsyncFnOnce(&dyn Store) -> T) -> T {
    let store = open(jobs.service.folder.path());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(work(&store))
}

/// Kills the command at random until all jobs but the last share are submitted, and then lets it run to the
/// end. Returns the number of submits in flight at the kills, for all that the store knows.
fn run(jobs: &Jobs, count: usize, kills: usize) -> u64 {
    let mut in_flight = 0;
    for kill in 1..=kills {
        let mut child = start(jobs);
        if kill % 4 == 0 {
            // Also while it compares, checks and imports.
            std::thread::sleep(Duration::from_micros(fastrand::u64(..500_000)));
        } else {
            let enough = count * kill / (kills + 1);
            while jobs.submitted() < enough && child.try_wait().unwrap().is_none() {
                std::thread::sleep(Duration::from_millis(1));
            }
            std::thread::sleep(Duration::from_micros(fastrand::u64(..20_000)));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        if jobs.path("boats.jsonl.batch.db").exists() {
            let intents = read(jobs, async |store| store.counts().await.unwrap().intent);
            assert!(intents <= SUBMITS, "{intents} submits in flight");
            in_flight += intents;
        }
    }
    let code = exit_code(start(jobs).wait().unwrap());
    // Jobs have failed, and most likely some are in doubt.
    assert!([1, 69].contains(&code), "{code}");
    in_flight
}

#[test]
fn killed_command_pays_nothing_twice_and_loses_nothing() {
    let count = number("RUNCOMFY_BATCH_JOBS", 200);
    let kills = number("RUNCOMFY_BATCH_KILLS", 10);
    let jobs = Jobs::with(count, failing);
    let begun = Instant::now();
    let in_flight = run(&jobs, count, kills);
    let (counts, attempts) = read(&jobs, async |store| {
        let attempts = store.attempts(Attempts::All).await.unwrap();
        (store.counts().await.unwrap(), attempts)
    });
    let of_kills = doubts_of_kills(&attempts);
    println!(
        "{count} jobs, {kills} kills with {in_flight} submits in flight, {:.0?}: {}",
        begun.elapsed(),
        summary(&jobs, &counts, of_kills),
    );
    check_ends(&jobs, &counts, &attempts, count);
    assert!(of_kills <= in_flight, "{of_kills} of {in_flight}");
    let saved = usize::try_from(counts.saved).unwrap();
    assert_eq!(jobs.pictures(), saved, "each saved job has one picture");
}

/// Returns the number of doubts that are those of killed processes.
pub(super) fn doubts_of_kills(attempts: &[Attempt]) -> u64 {
    let is_doubt = |it: &&Attempt| it.state == AttemptState::InDoubt;
    let is_of_kill = |it: &&Attempt| it.note.as_ref().unwrap().starts_with("process ");
    attempts.iter().filter(is_doubt).filter(is_of_kill).count() as u64
}

/// Returns the figures of a run, for people.
pub(super) fn summary(jobs: &Jobs, counts: &Counts, of_kills: u64) -> String {
    format!(
        "{} paid, {} saved, {} failed, {} in doubt ({of_kills} by kills), {} spent",
        jobs.submitted(),
        counts.saved,
        counts.failed,
        counts.in_doubt,
        counts.money.spent,
    )
}

/// Checks that no job is lost or paid twice, and that the money is exact.
pub(super) fn check_ends(jobs: &Jobs, counts: &Counts, attempts: &[Attempt], count: usize) {
    check_ledger(jobs, attempts);
    let ended = counts.saved + counts.failed + counts.in_doubt;
    assert_eq!(ended, count as u64, "a job is lost: {counts:?}");
    assert_eq!(counts.strays, 0);
    check_money(counts);
}

/// Checks that each job is paid at most once, and that what is paid is in the books.
fn check_ledger(jobs: &Jobs, attempts: &[Attempt]) {
    let by_key: HashMap<_, _> = attempts.iter().map(|it| (it.key.as_str(), it)).collect();
    let ledger = jobs.service.emulator.ledger();
    let (mut keys, mut prompts) = (HashSet::new(), HashSet::new());
    for entry in &ledger {
        let key = entry.idempotency_key().unwrap();
        assert!(keys.insert(key), "{key} was sent twice");
        let prompt = entry.input["prompt"].to_string();
        assert!(prompts.insert(prompt), "a job is paid twice: {entry:?}");
        let attempt = by_key[key];
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

fn check_money(counts: &Counts) {
    let money = counts.money;
    let sum = |one: u64, count: u64| Money::from_micros(one * count);
    assert_eq!(money.spent, sum(PRICE, counts.saved));
    assert_eq!(money.in_doubt, sum(ESTIMATE, counts.in_doubt));
    let zero = Money::ZERO;
    assert_eq!((money.reserved, money.spent_by_estimate), (zero, zero));
}
