//! The wait for a job, with progress in the terminal.

use std::time::Duration;

use clap::ArgMatches;
use runcomfy::schema::Json;
use runcomfy::{Error, ErrorKind, Job, Output};
use serde_json::json;

use crate::advice;
use crate::ctrl_c::CtrlC;
use crate::failure::Failure;
use crate::progress::Progress;
use crate::save;
use crate::show::Format;

/// Waits for a job, saves its files and prints its result with `warnings`.
///
/// # Errors
/// If the job fails, the wait ends early, or a file cannot be saved.
pub(crate) async fn finish(
    job: &Job<Output>,
    matches: &ArgMatches,
    progress: &mut Progress,
    ctrl_c: &mut CtrlC,
    mut warnings: Vec<Json>,
    format: Format,
) -> Result<(), Failure> {
    let Ended { output, error } = wait(job, matches, progress, ctrl_c).await?;
    let mut saved = save::outputs(job, &output, matches, progress, ctrl_c, format).await;
    warnings.append(&mut saved.warnings);
    progress.end();
    let mut json = json!({
        "request_id": job.request_id().as_str(),
        "status": "succeeded",
        "output": output,
        "files": saved.files,
        "failed_files": saved.failed_files,
        "warnings": warnings,
        "error": error,
    });
    // Scripts for the service's own command line read `.images[0]`, without `.output`.
    if let (Some(json), Some(members)) = (json.as_object_mut(), output.as_value().as_object()) {
        for (name, value) in members {
            json.entry(name.as_str()).or_insert_with(|| value.clone());
        }
    }
    if let Some(error) = &error {
        advice::warn_of_error(error, format);
    }
    save::print(json, &output, saved, matches, format)
}

/// The end of a job that has succeeded.
struct Ended {
    output: Output,
    /// The error that the service reports beside the output.
    error: Option<Json>,
}

async fn wait(
    job: &Job<Output>,
    matches: &ArgMatches,
    progress: &mut Progress,
    ctrl_c: &mut CtrlC,
) -> Result<Ended, Failure> {
    let mut wait = job.wait();
    if let Some(timeout) = timeout(matches) {
        wait = wait.deadline(timeout);
    }
    if let Some(interval) = seconds(matches, "poll-secs") {
        wait = wait.poll_every(interval);
    }
    if let Some(limit) = seconds(matches, "cancel-if-queued-after") {
        wait = wait.cancel_if_queued_after(limit);
    }
    let mut watch = wait.watch();
    loop {
        tokio::select! {
            biased;
            event = watch.next() => match event {
                Some(event) => progress.event(&event),
                None => break,
            },
            stop = ctrl_c.pressed() => {
                drop(watch);
                return Err(ctrl_c.stop_wait(stop, job, progress).await);
            }
        }
    }
    let result = match watch.result().await {
        Err(error) if is_without_output(&error) => {
            return Ok(Ended {
                output: Output::default(),
                error: None,
            });
        }
        result => result.map_err(Failure::wait)?,
    };
    let error = result.error.clone();
    let output = result.into_output().map_err(Failure::wait)?;
    Ok(Ended { output, error })
}

/// Returns `true` if the job has succeeded with nothing as its output, which is not a failure.
fn is_without_output(error: &Error) -> bool {
    error.kind() == ErrorKind::UnexpectedOutput && error.output().is_none()
}

/// Returns the value of `--timeout`.
pub(crate) fn timeout(matches: &ArgMatches) -> Option<Duration> {
    seconds(matches, "timeout")
}

fn seconds(matches: &ArgMatches, name: &str) -> Option<Duration> {
    matches
        .get_one::<u64>(name)
        .copied()
        .map(Duration::from_secs)
}
