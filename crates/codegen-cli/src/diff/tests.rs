use runcomfy_schema::ModelSchema;
use serde_json::{Value, json};

use super::{Bindings, Class, Diff, diff};

fn parse(id: &str, document: Value) -> ModelSchema {
    let (model, diagnostics) = ModelSchema::parse(Some(id), &[document]);
    model.unwrap_or_else(|| panic!("{diagnostics:?}"))
}

/// Compares two models with one optional property `x`.
fn diff_of_property(old: &Value, new: &Value) -> Diff {
    let model = |schema: &Value| parse("a/b", json!({"properties": {"x": schema}}));
    diff(&[model(old)], &[model(new)])
}

/// Prints each change as `breaking /x range`.
fn classes(diff: &Diff) -> Vec<String> {
    let changes = diff.models.iter().flat_map(|model| &model.changes);
    changes
        .map(|c| format!("{} {} {}", c.class, c.pointer, c.subject))
        .collect()
}

fn check(old: &Value, new: &Value, expected: &[&str]) {
    assert_eq!(
        classes(&diff_of_property(old, new)),
        expected,
        "{old} to {new}"
    );
}

#[test]
fn limits_are_classed_by_what_they_allow() {
    let number = |keyword: &str, value: Value| json!({"type": "number", keyword: value});
    for (old, new, class) in [
        (
            json!({"type": "number"}),
            number("minimum", json!(0)),
            "breaking /x range",
        ),
        (
            number("minimum", json!(0)),
            json!({"type": "number"}),
            "compatible /x range",
        ),
        (
            number("minimum", json!(0)),
            number("minimum", json!(0.5)),
            "breaking /x range",
        ),
        (
            number("minimum", json!(0)),
            number("exclusiveMinimum", json!(0)),
            "breaking /x range",
        ),
        (
            number("maximum", json!(1)),
            number("maximum", json!(2)),
            "compatible /x range",
        ),
        (
            number("maximum", json!(2)),
            number("exclusiveMaximum", json!(3)),
            "compatible /x range",
        ),
        (
            number("multipleOf", json!(0.5)),
            number("multipleOf", json!(0.25)),
            "compatible /x multipleOf",
        ),
        (
            number("multipleOf", json!(0.25)),
            number("multipleOf", json!(0.5)),
            "breaking /x multipleOf",
        ),
        (
            json!({"type": "integer"}),
            json!({"type": "integer", "multipleOf": 0.5}),
            "compatible /x multipleOf",
        ),
        (
            json!({"type": "integer", "minimum": 1}),
            json!({"type": "integer", "exclusiveMinimum": 0}),
            "compatible /x range",
        ),
        (
            json!({"type": "string"}),
            json!({"type": "string", "maxLength": 9}),
            "breaking /x length",
        ),
        (
            json!({"type": "string"}),
            json!({"type": "string", "minLength": 0}),
            "compatible /x length",
        ),
        (
            json!({"type": "string", "minLength": 2}),
            json!({"type": "string", "minLength": 1}),
            "compatible /x length",
        ),
        (
            json!({"type": "array", "maxItems": 3}),
            json!({"type": "array", "maxItems": 2}),
            "breaking /x count",
        ),
        // It is about another type, so it refuses nothing.
        (
            json!({"type": "string"}),
            json!({"type": "string", "maximum": 9}),
            "compatible /x range",
        ),
        // Every member passes.
        (
            json!({"enum": [1, 2]}),
            json!({"enum": [1, 2], "maximum": 2}),
            "compatible /x range",
        ),
        (
            json!({"enum": [1, 2]}),
            json!({"enum": [1, 2], "maximum": 1}),
            "breaking /x range",
        ),
    ] {
        check(&old, &new, &[class]);
    }
}

#[test]
fn types_are_classed_by_engine_and_rust() {
    let kind = |name: &str| json!({"type": name});
    for (old, new, class) in [
        (kind("string"), kind("integer"), "breaking /x type"),
        // The field was an `i64`.
        (kind("integer"), kind("number"), "breaking /x type"),
        (kind("number"), json!({}), "breaking /x type"),
        (kind("object"), json!({}), "compatible /x type"),
        (json!({}), kind("object"), "breaking /x type"),
        (json!({}), kind("file"), "breaking /x type"),
        (
            json!({"type": "integer", "minimum": 0, "maximum": 9}),
            json!({"type": "integer", "minimum": 0, "maximum": 18_446_744_073_709_551_615_u64}),
            "breaking /x rust type",
        ),
        (
            kind("object"),
            json!({"type": "object", "properties": {}}),
            "breaking /x additionalProperties",
        ),
        (
            kind("object"),
            json!({"type": "object", "properties": {}, "additionalProperties": true}),
            "breaking /x rust type",
        ),
        (
            kind("array"),
            json!({"type": "array", "items": {}}),
            "compatible /x notation",
        ),
        (
            kind("array"),
            json!({"type": "array", "items": {"type": "string"}}),
            "breaking /x/* type",
        ),
        (
            json!({"type": "array", "items": {"type": "string"}}),
            json!({"type": "array", "items": {"type": "string", "format": "image_uri"}}),
            "breaking /x/* format",
        ),
    ] {
        let told = classes(&diff_of_property(&old, &new));
        assert_eq!(
            told.first().map(String::as_str),
            Some(class),
            "{old} to {new}: {told:?}"
        );
    }
    check(&kind("float"), &kind("number"), &[]);
    // Without a type of its own the array has no type in Rust, so only the engine counts.
    let elements = |name: &str| json!({"items": kind(name)});
    check(
        &elements("number"),
        &elements("integer"),
        &["breaking /x/* type"],
    );
    check(
        &elements("integer"),
        &elements("number"),
        &["compatible /x/* type"],
    );
}

#[test]
fn enums_are_types_in_rust() {
    let text = |members: Value| json!({"type": "string", "enum": members});
    let number = |members: Value| json!({"type": "number", "enum": members});
    let free = json!({"type": "string"});
    check(
        &text(json!(["a"])),
        &text(json!(["a", "b"])),
        &["own crate /x enum"],
    );
    check(
        &text(json!(["a", "b"])),
        &text(json!(["a"])),
        &["breaking /x enum"],
    );
    check(
        &text(json!(["a", "b"])),
        &text(json!(["b", "a"])),
        &["text only /x enum"],
    );
    check(
        &text(json!(["a"])),
        &text(json!(["b"])),
        &["breaking /x enum", "own crate /x enum"],
    );
    check(&free, &text(json!(["a"])), &["breaking /x enum"]);
    check(
        &text(json!(["a"])),
        &free,
        &["breaking /x rust type", "compatible /x enum"],
    );
    check(
        &number(json!([0.5])),
        &json!({"type": "number"}),
        &["compatible /x enum"],
    );
}

#[test]
fn rules_of_one_quantity_are_an_interval() {
    let rules = |list: &[(&str, f64, &str)]| {
        let entry = |(rule, value, error): &(&str, f64, &str)| json!({"validation_rule": rule, "validation_value": value, "validation_error": error});
        json!({"type": "string", "validations": list.iter().map(entry).collect::<Value>()})
    };
    let small = rules(&[("file_size_mb<=", 15.0, "at most 15 MB")]);
    for (new, expected) in [
        (
            rules(&[("file_size_mb<=", 10.0, "at most 15 MB")]),
            vec!["breaking /x validations"],
        ),
        (
            rules(&[("file_size_mb<", 15.0, "at most 15 MB")]),
            vec!["breaking /x validations"],
        ),
        (
            rules(&[("file_size_mb<=", 20.0, "at most 20 MB")]),
            vec!["compatible /x validations"],
        ),
        (rules(&[]), vec!["compatible /x validations"]),
        (rules(&[("file_size_mb≤", 15.0, "at most 15 MB")]), vec![]),
        (
            rules(&[("file_size_mb<=", 15.0, "15 MB at most")]),
            vec!["text only /x validations"],
        ),
        (
            rules(&[
                ("seconds<=", 5.0, "short"),
                ("file_size_mb<=", 15.0, "at most 15 MB"),
            ]),
            vec!["breaking /x validations"],
        ),
    ] {
        check(&small, &new, &expected);
    }
}

#[test]
fn unchecked_keywords_are_breaking_unless_removed() {
    let with = |keyword: &str, value: Value| json!({"type": "string", keyword: value});
    let bare = json!({"type": "string"});
    check(
        &bare,
        &with("pattern", json!("^a")),
        &["breaking /x pattern"],
    );
    check(
        &with("pattern", json!("^a")),
        &with("pattern", json!("^b")),
        &["breaking /x pattern"],
    );
    check(
        &with("pattern", json!("^a")),
        &bare,
        &["compatible /x pattern"],
    );
    check(
        &bare,
        &with("x-order", json!(1)),
        &["compatible /x x-order"],
    );
    check(
        &bare,
        &with("examples", json!(["a"])),
        &["compatible /x examples"],
    );
    check(
        &bare,
        &with("format", json!("date")),
        &["breaking /x format"],
    );
    check(
        &with("format", json!("uri")),
        &bare,
        &["compatible /x format"],
    );
    check(
        &with("format", json!("image_uri")),
        &with("format", json!("video_uri")),
        &["breaking /x format"],
    );
}

#[test]
fn texts_and_defaults_are_not_breaking() {
    let bare = json!({"type": "string"});
    check(
        &bare,
        &json!({"type": "string", "title": "X"}),
        &["text only /x title"],
    );
    check(
        &json!({"type": "string", "description": "x"}),
        &json!({"type": "string", "description": "y"}),
        &["text only /x description"],
    );
    check(
        &bare,
        &json!({"type": "string", "default": "x"}),
        &["default /x default"],
    );
}

#[test]
fn properties_are_compared_at_any_depth() {
    let lora = |required: Value, scale: Value, open: bool| {
        json!({"type": "array", "items": {"type": "object", "required": required, "additionalProperties": open,
            "properties": {"path": {"type": "string"}, "scale": scale}}})
    };
    let scale = |maximum: i32| json!({"type": "number", "maximum": maximum});
    let old = lora(json!(["path"]), scale(2), false);
    check(
        &old,
        &lora(json!(["path"]), scale(1), false),
        &["breaking /x/*/scale range"],
    );
    check(
        &old,
        &lora(json!([]), scale(2), false),
        &["breaking /x/*/path required"],
    );
    check(
        &old,
        &lora(json!(["path", "scale"]), scale(2), false),
        &["breaking /x/*/scale required"],
    );
    check(
        &old,
        &lora(json!(["path"]), scale(2), true),
        &["compatible /x/* additionalProperties"],
    );
    check(
        &lora(json!(["path"]), scale(2), true),
        &old,
        &["breaking /x/* additionalProperties"],
    );
}

#[test]
fn added_and_removed_properties_are_classed() {
    let model = |document: Value| [parse("a/b", document)];
    let old = model(json!({"properties": {"x": {}}}));
    let open = model(json!({"properties": {"x": {}}, "additionalProperties": true}));
    let with = |extra: Value, required: Value, open: bool| {
        model(
            json!({"properties": {"x": {}, "a/b": extra}, "required": required, "additionalProperties": open}),
        )
    };
    let text = json!({"type": "string"});
    let first = |diff: Diff| classes(&diff).first().cloned().unwrap_or_default();
    assert_eq!(
        first(diff(&old, &with(text.clone(), json!([]), true))),
        "own crate /a~1b property"
    );
    assert_eq!(
        first(diff(&old, &with(text.clone(), json!(["a/b"]), true))),
        "breaking /a~1b property"
    );
    assert_eq!(
        first(diff(&with(text.clone(), json!([]), false), &old)),
        "breaking /a~1b property"
    );
    // Any value was sent under this name, so only a property of any type is compatible.
    assert_eq!(
        first(diff(&open, &with(text, json!([]), true))),
        "breaking /a~1b property"
    );
    assert_eq!(
        first(diff(&open, &with(json!({}), json!([]), true))),
        "own crate /a~1b property"
    );
}

#[test]
fn added_and_removed_models_are_classed() {
    let model = |id: &str| parse(id, json!({"properties": {}}));
    let diff = diff(
        &[model("a/old"), model("a/same")],
        &[model("a/same"), model("a/new")],
    );
    assert_eq!(classes(&diff), ["compatible  model", "breaking  model"]);
    assert_eq!(diff.unchanged, 1);
    assert!(diff.is_breaking(Bindings::Dependency));
    assert_eq!(
        diff.to_string(),
        "a/new\n  compatible  the model was added\n\n\
         a/old\n  breaking    the model was removed\n\n\
         changes: 1 breaking, 0 own crate, 0 default, 1 compatible, 0 text only; models: 2 changed, 1 unchanged"
    );
}

#[test]
fn removed_output_property_is_breaking() {
    let with = |output: Value| {
        [parse(
            "a/b",
            json!({"model_id": "a/b", "input_schema": {"properties": {}}, "output_schema": output}),
        )]
    };
    let none = [parse("a/b", json!({"properties": {}}))];
    let uri = json!({"type": "string", "format": "uri"});
    let one = with(json!({"type": "object", "properties": {"image": uri}}));
    let two = with(json!({"type": "object", "properties": {"image": uri, "video": uri}}));
    let number = with(json!({"type": "object", "properties": {"image": {"type": "number"}}}));
    assert_eq!(classes(&diff(&one, &two)), ["compatible /video property"]);
    assert_eq!(classes(&diff(&two, &one)), ["breaking /video property"]);
    assert_eq!(
        classes(&diff(&one, &number)),
        [
            "breaking  rust type",
            "breaking /image type",
            "compatible /image output"
        ]
    );
    assert_eq!(classes(&diff(&none, &one)), ["compatible  output"]);
    assert_eq!(classes(&diff(&one, &none)), ["compatible  output"]);
    let described =
        with(json!({"type": "object", "description": "x", "properties": {"image": uri}}));
    assert_eq!(classes(&diff(&one, &described)), ["text only  description"]);
}

#[test]
fn names_from_schemas_stay_on_one_line() {
    let name = "a\n::error::100%,\u{202e}";
    let old = parse("a/b", json!({"properties": {name: {"type": "string"}}}));
    let new = parse("a/b", json!({"properties": {}}));
    let diff = diff(&[old], &[new]);
    let github = diff.to_github("my:schemas/", Bindings::Dependency);
    assert_eq!(
        github.lines().next().unwrap_or_default(),
        "::error file=my%3Aschemas/a/b.json,title=a/b%3A breaking::/aU+000A::error::100%25,U+202E: the property was removed"
    );
    assert_eq!(github.lines().count(), 2);
    assert_eq!(diff.to_string().lines().count(), 4);
}

#[test]
fn json_holds_both_sides() {
    let diff = diff_of_property(
        &json!({"type": "string", "maxLength": 9}),
        &json!({"type": "string", "maxLength": 5}),
    );
    let change = json!({
        "class": "breaking", "part": "input", "pointer": "/x", "subject": "length",
        "old": "at most 9", "new": "at most 5", "message": "the length was at most 9, is at most 5",
    });
    assert_eq!(
        diff.to_json(),
        json!({"breaking": 1, "own_crate": 0, "default": 0, "compatible": 0, "text_only": 0, "unchanged": 0,
            "models": [{"id": "a/b", "class": "breaking", "changes": [change]}]})
    );
    assert_eq!(diff.models[0].class(), Class::Breaking);
}

/// A new name that collides with others spells them out, which renames them.
#[test]
fn rename_by_a_new_collision_is_breaking() {
    let text = |members: Value| json!({"type": "string", "enum": members});
    check(
        &text(json!(["fast"])),
        &text(json!(["fast", "Fast"])),
        &["breaking /x rust name", "own crate /x enum"],
    );
    check(
        &text(json!(["fast", "Fast"])),
        &text(json!(["fast"])),
        &["breaking /x enum", "breaking /x rust name"],
    );
    let model = |id: &str| parse(id, json!({"properties": {}}));
    let (one, other) = (model("acme/wan-2-7/edit"), model("acme/wan-2.7/edit"));
    let diff = diff(std::slice::from_ref(&one), &[one.clone(), other]);
    assert_eq!(classes(&diff), ["breaking  rust name", "compatible  model"]);
    let message = diff.models[0].changes[0].to_string();
    assert!(
        message.starts_with("the module was named `acme::wan_2_7::edit` in Rust, is named `acme::"),
        "{message}"
    );
}

#[test]
fn deprecation_is_compatible_and_named() {
    let scale = |deprecated: bool| json!({"type": "number", "deprecated": deprecated});
    check(&scale(false), &scale(true), &["compatible /x deprecated"]);
    check(&scale(true), &scale(false), &["compatible /x deprecated"]);
    let message = diff_of_property(&scale(false), &scale(true)).to_string();
    assert!(message.contains("/x: is deprecated now"), "{message}");
}

/// `Default` of an enum, and names of files, come and go with a default.
#[test]
fn removed_default_is_breaking_where_something_needs_it() {
    let mode = |default: Value| json!({"type": "string", "enum": ["a", "b"], "default": default});
    check(
        &mode(json!("a")),
        &mode(json!("b")),
        &["default /x default"],
    );
    check(
        &mode(json!("a")),
        &mode(json!(null)),
        &["breaking /x default"],
    );
    check(
        &mode(json!(null)),
        &mode(json!("a")),
        &["default /x default"],
    );
    let modes = |default: Value| json!({"type": "array", "items": mode(default)});
    check(
        &modes(json!("a")),
        &modes(json!(null)),
        &["breaking /x/* default"],
    );
    let image =
        |default: Value| json!({"type": "string", "format": "image_uri", "default": default});
    let (name, url) = (json!("example.png"), json!("https://a.b/c.png"));
    check(
        &image(name.clone()),
        &image(url.clone()),
        &["breaking /x default"],
    );
    check(&image(url), &image(name.clone()), &["default /x default"]);
    check(
        &image(name),
        &image(json!("b.png")),
        &["default /x default"],
    );
}

#[test]
fn type_of_an_output_comes_and_goes_with_its_members() {
    let model = |output: Value| {
        let document = json!({"input_schema": {"properties": {}}, "output_schema": {"output": {"properties": output}}});
        parse("a/b", document)
    };
    let text = json!({"type": "string"});
    let usual = model(json!({"image": text}));
    let own = model(json!({"image": text, "seed": text}));
    let more = model(json!({"image": text, "seed": text, "other": text}));
    let clash = model(json!({"image": text, "seed": text, "Seed": text}));
    let of = |old: &ModelSchema, new: &ModelSchema| {
        classes(&diff(std::slice::from_ref(old), std::slice::from_ref(new)))
    };
    assert_eq!(
        of(&usual, &own),
        ["breaking  rust type", "compatible /seed property"]
    );
    assert_eq!(
        of(&own, &usual),
        ["breaking  rust type", "breaking /seed property"]
    );
    assert_eq!(of(&own, &more), ["compatible /other property"]);
    let lost = of(&more, &clash);
    assert!(
        lost.iter().any(|c| c == "breaking /other property"),
        "{lost:?}"
    );
    assert_eq!(of(&own, &clash)[0], "breaking  rust type");
}
