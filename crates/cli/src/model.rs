//! The model that the command line names, and the source of its schema.

use std::borrow::Cow;
use std::time::Duration;

use runcomfy::ErrorKind;
use runcomfy::catalogue::CatalogueEntry;
use runcomfy::schema::{Diagnostic, Json, JsonDocuments, ModelSchema, Severity, nearest};
use serde_json::Map;

use crate::advice::{NOTHING_SUBMITTED, get_a_token};
use crate::failure::Failure;
use crate::interrupt::unless_stopped;
use crate::notice::with_notice;
use crate::progress::Notes;
use crate::session::{self, Session};
use crate::show;
use crate::words::Words;

/// A model with its schema.
#[derive(Clone, Debug)]
pub(crate) struct Model {
    /// The schema of the model.
    pub(crate) schema: Cow<'static, ModelSchema>,
    /// Warnings about parts of the schema that are not checked.
    pub(crate) warnings: Vec<String>,
    /// The catalogue entry, if the catalogue was queried.
    pub(crate) entry: Option<CatalogueEntry>,
}

impl Model {
    /// Reads the schema in a catalogue entry.
    ///
    /// # Errors
    /// If the schema is unusable; the error is the reason.
    pub(crate) fn from_entry(entry: CatalogueEntry) -> Result<Self, String> {
        let model = parsed(entry.model_id(), &[entry.json().clone().into()])?;
        Ok(Self {
            entry: Some(entry),
            ..model
        })
    }
}

/// The model that the command line names, as far as it is known.
#[derive(Debug)]
pub(crate) enum Named {
    /// No model is named.
    Nothing,
    /// The schema is known.
    Known(Box<Model>),
    /// The schema could not be loaded; holds the reason.
    Unknown(String),
}

/// Maximum time for the catalogue, which every other step waits for.
const CATALOGUE_TIMEOUT: Duration = Duration::from_secs(20);

impl Named {
    /// Returns the schema, if it is known.
    pub(crate) fn schema(&self) -> Option<&ModelSchema> {
        self.known().map(|model| &*model.schema)
    }

    /// Returns the model, if its schema is known.
    pub(crate) fn known(&self) -> Option<&Model> {
        match self {
            Self::Known(model) => Some(model),
            _ => None,
        }
    }
}

/// Finds the schema of the named model: in the file of `--schema`, in the built-in models, or, if
/// `may_query` is `true`, in the catalogue of the service.
///
/// # Errors
/// If the file cannot be read or is invalid, if the catalogue has no such model, or if the catalogue
/// cannot be reached and `--unchecked` is not set.
pub(crate) fn resolve(words: &Words, may_query: bool) -> Result<Named, Failure> {
    let Some(id) = &words.model_id else {
        return Ok(Named::Nothing);
    };
    if let Some(file) = &words.schema {
        return Ok(Named::Known(Box::new(in_file(id, file)?)));
    }
    if let Some(schema) = runcomfy_models::find(id) {
        return Ok(Named::Known(Box::new(Model {
            schema: Cow::Borrowed(schema),
            warnings: Vec::new(),
            entry: None,
        })));
    }
    if !may_query {
        return Ok(Named::Unknown(format!("it is not built in; {}", hint(id))));
    }
    if !id.contains('/') {
        return Err(Failure::no_such_model(id, &hint(id)));
    }
    session::block_on(unless_stopped(in_catalogue(id, words), NOTHING_SUBMITTED))
}

async fn in_catalogue(id: &str, words: &Words) -> Result<Named, Failure> {
    if words.emulate {
        // The emulator has the built-in models and that of --schema.
        return without_entry(id, words);
    }
    let notes = Notes::new(words.quiet || !words.format().has_words());
    let session = match Session::connect(notes, session::QUERY) {
        Ok(session) => session,
        // A misspelt name is the more likely reason, and needs no token to be found.
        Err(_) if suggestion(id).is_some() && !words.unchecked => {
            return Err(Failure::no_such_model(id, &hint(id)));
        }
        Err(failure) => return without_schema(id, words, NO_ANSWER, failure),
    };
    let notice = || {
        if !words.quiet && words.format().has_words() {
            show::note(&format!("querying the catalogue for the schema of `{id}`"));
        }
    };
    let request = with_notice(session.client.catalogue().get(id), notice);
    let entry = match tokio::time::timeout(CATALOGUE_TIMEOUT, request).await {
        Err(_) => {
            let failure = Failure::unavailable("it did not respond in time");
            return without_schema(id, words, NO_ANSWER, failure);
        }
        Ok(Err(error)) if matches!(error.kind(), ErrorKind::UnknownModel | ErrorKind::NotFound) => {
            return without_entry(id, words);
        }
        Ok(Err(error)) => return without_schema(id, words, NO_ANSWER, error.into()),
        Ok(Ok(entry)) => entry,
    };
    if entry
        .json()
        .get("input_schema")
        .and_then(|schema| schema.as_object())
        .is_none_or(Map::is_empty)
    {
        let failure = Failure::input("it has none");
        return without_schema(id, words, UNUSABLE, failure);
    }
    match Model::from_entry(entry) {
        Ok(model) => Ok(Named::Known(Box::new(model))),
        // The service may use keywords that this version does not know.
        Err(why) => without_schema(id, words, UNUSABLE, Failure::input(why)),
    }
}

/// Refuses a model that the catalogue does not have, unless `--unchecked` is set.
fn without_entry(id: &str, words: &Words) -> Result<Named, Failure> {
    if words.unchecked {
        return Ok(Named::Unknown(format!(
            "the catalogue has no such model; {}",
            hint(id)
        )));
    }
    let failure = Failure::no_such_model(id, &hint(id));
    let next = match words.command.as_deref() {
        Some("run") if words.emulate => {
            "The emulator has the built-in models, and others with --schema FILE."
        }
        Some("run") => "--unchecked sends the input anyway, without a check.",
        _ => return Err(failure),
    };
    Err(failure.with_advice(format!("{NOTHING_SUBMITTED} {next}")))
}

const NO_ANSWER: &str = "it is not built in, and the catalogue could not be queried";
const UNUSABLE: &str = "its schema in the catalogue cannot be used";

/// Refuses a model without a known schema, for whatever reason, unless `--unchecked` is set: a check
/// may save money.
fn without_schema(id: &str, words: &Words, what: &str, failure: Failure) -> Result<Named, Failure> {
    let why = format!("{what}: {}", failure.message());
    if words.unchecked {
        return Ok(Named::Unknown(format!("{why}; {}", hint(id))));
    }
    let send = match words.command.as_deref() {
        Some("run") => ", or send the input unchecked with --unchecked",
        _ => "",
    };
    let advice = if failure.is_transient() {
        format!(
            "{NOTHING_SUBMITTED} Run the command again later, pass the schema with --schema FILE{send}."
        )
    } else if failure.is_about_token() {
        let token = get_a_token(&why);
        format!("{NOTHING_SUBMITTED} {token} Or pass the schema with --schema FILE{send}.")
    } else {
        format!("{NOTHING_SUBMITTED} Pass the schema with --schema FILE{send}.")
    };
    let message = format!("the schema of `{id}` is unknown: {why}");
    Err(failure.with_message(message).with_advice(advice))
}

fn in_file(id: &str, file: &str) -> Result<Model, Failure> {
    let text = std::fs::File::open(file)
        .and_then(runcomfy::schema::read_json_text)
        .map_err(|e| Failure::unreadable(format!("could not read the schema `{file}`: {e}")))?;
    // As on a documentation page, the output schema may follow the input schema.
    let documents = JsonDocuments::parse(&text)
        .map_err(|e| Failure::input(format!("the schema `{file}` is not JSON: {e}")))?;
    let mut model = parsed(id, &documents.values)
        .map_err(|why| Failure::input(format!("the schema `{file}` is invalid: {why}")))?;
    let repeated = documents.repeated_keys.iter();
    let repeated = repeated.map(|key| format!("in the schema, {key}; the last one counts"));
    model.warnings.extend(repeated);
    Ok(model)
}

fn parsed(id: &str, documents: &[Json]) -> Result<Model, String> {
    let (schema, diagnostics) = ModelSchema::parse_lenient(Some(id), documents);
    let texts = |severity| {
        let diagnostics = diagnostics.iter().filter(move |p| p.severity == severity);
        diagnostics.map(to_text)
    };
    match schema {
        Some(schema) => Ok(Model {
            schema: Cow::Owned(schema),
            warnings: texts(Severity::Warning)
                .map(|text| format!("in the schema, {text}"))
                .collect(),
            entry: None,
        }),
        None => Err(texts(Severity::Error).collect::<Vec<_>>().join("; ")),
    }
}

fn to_text(diagnostic: &Diagnostic) -> String {
    let parts = [&*diagnostic.message, &*diagnostic.help];
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    match &*diagnostic.pointer {
        // The document as a whole.
        "" => parts.join("; "),
        pointer => format!("{pointer}: {}", parts.join("; ")),
    }
}

/// Meaning of the patterns that choose models by their ids, as in
/// [`matches_glob`](runcomfy::schema::matches_glob).
pub(crate) const PATTERNS: &str =
    "In a pattern `*` matches any part of a segment of an id, `**` anything, `?` one character.";

/// Returns a suggestion for a misspelt or partial model id, or the command that lists the models.
pub(crate) fn hint(model_id: &str) -> String {
    let suggestion = suggestion(model_id);
    suggestion.unwrap_or_else(|| "`runcomfy models list` lists the models".to_owned())
}

/// Returns the built-in models whose id contains this one or is near to it, as a question.
fn suggestion(model_id: &str) -> Option<String> {
    let word = model_id.to_lowercase();
    let containing: Vec<String> = built_in()
        .filter(|id| !word.is_empty() && id.to_lowercase().contains(&word))
        .map(|id| format!("`{id}`"))
        .collect();
    if !containing.is_empty() {
        return Some(format!("did you mean {}?", containing.join(" or ")));
    }
    let without_vendor = |id: &'static str| id.split_once('/').map(|(_, name)| (name, id));
    let names: Vec<(&str, &str)> = built_in().filter_map(without_vendor).collect();
    let near = nearest(model_id, built_in()).or_else(|| {
        let near = nearest(model_id, names.iter().map(|(name, _)| *name))?;
        names
            .iter()
            .find(|(name, _)| *name == near)
            .map(|(_, id)| *id)
    });
    near.map(|near| format!("did you mean `{near}`?"))
}

fn built_in() -> impl Iterator<Item = &'static str> {
    runcomfy_models::ALL.iter().map(|model| model.id())
}
