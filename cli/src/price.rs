//! What a model costs, as the catalogue tells.

use runcomfy::CatalogueEntry;

/// `$0.04 an output`, where the catalogue tells.
pub(crate) fn of(entry: &CatalogueEntry) -> Option<String> {
    let usd = entry.base_price_usd()?;
    Some(match entry.price_unit() {
        Some(unit) => format!("${usd}/{unit}"),
        None => format!("${usd}"),
    })
}
