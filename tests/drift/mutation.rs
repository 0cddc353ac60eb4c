//! Ways in which a response can be wrong.

use fastrand::Rng;
use serde_json::{Map, Value, json};

use super::response::Response;

fn one_of<'a, T: ?Sized>(all: &[&'a T], rng: &mut Rng) -> &'a T {
    all[rng.usize(..all.len())]
}

/// Values of a status: known ones, similar ones, and others.
const WORDS: [&str; 24] = [
    "completed",
    "COMPLETED",
    " Completed\n",
    "succeeded",
    "SUCCEEDED",
    "failed",
    "Failed ",
    "cancelled",
    "CANCELED",
    "complete",
    "completed.",
    "not_completed",
    "completed_with_errors",
    "incomplete",
    "success",
    "done",
    "error",
    "cancelling",
    "c\u{43e}mpleted",
    "completed\u{0}",
    "\u{feff}completed",
    "paused",
    "",
    "in_progress",
];

/// Names of members that have a meaning, or nearly one.
const NAMES: [&str; 14] = [
    "status",
    "Status",
    "state",
    "request_id",
    "requestId",
    "REQUEST_ID",
    "id",
    "error_code",
    "error_message",
    "error",
    "output",
    "outcome",
    "queue_position",
    "detail",
];

const STATUSES: [u16; 32] = [
    103, 200, 201, 202, 203, 204, 205, 206, 207, 226, 299, 300, 301, 302, 304, 307, 308, 400, 401,
    402, 403, 404, 408, 409, 422, 429, 500, 502, 503, 504, 599, 999,
];

const HEADERS: [&str; 9] = [
    "content-type: text/html\r\n",
    "content-type: text/plain; charset=utf-16\r\n",
    "content-type: application/problem+json\r\n",
    "",
    "content-type: application/json\r\nretry-after: 1\r\n",
    "retry-after: 86400\r\n",
    "retry-after: Wed, 20 Nov 2019 10:00:00 GMT\r\n",
    "x-retry: -7\r\n",
    "location: /v1/requests/elsewhere/status\r\n",
];

/// Changes one detail of the JSON.
pub(super) fn mutate_json(body: &mut Value, rng: &mut Rng) {
    let whole = body.clone();
    let Value::Object(members) = body else {
        *body = value(&whole, rng);
        return;
    };
    match rng.u8(..12) {
        0 | 1 => drop(members.shift_remove(&name_in(members, rng))),
        2 => {
            let taken = members.shift_remove(&name_in(members, rng));
            members.insert(one_of(&NAMES, rng).to_owned(), taken.unwrap_or_default());
        }
        3 | 4 => {
            let name = name_in(members, rng);
            members.insert(name, value(&whole, rng));
        }
        5 => drop(members.insert(one_of(&NAMES, rng).to_owned(), value(&whole, rng))),
        6..=8 => drop(members.insert("status".to_owned(), one_of(&WORDS, rng).into())),
        9 => {
            let code = [
                json!(400_002),
                json!("400005"),
                json!(0),
                json!(null),
                json!("none"),
            ];
            members.insert(
                "error_code".to_owned(),
                code[rng.usize(..code.len())].clone(),
            );
        }
        10 => *body = json!({ one_of(&["data", "result", "response"], rng): whole }),
        _ => *body = json!([whole]),
    }
}

fn name_in(members: &Map<String, Value>, rng: &mut Rng) -> String {
    let at = rng.usize(..members.len().max(1));
    members.keys().nth(at).cloned().unwrap_or_default()
}

/// A value of another type, or a strange one of the same.
fn value(whole: &Value, rng: &mut Rng) -> Value {
    match rng.u8(..14) {
        0 => Value::Null,
        1 => json!(rng.bool()),
        2 => json!(rng.u64(..)),
        3 => json!(-1e308),
        4 => json!([]),
        5 => json!({}),
        6 => json!(["completed"]),
        7 => json!({"status": "completed", "request_id": "inner"}),
        8 => whole.clone(),
        9 => json!("../../models/x"),
        10 => json!("a".repeat(rng.usize(127..130))),
        11 => json!("é\u{202e}\u{0}\"\\"),
        12 => (0..rng.usize(1..200)).fold(Value::Null, |inner, _| json!([inner])),
        _ => json!(one_of(&WORDS, rng)),
    }
}

/// Changes one detail of the bytes or of HTTP.
pub(super) fn mutate_response(response: &mut Response, rng: &mut Rng) {
    let body = &mut response.body;
    let length = body.len();
    match rng.u8(..16) {
        0..=2 => {
            for _ in 0..rng.usize(1..5) {
                if let Some(byte) = body.get_mut(rng.usize(..length.max(1))) {
                    *byte ^= 1 << rng.u8(..8);
                }
            }
        }
        3 => body.truncate(rng.usize(..=length)),
        4 => {
            body.truncate(rng.usize(..=length));
            response.whole = false;
        }
        5 => drop(body.splice(rng.usize(..=length).., rng.u64(..).to_le_bytes())),
        6 => {
            let at = rng.usize(..=length);
            body.splice(at..at, std::iter::repeat_n(rng.u8(..), rng.usize(1..20)));
        }
        7 | 8 => double(body, rng),
        9 => {
            let number = one_of(
                &["1e400", "-0", "00", "9".repeat(400).as_str(), "NaN", "1.0"],
                rng,
            )
            .to_owned();
            let text = String::from_utf8_lossy(body).into_owned();
            let at = format!("\"queue_position\":{number},\"status\"");
            *body = text.replacen("\"status\"", &at, 1).into_bytes();
        }
        10 => *body = other_body(body, rng),
        11 => response.headers = one_of(&HEADERS, rng).to_owned(),
        _ => response.status = STATUSES[rng.usize(..STATUSES.len())],
    }
}

/// Adds a second member of a name, before or after the first.
fn double(body: &mut Vec<u8>, rng: &mut Rng) {
    let name = one_of(&["status", "request_id", "outcome", "output"], rng);
    let member = format!("\"{name}\":{}", json!(one_of(&WORDS, rng)));
    let (at, text) = if rng.bool() {
        (1, format!("{member},"))
    } else {
        (body.len().saturating_sub(1), format!(",{member}"))
    };
    let at = at.min(body.len());
    body.splice(at..at, text.bytes());
}

fn other_body(body: &[u8], rng: &mut Rng) -> Vec<u8> {
    match rng.u8(..9) {
        0 => Vec::new(),
        1 => b"<!doctype html><html><body>completed</body></html>".to_vec(),
        2 => b"completed".to_vec(),
        3 => b"\"completed\"".to_vec(),
        4 => [b"\xef\xbb\xbf", body].concat(),
        5 => body.iter().flat_map(|byte| [*byte, 0]).collect(),
        6 => [body, body].concat(),
        7 => [b")]}',\n", body].concat(),
        _ => (0..rng.usize(..300)).map(|_| rng.u8(..)).collect(),
    }
}
