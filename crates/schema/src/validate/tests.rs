// The macros are made for public types, whose methods all count as used.
#![allow(dead_code, unreachable_pub)]

use serde_json::{Value, json};

use crate::{
    Certainty, Constraint, Extra, Keyword, Kind, Literal, ModelSchema, Number, Schema, SchemaText,
    View, Violations, record,
};

/// An object whose one property `x` has this schema; `required` when `needs` says so.
fn object(x: &Value, required: bool) -> Schema {
    let names = if required { json!(["x"]) } else { json!([]) };
    root(&json!({"type": "object", "required": names, "properties": {"x": x}}))
}

fn root(document: &Value) -> Schema {
    let (model, diagnostics) = ModelSchema::parse(Some("a/b"), std::slice::from_ref(document));
    model.unwrap_or_else(|| panic!("{diagnostics:?}")).input
}

/// The single violation of `x`, whole.
struct Case {
    schema: Value,
    value: Value,
    rule: Constraint,
    limit: Value,
    actual: Value,
    text: &'static str,
}

fn case(
    schema: Value,
    value: Value,
    rule: Constraint,
    limit: Value,
    actual: Value,
    text: &'static str,
) -> Case {
    Case {
        schema,
        value,
        rule,
        limit,
        actual,
        text,
    }
}

fn check(cases: Vec<Case>) {
    for case in cases {
        let violations = object(&case.schema, true).validate(&json!({"x": case.value}));
        let context = format!("{} against {}", case.value, case.schema);
        assert_eq!(violations.len(), 1, "{context}: {violations}");
        for violation in &violations {
            assert_eq!(violation.pointer, "/x", "{context}");
            assert_eq!(violation.rule, case.rule, "{context}");
            assert_eq!(violation.limit, case.limit, "{context}");
            assert_eq!(violation.actual, case.actual, "{context}");
            assert_eq!(violation.to_string(), case.text, "{context}");
            assert_eq!(violation.message, None, "{context}");
            assert_eq!(violation.certainty, Certainty::Certain, "{context}");
        }
    }
}

fn valid(cases: &[(Value, Value)]) {
    for (schema, value) in cases {
        let violations = object(schema, true).validate(&json!({"x": value}));
        assert!(
            violations.is_empty(),
            "{value} against {schema}: {violations}"
        );
    }
}

#[test]
fn types() {
    let is = |kind: &str, value: Value, actual: Value, text| {
        case(
            json!({"type": kind}),
            value,
            Constraint::Type,
            kind.into(),
            actual,
            text,
        )
    };
    check(vec![
        is(
            "string",
            json!(5),
            json!(5),
            "/x: found 5, expected a string",
        ),
        is(
            "string",
            json!(true),
            json!(true),
            "/x: found true, expected a string",
        ),
        is(
            "string",
            json!(null),
            json!(null),
            "/x: found null, expected a string",
        ),
        is(
            "integer",
            json!("7"),
            json!("7"),
            "/x: found the string \"7\", expected an integer",
        ),
        is(
            "integer",
            json!(1.5),
            json!(1.5),
            "/x: found 1.5, expected an integer",
        ),
        is(
            "integer",
            json!(1e300),
            json!(1e300),
            "/x: found 1e300, which does not fit 64 bits, expected an integer",
        ),
        is(
            "integer",
            json!(18_446_744_073_709_551_616.0),
            json!(18_446_744_073_709_551_616.0),
            "/x: found 1.8446744073709552e19, which does not fit 64 bits, expected an integer",
        ),
        is(
            "boolean",
            json!(1),
            json!(1),
            "/x: found 1, expected true or false",
        ),
        is(
            "number",
            json!([1]),
            json!("an array of 1 element"),
            "/x: found an array of 1 element, expected a number",
        ),
        is(
            "array",
            json!({"a": 1, "b": 2}),
            json!("an object of 2 members"),
            "/x: found an object of 2 members, expected an array of values",
        ),
        is(
            "object",
            json!([]),
            json!("an array of 0 elements"),
            "/x: found an array of 0 elements, expected an object",
        ),
    ]);
}

#[test]
fn integers_have_64_bits_however_they_are_written() {
    for value in [
        json!(1.0),
        json!(-0.0),
        json!(9_007_199_254_740_993_i64),
        json!(i64::MIN),
        json!(u64::MAX),
        json!(1e18),
    ] {
        valid(&[
            (json!({"type": "integer"}), value.clone()),
            (json!({"type": "float"}), value),
        ]);
    }
    // As floats, both neighbours of 2^53 + 1 would be equal to it.
    let exact = json!({"type": "integer", "minimum": 9_007_199_254_740_993_i64});
    valid(&[(exact.clone(), json!(9_007_199_254_740_993_i64))]);
    check(vec![
        case(
            exact,
            json!(9_007_199_254_740_992_i64),
            Constraint::Minimum,
            json!(9_007_199_254_740_993_i64),
            json!(9_007_199_254_740_992_i64),
            "/x: found 9007199254740992, expected an integer at least 9007199254740993",
        ),
        case(
            json!({"type": "integer", "maximum": i64::MAX}),
            json!(u64::MAX),
            Constraint::Maximum,
            json!(i64::MAX),
            json!(u64::MAX),
            "/x: found 18446744073709551615, expected an integer at most 9223372036854775807",
        ),
    ]);
}

#[test]
fn ranges() {
    let scale = json!({"type": "float", "minimum": 0, "maximum": 1});
    let open = json!({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 0.5});
    valid(&[
        (scale.clone(), json!(0)),
        (scale.clone(), json!(1.0)),
        (open.clone(), json!(0.25)),
        (json!({"type": "string", "minimum": 5}), json!("a")),
    ]);
    check(vec![
        case(
            scale.clone(),
            json!(7),
            Constraint::Maximum,
            json!(1),
            json!(7),
            "/x: found 7, expected a number in 0..=1",
        ),
        case(
            scale,
            json!(-0.1),
            Constraint::Minimum,
            json!(0),
            json!(-0.1),
            "/x: found -0.1, expected a number in 0..=1",
        ),
        case(
            open.clone(),
            json!(0),
            Constraint::ExclusiveMinimum,
            json!(0),
            json!(0),
            "/x: found 0, expected a number above 0 and below 0.5",
        ),
        case(
            open,
            json!(0.5),
            Constraint::ExclusiveMaximum,
            json!(0.5),
            json!(0.5),
            "/x: found 0.5, expected a number above 0 and below 0.5",
        ),
        case(
            json!({"minimum": 3}),
            json!(2),
            Constraint::Minimum,
            json!(3),
            json!(2),
            "/x: found 2, expected a value at least 3",
        ),
    ]);
}

#[test]
fn multiples() {
    let eighth = json!({"type": "integer", "minimum": 0, "maximum": 64, "multipleOf": 8});
    let tenth = json!({"type": "number", "multipleOf": 0.1});
    valid(&[
        (eighth.clone(), json!(16.0)),
        (tenth.clone(), json!(0.3)),
        (tenth.clone(), json!(1e300)),
    ]);
    check(vec![
        case(
            eighth,
            json!(17),
            Constraint::MultipleOf,
            json!(8),
            json!(17),
            "/x: found 17, expected an integer in 0..=64, a multiple of 8",
        ),
        case(
            tenth,
            json!(0.35),
            Constraint::MultipleOf,
            json!(0.1),
            json!(0.35),
            "/x: found 0.35, expected a number, a multiple of 0.1",
        ),
    ]);
}

#[test]
fn lengths_are_counted_in_characters() {
    let text =
        |least: u64, most: u64| json!({"type": "string", "minLength": least, "maxLength": most});
    valid(&[
        (text(0, 3), json!("日本語")),
        (text(1, 1), json!("👩")),
        (text(0, 0), json!("")),
        // "e" and a combining accent: one letter to the eye, two characters.
        (text(2, 2), json!("e\u{301}")),
    ]);
    check(vec![
        case(
            text(0, 2),
            json!("日本語"),
            Constraint::MaxLength,
            json!(2),
            json!(3),
            "/x: found 3 characters, expected a string of at most 2 characters",
        ),
        case(
            text(2, 5),
            json!("👩"),
            Constraint::MinLength,
            json!(2),
            json!(1),
            "/x: found 1 character, expected a string of 2 to 5 characters",
        ),
        case(
            text(1, 1),
            json!(""),
            Constraint::MinLength,
            json!(1),
            json!(0),
            "/x: found 0 characters, expected a string of exactly 1 character",
        ),
        case(
            json!({"type": "string", "minLength": 1}),
            json!(""),
            Constraint::MinLength,
            json!(1),
            json!(0),
            "/x: found 0 characters, expected a string of at least 1 character",
        ),
    ]);
}

#[test]
fn counts() {
    let images = json!({"type": "array", "format": "image_uris", "minItems": 1, "maxItems": 10});
    let url = "https://example.com/a.jpg";
    valid(&[(images.clone(), json!([url, url]))]);
    check(vec![
        case(
            images.clone(),
            json!([]),
            Constraint::MinItems,
            json!(1),
            json!(0),
            "/x: found 0 elements, expected an array of 1 to 10 image URLs",
        ),
        case(
            images,
            json!(vec![url; 11]),
            Constraint::MaxItems,
            json!(10),
            json!(11),
            "/x: found 11 elements, expected an array of 1 to 10 image URLs",
        ),
        case(
            json!({"type": "array", "items": {"type": "integer"}, "maxItems": 1}),
            json!([1, 2]),
            Constraint::MaxItems,
            json!(1),
            json!(2),
            "/x: found 2 elements, expected an array of at most 1 integer",
        ),
        case(
            json!({"maxItems": 1}),
            json!([1, 2]),
            Constraint::MaxItems,
            json!(1),
            json!(2),
            "/x: found 2 elements, expected a value of at most 1 element",
        ),
    ]);
}

#[test]
fn members() {
    let ratio = json!({"type": "string", "enum": ["1:1", "16:9", "720p"]});
    let frames = json!({"type": "integer", "enum": [121, 241]});
    valid(&[
        (ratio.clone(), json!("16:9")),
        (frames.clone(), json!(241.0)),
        (json!({"enum": [{"a": [1]}, null]}), json!({"a": [1.0]})),
        (json!({"enum": [{"a": [1]}, null]}), json!(null)),
    ]);
    check(vec![
        case(
            ratio.clone(),
            json!("16:10"),
            Constraint::Enum,
            json!(["1:1", "16:9", "720p"]),
            json!("16:10"),
            "/x: found \"16:10\", expected one of \"1:1\", \"16:9\", \"720p\"",
        ),
        case(
            ratio,
            json!("720P"),
            Constraint::Enum,
            json!(["1:1", "16:9", "720p"]),
            json!("720P"),
            "/x: found \"720P\", expected one of \"1:1\", \"16:9\", \"720p\"; did you mean `720p`?",
        ),
        case(
            frames.clone(),
            json!(5),
            Constraint::Enum,
            json!([121, 241]),
            json!(5),
            "/x: found 5, expected one of 121, 241",
        ),
        case(
            frames,
            json!("121"),
            Constraint::Type,
            json!("integer"),
            json!("121"),
            "/x: found the string \"121\", expected one of 121, 241",
        ),
        case(
            json!({"type": "string", "enum": ["customize"]}),
            json!("auto"),
            Constraint::Enum,
            json!(["customize"]),
            json!("auto"),
            "/x: found \"auto\", expected \"customize\"",
        ),
        case(
            json!({"type": "array", "enum": [[1], [2]]}),
            json!([3]),
            Constraint::Enum,
            json!([[1], [2]]),
            json!("an array of 1 element"),
            "/x: found an array of 1 element, expected one of [1], [2]",
        ),
        // A member that breaks another keyword: the words must not offer it again.
        case(
            json!({"type": "integer", "enum": [1, 9], "maximum": 5}),
            json!(9),
            Constraint::Maximum,
            json!(5),
            json!(9),
            "/x: found 9, expected an integer at most 5",
        ),
    ]);
}

#[test]
fn media_urls() {
    let image = json!({"type": "string", "format": "image_uri", "maxLength": 300});
    valid(&[
        (image.clone(), json!("https://example.com/a.jpg")),
        (image.clone(), json!("data:image/png;base64,AAAA")),
        (json!({"type": "string", "format": "uri"}), json!("a.jpg")),
    ]);
    let text = "/x: found \"a.jpg\", expected a public https:// URL or a data: URI; a local file is passed as `Media::file`";
    check(vec![
        case(
            image.clone(),
            json!("a.jpg"),
            Constraint::Format,
            json!("image_uri"),
            json!("a.jpg"),
            text,
        ),
        case(
            json!({"format": "image_uris"}),
            json!("a.jpg"),
            Constraint::Format,
            json!("image_uri"),
            json!("a.jpg"),
            text,
        ),
    ]);
    // Outside the documentation, but perhaps fetched anyway: a warning.
    let plain = object(&image, true).validate(&json!({"x": "http://example.com/a.jpg"}));
    assert!(!plain.is_empty() && !plain.refuse());
    assert!(plain.iter().all(|v| v.certainty == Certainty::Likely));
}

#[test]
fn missing_and_unknown_properties() {
    let schema = root(&json!({
        "type": "object",
        "required": ["prompt"],
        "properties": {
            "prompt": {"type": "string"},
            "seed": {"type": "integer"},
            "a/b~c": {"type": "boolean"}
        }
    }));
    let found = schema.validate(&json!({"promt": "x", "seed": null, "a/b~c": 1, "other": {}}));
    let expected = [
        "/prompt: found nothing, expected a string",
        "/a~1b~0c: found 1, expected true or false",
        "/seed: found null (leave the property out instead), expected an integer",
        "/promt: found a property that the schema does not know, expected one of prompt, a/b~c, \
         seed; did you mean `prompt`?",
        "/other: found a property that the schema does not know, expected one of prompt, a/b~c, \
         seed",
    ];
    assert_eq!(found.to_string(), expected.join("\n"));
    let rules: Vec<(Constraint, Value, Value, Option<&str>)> = found
        .iter()
        .map(|v| {
            (
                v.rule,
                v.limit.to_value(),
                v.actual.clone(),
                v.hint.as_deref(),
            )
        })
        .collect();
    let names = json!(["prompt", "a/b~c", "seed"]);
    assert_eq!(
        rules,
        [
            (Constraint::Required, json!(true), json!(null), None),
            (Constraint::Type, json!("boolean"), json!(1), None),
            (Constraint::Type, json!("integer"), json!(null), None),
            (
                Constraint::UnknownProperty,
                names.clone(),
                json!("promt"),
                Some("prompt")
            ),
            (Constraint::UnknownProperty, names, json!("other"), None),
        ]
    );
    let whole = schema.validate(&json!("x"));
    assert_eq!(
        whole.to_string(),
        "the input: found the string \"x\", expected an object"
    );
}

#[test]
fn what_takes_unknown_properties() {
    for (schema, open) in [
        (json!({"type": "object"}), true),
        (json!({"type": "object", "properties": {}}), false),
        (json!({"type": ["object", "null"], "properties": {}}), false),
        (
            json!({"type": "object", "additionalProperties": false}),
            false,
        ),
        (
            json!({"type": "object", "properties": {}, "additionalProperties": true}),
            true,
        ),
        (
            json!({"type": "object", "properties": {}, "additionalProperties": {"type": "string"}}),
            true,
        ),
    ] {
        let found = object(&schema, true).validate(&json!({"x": {"y": 1}}));
        assert_eq!(found.is_empty(), open, "{schema}: {found}");
    }
}

#[test]
fn nested_values_are_checked_all_at_once_in_the_order_of_the_schema() {
    let schema = root(&json!({
        "type": "object",
        "required": ["loras", "prompt"],
        "properties": {
            "prompt": {"type": "string", "maxLength": 3},
            "images": {"type": "array", "format": "image_uris"},
            "keyframes": {"type": "array", "items": {"type": "array", "items": {"type": "integer"}}},
            "loras": {"type": "array", "maxItems": 1, "items": {
                "type": "object",
                "required": ["path"],
                "properties": {
                    "path": {"type": "string"},
                    "scale": {"type": "float", "minimum": 0, "maximum": 4}
                }
            }}
        }
    }));
    let found = schema.validate(&json!({
        "images": ["https://example.com/a.jpg", "b", null],
        "keyframes": [[1], [2, "3"]],
        "prompt": "long",
        "loras": [{"path": "p", "scale": 9}, {"scal": 1}, 5],
    }));
    let expected = [
        "/loras: found 3 elements, expected an array of at most 1 object",
        "/loras/0/scale: found 9, expected a number in 0..=4",
        "/loras/1/path: found nothing, expected a string",
        "/loras/1/scal: found a property that the schema does not know, expected one of path, \
         scale; did you mean `scale`?",
        "/loras/2: found 5, expected an object",
        "/prompt: found 4 characters, expected a string of at most 3 characters",
        "/images/1: found \"b\", expected a public https:// URL or a data: URI",
        "/images/2: found null, expected an image URL",
        "/keyframes/1/1: found the string \"3\", expected an integer",
    ];
    assert_eq!(found.to_string(), expected.join("\n"));

    let shape = schema.validate_shape(&json!({
        "images": ["b"], "prompt": "long", "loras": [{"path": "p", "scale": 9}, {}],
    }));
    assert_eq!(
        shape.to_string(),
        "/loras/1/path: found nothing, expected a string"
    );
}

/// As generated: the schema, a struct, and its fields by their names.
struct Typed {
    any: f64,
    number: f64,
    extra: Extra,
}

static TYPED: SchemaText = SchemaText::new(
    "vendor/family/task",
    r#"{
  "required": ["any", "number"],
  "properties": {"any": {}, "number": {"type": "number", "minimum": 0, "maximum": 1}}
}"#,
);

record!(Typed, TYPED { "any": any, "number": number });

#[test]
fn typed_numbers_must_be_finite() {
    let typed = |any: f64, number: f64| Typed {
        any,
        number,
        extra: Extra::new(),
    };
    let check = |record: &Typed| TYPED.input.validate(View::Record(record));
    assert!(check(&typed(-1.5, 0.5)).is_empty());
    let found = check(&typed(f64::NAN, f64::NEG_INFINITY));
    assert_eq!(
        found.to_string(),
        "/any: found NaN, expected a finite number\n/number: found -inf, expected a number in 0..=1"
    );
    let limits: Vec<(Constraint, Value, &Value)> = found
        .iter()
        .map(|v| (v.rule, v.limit.to_value(), &v.actual))
        .collect();
    assert_eq!(
        limits,
        [
            (Constraint::Type, json!("number"), &json!("NaN")),
            (Constraint::Type, json!("number"), &json!("-inf")),
        ]
    );
}

#[test]
fn what_stands_in_extra_is_the_callers_will() {
    let mut record = Typed {
        any: 0.0,
        number: 7.0,
        extra: Extra::new(),
    };
    assert_eq!(TYPED.input.validate(View::Record(&record)).len(), 1);
    record.extra.insert("number".into(), json!("anything"));
    record.extra.insert("unheard_of".into(), json!(1));
    assert!(TYPED.input.validate(View::Record(&record)).is_empty());
}

#[test]
fn a_record_under_another_schema_is_read_by_name() {
    let record = Typed {
        any: 1.0,
        number: 7.0,
        extra: Extra::new(),
    };
    let other = root(&json!({
        "type": "object",
        "required": ["number", "prompt"],
        "properties": {"number": {"type": "integer", "maximum": 5}, "prompt": {"type": "string"}}
    }));
    assert_eq!(
        other.validate(View::Record(&record)).to_string(),
        "/number: found 7, expected an integer at most 5\n\
         /prompt: found nothing, expected a string"
    );
}

#[test]
fn long_values_are_cut_between_characters() {
    let schema = object(&json!({"type": "string", "enum": ["a"]}), true);
    let found = schema.validate(&json!({"x": "é".repeat(1_000_000)}));
    let cut = format!("{}…", "é".repeat(200));
    assert!(found.iter().all(|v| v.actual == json!(cut)));
    assert!(found.to_string().len() < 1_000);
}

#[test]
fn a_flood_of_violations_is_cut_and_counted() {
    let schema = object(
        &json!({"type": "array", "items": {"type": "string", "format": "image_uri"}}),
        true,
    );
    let found = schema.validate(&json!({"x": vec![1; 1_000_000]}));
    assert_eq!((found.len(), found.left_out()), (1_000, 999_000));
    assert!(found.to_string().ends_with("\n… and 999000 more"));

    let members = (0..100_000).map(|i| (format!("x{i}"), json!(i)));
    let found = schema.validate(&Value::Object(members.collect()));
    assert_eq!((found.len(), found.left_out()), (1_000, 99_001));

    // The one that refuses the value is kept even behind many that do not.
    let mut urls = vec![json!("http://example.com/a.jpg"); 5_000];
    assert!(!schema.validate(&json!({"x": urls})).refuse());
    urls.push(json!("a.jpg"));
    let found = schema.validate(&json!({"x": urls}));
    assert!(found.refuse());
    let last = found.iter().last().map(|v| &*v.pointer);
    assert_eq!((found.len(), last), (1_001, Some("/x/5000")));
}

#[test]
fn a_default_or_a_rule_decides_nothing() {
    let schema = Schema {
        kind: Kind::String,
        keywords: vec![
            Keyword::Default(Literal::Number(Number::Int(1))),
            Keyword::Unknown("pattern".into(), Literal::Text("^b".into())),
        ]
        .into(),
    };
    assert_eq!(schema.validate(&json!("a")), Violations::default());
}

#[test]
fn text_of_two_broken_limits_comes_once() {
    let numbers = json!({"type": "number", "minimum": 5, "exclusiveMinimum": 4, "multipleOf": 0.5});
    let model = json!({"properties": {"x": numbers}});
    let (model, _) = ModelSchema::parse(Some("a/b"), &[model]);
    let violations = model.unwrap().validate(&json!({"x": 3.3}));
    assert_eq!(violations.len(), 3);
    assert_eq!(violations.to_string().lines().count(), 1, "{violations}");
}

#[test]
fn file_name_is_in_doubt_where_the_example_is_one() {
    let model = |x: Value| {
        let document = json!({"required": ["x"], "properties": {"x": x}});
        ModelSchema::parse(Some("a/b"), &[document]).0.unwrap()
    };
    let image =
        |default: Value| json!({"type": "string", "format": "image_uri", "default": default});
    let images =
        |default: Value| json!({"type": "array", "format": "image_uris", "default": default});
    let judge = |schema: Value, value: Value| {
        let violations = model(schema).validate(&json!({"x": value}));
        (violations.len(), violations.refuse())
    };
    for (schema, value, verdict) in [
        (
            image(json!("example.png")),
            json!("example.png"),
            (1, false),
        ),
        (image(json!("example.png")), json!("other.jpg"), (1, false)),
        (image(json!("example.png")), json!("./other.jpg"), (1, true)),
        (image(json!("example.png")), json!("other"), (1, true)),
        (
            image(json!("https://a.b/c.png")),
            json!("example.png"),
            (1, true),
        ),
        (image(json!(null)), json!("example.png"), (1, true)),
        (
            images(json!(["example.png"])),
            json!(["example.png", "b.png"]),
            (2, false),
        ),
        (
            images(json!(["example.png"])),
            json!(["a.png", "b"]),
            (2, true),
        ),
        (images(json!([])), json!(["example.png"]), (1, true)),
    ] {
        assert_eq!(
            judge(schema.clone(), value.clone()),
            verdict,
            "{schema} {value}"
        );
    }
    // The model keeps its example.
    let model = model(image(json!("example.png")));
    let x = &model.input.properties().unwrap()[0].schema;
    assert_eq!(x.default().unwrap().to_value(), json!("example.png"));
}
