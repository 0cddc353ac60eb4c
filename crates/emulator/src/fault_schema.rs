//! The JSON Schema of files of faults, for editors and for programs that write them.
//!
//! It is made of the tables that the reader uses. What the two allow is compared on arbitrary files
//! by a test of `runcomfy-testkit`, with an independent validator.

use serde_json::{Map, Value, json};

use crate::Call;
use crate::fault_file::{ALWAYS_CARRIED_OUT, FRAMING_HEADERS, KINDS, WITHOUT_RESPONSE};

/// Returns the schema as text, as `fault-schema` prints it.
pub(crate) fn text() -> String {
    format!("{:#}\n", schema())
}

fn schema() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Faults of runcomfy-emulator",
        "description": "Of several faults for one call the first in the list applies.",
        "type": "array",
        "items": fault(),
        "$defs": { "headers": headers(), "drip": drip() },
    })
}

fn fault() -> Value {
    let calls = |keep: fn(Call) -> bool| -> Vec<&str> {
        let calls = Call::ALL.iter().copied().filter(|call| keep(*call));
        calls.map(Call::as_str).collect()
    };
    let only_with = |member: &str, calls: Vec<&str>| {
        json!({
            "if": { "required": [member] },
            "then": { "properties": { "call": { "enum": calls } } },
        })
    };
    let replies: Vec<Value> = KINDS.iter().map(|kind| reply(kind)).collect();
    let of_a_job: Vec<&&str> = KINDS.iter().filter(|k| k.starts_with("job_")).collect();
    json!({
        "type": "object",
        "properties": {
            "call": { "enum": calls(|_| true), "description": "The calls that get the fault." },
            "occurrence": count("The one call that gets the fault, counted from 1."),
            "every": count("Each call of this multiple gets the fault."),
            "from": count("This call and all after it get the fault."),
            "lasting": seconds("The time after which the fault ends."),
            "model": {
                "type": "string",
                "description": "Restricts the fault to calls about jobs of this model.",
            },
            "input": {
                "type": "object",
                "description": "Restricts the fault to calls about jobs whose input has these values.",
            },
            "fault": { "description": "What the call gets.", "oneOf": replies },
        },
        "required": ["call", "fault"],
        "oneOf": [
            { "required": ["occurrence"] },
            { "required": ["every"] },
            { "required": ["from"] },
        ],
        "allOf": [
            only_with("model", calls(Call::has_model)),
            only_with("input", calls(Call::has_input)),
            {
                "if": { "properties": { "fault": {
                    "type": "object",
                    "properties": { "kind": { "enum": of_a_job } },
                    "required": ["kind"],
                } } },
                "then": { "properties": { "call": { "const": Call::Submit.as_str() } } },
            },
        ],
        "additionalProperties": false,
    })
}

/// Returns the schema of one kind of fault.
fn reply(kind: &str) -> Value {
    let (mut properties, mut required) = (Map::new(), vec!["kind"]);
    properties.insert("kind".into(), json!({ "const": kind }));
    let mut own = |name: &'static str, schema: Value, is_required: bool| {
        properties.insert(name.into(), schema);
        if is_required {
            required.push(name);
        }
    };
    match kind {
        "patched" => own(
            "members",
            json!({
                "type": "object",
                "description": "Members of the body to replace or add; null removes one.",
            }),
            true,
        ),
        "refused" => {
            own("status", status(), true);
            let code = json!({ "type": "integer", "minimum": 0, "maximum": u32::MAX });
            own("error_code", code, true);
        }
        "http" => {
            own("status", status(), true);
            let body = json!({ "description": "A string is sent as it is, all else as JSON." });
            own("body", body, false);
        }
        "html" => own("status", status(), false),
        "job_fails" => {
            let error = json!({ "description": "The error that the result of the job shows." });
            own("error", error, true);
        }
        "job_runs" => own("seconds", seconds("The time that the job runs."), true),
        _ => {}
    }
    for (name, schema) in modifiers(kind) {
        own(name, schema, false);
    }
    json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

/// Returns the members that several kinds of fault have.
fn modifiers(kind: &str) -> Vec<(&'static str, Value)> {
    let mut carried_out = json!({
        "type": "boolean",
        "description": "Carries the call out before the reply.",
    });
    if ALWAYS_CARRIED_OUT.contains(&kind) {
        carried_out["const"] = true.into();
    }
    let mut members = vec![
        ("carried_out", carried_out),
        ("delay", seconds("The time after which the reply is sent.")),
    ];
    if !WITHOUT_RESPONSE.contains(&kind) {
        members.extend([
            (
                "retry_after",
                seconds("The header Retry-After, as a number."),
            ),
            (
                "retry_after_date",
                seconds("The header Retry-After, as the date this time from now."),
            ),
            ("headers", json!({ "$ref": "#/$defs/headers" })),
            ("drip", json!({ "$ref": "#/$defs/drip" })),
        ]);
    }
    members
}

/// Allows what HTTP does, except the headers that frame the body.
fn headers() -> Value {
    let any_case = |name: &str| -> String {
        let letter = |c: char| {
            if c.is_ascii_alphabetic() {
                format!("[{}{c}]", c.to_ascii_uppercase())
            } else {
                c.to_string()
            }
        };
        name.chars().map(letter).collect()
    };
    let framing: Vec<String> = FRAMING_HEADERS
        .iter()
        .map(|name| any_case(name.as_str()))
        .collect();
    json!({
        "type": "object",
        "description": "Headers of the response.",
        "propertyNames": {
            "pattern": "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$",
            "not": { "pattern": format!("^({})$", framing.join("|")) },
        },
        "additionalProperties": { "type": "string", "pattern": r"^[^\u0000-\u0008\u000a-\u001f\u007f]*$" },
    })
}

fn drip() -> Value {
    json!({
        "type": "object",
        "description": "Sends the body in pieces.",
        "properties": {
            "bytes": count("The size of a piece, in bytes."),
            "pause": seconds("The time between two pieces."),
        },
        "required": ["bytes", "pause"],
        "additionalProperties": false,
    })
}

fn status() -> Value {
    json!({
        "type": "integer",
        "minimum": 200,
        "maximum": 999,
        "description": "The HTTP status.",
    })
}

fn count(description: &str) -> Value {
    json!({
        "type": "integer",
        "minimum": 1,
        "maximum": u32::MAX,
        "description": description,
    })
}

fn seconds(description: &str) -> Value {
    /// The first number of seconds that a `Duration` cannot hold.
    const LIMIT: f64 = 18_446_744_073_709_551_616.0;
    json!({
        "type": "number",
        "minimum": 0,
        "exclusiveMaximum": LIMIT,
        "description": format!("{description} In seconds."),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The committed file, which editors and other programs read.
    const COMMITTED: &str = include_str!("../fault-schema.json");

    #[test]
    fn committed_schema_is_the_printed_one() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/fault-schema.json");
        if std::env::var("RUNCOMFY_GOLDEN").is_ok_and(|mode| mode == "write") {
            std::fs::write(file, text()).unwrap();
            return;
        }
        let is_same = COMMITTED.replace("\r\n", "\n") == text();
        assert!(is_same, "RUNCOMFY_GOLDEN=write updates {file}");
    }
}
