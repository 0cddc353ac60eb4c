//! Resources: schemas of models, jobs, and the files that were saved.

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rmcp::model::{ErrorData, ReadResourceResult, Resource, ResourceContents, ResourceTemplate};
use runcomfy::media::Facts;
use runcomfy::schema::{Json, Literal};
use runcomfy_batch::State;
use serde_json::Value;
use url::Url;

use crate::answer;
use crate::refusal::Refusal;
use crate::shared::Shared;
use crate::tools::resource;

/// Address of the schema of a model's input.
pub(crate) const SCHEMA: &str = "runcomfy://models/{+model}/schema";
/// Address of the schema of a property; `value` is there to be completed.
pub(crate) const PROPERTY: &str = "runcomfy://models/{+model}/properties/{property}{?value}";
/// Address of a job.
pub(crate) const JOB: &str = "runcomfy://jobs/{+key}";

const MODELS: &str = "runcomfy://models/";
const JOBS: &str = "runcomfy://jobs/";
const JSON: &str = "application/json";

/// Maximum number of jobs whose files are listed.
const MAX_JOBS: usize = 50;
/// Size of the largest file that is sent over the protocol.
const MAX_BYTES: u64 = 10 << 20;

pub(crate) fn templates() -> Vec<ResourceTemplate> {
    let template = |address: &str, name: &str, about: &str| {
        ResourceTemplate::new(address, name)
            .with_description(about)
            .with_mime_type(JSON)
    };
    vec![
        template(SCHEMA, "schema", "JSON Schema of a model's input"),
        template(
            PROPERTY,
            "property",
            "JSON Schema of a property, with its allowed values",
        ),
        template(JOB, "job", "State, cost and files of a job"),
    ]
}

/// Lists the files of the jobs that were saved and imported last, the last job first.
pub(crate) async fn list(shared: &Shared) -> Result<Vec<Resource>, Refusal> {
    let saved = vec![State::Saved];
    let latest = shared.store.latest(String::new(), saved, MAX_JOBS).await?;
    let files: Vec<PathBuf> = latest.iter().flat_map(answer::files).collect();
    let list = move || files.iter().filter_map(|file| resource(file)).collect();
    let list = tokio::task::spawn_blocking(list).await;
    list.map_err(|error| {
        Refusal::new(
            format!("the files were not read: {error}"),
            "Tell the user.",
        )
    })
}

/// Reads a resource.
pub(crate) async fn read(shared: &Shared, address: &str) -> Result<ReadResourceResult, ErrorData> {
    let missing = |why: &str| {
        let message =
            format!("{why}; `resources/list` and `resources/templates/list` name what there is");
        ErrorData::resource_not_found(message, None)
    };
    let contents = if let Some(model) = address.strip_prefix(MODELS) {
        let value = of_model(shared, model).await.map_err(|why| missing(&why))?;
        text(&value, address)
    } else if let Some(key) = address.strip_prefix(JOBS) {
        let row = match key.parse() {
            Ok(id) => shared.store.find(id).await.map_err(failed)?,
            Err(_) => None,
        };
        let row = row.ok_or_else(|| missing("the store has no such job"))?;
        text(&Value::Object(answer::job(shared, &row)), address)
    } else {
        let file = file(shared, address).await.map_err(failed)?;
        let file = file.ok_or_else(|| missing("no job has saved such a file"))?;
        of_file(file, address).await?
    };
    Ok(ReadResourceResult::new(vec![contents]))
}

async fn of_model(shared: &Shared, path: &str) -> Result<Json, String> {
    let find = async |id: &str| {
        let model = shared.models.find(id).await;
        model.map_err(|_| format!("there is no model `{id}`"))
    };
    if let Some(id) = path.strip_suffix("/schema") {
        return Ok(find(id).await?.schema.input.to_json_schema());
    }
    let (id, property) = path
        .split_once("/properties/")
        .ok_or("the address is none of a model")?;
    let property = property.split('?').next().unwrap_or_default();
    let property = percent_decoded(property);
    let schema = &find(id).await?.schema;
    let mut properties = schema.input.properties().unwrap_or_default().iter();
    let found = properties.find(|known| *known.name == *property);
    let found = found.ok_or_else(|| format!("`{id}` has no property `{property}`"))?;
    Ok(found.schema.to_json_schema())
}

/// Decodes a part of an address, as `url` does with a query.
fn percent_decoded(text: &str) -> String {
    let mut pairs = url::form_urlencoded::parse(text.as_bytes());
    pairs
        .next()
        .map_or_else(String::new, |(name, _)| name.into_owned())
}

fn text(value: &Json, address: &str) -> ResourceContents {
    ResourceContents::text(format!("{value:#}"), address).with_mime_type(JSON)
}

/// Finds a saved file by its address. Other files of this machine are none of the server's.
async fn file(shared: &Shared, address: &str) -> Result<Option<PathBuf>, Refusal> {
    let path = Url::parse(address)
        .ok()
        .and_then(|url| url.to_file_path().ok());
    // A name begins with the number of its job.
    let number = path
        .as_deref()
        .and_then(Path::file_name)
        .and_then(|name| name.to_str()?.split('-').next()?.parse::<u64>().ok());
    let (Some(path), Some(n)) = (path, number.filter(|n| *n > 0)) else {
        return Ok(None);
    };
    let row = shared.store.rows(None, n - 1, 1).await?.pop();
    let row = row.filter(|row| row.n == n);
    Ok(row
        .filter(|row| answer::files(row).contains(&path))
        .map(|_| path))
}

async fn of_file(file: PathBuf, address: &str) -> Result<ResourceContents, ErrorData> {
    let unread = |why: String| {
        let message = format!("`{}` cannot be sent: {why}", file.display());
        ErrorData::internal_error(message, None)
    };
    let size = std::fs::metadata(&file)
        .map_err(|error| unread(error.to_string()))?
        .len();
    if size > MAX_BYTES {
        return Err(unread(format!(
            "it has {} MiB, above {}; open it on this machine",
            size >> 20,
            MAX_BYTES >> 20
        )));
    }
    let bytes = tokio::task::spawn_blocking({
        let file = file.clone();
        move || std::fs::read(file)
    });
    let bytes = bytes.await.map_err(|error| unread(error.to_string()))?;
    let bytes = bytes.map_err(|error| unread(error.to_string()))?;
    let media_type = Facts::from_bytes(&bytes).media_type();
    let kind = media_type.unwrap_or("application/octet-stream");
    Ok(ResourceContents::blob(STANDARD.encode(bytes), address).with_mime_type(kind))
}

fn failed(error: impl Into<Refusal>) -> ErrorData {
    ErrorData::internal_error(error.into().message().to_owned(), None)
}

/// Completes the value of a variable in an address of a model.
pub(crate) async fn complete(
    shared: &Shared,
    variable: &str,
    start: &str,
    given: impl Fn(&str) -> Option<String>,
) -> Vec<String> {
    let candidates: Vec<String> = match variable {
        "model" => {
            let mut ids: Vec<String> = shared.models.built_in().map(str::to_owned).collect();
            let page = shared.client.catalogue().search(start).page(0, 100).await;
            // Models that are built in need no network.
            let entries = page.map(|page| page.entries).unwrap_or_default();
            ids.extend(entries.iter().map(|entry| entry.model_id().to_owned()));
            ids.sort_unstable();
            ids.dedup();
            // A part of an id finds it too.
            ids.retain(|id| id.contains(start));
            return ids;
        }
        "property" | "value" => {
            let Some(model) = given("model") else {
                return Vec::new();
            };
            let Ok(model) = shared.models.find(&model).await else {
                return Vec::new();
            };
            let properties = model.schema.input.properties().unwrap_or_default().iter();
            if variable == "property" {
                properties
                    .map(|property| property.name.to_string())
                    .collect()
            } else {
                let name = given("property").unwrap_or_default();
                let mut named = properties.filter(|property| *property.name == *name);
                let choices = named.next().and_then(|property| property.schema.choices());
                choices.into_iter().flatten().map(word).collect()
            }
        }
        _ => Vec::new(),
    };
    let starts = |candidate: &String| candidate.starts_with(start);
    candidates.into_iter().filter(starts).collect()
}

/// Returns a member of an enum without the quotes of JSON.
fn word(member: &Literal) -> String {
    match member {
        Literal::Text(text) => text.to_string(),
        other => other.to_string(),
    }
}
