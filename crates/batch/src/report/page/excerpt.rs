//! Excerpts of texts that are too long for a page, such as files within an input.

use std::borrow::Cow;

use runcomfy::schema::Json;

/// Maximum number of characters of a text.
const MAX_TEXT: usize = 4000;

/// Returns a text, cut off where it is too long.
pub(super) fn of_text(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(MAX_TEXT) {
        Some((end, _)) => format!("{}… ({} bytes)", &text[..end], text.len()).into(),
        None => text.into(),
    }
}

/// Cuts off the texts within a value.
pub(super) fn of_json(value: &Json) -> Json {
    match value {
        Json::String(text) => of_text(text).into(),
        Json::Array(items) => items.iter().map(of_json).collect(),
        Json::Object(members) => {
            let members = members.iter();
            members
                .map(|(name, value)| (name.clone(), of_json(value)))
                .collect()
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn long_texts_are_cut_between_characters() {
        let long = "ä".repeat(MAX_TEXT + 1);
        assert_eq!(of_text(&long[2..]), &long[2..]);
        let cut = of_json(&json!({ "image": [long], "seed": 1 }));
        let text = cut["image"][0].as_str().unwrap();
        assert!(text.ends_with("ä… (8002 bytes)"), "{text}");
        assert_eq!(cut["seed"], 1);
    }
}
