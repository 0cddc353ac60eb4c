//! The catalogue: which models the service has.

use std::collections::HashMap;
use std::fmt;

use serde_json::{Map, Value};

use crate::api::Api;
pub use crate::balance::Balance;
use crate::client::Client;
use crate::error::Error;
use crate::error::ErrorKind;
use crate::http::response::Reply;
use runcomfy_schema::Json;
use runcomfy_schema::Redacted;

/// A listing of the service's models; set what is wanted, then read it with
/// [`entries`](Self::entries).
///
/// ```no_run
/// # async fn example(client: &runcomfy::Client) -> Result<(), runcomfy::Error> {
/// for entry in client.catalogue().search("hailuo").entries().await? {
///     println!("{}", entry.model_id());
/// }
/// # Ok(()) }
/// ```
#[must_use = "nothing is read yet"]
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

/// Shown without the queries of URLs.
impl fmt::Debug for CatalogueEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The id is a member of it, too.
        let json = format!("{:?}", self.json);
        write!(f, "CatalogueEntry({})", Redacted(&json))
    }
}

/// Models in one answer; with their schemas it then stays below a megabyte or so.
const PAGE: usize = 100;

/// The word stands where a model's id would, and is the key in the reply.
const CATEGORIES: &str = "categories";

/// Some of the catalogue's models.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct CataloguePage {
    /// The models, in the service's order.
    pub entries: Vec<CatalogueEntry>,
    /// How many models there are in all, where the service tells.
    pub total: Option<usize>,
}

impl Client {
    /// The catalogue of models. Nothing is sent yet.
    pub fn catalogue(&self) -> Catalogue<'_> {
        Catalogue {
            api: self.services().api(),
            query: Vec::new(),
            observer: None,
        }
    }
}

impl<'a> Catalogue<'a> {
    /// Only models whose names hold this text.
    pub fn search(self, text: impl Into<String>) -> Self {
        self.with("search", text)
    }

    /// Only models of this category.
    pub fn category(self, name: impl Into<String>) -> Self {
        self.with("category", name)
    }

    /// Only entries of this kind: `model`, `workflow` or `inference`.
    pub fn kind(self, name: impl Into<String>) -> Self {
        self.with("kind", name)
    }

    /// Has each entry bring its model's schemas.
    pub fn with_schemas(self) -> Self {
        self.with("include_schema", "true")
    }

    /// Calls `observer` after every answer, with how many models there are so far and in all.
    pub fn on_progress(mut self, observer: impl FnMut(usize, usize) + Send + 'a) -> Self {
        self.observer = Some(Box::new(observer));
        self
    }

    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    /// Reads the whole listing, answer by answer, in the service's order. Each read is repeated
    /// where its failure may pass. An entry that stands there twice, word for word, is given once.
    ///
    /// # Errors
    /// Those of the service and the network. [`ErrorKind::Unreadable`] also when the service gives
    /// fewer models than it says there are, as when the catalogue changes meanwhile: read it again.
    pub async fn entries(mut self) -> Result<Vec<CatalogueEntry>, Error> {
        let mut entries: Vec<CatalogueEntry> = Vec::new();
        // The place of each id among the entries.
        let mut places: HashMap<String, usize> = HashMap::new();
        let (mut repeats, mut first_total, mut is_steady) = (0, None, true);
        // Counted by what was sent, since a model that is new meanwhile moves the others on.
        let mut offset = 0;
        loop {
            let page = read(self.api, &self.query, offset, PAGE).await?;
            let (count, total, known) = (page.entries.len(), page.total, places.len());
            offset += count;
            // With a new model before them, those of the answer before come again.
            is_steady &= *first_total.get_or_insert(total) == total;
            for entry in page.entries {
                match places.get(&entry.model_id) {
                    // Without ids nothing tells that two are the same.
                    Some(&place) if !entry.model_id.is_empty() => {
                        repeats += usize::from(entries[place] == entry);
                    }
                    _ => {
                        places.insert(entry.model_id.clone(), entries.len());
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
            let all = total.map_or(count < PAGE, |total| offset >= total);
            // A service that does not look at `offset` would give the same page for ever.
            if !all && places.len() > known {
                continue;
            }
            let listed = entries.len() + if is_steady { repeats } else { 0 };
            return match total {
                Some(total) if listed < total => Err(Error::new(
                    ErrorKind::Unreadable,
                    format!(
                        "the catalogue gave {} of its {total} models; it may have changed meanwhile, so read it again",
                        entries.len()
                    ),
                )),
                _ => Ok(entries),
            };
        }
    }

    /// Reads at most `limit` models, from the one at `offset` on, counted from 0. The service
    /// takes limits of 1 to 500.
    ///
    /// # Errors
    /// Those of the service and the network.
    pub async fn page(self, offset: usize, limit: usize) -> Result<CataloguePage, Error> {
        read(self.api, &self.query, offset, limit).await
    }

    /// Reads the entry of one model, which always has its schemas. What the listing is narrowed to
    /// does not matter here.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownModel`] or [`ErrorKind::NotFound`] where there is no such model, and else those
    /// of the service and the network.
    pub async fn get(self, model_id: &str) -> Result<CatalogueEntry, Error> {
        let of_reply = |reply: &Reply| {
            let entry = entry_of(&Value::Object(reply.object()?), reply)?;
            if entry.model_id.is_empty() {
                return Err(reply.unreadable("has no text `model_id`"));
            }
            Ok(entry)
        };
        self.api.model(model_id, of_reply).await
    }

    /// Reads the categories that models are in. What is no text, which no documentation rules out,
    /// is given as JSON.
    ///
    /// # Errors
    /// Those of the service and the network.
    pub async fn categories(self) -> Result<Vec<String>, Error> {
        let of_reply = |reply: &Reply| {
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
        self.api.model(CATEGORIES, of_reply).await
    }
}

/// Not a method: an observer need not be `Sync`, so no future may hold a `&Catalogue` and go to
/// another thread.
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
    /// The model's id, such as `bytedance/dreamina-4-0/edit`; empty where the service gives none,
    /// since one odd entry must not hide the others.
    #[must_use]
    pub fn model_id(&self) -> &str {
        &self.model_id
    }

    /// The name that people read.
    #[must_use]
    pub fn display_name(&self) -> Option<&str> {
        self.text("display_name")
    }

    /// What the model does.
    #[must_use]
    pub fn description(&self) -> Option<&str> {
        self.text("description")
    }

    /// `model`, `workflow` or `inference`.
    #[must_use]
    pub fn kind(&self) -> Option<&str> {
        self.text("kind")
    }

    /// The categories it is in.
    pub fn categories(&self) -> impl Iterator<Item = &str> {
        let list = self.json.get("categories").and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Value::as_str)
    }

    /// The base price in US dollars, for one [`price_unit`](Self::price_unit).
    #[must_use]
    pub fn base_price_usd(&self) -> Option<f64> {
        self.json.get("base_price_usd").and_then(Value::as_f64)
    }

    /// What the price is for: `output`, `second`, …
    #[must_use]
    pub fn price_unit(&self) -> Option<&str> {
        self.text("price_unit")
    }

    /// Everything that the service says, with the schemas where they were asked for: the form in
    /// which [`ModelSchema::parse`](runcomfy_schema::ModelSchema::parse) takes it.
    #[must_use]
    pub fn json(&self) -> &Map<String, Json> {
        &self.json
    }

    /// The same, owned.
    #[must_use]
    pub fn into_json(self) -> Json {
        Json::Object(self.json)
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.json.get(key).and_then(Value::as_str)
    }
}
