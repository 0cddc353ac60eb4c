//! Time to validate one value: the engine on a typed struct and on free JSON, against the crate
//! `jsonschema` with the exported schema.

use std::hint::black_box;
use std::time::{Duration, Instant};

use jsonschema::{ValidationError, Validator};
use runcomfy_benches::{Aim, Case, Outcome, Row, Samples, ratios};
use runcomfy_schema::View;
use serde_json::Value;

/// Every contender has a batch in every round, so that conditions are equal.
const ROUNDS: usize = 301;

/// Duration of a batch: long compared with the clock's steps, short compared with other load.
const BATCH: Duration = Duration::from_micros(200);

/// Minimum ratio of jsonschema's time to the engine's, for a valid value.
const VALID: Aim = Aim::AtLeast(20.0);
/// Minimum ratio with violations, where the engine makes a text for each.
const INVALID: Aim = Aim::AtLeast(10.0);

/// Returns the minimum ratio to the time of a validator that was built beforehand and answers the same
/// question.
fn built_before(case: &Case, theirs: &str, ours: &str) -> Aim {
    match (case.violations, theirs) {
        (0, "jsonschema, `is_valid`") if ours.starts_with("typed") => Aim::AtLeast(2.0),
        (0, "jsonschema, `is_valid`") => Aim::AtLeast(1.5),
        (1.., "jsonschema, `iter_errors` with texts") if case.input.is_some() => Aim::AtLeast(3.0),
        (1.., "jsonschema, `iter_errors` with texts") => Aim::AtLeast(1.0),
        _ => Aim::None,
    }
}

/// One way to validate one value.
struct Contender<'a> {
    name: &'static str,
    /// Validates so many times.
    check: Box<dyn Fn(u32) + 'a>,
    batch: u32,
    nanoseconds: Samples,
}

fn main() -> Outcome {
    let schema = Case::model().input.to_json_schema();
    let validator = Case::validator()?;
    for case in Case::all()? {
        let ours = ours(&case);
        let (like, unlike) = theirs(&case, &schema, &validator);
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

/// First those that begin as the engine does, with a schema and a value, and answer the same
/// question: is it valid, or what all is wrong, in words. Whoever validates against a schema file
/// pays for the building too, while a table that was compiled in needs none. Then those with a
/// validator that was built beforehand, of which some do less, or more.
fn theirs<'a>(
    case: &'a Case,
    schema: &'a Value,
    validator: &'a Validator,
) -> (Vec<Contender<'a>>, Vec<Contender<'a>>) {
    let json = &case.json;
    let count = Contender::new("jsonschema, `iter_errors` counted", || {
        validator.iter_errors(json).count()
    });
    if case.violations > 0 {
        let built = || build(schema).map(|validator| texts(&validator, json));
        let like = Contender::new("jsonschema, built for the call, with texts", built);
        let built = || build(schema).map(|validator| validator.iter_errors(json).count());
        let unlike = vec![
            Contender::new("jsonschema, built for the call, counted", built),
            Contender::new("jsonschema, `iter_errors` with texts", || {
                texts(validator, json)
            }),
            count,
        ];
        return (vec![like], unlike);
    }
    let built = || jsonschema::is_valid(schema, json);
    let like = Contender::new("jsonschema, built for the call, `is_valid`", built);
    let written = || serde_json::to_value(&case.input).map(|json| validator.is_valid(&json));
    let unlike = vec![
        Contender::new("jsonschema, `is_valid`", || validator.is_valid(json)),
        count,
        Contender::new("jsonschema, struct written to JSON, `is_valid`", written),
    ];
    (vec![like], unlike)
}

fn build(schema: &Value) -> Result<Validator, ValidationError<'static>> {
    let options = jsonschema::options().should_validate_formats(true);
    options.build(schema)
}

/// The length of all texts together, so that each must be made.
fn texts(validator: &Validator, json: &Value) -> usize {
    let texts = validator.iter_errors(json).map(|error| error.to_string());
    texts.map(|text| text.len()).sum()
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
    for (theirs, aim) in [(like, Some(aim)), (unlike, None)] {
        for (their, our) in theirs.iter().flat_map(|t| ours.iter().map(move |o| (t, o))) {
            let aim = aim.unwrap_or_else(|| built_before(case, their.name, our.name));
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
