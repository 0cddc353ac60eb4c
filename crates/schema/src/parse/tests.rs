use serde_json::{Map, Value, json};

use super::keywords::KEYWORDS;
use super::*;
use crate::{Number, Operator, Path, Quantity, Rule};

fn parse(document: &Value) -> (Option<ModelSchema>, Vec<Diagnostic>) {
    ModelSchema::parse(Some("a/b"), std::slice::from_ref(document))
}

fn usable(document: &Value) -> ModelSchema {
    let (model, diagnostics) = parse(document);
    model.unwrap_or_else(|| panic!("{diagnostics:?}"))
}

/// A bare input schema whose one property `x` is this.
fn with_x(x: &Value) -> Value {
    json!({"type": "object", "properties": {"x": x}})
}

fn x(schema: &Value) -> Schema {
    let model = usable(&with_x(schema));
    model.input.properties().unwrap()[0].schema.clone()
}

const INPUT: &str = r#"{
    "type": "object",
    "title": "输入结构",
    "required": ["prompt", "images"],
    "properties": {
        "width×height": {"type": "string", "enum": ["1:1", "16:9"], "default": "1:1"},
        "prompt": {"type": "string", "title": "Prompt", "description": "", "maxLength": 800},
        "images": {
            "type": "array", "format": "image_uris", "minItems": 1, "maxItems": 10,
            "validations": [
                {"validation_rule": "file_size_mb<=", "validation_value": 15, "validation_error": "Too large."},
                {"validation_rule": "width/height≥", "validation_value": "0.33", "validation_error": "Too tall."}
            ]
        },
        "loras": {"type": "array", "items": {
            "type": "object", "required": ["path"],
            "properties": {"scale": {"type": "float", "minimum": 0}, "path": {"type": "string"}}
        }}
    }
}"#;

const OUTPUT: &str = r#"{"output": {
    "title": "Output", "type": "object",
    "properties": {"image": {"type": "string", "format": "uri"}}
}}"#;

fn read(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn three_forms_come_to_one() {
    let (input, output) = (read(INPUT), read(OUTPUT));
    let entry =
        json!({"model_id": "a/b", "kind": "model", "input_schema": input, "output_schema": output});
    let (from_entry, diagnostics) = ModelSchema::parse(None, std::slice::from_ref(&entry));
    assert_eq!(diagnostics, []);
    let (from_page, diagnostics) = ModelSchema::parse(Some("a/b"), &[input.clone(), output]);
    assert_eq!(diagnostics, []);
    assert_eq!(from_entry, from_page);
    let page = from_page.unwrap();
    let bare = usable(&input);
    assert_eq!(
        (&bare.id, &bare.input, bare.output),
        (&page.id, &page.input, None)
    );

    assert_eq!((&*page.id, page.input.title()), ("a/b", None));
    let output = page.output.unwrap();
    assert_eq!(
        (output.title(), output.properties().map(<[_]>::len)),
        (None, Some(1))
    );
    let names: Vec<&str> = page
        .input
        .properties()
        .unwrap()
        .iter()
        .map(|p| &*p.name)
        .collect();
    assert_eq!(names, ["images", "prompt", "loras", "width×height"]);
    let images = &page.input.properties().unwrap()[0].schema;
    let rules: Vec<Rule> = images.rules().cloned().collect();
    assert_eq!(
        rules,
        [
            Rule {
                quantity: Quantity::FileSizeMb,
                operator: Operator::AtMost,
                value: Number::Int(15),
                message: "Too large.".into(),
            },
            Rule {
                quantity: Quantity::AspectRatio,
                operator: Operator::AtLeast,
                value: Number::Float(0.33),
                message: "Too tall.".into(),
            },
        ]
    );
}

/// Returns the document with the keys of every object in reverse.
fn reversed(value: &Value) -> Value {
    match value {
        Value::Array(list) => list.iter().map(reversed).collect(),
        Value::Object(map) => {
            let members = map.iter().rev();
            Value::Object(members.map(|(k, v)| (k.clone(), reversed(v))).collect())
        }
        other => other.clone(),
    }
}

#[test]
fn the_order_of_keys_means_nothing() {
    let document = with_x(&json!({
        "type": "object", "x-b": 1, "x-a": {"k": 1, "j": [{"n": 1, "m": 2}]},
        "enum": [{"b": 1, "a": 2}], "default": {"a": 2, "b": 1}
    }));
    for document in [document, read(INPUT)] {
        assert_ne!(document.to_string(), reversed(&document).to_string());
        assert_eq!(usable(&document), usable(&reversed(&document)));
    }
}

#[test]
fn media_arrays_have_one_form() {
    let one = json!({"type": "array", "items": {"type": "string", "format": "image_uri"}});
    let expected = x(&one);
    assert_eq!(expected.media(), Some(MediaKind::Image));
    for spelling in [
        json!({"type": "array", "format": "image_uris"}),
        json!({"type": "array", "format": "image_uri"}),
        json!({"type": "array", "format": "image_uris", "items": {}}),
        json!({"type": "array", "format": "image_uris", "items": {"type": "string"}}),
        json!({"type": "array", "format": "image_uris", "items": {"type": "string", "format": "image_uri"}}),
        json!({"type": "array", "format": "image_uris", "items": {"type": "string", "format": "uri"}}),
    ] {
        assert_eq!(x(&spelling), expected, "{spelling}");
    }
    let described = json!({"type": "array", "format": "image_uris", "items": {"title": "One"}});
    assert_eq!(
        x(&described).items().map(|items| items.kind),
        Some(Kind::String)
    );
    // Of two media the one on the items is nearer to the value.
    let both = json!({"type": "array", "format": "image_uris", "items": {"type": "string", "format": "video_uri"}});
    assert_eq!(x(&both).media(), Some(MediaKind::Video));
    assert_eq!(
        x(&json!({"type": "array", "format": "date"})).format(),
        Some("date")
    );
}

#[test]
fn types_have_several_spellings() {
    for (schema, kind) in [
        (json!({"type": "float"}), Kind::Number),
        (json!({"type": "number"}), Kind::Number),
        (json!({"type": "integer"}), Kind::Integer),
        (json!({"type": "boolean"}), Kind::Boolean),
        (json!({"type": "string"}), Kind::String),
        (json!({"type": "array"}), Kind::Array),
        (json!({"type": "object"}), Kind::Object),
        (json!({"properties": {}}), Kind::Object),
        (json!({"type": null}), Kind::Any),
        (json!({}), Kind::Any),
        (json!({"type": "image"}), Kind::Any),
        (json!({"type": ["string", "null"]}), Kind::Any),
    ] {
        assert_eq!(x(&schema).kind, kind, "{schema}");
    }
}

#[test]
fn a_keyword_that_is_null_is_left_out() {
    let nulls: Map<String, Value> = KEYWORDS
        .iter()
        .map(|k| ((*k).to_owned(), Value::Null))
        .collect();
    let (model, diagnostics) = parse(&with_x(&Value::Object(nulls)));
    assert_eq!(diagnostics, []);
    assert_eq!(model, parse(&with_x(&json!({}))).0);
}

/// `severity location pointer: message`, the help left out.
fn told(diagnostics: &[Diagnostic]) -> Vec<String> {
    let one = |p: &Diagnostic| {
        assert!(!p.help.is_empty());
        format!(
            "{:?} {:?} {}: {}",
            p.severity, p.location, p.pointer, p.message
        )
    };
    diagnostics.iter().map(one).collect()
}

/// Each schema of `x`, and its one diagnostic with the pointer from there.
fn tells(cases: &[(Value, &str)]) {
    for (schema, told_of) in cases {
        let (model, diagnostics) = parse(&with_x(schema));
        let at = told_of
            .replacen(" /", " /properties/x/", 1)
            .replacen(" :", " /properties/x:", 1);
        assert_eq!(told(&diagnostics), [at], "{schema}");
        assert_eq!(model.is_some(), told_of.starts_with("Warning"), "{schema}");
    }
}

#[test]
fn diagnostics_of_a_property_say_where_and_what() {
    tells(&[
        (
            json!(5),
            "Error Value : a schema is an object, this is a number",
        ),
        (
            json!({"type": "sting"}),
            "Warning Value /type: unknown type `sting`: kept, not checked",
        ),
        (
            json!({"type": 5}),
            "Warning Value /type: a type that is not one name: kept, not checked",
        ),
        (
            json!({"patern": 1}),
            "Warning Key /patern: unknown keyword `patern`: kept, not checked",
        ),
        (
            json!({"x/y": null}),
            "Warning Key /x~1y: unknown keyword `x/y`: kept, not checked",
        ),
        (
            json!({"title": 5}),
            "Error Value /title: found 5, expected a string",
        ),
        (
            json!({"description": []}),
            "Error Value /description: found an array of 0 elements, expected a string",
        ),
        (
            json!({"format": "date"}),
            "Warning Value /format: unknown format `date`: kept, not checked",
        ),
        (
            json!({"minimum": "0"}),
            "Error Value /minimum: found \"0\", expected a number",
        ),
        (
            json!({"exclusiveMaximum": true}),
            "Error Value /exclusiveMaximum: found true, expected a number",
        ),
        (
            json!({"multipleOf": 0}),
            "Error Value /multipleOf: found 0, expected a number above 0",
        ),
        (
            json!({"minLength": -1}),
            "Error Value /minLength: found -1, expected a whole number, 0 or more",
        ),
        (
            json!({"maxItems": 1.5}),
            "Error Value /maxItems: found 1.5, expected a whole number, 0 or more",
        ),
        (
            json!({"maxLength": 1e30}),
            "Error Value /maxLength: found 1e30, expected a whole number, 0 or more",
        ),
        (
            json!({"enum": "a"}),
            "Error Value /enum: found \"a\", expected an array",
        ),
        (
            json!({"enum": []}),
            "Warning Value /enum: an enum without members: no value would be valid; not checked",
        ),
    ]);
}

#[test]
fn diagnostics_between_keywords_say_where_and_what() {
    tells(&[
        (
            json!({"enum": [1, 2, 1.0]}),
            "Warning Value /enum/2: 1 appears in the enum twice; one of them is left out",
        ),
        (
            json!({"type": "string", "enum": ["a", 5]}),
            "Warning Value /enum/1: 5 can never be taken: found 5, expected a string",
        ),
        (
            json!({"enum": [1, 9], "maximum": 5}),
            "Warning Value /enum/1: 9 can never be taken: found 9, expected a value at most 5",
        ),
        (
            json!({"minimum": 5, "maximum": 1}),
            "Warning Value /maximum: no number is in 5..=1; the range is not checked",
        ),
        (
            json!({"minimum": 5, "exclusiveMaximum": 5}),
            "Warning Value /exclusiveMaximum: no number is at least 5 and below 5; the range is not checked",
        ),
        (
            json!({"type": "integer", "exclusiveMinimum": 0, "exclusiveMaximum": 1}),
            "Warning Value /exclusiveMaximum: no integer is above 0 and below 1; the range is not checked",
        ),
        (
            json!({"type": "integer", "minimum": 0.2, "maximum": 0.8}),
            "Warning Value /maximum: no integer is in 0.2..=0.8; the range is not checked",
        ),
        (
            json!({"type": "integer", "minimum": 1e30}),
            "Warning Value /minimum: no integer is at least 1e30; the range is not checked",
        ),
        (
            json!({"type": "integer", "minimum": 5, "maximum": 1, "multipleOf": 2}),
            "Warning Value /maximum: no number is in 5..=1; the range is not checked",
        ),
        (
            json!({"type": "integer", "minimum": 1, "maximum": 9, "multipleOf": 10}),
            "Warning Value /multipleOf: no integer in 1..=9 is a multiple of 10; the step is not checked",
        ),
        (
            json!({"type": "number", "minimum": 0.31, "maximum": 0.39, "multipleOf": 0.1}),
            "Warning Value /multipleOf: no number in 0.31..=0.39 is a multiple of 0.1; the step is not checked",
        ),
        (
            json!({"minLength": 5, "maxLength": 1}),
            "Warning Value /maxLength: no text fits: `minLength` is 5 and `maxLength` is 1; neither is checked",
        ),
        (
            json!({"minItems": 5, "maxItems": 1}),
            "Warning Value /maxItems: no array fits: `minItems` is 5 and `maxItems` is 1; neither is checked",
        ),
        (
            json!({"items": []}),
            "Error Value /items: a schema is an object, this is an array",
        ),
        (
            json!({"properties": []}),
            "Error Value /properties: found an array of 0 elements, expected an object",
        ),
        (
            json!({"required": "a"}),
            "Error Value /required: found \"a\", expected an array of property names",
        ),
        (
            json!({"required": [5]}),
            "Error Value /required/0: found 5, expected a property's name",
        ),
        (
            json!({"additionalProperties": "no"}),
            "Error Value /additionalProperties: found \"no\", expected true, false or a schema",
        ),
        (
            json!({"additionalProperties": {}}),
            "Warning Value /additionalProperties: further properties are taken, and their schema is kept, not checked",
        ),
        (
            json!({"required": ["a"], "properties": {}}),
            "Warning Value /required/0: required property `a` is not among the properties, so nothing requires it",
        ),
        (
            json!({"type": "integer", "maximum": 5, "default": 9}),
            "Warning Value /default: the default breaks the property's own constraints: found 9, expected an integer at most 5; left out",
        ),
        (
            json!({"type": "string", "format": "image_uri", "default": ""}),
            "Warning Value /default: the default breaks the property's own constraints: found \"\", expected a public https:// URL or a data: URI",
        ),
    ]);
}

#[test]
fn diagnostics_of_rules_say_where_and_what() {
    let rule = |entry: Value| parse(&with_x(&json!({"type": "string", "validations": [entry]})));
    for (entry, told_of) in [
        (
            json!(5),
            "Warning Value : a rule without `validation_rule`: the rule is kept, not checked",
        ),
        (
            json!({"validation_value": 5}),
            "Warning Value : a rule without `validation_rule`: the rule is kept, not checked",
        ),
        (
            json!({"validation_rule": "width_pixels", "validation_value": 1}),
            "Warning Value /validation_rule: `width_pixels` ends without an operator: the rule is kept, not checked",
        ),
        (
            json!({"validation_rule": "width_pixels!=", "validation_value": 1}),
            "Warning Value /validation_rule: unknown operator `!=`: the rule is kept, not checked",
        ),
        (
            json!({"validation_rule": "<=", "validation_value": 1}),
            "Warning Value /validation_rule: `<=` names no quantity before `<=`: the rule is kept, not checked",
        ),
        (
            json!({"validation_rule": "width_pixels<", "validation_value": "1/3"}),
            "Warning Value /validation_value: the rule's limit is \"1/3\", expected a number: the rule is kept, not checked",
        ),
        (
            json!({"validation_rule": "width_pixels<"}),
            "Warning Value /validation_value: the rule's limit is null, expected a number: the rule is kept, not checked",
        ),
        (
            json!({"validation_rule": "duration<", "validation_value": 1}),
            "Warning Value /validation_rule: unknown quantity `duration`: the rule is kept, not checked",
        ),
        (
            json!({"validation_rule": "duration_seconds<", "validation_value": 1}),
            "Warning Value /validation_rule: unknown quantity `duration_seconds`: taken for the medium's duration",
        ),
        (
            json!({"validation_rule": "codec==", "validation_value": "h264"}),
            "Warning Value /validation_rule: unknown quantity `codec`: the rule is kept, not checked",
        ),
        (
            json!({"validation_rule": "width_pixels<", "validation_value": 9, "unit": "px"}),
            "Warning Key /unit: unknown member `unit` of a rule: not kept, not checked",
        ),
    ] {
        let (model, diagnostics) = rule(entry.clone());
        let at = "/properties/x/validations/0";
        let told_of_x =
            told_of
                .replacen(" /", &format!(" {at}/"), 1)
                .replacen(" :", &format!(" {at}:"), 1);
        assert_eq!(told(&diagnostics), [told_of_x], "{entry}");
        assert_eq!(model.is_some(), told_of.starts_with("Warning"), "{entry}");
    }
    for (rule_text, value, bounds) in [
        ("file_size_mb<=", json!(-1), "above 0 and at most -1"),
        ("width/height<=", json!(0), "above 0 and at most 0"),
        ("width_pixels<", json!(1), "above 0 and below 1"),
        ("height_pixels==", json!(2.5), "in 2.5..=2.5"),
    ] {
        let entry = json!({"validation_rule": rule_text, "validation_value": value});
        let quantity = rule_text.trim_end_matches(['<', '=']);
        let told_of = format!(
            "Warning Value /properties/x/validations/0: no medium fits: `{quantity}` would have to be {bounds}; the rules about it are kept, not checked"
        );
        assert_eq!(told(&rule(entry).1), [told_of]);
    }
    let (model, _) = rule(json!({"validation_rule": "duration<=", "validation_value": 9}));
    let kept = model.unwrap().input.properties().unwrap()[0].schema.clone();
    let kept: Vec<String> = kept.rules().map(ToString::to_string).collect();
    assert_eq!(kept, ["duration <= 9"]);
    let (_, diagnostics) = parse(&with_x(&json!({"validations": {}})));
    assert_eq!(
        told(&diagnostics),
        [
            "Error Value /properties/x/validations: found an object of 0 members, expected an array of rules"
        ]
    );
}

#[test]
fn diagnostics_of_a_document_say_where_and_what() {
    let bare = json!({"properties": {}});
    for (id, documents, document, told_of) in [
        (Some("a/b"), vec![], 0, "Error Value : the file is empty"),
        (
            Some("a/b"),
            vec![json!([])],
            0,
            "Error Value : a schema is a JSON object",
        ),
        (
            Some("a/b"),
            vec![json!({"type": "string"})],
            0,
            "Error Value : this is not a model's input schema: it has no `properties`",
        ),
        (
            Some("a/b"),
            vec![json!({"type": "string", "properties": {}})],
            0,
            "Error Value : this is not a model's input schema: it has no `properties`",
        ),
        (
            Some("a/b"),
            vec![json!({"input_schema": 5})],
            0,
            "Error Value /input_schema: a schema is an object, this is a number",
        ),
        (None, vec![bare.clone()], 0, "Error Value : no model id"),
        (
            None,
            vec![json!({"model_id": 5, "properties": {}})],
            0,
            "Error Value /model_id: `model_id` is not a string",
        ),
        (
            None,
            vec![json!({"model_id": "a/../b", "properties": {}})],
            0,
            "Error Value /model_id: `model_id` is not names with slashes between them",
        ),
        (
            None,
            vec![json!({"model_id": "", "properties": {}})],
            0,
            "Error Value /model_id: `model_id` is not names with slashes between them",
        ),
        (
            Some("a/b"),
            vec![json!({"model_id": "a/c", "properties": {}})],
            0,
            "Error Value /model_id: the file's path says that this is `a/b`, its `model_id` says `a/c`",
        ),
        (
            Some("a/b"),
            vec![bare.clone(), json!({"output": 5})],
            1,
            "Error Value /output: a schema is an object, this is a number",
        ),
        (
            Some("a/b"),
            vec![bare.clone(), json!({"output": {"minimum": "0"}})],
            1,
            "Error Value /output/minimum: found \"0\", expected a number",
        ),
        (
            Some("a/b"),
            vec![bare.clone(), json!({"output": {}}), bare.clone()],
            2,
            "Error Value : a third JSON document",
        ),
    ] {
        let (model, diagnostics) = ModelSchema::parse(id, &documents);
        assert_eq!(told(&diagnostics), [told_of], "{documents:?}");
        assert_eq!(
            (model, diagnostics[0].document),
            (None, document),
            "{documents:?}"
        );
    }
    for document in [
        json!({"model_id": "a/b", "properties": {}}),
        json!({"model_id": "a/b", "input_schema": {"properties": {}}, "output_schema": null}),
    ] {
        let (model, diagnostics) = ModelSchema::parse(None, &[document]);
        assert_eq!((model.map(|m| m.output), diagnostics), (Some(None), vec![]));
    }
}

#[test]
fn hints_name_what_may_have_been_meant() {
    for (schema, hint) in [
        (json!({"type": "sting"}), "did you mean `string`?"),
        (json!({"maxlength": 5}), "did you mean `maxLength`?"),
        (
            json!({"required": ["imagen"], "properties": {"image": {}}}),
            "did you mean `image`?",
        ),
    ] {
        let (_, diagnostics) = parse(&with_x(&schema));
        assert!(
            diagnostics.len() == 1 && diagnostics[0].help.ends_with(hint),
            "{diagnostics:?}"
        );
    }
}

#[test]
fn an_example_is_told_from_a_default() {
    let required = |schema: Value| {
        let document = json!({"type": "object", "required": ["x"], "properties": {"x": schema}});
        told(&parse(&document).1)
    };
    // What a required text begins with is only an example, whatever it is.
    assert_eq!(
        required(json!({"type": "string", "maxLength": 1, "default": "long"})),
        [""; 0]
    );
    let media =
        json!({"type": "string", "format": "image_uri", "default": "https://example.com/a.jpg"});
    assert_eq!(
        required(media),
        [
            "Warning Key /properties/x/default: a default on a required media property is taken as an example and never sent"
        ]
    );
}

#[test]
fn nesting_has_an_end() {
    let nested = |levels: usize| {
        (0..levels).fold(
            json!({"type": "string"}),
            |inner, _| json!({"type": "array", "items": inner}),
        )
    };
    // The root and `x` are two levels of their own.
    assert_eq!(told(&parse(&with_x(&nested(MAX_DEPTH - 1))).1), [""; 0]);
    let (model, diagnostics) = parse(&with_x(&nested(MAX_DEPTH)));
    assert_eq!(model, None);
    let at = format!("/properties/x{}", "/items".repeat(MAX_DEPTH));
    assert_eq!(
        told(&diagnostics),
        [format!("Error Value {at}: nested deeper than 32 levels")]
    );
    assert_eq!(parse(&with_x(&nested(100))).1.len(), 1);
}

#[test]
fn a_media_format_stands_on_the_innermost_items() {
    let url = json!({"type": "string", "format": "image_uri"});
    let within =
        |items: &Value| json!({"type": "array", "items": {"type": "array", "items": items}});
    for written in [
        json!({"type": "array", "format": "image_uris", "items": {"type": "array"}}),
        json!({"type": "array", "items": {"type": "array", "format": "image_uris"}}),
        json!({"type": "array", "format": "image_uris", "items": {"type": "array", "items": {}}}),
    ] {
        assert_eq!(x(&written), x(&within(&url)), "{written}");
    }
    // Where there is no room for them, they are not made.
    let nested = |levels: usize| {
        (0..levels).fold(
            json!({"type": "array", "format": "image_uris"}),
            |inner, _| json!({"type": "array", "items": inner}),
        )
    };
    assert_eq!(told(&parse(&with_x(&nested(MAX_DEPTH - 2))).1), [""; 0]);
    let (model, diagnostics) = parse(&with_x(&nested(MAX_DEPTH - 1)));
    assert_eq!((model, diagnostics.len()), (None, 1), "{diagnostics:?}");
}

#[test]
fn nesting_inside_a_value_has_an_end_too() {
    let nested = |levels: usize| (0..levels).fold(json!(1), |inner, _| json!([inner]));
    for keyword in ["default", "x-more", "oneOf"] {
        let (model, _) = parse(&with_x(&json!({keyword: nested(MAX_DEPTH)})));
        assert!(model.is_some(), "{keyword}");
        let (model, diagnostics) = parse(&with_x(&json!({keyword: nested(MAX_DEPTH + 1)})));
        assert_eq!(model, None, "{keyword}");
        let at = format!("Error Value /properties/x/{keyword}: nested deeper than 32 levels");
        assert_eq!(told(&diagnostics), [at]);
    }
}

/// Puts each of the values in the place of each value of the document, one at a time.
fn mutations(document: &Value, values: &[Value], visit: &mut dyn FnMut(&Value)) {
    fn pointers(value: &Value, at: &str, out: &mut Vec<String>) {
        out.push(at.to_owned());
        match value {
            Value::Array(list) => {
                for (i, inner) in list.iter().enumerate() {
                    pointers(inner, &format!("{at}/{i}"), out);
                }
            }
            Value::Object(map) => {
                for (name, inner) in map {
                    let at = format!("{at}{}", Path::ROOT.member(name));
                    pointers(inner, &at, out);
                }
            }
            _ => {}
        }
    }
    let mut places = Vec::new();
    pointers(document, "", &mut places);
    for place in &places {
        for value in values {
            let mut document = document.clone();
            if let Some(target) = document.pointer_mut(place) {
                *target = value.clone();
            }
            visit(&document);
        }
    }
}

#[test]
fn hostile_documents_are_refused_or_usable_and_never_a_panic() {
    let values = [
        json!(null),
        json!(true),
        json!(-1),
        json!(1e300),
        json!(u64::MAX),
        json!(0.1),
        json!(""),
        json!("é<"),
        json!("≤"),
        json!([]),
        json!([[], {}, null, "type"]),
        json!({}),
        json!({"": {"": null}}),
        json!({"type": "array", "items": {"enum": [[], 1]}}),
        json!({"input_schema": {}, "output": {}, "properties": null}),
    ];
    let entry =
        json!({"model_id": "a/b", "input_schema": read(INPUT), "output_schema": read(OUTPUT)});
    let mut seen = (0, 0);
    mutations(&entry, &values, &mut |document| {
        let (model, diagnostics) = ModelSchema::parse(None, std::slice::from_ref(document));
        for diagnostic in &diagnostics {
            assert!(
                document.pointer(&diagnostic.pointer).is_some()
                    || diagnostic.message.contains("limit is null"),
                "{diagnostic:?}"
            );
        }
        match model {
            Some(model) => {
                seen.0 += 1;
                for value in &values {
                    let _ = model.validate(value).to_string();
                }
                let _ = model.input.to_json_schema();
                assert_eq!(
                    Some(model),
                    ModelSchema::parse(None, &[reversed(document)]).0
                );
            }
            None => {
                seen.1 += 1;
                assert!(
                    diagnostics.iter().any(|p| p.severity == Severity::Error),
                    "{document}"
                );
            }
        }
    });
    assert!(seen.0 > 100 && seen.1 > 100, "{seen:?}");
}

/// Slips of a service that leave a keyword without use: the keyword and a value of it, for a
/// property of any type.
fn slips() -> Vec<(&'static str, Value)> {
    vec![
        ("default", json!({"not": "a member"})),
        ("enum", json!([])),
        (
            "validations",
            json!([{"validation_rule": "file_size_mb!=", "validation_value": 5}]),
        ),
        (
            "validations",
            json!([{"validation_rule": "file_size_mb<=", "validation_value": "much"}]),
        ),
        ("validations", json!([{"validation_value": 5}])),
        (
            "validations",
            json!([
                {"validation_rule": "width_pixels>=", "validation_value": 9},
                {"validation_rule": "width_pixels<", "validation_value": 9}
            ]),
        ),
        ("$ref", json!("#/$defs/nothing")),
        ("$ref", json!("#")),
        ("x-new", json!({"a": 1})),
    ]
}

/// Values that cannot be read, whatever the keyword.
fn unreadable() -> Vec<(&'static str, Value)> {
    let keywords = KEYWORDS
        .iter()
        .filter(|k| !matches!(**k, "type" | "default"));
    keywords.map(|keyword| (*keyword, json!([[7]]))).collect()
}

/// Puts a slip into each property of a good schema, and checks that only that property's schema can
/// change and that the file is usable.
fn check_slips(
    slips: &[(&str, Value)],
    parse: impl Fn(Option<&str>, &[Value]) -> (Option<ModelSchema>, Vec<Diagnostic>),
) {
    let good = read(INPUT);
    let properties = |model: &ModelSchema| model.input.properties().unwrap().to_vec();
    let before = properties(&usable(&good));
    for property in &before {
        for (keyword, value) in slips {
            if *keyword == "default" && property.required {
                // It is only an example.
                continue;
            }
            let mut document = good.clone();
            document["properties"][&*property.name][*keyword] = value.clone();
            let (model, diagnostics) = parse(Some("a/b"), std::slice::from_ref(&document));
            let name = &*property.name;
            assert!(
                diagnostics.iter().any(|d| d.severity == Severity::Warning
                    && d.pointer.starts_with(&format!("/properties/{name}"))),
                "{name} {keyword}: {diagnostics:?}"
            );
            let model = model.unwrap_or_else(|| panic!("{name} {keyword}: {diagnostics:?}"));
            let after = properties(&model);
            assert_eq!(after.len(), before.len(), "{name} {keyword}");
            for (old, new) in before.iter().zip(&after) {
                assert_eq!((&old.name, old.required), (&new.name, new.required));
                assert!(
                    *old.name == *name || old == new,
                    "{name} {keyword}: {}",
                    old.name
                );
            }
            let reversed = parse(Some("a/b"), &[reversed(&document)]);
            assert_eq!(reversed.0.as_ref(), Some(&model), "{name} {keyword}");
        }
    }
}

#[test]
fn slip_costs_its_own_keyword_only() {
    check_slips(&slips(), ModelSchema::parse);
    check_slips(&slips(), ModelSchema::parse_lenient);
    check_slips(&unreadable(), ModelSchema::parse_lenient);
}

#[test]
fn unreadable_keyword_is_an_error_for_who_can_fix_it() {
    for (keyword, value) in unreadable() {
        if keyword == "enum" {
            continue;
        }
        let document = with_x(&json!({keyword: value}));
        let (model, diagnostics) = parse(&document);
        let reported: Vec<_> = diagnostics.iter().map(|d| (d.severity, d.code)).collect();
        let warning = match keyword {
            "validations" => Some(Code::UnreadableRule),
            "deprecated" => Some(Code::KeywordValue),
            _ => None,
        };
        if let Some(code) = warning {
            assert_eq!(reported, [(Severity::Warning, code)]);
            continue;
        }
        assert!(model.is_none(), "{keyword}");
        let (model, lenient) = ModelSchema::parse_lenient(Some("a/b"), &[document]);
        assert!(model.is_some(), "{keyword}: {lenient:?}");
        let lenient: Vec<_> = lenient.iter().map(|d| d.code).collect();
        assert_eq!(
            lenient,
            reported.iter().map(|(_, code)| *code).collect::<Vec<_>>()
        );
    }
}

#[test]
fn kept_keywords_beside_a_slip_still_refuse() {
    for (slip, bad) in [
        (
            json!({"type": "integer", "maximum": 5, "default": 9}),
            json!(6),
        ),
        (
            json!({"type": "integer", "minimum": 5, "maximum": 1, "multipleOf": 2}),
            json!(3),
        ),
        (
            json!({"type": "string", "minLength": 3, "maxLength": 1, "enum": ["a"]}),
            json!("b"),
        ),
        (json!({"type": "string", "enum": ["a", "a"]}), json!("b")),
        (
            json!({"type": "array", "minItems": 3, "maxItems": 1, "items": {"type": "integer"}}),
            json!(["b"]),
        ),
    ] {
        assert!(x(&slip).validate(&bad).refuse(), "{slip}");
    }
}

/// Encodes each character as a fragment of a URI may have it: some must be encoded, all may be.
#[test]
fn encoded_references_are_resolved() {
    let integer = usable(&with_x(&json!({"type": "integer", "maximum": 7})));
    for name in [
        "size",
        "a b",
        "50%",
        "%20",
        "a/b~c",
        "größe 船",
        "\"",
        "+1",
        "100%25",
    ] {
        let pointer = name.replace('~', "~0").replace('/', "~1");
        let all = pointer
            .bytes()
            .fold(String::new(), |all, byte| format!("{all}%{byte:02X}"));
        let encoded = pointer.replace('%', "%25").replace(' ', "%20");
        for pointer in [pointer, encoded, all] {
            let mut document = with_x(&json!({"$ref": format!("#/$defs/{pointer}")}));
            document["$defs"] = json!({name: {"type": "integer", "maximum": 7}});
            let found = parse(&document);
            assert_eq!(found, (Some(integer.clone()), vec![]), "{document}");
        }
    }
}

#[test]
fn local_references_are_resolved() {
    let lora = json!({"type": "object", "required": ["path"], "properties": {
        "path": {"type": "string"}, "scale": {"type": "number", "maximum": 2}
    }});
    let items = |schema: &Value| json!({"type": "array", "maxItems": 3, "items": schema});
    let written_out = usable(&with_x(&items(&lora)));
    for (at, schemas) in [("$defs", "$defs"), ("definitions", "definitions")] {
        let mut bare = with_x(&items(&json!({"$ref": format!("#/{at}/Lora")})));
        bare[schemas] = json!({"Lora": {"$ref": format!("#/{at}/L~1A")}, "L/A": lora, "unused": 5});
        let entry = json!({"model_id": "a/b", "input_schema": bare});
        for document in [bare, entry] {
            let (model, diagnostics) = parse(&document);
            assert_eq!(
                (model, diagnostics),
                (Some(written_out.clone()), vec![]),
                "{document}"
            );
        }
    }
    // From the document on, and for the whole input.
    let entry = json!({
        "model_id": "a/b", "components": {"schemas": {"Input": with_x(&items(&lora))}},
        "input_schema": {"$ref": "#/components/schemas/Input"}
    });
    assert_eq!(parse(&entry), (Some(written_out), vec![]));
    let beside = json!({"properties": {
        "x": {"$ref": "#/properties/y", "default": 1, "maximum": 4},
        "y": {"type": "integer", "title": "Why", "maximum": 9}
    }});
    let x = usable(&beside).input.properties().unwrap()[0]
        .schema
        .clone();
    assert_eq!((x.kind, x.title()), (Kind::Integer, Some("Why")));
    assert_eq!(x.bounds().upper, Some((Number::Int(4), true)));
}

#[test]
fn diagnostic_behind_a_reference_is_reported_once() {
    let document = json!({
        "$defs": {"size": {"type": "integer", "patern": 1}},
        "properties": {"a": {"$ref": "#/$defs/size"}, "b": {"$ref": "#/$defs/size"}}
    });
    let (_, diagnostics) = parse(&document);
    assert_eq!(
        told(&diagnostics),
        ["Warning Key /$defs/size/patern: unknown keyword `patern`: kept, not checked"]
    );
}

#[test]
fn references_end() {
    let tree = json!({"type": "object", "properties": {
        "name": {"type": "string"}, "children": {"type": "array", "items": {"$ref": "#/$defs/tree"}}
    }});
    // Each leads to all others.
    let many: Map<String, Value> = (0..20)
        .map(|i| {
            let all = (0..20).map(|j| (format!("p{j}"), json!({"$ref": format!("#/$defs/n{j}")})));
            (
                format!("n{i}"),
                json!({"properties": all.collect::<Map<_, _>>()}),
            )
        })
        .collect();
    let chain: Map<String, Value> = (0..10_000)
        .map(|i| {
            (
                format!("n{i}"),
                json!({"$ref": format!("#/$defs/n{}", i + 1)}),
            )
        })
        .collect();
    for (defs, to) in [
        (json!({"tree": tree}), "#/$defs/tree"),
        (
            json!({"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}),
            "#/$defs/a",
        ),
        (json!({"a": {"$ref": "#/$defs/a"}}), "#/$defs/a"),
        (many.into(), "#/$defs/n0"),
        (chain.into(), "#/$defs/n0"),
        (json!({}), "#"),
        (json!({}), "#/properties/x"),
        (json!({}), "#/$defs/missing"),
        (json!({}), "#anchor"),
    ] {
        let mut document = with_x(&json!({"$ref": to, "title": "T"}));
        document["$defs"] = defs;
        let (model, diagnostics) = ModelSchema::parse_lenient(
            None,
            &[json!({"model_id": "a/b", "input_schema": document})],
        );
        let model = model.unwrap_or_else(|| panic!("{to}: {diagnostics:?}"));
        assert!(
            diagnostics.iter().any(|d| d.code == Code::Reference),
            "{to}: {diagnostics:?}"
        );
        assert_eq!(
            model.input.properties().unwrap()[0].schema.title(),
            Some("T")
        );
        let written = json!({"model_id": "a/b", "input_schema": model.input.to_source()});
        assert_eq!(usable(&written).input, model.input, "{to}");
    }
    let outside = x(&json!({"$ref": "https://example.com/schema.json"}));
    assert!(matches!(&outside.keywords[0], Keyword::Unknown(name, _) if &**name == "$ref"));
}

#[test]
fn slips_between_words_and_rules_are_warnings() {
    let rule = |rule: &str, value: f64| json!({"validation_rule": rule, "validation_value": value, "validation_error": ""});
    tells(&[
        (
            json!({"type": "array", "format": "video_uris",
                "items": {"type": "string", "format": "image_uri"}}),
            "Warning Value /format: the format is of videos, that of the items of images: the items decide",
        ),
        (
            json!({"type": "object"}),
            "Warning Key : an object without `properties`: anything is taken in it, and nothing is checked",
        ),
        (
            json!({"type": "string", "format": "image_uri",
                "description": "The ratio is from 1:16 to 16:1.",
                "validations": [rule("width/height<", 16.0), rule("width/height>", 0.0625)]}),
            "Warning Value /description: the description allows “1:16 to 16:1”, both ends included, the rule is `width/height < 16`",
        ),
    ]);
    for fine in [
        json!({"type": "object", "additionalProperties": true}),
        json!({"type": "object", "properties": {}}),
        json!({"type": "array", "format": "image_uris", "items": {"type": "string", "format": "image_uri"}}),
        json!({"type": "string", "format": "image_uri", "description": "From 1:16 to 16:1.",
            "validations": [rule("width/height<=", 16.0)]}),
    ] {
        let (_, diagnostics) = parse(&with_x(&fine));
        assert!(diagnostics.is_empty(), "{fine}: {diagnostics:?}");
    }
}

#[test]
fn deprecated_is_read_and_reported() {
    let schema = |value: Value| json!({"type": "string", "deprecated": value});
    assert!(x(&schema(json!(true))).is_deprecated());
    for other in [json!(false), json!(null), json!("use y")] {
        assert!(!x(&schema(other)).is_deprecated());
    }
    let codes = |value: Value| -> Vec<Code> {
        let (_, diagnostics) = parse(&with_x(&schema(value)));
        diagnostics.iter().map(|d| d.code).collect()
    };
    assert_eq!(codes(json!(true)), [Code::Deprecated]);
    assert_eq!(codes(json!(false)), []);
    assert_eq!(codes(json!("use y")), [Code::KeywordValue]);
    let model = usable(&with_x(&schema(json!(true))));
    assert_eq!(
        model.input.to_source()["properties"]["x"],
        schema(json!(true))
    );
    assert_eq!(
        model.input.to_json_schema()["properties"]["x"],
        schema(json!(true))
    );
    // A program that only uses the schema gets the diagnostic where it uses the property.
    assert_eq!(
        ModelSchema::parse_lenient(Some("a/b"), &[with_x(&schema(json!(true)))]).1,
        []
    );
}
