//! `runcomfy run`, and the calls about a job that exists.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::ArgMatches;
use runcomfy::{CancelOutcome, Client, Job, Json, ModelSchema, Output, Status, nearest};
use serde_json::{Map, json};

use crate::failure::Failure;
use crate::flags;
use crate::progress::Progress;
use crate::session::Session;
use crate::show::Format;

/// Submits, waits, downloads. Everything about the input is checked before anything is set up.
pub(crate) async fn run(matches: &ArgMatches, format: Format) -> Result<(), Failure> {
    let model_id = text(matches, "model_id");
    let model = runcomfy_models::find(model_id);
    let emulate = matches.get_flag("emulate");
    let input = input(matches, model, model_id, emulate)?;
    let session = if emulate {
        Session::emulated().await?
    } else {
        Session::service()?
    };
    let mut progress = Progress::new(matches.get_flag("quiet") || format == Format::Json);
    progress.say("submitting");
    let job = session.client.submit_json(model_id, &input).await?;
    let id = job.request_id();
    if matches.get_flag("no-wait") {
        progress.end();
        format.print(
            &json!({ "request_id": id.as_str(), "status": "in_queue" }),
            || id.to_string(),
        );
        return Ok(());
    }
    progress.note(&format!("submitted {model_id} as {id}"));
    let output = wait(&job, matches, &mut progress).await?;
    let mut files = Vec::new();
    if !matches.get_flag("no-download") {
        let folder = Path::new(text(matches, "output-dir"));
        files = download(&session.client, &output, folder, &mut progress).await?;
    }
    progress.end();
    let shown: Vec<String> = files
        .iter()
        .map(|file| file.strip_prefix(".").unwrap_or(file).display().to_string())
        .collect();
    let json = json!({ "request_id": id.as_str(), "status": "succeeded", "output": output, "files": shown });
    format.print(&json, || outcome(&output, &shown));
    Ok(())
}

fn text<'a>(matches: &'a ArgMatches, name: &str) -> &'a str {
    // Only asked of arguments that are required or have a default.
    matches
        .get_one::<String>(name)
        .map(String::as_str)
        .unwrap_or_default()
}

/// The input from `--input` and the flags, validated.
fn input(
    matches: &ArgMatches,
    model: Option<&ModelSchema>,
    model_id: &str,
    emulate: bool,
) -> Result<Json, Failure> {
    let Some(model) = model else {
        return unknown_model(matches, model_id, emulate);
    };
    let mut input = given(matches)?.unwrap_or_default();
    flags::apply(model, matches, &mut input);
    let input = Json::Object(input);
    let violations = model.validate(&input);
    if violations.refuse() {
        return Err(Failure::violations(model_id, violations));
    }
    for warning in &violations {
        eprintln!("warning: {warning}");
    }
    Ok(input)
}

/// The service may know models that are not built in; their input is sent as it is, but only
/// where the caller cannot have meant another.
fn unknown_model(matches: &ArgMatches, model_id: &str, emulate: bool) -> Result<Json, Failure> {
    let ids = runcomfy_models::ALL.iter().map(|model| &*model.id);
    let hint = match nearest(model_id, ids) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`runcomfy models list` lists those that are".to_owned(),
    };
    match given(matches)? {
        Some(input) if !emulate => {
            eprintln!(
                "warning: the model `{model_id}` is not built in, so its input is not checked; {hint}"
            );
            Ok(Json::Object(input))
        }
        _ => Err(Failure::input(format!(
            "the model `{model_id}` is not built in; {hint}"
        ))),
    }
}

/// What `--input` or `--input-file` gives.
fn given(matches: &ArgMatches) -> Result<Option<Map<String, Json>>, Failure> {
    let inline = matches.get_one::<String>("input").map(String::as_str);
    let file = matches.get_one::<String>("input-file").map(String::as_str);
    let (text, from) = match (inline, file) {
        (Some("-"), _) | (_, Some("-")) => (read_stdin()?, "standard input".to_owned()),
        (Some(input), _) => match input.strip_prefix('@') {
            Some(path) => (read_file(path)?, format!("`{path}`")),
            None => (input.to_owned(), "--input".to_owned()),
        },
        (None, Some(path)) => (read_file(path)?, format!("`{path}`")),
        (None, None) => return Ok(None),
    };
    match serde_json::from_str(&text) {
        Ok(Json::Object(map)) => Ok(Some(map)),
        Ok(_) => Err(Failure::input(format!(
            "found other JSON in {from}, expected an object such as {{\"prompt\": \"…\"}}"
        ))),
        Err(error) => Err(Failure::input(format!("{from} is not JSON: {error}"))),
    }
}

fn read_stdin() -> Result<String, Failure> {
    let mut text = String::new();
    match std::io::stdin().read_to_string(&mut text) {
        Ok(_) => Ok(text),
        Err(error) => Err(Failure::unreadable(format!(
            "could not read standard input: {error}"
        ))),
    }
}

fn read_file(path: &str) -> Result<String, Failure> {
    std::fs::read_to_string(path)
        .map_err(|e| Failure::unreadable(format!("could not read `{path}`: {e}")))
}

async fn wait(
    job: &Job<Output>,
    matches: &ArgMatches,
    progress: &mut Progress,
) -> Result<Output, Failure> {
    let mut wait = job.wait().on_status(|status| progress.status(status));
    if let Some(seconds) = matches.get_one::<u64>("timeout") {
        wait = wait.deadline(Duration::from_secs(*seconds));
    }
    Ok(wait.await?)
}

async fn download(
    client: &Client,
    output: &Output,
    folder: &Path,
    progress: &mut Progress,
) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for url in output.urls() {
        progress.say("downloading");
        files.push(client.download(url, folder).await?);
    }
    Ok(files)
}

fn outcome(output: &Output, files: &[String]) -> String {
    match (files, output.urls()) {
        ([], urls) if urls.is_empty() => output.as_value().to_string(),
        ([], urls) => urls.join("\n"),
        (files, _) => files
            .iter()
            .map(|file| format!("saved {file}"))
            .collect::<Vec<_>>()
            .join("\n"),
    }
}

pub(crate) async fn status(matches: &ArgMatches, format: Format) -> Result<(), Failure> {
    let job = job(matches)?;
    let status = job.status().await?;
    let json = json!({
        "request_id": job.request_id().as_str(),
        "status": status.status.to_string(),
        "queue_position": status.queue_position,
    });
    format.print(&json, || match status.queue_position {
        Some(position) => format!("{}, position {position}", status.status),
        None => status.status.to_string(),
    });
    Ok(())
}

pub(crate) async fn result(matches: &ArgMatches, format: Format) -> Result<(), Failure> {
    let job = job(matches)?;
    let result = job.result().await?;
    let json = json!({
        "request_id": job.request_id().as_str(),
        "status": result.status.to_string(),
        "output": result.output,
        "error": result.error,
        "created_at": result.created_at,
        "finished_at": result.finished_at,
    });
    format.print(&json, || match (&result.output, &result.error) {
        (Some(output), _) if result.status == Status::Succeeded => outcome(output, &[]),
        (_, Some(error)) => format!("{}: {error}", result.status),
        _ => result.status.to_string(),
    });
    Ok(())
}

pub(crate) async fn cancel(matches: &ArgMatches, format: Format) -> Result<(), Failure> {
    let job = job(matches)?;
    let outcome = job.cancel().await?;
    let (word, sentence) = match &outcome {
        CancelOutcome::Cancelled => ("cancelled", "cancelled before it ran"),
        CancelOutcome::NotCancellable => (
            "not_cancellable",
            "it runs already or has ended, so it cannot be cancelled",
        ),
        CancelOutcome::Other(other) => (other.as_str(), other.as_str()),
        _ => ("", ""),
    };
    let json = json!({ "request_id": job.request_id().as_str(), "outcome": word });
    format.print(&json, || sentence.to_owned());
    Ok(())
}

fn job(matches: &ArgMatches) -> Result<Job<Output>, Failure> {
    let text = text(matches, "request_id");
    let id = text
        .parse()
        .map_err(|e| Failure::usage(format!("found {text:?}: {e}")))?;
    Ok(Session::service()?.client.json_job(id))
}
