//! Number of allocations of a validation. It is a program of its own, since counting takes time,
//! which would slow down those that allocate.

use std::alloc::System;
use std::hint::black_box;

use runcomfy_benches::{Aim, Case, Outcome, Row};
use runcomfy_schema::View;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static COUNTED: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() -> Outcome {
    let (model, validator) = (Case::model(), Case::validator()?);
    for case in Case::all()? {
        let print = |checked_by: &str, aim: Aim, count: usize| {
            let what = format!("allocations, {}: {checked_by}", case.name);
            Row::new(what, "").aim(aim).print_count(count);
        };
        let aim = match case.violations {
            0 => Aim::AtMost(0.0),
            _ => Aim::None,
        };
        if let Some(input) = &case.input {
            let count = allocations(|| model.input.validate(View::Record(input)));
            print("typed `Input`", aim, count);
        }
        print("free JSON", aim, allocations(|| model.validate(&case.json)));
        let count = allocations(|| validator.is_valid(&case.json));
        print("jsonschema, `is_valid`", Aim::None, count);
        let count = allocations(|| validator.iter_errors(&case.json).count());
        print("jsonschema, `iter_errors`", Aim::None, count);
    }
    Ok(())
}

fn allocations<T>(call: impl Fn() -> T) -> usize {
    // What is made once, at the first call, is not the call's.
    black_box(call());
    let region = Region::new(COUNTED);
    let answer = black_box(call());
    let change = region.change();
    drop(answer);
    change.allocations + change.reallocations
}
