//! Arbitrary values for a schema: valid ones, and single mutations of them.
//!
//! Valid is the aim and not a promise: a schema whose keywords contradict each other has no valid
//! value. Nothing here uses the engine under test, which would hide its own faults.

use runcomfy_schema::{Keyword, Kind, Number, Property, Schema};
use serde_json::{Map, Value, json};

use super::Entropy;

/// Valid URLs of media.
pub const GOOD_URLS: [&str; 4] = [
    "https://example.com/a.jpg",
    "HTTPS://user@example.com:8443/a?b#c",
    "data:image/png;base64,AA",
    "data:,x",
];

/// Invalid URLs of media.
const BAD_URLS: [&str; 6] = [
    "http://example.com/x",
    "https://",
    "a.jpg",
    "ftp://example.com/a",
    "https://example.com/a b",
    "data:image/png;base64",
];

/// Texts of several lengths in bytes and characters, and some that look like another type.
const TEXTS: [&str; 16] = [
    "",
    "a",
    "ab",
    "abc",
    "é",
    "日本語",
    "👩‍👩‍👧",
    "16:9",
    "1:1",
    "720p",
    "720P",
    "1",
    "true",
    "\0",
    "e\u{301}",
    "https://example.com/a.jpg",
];

/// Characters of one, two, three and four bytes.
const LETTERS: [&str; 4] = ["a", "é", "日", "👩"];

/// Floats at the ends of their own range and at the ends of 64-bit integers.
const EXTREMES: [f64; 10] = [
    1e300,
    1e-300,
    -0.0,
    1e19,
    18_446_744_073_709_551_615.0,
    9_223_372_036_854_775_807.0,
    1e15,
    1e16,
    5e-324,
    f64::MAX,
];

/// Number of items by which a list may exceed the schema's minimum.
const MAX_SURPLUS: usize = 3;

/// Maximum length of a text or list; a schema may demand longer ones.
const MAX_LENGTH: u64 = 5_000;

/// Returns a value that the schema allows, as far as there is one.
pub fn valid(entropy: &mut dyn Entropy, schema: &Schema) -> Value {
    if let Some(choices) = schema.choices().filter(|list| !list.is_empty()) {
        let member = entropy.pick(choices).to_value();
        return respelled(entropy, member);
    }
    match schema.kind {
        Kind::String if schema.media().is_some() => (*entropy.pick(&GOOD_URLS)).into(),
        Kind::String => valid_text(entropy, schema),
        Kind::Integer => valid_number(entropy, schema, true),
        Kind::Number => valid_number(entropy, schema, false),
        Kind::Boolean => entropy.one_in(2).into(),
        Kind::Array => valid_list(entropy, schema),
        Kind::Object => valid_object(entropy, schema),
        Kind::Any if schema.properties().is_some() => valid_object(entropy, schema),
        Kind::Any => any(entropy, 2),
    }
}

/// Returns a valid value with one change somewhere in it, which may leave it valid.
pub fn mutated(entropy: &mut dyn Entropy, schema: &Schema) -> Value {
    let mut value = valid(entropy, schema);
    let mut parts = Vec::new();
    collect(schema, &value, String::new(), &mut parts);
    let (pointer, schema) = entropy.pick(&parts);
    if let Some(part) = value.pointer_mut(pointer) {
        *part = changed(entropy, schema, part.take());
    }
    value
}

/// Returns any JSON, nested at most `depth` levels.
pub fn any(entropy: &mut dyn Entropy, depth: u8) -> Value {
    match entropy.below(9) {
        0 => Value::Null,
        1 => entropy.one_in(2).into(),
        2 | 3 => number(entropy),
        4 | 5 => text(entropy),
        6 if depth > 0 => (0..entropy.below(4))
            .map(|_| any(entropy, depth - 1))
            .collect(),
        7 if depth > 0 => {
            let members = (0..entropy.below(4)).map(|_| (name(entropy), any(entropy, depth - 1)));
            Value::Object(members.collect())
        }
        _ => json!(1),
    }
}

/// Returns any number, often one that JSON readers disagree about.
pub fn number(entropy: &mut dyn Entropy) -> Value {
    match entropy.below(14) {
        0 => entropy.bits().cast_signed().into(),
        1 => entropy.bits().into(),
        2 => json!(entropy.between(-10, 30) as f64),
        3 => json!(entropy.between(-100, 300) as f64 / 10.0),
        4 => json!(entropy.between(-1_000, 3_000) as f64 / 100.0),
        // Around 2^53 a float loses the last digit.
        5 => entropy.between((1 << 53) - 1, (1 << 53) + 3).into(),
        6 => json!((entropy.bits() >> 11) as f64 / 2_f64.powi(50)),
        7 => i64::MAX.into(),
        8 => i64::MIN.into(),
        9 => u64::MAX.into(),
        10 => json!(*entropy.pick(&EXTREMES)),
        _ => entropy.between(-5, 20).into(),
    }
}

/// Returns any text.
pub fn text(entropy: &mut dyn Entropy) -> Value {
    if entropy.one_in(6) {
        return entropy.pick(&LETTERS).repeat(entropy.below(900)).into();
    }
    (*entropy.pick(&TEXTS)).into()
}

/// Returns a property's name, from a list so short that names collide.
pub fn name(entropy: &mut dyn Entropy) -> String {
    const NAMES: [&str; 10] = [
        "a",
        "b",
        "c",
        "path",
        "scale",
        "width×height",
        "a/b",
        "~",
        "",
        "prompt",
    ];
    (*entropy.pick(&NAMES)).into()
}

/// Returns a whole number as a float now and then, since both are the same number.
fn respelled(entropy: &mut dyn Entropy, value: Value) -> Value {
    match value.as_i64() {
        Some(integer) if entropy.one_in(4) => json!(integer as f64),
        _ => value,
    }
}

fn valid_text(entropy: &mut dyn Entropy, schema: &Schema) -> Value {
    let (min, max) = length_limits(schema);
    let length = size(entropy, min, max);
    entropy.pick(&LETTERS).repeat(length).into()
}

fn valid_list(entropy: &mut dyn Entropy, schema: &Schema) -> Value {
    let (min, max) = item_limits(schema);
    (0..size(entropy, min, max))
        .map(|_| element(entropy, schema))
        .collect()
}

fn element(entropy: &mut dyn Entropy, schema: &Schema) -> Value {
    match schema.items() {
        Some(items) => valid(entropy, items),
        None => any(entropy, 1),
    }
}

fn valid_object(entropy: &mut dyn Entropy, schema: &Schema) -> Value {
    let mut map = Map::new();
    for Property {
        name,
        required,
        schema,
        ..
    } in schema.properties().unwrap_or_default()
    {
        if *required || entropy.one_in(2) {
            map.insert(name.to_string(), valid(entropy, schema));
        }
    }
    if schema.takes_unknown() && entropy.one_in(4) {
        map.entry("unknown").or_insert(any(entropy, 1));
    }
    Value::Object(map)
}

fn length_limits(schema: &Schema) -> (u64, Option<u64>) {
    limits(schema, |keyword| match keyword {
        Keyword::MinLength(min) => (Some(*min), None),
        Keyword::MaxLength(max) => (None, Some(*max)),
        _ => (None, None),
    })
}

fn item_limits(schema: &Schema) -> (u64, Option<u64>) {
    limits(schema, |keyword| match keyword {
        Keyword::MinItems(min) => (Some(*min), None),
        Keyword::MaxItems(max) => (None, Some(*max)),
        _ => (None, None),
    })
}

fn limits(schema: &Schema, of: fn(&Keyword) -> (Option<u64>, Option<u64>)) -> (u64, Option<u64>) {
    let all = || schema.keywords.iter().map(of);
    (
        all().find_map(|l| l.0).unwrap_or(0),
        all().find_map(|l| l.1),
    )
}

/// Returns a size that both limits allow, mostly near one of them.
fn size(entropy: &mut dyn Entropy, min: u64, max: Option<u64>) -> usize {
    let max = max.unwrap_or(min + MAX_SURPLUS as u64).max(min);
    let size = match entropy.below(4) {
        0 => min,
        1 if max <= MAX_LENGTH => max,
        _ => min + entropy.below(MAX_SURPLUS) as u64,
    };
    usize::try_from(size.min(max).min(MAX_LENGTH)).unwrap_or(0)
}

fn step_of(schema: &Schema) -> Option<Number> {
    schema.keywords.iter().find_map(|keyword| match keyword {
        Keyword::MultipleOf(step) => Some(*step),
        _ => None,
    })
}

fn valid_number(entropy: &mut dyn Entropy, schema: &Schema, whole: bool) -> Value {
    let bounds = schema.bounds();
    let low = bounds.lower.map(|(limit, _)| limit.as_f64());
    let high = bounds.upper.map(|(limit, _)| limit.as_f64());
    let (low, high) = match (low, high) {
        (Some(low), Some(high)) => (low, high),
        (Some(low), None) => (low, low + 100.0),
        (None, Some(high)) => (high - 100.0, high),
        (None, None) => (-20.0, 80.0),
    };
    // The limits themselves, which are near misses where they are exclusive.
    let limit = match entropy.below(6) {
        0 => bounds.lower,
        1 => bounds.upper,
        _ => None,
    };
    if let (Some((limit, _)), None) = (limit, step_of(schema)) {
        return limit.to_value();
    }
    let share = entropy.below(1_001) as f64 / 1_000.0;
    let inside = low + (high - low) * share;
    match step_of(schema) {
        Some(step) => multiple(inside, step),
        None if whole || entropy.one_in(3) => respelled(entropy, whole_number(inside.round())),
        None => json!(inside),
    }
}

/// Returns an integer where 64 bits hold it exactly, otherwise the float.
#[allow(clippy::cast_possible_truncation)] // the range is checked
fn whole_number(float: f64) -> Value {
    let exact = float.abs() < 9e18;
    if exact {
        json!(float as i64)
    } else {
        json!(float)
    }
}

/// Returns the multiple of `step` near a number, with no more decimals than the step has.
fn multiple(near: f64, step: Number) -> Value {
    let size = step.as_f64();
    let text = format!("{size:?}");
    let decimals = match text.split_once('.') {
        Some((_, decimals)) if !text.contains('e') => decimals.len(),
        _ => 9,
    };
    let product = (near / size).floor() * size;
    let rounded = format!("{product:.decimals$}").parse().unwrap_or(product);
    if rounded.fract() == 0.0 {
        whole_number(rounded)
    } else {
        json!(rounded)
    }
}

/// Collects the JSON pointers of all parts of the value that have a schema.
fn collect<'a>(
    schema: &'a Schema,
    value: &Value,
    at: String,
    parts: &mut Vec<(String, &'a Schema)>,
) {
    match value {
        Value::Object(map) => {
            for property in schema.properties().unwrap_or_default() {
                if let Some(member) = map.get(&*property.name) {
                    let step = property.name.replace('~', "~0").replace('/', "~1");
                    collect(&property.schema, member, format!("{at}/{step}"), parts);
                }
            }
        }
        Value::Array(list) => {
            for (index, element) in list.iter().enumerate().take(4) {
                if let Some(items) = schema.items() {
                    collect(items, element, format!("{at}/{index}"), parts);
                }
            }
        }
        _ => {}
    }
    parts.push((at, schema));
}

fn changed(entropy: &mut dyn Entropy, schema: &Schema, value: Value) -> Value {
    if entropy.one_in(5) {
        return any(entropy, 3);
    }
    match value {
        Value::Object(map) => changed_object(entropy, schema, map),
        Value::Array(list) => changed_list(entropy, schema, list),
        Value::String(text) => changed_text(entropy, schema, &text),
        Value::Number(_) => changed_number(entropy, schema, &value),
        Value::Null | Value::Bool(_) => any(entropy, 1),
    }
}

fn changed_object(
    entropy: &mut dyn Entropy,
    schema: &Schema,
    mut map: Map<String, Value>,
) -> Value {
    let names: Vec<String> = map.keys().cloned().collect();
    match entropy.below(3) {
        0 if !names.is_empty() => {
            map.shift_remove(entropy.pick(&names));
        }
        1 if !names.is_empty() => {
            // A misspelled name.
            let name = entropy.pick(&names);
            if let Some(member) = map.shift_remove(name) {
                map.insert(format!("{name}s"), member);
            }
        }
        _ => {
            let known = schema.properties().unwrap_or_default();
            let name = match known {
                [_, ..] if entropy.one_in(2) => entropy.pick(known).name.to_uppercase(),
                _ => name(entropy),
            };
            map.insert(name, any(entropy, 1));
        }
    }
    Value::Object(map)
}

fn changed_list(entropy: &mut dyn Entropy, schema: &Schema, mut list: Vec<Value>) -> Value {
    let (min, max) = item_limits(schema);
    match (entropy.below(3), max) {
        (0, Some(max)) if max < MAX_LENGTH => {
            while list.len() as u64 <= max {
                list.push(element(entropy, schema));
            }
        }
        (1, _) if min > 0 => list.truncate(usize::try_from(min).unwrap_or(1) - 1),
        _ => list.push(any(entropy, 2)),
    }
    Value::Array(list)
}

fn changed_text(entropy: &mut dyn Entropy, schema: &Schema, text: &str) -> Value {
    let (min, max) = length_limits(schema);
    match (entropy.below(6), max) {
        (0, Some(max)) if max < MAX_LENGTH => entropy
            .pick(&LETTERS)
            .repeat(usize::try_from(max + 1).unwrap_or(0))
            .into(),
        (1, _) if min > 0 => entropy
            .pick(&LETTERS)
            .repeat(usize::try_from(min - 1).unwrap_or(0))
            .into(),
        (2, _) => (*entropy.pick(&BAD_URLS)).into(),
        (3, _) => swapped_case(text).into(),
        (4, _) => format!("{text} ").into(),
        _ => self::text(entropy),
    }
}

fn swapped_case(text: &str) -> String {
    let swap = |c: char| {
        if c.is_lowercase() {
            c.to_ascii_uppercase()
        } else {
            c.to_ascii_lowercase()
        }
    };
    text.chars().map(swap).collect()
}

fn changed_number(entropy: &mut dyn Entropy, schema: &Schema, value: &Value) -> Value {
    let bounds = schema.bounds();
    let limits: Vec<Number> = [bounds.lower, bounds.upper]
        .into_iter()
        .flatten()
        .map(|(limit, _)| limit)
        .collect();
    let near = match limits[..] {
        [] => value.clone(),
        _ if entropy.one_in(4) => value.clone(),
        _ => entropy.pick(&limits).to_value(),
    };
    match entropy.below(6) {
        0 => number(entropy),
        // As text.
        1 if entropy.one_in(4) => near.to_string().into(),
        2 | 3 => match near.as_i64() {
            Some(integer) => integer.saturating_add(entropy.between(-1, 1)).into(),
            None => json!(near.as_f64().unwrap_or(0.0) + 1.0),
        },
        _ => {
            let shifts = [0.1, -0.1, 1e-9, -1e-9, 0.5, -0.5, 0.001, 0.0];
            json!(near.as_f64().unwrap_or(0.0) + entropy.pick(&shifts))
        }
    }
}
