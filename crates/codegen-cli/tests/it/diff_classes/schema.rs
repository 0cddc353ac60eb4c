//! Arbitrary schemas, mutations of them, and inputs for them.

use serde_json::{Map, Value, json};

/// Makes arbitrary choices from numbers. When the numbers are used up it chooses 0, so that fewer numbers
/// give simpler data.
pub(crate) struct Choices<'a> {
    numbers: &'a [u16],
    /// State of a generator, if there are no numbers.
    state: Option<u64>,
}

impl<'a> Choices<'a> {
    pub(crate) fn new(numbers: &'a [u16]) -> Self {
        Self {
            numbers,
            state: None,
        }
    }

    pub(crate) fn endless(seed: u64) -> Self {
        Self {
            numbers: &[],
            state: Some(seed),
        }
    }

    pub(crate) fn below(&mut self, options: usize) -> usize {
        if let Some(state) = &mut self.state {
            // Knuth's MMIX generator; its upper bits are good enough for choices.
            *state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            return usize::try_from(*state >> 40).unwrap() % options;
        }
        let Some((first, rest)) = self.numbers.split_first() else {
            return 0;
        };
        self.numbers = rest;
        usize::from(*first) % options
    }

    /// Returns `true` once in `options` times, and `false` when the numbers are used up.
    fn once_in(&mut self, options: usize) -> bool {
        self.below(options) == options - 1
    }

    fn pick<'t, T: ?Sized>(&mut self, list: &[&'t T]) -> &'t T {
        list[self.below(list.len())]
    }
}

const NAMES: [&str; 4] = ["a", "b", "loras", "width×height"];
/// Names of types; the last is none.
const KINDS: [&str; 7] = [
    "string", "integer", "number", "array", "object", "boolean", "",
];
const TEXTS: [&str; 8] = [
    "",
    "a",
    "b",
    "ab",
    "abc",
    "https://x.y/z",
    "data:,",
    "example.png",
];
const KEYWORDS: [&str; 21] = [
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "enum",
    "format",
    "items",
    "properties",
    "additionalProperties",
    "validations",
    "pattern",
    "title",
    "description",
    "deprecated",
    "x-order",
    "default",
];

fn number(choices: &mut Choices<'_>) -> Value {
    match choices.below(9) {
        0..=6 => json!([0, 1, 2, 3, -1, 4, 6][choices.below(7)]),
        7 => json!([0.5, 1.5, 0.25, -0.5][choices.below(4)]),
        _ => json!([u64::MAX, i64::MAX.unsigned_abs(), 0][choices.below(3)]),
    }
}

fn scalar(choices: &mut Choices<'_>) -> Value {
    match choices.below(6) {
        0..=2 => json!(choices.pick(&TEXTS)),
        3 | 4 => number(choices),
        _ => json!([json!(true), json!(false), Value::Null][choices.below(3)]),
    }
}

fn members(choices: &mut Choices<'_>, kind: &str) -> Value {
    let mut list: Vec<Value> = Vec::new();
    for _ in 0..=choices.below(3) {
        let member = match kind {
            "string" => json!(choices.pick(&["a", "b", "ab", "https://x.y/z"])),
            "integer" | "number" => number(choices),
            _ => scalar(choices),
        };
        let same = |other: &Value| {
            *other == member || other.as_f64().is_some_and(|n| Some(n) == member.as_f64())
        };
        if !list.iter().any(same) {
            list.push(member);
        }
    }
    list.into()
}

fn rules(choices: &mut Choices<'_>) -> Value {
    let entry = |choices: &mut Choices<'_>| {
        let quantity = choices.pick(&["file_size_mb", "width_pixels", "seconds"]);
        let operator = choices.pick(&["<=", "<", ">=", ">"]);
        json!({"validation_rule": format!("{quantity}{operator}"), "validation_value": choices.below(4),
            "validation_error": choices.pick(&["no", "too large"])})
    };
    (0..=choices.below(2)).map(|_| entry(choices)).collect()
}

fn keyword(choices: &mut Choices<'_>, name: &str, kind: &str, depth: usize) -> Value {
    match name {
        "multipleOf" => json!([0.5, 1.0, 2.0, 0.25, 3.0][choices.below(5)]),
        "minLength" | "maxLength" | "minItems" | "maxItems" => json!(choices.below(4)),
        "enum" => members(choices, kind),
        "format" => json!(choices.pick(&["image_uri", "video_uri", "uri", "image_uris", "date"])),
        "items" => value(choices, depth.saturating_sub(1)),
        "properties" => properties(choices, depth.saturating_sub(1)),
        "additionalProperties" | "deprecated" => json!(choices.below(2) == 1),
        "validations" => rules(choices),
        "pattern" | "title" | "description" => json!(choices.pick(&["one", "two"])),
        "x-order" => json!(choices.below(3)),
        "default" => match kind {
            "string" => json!(choices.pick(&["a", "b", "example.png"])),
            "array" => json!([choices.pick(&["a", "example.png"])]),
            "boolean" => json!(choices.below(2) == 1),
            _ => json!(choices.below(3)),
        },
        _ => number(choices),
    }
}

/// Returns the keywords that apply to a type.
fn keywords_of(kind: &str) -> &'static [&'static str] {
    match kind {
        "string" => &[
            "minLength",
            "maxLength",
            "enum",
            "format",
            "validations",
            "pattern",
            "default",
        ],
        "integer" | "number" => &[
            "minimum",
            "maximum",
            "exclusiveMinimum",
            "exclusiveMaximum",
            "multipleOf",
            "enum",
            "default",
        ],
        "boolean" => &["enum", "default"],
        "array" => &[
            "minItems",
            "maxItems",
            "items",
            "format",
            "validations",
            "default",
        ],
        "object" => &["properties", "additionalProperties"],
        _ => &KEYWORDS,
    }
}

fn some_keyword(choices: &mut Choices<'_>, map: &mut Map<String, Value>, depth: usize) {
    let kind = map
        .get("type")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    let list = match choices.below(8) {
        6 => &["title", "description", "deprecated", "enum", "x-order"],
        7 => &KEYWORDS[..],
        _ => keywords_of(&kind),
    };
    let name = choices.pick(list);
    let fits = match name {
        "items" => depth > 0,
        "properties" => depth > 0 && ["object", ""].contains(&&*kind),
        _ => true,
    };
    if fits {
        let value = keyword(choices, name, &kind, depth);
        map.insert(name.to_owned(), value);
    }
}

fn value(choices: &mut Choices<'_>, depth: usize) -> Value {
    let kind = choices.pick(&KINDS);
    let mut map = Map::new();
    if !kind.is_empty() {
        map.insert("type".into(), kind.into());
    }
    if depth > 0 && kind == "array" && choices.below(4) > 0 {
        map.insert("items".into(), value(choices, depth - 1));
    }
    if depth > 0 && kind == "object" && choices.below(4) > 0 {
        let Value::Object(object) = object(choices, depth) else {
            unreachable!("it is one")
        };
        map.extend(object);
    }
    for _ in 0..choices.below(3) {
        some_keyword(choices, &mut map, depth);
    }
    map.into()
}

fn properties(choices: &mut Choices<'_>, depth: usize) -> Value {
    let mut map = Map::new();
    for name in NAMES {
        if choices.below(2) == 1 {
            map.insert(name.into(), value(choices, depth));
        }
    }
    map.into()
}

/// Returns an arbitrary schema of an object with properties.
pub(crate) fn object(choices: &mut Choices<'_>, depth: usize) -> Value {
    let mut map = Map::new();
    map.insert("type".into(), "object".into());
    let properties = properties(choices, depth - 1);
    let names = properties.as_object().unwrap().keys();
    let required: Value = names.filter(|_| choices.below(3) == 2).cloned().collect();
    map.insert("properties".into(), properties);
    map.insert("required".into(), required);
    if choices.once_in(3) {
        map.insert(
            "additionalProperties".into(),
            (choices.below(2) == 1).into(),
        );
    }
    map.into()
}

/// Changes a schema in a few places, at any depth.
pub(crate) fn mutated(choices: &mut Choices<'_>, schema: &Value, depth: usize) -> Value {
    let mut map = schema.as_object().unwrap().clone();
    let is_root_like = map.contains_key("properties");
    for name in map.keys().cloned().collect::<Vec<_>>() {
        let kind = map
            .get("type")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned();
        match &*name {
            "properties" => {
                let changed = mutated_properties(choices, &map["properties"], depth);
                map["properties"] = changed;
            }
            "required" if choices.once_in(4) => {
                let toggled = choices.pick(&NAMES);
                let was = map["required"].as_array().unwrap();
                let others = was.iter().filter(|name| **name != toggled).cloned();
                let mut names: Vec<Value> = others.collect();
                if names.len() == was.len() {
                    names.push(toggled.into());
                }
                map["required"] = names.into();
            }
            "items" => {
                let changed = mutated(choices, &map["items"], depth.saturating_sub(1));
                map["items"] = changed;
            }
            "required" => {}
            "type" if is_root_like || !choices.once_in(8) => {}
            "type" => {
                map["type"] = match choices.pick(&KINDS) {
                    "" => Value::Null,
                    kind => kind.into(),
                };
            }
            _ if choices.once_in(7) => {
                map.remove(&name);
            }
            _ if choices.once_in(5) => {
                let value = keyword(choices, &name, &kind, depth);
                map.insert(name, value);
            }
            _ => {}
        }
    }
    if choices.once_in(12) {
        some_keyword(choices, &mut map, depth);
    }
    map.into()
}

fn mutated_properties(choices: &mut Choices<'_>, properties: &Value, depth: usize) -> Value {
    let mut map = Map::new();
    for name in NAMES {
        match properties.get(name) {
            Some(_) if choices.once_in(16) => {}
            Some(schema) => {
                map.insert(
                    name.into(),
                    mutated(choices, schema, depth.saturating_sub(1)),
                );
            }
            None if choices.once_in(12) => {
                map.insert(name.into(), value(choices, depth.saturating_sub(1)));
            }
            None => {}
        }
    }
    map.into()
}

/// Changes every description of a schema.
pub(crate) fn translated(schema: &Value) -> Value {
    let mut map = schema.as_object().unwrap().clone();
    map.insert("description".into(), "in other words".into());
    if let Some(items) = map.get_mut("items") {
        *items = translated(items);
    }
    if let Some(Value::Object(properties)) = map.get_mut("properties") {
        for schema in properties.values_mut() {
            *schema = translated(schema);
        }
    }
    map.into()
}

/// Returns an arbitrary value that one of the schemas is likely to accept.
pub(crate) fn instance(choices: &mut Choices<'_>, schemas: [&Value; 2], depth: usize) -> Value {
    let [old, new] = schemas;
    let schema = if choices.once_in(8) { new } else { old };
    let get = |name: &str| schemas.map(|s| s.get(name).unwrap_or(&Value::Null));
    if let Some(Value::Array(members)) = schema.get("enum").filter(|_| !choices.once_in(8)) {
        return members[choices.below(members.len())].clone();
    }
    let kind = schema
        .get("type")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let kind = if kind.is_empty() || choices.once_in(20) {
        choices.pick(&KINDS)
    } else {
        kind
    };
    match kind {
        "string" => json!(choices.pick(&TEXTS)),
        "integer" | "number" => number(choices),
        "boolean" => json!(choices.below(2) == 1),
        "array" if depth > 0 => {
            let items = get("items");
            (0..choices.below(4))
                .map(|_| instance(choices, items, depth - 1))
                .collect()
        }
        "object" if depth > 0 => {
            let mut map = Map::new();
            let lists = get("properties");
            let required = |name: &str| {
                let names = schema.get("required").and_then(Value::as_array);
                names.is_some_and(|names| names.iter().any(|n| n == name))
            };
            for name in NAMES {
                let pair = lists.map(|list| list.get(name).unwrap_or(&Value::Null));
                let chance = if schema["properties"].get(name).is_some() {
                    2
                } else {
                    4
                };
                if required(name) || choices.once_in(chance) {
                    map.insert(name.into(), instance(choices, pair, depth - 1));
                }
            }
            if choices.once_in(8) {
                map.insert("further".into(), scalar(choices));
            }
            map.into()
        }
        _ => scalar(choices),
    }
}
