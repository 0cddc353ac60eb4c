//! The tool `search_models`.

use runcomfy::catalogue::CatalogueEntry;
use serde_json::{Map, Value, json};

use super::{Call, object};
use crate::models::price_of;
use crate::refusal::Refusal;

const DEFAULT_LIMIT: u64 = 20;
const MAX_LIMIT: u64 = 100;
/// Number of characters of a description.
const MAX_DESCRIPTION: usize = 160;

impl Call<'_> {
    pub(super) async fn search_models(&self) -> Result<Map<String, Value>, Refusal> {
        let arguments = &self.arguments;
        let query = arguments.optional_text("query")?.unwrap_or_default().trim();
        let limit = arguments.count("limit", DEFAULT_LIMIT, MAX_LIMIT)?.max(1);
        let offset = arguments.count("offset", 0, u64::from(u32::MAX))?;
        let (limit, offset) = (index(limit), index(offset));
        let mut catalogue = self.shared.client.catalogue();
        if !query.is_empty() {
            catalogue = catalogue.search(query);
        }
        if let Some(category) = arguments.optional_text("category")? {
            catalogue = catalogue.category(category);
        }
        let page = match catalogue.page(offset, limit).await {
            Ok(page) => page,
            Err(error) => return self.built_in(query, &error.to_string()),
        };
        let models: Vec<Value> = page.entries.iter().map(model).collect();
        let next = match page.entries.len() {
            0 => "Search with other or fewer words.",
            _ => "Call `model_schema` with a model_id.",
        };
        Ok(object(json!({
            "models": models,
            "total": page.total,
            "offset": offset,
            "next": next,
        })))
    }

    /// Returns the built-in models where the catalogue cannot be queried.
    fn built_in(&self, query: &str, why: &str) -> Result<Map<String, Value>, Refusal> {
        let query = query.to_lowercase();
        let ids = self.shared.models.built_in();
        let ids: Vec<Value> = ids
            .filter(|id| id.to_lowercase().contains(&query))
            .map(|id| json!({ "model_id": id }))
            .collect();
        if ids.is_empty() {
            return Err(Refusal::new(
                format!("the catalogue could not be queried: {why}"),
                "Call it again in some seconds, or tell the user.",
            ));
        }
        Ok(object(json!({
            "models": ids,
            "warning": format!("only models that are built in, since the catalogue could not be queried: {why}"),
            "next": "Call `model_schema` with a model_id.",
        })))
    }
}

fn model(entry: &CatalogueEntry) -> Value {
    let description = entry.description().unwrap_or_default();
    let short: String = description.chars().take(MAX_DESCRIPTION).collect();
    json!({
        "model_id": entry.model_id(),
        "name": entry.display_name(),
        "categories": entry.categories().collect::<Vec<_>>(),
        "price": price_of(entry),
        "description": short,
    })
}

fn index(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
