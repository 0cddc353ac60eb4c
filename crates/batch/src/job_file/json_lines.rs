//! JSON Lines.

use std::io::{self, BufRead};
use std::num::TryFromIntError;

use runcomfy::schema::{Json, JsonDocuments, nearest};
use serde_json::Map;

use super::fault::LineFault;
use super::line::{Fields, JobLine};
use super::position::{column, column_of_pointer};
use super::source::{decode_first, read_line};
use crate::job_id::JobId;

/// Reads a job from each line.
#[derive(Debug)]
pub(super) struct JsonLines<R> {
    reader: R,
    /// Number of lines that were read.
    number: u64,
}

/// Members of a line.
const MEMBERS: [&str; 4] = ["id", "model", "input", "priority"];

impl<R: BufRead> JsonLines<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader, number: 0 }
    }

    /// Reads the next line that is not empty.
    pub(super) fn next(&mut self) -> Option<io::Result<JobLine>> {
        loop {
            let bytes = match read_line(&mut self.reader, self.number) {
                Ok(bytes) if bytes.is_empty() => return None,
                Ok(bytes) => bytes,
                Err(error) => return Some(Err(error)),
            };
            self.number += 1;
            let text = match self.decode(bytes) {
                Ok(text) => text,
                Err(error) => return Some(Err(error)),
            };
            let line = match text {
                Ok(text) if text.trim().is_empty() => continue,
                Ok(text) => parse(self.number, text),
                Err(fault) => {
                    let mut line =
                        JobLine::new(self.number, String::new(), Fields::Json(Json::Null));
                    line.faults.push(fault);
                    line
                }
            };
            return Some(Ok(line));
        }
    }

    fn decode(&self, bytes: Vec<u8>) -> io::Result<Result<String, LineFault>> {
        if self.number == 1 {
            return decode_first(bytes).map(Ok);
        }
        Ok(String::from_utf8(bytes).map_err(|error| not_utf8(self.number, &error)))
    }
}

/// Returns the fault of a line that is not UTF-8.
pub(super) fn not_utf8(line: u64, error: &std::string::FromUtf8Error) -> LineFault {
    let valid = error.utf8_error().valid_up_to();
    let before = String::from_utf8_lossy(&error.as_bytes()[..valid]);
    LineFault {
        line,
        column: column(&before, before.len()),
        pointer: String::new(),
        message: "the text is not UTF-8; save the file again as UTF-8".to_owned(),
    }
}

fn parse(number: u64, text: String) -> JobLine {
    let mut line = JobLine::new(number, text, Fields::Json(Json::Null));
    match object(&line.text) {
        Ok(members) => read_members(&mut line, members),
        Err((column, message)) => line.faults.push(LineFault {
            line: number,
            column,
            pointer: String::new(),
            message,
        }),
    }
    line
}

const EXAMPLE: &str = r#"an object such as {"input": {"prompt": "…"}}"#;

/// Parses a line, and returns its members, or the column and the message of its fault.
fn object(text: &str) -> Result<Map<String, Json>, (usize, String)> {
    let documents = JsonDocuments::parse(text).map_err(|error| {
        let message = error.to_string();
        let what = message.split(" at line ").next().unwrap_or_default();
        let at = error.column().saturating_sub(1);
        // serde_json counts bytes.
        let at = (0..=at.min(text.len()))
            .rev()
            .find(|at| text.is_char_boundary(*at));
        let column = column(text, at.unwrap_or_default());
        (column, format!("not JSON: {what}, expected {EXAMPLE}"))
    })?;
    if let Some(key) = documents.repeated_keys.first() {
        let column = column_of_pointer(text, &key.pointer);
        return Err((column, format!("{key}, expected once")));
    }
    if let Some(second) = documents.ranges.get(1) {
        let space = text[second.clone()].len() - text[second.clone()].trim_start().len();
        let column = column(text, second.start + space);
        return Err((
            column,
            format!("found a second value on the line, expected {EXAMPLE}"),
        ));
    }
    match documents.values.into_iter().next() {
        Some(Json::Object(members)) => Ok(members),
        other => Err((
            column_of_pointer(text, ""),
            format!("found {}, expected {EXAMPLE}", kind(other.as_ref())),
        )),
    }
}

fn kind(json: Option<&Json>) -> &'static str {
    match json {
        None => "nothing",
        Some(Json::Null) => "null",
        Some(Json::Bool(_)) => "true or false",
        Some(Json::Number(_)) => "a number",
        Some(Json::String(_)) => "a string",
        Some(Json::Array(_)) => "an array",
        Some(Json::Object(_)) => "an object",
    }
}

fn read_members(line: &mut JobLine, mut members: Map<String, Json>) {
    match members.remove("input") {
        Some(input @ Json::Object(_)) => line.fields = Fields::Json(input),
        None => fault(
            line,
            "",
            format!("the input is missing, expected {EXAMPLE}"),
        ),
        Some(other) => {
            let found = kind(Some(&other));
            fault(
                line,
                "/input",
                format!("found {found}, expected an object with the properties of the model"),
            );
        }
    }
    if let Some(id) = members.remove("id") {
        match read_id(&id) {
            Ok(id) => line.id = Some(id),
            Err(message) => fault(line, "/id", message),
        }
    }
    match members.remove("model") {
        None | Some(Json::Null) => {}
        Some(Json::String(model)) if !model.trim().is_empty() => {
            line.model = Some(model.trim().trim_matches('/').to_owned());
        }
        Some(other) => {
            let message = format!("found {other}, expected the id of a model");
            fault(line, "/model", message);
        }
    }
    if let Some(priority) = members.remove("priority") {
        let number = priority.as_i64().map(i32::try_from);
        match number {
            Some(Ok(number)) => line.priority = number,
            None | Some(Err(TryFromIntError { .. })) => {
                let message = format!("found {priority}, expected a whole number of 32 bits");
                fault(line, "/priority", message);
            }
        }
    }
    for name in members.keys() {
        let hint = nearest(name, MEMBERS).map_or_else(
            || "expected only id, model, input and priority; properties of the model belong into input".to_owned(),
            |near| format!("did you mean `{near}`?"),
        );
        let pointer = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
        fault(line, &pointer, format!("unknown member `{name}`; {hint}"));
    }
}

/// Reads an id, which may be a number: `7` is the same as `"7"`.
fn read_id(id: &Json) -> Result<JobId, String> {
    let text = match id {
        Json::String(text) => text.clone(),
        Json::Number(number) if !number.is_f64() => number.to_string(),
        other => {
            return Err(format!("found {}, expected an id", kind(Some(other))));
        }
    };
    text.parse().map_err(|error| format!("the id is {error}"))
}

fn fault(line: &mut JobLine, pointer: &str, message: String) {
    let column = column_of_pointer(&line.text, pointer);
    line.faults.push(LineFault {
        line: line.number,
        column,
        pointer: pointer.to_owned(),
        message,
    });
}
