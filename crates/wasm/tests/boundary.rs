//! The engine behind the boundary, as JavaScript calls it. `check` compares the module itself.

// A set-up that fails ends the test.
#![allow(clippy::unwrap_used)]

use runcomfy_wasm::Engine;
use serde_json::{Value, json};

const STAMP: &str = r#"{"properties": {"scale": {"type": "float", "minimum": 0, "maximum": 1}}}"#;

fn output(engine: &Engine, len: usize) -> Value {
    assert_eq!(engine.output().len(), len);
    serde_json::from_slice(engine.output()).unwrap()
}

fn load(engine: &mut Engine, id: &str, schema: &str) -> Value {
    let text = format!("{id}{schema}");
    engine.input(text.len()).copy_from_slice(text.as_bytes());
    let len = engine.load(id.len());
    output(engine, len)
}

fn validate(engine: &mut Engine, model: usize, input: &str) -> Value {
    engine.input(input.len()).copy_from_slice(input.as_bytes());
    let len = engine.validate(model);
    output(engine, len)
}

#[test]
fn violations_are_those_of_the_engine() {
    let mut engine = Engine::default();
    let loaded = load(&mut engine, "acme/stamp", STAMP);
    assert_eq!(
        loaded,
        json!({"model": 0, "id": "acme/stamp", "diagnostics": []})
    );
    let found = validate(&mut engine, 0, r#"{"scale": 7}"#);
    assert_eq!(found["refuse"], true);
    assert_eq!(found["text"], "/scale: found 7, expected a number in 0..=1");
    assert_eq!(found["violations"][0]["pointer"], "/scale");
    let valid = json!({"refuse": false, "leftOut": 0, "text": "", "violations": []});
    assert_eq!(validate(&mut engine, 0, r#"{"scale": 1}"#), valid);
}

#[test]
fn what_is_no_schema_is_explained() {
    let mut engine = Engine::default();
    for (schema, expected) in [
        ("{", "the schema is not JSON"),
        ("7", "a schema is a JSON object"),
        ("", ""),
    ] {
        let loaded = load(&mut engine, "acme/stamp", schema);
        assert_eq!(loaded["model"], Value::Null, "{schema}");
        let diagnostic = &loaded["diagnostics"][0];
        assert_eq!(diagnostic["severity"], "error", "{schema}");
        let message = diagnostic["message"].as_str().unwrap();
        assert!(message.contains(expected), "{message}");
    }
    engine.input(2).copy_from_slice(b"\xff\xff");
    let len = engine.load(9);
    assert!(output(&engine, len)["diagnostics"][0]["message"] == "the text is not UTF-8");
}

#[test]
fn number_of_a_forgotten_model_is_used_again() {
    let mut engine = Engine::default();
    for number in [0, 1] {
        assert_eq!(load(&mut engine, "acme/stamp", STAMP)["model"], number);
    }
    engine.unload(0);
    engine.unload(99);
    let error = validate(&mut engine, 0, "{}");
    assert_eq!(error["error"], "the model is not loaded, or was freed");
    assert_eq!(load(&mut engine, "acme/stamp", STAMP)["model"], 0);
    assert!(
        validate(&mut engine, 1, "{")
            .to_string()
            .contains("not JSON")
    );
}

#[test]
fn package_has_the_version_of_the_crate() {
    let package: Value = serde_json::from_str(include_str!("../js/package.json")).unwrap();
    assert_eq!(package["version"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn names_that_objects_inherit_are_properties_of_their_own() {
    let mut engine = Engine::default();
    for (number, name) in ["constructor", "toString", "__proto__"].iter().enumerate() {
        let schema = json!({
            "type": "object",
            "required": [name],
            "properties": { *name: { "type": "boolean" } },
        });
        load(&mut engine, "acme/stamp", &schema.to_string());
        let missing = validate(&mut engine, number, "{}");
        assert_eq!(missing["violations"][0]["pointer"], format!("/{name}"));
        let valid = json!({ *name: true }).to_string();
        assert_eq!(validate(&mut engine, number, &valid)["refuse"], false);
        let wrong = json!({ *name: "true" }).to_string();
        assert_eq!(validate(&mut engine, number, &wrong)["refuse"], true);
    }
}

#[test]
fn integers_beyond_those_of_javascript_are_exact_in_texts() {
    let mut engine = Engine::default();
    let schema = r#"{"properties": {"big": {"type": "integer", "enum": [1]}}}"#;
    load(&mut engine, "acme/stamp", schema);
    for big in ["9007199254740992", "9007199254740993"] {
        let found = validate(&mut engine, 0, &format!("{{\"big\": {big}}}"));
        assert!(found["text"].as_str().unwrap().contains(big), "{found}");
    }
}
