//! The model that the command line names, and where its schema comes from.

use std::borrow::Cow;
use std::time::Duration;

use runcomfy::ErrorKind;
use runcomfy::catalogue::CatalogueEntry;
use runcomfy::schema::{Diagnostic, Json, ModelSchema, Severity, nearest};

use crate::advice::NOTHING_SUBMITTED;
use crate::failure::Failure;
use crate::patience::telling;
use crate::session::{self, Session};
use crate::show::{self, Format};
use crate::stop::unless_stopped;
use crate::words::Words;

/// A model whose schema is at hand.
#[derive(Clone, Debug)]
pub(crate) struct Model {
    /// Its schema.
    pub(crate) schema: Cow<'static, ModelSchema>,
    /// What is odd in it: what is named there is not checked.
    pub(crate) warnings: Vec<String>,
    /// What the catalogue says of it, where it was asked.
    pub(crate) entry: Option<CatalogueEntry>,
}

/// What is known of the model that the command line names.
#[derive(Debug)]
pub(crate) enum Named {
    /// It names none.
    Nothing,
    /// Its schema is at hand.
    Known(Box<Model>),
    /// Its schema could not be had, and why not.
    Unknown(String),
}

/// The catalogue is asked before anything else can happen, so it must not take long.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(20);

impl Named {
    /// The schema, where it is known.
    pub(crate) fn schema(&self) -> Option<&ModelSchema> {
        self.known().map(|model| &*model.schema)
    }

    /// The model, where it is known.
    pub(crate) fn known(&self) -> Option<&Model> {
        match self {
            Self::Known(model) => Some(model),
            _ => None,
        }
    }
}

/// Finds the schema of the model that is named: in the file of `--schema`, among the built-in
/// ones, in the service's catalogue. `ask` allows the last.
pub(crate) fn named(words: &Words, ask: bool) -> Result<Named, Failure> {
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
    let hint = hint(id);
    if words.emulate || !ask || !id.contains('/') {
        return Ok(Named::Unknown(format!("it is not built in; {hint}")));
    }
    session::block_on(unless_stopped(in_catalogue(id, words), NOTHING_SUBMITTED))
}

async fn in_catalogue(id: &str, words: &Words) -> Result<Named, Failure> {
    let why =
        |why: &str| format!("it is not built in, and the catalogue could not be asked: {why}");
    let unknown = |because: &str| Named::Unknown(format!("{}; {}", why(because), hint(id)));
    // A submit without its check is for who wants one.
    let for_now = |failure: Failure| {
        if words.unchecked {
            return Ok(unknown(failure.message()));
        }
        let send = match words.command.as_deref() {
            Some("run") => ", or have the input sent as it is with --unchecked",
            _ => "",
        };
        let message = format!(
            "the schema of `{id}` is not known: {}",
            why(failure.message())
        );
        Err(failure.saying(message).advised(format!(
            "{NOTHING_SUBMITTED} Try again in a moment, give the schema with --schema FILE{send}."
        )))
    };
    let session = match Session::service() {
        Ok(session) => session,
        Err(failure) => return Ok(unknown(failure.message())),
    };
    let say = || {
        if !words.quiet && words.format() != Format::Json {
            show::note(&format!("asking the catalogue for the schema of `{id}`"));
        }
    };
    let asked = telling(session.client.catalogue().get(id), say);
    let entry = match tokio::time::timeout(MAX_RETRY_AFTER, asked).await {
        Err(_) => return for_now(Failure::busy("it did not answer in time")),
        Ok(Err(error)) if matches!(error.kind(), ErrorKind::UnknownModel | ErrorKind::NotFound) => {
            return Err(Failure::no_such_model(id, &hint(id)));
        }
        Ok(Err(error)) if error.is_transient() => return for_now(error.into()),
        Ok(Err(error)) => return Ok(unknown(&error.to_string())),
        Ok(Ok(entry)) => entry,
    };
    match parsed(id, &[entry.json().clone().into()]) {
        Ok(model) => Ok(Named::Known(Box::new(Model {
            entry: Some(entry),
            ..model
        }))),
        // The service may use words that this version does not know.
        Err(why) => Ok(Named::Unknown(format!(
            "its schema in the catalogue cannot be read: {why}"
        ))),
    }
}

fn in_file(id: &str, file: &str) -> Result<Model, Failure> {
    let text = std::fs::read_to_string(file)
        .map_err(|e| Failure::unreadable(format!("could not read the schema `{file}`: {e}")))?;
    // As a documentation page has them, the output's schema may follow the input's.
    let documents: Result<Vec<Json>, _> = serde_json::Deserializer::from_str(&text)
        .into_iter()
        .collect();
    let documents =
        documents.map_err(|e| Failure::input(format!("the schema `{file}` is not JSON: {e}")))?;
    parsed(id, &documents)
        .map_err(|why| Failure::input(format!("the schema `{file}` is faulty: {why}")))
}

fn parsed(id: &str, documents: &[Json]) -> Result<Model, String> {
    let (schema, diagnostics) = ModelSchema::parse(Some(id), documents);
    let all = |severity| {
        let diagnostics = diagnostics.iter().filter(move |p| p.severity == severity);
        diagnostics.map(in_words)
    };
    match schema {
        Some(schema) => Ok(Model {
            schema: Cow::Owned(schema),
            warnings: all(Severity::Warning)
                .map(|text| format!("in the schema, {text}"))
                .collect(),
            entry: None,
        }),
        None => Err(all(Severity::Error).collect::<Vec<_>>().join("; ")),
    }
}

fn in_words(diagnostic: &Diagnostic) -> String {
    let parts = [&*diagnostic.message, &*diagnostic.help];
    let said: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    match &*diagnostic.pointer {
        // The whole document.
        "" => said.join("; "),
        pointer => format!("{pointer}: {}", said.join("; ")),
    }
}

/// What may have been meant, or where to look.
pub(crate) fn hint(model_id: &str) -> String {
    let ids = runcomfy_models::ALL.iter().map(|model| model.id());
    match nearest(model_id, ids) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`runcomfy models list` shows what there is".to_owned(),
    }
}
