//! The transitions of every store keep the law, whatever is killed, paused or lost.
//!
//! Each sequence is decided by its seed. `RUNCOMFY_BATCH_SEQUENCES` sets how many are played, and
//! `RUNCOMFY_BATCH_SEED` plays one of them again. By default the models play a fifth of those with
//! `RUNCOMFY_THOROUGH`.

#![allow(clippy::unwrap_used)]

mod judge;
mod process;
mod sequence;
mod service;
mod subject;
mod world;

use std::ops::Range;

use runcomfy_testkit::cases::{fixed_size, size};

#[cfg(feature = "postgres")]
use subject::Postgres;
use subject::{Memory, Sqlite, Subject};
use world::World;

/// Number of steps of a sequence.
const STEPS: usize = 60;

/// Variable with the number of sequences.
const SEQUENCES: &str = "RUNCOMFY_BATCH_SEQUENCES";

/// Returns the seeds to play: the first `count`, unless the environment wants a single one.
fn seeds(count: u64) -> Range<u64> {
    match std::env::var("RUNCOMFY_BATCH_SEED") {
        Ok(seed) => {
            let seed = seed.parse().unwrap();
            seed..seed + 1
        }
        Err(_) => 0..count,
    }
}

/// Names the seed of a sequence that has failed.
struct Seed(u64);

impl Drop for Seed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("failed with RUNCOMFY_BATCH_SEED={}", self.0);
        }
    }
}

/// Plays a sequence with each seed on stores that must agree.
fn play(seeds: Range<u64>, subjects: impl Fn() -> Vec<Box<dyn Subject>>) {
    for seed in seeds {
        let _named = Seed(seed);
        sequence::play(&mut World::new(seed, subjects()), STEPS);
    }
}

#[test]
fn model_keeps_the_law() {
    play(seeds(size(SEQUENCES, 2000)), || {
        vec![Box::new(Memory::new(false))]
    });
}

#[test]
fn model_with_leases_keeps_the_law() {
    play(seeds(size(SEQUENCES, 2000)), || {
        vec![Box::new(Memory::new(true))]
    });
}

/// At each step it also agrees with the model. Twenty sequences do not find every fault: ids that a process
/// reports for one that was killed come first in the fiftieth.
#[test]
fn sqlite_keeps_the_law() {
    play(seeds(fixed_size(SEQUENCES, 100)), || {
        let sqlite = Sqlite::new();
        let model = Memory::twin_of(&sqlite.store(), false);
        vec![Box::new(sqlite), Box::new(model)]
    });
}

/// At each step it also agrees with the model.
#[cfg(feature = "postgres")]
#[test]
fn postgres_keeps_the_law() {
    let Some(server) = Postgres::start() else {
        return;
    };
    play(seeds(size(SEQUENCES, 20)), || {
        let postgres = Postgres::new(&server);
        let model = Memory::twin_of(&*postgres.store(), true);
        vec![Box::new(postgres), Box::new(model)]
    });
}
