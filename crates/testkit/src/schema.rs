//! Made-up schemas in the dialect, to try combinations that no real model has yet.

use serde_json::{Map, Value, json};

use crate::Dice;
use crate::instance::{anything, name, number, text};

/// The service's types, and one that it does not have.
const KINDS: [&str; 8] = [
    "string", "integer", "number", "float", "boolean", "array", "object", "weird",
];

/// The first of [`KINDS`] that nest nothing.
const SCALARS: usize = 5;

/// An input schema with two properties. Some are contradictory and are refused by the parser.
pub fn input(dice: &mut dyn Dice) -> Value {
    json!({
        "type": "object",
        "properties": {"x": value(dice, 3), "y": value(dice, 2)},
        "required": ["x"],
    })
}

/// A schema that nests at most `depth` levels.
pub fn value(dice: &mut dyn Dice, depth: u8) -> Value {
    let mut map = Map::new();
    let kinds = if depth == 0 {
        &KINDS[..SCALARS]
    } else {
        &KINDS[..]
    };
    let kind = *dice.pick(kinds);
    if !dice.once_in(12) {
        map.insert("type".into(), kind.into());
    }
    // Keywords of other types say nothing, and that must be so in both engines.
    let all = dice.once_in(6);
    if all || matches!(kind, "integer" | "number" | "float" | "weird") {
        of_numbers(dice, &mut map);
    }
    if all || kind == "string" {
        of_texts(dice, &mut map);
    }
    if all || kind == "array" {
        of_arrays(dice, depth, &mut map);
    }
    if depth > 0 && (all || kind == "object") {
        of_objects(dice, depth, &mut map);
    }
    if dice.once_in(7) {
        map.insert("enum".into(), members(dice, kind).into());
    }
    if dice.once_in(12) {
        map.insert("default".into(), anything(dice, 1));
    }
    if dice.once_in(30) {
        map.insert("pattern".into(), "^x".into());
    }
    if dice.once_in(30) {
        map.insert("oneOf".into(), json!([{"type": "null"}]));
    }
    Value::Object(map)
}

fn of_numbers(dice: &mut dyn Dice, map: &mut Map<String, Value>) {
    for keyword in ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"] {
        if dice.once_in(3) {
            map.insert(keyword.into(), number(dice));
        }
    }
    if dice.once_in(3) {
        let steps = json!([
            2,
            3,
            8,
            64,
            1.0,
            0.1,
            0.01,
            0.05,
            0.5,
            0.3,
            2.5,
            1e-9,
            9_007_199_254_740_993_i64
        ]);
        let step = steps.as_array().map(|steps| dice.pick(steps).clone());
        map.insert("multipleOf".into(), step.unwrap_or(Value::Null));
    }
}

fn of_texts(dice: &mut dyn Dice, map: &mut Map<String, Value>) {
    if dice.once_in(3) {
        map.insert("minLength".into(), dice.below(4).into());
    }
    if dice.once_in(3) {
        let most = [json!(3), json!(4.0), json!(800), json!(u64::MAX)];
        map.insert("maxLength".into(), dice.pick(&most).clone());
    }
    if dice.once_in(4) {
        let formats = ["image_uri", "video_uri", "uri", "date-time", "image_uris"];
        map.insert("format".into(), (*dice.pick(&formats)).into());
    }
}

fn of_arrays(dice: &mut dyn Dice, depth: u8, map: &mut Map<String, Value>) {
    if dice.once_in(3) {
        map.insert("minItems".into(), dice.below(3).into());
    }
    if dice.once_in(3) {
        map.insert("maxItems".into(), dice.between(2, 4).into());
    }
    if depth > 0 && !dice.once_in(4) {
        map.insert("items".into(), value(dice, depth - 1));
    }
    if dice.once_in(6) {
        let formats = ["image_uris", "image_uri", "audio_uris"];
        map.insert("format".into(), (*dice.pick(&formats)).into());
    }
}

fn of_objects(dice: &mut dyn Dice, depth: u8, map: &mut Map<String, Value>) {
    if !dice.once_in(5) {
        let mut properties = Map::new();
        for _ in 0..dice.below(5) {
            properties.insert(name(dice), value(dice, depth - 1));
        }
        let mut required: Vec<Value> = Vec::new();
        for name in properties.keys() {
            if dice.once_in(3) {
                required.push(name.as_str().into());
            }
        }
        map.insert("properties".into(), properties.into());
        if dice.once_in(2) {
            map.insert("required".into(), required.into());
        }
    }
    let further = match dice.below(6) {
        0 => json!(true),
        1 => json!(false),
        2 => json!({}),
        _ => return,
    };
    map.insert("additionalProperties".into(), further);
}

fn members(dice: &mut dyn Dice, kind: &str) -> Vec<Value> {
    let mut members = Vec::new();
    for _ in 0..dice.between(1, 4) {
        let member = match kind {
            "integer" => dice.between(0, 300).into(),
            "string" => text(dice),
            "number" | "float" => number(dice),
            _ => anything(dice, 2),
        };
        if !members.contains(&member) {
            members.push(member);
        }
    }
    members
}
