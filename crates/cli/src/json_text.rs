//! The JSON object of `--input`, and what is wrong with a text that is none.

use std::path::Path;

use runcomfy::schema::Json;
use serde_json::Map;

use crate::failure::Failure;
use crate::show;

/// Parses an object; `from` names its source.
///
/// # Errors
/// If the text is not a JSON object.
pub(crate) fn parse(text: &str, from: &str) -> Result<Map<String, Json>, Failure> {
    // Editors on Windows write a byte order mark.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim().is_empty() {
        return Err(Failure::input(format!(
            "{from} is empty, expected an object such as {EXAMPLE}"
        )));
    }
    match serde_json::from_str(text) {
        Ok(Json::Object(map)) => {
            if let Some(key) = doubled_key(text, &map) {
                show::note(&format!(
                    "warning: {from} has `{key}` more than once; the last one is sent"
                ));
            }
            Ok(map)
        }
        Ok(other) => Err(Failure::input(format!(
            "found {} in {from}, expected an object such as {EXAMPLE}",
            kind(&other)
        ))),
        Err(error) => {
            let failure = Failure::input(format!("{from} is not JSON: {error}"));
            Err(failure.with_advice(hint(text.trim())))
        }
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

/// Returns the first top-level key that a text has twice, of which JSON keeps the last.
fn doubled_key(text: &str, map: &Map<String, Json>) -> Option<String> {
    /// Keeps every member of an object.
    struct Keys(Vec<String>);

    impl<'de> serde::Deserialize<'de> for Keys {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Visitor;

            impl<'de> serde::de::Visitor<'de> for Visitor {
                type Value = Keys;

                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str("an object")
                }

                fn visit_map<A: serde::de::MapAccess<'de>>(
                    self,
                    mut members: A,
                ) -> Result<Keys, A::Error> {
                    let mut keys = Vec::new();
                    while let Some((key, _)) =
                        members.next_entry::<String, serde::de::IgnoredAny>()?
                    {
                        keys.push(key);
                    }
                    Ok(Keys(keys))
                }
            }
            deserializer.deserialize_map(Visitor)
        }
    }
    let Keys(keys) = serde_json::from_str(text).ok()?;
    if keys.len() == map.len() {
        return None;
    }
    let repeated = |(index, key): &(usize, &String)| keys[..*index].contains(key);
    let (_, key) = keys.iter().enumerate().find(repeated)?;
    Some(key.clone())
}
