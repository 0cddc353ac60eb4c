//! Arbitrary values for the built-in models: the engine's two verdicts and the types agree.

#![no_main]

use arbitrary::{Arbitrary, Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use runcomfy_fuzz::FuzzerBytes;
use runcomfy_models::ALL;
use runcomfy_models::bytedance::dreamina_4_0::edit::Input;
use runcomfy_schema::ModelSchema;
use runcomfy_testkit::arbitrary::value;
use serde_json::Value;

/// A value, mostly one that its model nearly allows.
#[derive(Debug)]
struct Case {
    model: usize,
    value: Value,
}

impl<'a> Arbitrary<'a> for Case {
    fn arbitrary(bytes: &mut Unstructured<'a>) -> Result<Self> {
        let model = bytes.choose_index(ALL.len())?;
        let schema = &ALL[model].input;
        let value = match bytes.int_in_range(0..=3)? {
            0 => value::valid(&mut FuzzerBytes(bytes), schema),
            1 | 2 => value::mutated(&mut FuzzerBytes(bytes), schema),
            _ => {
                let text: &str = bytes.arbitrary()?;
                serde_json::from_str(text)
                    .unwrap_or_else(|_| value::any(&mut FuzzerBytes(bytes), 6))
            }
        };
        Ok(Self { model, value })
    }
}

fuzz_target!(|case: Case| {
    let model: &ModelSchema = ALL[case.model];
    let all = model.input.validate(&case.value);
    let shape = model.input.validate_shape(&case.value);
    // The shape is part of the whole.
    assert!(!shape.refuse() || all.refuse(), "{all}");
    assert_eq!(shape.refuse(), !shape.is_empty());
    for violation in &all {
        assert!(!violation.to_string().contains('\n') || violation.pointer.contains('\n'));
        assert!(!violation.expected.is_empty());
    }
    let Ok(input) = serde_json::from_value::<Input>(case.value.clone()) else {
        return;
    };
    if &*model.id == "bytedance/dreamina-4-0/edit" {
        assert!(
            shape.is_empty(),
            "read although its shape is invalid: {shape}"
        );
        let written = serde_json::to_value(&input).expect("what was read can be written");
        assert_eq!(
            model.input.validate(&written).refuse(),
            all.refuse(),
            "{written}"
        );
    }
});
