//! The catalogue: which models there are.

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
use crate::output::Medium;
use crate::refusal::Refusal;
use crate::server::{Server, model_id};

/// Entries in one answer where the query does not say, and the most there can be.
const LIMIT: (usize, usize) = (100, 500);

/// `GET /v1/models`: entries in the order of their ids.
pub(crate) async fn list(
    State(server): State<Arc<Server>>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    server.token(&headers)?;
    let query = Query::of(uri.query().unwrap_or_default());
    let mut models: Vec<&ModelSchema> = server.service.settings.models.values().collect();
    models.retain(|model| query.wants(model));
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

/// `GET /v1/models/{model_id}`: one entry with its schema.
pub(crate) async fn describe(
    State(server): State<Arc<Server>>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    server.token(&headers)?;
    let id = model_id(&uri)?;
    let settings = &server.service.settings;
    let model = settings
        .models
        .get(&id)
        .ok_or_else(|| Refusal::unknown_model(&id))?;
    Ok(Json(entry(model, settings.price, true)).into_response())
}

/// `GET /v1/models/categories`: those of the models there are. The form is a guess, since none is
/// documented.
pub(crate) async fn categories(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    server.token(&headers)?;
    let models = server.service.settings.models.values();
    let categories: BTreeSet<String> = models.map(category).collect();
    Ok(Json(json!({ "categories": categories })).into_response())
}

/// What a model makes, for want of better.
fn category(model: &ModelSchema) -> String {
    Medium::of(model).to_string()
}

/// Schemas know neither names nor categories, so both are made from the id.
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

/// What a list is asked for.
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
    /// Reads a query string; what is unknown or unreadable counts as not said.
    fn of(text: &str) -> Self {
        let mut query = Self {
            search: String::new(),
            category: None,
            kind: None,
            include_schema: false,
            limit: LIMIT.0,
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
                "limit" => query.limit = value.parse().unwrap_or(LIMIT.0).clamp(1, LIMIT.1),
                "offset" => query.offset = value.parse().unwrap_or_default(),
                _ => {}
            }
        }
        query
    }

    fn wants(&self, model: &ModelSchema) -> bool {
        let made = category(model);
        let said = model.input.description().unwrap_or_default();
        let found = |text: &str| text.to_lowercase().contains(&self.search);
        (found(&model.id) || found(said))
            && self
                .category
                .as_ref()
                .is_none_or(|category| *category == made)
            && self.kind.as_ref().is_none_or(|kind| kind == "model")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_decoded_and_held_within_bounds() {
        let query = Query::of("search=Hailuo+Video%2001&limit=9999&offset=x&include_schema=true");
        assert_eq!(
            (&*query.search, query.limit, query.offset),
            ("hailuo video 01", 500, 0)
        );
        assert!(query.include_schema);
        assert_eq!(Query::of("limit=0").limit, 1);
        assert_eq!(Query::of("").limit, 100);
    }
}
