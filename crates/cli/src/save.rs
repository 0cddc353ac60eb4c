//! Saving the files of a job's output.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{IsTerminal, stdout};
use std::path::{Path, PathBuf};
use std::{fs, io};

use clap::ArgMatches;
use runcomfy::schema::{Json, RedactedPaths};
use runcomfy::{Error, ErrorKind, Job, Output};
use serde_json::json;

use crate::advice::{self, NOTHING_SUBMITTED};
use crate::ctrl_c::CtrlC;
use crate::failure::Failure;
use crate::file_name::{NameTemplate, NameValues};
use crate::format::Format;
use crate::output_text::output_text;
use crate::progress::Progress;
use crate::record::{Record, SavedFile, shown_path};
use crate::{delivery, difference, ending, open, origin, picture, show};

/// Warns that an output has neither a URL nor a `data:` URI.
const NOTHING_TO_SAVE: &str = "the output has nothing to save: no URL and no `data:` URI is in it";

/// The result of saving the files of an output.
#[derive(Default)]
pub(crate) struct Saved {
    /// The saved files.
    pub(crate) files: Vec<SavedFile>,
    /// The files that could not be saved, as JSON: the URL, the reason, and the path of a file that was
    /// kept although it is not the output.
    pub(crate) failed_files: Vec<Json>,
    /// Reasons why other URLs of the output were skipped, and files that are not the output.
    pub(crate) warnings: Vec<Json>,
    /// The failure, if a file of the service's own is missing or a signal stopped the download.
    pub(crate) failure: Option<Failure>,
}

/// Saves the files of an output, unless `--no-download` is set. A URL on another host than the
/// service's, such as that of an input, is skipped with a warning if another file was saved.
///
/// `present` are the files that are there already, by their index. The job has succeeded, so a failure
/// is a part of the result and never replaces it.
pub(crate) async fn outputs(
    job: &Job<Output>,
    output: &Output,
    known: &Record,
    present: &HashMap<usize, PathBuf>,
    matches: &ArgMatches,
    progress: &mut Progress,
    ctrl_c: &mut CtrlC,
) -> Saved {
    if matches.get_flag("no-download") {
        return Saved::default();
    }
    if output.urls().is_empty() {
        return Saved {
            warnings: vec![warn_of_nothing()],
            ..Saved::default()
        };
    }
    let id = job.request_id().as_str();
    let mut download = job
        .download(output, Path::new(folder(matches)))
        .present(|index| present.get(&index).cloned())
        .on_saved(|index, file| origin::mark(&file.path, id, index))
        .on_progress(|now| progress.download(now));
    if let Some(template) = matches.get_one::<NameTemplate>("name").cloned() {
        let (model_id, input) = (known.model_id.as_deref(), known.input.as_ref());
        let values = NameValues::new(job.request_id().as_str(), model_id, input);
        download = download.file_name(move |index, name| template.name(&values, index, name));
    }
    let outcomes = tokio::select! {
        biased;
        outcomes = download.outcomes() => outcomes,
        stop = ctrl_c.pressed() => {
            let failure = Failure::stopped_download(job.request_id(), output).with_signal(stop);
            return Saved { failure: Some(failure), ..Saved::default() };
        }
    };
    progress.end();
    let saved = sorted(output, outcomes, present);
    if !saved.files.is_empty() {
        delivery::saved();
    }
    if matches.get_flag("open") {
        open::files(&saved.paths());
    }
    saved
}

/// Separates what was saved from what failed and what was skipped. It is a failure if a file of the
/// service's own is missing, or if there is none.
fn sorted(
    output: &Output,
    outcomes: Vec<Result<runcomfy::Saved, Error>>,
    present: &HashMap<usize, PathBuf>,
) -> Saved {
    let mut saved = Saved::default();
    let (mut failed, mut skipped) = (Vec::new(), Vec::new());
    for (index, (url, outcome)) in output.urls().into_iter().zip(outcomes).enumerate() {
        match outcome {
            Ok(file) => saved.files.push(SavedFile {
                was_there: present.contains_key(&index),
                ..SavedFile::new(file, &short(url))
            }),
            Err(error) if is_foreign(&error) => skipped.push(Unsaved::new(error, url, output)),
            Err(error) => failed.push(Unsaved::new(error, url, output)),
        }
    }
    if saved.files.is_empty() && failed.is_empty() {
        // The reason that the user reads is that of the first.
        failed.extend(skipped.drain(..).take(1));
    }
    for unsaved in &skipped {
        show::warn(unsaved.failure.message());
        saved.warnings.push(unsaved.warning());
    }
    let not_output = failed.iter().filter(|unsaved| unsaved.is_not_output);
    saved.warnings.extend(not_output.map(Unsaved::warning));
    saved
        .failed_files
        .extend(failed.iter().map(Unsaved::to_json));
    saved.failure =
        joined(failed, output.urls().len()).map(|failure| failure.with_saved_files(&saved.paths()));
    saved
}

/// Warns that there is nothing to save, and returns the warning.
pub(crate) fn warn_of_nothing() -> Json {
    show::warn(NOTHING_TO_SAVE);
    json!({ "text": NOTHING_TO_SAVE })
}

/// A URL of an output whose file could not be saved.
struct Unsaved {
    url: String,
    failure: Failure,
    /// `true` if there were bytes, and they are not the output.
    is_not_output: bool,
    /// The path of what was kept instead.
    kept: Option<String>,
}

impl Unsaved {
    fn new(error: Error, url: &str, output: &Output) -> Self {
        let kept = error.kept_file().map(|file| shown_path(&file.path));
        let kinds = [ErrorKind::Unreadable, ErrorKind::UnexpectedOutput];
        Self {
            url: short(url).into_owned(),
            is_not_output: kinds.contains(&error.kind()),
            kept,
            failure: failure(error, url, output),
        }
    }

    fn warning(&self) -> Json {
        json!({ "text": self.failure.message() })
    }

    fn to_json(&self) -> Json {
        json!({ "url": self.url, "message": self.failure.message(), "path": self.kept })
    }
}

/// Returns a URL, and a `data:` URI without its data.
pub(crate) fn short(url: &str) -> Cow<'_, str> {
    if is_data(url) {
        difference::shortened_uri(url).into()
    } else {
        url.into()
    }
}

/// Returns `true` if the file is in the output itself.
fn is_data(url: &str) -> bool {
    let scheme = url.get(..5).unwrap_or_default();
    scheme.eq_ignore_ascii_case("data:")
}

/// Returns `true` if a URL is not on a host of the service, so that nothing was requested.
fn is_foreign(error: &Error) -> bool {
    error.kind() == ErrorKind::Configuration && error.http_status().is_none()
}

fn failure(error: Error, url_given: &str, output: &Output) -> Failure {
    let url = short(url_given);
    let url = RedactedPaths(&url);
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
    let id = error.request_id().cloned();
    let failure = Failure::save(error, output);
    let failure = match id.filter(|_| is_data(url_given)) {
        Some(id) => failure.with_advice(advice::same_again(&id)),
        None => failure,
    };
    match why {
        Some(why) => failure.with_message(why),
        None => failure,
    }
}

/// Returns one failure for all files, of `total` in the output, with the message of each.
fn joined(failed: Vec<Unsaved>, total: usize) -> Option<Failure> {
    let line = |unsaved: &Unsaved| {
        let (url, message) = (RedactedPaths(&unsaved.url), unsaved.failure.message());
        format!("\n  {url}: {message}")
    };
    let lines: String = failed.iter().map(line).collect();
    let count = failed.len();
    // Its advice is the one for all: a file behind a URL can be saved later.
    let at = failed.iter().position(|unsaved| !is_data(&unsaved.url));
    let first = failed.into_iter().nth(at.unwrap_or_default())?.failure;
    Some(match count {
        1 if total == 1 => first,
        _ => first.with_message(format!(
            "{count} of {total} files could not be saved{lines}"
        )),
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

/// Returns the folder of `--output-dir`.
pub(crate) fn folder(matches: &ArgMatches) -> &str {
    let folder = matches.get_one::<String>("output-dir");
    folder.map_or(".", String::as_str)
}

impl Saved {
    fn paths(&self) -> Vec<String> {
        self.files.iter().map(|file| file.path.clone()).collect()
    }

    /// Moves the files into the record of the job, and returns the failure to save some.
    pub(crate) fn into_record(mut self, record: &mut Record) -> Option<Failure> {
        record.files = self.files;
        record.failed_files = self.failed_files;
        record.warnings.append(&mut self.warnings);
        self.failure
    }
}

/// Prints the result of a job that has succeeded, and shows its images: `theirs` is the JSON that the
/// service's own command line prints for it.
///
/// # Errors
/// The failure to save its files. The result is printed with it.
pub(crate) fn print(
    record: &Record,
    failure: Option<Failure>,
    theirs: Json,
    matches: &ArgMatches,
    format: Format,
) -> Result<(), Failure> {
    if let Some(failure) = failure {
        let failure = failure.with_record(record);
        return Err(failure.with_result(theirs, lines(record).join("\n")));
    }
    match format {
        Format::Json => format.print_json(&theirs),
        Format::Pretty => {
            format.print_json(&theirs);
            if !matches.get_flag("quiet") {
                for line in ending::lines(record) {
                    show::note(&line);
                }
            }
        }
        Format::Record => format.print_json(&record.to_json()),
        Format::Text => {
            let plain = matches.get_flag("quiet") || !stdout().is_terminal();
            let plain = plain || record.files.is_empty();
            let decorate = |line: String| {
                if plain {
                    show::plain(&line).into_owned()
                } else {
                    ending::decorated(&line)
                }
            };
            let lines: Vec<String> = lines(record).into_iter().map(decorate).collect();
            show::out(&lines.join("\n"));
        }
    }
    let paths: Vec<String> = record.files.iter().map(|file| file.path.clone()).collect();
    picture::show(&paths, matches, format);
    Ok(())
}

/// Returns the saved files and the URLs of those that could not be saved; or, if there are neither,
/// the output.
fn lines(record: &Record) -> Vec<String> {
    let mut lines = ending::lines(record);
    lines.extend(record.failed_files.iter().filter_map(|file| {
        let line = format!("not saved: {}", file["url"].as_str()?);
        let kept = file["path"].as_str();
        Some(kept.map_or(line.clone(), |path| format!("{line} (see {path})")))
    }));
    if lines.is_empty() {
        let output = record.output.clone().unwrap_or_default();
        lines.push(output_text(&Output::from(output)));
    }
    lines
}
