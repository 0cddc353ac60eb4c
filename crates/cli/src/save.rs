//! Saving the files of a job's output.

use std::path::{Path, PathBuf};
use std::{fs, io};

use clap::ArgMatches;
use runcomfy::schema::{Json, RedactedPaths};
use runcomfy::{Error, ErrorKind, Job, Output};
use serde_json::json;

use crate::advice::NOTHING_SUBMITTED;
use crate::ctrl_c::CtrlC;
use crate::failure::Failure;
use crate::progress::Progress;
use crate::show::{self, Format};
use crate::{delivery, open, picture};

/// The result of saving the files of an output.
#[derive(Default)]
pub(crate) struct Saved {
    /// Paths of the saved files.
    pub(crate) files: Vec<String>,
    /// The files that could not be saved, as JSON: the URL and the reason.
    pub(crate) failed_files: Vec<Json>,
    /// Reasons why other URLs of the output were skipped.
    pub(crate) warnings: Vec<Json>,
    /// The failure, if a file of the service's own is missing or a signal stopped the download.
    pub(crate) failure: Option<Failure>,
}

/// Saves the files of an output, unless `--no-download` is set. A URL on another host than the
/// service's, such as that of an input, is skipped with a warning if another file was saved.
///
/// The job has succeeded, so a failure is a part of the result and never replaces it.
pub(crate) async fn outputs(
    job: &Job<Output>,
    output: &Output,
    matches: &ArgMatches,
    progress: &mut Progress,
    ctrl_c: &mut CtrlC,
    format: Format,
) -> Saved {
    if matches.get_flag("no-download") {
        return Saved::default();
    }
    let download = job
        .download(output, Path::new(folder(matches)))
        .on_progress(|now| progress.download(now));
    let outcomes = tokio::select! {
        biased;
        outcomes = download.outcomes() => outcomes,
        stop = ctrl_c.pressed() => {
            let failure = Failure::stopped_download(job.request_id(), output).with_signal(stop);
            return Saved { failure: Some(failure), ..Saved::default() };
        }
    };
    progress.end();
    let saved = sorted(output, outcomes);
    if !saved.files.is_empty() {
        delivery::saved();
    }
    if format != Format::Json {
        for warning in saved.warnings.iter().filter_map(|w| w["text"].as_str()) {
            show::note(&format!("warning: {warning}"));
        }
    }
    if matches.get_flag("open") {
        open::files(&saved.files);
    }
    saved
}

/// Separates what was saved from what failed and what was skipped. It is a failure if a file of the
/// service's own is missing, or if there is none.
fn sorted(output: &Output, outcomes: Vec<Result<PathBuf, Error>>) -> Saved {
    let shown = |file: &Path| file.strip_prefix(".").unwrap_or(file).display().to_string();
    let mut saved = Saved::default();
    let (mut failed, mut skipped) = (Vec::new(), Vec::new());
    for (url, outcome) in output.urls().into_iter().zip(outcomes) {
        match outcome {
            Ok(file) => saved.files.push(shown(&file)),
            Err(error) if is_foreign(&error) => skipped.push((url, failure(error, url, output))),
            Err(error) => failed.push((url, failure(error, url, output))),
        }
    }
    if saved.files.is_empty() && failed.is_empty() {
        // The reason that the user reads is that of the first.
        failed.extend(skipped.drain(..).take(1));
    }
    let texts = skipped
        .iter()
        .map(|(_, failure)| json!({ "text": failure.message() }));
    saved.warnings.extend(texts);
    let unsaved = failed
        .iter()
        .map(|(url, failure)| json!({ "url": url, "message": failure.message() }));
    saved.failed_files.extend(unsaved);
    saved.failure = joined(failed).map(|failure| failure.with_saved_files(&saved.files));
    saved
}

/// Returns `true` if a URL is not on a host of the service, so that nothing was requested.
fn is_foreign(error: &Error) -> bool {
    error.kind() == ErrorKind::Configuration && error.http_status().is_none()
}

fn failure(error: Error, url: &str, output: &Output) -> Failure {
    let url = RedactedPaths(url);
    // The library's message names its own settings.
    let why = match error.http_status() {
        _ if error.kind() != ErrorKind::Configuration => None,
        Some(_) => Some(format!(
            "{url} redirects to a host that is not the service's"
        )),
        None => Some(format!(
            "skipped {url}, which is not on a host of the service"
        )),
    };
    let failure = Failure::save(error, output);
    match why {
        Some(why) => failure.with_message(why),
        None => failure,
    }
}

/// Returns one failure for all files, with the message of each.
fn joined(failed: Vec<(&str, Failure)>) -> Option<Failure> {
    let line = |(url, failure): &(&str, Failure)| {
        format!("\n  {}: {}", RedactedPaths(url), failure.message())
    };
    let lines: String = failed.iter().map(line).collect();
    let count = failed.len();
    let (_, first) = failed.into_iter().next()?;
    Some(match count {
        1 => first,
        _ => first.with_message(format!("{count} files could not be saved{lines}")),
    })
}

/// Creates the output folder and checks that it is writable, before a job is submitted.
///
/// # Errors
/// If the folder cannot be created or written to.
pub(crate) fn prepare(matches: &ArgMatches) -> Result<(), Failure> {
    if matches.get_flag("no-download") || matches.get_flag("no-wait") {
        return Ok(());
    }
    let folder = Path::new(folder(matches));
    let failure = |action: &str, error: &io::Error| {
        let message = format!(
            "could not {action} the folder `{}`: {error}",
            folder.display()
        );
        Failure::unwritable(message).with_advice(NOTHING_SUBMITTED)
    };
    fs::create_dir_all(folder).map_err(|e| failure("create", &e))?;
    let file = folder.join(format!(".runcomfy-{}", std::process::id()));
    let written = fs::File::create_new(&file).and_then(|_| fs::remove_file(&file));
    written.map_err(|e| failure("write to", &e))
}

fn folder(matches: &ArgMatches) -> &str {
    let folder = matches.get_one::<String>("output-dir");
    folder.map_or(".", String::as_str)
}

/// Prints the result of a job that has succeeded, and shows its images.
///
/// # Errors
/// The failure to save its files. The result is printed with it.
pub(crate) fn print(
    json: Json,
    output: &Output,
    mut saved: Saved,
    matches: &ArgMatches,
    format: Format,
) -> Result<(), Failure> {
    if let Some(failure) = saved.failure.take() {
        return Err(failure.with_result(json, to_text(output, &saved)));
    }
    format.print_result(&json, || to_text(output, &saved));
    picture::show(&saved.files, matches, format);
    Ok(())
}

/// Returns the saved files and the URLs of those that could not be saved; or, if there are neither,
/// the URLs of the output, or the output if it has no URLs.
pub(crate) fn to_text(output: &Output, saved: &Saved) -> String {
    let files = saved.files.iter().map(|file| format!("saved {file}"));
    let failed = saved.failed_files.iter().filter_map(|f| f["url"].as_str());
    let failed = failed.map(|url| format!("not saved: {url}"));
    let lines: Vec<String> = files.chain(failed).collect();
    match (&lines[..], output.urls()) {
        ([], urls) if urls.is_empty() => output.as_value().to_string(),
        ([], urls) => urls.join("\n"),
        (lines, _) => lines.join("\n"),
    }
}
