//! Waiting for a job in a terminal.

use std::time::Duration;

use clap::ArgMatches;
use runcomfy::{Job, Json, Output};
use serde_json::json;
use tokio::time::{Instant, sleep, timeout};

use crate::failure::Failure;
use crate::progress::Progress;
use crate::save;
use crate::show::Format;

/// More often a service need not be asked.
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);

/// Waits, saves the outputs and shows them, as data with the warnings there were.
pub(crate) async fn to_the_end(
    job: &Job<Output>,
    matches: &ArgMatches,
    progress: &mut Progress,
    warnings: Json,
    format: Format,
) -> Result<(), Failure> {
    let output = wait(job, matches, progress).await?;
    let files = save::outputs(job, &output, matches, progress).await?;
    progress.end();
    let mut json = json!({
        "request_id": job.request_id().as_str(),
        "status": "succeeded",
        "output": output,
        "files": files,
        "warnings": warnings,
        "error": null,
    });
    // Scripts for the service's own command line look for `.images[0]`, without `.output`.
    if let (Some(json), Some(members)) = (json.as_object_mut(), output.as_value().as_object()) {
        for (name, value) in members {
            json.entry(name.as_str()).or_insert_with(|| value.clone());
        }
    }
    format.print(&json, || save::in_words(&output, &files));
    Ok(())
}

async fn wait(
    job: &Job<Output>,
    matches: &ArgMatches,
    progress: &mut Progress,
) -> Result<Output, Failure> {
    let mut left = limit(matches);
    if let Some(pause) = seconds(matches, "poll-secs") {
        let pause = pause.max(SHORTEST_PAUSE);
        left = watch(job, pause, left, progress).await?;
    }
    let mut wait = job.wait().on_status(|status| progress.status(status));
    if let Some(limit) = left {
        wait = wait.deadline(limit);
    }
    wait.await.map_err(Failure::wait)
}

/// `--timeout`
pub(crate) fn limit(matches: &ArgMatches) -> Option<Duration> {
    seconds(matches, "timeout")
}

fn seconds(matches: &ArgMatches, name: &str) -> Option<Duration> {
    matches
        .get_one::<u64>(name)
        .copied()
        .map(Duration::from_secs)
}

/// Looks at the job at even intervals until it has ended or the time is nearly over, and gives the
/// limit for what is left to wait. What becomes of it is for the wait to say.
async fn watch(
    job: &Job<Output>,
    pause: Duration,
    limit: Option<Duration>,
    progress: &mut Progress,
) -> Result<Option<Duration>, Failure> {
    let started = Instant::now();
    let left = || limit.map(|limit| limit.saturating_sub(started.elapsed()));
    loop {
        let asked = timeout(left().unwrap_or(Duration::MAX), job.status());
        match asked.await {
            Ok(Ok(status)) => {
                progress.status(&status);
                if status.status.is_terminal() {
                    // The wait has to look but once.
                    return Ok(None);
                }
            }
            // How long an outage is borne with is for the wait to say, too.
            Ok(Err(error)) if error.is_passing() => return Ok(left()),
            Ok(Err(error)) => return Err(Failure::wait(error)),
            Err(_) => return Ok(left()),
        }
        if left().is_some_and(|left| left <= pause) {
            return Ok(left());
        }
        sleep(pause).await;
    }
}
