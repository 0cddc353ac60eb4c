//! The wait for a job, with progress in the terminal.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::ArgMatches;
use runcomfy::{Error, ErrorKind, Job, JobResult, Output, Status};

use crate::ctrl_c::CtrlC;
use crate::failure::Failure;
use crate::format::Format;
use crate::job_file::JobFile;
use crate::progress::Progress;
use crate::record::Record;
use crate::{advice, origin, save, sidecar};

/// Waits for a job, saves its files and prints its result with what is known of it.
///
/// # Errors
/// If the job fails, the wait ends early, or a file cannot be saved.
pub(crate) async fn finish(
    job: &Job<Output>,
    matches: &ArgMatches,
    progress: &mut Progress,
    ctrl_c: &mut CtrlC,
    mut record: Record,
    mut job_file: Option<JobFile>,
    format: Format,
) -> Result<(), Failure> {
    record.request_id = Some(job.request_id().to_string());
    // The time of a job that an earlier command has submitted is not known here.
    let is_new = record.status.is_some();
    let ended = wait(job, matches, progress, ctrl_c).await;
    let output = match ended.and_then(|result| describe(result, &mut record)) {
        Ok(output) => output,
        Err(failure) => {
            if let (Some(file), Some(status)) = (&mut job_file, failure.status_at_end()) {
                record.status = Some(status.to_owned());
                file.ended(&record, true)?;
            }
            return Err(failure.with_record(&record));
        }
    };
    record.elapsed_seconds = is_new.then(|| progress.elapsed().as_secs_f64());
    let present = present(&record, &output, job_file.as_ref(), matches);
    let saved = save::outputs(job, &output, &record, &present, matches, progress, ctrl_c).await;
    progress.end();
    let mut failure = saved.into_record(&mut record);
    if matches.get_flag("sidecar") {
        failure = failure.or(sidecar::write(&record).err());
    }
    if let Some(file) = &mut job_file {
        let written = file.ended(&record, failure.is_none());
        failure = failure.or(written.err());
    }
    let theirs = output.as_value().clone();
    save::print(&record, failure, theirs, matches, format)
}

/// Takes the result of a job into its record, and returns its output.
fn describe(result: Option<JobResult<Output>>, record: &mut Record) -> Result<Output, Failure> {
    let Some(result) = result else {
        record.status = Some(Status::Succeeded.to_string());
        return Ok(Output::default());
    };
    record.describe(&result);
    if let Some(error) = &result.error {
        record.warn_of_error(error);
        advice::warn_of_error(error);
    }
    result.into_output().map_err(Failure::wait)
}

/// Returns the files of an output that an earlier command has saved, by their index.
fn present(
    record: &Record,
    output: &Output,
    job_file: Option<&JobFile>,
    matches: &ArgMatches,
) -> HashMap<usize, PathBuf> {
    let id = record.request_id.as_deref().unwrap_or_default();
    let is_resumed = record.elapsed_seconds.is_none();
    let mut present = if is_resumed {
        origin::find(Path::new(save::folder(matches)), id)
    } else {
        HashMap::new()
    };
    let urls = output.urls();
    for (url, path) in job_file.map(JobFile::present).unwrap_or_default() {
        if let Some(index) = urls.iter().position(|known| save::short(known) == url) {
            present.entry(index).or_insert(path);
        }
    }
    present
}

/// Waits for the result of a job; it is `None` if the job has succeeded with nothing as its output.
async fn wait(
    job: &Job<Output>,
    matches: &ArgMatches,
    progress: &mut Progress,
    ctrl_c: &mut CtrlC,
) -> Result<Option<JobResult<Output>>, Failure> {
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
    match watch.result().await {
        Err(error) if is_without_output(&error) => Ok(None),
        result => result.map(Some).map_err(Failure::wait),
    }
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
