//! The classes of a diff keep their meaning: checked with the validation engine and with generated
//! code, on arbitrary schemas.

mod consumer;
mod face;
mod rustc;
mod schema;

use proptest::collection::vec;
use proptest::prelude::*;
use runcomfy_codegen_cli::{Bindings, Class, Diff, diff};
use runcomfy_schema::ModelSchema;
use serde_json::{Value, json};

pub(crate) use schema::{Choices, object};

/// Returns the configuration for a number of cases; `PROPTEST_CASES` overrides it.
fn cases(usual: u32) -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok();
    ProptestConfig {
        cases: cases.and_then(|n| n.parse().ok()).unwrap_or(usual),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

fn parse(document: &Value) -> Option<ModelSchema> {
    ModelSchema::parse(Some("acme/stamp"), std::slice::from_ref(document)).0
}

fn compare(old: &ModelSchema, new: &ModelSchema) -> Diff {
    diff(std::slice::from_ref(old), std::slice::from_ref(new))
}

/// Holds arbitrary numbers. A failure prints their count, since the schemas made of them say more.
struct Numbers(Vec<u16>);

impl std::fmt::Debug for Numbers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} numbers", self.0.len())
    }
}

fn numbers() -> impl Strategy<Value = Numbers> {
    vec(any::<u16>(), 0..300).prop_map(Numbers)
}

proptest! {
    #![proptest_config(cases(1500))]

    #[test]
    fn valid_inputs_stay_valid_unless_breaking(
        numbers in numbers(), changes in numbers(), inputs in numbers(),
    ) {
        let document = schema::object(&mut Choices::new(&numbers.0), 2);
        let changed = schema::mutated(&mut Choices::new(&changes.0), &document, 2);
        let (Some(old), Some(new)) = (parse(&document), parse(&changed)) else {
            return Ok(());
        };
        let diff = compare(&old, &new);
        prop_assert_eq!(diff.is_empty(), old == new, "{} to {}", document, changed);
        if diff.is_breaking(Bindings::Dependency) {
            return Ok(());
        }
        let mut choices = Choices::new(&inputs.0);
        for _ in 0..30 {
            let input = schema::instance(&mut choices, [&document, &changed], 3);
            prop_assert!(
                old.validate(&input).refuse() || !new.validate(&input).refuse(),
                "{} to {} refuses {}: {}", document, changed, input, new.validate(&input)
            );
        }
    }

    /// Only the engine decides about values that have no type in generated code.
    #[test]
    fn valid_untyped_values_stay_valid_unless_breaking(
        numbers in numbers(), changes in numbers(), inputs in numbers(),
    ) {
        let element = schema::object(&mut Choices::new(&numbers.0), 2);
        let changed = schema::mutated(&mut Choices::new(&changes.0), &element, 2);
        let within = |element: &Value| parse(&json!({"properties": {"x": {"items": element}}}));
        let (Some(old), Some(new)) = (within(&element), within(&changed)) else {
            return Ok(());
        };
        if compare(&old, &new).is_breaking(Bindings::Dependency) {
            return Ok(());
        }
        let mut choices = Choices::new(&inputs.0);
        for _ in 0..30 {
            let input = json!({"x": [schema::instance(&mut choices, [&element, &changed], 3)]});
            prop_assert!(
                old.validate(&input).refuse() || !new.validate(&input).refuse(),
                "{} to {} refuses {}: {}", element, changed, input, new.validate(&input)
            );
        }
    }

    #[test]
    fn schema_does_not_differ_from_itself(numbers in numbers()) {
        let document = schema::object(&mut Choices::new(&numbers.0), 2);
        if let (Some(old), Some(new)) = (parse(&document), parse(&document)) {
            prop_assert!(compare(&old, &new).is_empty());
        }
    }

    #[test]
    fn other_texts_are_text_only(numbers in numbers()) {
        let document = schema::object(&mut Choices::new(&numbers.0), 2);
        let translated = schema::translated(&document);
        if let (Some(old), Some(new)) = (parse(&document), parse(&translated)) {
            let diff = compare(&old, &new);
            prop_assert!(diff.count(Class::TextOnly) > 0);
            for class in Class::ALL.into_iter().filter(|class| *class != Class::TextOnly) {
                prop_assert_eq!(diff.count(class), 0, "{}", class);
            }
        }
    }
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn callers_compile_unless_breaking(numbers in numbers(), changes in numbers()) {
        let document = schema::object(&mut Choices::new(&numbers.0), 2);
        let changed = schema::mutated(&mut Choices::new(&changes.0), &document, 2);
        let (Some(old), Some(new)) = (parse(&document), parse(&changed)) else {
            return Ok(());
        };
        if compare(&old, &new).is_breaking(Bindings::Dependency) {
            return Ok(());
        }
        // Schemas with names that collide have no code, on either side.
        if let (Some(old), Some(new)) = (face::from_schema(&document), face::from_schema(&changed)) {
            let lost: Vec<_> = old.difference(&new).collect();
            prop_assert!(lost.is_empty(), "{} to {} loses {:?}", document, changed, lost);
        }
    }
}

#[test]
fn arbitrary_changes_are_of_all_classes() {
    let mut seen = [0; Class::ALL.len() + 1];
    let mut choices = Choices::endless(7);
    for _ in 0..3000 {
        let document = schema::object(&mut choices, 2);
        let changed = schema::mutated(&mut choices, &document, 2);
        if let (Some(old), Some(new)) = (parse(&document), parse(&changed)) {
            let diff = compare(&old, &new);
            let class = diff
                .models
                .first()
                .map(runcomfy_codegen_cli::ModelDiff::class);
            seen[class.map_or(Class::ALL.len(), |class| class as usize)] += 1;
        }
    }
    println!("{:?} and none: {seen:?}", Class::ALL);
    assert!(seen.iter().all(|n| *n >= 20), "{seen:?}");
}

#[test]
fn key_order_makes_no_difference() {
    let old = json!({"type": "object", "required": ["a", "b"], "properties": {
        "a": {"type": "float", "maximum": 2}, "b": {"title": "B", "type": "string"}}});
    let new = json!({"properties": {"b": {"type": "string", "title": "B"},
        "a": {"maximum": 2.0, "type": "number"}}, "required": ["b", "a"], "type": "object"});
    assert!(compare(&parse(&old).unwrap(), &parse(&new).unwrap()).is_empty());
}
