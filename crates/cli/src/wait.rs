//! The wait for a job, with progress in the terminal.

use std::time::Duration;

use clap::ArgMatches;
use runcomfy::{Error, ErrorKind, Job, JobResult, Output, Status};

use crate::ctrl_c::CtrlC;
use crate::failure::Failure;
use crate::format::Format;
use crate::progress::Progress;
use crate::record::Record;
use crate::{advice, save};

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
    format: Format,
) -> Result<(), Failure> {
    record.request_id = Some(job.request_id().to_string());
    let ended = wait(job, matches, progress, ctrl_c).await;
    record.elapsed_seconds = Some(progress.elapsed().as_secs_f64());
    let ended = ended.map_err(|failure| failure.with_record(&record))?;
    let output = match ended {
        Some(result) => {
            record.describe(&result);
            if let Some(error) = &result.error {
                record.warn_of_error(error);
                advice::warn_of_error(error);
            }
            result.into_output().map_err(Failure::wait)?
        }
        None => {
            record.status = Some(Status::Succeeded.to_string());
            Output::default()
        }
    };
    let saved = save::outputs(job, &output, matches, progress, ctrl_c).await;
    progress.end();
    let theirs = output.as_value().clone();
    save::print(record, saved, theirs, matches, format)
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
