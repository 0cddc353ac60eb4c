//! `--dry-run`: what would be sent, and its price.

use runcomfy::{CatalogueEntry, DataUri, Json};
use serde_json::json;

use crate::input::Checked;
use crate::price;
use crate::show::Format;

pub(crate) fn show(
    model_id: &str,
    checked: &Checked,
    entry: Option<&CatalogueEntry>,
    format: Format,
) {
    let json = json!({
        "model_id": model_id,
        "input": checked.json,
        "warnings": checked.warnings_json(),
        "price": entry.map(price::json),
        "submitted": false,
    });
    format.print_result(&json, || in_words(model_id, checked, entry));
}

fn in_words(model_id: &str, checked: &Checked, entry: Option<&CatalogueEntry>) -> String {
    let mut lines: Vec<String> = checked.warnings().collect();
    lines.push(format!("{model_id} would get"));
    lines.push(format!("{:#}", shortened(&checked.json)));
    lines.push(match entry.and_then(price::of) {
        Some(price) => format!("base price: {price}"),
        None => "base price: not known; the catalogue needs a token".to_owned(),
    });
    let note = entry.and_then(|entry| entry.json().get("pricing_note")?.as_str());
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
