//! The models of the lines: their schemas and prices.

use std::collections::BTreeMap;
use std::sync::Arc;

use runcomfy::catalogue::CatalogueEntry;
use runcomfy::schema::{Json, ModelSchema};
use runcomfy_batch::Money;

use super::job_source::JobSource;
use super::options::Options;
use crate::failure::Failure;
use crate::model::{self, Named};
use crate::notice::with_notice;
use crate::price;
use crate::show;
use crate::words::Words;

/// The models of the lines of a file, by their ids.
pub(super) struct Models {
    known: BTreeMap<String, Arc<Model>>,
    /// Ids that no model has, with what may be meant.
    unknown: BTreeMap<String, String>,
    /// Model of `--schema`.
    given: Option<String>,
    /// First failure of a query for a price, after which a later run may find it.
    failure: Option<Failure>,
}

/// A model with its schema and its price.
pub(super) struct Model {
    pub(super) schema: ModelSchema,
    /// The estimate of each job by the command line.
    given: Option<Money>,
    price: Price,
}

/// Price of the jobs of a model.
enum Price {
    /// An emulated job costs nothing.
    Free,
    /// The catalogue's price, which depends on the input.
    Catalogue(Box<CatalogueEntry>),
    Unknown(String),
}

impl Models {
    /// Finds the schemas of all models that lines name.
    ///
    /// # Errors
    /// If a schema cannot be loaded. A model that does not exist is a fault of its lines.
    pub(super) fn resolve(source: &JobSource, options: &Options) -> Result<Self, Failure> {
        let mut models = Self {
            known: BTreeMap::new(),
            unknown: BTreeMap::new(),
            given: options.schema.as_ref().and(options.model.clone()),
            failure: None,
        };
        for line in source.lines()? {
            let line = line.map_err(|error| source.unreadable(&error))?;
            let Some(id) = line.model().or(options.model.as_deref()) else {
                continue;
            };
            if !models.known.contains_key(id) && !models.unknown.contains_key(id) {
                models.add(id, options)?;
            }
        }
        Ok(models)
    }

    fn add(&mut self, id: &str, options: &Options) -> Result<(), Failure> {
        let schema = options.schema.as_deref();
        let schema = schema.filter(|_| options.model.as_deref() == Some(id));
        let words = Words::of_model(id, schema, options.work.emulate, options.work.quiet);
        match model::resolve(&words, true) {
            Ok(Named::Known(model)) => {
                for warning in &model.warnings {
                    show::warn(&format!("`{id}`: {warning}"));
                }
                let price = match (options.work.emulate, model.entry) {
                    (true, _) => Price::Free,
                    (false, Some(entry)) => Price::Catalogue(Box::new(entry)),
                    (false, None) => Price::Unknown("it was not fetched".to_owned()),
                };
                let model = Arc::new(Model {
                    schema: model.schema.into_owned(),
                    given: options.price_per_job,
                    price,
                });
                self.known.insert(id.to_owned(), model);
            }
            Ok(_) => {
                let hint = model::hint(id);
                self.unknown.insert(id.to_owned(), hint);
            }
            Err(failure) if failure.is_about_model() => {
                self.unknown
                    .insert(id.to_owned(), failure.message().to_owned());
            }
            Err(failure) => return Err(failure),
        }
        Ok(())
    }

    /// Fetches the prices of models whose catalogue entries are not known yet.
    ///
    /// # Errors
    /// If the configuration of the client is invalid.
    pub(super) async fn fetch_prices(&mut self, options: &Options) -> Result<(), Failure> {
        for (id, model) in &mut self.known {
            let Some(model) = Arc::get_mut(model).filter(|model| model.price.is_unknown()) else {
                continue;
            };
            let notice = || {
                if !options.work.quiet {
                    show::note(&format!("querying the catalogue for the price of `{id}`"));
                }
            };
            model.price = match with_notice(price::query(id), notice).await? {
                Ok(entry) => Price::Catalogue(Box::new(entry)),
                Err(none) => {
                    let why = none.to_string();
                    self.failure = self.failure.take().or(none.into_failure());
                    Price::Unknown(why)
                }
            };
            if let (Some(given), Price::Unknown(why)) = (model.given, &model.price)
                && !options.work.quiet
            {
                show::note(&format!(
                    "the estimate of {given} for each job of `{id}` is not compared with the catalogue's price: {why}"
                ));
            }
        }
        Ok(())
    }

    /// Takes the failure of a query for a price, if a later run may find that price.
    pub(super) fn take_failure(&mut self) -> Option<Failure> {
        self.failure.take()
    }

    /// Returns the model of an id.
    pub(super) fn find(&self, id: &str) -> Option<&Arc<Model>> {
        self.known.get(id)
    }

    /// Returns the reason for which there is no model of an id.
    pub(super) fn why_unknown(&self, id: &str) -> String {
        let why = self.unknown.get(id).cloned();
        why.unwrap_or_else(|| format!("there is no model `{id}`"))
    }

    /// Returns the schema of `--schema`.
    pub(super) fn given(&self) -> Option<&ModelSchema> {
        let model = self.known.get(self.given.as_ref()?)?;
        Some(&model.schema)
    }

    /// Returns the ids and models.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&String, &Arc<Model>)> {
        self.known.iter()
    }

    /// Returns the ids and schemas as they are kept in the store.
    pub(super) fn schemas(&self) -> Vec<(String, Json)> {
        let schemas = self.known.iter();
        schemas
            .map(|(id, model)| (id.clone(), model.schema.input.to_json_schema()))
            .collect()
    }
}

impl Model {
    /// Estimates the cost of a job.
    ///
    /// # Errors
    /// The reason for which it is unknown.
    pub(super) fn estimate(&self, input: &Json) -> Result<Money, String> {
        match self.given {
            Some(given) if !matches!(self.price, Price::Free) => Ok(given),
            _ => self.listed(input),
        }
    }

    /// Returns the cost of a job by the catalogue, where the command line has another estimate.
    pub(super) fn not_estimated(&self, input: &Json) -> Option<Money> {
        self.given.and_then(|_| self.listed(input).ok())
    }

    fn listed(&self, input: &Json) -> Result<Money, String> {
        match &self.price {
            Price::Free => Ok(Money::ZERO),
            Price::Unknown(why) => Err(why.clone()),
            Price::Catalogue(entry) => {
                let usd = price::estimate(entry, Some(&self.schema), input)?;
                Money::from_usd(usd).ok_or_else(|| "the price is no sum of money".to_owned())
            }
        }
    }
}

impl Price {
    fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown(_))
    }
}
