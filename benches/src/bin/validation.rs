//! Nanoseconds for checking one value: the engine on a typed struct and on free JSON, against the
//! crate `jsonschema` with the exported schema.

use std::hint::black_box;
use std::time::{Duration, Instant};

use jsonschema::Validator;
use runcomfy_benches::{Aim, Case, Outcome, Row, Samples, ratios};
use runcomfy_dialect::View;

/// Every contender has a batch in every round, so that all of them meet the same machine.
const ROUNDS: usize = 301;

/// Long against the clock's steps, short against what else the machine does.
const BATCH: Duration = Duration::from_micros(200);

/// How many times faster than jsonschema a verdict is to be.
const VALID: Aim = Aim::AtLeast(20.0);
/// And with violations, where the engine puts each into words.
const INVALID: Aim = Aim::AtLeast(10.0);

/// One way to check one value.
struct Contender<'a> {
    name: &'static str,
    /// Checks as many times as it is told.
    check: Box<dyn Fn(u32) + 'a>,
    batch: u32,
    nanoseconds: Samples,
}

fn main() -> Outcome {
    let validator = Case::validator()?;
    for case in Case::all()? {
        let ours = ours(&case);
        let (like, unlike) = theirs(&case, &validator);
        race(&case, ours, like, unlike);
    }
    Ok(())
}

fn ours(case: &Case) -> Vec<Contender<'_>> {
    let schema = &Case::model().input;
    let free = Contender::new("free JSON", || schema.validate(&case.json));
    let typed = case.input.as_ref().map(|input| {
        let check = move || schema.validate(View::Record(input));
        Contender::new("typed `Input`", check)
    });
    typed.into_iter().chain([free]).collect()
}

/// First those that start from the same place as the engine and answer the same question: is it
/// valid, or what all is wrong. Then those that must first make what the engine needs not.
fn theirs<'a>(
    case: &'a Case,
    validator: &'a Validator,
) -> (Vec<Contender<'a>>, Vec<Contender<'a>>) {
    let json = &case.json;
    let errors = || validator.iter_errors(json);
    let count = Contender::new("jsonschema, `iter_errors` counted", move || {
        errors().count()
    });
    if case.violations > 0 {
        let texts = move || errors().map(|error| error.to_string().len()).sum::<usize>();
        let texts = Contender::new("jsonschema, `iter_errors` with texts", texts);
        return (vec![texts, count], Vec::new());
    }
    let verdict = Contender::new("jsonschema, `is_valid`", || validator.is_valid(json));
    let written = || serde_json::to_value(&case.input).map(|json| validator.is_valid(&json));
    let schema = Case::model().input.to_json_schema();
    let unlike = vec![
        Contender::new("jsonschema, struct written to JSON, `is_valid`", written),
        Contender::new("jsonschema, built for the call, `is_valid`", move || {
            jsonschema::is_valid(&schema, json)
        }),
    ];
    (vec![verdict, count], unlike)
}

fn race(
    case: &Case,
    mut ours: Vec<Contender<'_>>,
    mut like: Vec<Contender<'_>>,
    mut unlike: Vec<Contender<'_>>,
) {
    for _ in 0..ROUNDS {
        ours.iter_mut().for_each(Contender::run);
        like.iter_mut().for_each(Contender::run);
        unlike.iter_mut().for_each(Contender::run);
    }
    let name = case.name;
    for contender in ours.iter().chain(&like).chain(&unlike) {
        let what = format!("validation, {name}: {}", contender.name);
        Row::new(what, "ns").print(&contender.nanoseconds);
    }
    let aim = match case.violations {
        0 => VALID,
        _ => INVALID,
    };
    for (theirs, aim) in [(like, aim), (unlike, Aim::None)] {
        for (their, our) in theirs.iter().flat_map(|t| ours.iter().map(move |o| (t, o))) {
            let what = format!("validation, {name}: {} against {}", their.name, our.name);
            let ratios = ratios(&their.nanoseconds, &our.nanoseconds);
            Row::new(what, "×").aim(aim).print(&ratios);
        }
    }
}

impl<'a> Contender<'a> {
    fn new<T>(name: &'static str, check: impl Fn() -> T + 'a) -> Self {
        let check = Box::new(move |times| {
            for _ in 0..times {
                black_box(check());
            }
        });
        let mut contender = Self {
            name,
            check,
            batch: 1,
            nanoseconds: Samples::default(),
        };
        while contender.time() < BATCH {
            contender.batch *= 2;
        }
        contender
    }

    fn time(&self) -> Duration {
        let start = Instant::now();
        (self.check)(self.batch);
        start.elapsed()
    }

    fn run(&mut self) {
        let nanoseconds = self.time().as_secs_f64() * 1e9;
        self.nanoseconds.push(nanoseconds / f64::from(self.batch));
    }
}
