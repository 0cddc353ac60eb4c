//! The engine against an independent implementation: `jsonschema`, on the exported schema.
//!
//! Both must find the same keywords broken at the same places, and so reach the same verdict.
//! They differ by design, and only here:
//!
//! - **Media URLs.** The engine judges the form of a URL, JSON Schema does not. Such violations
//!   are left out of the comparison; none may name a URL that is good.
//! - **64-bit integers.** `1e300` is an integer in JSON Schema; in the dialect an integer fits 64
//!   bits. Where the engine says that a whole float is of another type, the validator has to refuse
//!   it at the same place, for the bounds of the export.
//! - **Finite numbers.** A typed input can hold NaN, which the engine refuses. JSON cannot say it,
//!   so nothing is left out here.
//! - **`multipleOf`.** The validator divides floats, which is wrong beyond 2^53 and for some
//!   decimals. There the engine is held to exact decimals instead, and the validator's slips are
//!   counted.
//! - **Wrong types.** What is of another type breaks nothing else in the engine; the validator
//!   lists the other keywords (`enum`) at the same place too.
//!
//! Each is counted, and the test fails where a count leaves its bounds, so that neither a
//! difference nor a drawing that has gone stale can hide behind them.
//!
//! `RUNCOMFY_DRAWS` sets the number of draws, `RUNCOMFY_SEED` the first seed.

// A set-up that fails ends the test.
#![allow(clippy::unwrap_used)]

mod decimal;
mod verdict;

use std::path::{Path, PathBuf};

use runcomfy_schema::{ModelSchema, Schema, Severity};
use runcomfy_testkit::{Dice, instance, schema};
use serde_json::Value;
use verdict::{Judge, Tally};

/// In all tests together.
const DRAWS: u64 = 100_000;

/// How many instances are drawn of one made-up schema.
const INSTANCES: u64 = 20;

/// An absolute allowance, for runs of few draws.
const FEW: u64 = 20;

/// This part of all draws, by default or as the environment has it.
fn draws(percent: u64) -> u64 {
    number_of("RUNCOMFY_DRAWS").unwrap_or(DRAWS) * percent / 100
}

fn first_seed() -> u64 {
    number_of("RUNCOMFY_SEED").unwrap_or(1)
}

fn number_of(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{variable}={text} is no number")),
    )
}

/// A valid instance, a mutation of one, and now and then anything at all.
fn instance_of(dice: &mut dyn Dice, schema: &Schema) -> Value {
    match dice.below(20) {
        0 => instance::anything(dice, 3),
        1..10 => instance::valid(dice, schema),
        _ => instance::mutated(dice, schema),
    }
}

fn parse(id: Option<&str>, text: &str) -> Option<ModelSchema> {
    let documents: Vec<Value> = serde_json::Deserializer::from_str(text)
        .into_iter()
        .collect::<Result<_, _>>()
        .unwrap();
    let (model, diagnostics) = ModelSchema::parse(id, &documents);
    let refused = diagnostics.iter().any(|p| p.severity == Severity::Error);
    assert_eq!(model.is_none(), refused, "{diagnostics:?}");
    model
}

/// Every model below a folder of schema files.
fn models(folder: &Path) -> Vec<ModelSchema> {
    let mut files = Vec::new();
    find(folder, &mut files);
    files.sort();
    let model = |path: &PathBuf| {
        let relative = path.strip_prefix(folder).unwrap().with_extension("");
        let text = std::fs::read_to_string(path).unwrap();
        // The corpus is flat: there the entry names its model.
        let id = relative.to_string_lossy().replace('\\', "/");
        let id = (!text.contains("\"model_id\"")).then_some(&*id);
        parse(id, &text).unwrap_or_else(|| panic!("{} is refused", path.display()))
    };
    files.iter().map(model).collect()
}

fn find(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            find(&path, files);
        } else if path.extension().is_some_and(|ending| ending == "json") {
            files.push(path);
        }
    }
}

/// Draws instances of each schema, as many in all as are asked for.
fn draw(models: &[ModelSchema], draws: u64) -> Tally {
    let mut tally = Tally::default();
    let each = draws.div_ceil(models.len() as u64);
    for model in models {
        let judge = Judge::new(&model.id, &model.input);
        for seed in (first_seed()..).take(usize::try_from(each).unwrap()) {
            let value = instance_of(&mut fastrand::Rng::with_seed(seed), &model.input);
            judge.compare(&value, seed, &mut tally);
        }
    }
    tally
}

/// Drawings that are mostly valid or never would compare nothing.
fn both_verdicts_are_common(tally: &Tally) {
    assert!(tally.valid + FEW >= tally.draws / 4, "{tally}");
    assert!(tally.valid <= tally.draws / 10 * 9 + FEW, "{tally}");
}

fn each_rule_is_met(tally: &Tally, rules: &[&str]) {
    if tally.draws >= DRAWS / 10 {
        for rule in rules {
            let met = tally.rules.get(rule).copied().unwrap_or_default();
            assert!(met >= 20, "{rule}: {met} times in {tally}");
        }
    }
}

#[test]
fn the_built_in_models() {
    let models = models(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas"));
    assert!(!models.is_empty());
    let tally = draw(&models, draws(20));
    println!("built in: {} models, {tally}", models.len());
    both_verdicts_are_common(&tally);
    assert!(tally.beyond_64_bits <= tally.draws / 50 + FEW, "{tally}");
    assert!(tally.urls <= tally.draws / 4 + FEW, "{tally}");
    // No step of a real model is out of a float's reach.
    assert!(tally.inexact <= tally.draws / 1_000 + FEW, "{tally}");
}

#[test]
fn the_corpus() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    if !corpus.is_dir() {
        eprintln!("skipped: no corpus at {}", corpus.display());
        return;
    }
    let models = models(&corpus);
    assert!(models.len() >= 49, "{}", models.len());
    let tally = draw(&models, draws(40));
    println!("corpus: {} models, {tally}", models.len());
    both_verdicts_are_common(&tally);
    each_rule_is_met(
        &tally,
        &[
            "type",
            "required",
            "unknown_property",
            "enum",
            "minimum",
            "maximum",
            "minItems",
            "maxItems",
        ],
    );
    assert!(tally.beyond_64_bits <= tally.draws / 50 + FEW, "{tally}");
    assert!(tally.urls <= tally.draws / 4 + FEW, "{tally}");
    assert!(tally.inexact <= tally.draws / 1_000 + FEW, "{tally}");
}

#[test]
fn made_up_schemas() {
    let mut tally = Tally::default();
    let (mut made, mut refused) = (0, 0);
    for seed in first_seed().. {
        if tally.draws >= draws(40) {
            break;
        }
        let mut dice = fastrand::Rng::with_seed(seed);
        let document = schema::input(&mut dice).to_string();
        // Contradictory bounds and the like.
        let Some(model) = parse(Some("made/up"), &document) else {
            refused += 1;
            continue;
        };
        made += 1;
        let judge = Judge::new("made up", &model.input);
        for _ in 0..INSTANCES {
            let value = instance_of(&mut dice, &model.input);
            judge.compare(&value, seed, &mut tally);
        }
    }
    println!("made up: {made} schemas ({refused} refused), {tally}");
    assert!(made >= refused, "{made} made, {refused} refused");
    each_rule_is_met(
        &tally,
        &[
            "type",
            "required",
            "unknown_property",
            "enum",
            "minimum",
            "maximum",
            "exclusiveMinimum",
            "exclusiveMaximum",
            "multipleOf",
            "minLength",
            "maxLength",
            "minItems",
            "maxItems",
            "format",
        ],
    );
    assert!(tally.valid + FEW >= tally.draws / 10, "{tally}");
    assert!(tally.beyond_64_bits <= tally.draws / 20 + FEW, "{tally}");
    assert!(tally.inexact <= tally.draws / 50 + FEW, "{tally}");
}

/// Whether a member is a whole number above `i64::MAX`.
fn is_beyond_i64(value: &Value) -> bool {
    let beyond = |value: &Value| {
        value
            .as_f64()
            .is_some_and(|f| f >= 9_223_372_036_854_775_808.0)
    };
    let exact = |value: &Value| value.as_i64().is_none();
    let members = value.as_object().into_iter().flat_map(|map| map.values());
    members
        .into_iter()
        .any(|value| beyond(value) && exact(value))
}

/// The type's `JsonSchema` says what the export says, and reading the type refuses what the
/// engine finds misshapen.
macro_rules! typed {
    ($test:ident, $input:ty, $model:expr) => {
        #[test]
        fn $test() {
            let model: &ModelSchema = $model;
            let mut typed = schemars::schema_for!($input).to_value();
            let map = typed.as_object_mut().unwrap();
            // What schemars puts at the head of every document.
            assert_eq!(
                map.remove("$schema").unwrap(),
                "https://json-schema.org/draft/2020-12/schema"
            );
            assert_eq!(map.remove("title").unwrap(), "Input");
            assert_eq!(typed, model.input.to_json_schema());

            let judge = Judge::against(&model.id, &model.input, typed);
            let mut tally = Tally::default();
            for seed in (first_seed()..).take(usize::try_from(draws(1)).unwrap()) {
                let value = instance_of(&mut fastrand::Rng::with_seed(seed), &model.input);
                judge.compare(&value, seed, &mut tally);
                let fits = model.input.validate_shape(&value).is_empty();
                let read = serde_json::from_value::<$input>(value.clone());
                // A field of `i64` holds fewer integers than the dialect has.
                let beyond = fits && read.is_err() && is_beyond_i64(&value);
                assert_eq!(
                    read.is_ok(),
                    fits && !beyond,
                    "seed {seed}: {value}: {:?}",
                    read.err()
                );
            }
            both_verdicts_are_common(&tally);
        }
    };
}

use runcomfy_models::bytedance::{dreamina_3_0, dreamina_4_0};

typed!(
    the_type_of_image_to_video,
    dreamina_3_0::pro::image_to_video::Input,
    &dreamina_3_0::pro::image_to_video::SCHEMA
);
typed!(
    the_type_of_edit,
    dreamina_4_0::edit::Input,
    &dreamina_4_0::edit::SCHEMA
);
typed!(
    the_type_of_text_to_image,
    dreamina_4_0::text_to_image::Input,
    &dreamina_4_0::text_to_image::SCHEMA
);
