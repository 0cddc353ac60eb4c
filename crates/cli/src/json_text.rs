//! The JSON object of `--input`, and what is wrong with a text that is none.

use std::path::Path;

use runcomfy::schema::{Json, JsonDocuments};
use serde_json::Map;

use crate::failure::Failure;
use crate::show;

/// Parses an object; `from` names its source.
///
/// # Errors
/// If the text is not a JSON object.
pub(crate) fn parse(text: &str, from: &str) -> Result<Map<String, Json>, Failure> {
    // An argument has no reader that takes the byte order mark.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim().is_empty() {
        return Err(Failure::input(format!(
            "{from} is empty, expected an object such as {EXAMPLE}"
        )));
    }
    let documents = match JsonDocuments::parse(text) {
        Ok(documents) => documents,
        Err(error) => {
            let failure = Failure::input(format!("{from} is not JSON: {error}"));
            return Err(failure.with_advice(hint(text.trim())));
        }
    };
    for key in &documents.repeated_keys {
        show::note(&format!("warning: in {from}, {key}; the last one counts"));
    }
    let mut values = documents.values.into_iter();
    match (values.next(), values.next()) {
        (Some(Json::Object(map)), None) => Ok(map),
        (_, Some(_)) => Err(Failure::input(format!(
            "found more than one value in {from}, expected an object such as {EXAMPLE}"
        ))),
        (other, None) => Err(Failure::input(format!(
            "found {} in {from}, expected an object such as {EXAMPLE}",
            other.as_ref().map_or("nothing", kind)
        ))),
    }
}

const EXAMPLE: &str = "{\"prompt\": \"…\"}";

fn kind(json: &Json) -> &'static str {
    match json {
        Json::Null => "null",
        Json::Bool(_) => "true or false",
        Json::Number(_) => "a number",
        Json::String(_) => "a string",
        Json::Array(_) => "an array",
        Json::Object(_) => "an object",
    }
}

fn hint(text: &str) -> String {
    if Path::new(text).is_file() {
        return format!("There is a file of this name: --input @{text}");
    }
    if text.starts_with("{'") || text.starts_with("{ '") {
        let fixed = text.replace('\'', "\"");
        if serde_json::from_str::<Json>(&fixed).is_ok() {
            return format!("JSON has double quotes: --input '{fixed}'");
        }
        return "JSON has double quotes.".to_owned();
    }
    String::new()
}
