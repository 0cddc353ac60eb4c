//! Instances of a schema: valid ones, and single mutations of them.
//!
//! "Valid" is aimed at and not promised: a schema whose keywords contradict each other has no
//! valid instance. Nothing here asks the engine under test, which would hide its own mistakes.

use runcomfy_schema::{Keyword, Kind, Number, Property, Schema};
use serde_json::{Map, Value, json};

use crate::Dice;

/// URLs of media that the service fetches.
pub const GOOD_URLS: [&str; 4] = [
    "https://example.com/a.jpg",
    "HTTPS://user@example.com:8443/a?b#c",
    "data:image/png;base64,AA",
    "data:,x",
];

/// Texts that are no such URLs.
const BAD_URLS: [&str; 6] = [
    "http://example.com/x",
    "https://",
    "a.jpg",
    "ftp://example.com/a",
    "https://example.com/a b",
    "data:image/png;base64",
];

/// Texts of every length in bytes and characters, and some that look like something else.
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

/// A character of one byte, two, three and four.
const LETTERS: [&str; 4] = ["a", "é", "日", "👩"];

/// Floats at the ends of what they can say, and at the ends of 64-bit integers.
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

/// No list is made longer than the schema asks for by more than this.
const MORE: usize = 3;

/// The longest text and list that are made; a schema may ask for longer ones.
const LONGEST: u64 = 5_000;

/// A value that the schema allows, as far as one can be made.
pub fn valid(dice: &mut dyn Dice, schema: &Schema) -> Value {
    if let Some(choices) = schema.choices().filter(|list| !list.is_empty()) {
        let member = dice.pick(choices).to_value();
        return respelled(dice, member);
    }
    match schema.kind {
        Kind::String if schema.media().is_some() => (*dice.pick(&GOOD_URLS)).into(),
        Kind::String => valid_text(dice, schema),
        Kind::Integer => valid_number(dice, schema, true),
        Kind::Number => valid_number(dice, schema, false),
        Kind::Boolean => dice.once_in(2).into(),
        Kind::Array => valid_list(dice, schema),
        Kind::Object => valid_object(dice, schema),
        Kind::Any if schema.properties().is_some() => valid_object(dice, schema),
        Kind::Any => anything(dice, 2),
    }
}

/// A valid value with one change somewhere in it. The change need not make it invalid.
pub fn mutated(dice: &mut dyn Dice, schema: &Schema) -> Value {
    let mut value = valid(dice, schema);
    let mut places = Vec::new();
    collect(schema, &value, String::new(), &mut places);
    let (pointer, schema) = dice.pick(&places);
    if let Some(place) = value.pointer_mut(pointer) {
        *place = changed(dice, schema, place.take());
    }
    value
}

/// Any JSON at all, nested at most `depth` levels.
pub fn anything(dice: &mut dyn Dice, depth: u8) -> Value {
    match dice.below(9) {
        0 => Value::Null,
        1 => dice.once_in(2).into(),
        2 | 3 => number(dice),
        4 | 5 => text(dice),
        6 if depth > 0 => (0..dice.below(4))
            .map(|_| anything(dice, depth - 1))
            .collect(),
        7 if depth > 0 => {
            let members = (0..dice.below(4)).map(|_| (name(dice), anything(dice, depth - 1)));
            Value::Object(members.collect())
        }
        _ => json!(1),
    }
}

/// Any number, with a liking for those where readers differ.
pub fn number(dice: &mut dyn Dice) -> Value {
    match dice.below(14) {
        0 => dice.bits().cast_signed().into(),
        1 => dice.bits().into(),
        2 => json!(dice.between(-10, 30) as f64),
        3 => json!(dice.between(-100, 300) as f64 / 10.0),
        4 => json!(dice.between(-1_000, 3_000) as f64 / 100.0),
        // Around 2^53 a float loses the last digit.
        5 => dice.between((1 << 53) - 1, (1 << 53) + 3).into(),
        6 => json!((dice.bits() >> 11) as f64 / 2_f64.powi(50)),
        7 => i64::MAX.into(),
        8 => i64::MIN.into(),
        9 => u64::MAX.into(),
        10 => json!(*dice.pick(&EXTREMES)),
        _ => dice.between(-5, 20).into(),
    }
}

/// Any text.
pub fn text(dice: &mut dyn Dice) -> Value {
    if dice.once_in(6) {
        return dice.pick(&LETTERS).repeat(dice.below(900)).into();
    }
    (*dice.pick(&TEXTS)).into()
}

/// A property's name, from a list so short that names meet.
pub fn name(dice: &mut dyn Dice) -> String {
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
    (*dice.pick(&NAMES)).into()
}

/// A whole number is the same number as a float.
fn respelled(dice: &mut dyn Dice, value: Value) -> Value {
    match value.as_i64() {
        Some(integer) if dice.once_in(4) => json!(integer as f64),
        _ => value,
    }
}

fn valid_text(dice: &mut dyn Dice, schema: &Schema) -> Value {
    let (least, most) = sizes(schema, |keyword| match keyword {
        Keyword::MinLength(least) => (Some(*least), None),
        Keyword::MaxLength(most) => (None, Some(*most)),
        _ => (None, None),
    });
    let length = size(dice, least, most);
    dice.pick(&LETTERS).repeat(length).into()
}

fn valid_list(dice: &mut dyn Dice, schema: &Schema) -> Value {
    let (least, most) = sizes(schema, |keyword| match keyword {
        Keyword::MinItems(least) => (Some(*least), None),
        Keyword::MaxItems(most) => (None, Some(*most)),
        _ => (None, None),
    });
    (0..size(dice, least, most))
        .map(|_| element(dice, schema))
        .collect()
}

fn element(dice: &mut dyn Dice, schema: &Schema) -> Value {
    match schema.items() {
        Some(items) => valid(dice, items),
        None => anything(dice, 1),
    }
}

fn valid_object(dice: &mut dyn Dice, schema: &Schema) -> Value {
    let mut map = Map::new();
    for Property {
        name,
        required,
        schema,
        ..
    } in schema.properties().unwrap_or_default()
    {
        if *required || dice.once_in(2) {
            map.insert(name.to_string(), valid(dice, schema));
        }
    }
    if schema.takes_unknown() && dice.once_in(4) {
        map.entry("unknown").or_insert(anything(dice, 1));
    }
    Value::Object(map)
}

fn sizes(schema: &Schema, of: fn(&Keyword) -> (Option<u64>, Option<u64>)) -> (u64, Option<u64>) {
    let all = || schema.keywords.iter().map(of);
    (
        all().find_map(|l| l.0).unwrap_or(0),
        all().find_map(|l| l.1),
    )
}

/// A size that both limits allow, mostly near one of them.
fn size(dice: &mut dyn Dice, least: u64, most: Option<u64>) -> usize {
    let most = most.unwrap_or(least + MORE as u64).max(least);
    let size = match dice.below(4) {
        0 => least,
        1 if most <= LONGEST => most,
        _ => least + dice.below(MORE) as u64,
    };
    usize::try_from(size.min(most).min(LONGEST)).unwrap_or(0)
}

fn step_of(schema: &Schema) -> Option<Number> {
    schema.keywords.iter().find_map(|keyword| match keyword {
        Keyword::MultipleOf(step) => Some(*step),
        _ => None,
    })
}

fn valid_number(dice: &mut dyn Dice, schema: &Schema, whole: bool) -> Value {
    let bounds = schema.bounds();
    let low = bounds.lower.map(|(limit, _)| limit.as_f64());
    let high = bounds.upper.map(|(limit, _)| limit.as_f64());
    let (low, high) = match (low, high) {
        (Some(low), Some(high)) => (low, high),
        (Some(low), None) => (low, low + 100.0),
        (None, Some(high)) => (high - 100.0, high),
        (None, None) => (-20.0, 80.0),
    };
    // The limits themselves, mostly exact, and where they are excluded a near miss.
    let limit = match dice.below(6) {
        0 => bounds.lower,
        1 => bounds.upper,
        _ => None,
    };
    if let (Some((limit, _)), None) = (limit, step_of(schema)) {
        return limit.to_value();
    }
    let share = dice.below(1_001) as f64 / 1_000.0;
    let inside = low + (high - low) * share;
    match step_of(schema) {
        Some(step) => multiple(inside, step),
        None if whole || dice.once_in(3) => respelled(dice, whole_number(inside.round())),
        None => json!(inside),
    }
}

/// Exact where 64 bits can say it.
#[allow(clippy::cast_possible_truncation)] // the range is checked
fn whole_number(float: f64) -> Value {
    let exact = float.abs() < 9e18;
    if exact {
        json!(float as i64)
    } else {
        json!(float)
    }
}

/// The multiple of `step` near a number, with no more decimals than the step has.
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

/// Every place in the value that a schema speaks of, by JSON pointer.
fn collect<'a>(
    schema: &'a Schema,
    value: &Value,
    at: String,
    places: &mut Vec<(String, &'a Schema)>,
) {
    match value {
        Value::Object(map) => {
            for property in schema.properties().unwrap_or_default() {
                if let Some(member) = map.get(&*property.name) {
                    let step = property.name.replace('~', "~0").replace('/', "~1");
                    collect(&property.schema, member, format!("{at}/{step}"), places);
                }
            }
        }
        Value::Array(list) => {
            for (index, element) in list.iter().enumerate().take(4) {
                if let Some(items) = schema.items() {
                    collect(items, element, format!("{at}/{index}"), places);
                }
            }
        }
        _ => {}
    }
    places.push((at, schema));
}

fn changed(dice: &mut dyn Dice, schema: &Schema, value: Value) -> Value {
    if dice.once_in(5) {
        return anything(dice, 3);
    }
    match value {
        Value::Object(map) => changed_object(dice, schema, map),
        Value::Array(list) => changed_list(dice, schema, list),
        Value::String(text) => changed_text(dice, schema, &text),
        Value::Number(_) => changed_number(dice, schema, &value),
        Value::Null | Value::Bool(_) => anything(dice, 1),
    }
}

fn changed_object(dice: &mut dyn Dice, schema: &Schema, mut map: Map<String, Value>) -> Value {
    let names: Vec<String> = map.keys().cloned().collect();
    match dice.below(3) {
        0 if !names.is_empty() => {
            map.shift_remove(dice.pick(&names));
        }
        1 if !names.is_empty() => {
            // A slip of the pen.
            let name = dice.pick(&names);
            if let Some(member) = map.shift_remove(name) {
                map.insert(format!("{name}s"), member);
            }
        }
        _ => {
            let known = schema.properties().unwrap_or_default();
            let name = match known {
                [_, ..] if dice.once_in(2) => dice.pick(known).name.to_uppercase(),
                _ => name(dice),
            };
            map.insert(name, anything(dice, 1));
        }
    }
    Value::Object(map)
}

fn changed_list(dice: &mut dyn Dice, schema: &Schema, mut list: Vec<Value>) -> Value {
    let (least, most) = sizes(schema, |keyword| match keyword {
        Keyword::MinItems(least) => (Some(*least), None),
        Keyword::MaxItems(most) => (None, Some(*most)),
        _ => (None, None),
    });
    match (dice.below(3), most) {
        (0, Some(most)) if most < LONGEST => {
            while list.len() as u64 <= most {
                list.push(element(dice, schema));
            }
        }
        (1, _) if least > 0 => list.truncate(usize::try_from(least).unwrap_or(1) - 1),
        _ => list.push(anything(dice, 2)),
    }
    Value::Array(list)
}

fn changed_text(dice: &mut dyn Dice, schema: &Schema, text: &str) -> Value {
    let (least, most) = sizes(schema, |keyword| match keyword {
        Keyword::MinLength(least) => (Some(*least), None),
        Keyword::MaxLength(most) => (None, Some(*most)),
        _ => (None, None),
    });
    match (dice.below(6), most) {
        (0, Some(most)) if most < LONGEST => dice
            .pick(&LETTERS)
            .repeat(usize::try_from(most + 1).unwrap_or(0))
            .into(),
        (1, _) if least > 0 => dice
            .pick(&LETTERS)
            .repeat(usize::try_from(least - 1).unwrap_or(0))
            .into(),
        (2, _) => (*dice.pick(&BAD_URLS)).into(),
        (3, _) => swapped_case(text).into(),
        (4, _) => format!("{text} ").into(),
        _ => self::text(dice),
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

fn changed_number(dice: &mut dyn Dice, schema: &Schema, value: &Value) -> Value {
    let bounds = schema.bounds();
    let limits: Vec<Number> = [bounds.lower, bounds.upper]
        .into_iter()
        .flatten()
        .map(|(limit, _)| limit)
        .collect();
    let near = match limits[..] {
        [] => value.clone(),
        _ if dice.once_in(4) => value.clone(),
        _ => dice.pick(&limits).to_value(),
    };
    match dice.below(6) {
        0 => number(dice),
        // As text.
        1 if dice.once_in(4) => near.to_string().into(),
        2 | 3 => match near.as_i64() {
            Some(integer) => integer.saturating_add(dice.between(-1, 1)).into(),
            None => json!(near.as_f64().unwrap_or(0.0) + 1.0),
        },
        _ => {
            let shifts = [0.1, -0.1, 1e-9, -1e-9, 0.5, -0.5, 0.001, 0.0];
            json!(near.as_f64().unwrap_or(0.0) + dice.pick(&shifts))
        }
    }
}
