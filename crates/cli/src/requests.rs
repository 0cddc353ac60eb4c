//! The commands for an existing job: `status`, `result`, `cancel`, `resume`.

use std::collections::HashMap;

use clap::ArgMatches;
use runcomfy::schema::Json;
use runcomfy::{CancelOutcome, Job, Output, RequestId, Status};
use serde_json::json;

use crate::advice::{CHARGED_IF_IT_SUCCEEDED, KEEPS_RUNNING, result_advice, resume_advice};
use crate::cancel::Cancellation;
use crate::ctrl_c::{self, CtrlC};
use crate::failure::Failure;
use crate::format::Format;
use crate::interrupt::unless_stopped;
use crate::notice::with_notice;
use crate::progress::Progress;
use crate::record::Record;
use crate::session::{self, Session};
use crate::{advice, cancel, delivery, save, show, sidecar, wait};

/// Runs `runcomfy requests`, whose commands are aliases.
pub(crate) fn requests(matches: &ArgMatches, format: Format) -> Result<(), Failure> {
    match matches.subcommand() {
        Some(("get", matches)) => session::query(matches, status(matches, format)),
        Some(("result", matches)) => session::block_on(result(matches, format)),
        Some(("cancel", matches)) => session::block_on(cancel(matches, format)),
        // clap accepts no other command.
        _ => Ok(()),
    }
}

/// Prints the status of a job.
///
/// # Errors
/// If the request id is invalid, or the query fails.
pub(crate) async fn status(matches: &ArgMatches, format: Format) -> Result<(), Failure> {
    let job = job(matches)?;
    let status = job.status().await?;
    delivery::expect(delivery::Kind::RequestId, job.request_id().as_str());
    if format == Format::Record {
        let record = Record {
            request_id: Some(job.request_id().to_string()),
            status: Some(status.status.to_string()),
            queue_position: status.queue_position,
            ..Record::default()
        };
        format.print_json(&record.to_json());
        return Ok(());
    }
    let (status_url, result_url) = (job.status_url(), job.result_url());
    let json = json!({
        "request_id": job.request_id().as_str(),
        "status": status.status.to_string(),
        "queue_position": status.queue_position,
        "status_url": status_url,
        "result_url": result_url,
    });
    format.print(&json, || {
        let queue = status
            .queue_position
            .map(|position| format!("queue:      position {position}"));
        let lines = [
            Some(format!("request_id: {}", job.request_id())),
            Some(format!("status:     {}", status.status)),
            queue,
            Some(format!("status_url: {status_url}")),
            Some(format!("result_url: {result_url}")),
        ];
        lines.into_iter().flatten().collect::<Vec<_>>().join("\n")
    });
    Ok(())
}

/// Prints the result of a job, and saves its files if it has succeeded.
///
/// # Errors
/// If the query fails, the job has failed, or a file cannot be saved.
pub(crate) async fn result(matches: &ArgMatches, format: Format) -> Result<(), Failure> {
    let job = job(matches)?;
    delivery::expect(delivery::Kind::RequestId, job.request_id().as_str());
    let notice = || show::note_while_waiting(matches, "waiting for the response");
    let result = unless_stopped(with_notice(job.result(), notice), "")
        .await
        .map_err(|failure| failure.with_request_id(job.request_id()))?;
    let mut record = Record::default();
    record.describe(&result);
    let received = Json::Object(result.received.clone());
    if matches!(result.status, Status::Failed | Status::Cancelled) {
        let output = result.output.clone();
        let why = result.into_output().map(drop);
        return why.map_err(|error| {
            let failure = Failure::wait(error).with_record(&record);
            let failure = failure.with_output_beside(output.as_ref());
            failure.with_result(received, String::new())
        });
    }
    let mut progress = Progress::from_matches(matches, format);
    let Some(output) = &result.output else {
        progress.end();
        if result.status == Status::Succeeded && !matches.get_flag("no-download") {
            record.warnings.push(save::warn_of_nothing());
        }
        match format {
            Format::Record => format.print_json(&record.to_json()),
            _ => format.print_result(&received, || result.status.to_string()),
        }
        return Ok(());
    };
    let mut ctrl_c = CtrlC::listen(matches);
    let none = HashMap::new();
    let saved = save::outputs(
        &job,
        output,
        &record,
        &none,
        matches,
        &mut progress,
        &mut ctrl_c,
    )
    .await;
    progress.end();
    if let Some(error) = &result.error {
        record.warn_of_error(error);
        advice::warn_of_error(error);
    }
    let mut failure = saved.into_record(&mut record);
    if matches.get_flag("sidecar") {
        failure = failure.or(sidecar::write(&record).err());
    }
    save::print(&record, failure, received, matches, format)
}

/// Resumes the wait for a job, and saves its files.
///
/// # Errors
/// If the job fails, the wait ends early, or a file cannot be saved.
pub(crate) async fn resume(matches: &ArgMatches, format: Format) -> Result<(), Failure> {
    let job = job(matches)?;
    ctrl_c::check(matches)?;
    let mut progress = Progress::from_matches(matches, format);
    progress.job(job.request_id(), None);
    let mut ctrl_c = CtrlC::listen(matches);
    let known = Record::default();
    wait::finish(
        &job,
        matches,
        &mut progress,
        &mut ctrl_c,
        known,
        None,
        format,
    )
    .await
}

/// Requests a cancel of a job, and prints the outcome.
///
/// # Errors
/// If the request fails.
pub(crate) async fn cancel(matches: &ArgMatches, format: Format) -> Result<(), Failure> {
    let job = job(matches)?;
    let notice = || show::note_while_waiting(matches, "waiting for the response");
    let cancellation = unless_stopped(
        with_notice(cancel::request(&job), notice),
        "The job may still be cancelled.",
    )
    .await;
    let cancellation = cancellation.map_err(|failure| failure.with_request_id(job.request_id()))?;
    delivery::expect(delivery::Kind::RequestId, job.request_id().as_str());
    let json = json!({
        "request_id": job.request_id().as_str(),
        "status": cancellation.status.as_ref().map(ToString::to_string),
        "outcome": cancellation.word(),
    });
    if format.has_words() {
        // As the service's own command line does, which prints only data on standard output.
        show::answer(&to_text(&cancellation, job.request_id()));
    } else {
        format.print_json(&json);
    }
    Ok(())
}

fn to_text(cancellation: &Cancellation, id: &RequestId) -> String {
    match (&cancellation.outcome, &cancellation.status) {
        (CancelOutcome::Cancelled, _) => {
            "the job was cancelled before it ran; it is not charged".to_owned()
        }
        (CancelOutcome::NotCancellable, Some(status)) if status.is_terminal() => format!(
            "the job has already ended, so it cannot be cancelled\n{CHARGED_IF_IT_SUCCEEDED} {}",
            result_advice(id)
        ),
        (CancelOutcome::NotCancellable, None) => {
            "the job is already running or has ended, so it cannot be cancelled".to_owned()
        }
        (CancelOutcome::NotCancellable, Some(_)) => format!(
            "the job is already running, so it cannot be cancelled\n{KEEPS_RUNNING} {}",
            resume_advice(id)
        ),
        _ => cancellation.word().to_owned(),
    }
}

const EXAMPLE_ID: &str = "1f0c7d52-8a4e-4b1d-9c57-3e6a2b90d481";

/// Returns `true` if a text may be an id of the service, and no word.
fn is_likely_id(text: &str) -> bool {
    text.len() >= EXAMPLE_ID.len() / 2 || text.contains(|c: char| c.is_ascii_digit())
}

/// Returns the request id in a word, which may be the address of its status or result.
fn id_in(word: &str) -> &str {
    let path = word.split_once("/requests/").map(|(_, path)| path);
    let id = path.and_then(|path| path.split(['/', '?', '#']).next());
    id.unwrap_or(word)
}

fn job(matches: &ArgMatches) -> Result<Job<Output>, Failure> {
    let text = matches.get_one::<String>("request_id").map_or("", |id| id);
    let text = id_in(text);
    let id = text
        .parse()
        .map_err(|e| Failure::usage(format!("found {text:?}, {e}, such as {EXAMPLE_ID}")))?;
    if !is_likely_id(text) {
        show::warn(&format!(
            "`{text}` does not look like a request id, which is such as {EXAMPLE_ID}"
        ));
    }
    Ok(Session::service(matches)?.client.json_job(id))
}
