//! What a model costs, as the catalogue tells.

use std::time::Duration;

use runcomfy::catalogue::CatalogueEntry;
use runcomfy::{Client, ErrorKind};
use serde_json::{Value, json};

use crate::failure::Failure;

/// A price is worth this much waiting; without one the answer is the same otherwise.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(5);

/// What the catalogue says of a model, or why it does not.
pub(crate) type Asked = Result<CatalogueEntry, String>;

/// Asks the catalogue, where there is a token; fails only where a run would fail as well.
pub(crate) async fn ask(model_id: &str) -> Result<Asked, Failure> {
    let client = match Client::from_env() {
        Ok(client) => client,
        Err(error) if error.kind() == ErrorKind::Configuration => return Err(error.into()),
        Err(error) => return Ok(Err(error.to_string())),
    };
    let asked = client.catalogue().get(model_id);
    Ok(match tokio::time::timeout(MAX_RETRY_AFTER, asked).await {
        Err(_) => Err("the catalogue did not answer in time".to_owned()),
        Ok(Err(error)) => Err(format!("the catalogue could not be asked: {error}")),
        Ok(Ok(entry)) => Ok(entry),
    })
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
