//! Made-up schemas, changed ones, and inputs for them.

use serde_json::{Map, Value, json};

/// Decisions, taken one after the other; all are 0 in the end, so that shorter is simpler.
pub(crate) struct Dice<'a> {
    throws: &'a [u16],
    /// Where there are no throws: the state of a generator.
    state: Option<u64>,
}

impl<'a> Dice<'a> {
    pub(crate) fn new(throws: &'a [u16]) -> Self {
        Self {
            throws,
            state: None,
        }
    }

    pub(crate) fn endless(seed: u64) -> Self {
        Self {
            throws: &[],
            state: Some(seed),
        }
    }

    fn below(&mut self, sides: usize) -> usize {
        if let Some(state) = &mut self.state {
            // Knuth's MMIX; its upper bits are good enough for decisions.
            *state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            return usize::try_from(*state >> 40).unwrap() % sides;
        }
        let Some((first, rest)) = self.throws.split_first() else {
            return 0;
        };
        self.throws = rest;
        usize::from(*first) % sides
    }

    /// True once in `sides`, never when the throws are used up.
    fn once_in(&mut self, sides: usize) -> bool {
        self.below(sides) == sides - 1
    }

    fn of<'t, T: ?Sized>(&mut self, list: &[&'t T]) -> &'t T {
        list[self.below(list.len())]
    }
}

const NAMES: [&str; 4] = ["a", "b", "loras", "width×height"];
/// Without a type comes last.
const KINDS: [&str; 7] = [
    "string", "integer", "number", "array", "object", "boolean", "",
];
const TEXTS: [&str; 7] = ["", "a", "b", "ab", "abc", "https://x.y/z", "data:,"];
const KEYWORDS: [&str; 19] = [
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
    "x-order",
];

fn number(dice: &mut Dice<'_>) -> Value {
    match dice.below(9) {
        0..=6 => json!([0, 1, 2, 3, -1, 4, 6][dice.below(7)]),
        7 => json!([0.5, 1.5, 0.25, -0.5][dice.below(4)]),
        _ => json!([u64::MAX, i64::MAX.unsigned_abs(), 0][dice.below(3)]),
    }
}

fn scalar(dice: &mut Dice<'_>) -> Value {
    match dice.below(6) {
        0..=2 => json!(dice.of(&TEXTS)),
        3 | 4 => number(dice),
        _ => json!([json!(true), json!(false), Value::Null][dice.below(3)]),
    }
}

fn members(dice: &mut Dice<'_>, kind: &str) -> Value {
    let mut list: Vec<Value> = Vec::new();
    for _ in 0..=dice.below(3) {
        let member = match kind {
            "string" => json!(dice.of(&["a", "b", "ab", "https://x.y/z"])),
            "integer" | "number" => number(dice),
            _ => scalar(dice),
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

fn rules(dice: &mut Dice<'_>) -> Value {
    let entry = |dice: &mut Dice<'_>| {
        let quantity = dice.of(&["file_size_mb", "width_pixels", "seconds"]);
        let operator = dice.of(&["<=", "<", ">=", ">"]);
        json!({"validation_rule": format!("{quantity}{operator}"), "validation_value": dice.below(4),
            "validation_error": dice.of(&["no", "too large"])})
    };
    (0..=dice.below(2)).map(|_| entry(dice)).collect()
}

fn keyword(dice: &mut Dice<'_>, name: &str, kind: &str, depth: usize) -> Value {
    match name {
        "multipleOf" => json!([0.5, 1.0, 2.0, 0.25, 3.0][dice.below(5)]),
        "minLength" | "maxLength" | "minItems" | "maxItems" => json!(dice.below(4)),
        "enum" => members(dice, kind),
        "format" => json!(dice.of(&["image_uri", "video_uri", "uri", "image_uris", "date"])),
        "items" => value(dice, depth.saturating_sub(1)),
        "properties" => properties(dice, depth.saturating_sub(1)),
        "additionalProperties" => json!(dice.below(2) == 1),
        "validations" => rules(dice),
        "pattern" | "title" | "description" => json!(dice.of(&["one", "two"])),
        "x-order" => json!(dice.below(3)),
        _ => number(dice),
    }
}

/// The keywords that speak of a type.
fn keywords_of(kind: &str) -> &'static [&'static str] {
    match kind {
        "string" => &[
            "minLength",
            "maxLength",
            "enum",
            "format",
            "validations",
            "pattern",
        ],
        "integer" | "number" => &KEYWORDS[..5],
        "boolean" => &["enum"],
        "array" => &["minItems", "maxItems", "items", "format", "validations"],
        "object" => &["properties", "additionalProperties"],
        _ => &KEYWORDS,
    }
}

fn some_keyword(dice: &mut Dice<'_>, map: &mut Map<String, Value>, depth: usize) {
    let kind = map
        .get("type")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    let list = match dice.below(8) {
        6 => &["title", "description", "enum", "x-order"],
        7 => &KEYWORDS[..],
        _ => keywords_of(&kind),
    };
    let name = dice.of(list);
    let fits = match name {
        "items" => depth > 0,
        "properties" => depth > 0 && ["object", ""].contains(&&*kind),
        _ => true,
    };
    if fits {
        let value = keyword(dice, name, &kind, depth);
        map.insert(name.to_owned(), value);
    }
}

fn value(dice: &mut Dice<'_>, depth: usize) -> Value {
    let kind = dice.of(&KINDS);
    let mut map = Map::new();
    if !kind.is_empty() {
        map.insert("type".into(), kind.into());
    }
    if depth > 0 && kind == "array" && dice.below(4) > 0 {
        map.insert("items".into(), value(dice, depth - 1));
    }
    if depth > 0 && kind == "object" && dice.below(4) > 0 {
        let Value::Object(object) = object(dice, depth) else {
            unreachable!("it is one")
        };
        map.extend(object);
    }
    for _ in 0..dice.below(3) {
        some_keyword(dice, &mut map, depth);
    }
    map.into()
}

fn properties(dice: &mut Dice<'_>, depth: usize) -> Value {
    let mut map = Map::new();
    for name in NAMES {
        if dice.below(2) == 1 {
            map.insert(name.into(), value(dice, depth));
        }
    }
    map.into()
}

/// A schema of an object with properties.
pub(crate) fn object(dice: &mut Dice<'_>, depth: usize) -> Value {
    let mut map = Map::new();
    map.insert("type".into(), "object".into());
    let properties = properties(dice, depth - 1);
    let names = properties.as_object().unwrap().keys();
    let required: Value = names.filter(|_| dice.below(3) == 2).cloned().collect();
    map.insert("properties".into(), properties);
    map.insert("required".into(), required);
    if dice.once_in(3) {
        map.insert("additionalProperties".into(), (dice.below(2) == 1).into());
    }
    map.into()
}

/// The same schema with a few changes, at any depth.
pub(crate) fn mutated(dice: &mut Dice<'_>, schema: &Value, depth: usize) -> Value {
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
                let changed = mutated_properties(dice, &map["properties"], depth);
                map["properties"] = changed;
            }
            "required" if dice.once_in(4) => {
                let toggled = dice.of(&NAMES);
                let was = map["required"].as_array().unwrap();
                let others = was.iter().filter(|name| **name != toggled).cloned();
                let mut names: Vec<Value> = others.collect();
                if names.len() == was.len() {
                    names.push(toggled.into());
                }
                map["required"] = names.into();
            }
            "items" => {
                let changed = mutated(dice, &map["items"], depth.saturating_sub(1));
                map["items"] = changed;
            }
            "required" => {}
            "type" if is_root_like || !dice.once_in(8) => {}
            "type" => {
                map["type"] = match dice.of(&KINDS) {
                    "" => Value::Null,
                    kind => kind.into(),
                };
            }
            _ if dice.once_in(7) => {
                map.remove(&name);
            }
            _ if dice.once_in(5) => {
                let value = keyword(dice, &name, &kind, depth);
                map.insert(name, value);
            }
            _ => {}
        }
    }
    if dice.once_in(12) {
        some_keyword(dice, &mut map, depth);
    }
    map.into()
}

fn mutated_properties(dice: &mut Dice<'_>, properties: &Value, depth: usize) -> Value {
    let mut map = Map::new();
    for name in NAMES {
        match properties.get(name) {
            Some(_) if dice.once_in(16) => {}
            Some(schema) => {
                map.insert(name.into(), mutated(dice, schema, depth.saturating_sub(1)));
            }
            None if dice.once_in(12) => {
                map.insert(name.into(), value(dice, depth.saturating_sub(1)));
            }
            None => {}
        }
    }
    map.into()
}

/// The same schema with another description everywhere.
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

/// A value that one of the schemas is likely to accept.
pub(crate) fn instance(dice: &mut Dice<'_>, schemas: [&Value; 2], depth: usize) -> Value {
    let [old, new] = schemas;
    let schema = if dice.once_in(8) { new } else { old };
    let get = |name: &str| schemas.map(|s| s.get(name).unwrap_or(&Value::Null));
    if let Some(Value::Array(members)) = schema.get("enum").filter(|_| !dice.once_in(8)) {
        return members[dice.below(members.len())].clone();
    }
    let kind = schema
        .get("type")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let kind = if kind.is_empty() || dice.once_in(20) {
        dice.of(&KINDS)
    } else {
        kind
    };
    match kind {
        "string" => json!(dice.of(&TEXTS)),
        "integer" | "number" => number(dice),
        "boolean" => json!(dice.below(2) == 1),
        "array" if depth > 0 => {
            let items = get("items");
            (0..dice.below(4))
                .map(|_| instance(dice, items, depth - 1))
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
                if required(name) || dice.once_in(chance) {
                    map.insert(name.into(), instance(dice, pair, depth - 1));
                }
            }
            if dice.once_in(8) {
                map.insert("further".into(), scalar(dice));
            }
            map.into()
        }
        _ => scalar(dice),
    }
}
