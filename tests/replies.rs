//! Mutated responses: no panic, no id of a job lost, no refusal without proof, and no running job called
//! finished.
//!
//! The facts of a response are read by hand (`runcomfy_testkit::judge::reading`), which shares no code with
//! the client. The fuzz target `reply` checks the same, with the fuzzer's choices. `RUNCOMFY_CASES`
//! sets the number of responses, `RUNCOMFY_SEED` the first seed.

mod check;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use check::{Checker, Verdict};
use runcomfy_testkit::arbitrary::reply::{Call, Reply, reply};
use runcomfy_testkit::cases::{Cases, rerun};

/// Number of responses of a thorough run.
const CASES: u64 = 20_000;

/// Counts of the client's verdicts, by call.
#[derive(Clone, Copy, Debug, Default)]
struct Figures {
    certain: u64,
    refused: u64,
    open: u64,
}

#[test]
fn mutated_reply_loses_no_id_and_ends_no_running_job() {
    let cases = Cases::from_env(CASES);
    let threads = thread::available_parallelism().map_or(1, |n| n.get() as u64);
    let mut figures = [Figures::default(); Call::ALL.len()];
    thread::scope(|scope| {
        let worker = |thread: u64| {
            let seeds = cases.seeds().filter(move |seed| seed % threads == thread);
            let mut figures = [Figures::default(); Call::ALL.len()];
            let mut checker = Checker::new();
            for seed in seeds {
                let (index, verdict) = check(&mut checker, seed);
                let count = match verdict {
                    Verdict::Certain => &mut figures[index].certain,
                    Verdict::Refused => &mut figures[index].refused,
                    Verdict::Open => &mut figures[index].open,
                };
                *count += 1;
            }
            figures
        };
        let workers: Vec<_> = (0..threads)
            .map(|thread| scope.spawn(move || worker(thread)))
            .collect();
        for part in workers.into_iter().map(|worker| worker.join().unwrap()) {
            for (sum, part) in figures.iter_mut().zip(part) {
                sum.certain += part.certain;
                sum.refused += part.refused;
                sum.open += part.open;
            }
        }
    });
    for (call, figures) in Call::ALL.iter().zip(figures) {
        println!("{call:?}: {figures:?}");
        // Responses that all say nothing would prove nothing.
        assert!(
            figures.certain * 50 > cases.count / 4 || cases.count < CASES,
            "{call:?}: {figures:?}"
        );
    }
}

fn check(checker: &mut Checker, seed: u64) -> (usize, Verdict) {
    let mut choices = fastrand::Rng::with_seed(seed);
    let index = choices.usize(..Call::ALL.len());
    let call = Call::ALL[index];
    let reply = reply(&mut choices, call);
    let outcome = catch_unwind(AssertUnwindSafe(|| checker.check(call, &reply)));
    match outcome.unwrap_or_else(|_| Err("the client panicked".to_owned())) {
        Ok(verdict) => (index, verdict),
        Err(why) => panic!("{call:?}: {why}; {}\n{}", rerun(seed), shown(&reply)),
    }
}

fn shown(reply: &Reply) -> String {
    format!("HTTP {}: {}", reply.http_status, reply.body.escape_ascii())
}
