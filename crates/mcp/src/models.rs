//! Models: their schemas and prices.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use runcomfy::catalogue::CatalogueEntry;
use runcomfy::schema::{Json, ModelSchema, Severity, matches_glob, nearest};
use runcomfy::{Client, ErrorKind};
use runcomfy_batch::Money;
use serde_json::{Value, json};

use crate::refusal::Refusal;
use crate::serve_error::{ServeError, ServeErrorKind};

/// Finds models: in the schemas that are built in, and in the catalogue.
pub(crate) struct Models {
    client: Client,
    built_in: Vec<Arc<ModelSchema>>,
    price_per_job: Option<Money>,
    known: Mutex<HashMap<String, (Instant, Arc<Model>)>>,
}

/// A model.
pub(crate) struct Model {
    pub(crate) schema: Arc<ModelSchema>,
    /// The catalogue's entry, or the reason for which there is none.
    entry: Result<CatalogueEntry, String>,
    price_per_job: Option<Money>,
}

/// Maximum time for the catalogue: a submit answers within ten seconds.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Maximum time for the whole catalogue, while a client waits for the start of the server.
const LIST_TIMEOUT: Duration = Duration::from_secs(15);
/// Time for which an entry of the catalogue is believed.
const FRESH: Duration = Duration::from_secs(300);

impl Models {
    pub(crate) fn new(
        client: Client,
        built_in: Vec<Arc<ModelSchema>>,
        price_per_job: Option<Money>,
    ) -> Self {
        Self {
            client,
            built_in,
            price_per_job,
            known: Mutex::default(),
        }
    }

    /// Returns the ids of the models that are built in.
    pub(crate) fn built_in(&self) -> impl Iterator<Item = &str> {
        self.built_in.iter().map(|model| &*model.id)
    }

    /// Returns the schema of a model that is built in, or that was found before.
    pub(crate) fn known_schema(&self, id: &str) -> Option<Arc<ModelSchema>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let found = known.get(id).map(|(_, model)| Arc::clone(&model.schema));
        found.or_else(|| self.built_in_schema(id))
    }

    fn built_in_schema(&self, id: &str) -> Option<Arc<ModelSchema>> {
        self.built_in.iter().find(|model| *model.id == *id).cloned()
    }

    /// Finds a model by its id.
    ///
    /// # Errors
    /// If there is none, or its schema cannot be known: an input that is not checked is not submitted.
    pub(crate) async fn find(&self, id: &str) -> Result<Arc<Model>, Refusal> {
        let fresh = {
            let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            let found = known.get(id).filter(|(since, _)| since.elapsed() < FRESH);
            found.map(|(_, model)| Arc::clone(model))
        };
        if let Some(model) = fresh {
            return Ok(model);
        }
        let request = self.client.catalogue().get(id);
        let entry = match tokio::time::timeout(TIMEOUT, request).await {
            Err(_) => Err("the catalogue did not respond in time".to_owned()),
            Ok(Err(error)) => match error.kind() {
                ErrorKind::UnknownModel | ErrorKind::NotFound | ErrorKind::Configuration => {
                    return Err(self.unknown(id));
                }
                _ => Err(format!("the catalogue could not be queried: {error}")),
            },
            Ok(Ok(entry)) => Ok(entry),
        };
        let schema = match (self.built_in_schema(id), &entry) {
            (Some(schema), _) => schema,
            (None, Ok(entry)) => Arc::new(parse(id, entry)?),
            (None, Err(why)) => {
                return Err(Refusal::new(
                    format!("the schema of `{id}` is unknown: {why}"),
                    "Call the tool again in some seconds, or tell the user.",
                ));
            }
        };
        Ok(self.keep(schema, entry))
    }

    /// Returns a model, and keeps one that the catalogue has.
    fn keep(&self, schema: Arc<ModelSchema>, entry: Result<CatalogueEntry, String>) -> Arc<Model> {
        let is_whole = entry.is_ok();
        let model = Arc::new(Model {
            schema,
            entry,
            price_per_job: self.price_per_job,
        });
        if is_whole {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            known.insert(model.id().to_owned(), (Instant::now(), Arc::clone(&model)));
        }
        model
    }

    /// Returns the models whose ids match one of the patterns, by id. Models whose schema cannot be read are
    /// left out, and so are those of the catalogue while it cannot be queried.
    ///
    /// # Errors
    /// [`ServeErrorKind::UnknownModel`]: a pattern matches no model of the catalogue, which is a slip.
    pub(crate) async fn matching(
        &self,
        patterns: &[String],
    ) -> Result<Vec<Arc<ModelSchema>>, ServeError> {
        if patterns.is_empty() {
            return Ok(Vec::new());
        }
        let is_chosen = |id: &str| patterns.iter().any(|pattern| matches_glob(pattern, id));
        let request = self.client.catalogue().with_schemas().entries();
        let entries = tokio::time::timeout(LIST_TIMEOUT, request).await;
        let (entries, is_whole) = match entries {
            Ok(Ok(entries)) => (entries, true),
            Ok(Err(_)) | Err(_) => (Vec::new(), false),
        };
        let listed = || entries.iter().map(CatalogueEntry::model_id);
        let is_lost = |pattern: &&String| {
            let mut ids = self.built_in().chain(listed());
            !ids.any(|id| matches_glob(pattern, id))
        };
        if let Some(pattern) = patterns.iter().find(is_lost).filter(|_| is_whole) {
            let message = format!("no model matches `{pattern}`");
            return Err(ServeError::new(ServeErrorKind::UnknownModel, message));
        }
        let built_in = self.built_in.iter().filter(|model| is_chosen(&model.id));
        let mut models: BTreeMap<String, Arc<ModelSchema>> = built_in
            .map(|model| (model.id.to_string(), Arc::clone(model)))
            .collect();
        for entry in entries {
            let id = entry.model_id().to_owned();
            if !is_chosen(&id) {
                continue;
            }
            let schema = match self.built_in_schema(&id) {
                Some(schema) => schema,
                None => match parse(&id, &entry) {
                    Ok(schema) => Arc::new(schema),
                    Err(_) => continue,
                },
            };
            models.insert(id, Arc::clone(&self.keep(schema, Ok(entry)).schema));
        }
        Ok(models.into_values().collect())
    }

    fn unknown(&self, id: &str) -> Refusal {
        let word = id.to_lowercase();
        let similar = self.built_in().filter(|known| known.contains(&word));
        let mut similar: Vec<&str> = similar.filter(|_| !word.is_empty()).collect();
        similar.extend(nearest(id, self.built_in()).filter(|near| !similar.contains(near)));
        let refusal = Refusal::new(
            format!("there is no model `{id}`"),
            "Find its id with `search_models`.",
        );
        if similar.is_empty() {
            refusal
        } else {
            refusal.with("did_you_mean", similar)
        }
    }
}

/// Reads the schema in an entry of the catalogue.
fn parse(id: &str, entry: &CatalogueEntry) -> Result<ModelSchema, Refusal> {
    let documents = [entry.json().clone().into()];
    let (schema, diagnostics) = ModelSchema::parse_lenient(Some(id), &documents);
    schema.ok_or_else(|| {
        let errors = diagnostics.iter().filter(|it| it.severity == Severity::Error);
        let errors: Vec<String> = errors.map(|it| it.message.clone()).collect();
        Refusal::new(
            format!(
                "the schema of `{id}` in the catalogue cannot be read, so that no input of it can be checked: {}",
                errors.join("; ")
            ),
            "Use another model, or tell the user.",
        )
    })
}

impl Model {
    pub(crate) fn id(&self) -> &str {
        &self.schema.id
    }

    pub(crate) fn entry(&self) -> Option<&CatalogueEntry> {
        self.entry.as_ref().ok()
    }

    /// Estimates the cost of a job.
    ///
    /// # Errors
    /// If it is unknown.
    pub(crate) fn estimate(&self, input: &Json) -> Result<Money, Refusal> {
        let why = match &self.entry {
            Err(why) => why.clone(),
            Ok(entry) => match entry.estimate_usd(Some(&self.schema), input) {
                Ok(usd) => match Money::from_usd(usd) {
                    Some(sum) => return Ok(sum),
                    None => "the price is no sum of money".to_owned(),
                },
                Err(unknown) => unknown.to_string(),
            },
        };
        self.price_per_job.ok_or_else(|| {
            Refusal::new(
                format!("the cost of a job of `{}` is unknown: {why}", self.id()),
                "Ask the user to start `runcomfy mcp` with `--price-per-job USD`, the most that such a job may cost; or use another model.",
            )
        })
    }

    /// Returns the price as the catalogue has it.
    pub(crate) fn price(&self) -> Value {
        match &self.entry {
            Ok(entry) => price_of(entry),
            Err(why) => json!({ "unknown": why }),
        }
    }
}

/// Returns the price of an entry.
pub(crate) fn price_of(entry: &CatalogueEntry) -> Value {
    json!({ "usd": entry.base_price_usd(), "per": entry.price_unit() })
}
