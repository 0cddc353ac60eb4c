//! The files of a job's output.

use std::future::IntoFuture;
use std::path::Path;

use clap::ArgMatches;
use runcomfy::{Job, Output};

use crate::ctrl_c::CtrlC;
use crate::failure::Failure;
use crate::open;
use crate::progress::Progress;

/// Saves all of them, unless `--no-download` says not to, and gives their paths.
pub(crate) async fn outputs(
    job: &Job<Output>,
    output: &Output,
    matches: &ArgMatches,
    progress: &mut Progress,
    ctrl_c: &mut CtrlC,
) -> Result<Vec<String>, Failure> {
    if matches.get_flag("no-download") {
        return Ok(Vec::new());
    }
    let folder = matches
        .get_one::<String>("output-dir")
        .map_or(".", String::as_str);
    let download = job
        .download(output, Path::new(folder))
        .on_progress(|now| progress.download(now));
    let files = tokio::select! {
        biased;
        saved = download.into_future() => saved.map_err(|error| Failure::save(error, output))?,
        () = ctrl_c.pressed() => return Err(Failure::left_download(job.request_id(), output)),
    };
    let shown = |file: &Path| file.strip_prefix(".").unwrap_or(file).display().to_string();
    let files: Vec<String> = files.iter().map(|file| shown(file)).collect();
    if matches.get_flag("open") {
        open::files(&files);
    }
    Ok(files)
}

/// What was saved; else the URLs, else the output as it is.
pub(crate) fn in_words(output: &Output, files: &[String]) -> String {
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
