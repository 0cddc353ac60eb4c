//! Measures the cost of compiling the generated crate, against typify's from the same models.

mod candidate;
mod typify;

use std::collections::BTreeMap;

use candidate::{Candidate, Maker, Step};
use runcomfy_benches::{
    Aim, Cost, MEBIBYTE, Meter, Outcome, Row, SIZES, Samples, Workload, ratios, scratch,
};

/// Times that each crate is compiled, where the environment does not say otherwise.
const RUNS: usize = 3;
/// Times that typify's larger crates are compiled, of which one takes a minute or more.
const SLOW_RUNS: usize = 1;

/// Peak memory against typify's.
const MEMORY: Aim = Aim::AtLeast(4.0);

/// CPU milliseconds and peak mebibytes.
#[derive(Default)]
struct Measured {
    cpu: Samples,
    peak: Samples,
}

impl Measured {
    fn push(&mut self, cost: &Cost) {
        self.cpu.push(cost.cpu.as_secs_f64() * 1e3);
        self.peak.push(cost.peak as f64 / MEBIBYTE);
    }
}

fn main() -> Outcome {
    let workload = Workload::from_arguments()?;
    let folder = scratch("compile")?;
    let meter = Meter::new(&folder)?;
    let runs = number("BENCH_RUNS", RUNS)?;
    let slow_runs = number("BENCH_SLOW_RUNS", SLOW_RUNS)?;
    let candidates = Candidate::make_all(&workload, &folder)?;
    let mut measured: BTreeMap<(Step, usize, Maker), Measured> = BTreeMap::new();
    for run in 0..runs.max(slow_runs) {
        for candidate in &candidates {
            let is_slow = candidate.maker != Maker::RunComfy && candidate.size == SIZES[1];
            if run >= if is_slow { slow_runs } else { runs } {
                continue;
            }
            for step in Step::ALL {
                let cost = candidate.compile(step, &meter)?;
                let (run, name) = (run + 1, candidate.name());
                eprintln!("run {run}, {}, {name}: {cost}", step.name());
                let key = (step, candidate.size, candidate.maker);
                measured.entry(key).or_default().push(&cost);
            }
        }
    }
    print(&measured);
    Ok(())
}

fn print(measured: &BTreeMap<(Step, usize, Maker), Measured>) {
    for ((step, size, maker), theirs) in measured {
        let of = |what: &str| format!("{}, {size}, {}: {what}", step.name(), maker.name());
        let per_model = theirs.cpu.scaled(1.0 / *size as f64);
        Row::new(of("CPU per model"), "ms").print(&per_model);
        Row::new(of("peak memory"), "MiB").print(&theirs.peak);
        let ours = &measured[&(*step, *size, Maker::RunComfy)];
        if *maker != Maker::RunComfy {
            Row::new(of("CPU against ours"), "×")
                .aim(cpu(*maker))
                .print(&ratios(&theirs.cpu, &ours.cpu));
            Row::new(of("memory against ours"), "×")
                .aim(MEMORY)
                .print(&ratios(&theirs.peak, &ours.peak));
        }
    }
}

/// Returns the aim of CPU time against typify's.
fn cpu(maker: Maker) -> Aim {
    match maker {
        Maker::RunComfy => Aim::None,
        Maker::Typify => Aim::AtLeast(7.0),
        Maker::TypifyWithBuilder => Aim::AtLeast(10.0),
    }
}

fn number(variable: &str, otherwise: usize) -> Outcome<usize> {
    match std::env::var(variable) {
        Ok(text) => Ok(text
            .parse()
            .map_err(|e| format!("{variable}={text}: {e}"))?),
        Err(_) => Ok(otherwise),
    }
}
