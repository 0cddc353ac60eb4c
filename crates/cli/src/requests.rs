//! The calls about a job that exists: `status`, `result`, `cancel`, `resume`.

use clap::ArgMatches;
use runcomfy::schema::Json;
use runcomfy::{CancelOutcome, Job, JobResult, Output, RequestId, Status};
use serde_json::json;

use crate::advice::{CHARGED_IF_IT_SUCCEEDED, GOES_ON, to_resume, to_see};
use crate::cancel::Answer;
use crate::ctrl_c::CtrlC;
use crate::failure::Failure;
use crate::patience::telling;
use crate::progress::Progress;
use crate::save::{self, Saved};
use crate::session::{self, Session};
use crate::show::{self, Format};
use crate::stop::unless_stopped;
use crate::{cancel, picture, wait};

/// `runcomfy requests`, whose commands are those above it.
pub(crate) fn requests(matches: &ArgMatches, format: Format) -> Result<(), Failure> {
    match matches.subcommand() {
        Some(("get", matches)) => session::ask(matches, status(matches, format)),
        Some(("result", matches)) => session::block_on(result(matches, format)),
        Some(("cancel", matches)) => session::block_on(cancel(matches, format)),
        // clap has made sure that there is one of these.
        _ => Ok(()),
    }
}

pub(crate) async fn status(matches: &ArgMatches, format: Format) -> Result<(), Failure> {
    let job = job(matches)?;
    let status = job.status().await?;
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
            .map(|place| format!("queue:      position {place}"));
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

/// How far the job is; where it has succeeded, its files are saved as well.
pub(crate) async fn result(matches: &ArgMatches, format: Format) -> Result<(), Failure> {
    let job = job(matches)?;
    let say = || show::note_while_waiting(matches, "waiting for an answer");
    let result = unless_stopped(telling(job.result(), say), "")
        .await
        .map_err(|failure| failure.about(job.request_id()))?;
    if matches!(result.status, Status::Failed | Status::Cancelled) {
        if format == Format::Piped {
            format.print_result(&record(&result, &Saved::default()), String::new);
        }
        let (created, finished) = (result.created_at.clone(), result.finished_at.clone());
        let why = result.into_output().map(drop);
        return why.map_err(|error| Failure::wait(error).at(created, finished));
    }
    let mut progress = Progress::of(matches, format);
    let saved = match &result.output {
        Some(output) => {
            let mut ctrl_c = CtrlC::listen();
            save::outputs(&job, output, matches, &mut progress, &mut ctrl_c, format).await?
        }
        None => Saved::default(),
    };
    progress.end();
    format.print_result(&record(&result, &saved), || match &result.output {
        Some(output) => save::in_words(output, &saved.files),
        None => result.status.to_string(),
    });
    picture::show(&saved.files, matches, format);
    Ok(())
}

fn record(result: &JobResult<Output>, saved: &Saved) -> Json {
    json!({
        "request_id": result.request_id.as_str(),
        "status": result.status.to_string(),
        "output": result.output,
        "files": saved.files,
        "warnings": saved.warnings,
        "created_at": result.created_at,
        "finished_at": result.finished_at,
        "cost": result.cost,
        "error": result.error,
    })
}

pub(crate) async fn resume(matches: &ArgMatches, format: Format) -> Result<(), Failure> {
    let job = job(matches)?;
    let mut progress = Progress::of(matches, format);
    let mut ctrl_c = CtrlC::listen();
    wait::to_the_end(
        &job,
        matches,
        &mut progress,
        &mut ctrl_c,
        Vec::new(),
        format,
    )
    .await
}

pub(crate) async fn cancel(matches: &ArgMatches, format: Format) -> Result<(), Failure> {
    let job = job(matches)?;
    let say = || show::note_while_waiting(matches, "waiting for an answer");
    let answer = unless_stopped(
        telling(cancel::ask(&job), say),
        "It may be cancelled all the same.",
    )
    .await;
    let answer = answer.map_err(|failure| failure.about(job.request_id()))?;
    let json = json!({
        "request_id": job.request_id().as_str(),
        "status": answer.status.as_ref().map(ToString::to_string),
        "outcome": answer.word(),
    });
    format.print(&json, || in_words(&answer, job.request_id()));
    Ok(())
}

fn in_words(answer: &Answer, id: &RequestId) -> String {
    match (&answer.outcome, &answer.status) {
        (CancelOutcome::Cancelled, _) => "cancelled before it ran; it is not charged".to_owned(),
        (CancelOutcome::NotCancellable, Some(status)) if status.is_terminal() => format!(
            "it has ended, so it cannot be cancelled\n{CHARGED_IF_IT_SUCCEEDED} {}",
            to_see(id)
        ),
        (CancelOutcome::NotCancellable, None) => {
            "it runs already or has ended, so it cannot be cancelled".to_owned()
        }
        (CancelOutcome::NotCancellable, Some(_)) => format!(
            "it runs already, so it cannot be cancelled\n{GOES_ON} {}",
            to_resume(id)
        ),
        _ => answer.word().to_owned(),
    }
}

fn job(matches: &ArgMatches) -> Result<Job<Output>, Failure> {
    let text = matches.get_one::<String>("request_id").map_or("", |id| id);
    let id = text
        .parse()
        .map_err(|e| Failure::usage(format!("found {text:?}: {e}")))?;
    Ok(Session::service()?.client.json_job(id))
}
