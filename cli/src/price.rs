//! What a model costs, as the catalogue tells.

use std::time::Duration;

use runcomfy::CatalogueEntry;
use serde_json::{Value, json};

use crate::session::Session;

/// A price is worth this much waiting; without one the answer is the same otherwise.
const PATIENCE: Duration = Duration::from_secs(5);

/// What the catalogue says of a model, where there is a token and it answers soon.
pub(crate) async fn ask(model_id: &str) -> Option<CatalogueEntry> {
    let session = Session::service().ok()?;
    let asked = session.client.catalogue().get(model_id);
    tokio::time::timeout(PATIENCE, asked).await.ok()?.ok()
}

/// `$0.04/output`, where the catalogue tells.
pub(crate) fn of(entry: &CatalogueEntry) -> Option<String> {
    let usd = entry.base_price_usd()?;
    Some(match entry.price_unit() {
        Some(unit) => format!("${usd}/{unit}"),
        None => format!("${usd}"),
    })
}

/// The same as data.
pub(crate) fn json(entry: &CatalogueEntry) -> Value {
    json!({
        "base_price_usd": entry.base_price_usd(),
        "price_unit": entry.price_unit(),
        "pricing_note": entry.json().get("pricing_note"),
    })
}
