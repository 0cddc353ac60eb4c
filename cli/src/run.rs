//! `runcomfy run`, and the calls about a job that exists.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::ArgMatches;
use runcomfy::{CancelOutcome, Client, Job, Output, Status};
use serde_json::json;

use crate::failure::Failure;
use crate::input;
use crate::progress::Progress;
use crate::session::Session;
use crate::show::Format;

/// Submits, waits, downloads. Everything about the input is checked before anything is set up.
pub(crate) async fn run(matches: &ArgMatches, format: Format) -> Result<(), Failure> {
    let model_id = text(matches, "model_id");
    let emulate = matches.get_flag("emulate");
    let input = input::checked(matches, model_id, emulate).await?;
    let session = if emulate {
        Session::emulated().await?
    } else {
        Session::service()?
    };
    let mut progress = Progress::new(matches.get_flag("quiet") || format == Format::Json);
    progress.say("submitting");
    // Checked above, with all that the terminal has to say about it.
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
