//! The difference between two jobs of one key.

use runcomfy::schema::Json;
use runcomfy_batch::{NewJob, Row};
use serde_json::{Map, Value, json};

use crate::arguments::shortened;

/// Returns `true` if a job of the store has the model and input of a call.
pub(crate) fn is_same(row: &Row, call: &NewJob) -> bool {
    row.model == call.model() && is_equal(&row.input, call.input())
}

/// Returns `true` if two values are the same to a service: `1` and `1.0` are one number.
fn is_equal(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(a), Value::Number(b)) if a.is_f64() != b.is_f64() => {
            a.as_f64() == b.as_f64()
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_equal(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            let has = |(name, a): (&String, &Value)| b.get(name).is_some_and(|b| is_equal(a, b));
            a.len() == b.len() && a.iter().all(has)
        }
        _ => one == other,
    }
}

/// Returns where a job of the store and one of a call with the same key differ, or nothing if they are
/// the same.
pub(crate) fn between(row: &Row, call: &NewJob) -> Vec<Value> {
    let mut differences = Vec::new();
    if row.model != call.model() {
        differences
            .push(json!({ "at": "model", "stored": row.model, "called_with": call.model() }));
    }
    let none = Map::new();
    let members = |input: &Json| input.as_object().cloned().unwrap_or_else(|| none.clone());
    let (stored, called) = (members(&row.input), members(call.input()));
    let absent = Value::from("(absent)");
    let text =
        |value: Option<&Value>| value.map_or(absent.clone(), |value| shortened(value).into());
    let mut names: Vec<&String> = stored.keys().chain(called.keys()).collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        let values = (stored.get(name), called.get(name));
        let unchanged = matches!(values, (Some(stored), Some(called)) if is_equal(stored, called));
        if !unchanged {
            differences.push(json!({
                "at": format!("input.{name}"),
                "stored": text(values.0),
                "called_with": text(values.1),
            }));
        }
    }
    differences
}
