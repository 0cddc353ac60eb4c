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
            return Err(failure.with_advice(hint(text.trim(), from)));
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

/// Returns what to write instead of a text that is not JSON, as far as that can be said.
fn hint(text: &str, from: &str) -> String {
    const QUOTES: &str = "JSON has double quotes around names and texts";
    // Only a flag is written again.
    let flag = Some(from).filter(|from| from.starts_with("--"));
    if let Some(flag) = flag.filter(|_| Path::new(text).is_file()) {
        return format!("There is a file of this name: {flag} @{text}");
    }
    let quoted = with_double_quotes(text);
    match flag {
        _ if quoted == text => String::new(),
        Some(flag) if serde_json::from_str::<Json>(&quoted).is_ok() => {
            format!("{QUOTES}: {flag} '{quoted}'")
        }
        _ => format!("{QUOTES}."),
    }
}

/// Returns a text with double quotes in place of single ones, and around words that have none: a shell
/// makes `{prompt: x}` of `{"prompt": "x"}`.
fn with_double_quotes(text: &str) -> String {
    let is_of_name = |c: char| c.is_alphanumeric() || c == '_';
    let mut quoted = String::with_capacity(text.len());
    let mut rest = text;
    let mut quote = None;
    while let Some(c) = rest.chars().next() {
        let mut length = c.len_utf8();
        match quote {
            None if is_of_name(c) => {
                length = rest.find(|c| !is_of_name(c)).unwrap_or(rest.len());
                let (word, after) = rest.split_at(length);
                let is_name = after.trim_start().starts_with(':');
                let is_json = c.is_ascii_digit() || ["true", "false", "null"].contains(&word);
                if is_json && !is_name {
                    quoted += word;
                } else {
                    quoted += &format!("\"{word}\"");
                }
            }
            None if c == '"' || c == '\'' => {
                quote = Some(c);
                quoted.push('"');
            }
            Some(open) if c == open => {
                quote = None;
                quoted.push('"');
            }
            Some(_) if c == '\\' => {
                length += rest[length..].chars().next().map_or(0, char::len_utf8);
                quoted += &rest[..length];
            }
            _ => quoted.push(c),
        }
        rest = &rest[length..];
    }
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hint_has_the_double_quotes_that_are_missing() {
        for (text, expected) in [
            ("{'prompt':'x'}", "--extra '{\"prompt\":\"x\"}'"),
            ("{scale:1}", "--extra '{\"scale\":1}'"),
            (
                "{ scale : 1, on: true}",
                "--extra '{ \"scale\" : 1, \"on\": true}'",
            ),
            (
                "{\"lora\": {'path': 'a: b'}}",
                "--extra '{\"lora\": {\"path\": \"a: b\"}}'",
            ),
            ("{prompt:x}", "--extra '{\"prompt\":\"x\"}'"),
            ("{\"a\\\"b\": [1.5e3,]}", ""),
            ("{prompt: a boat}", "and texts."),
            ("[1,", ""),
        ] {
            let hint = hint(text, "--extra");
            assert!(hint.ends_with(expected), "{text}: {hint}");
            assert_eq!(hint.is_empty(), expected.is_empty(), "{text}: {hint}");
        }
        assert_eq!(
            hint("{scale:1}", "`a.json`"),
            "JSON has double quotes around names and texts."
        );
    }
}
