//! The engine against an independent implementation: `jsonschema`, on the exported schema.
//!
//! Both must find the same keywords violated at the same pointers, and so agree whether a value is
//! valid. They differ by design, and only here:
//!
//! - **Media URLs.** The engine checks the form of a URL, JSON Schema does not. The comparison
//!   leaves such violations out, except that none may name a valid URL.
//! - **64-bit integers.** `1e300` is an integer in JSON Schema; in the service's dialect an integer
//!   fits 64 bits. Where the engine finds a whole float of another type, the validator has to
//!   refuse it at the same pointer, for the bounds of the export.
//! - **Finite numbers.** A typed input can contain NaN, which the engine refuses. JSON has no NaN,
//!   so nothing is left out here.
//! - **`multipleOf`.** The validator divides floats, which is wrong beyond 2^53 and for some
//!   decimals. There the engine is compared with exact decimals, and the validator's errors are
//!   counted.
//! - **Wrong types.** The engine reports nothing else about a value of another type; the validator
//!   also lists other keywords (`enum`) at the same pointer.
//!
//! Each difference is counted, and the test fails where a count leaves its bounds, so that they
//! hide neither a real difference nor test data that has become one-sided.
//!
//! `RUNCOMFY_CASES` sets the number of values, `RUNCOMFY_SEED` the first seed.

// A failed setup ends the test.
#![allow(clippy::unwrap_used)]

mod decimal;
mod verdict;

use std::path::{Path, PathBuf};

use runcomfy_schema::{ModelSchema, Schema, Severity};
use runcomfy_testkit::arbitrary::{Entropy, schema, value};
use runcomfy_testkit::cases::Cases;
use serde_json::Value;
use verdict::{Judge, Tally};

/// Number of values in all tests together in a thorough run.
const CASES: u64 = 100_000;

/// Number of values for one arbitrary schema.
const VALUES: u64 = 20;

/// Absolute allowance, for runs of few cases.
const FEW: u64 = 20;

/// Returns a part of all cases.
fn cases(percent: u64) -> Cases {
    Cases::from_env(CASES).percent(percent)
}

/// Returns a valid value, a mutation of one, or now and then any JSON.
fn arbitrary_value(entropy: &mut dyn Entropy, schema: &Schema) -> Value {
    match entropy.below(20) {
        0 => value::any(entropy, 3),
        1..10 => value::valid(entropy, schema),
        _ => value::mutated(entropy, schema),
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

/// Returns every model below a folder of schema files.
fn models(folder: &Path) -> Vec<ModelSchema> {
    let mut files = Vec::new();
    find(folder, &mut files);
    files.sort();
    let model = |path: &PathBuf| {
        let relative = path.strip_prefix(folder).unwrap().with_extension("");
        let text = std::fs::read_to_string(path).unwrap();
        // The corpus is flat, and its entries name their models.
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

/// Compares the verdicts on arbitrary values of each schema, on so many in all.
fn compare(models: &[ModelSchema], cases: Cases) -> Tally {
    let mut tally = Tally::default();
    let count = cases.count.div_ceil(models.len() as u64);
    let each = Cases { count, ..cases };
    for model in models {
        let judge = Judge::new(&model.id, &model.input);
        for seed in each.seeds() {
            let value = arbitrary_value(&mut fastrand::Rng::with_seed(seed), &model.input);
            judge.compare(&value, seed, &mut tally);
        }
    }
    tally
}

/// Checks that neither verdict is rare: the comparison would prove nothing.
fn assert_both_verdicts(tally: &Tally) {
    assert!(tally.valid + FEW >= tally.values / 4, "{tally}");
    assert!(tally.valid <= tally.values / 10 * 9 + FEW, "{tally}");
}

/// Checks that the values violate each of these keywords often enough.
fn assert_rules_are_violated(tally: &Tally, rules: &[&str]) {
    if tally.values >= CASES / 10 {
        for rule in rules {
            let violated = tally.rules.get(rule).copied().unwrap_or_default();
            assert!(
                violated >= 20,
                "{rule}: violated {violated} times in {tally}"
            );
        }
    }
}

#[test]
fn built_in_models_have_the_validators_verdicts() {
    let models = models(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas"));
    assert!(!models.is_empty());
    let tally = compare(&models, cases(20));
    println!("built in: {} models, {tally}", models.len());
    assert_both_verdicts(&tally);
    assert!(tally.beyond_64_bits <= tally.values / 50 + FEW, "{tally}");
    assert!(tally.urls <= tally.values / 4 + FEW, "{tally}");
    // Floats are precise enough for the steps of real models.
    assert!(tally.inexact <= tally.values / 1_000 + FEW, "{tally}");
}

#[test]
fn corpus_has_the_validators_verdicts() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    if !corpus.is_dir() {
        eprintln!("skipped: no corpus at {}", corpus.display());
        return;
    }
    let models = models(&corpus);
    assert!(models.len() >= 49, "{}", models.len());
    let tally = compare(&models, cases(40));
    println!("corpus: {} models, {tally}", models.len());
    assert_both_verdicts(&tally);
    assert_rules_are_violated(
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
    assert!(tally.beyond_64_bits <= tally.values / 50 + FEW, "{tally}");
    assert!(tally.urls <= tally.values / 4 + FEW, "{tally}");
    assert!(tally.inexact <= tally.values / 1_000 + FEW, "{tally}");
}

#[test]
fn arbitrary_schemas_have_the_validators_verdicts() {
    let mut tally = Tally::default();
    let (mut made, mut refused) = (0, 0);
    let cases = cases(40);
    for seed in cases.first_seed.. {
        if tally.values >= cases.count {
            break;
        }
        let mut entropy = fastrand::Rng::with_seed(seed);
        let document = schema::input(&mut entropy).to_string();
        // Contradictory bounds and the like.
        let Some(model) = parse(Some("arbitrary/schema"), &document) else {
            refused += 1;
            continue;
        };
        made += 1;
        let judge = Judge::new("arbitrary schema", &model.input);
        for _ in 0..VALUES {
            let value = arbitrary_value(&mut entropy, &model.input);
            judge.compare(&value, seed, &mut tally);
        }
    }
    println!("arbitrary: {made} schemas ({refused} refused), {tally}");
    assert!(made >= refused, "{made} made, {refused} refused");
    assert_rules_are_violated(
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
    assert!(tally.valid + FEW >= tally.values / 10, "{tally}");
    assert!(tally.beyond_64_bits <= tally.values / 20 + FEW, "{tally}");
    assert!(tally.inexact <= tally.values / 50 + FEW, "{tally}");
}

/// Returns `true` if a member is a whole number above `i64::MAX`.
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

/// Tests that the type's `JsonSchema` is the exported schema, and that deserializing the type
/// refuses the values that the engine finds of another shape.
macro_rules! typed {
    ($test:ident, $input:ty, $model:expr) => {
        #[test]
        fn $test() {
            let model: &ModelSchema = $model;
            let mut typed = schemars::schema_for!($input).to_value();
            let map = typed.as_object_mut().unwrap();
            // The keywords that schemars adds to every document.
            assert_eq!(
                map.remove("$schema").unwrap(),
                "https://json-schema.org/draft/2020-12/schema"
            );
            assert_eq!(map.remove("title").unwrap(), "Input");
            assert_eq!(typed, model.input.to_json_schema());

            let judge = Judge::against(&model.id, &model.input, typed);
            let mut tally = Tally::default();
            for seed in cases(1).seeds() {
                let value = arbitrary_value(&mut fastrand::Rng::with_seed(seed), &model.input);
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
            assert_both_verdicts(&tally);
        }
    };
}

use runcomfy_models::bytedance::{dreamina_3_0, dreamina_4_0};

typed!(
    type_of_image_to_video_agrees_with_its_schema,
    dreamina_3_0::pro::image_to_video::Input,
    &dreamina_3_0::pro::image_to_video::SCHEMA
);
typed!(
    type_of_edit_agrees_with_its_schema,
    dreamina_4_0::edit::Input,
    &dreamina_4_0::edit::SCHEMA
);
typed!(
    type_of_text_to_image_agrees_with_its_schema,
    dreamina_4_0::text_to_image::Input,
    &dreamina_4_0::text_to_image::SCHEMA
);
