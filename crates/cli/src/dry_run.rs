//! `--dry-run`: what would be sent, and its price.

use runcomfy::media::DataUri;
use runcomfy::schema::Json;
use serde_json::json;

use crate::input::Checked;
use crate::price::{self, Asked};
use crate::show::Format;

pub(crate) fn show(model_id: &str, checked: &Checked, asked: &Asked, format: Format) {
    let json = json!({
        "model_id": model_id,
        "input": checked.json,
        "warnings": checked.warnings_json(),
        "price": asked.as_ref().ok().map(price::json),
        "submitted": false,
    });
    format.print_result(&json, || in_words(model_id, checked, asked));
}

fn in_words(model_id: &str, checked: &Checked, asked: &Asked) -> String {
    let mut lines: Vec<String> = checked.warnings().collect();
    lines.push(format!("{model_id} would get"));
    lines.push(format!("{:#}", shortened(&checked.json)));
    lines.push(match asked.as_ref().map(price::of) {
        Ok(Some(price)) => format!("base price: {price}"),
        Ok(None) => "base price: not known; the catalogue does not tell it".to_owned(),
        Err(why) => format!("base price: not known; {why}"),
    });
    let note = asked
        .as_ref()
        .ok()
        .and_then(|entry| entry.json().get("pricing_note")?.as_str());
    lines.extend(note.filter(|note| !note.is_empty()).map(str::to_owned));
    lines.push("nothing was submitted".to_owned());
    lines.join("\n")
}

/// The same with the beginnings of media only.
fn shortened(json: &Json) -> Json {
    /// Enough to see what it is.
    const SHOWN: usize = 40;
    match json {
        Json::String(text) if text.len() > SHOWN && DataUri::parse(text).is_some() => {
            let start: String = text.chars().take(SHOWN).collect();
            format!("{start}… ({} bytes)", text.len()).into()
        }
        Json::Array(list) => list.iter().map(shortened).collect(),
        Json::Object(map) => Json::Object(
            map.iter()
                .map(|(name, value)| (name.clone(), shortened(value)))
                .collect(),
        ),
        other => other.clone(),
    }
}
