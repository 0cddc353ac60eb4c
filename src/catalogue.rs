//! The catalogue of the service's models.

mod estimate;

use std::collections::HashMap;
use std::fmt;

use serde_json::{Map, Value};

use crate::api::Api;
pub use crate::balance::Balance;
use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::http::response::Reply;
use runcomfy_schema::{Json, Redacted};

pub use estimate::UnknownCost;

/// A query of the service's models: set its filters, then fetch it with [`entries`](Self::entries).
///
/// ```no_run
/// # async fn example(client: &runcomfy::Client) -> Result<(), runcomfy::Error> {
/// for entry in client.catalogue().search("hailuo").entries().await? {
///     println!("{}", entry.model_id());
/// }
/// # Ok(()) }
/// ```
#[must_use = "nothing is fetched yet"]
pub struct Catalogue<'a> {
    api: &'a Api,
    query: Vec<(&'static str, String)>,
    observer: Option<Observer<'a>>,
}

type Observer<'a> = Box<dyn FnMut(usize, usize) + Send + 'a>;

/// One model of the catalogue, as the service describes it.
#[derive(Clone, PartialEq)]
pub struct CatalogueEntry {
    model_id: String,
    json: Map<String, Json>,
}

/// Prints the JSON without the queries of URLs.
impl fmt::Debug for CatalogueEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The id is a member of it.
        let json = format!("{:?}", self.json);
        write!(f, "CatalogueEntry({})", Redacted(&json))
    }
}

/// Models of one page; with their schemas a page then stays below a megabyte or so.
const PAGE_SIZE: usize = 100;

/// The last segment of the path in place of a model's id, and the key in the response.
const CATEGORIES: &str = "categories";

/// A page of the catalogue.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct CataloguePage {
    /// The models, in the service's order.
    pub entries: Vec<CatalogueEntry>,
    /// The number of models on all pages, where the service says so.
    pub total: Option<usize>,
}

impl Client {
    /// Returns a query of the service's models. Nothing is sent yet.
    pub fn catalogue(&self) -> Catalogue<'_> {
        Catalogue {
            api: self.services().api(),
            query: Vec::new(),
            observer: None,
        }
    }
}

impl<'a> Catalogue<'a> {
    /// Selects models whose names contain this text.
    pub fn search(self, text: impl Into<String>) -> Self {
        self.with("search", text)
    }

    /// Selects models of this category.
    pub fn category(self, name: impl Into<String>) -> Self {
        self.with("category", name)
    }

    /// Selects entries of this kind: `model`, `workflow` or `inference`.
    pub fn kind(self, name: impl Into<String>) -> Self {
        self.with("kind", name)
    }

    /// Includes the schemas of each model.
    pub fn with_schemas(self) -> Self {
        self.with("include_schema", "true")
    }

    /// Calls `observer` after every page, with the number of models so far and in all.
    pub fn on_progress(mut self, observer: impl FnMut(usize, usize) + Send + 'a) -> Self {
        self.observer = Some(Box::new(observer));
        self
    }

    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    /// Fetches all models, page by page, in the service's order. Transient failures are retried. An
    /// entry that appears twice without a difference is returned once.
    ///
    /// # Errors
    /// - [`ErrorKind::Unreadable`]: a response has another form, or the service listed fewer models
    ///   than it says there are, as when the catalogue changes meanwhile. Fetch it again.
    /// - The kinds of the service and the network, such as [`ErrorKind::Unauthenticated`].
    pub async fn entries(mut self) -> Result<Vec<CatalogueEntry>, Error> {
        let mut entries: Vec<CatalogueEntry> = Vec::new();
        // The index of each id among the entries.
        let mut indices: HashMap<String, usize> = HashMap::new();
        let (mut repeats, mut first_total, mut is_steady) = (0, None, true);
        // Counts received entries, since a model that is added meanwhile shifts the others.
        let mut offset = 0;
        loop {
            let page = read(self.api, &self.query, offset, PAGE_SIZE).await?;
            let (count, total, known) = (page.entries.len(), page.total, indices.len());
            offset += count;
            // With a new model before them, entries of the previous page come again.
            is_steady &= *first_total.get_or_insert(total) == total;
            for entry in page.entries {
                match indices.get(&entry.model_id) {
                    // Without ids, equal entries cannot be recognised.
                    Some(&index) if !entry.model_id.is_empty() => {
                        repeats += usize::from(entries[index] == entry);
                    }
                    _ => {
                        indices.insert(entry.model_id.clone(), entries.len());
                        entries.push(entry);
                    }
                }
            }
            if let Some(observer) = &mut self.observer {
                observer(
                    entries.len(),
                    total.unwrap_or(entries.len()).max(entries.len()),
                );
            }
            let all = total.map_or(count < PAGE_SIZE, |total| offset >= total);
            // A service that ignores `offset` would send the same page for ever.
            if !all && indices.len() > known {
                continue;
            }
            let listed = entries.len() + if is_steady { repeats } else { 0 };
            return match total {
                Some(total) if listed < total => Err(Error::new(
                    ErrorKind::Unreadable,
                    format!(
                        "the catalogue listed {} of its {total} models; it may have changed meanwhile, so fetch it again",
                        entries.len()
                    ),
                )),
                _ => Ok(entries),
            };
        }
    }

    /// Fetches at most `limit` models from index `offset` on. The service accepts a limit of 1 to
    /// 500.
    ///
    /// # Errors
    /// The kinds of the service and the network, such as [`ErrorKind::Unauthenticated`].
    pub async fn page(self, offset: usize, limit: usize) -> Result<CataloguePage, Error> {
        read(self.api, &self.query, offset, limit).await
    }

    /// Fetches the entry of one model, which always has its schemas. Filters do not apply.
    ///
    /// # Errors
    /// - [`ErrorKind::UnknownModel`], [`ErrorKind::NotFound`]: there is no such model.
    /// - [`ErrorKind::Configuration`]: the text is not a possible model id.
    /// - The kinds of the service and the network, such as [`ErrorKind::Unauthenticated`].
    pub async fn get(self, model_id: &str) -> Result<CatalogueEntry, Error> {
        let parse = |reply: &Reply| {
            let entry = entry_of(&Value::Object(reply.object()?), reply)?;
            if entry.model_id.is_empty() {
                return Err(reply.unreadable("has no text `model_id`"));
            }
            Ok(entry)
        };
        self.api.model(model_id, parse).await
    }

    /// Fetches the categories of models. A category that is not a string is returned as JSON text.
    ///
    /// # Errors
    /// The kinds of the service and the network, such as [`ErrorKind::Unauthenticated`].
    pub async fn categories(self) -> Result<Vec<String>, Error> {
        let parse = |reply: &Reply| {
            let object = reply.object()?;
            let Some(Value::Array(list)) = object.get(CATEGORIES) else {
                return Err(reply.unreadable("has no list `categories`"));
            };
            let text = |category: &Value| match category {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            Ok(list.iter().map(text).collect())
        };
        let url = self.api.submit_url(CATEGORIES)?;
        let categories = self.api.model(CATEGORIES, parse).await;
        categories.map_err(|error| error.at_address(&url))
    }
}

/// Fetches one page. Not a method: an observer need not be `Sync`, so a future that holds a
/// `&Catalogue` could not go to another thread.
async fn read(
    api: &Api,
    query: &[(&'static str, String)],
    offset: usize,
    limit: usize,
) -> Result<CataloguePage, Error> {
    let mut query = query.to_vec();
    query.push(("limit", limit.to_string()));
    query.push(("offset", offset.to_string()));
    api.models(&query, page_of).await
}

fn page_of(reply: &Reply) -> Result<CataloguePage, Error> {
    let object = reply.object()?;
    let Some(Value::Array(models)) = object.get("models") else {
        return Err(reply.unreadable("has no list `models`"));
    };
    let entries = models.iter().map(|model| entry_of(model, reply));
    Ok(CataloguePage {
        entries: entries.collect::<Result<_, _>>()?,
        total: object
            .get("total")
            .and_then(Value::as_u64)
            .and_then(|total| usize::try_from(total).ok()),
    })
}

fn entry_of(model: &Value, reply: &Reply) -> Result<CatalogueEntry, Error> {
    let Value::Object(json) = model else {
        return Err(reply.unreadable("has a model that is no JSON object"));
    };
    Ok(CatalogueEntry {
        model_id: model["model_id"].as_str().unwrap_or_default().to_owned(),
        json: json.clone(),
    })
}

impl CatalogueEntry {
    /// Returns the model's id, such as `bytedance/dreamina-4-0/edit`; empty where the service gives
    /// none, since one unexpected entry must not hide the others.
    #[must_use]
    pub fn model_id(&self) -> &str {
        &self.model_id
    }

    /// Returns the name for people.
    #[must_use]
    pub fn display_name(&self) -> Option<&str> {
        self.text("display_name")
    }

    /// Returns the description of the model.
    #[must_use]
    pub fn description(&self) -> Option<&str> {
        self.text("description")
    }

    /// Returns the kind of entry: `model`, `workflow` or `inference`.
    #[must_use]
    pub fn kind(&self) -> Option<&str> {
        self.text("kind")
    }

    /// Returns the categories of the model.
    pub fn categories(&self) -> impl Iterator<Item = &str> {
        let list = self.json.get("categories").and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Value::as_str)
    }

    /// Returns the base price in US dollars, for one [`price_unit`](Self::price_unit).
    #[must_use]
    pub fn base_price_usd(&self) -> Option<f64> {
        self.json.get("base_price_usd").and_then(Value::as_f64)
    }

    /// Returns the unit of the price: `output`, `second`, …
    #[must_use]
    pub fn price_unit(&self) -> Option<&str> {
        self.text("price_unit")
    }

    /// Returns the whole entry, with the schemas where they were requested. It has the form that
    /// [`ModelSchema::parse`](runcomfy_schema::ModelSchema::parse) parses.
    #[must_use]
    pub fn json(&self) -> &Map<String, Json> {
        &self.json
    }

    /// Turns the entry into its JSON; see [`json`](Self::json).
    #[must_use]
    pub fn into_json(self) -> Json {
        Json::Object(self.json)
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.json.get(key).and_then(Value::as_str)
    }
}
