//! The price of a model, from the catalogue.

use std::fmt;
use std::time::Duration;

use runcomfy::catalogue::CatalogueEntry;
use runcomfy::schema::{Json, ModelSchema};
use runcomfy::{Client, Error, ErrorKind};
use serde_json::{Value, json};

use crate::advice::NOTHING_SUBMITTED;
use crate::failure::Failure;

/// Maximum time spent on the query. A dry run is complete without a price.
const QUERY_TIMEOUT: Duration = Duration::from_secs(5);

/// The catalogue entry of a model, or the reason why there is none.
pub(crate) type Lookup = Result<CatalogueEntry, String>;

/// Reason why the catalogue has given no entry.
pub(crate) enum NoEntry {
    /// There is no token, or it cannot be read.
    NoToken(Error),
    /// The query has failed.
    Failed(Error),
    /// There was no response in time.
    Late,
}

impl NoEntry {
    /// Returns the failure of a command that needs the entry, or `None` where the catalogue has answered that it has
    /// none: another query says the same.
    #[cfg(feature = "batch")]
    pub(crate) fn into_failure(self) -> Option<Failure> {
        let words = self.to_string();
        match self {
            Self::Failed(error)
                if error.is_transient() || error.kind() == ErrorKind::Unauthenticated =>
            {
                Some(Failure::from(error).with_message(words).before_submit())
            }
            Self::Late => Some(Failure::unavailable(words).with_advice(format!(
                "{NOTHING_SUBMITTED} Run the same command again later."
            ))),
            Self::NoToken(_) | Self::Failed(_) => None,
        }
    }
}

impl fmt::Display for NoEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoToken(error) => error.fmt(f),
            Self::Failed(error) => write!(f, "the catalogue could not be queried: {error}"),
            Self::Late => f.write_str("the catalogue did not respond in time"),
        }
    }
}

/// Fetches the catalogue entry of a model.
///
/// # Errors
/// Only where a run would fail too, that is if the configuration is invalid. Without a token or a
/// response the inner result has the reason.
pub(crate) async fn fetch(model_id: &str) -> Result<Lookup, Failure> {
    let entry = query(model_id).await?;
    Ok(entry.map_err(|none| none.to_string()))
}

/// Fetches the catalogue entry of a model.
///
/// # Errors
/// As [`fetch`].
pub(crate) async fn query(model_id: &str) -> Result<Result<CatalogueEntry, NoEntry>, Failure> {
    let client = match Client::from_env() {
        Ok(client) => client,
        Err(error) if error.kind() == ErrorKind::Configuration => return Err(error.into()),
        Err(error) => return Ok(Err(NoEntry::NoToken(error))),
    };
    let request = client.catalogue().get(model_id);
    Ok(match tokio::time::timeout(QUERY_TIMEOUT, request).await {
        Err(_) => Err(NoEntry::Late),
        Ok(entry) => entry.map_err(NoEntry::Failed),
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

/// Returns the price as JSON, with the estimated cost of a job.
pub(crate) fn json(entry: &CatalogueEntry, estimate: Option<f64>) -> Value {
    json!({
        "estimated_usd": estimate,
        "base_price_usd": entry.base_price_usd(),
        "price_unit": entry.price_unit(),
        "pricing_note": entry.json().get("pricing_note"),
    })
}

/// Estimates the cost of a job in US dollars: the base price times the number of outputs, of seconds or of
/// megapixels.
///
/// # Errors
/// The reason why the catalogue's price says nothing about the cost.
pub(crate) fn estimate(
    entry: &CatalogueEntry,
    model: Option<&ModelSchema>,
    input: &Json,
) -> Result<f64, String> {
    let estimate = entry.estimate_usd(model, input);
    estimate.map_err(|unknown| unknown.to_string())
}

/// Returns a sum such as `$0.04`.
pub(crate) fn dollars(usd: f64) -> String {
    // Prices have up to six digits; products of them have more.
    let usd = (usd * 1e6).round() / 1e6;
    format!("${usd}")
}

/// Checks that a job costs at most `max`.
///
/// # Errors
/// If its estimated cost is above that, or unknown.
pub(crate) fn check(
    max: f64,
    model_id: &str,
    model: Option<&ModelSchema>,
    input: &Json,
    lookup: &Lookup,
) -> Result<(), Failure> {
    let estimate = lookup
        .as_ref()
        .map_err(String::clone)
        .and_then(|entry| estimate(entry, model, input));
    let (message, next) = match estimate {
        Ok(usd) if usd <= max => return Ok(()),
        Ok(usd) => (
            format!(
                "the job would cost {}, above --max-cost {}",
                dollars(usd),
                dollars(max)
            ),
            "Raise --max-cost, or change the input.".to_owned(),
        ),
        Err(why) => (
            format!("the cost of the job is unknown: {why}"),
            format!(
                "`runcomfy models get {model_id}` shows the price. Without --max-cost the job is submitted."
            ),
        ),
    };
    Err(Failure::max_cost(message).with_advice(format!("{NOTHING_SUBMITTED} {next}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_have_at_most_six_decimals() {
        assert_eq!(dollars(0.1 + 0.2), "$0.3");
    }
}
