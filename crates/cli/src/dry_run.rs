//! The flag `--dry-run`: shows the request and its price, and submits nothing.

use runcomfy::media::DataUri;
use runcomfy::schema::{Json, ModelSchema};
use serde_json::json;

use crate::format::Format;
use crate::input::Checked;
use crate::price::{self, Lookup};

/// Prints the input as it would be sent, and the price where it is known.
pub(crate) fn show(
    model_id: &str,
    model: Option<&ModelSchema>,
    checked: &Checked,
    lookup: &Lookup,
    format: Format,
) {
    let priced = lookup.as_ref().ok();
    let priced = priced.map(|entry| (entry, price::estimate(entry, model, &checked.json)));
    let price = priced
        .as_ref()
        .map(|(entry, estimate)| price::json(entry, estimate.as_ref().ok().copied()));
    let json = json!({
        "model_id": model_id,
        "input": checked.json,
        "warnings": checked.warnings_json(),
        "price": price,
        "submitted": false,
    });
    let total = priced.map(|(_, estimate)| match estimate {
        Ok(usd) => format!("estimated cost: {}", price::dollars(usd)),
        Err(why) => format!("estimated cost: unknown; {why}"),
    });
    format.print_result(&json, || to_text(model_id, checked, lookup, total));
}

fn to_text(model_id: &str, checked: &Checked, lookup: &Lookup, total: Option<String>) -> String {
    let mut lines: Vec<String> = checked.warning_lines().collect();
    lines.push(format!("{model_id} would receive"));
    lines.push(format!("{:#}", shortened(&checked.json)));
    lines.push(match lookup.as_ref().map(price::to_text) {
        Ok(Some(price)) => format!("base price: {price}"),
        Ok(None) => "base price: unknown; the catalogue has none".to_owned(),
        Err(why) => format!("base price: unknown; {why}"),
    });
    lines.extend(total);
    let note = lookup
        .as_ref()
        .ok()
        .and_then(|entry| entry.json().get("pricing_note")?.as_str());
    lines.extend(note.filter(|note| !note.is_empty()).map(str::to_owned));
    lines.push("nothing was submitted".to_owned());
    lines.join("\n")
}

/// Returns the input with each `data:` URI cut after its first characters.
fn shortened(json: &Json) -> Json {
    /// Enough to recognize the media type.
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
