//! The price of a model, from the catalogue.

use std::time::Duration;

use runcomfy::catalogue::CatalogueEntry;
use runcomfy::{Client, ErrorKind};
use serde_json::{Value, json};

use crate::failure::Failure;

/// Maximum time spent on the query. A dry run is complete without a price.
const QUERY_TIMEOUT: Duration = Duration::from_secs(5);

/// The catalogue entry of a model, or the reason why there is none.
pub(crate) type Lookup = Result<CatalogueEntry, String>;

/// Fetches the catalogue entry of a model.
///
/// # Errors
/// Only where a run would fail too, that is if the configuration is invalid. Without a token or a
/// response the inner result has the reason.
pub(crate) async fn fetch(model_id: &str) -> Result<Lookup, Failure> {
    let client = match Client::from_env() {
        Ok(client) => client,
        Err(error) if error.kind() == ErrorKind::Configuration => return Err(error.into()),
        Err(error) => return Ok(Err(error.to_string())),
    };
    let request = client.catalogue().get(model_id);
    Ok(match tokio::time::timeout(QUERY_TIMEOUT, request).await {
        Err(_) => Err("the catalogue did not respond in time".to_owned()),
        Ok(Err(error)) => Err(format!("the catalogue could not be queried: {error}")),
        Ok(Ok(entry)) => Ok(entry),
    })
}

/// Returns a text such as `$0.04/output`, if the entry has a price.
pub(crate) fn to_text(entry: &CatalogueEntry) -> Option<String> {
    let usd = entry.base_price_usd()?;
    Some(match entry.price_unit() {
        Some(unit) => format!("${usd}/{unit}"),
        None => format!("${usd}"),
    })
}

/// Returns the price as JSON.
pub(crate) fn json(entry: &CatalogueEntry) -> Value {
    json!({
        "base_price_usd": entry.base_price_usd(),
        "price_unit": entry.price_unit(),
        "pricing_note": entry.json().get("pricing_note"),
    })
}
