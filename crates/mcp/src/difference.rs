//! The difference between two jobs of one key.

use runcomfy::schema::Json;
use runcomfy_batch::{NewJob, Row};
use serde_json::{Map, Value, json};

use crate::arguments::shortened;

/// Returns `true` if a job of the store has the model and input of a call.
pub(crate) fn is_none(row: &Row, call: &NewJob) -> bool {
    // Both have their members in order.
    row.model == call.model() && row.input == *call.input()
}

/// Returns where a job of the store and one of a call with the same key differ, or nothing if they are
/// the same.
pub(crate) fn between(row: &Row, call: &NewJob) -> Vec<Value> {
    let mut differences = Vec::new();
    if row.model != call.model() {
        differences
            .push(json!({ "at": "model", "stored": row.model, "called_with": call.model() }));
    }
    if row.input == *call.input() {
        return differences;
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
        if values.0 != values.1 {
            differences.push(json!({
                "at": format!("input.{name}"),
                "stored": text(values.0),
                "called_with": text(values.1),
            }));
        }
    }
    differences
}
