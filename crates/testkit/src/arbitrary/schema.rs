//! Arbitrary schemas in the service's dialect, for combinations that no real model has yet.

use serde_json::{Map, Value, json};

use super::Entropy;
use super::value::{any, name, number, text};

/// Types of the service, and one that it does not have.
const KINDS: [&str; 8] = [
    "string", "integer", "number", "float", "boolean", "array", "object", "weird",
];

/// Number of types at the start of [`KINDS`] that nest nothing.
const SCALARS: usize = 5;

/// Returns an input schema with two properties. The parser refuses some as contradictory.
pub fn input(entropy: &mut dyn Entropy) -> Value {
    json!({
        "type": "object",
        "properties": {"x": value(entropy, 3), "y": value(entropy, 2)},
        "required": ["x"],
    })
}

/// Returns a schema that nests at most `depth` levels.
pub fn value(entropy: &mut dyn Entropy, depth: u8) -> Value {
    let mut map = Map::new();
    let kinds = if depth == 0 {
        &KINDS[..SCALARS]
    } else {
        &KINDS[..]
    };
    let kind = *entropy.pick(kinds);
    if !entropy.one_in(12) {
        map.insert("type".into(), kind.into());
    }
    // Keywords of other types have no effect, and that must hold in both engines.
    let all = entropy.one_in(6);
    if all || matches!(kind, "integer" | "number" | "float" | "weird") {
        add_number_keywords(entropy, &mut map);
    }
    if all || kind == "string" {
        add_string_keywords(entropy, &mut map);
    }
    if all || kind == "array" {
        add_array_keywords(entropy, depth, &mut map);
    }
    if depth > 0 && (all || kind == "object") {
        add_object_keywords(entropy, depth, &mut map);
    }
    if entropy.one_in(7) {
        map.insert("enum".into(), enum_values(entropy, kind).into());
    }
    if entropy.one_in(12) {
        map.insert("default".into(), any(entropy, 1));
    }
    if entropy.one_in(30) {
        map.insert("pattern".into(), "^x".into());
    }
    if entropy.one_in(30) {
        map.insert("oneOf".into(), json!([{"type": "null"}]));
    }
    Value::Object(map)
}

fn add_number_keywords(entropy: &mut dyn Entropy, map: &mut Map<String, Value>) {
    for keyword in ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"] {
        if entropy.one_in(3) {
            map.insert(keyword.into(), number(entropy));
        }
    }
    if entropy.one_in(3) {
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
        let step = steps.as_array().map(|steps| entropy.pick(steps).clone());
        map.insert("multipleOf".into(), step.unwrap_or(Value::Null));
    }
}

fn add_string_keywords(entropy: &mut dyn Entropy, map: &mut Map<String, Value>) {
    if entropy.one_in(3) {
        map.insert("minLength".into(), entropy.below(4).into());
    }
    if entropy.one_in(3) {
        let limits = [json!(3), json!(4.0), json!(800), json!(u64::MAX)];
        map.insert("maxLength".into(), entropy.pick(&limits).clone());
    }
    if entropy.one_in(4) {
        let formats = ["image_uri", "video_uri", "uri", "date-time", "image_uris"];
        map.insert("format".into(), (*entropy.pick(&formats)).into());
    }
}

fn add_array_keywords(entropy: &mut dyn Entropy, depth: u8, map: &mut Map<String, Value>) {
    if entropy.one_in(3) {
        map.insert("minItems".into(), entropy.below(3).into());
    }
    if entropy.one_in(3) {
        map.insert("maxItems".into(), entropy.between(2, 4).into());
    }
    if depth > 0 && !entropy.one_in(4) {
        map.insert("items".into(), value(entropy, depth - 1));
    }
    if entropy.one_in(6) {
        let formats = ["image_uris", "image_uri", "audio_uris"];
        map.insert("format".into(), (*entropy.pick(&formats)).into());
    }
}

fn add_object_keywords(entropy: &mut dyn Entropy, depth: u8, map: &mut Map<String, Value>) {
    if !entropy.one_in(5) {
        let mut properties = Map::new();
        for _ in 0..entropy.below(5) {
            properties.insert(name(entropy), value(entropy, depth - 1));
        }
        let mut required: Vec<Value> = Vec::new();
        for name in properties.keys() {
            if entropy.one_in(3) {
                required.push(name.as_str().into());
            }
        }
        map.insert("properties".into(), properties.into());
        if entropy.one_in(2) {
            map.insert("required".into(), required.into());
        }
    }
    let additional = match entropy.below(6) {
        0 => json!(true),
        1 => json!(false),
        2 => json!({}),
        _ => return,
    };
    map.insert("additionalProperties".into(), additional);
}

fn enum_values(entropy: &mut dyn Entropy, kind: &str) -> Vec<Value> {
    let mut members = Vec::new();
    for _ in 0..entropy.between(1, 4) {
        let member = match kind {
            "integer" => entropy.between(0, 300).into(),
            "string" => text(entropy),
            "number" | "float" => number(entropy),
            _ => any(entropy, 2),
        };
        if !members.contains(&member) {
            members.push(member);
        }
    }
    members
}
