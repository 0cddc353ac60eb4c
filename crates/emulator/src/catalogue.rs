//! The calls of the catalogue.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Response};
use percent_encoding::percent_decode_str;
use runcomfy_schema::ModelSchema;
use serde_json::{Value, json};

use crate::account::{Micros, usd};
use crate::api_error::ApiError;
use crate::model_id::model_id;
use crate::output::OutputKind;
use crate::server::Server;

/// Default number of entries in a response.
const DEFAULT_LIMIT: usize = 100;

/// Maximum number of entries in a response.
const MAX_LIMIT: usize = 500;

/// Serves `GET /v1/models`: entries in the order of their ids.
pub(crate) async fn list(
    State(server): State<Arc<Server>>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    server.token(&headers)?;
    let query = Query::parse(uri.query().unwrap_or_default());
    let mut models: Vec<&ModelSchema> = server.service.settings.models.values().collect();
    models.retain(|model| query.matches(model));
    models.sort_unstable_by(|a, b| (*a.id).cmp(&b.id));
    let page = models.iter().skip(query.offset).take(query.limit);
    let price = server.service.settings.price;
    let entries: Value = page
        .map(|model| entry(model, price, query.include_schema))
        .collect();
    let (total, limit, offset) = (models.len(), query.limit, query.offset);
    let body = json!({ "models": entries, "total": total, "limit": limit, "offset": offset });
    Ok(Json(body).into_response())
}

/// Serves `GET /v1/models/{model_id}`: one entry with its schema.
pub(crate) async fn describe(
    State(server): State<Arc<Server>>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    server.token(&headers)?;
    let id = model_id(&uri)?;
    let settings = &server.service.settings;
    let model = settings
        .models
        .get(&id)
        .ok_or_else(|| ApiError::unknown_model(&id))?;
    Ok(Json(entry(model, settings.price, true)).into_response())
}

/// Serves `GET /v1/models/categories`: the categories of the emulator's models. The form of the
/// response is a guess, since none is documented.
pub(crate) async fn categories(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    server.token(&headers)?;
    let models = server.service.settings.models.values();
    let categories: BTreeSet<String> = models.map(category).collect();
    Ok(Json(json!({ "categories": categories })).into_response())
}

/// Returns a model's category: what it makes, since schemas have no category.
fn category(model: &ModelSchema) -> String {
    OutputKind::from_model(model).to_string()
}

/// Builds an entry. Name and category come from the id, since schemas have neither.
fn entry(model: &ModelSchema, price: Micros, with_schema: bool) -> Value {
    let mut entry = json!({
        "model_id": *model.id,
        "display_name": *model.id,
        "description": model.input.description().unwrap_or_default(),
        "categories": [category(model)],
        "kind": "model",
        "base_price_usd": usd(price),
        "price_unit": "output",
        "pricing_note": "An emulator charges nothing.",
    });
    if with_schema {
        entry["input_schema"] = model.input.to_source();
        if let Some(output) = &model.output {
            entry["output_schema"] = json!({ "output": output.to_source() });
        }
    }
    entry
}

/// Parameters of a list.
#[derive(Debug, PartialEq)]
struct Query {
    search: String,
    category: Option<String>,
    kind: Option<String>,
    include_schema: bool,
    limit: usize,
    offset: usize,
}

impl Query {
    /// Parses a query string; unknown and unreadable parameters keep their defaults.
    fn parse(text: &str) -> Self {
        let mut query = Self {
            search: String::new(),
            category: None,
            kind: None,
            include_schema: false,
            limit: DEFAULT_LIMIT,
            offset: 0,
        };
        for pair in text.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = value.replace('+', " ");
            let value = percent_decode_str(&value).decode_utf8_lossy().into_owned();
            match name {
                "search" => query.search = value.to_lowercase(),
                "category" => query.category = Some(value),
                "kind" => query.kind = Some(value),
                "include_schema" => query.include_schema = value == "true",
                "limit" => query.limit = value.parse().unwrap_or(DEFAULT_LIMIT).clamp(1, MAX_LIMIT),
                "offset" => query.offset = value.parse().unwrap_or_default(),
                _ => {}
            }
        }
        query
    }

    fn matches(&self, model: &ModelSchema) -> bool {
        let own = category(model);
        let description = model.input.description().unwrap_or_default();
        let found = |text: &str| text.to_lowercase().contains(&self.search);
        (found(&model.id) || found(description))
            && self
                .category
                .as_ref()
                .is_none_or(|category| *category == own)
            && self.kind.as_ref().is_none_or(|kind| kind == "model")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_decoded_and_clamped() {
        let query =
            Query::parse("search=Hailuo+Video%2001&limit=9999&offset=x&include_schema=true");
        assert_eq!(
            (&*query.search, query.limit, query.offset),
            ("hailuo video 01", 500, 0)
        );
        assert!(query.include_schema);
        assert_eq!(Query::parse("limit=0").limit, 1);
        assert_eq!(Query::parse("").limit, 100);
    }
}
