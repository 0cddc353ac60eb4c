//! Saving the files of a job's output.

use std::path::{Path, PathBuf};
use std::{fs, io};

use clap::ArgMatches;
use runcomfy::schema::{Json, Redacted};
use runcomfy::{Error, ErrorKind, Job, Output};
use serde_json::json;

use crate::advice::NOTHING_SUBMITTED;
use crate::ctrl_c::CtrlC;
use crate::failure::Failure;
use crate::open;
use crate::progress::Progress;
use crate::show::{self, Format};

/// The result of saving the files of an output.
#[derive(Default)]
pub(crate) struct Saved {
    /// Paths of the saved files.
    pub(crate) files: Vec<String>,
    /// Reasons why other URLs of the output were skipped.
    pub(crate) warnings: Vec<Json>,
}

/// Saves the files of an output, unless `--no-download` is set. A URL on another host than the
/// service's, such as that of an input, is skipped with a warning if another file was saved.
///
/// # Errors
/// If a file could not be saved, if none is on a host of the service, or if a signal stopped the
/// download.
pub(crate) async fn outputs(
    job: &Job<Output>,
    output: &Output,
    matches: &ArgMatches,
    progress: &mut Progress,
    ctrl_c: &mut CtrlC,
    format: Format,
) -> Result<Saved, Failure> {
    if matches.get_flag("no-download") {
        return Ok(Saved::default());
    }
    let download = job
        .download(output, Path::new(folder(matches)))
        .on_progress(|now| progress.download(now));
    let outcomes = tokio::select! {
        biased;
        outcomes = download.outcomes() => outcomes,
        stop = ctrl_c.pressed() => {
            return Err(Failure::stopped_download(job.request_id(), output).with_signal(stop));
        }
    };
    progress.end();
    let saved = sorted(output, outcomes)?;
    if format != Format::Json {
        for warning in saved.warnings.iter().filter_map(|w| w["text"].as_str()) {
            show::note(&format!("warning: {warning}"));
        }
    }
    if matches.get_flag("open") {
        open::files(&saved.files);
    }
    Ok(saved)
}

/// Tells what was saved from what was skipped; a failure where a file of the service's own is
/// missing, or there is none.
fn sorted(output: &Output, outcomes: Vec<Result<PathBuf, Error>>) -> Result<Saved, Failure> {
    let shown = |file: &Path| file.strip_prefix(".").unwrap_or(file).display().to_string();
    let mut saved = Saved::default();
    let (mut failed, mut skipped) = (None, None);
    for (url, outcome) in output.urls().into_iter().zip(outcomes) {
        match outcome {
            Ok(file) => saved.files.push(shown(&file)),
            Err(error) if error.kind() != ErrorKind::Configuration => {
                failed.get_or_insert(Failure::save(error, output));
            }
            // The library's message names its own settings.
            Err(error) if error.http_status().is_some() => {
                let url = Redacted(url);
                let why = format!("{url} redirects to a host that is not the service's");
                failed.get_or_insert(Failure::save(error, output).with_message(why));
            }
            Err(error) => {
                let url = Redacted(url);
                let why = format!("skipped {url}, which is not on a host of the service");
                saved.warnings.push(json!({ "text": why }));
                skipped.get_or_insert(Failure::save(error, output).with_message(why));
            }
        }
    }
    match failed.or(skipped.filter(|_| saved.files.is_empty())) {
        Some(failure) => Err(failure.with_saved_files(&saved.files)),
        None => Ok(saved),
    }
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

/// Returns the saved files, or the URLs if none was saved, or the output if it has no URLs.
pub(crate) fn to_text(output: &Output, files: &[String]) -> String {
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
