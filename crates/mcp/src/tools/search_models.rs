//! The tool `search_models`.

use std::time::Duration;

use runcomfy::catalogue::CatalogueEntry;
use serde_json::{Map, Value, json};

use super::{Call, object};
use crate::models::price_of;
use crate::refusal::Refusal;

const DEFAULT_LIMIT: u64 = 20;
const MAX_LIMIT: u64 = 100;
/// Maximum time for the whole catalogue: clients end a call after 60 s.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Maximum time for the names of categories.
const CATEGORIES_TIMEOUT: Duration = Duration::from_secs(5);
/// Number of characters of a description.
const MAX_DESCRIPTION: usize = 160;

impl Call<'_> {
    pub(super) async fn search_models(&self) -> Result<Map<String, Value>, Refusal> {
        let arguments = &self.arguments;
        let query = arguments.optional_text("query")?.unwrap_or_default().trim();
        let limit = arguments.count("limit", DEFAULT_LIMIT, MAX_LIMIT)?.max(1);
        let offset = arguments.count("offset", 0, u64::from(u32::MAX))?;
        let (limit, offset) = (index(limit), index(offset));
        let words = words(query);
        let mut catalogue = self.shared.client.catalogue();
        if let Some(category) = arguments.optional_text("category")? {
            catalogue = catalogue.category(category);
        }
        // The service looks for the query as a whole.
        let found = async {
            if words.is_empty() {
                let page = catalogue.page(offset, limit).await?;
                return Ok((page.entries, page.total));
            }
            let mut entries = catalogue.entries().await?;
            entries.retain(|entry| has_all(&words, &text_of(entry)));
            let total = entries.len();
            let page = entries.into_iter().skip(offset).take(limit).collect();
            Ok::<(Vec<_>, _), runcomfy::Error>((page, Some(total)))
        };
        let (entries, total) = match tokio::time::timeout(TIMEOUT, found).await {
            Ok(Ok(found)) => found,
            Ok(Err(error)) => return self.built_in(&words, &error.to_string()),
            Err(_) => return self.built_in(&words, "it did not respond in time"),
        };
        let next = match (entries.len(), total) {
            (0, Some(1..)) => {
                "There are fewer models: call it again with a smaller `offset`.".to_owned()
            }
            (0, _) => self.other_words().await,
            _ => "Call `model_schema` with a model_id.".to_owned(),
        };
        Ok(object(json!({
            "models": entries.iter().map(model).collect::<Vec<_>>(),
            "total": total,
            "offset": offset,
            "next": next,
        })))
    }

    /// Returns the next call after a search that has found nothing.
    async fn other_words(&self) -> String {
        let categories = self.shared.client.catalogue().categories();
        let categories = match tokio::time::timeout(CATEGORIES_TIMEOUT, categories).await {
            Ok(Ok(categories)) => categories,
            Ok(Err(_)) | Err(_) => Vec::new(),
        };
        match categories.as_slice() {
            [] => "Search with other or fewer words.".to_owned(),
            names => format!(
                "Search with other or fewer words, or with one of the categories: {}.",
                names.join(", ")
            ),
        }
    }

    /// Returns the built-in models where the catalogue cannot be queried.
    fn built_in(&self, words: &[String], why: &str) -> Result<Map<String, Value>, Refusal> {
        let ids = self.shared.models.built_in();
        let ids: Vec<Value> = ids
            .filter(|id| has_all(words, &id.to_lowercase()))
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

/// Returns the words of a query, in small letters.
fn words(query: &str) -> Vec<String> {
    query.split_whitespace().map(str::to_lowercase).collect()
}

/// Returns `true` if each word occurs in the text.
fn has_all(words: &[String], text: &str) -> bool {
    words.iter().all(|word| text.contains(word))
}

/// Returns all texts of an entry in which words are looked for, in small letters.
fn text_of(entry: &CatalogueEntry) -> String {
    let mut texts: Vec<&str> = vec![entry.model_id()];
    texts.extend(entry.display_name());
    texts.extend(entry.categories());
    texts.extend(entry.description());
    // A word does not reach from one text into the next.
    texts.join("\n").to_lowercase()
}

fn model(entry: &CatalogueEntry) -> Value {
    let description = entry.description().unwrap_or_default();
    let short: String = description.chars().take(MAX_DESCRIPTION).collect();
    Value::Object(object(json!({
        "model_id": entry.model_id(),
        "name": entry.display_name(),
        "categories": entry.categories().collect::<Vec<_>>(),
        "price": price_of(entry),
        "description": short,
    })))
}

fn index(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
