//! The end of a run: what it prints, and its exit code.

use runcomfy_batch::{AttemptState, Attempts, Counts, EndedBy, State, Store, Summary};
use serde_json::{Value, json};

use crate::batch::counts;
use crate::batch::named::{self, Named};
use crate::batch::work_options::WorkOptions;
use crate::counted::jobs;
use crate::failure::Failure;
use crate::format::Format;
use crate::show;
use crate::stop::Stop;

/// Advice after a run that has ended early.
pub(super) const RESUME: &str = "Run the same command again to resume; no job is submitted twice.";

/// Maximum number of failed jobs and doubts that are listed.
const MAX_LISTED: usize = 1000;

/// Prints the counts, and returns the failure where not all jobs are saved.
///
/// # Errors
/// If not all jobs are saved, or the store cannot be read.
pub(super) async fn end(
    options: &WorkOptions,
    store: &dyn Store,
    summary: &Summary,
    stopped: Option<Stop>,
) -> Result<(), Failure> {
    let counts = &summary.counts;
    let json = to_json(options, summary);
    if options.emulate && !options.quiet {
        show::note("the batch ran on the emulator: nothing is charged");
    }
    let failure = failure(options, store, summary, stopped).await?;
    match (failure, options.format) {
        (Some(failure), Format::Record) => Err(failure.with_batch(json)),
        (failure, format) => {
            format.print(&json, || to_text(options, counts));
            failure.map_or(Ok(()), Err)
        }
    }
}

/// Returns the end of a run as words: the counts, and where files and store are.
fn to_text(options: &WorkOptions, counts: &Counts) -> String {
    let files = match counts.saved {
        0 => String::new(),
        _ => format!("the files are in {}, and ", options.out.display()),
    };
    let counts = counts::to_text(counts);
    format!("{counts}\n\n{files}the store is {}", options.location)
}

/// Returns the end of a run as JSON.
pub(super) fn to_json(options: &WorkOptions, summary: &Summary) -> Value {
    let ended_by = match &summary.ended_by {
        EndedBy::Done => "done",
        EndedBy::Budget(_) => "budget",
        EndedBy::Stopped => "stopped",
        EndedBy::Account(_) => "account",
        EndedBy::Process(_) => "process",
        _ => "other",
    };
    let mut json = counts::to_json(&summary.counts);
    json["ended_by"] = ended_by.into();
    json["store"] = options.location.to_string().into();
    json["files"] = options.out.display().to_string().into();
    json["error"] = Value::Null;
    json
}

/// Returns the failure of a run whose jobs are not all saved: the most urgent reason, by which the exit
/// code is chosen.
async fn failure(
    options: &WorkOptions,
    store: &dyn Store,
    summary: &Summary,
    stopped: Option<Stop>,
) -> Result<Option<Failure>, Failure> {
    let counts = &summary.counts;
    if let Some(signal) = stopped {
        let failure = Failure::stopped(stopped_text(counts), None, None).with_signal(signal);
        let in_flight = in_flight(store, counts).await?;
        let advice = match in_flight.len() {
            0 => RESUME.to_owned(),
            _ => format!(
                "Submits in flight may be charged: the next run puts them in doubt. {RESUME}"
            ),
        };
        let faults = in_flight.into_iter().chain(doubts(store).await?);
        let mut failure = failure.with_faults(faults.collect()).with_advice(advice);
        if counts.intent + counts.submitted + counts.doubts > 0 {
            failure = failure.with_possible_jobs();
        }
        return Ok(Some(failure));
    }
    if counts.doubts > 0 {
        return in_doubt(options, store, summary).await.map(Some);
    }
    match &summary.ended_by {
        EndedBy::Account(why) => {
            let failure =
                Failure::account_refused(format!("the service refuses the account: {why}"));
            return Ok(Some(failure.with_advice(format!(
                "{} are not submitted. Fix the account. {RESUME}",
                jobs(counts.ready)
            ))));
        }
        EndedBy::Process(why) => {
            let failure = Failure::batch_ended(format!("this process cannot go on: {why}"));
            return Ok(Some(failure.with_advice(format!(
                "{} are not submitted. {RESUME}",
                jobs(counts.ready)
            ))));
        }
        EndedBy::Budget(needed) => {
            let left = counts.money.left().unwrap_or_default();
            let failure = Failure::over_budget(format!(
                "the budget is used up: the next job needs {needed}, and {left} is left; {} not submitted",
                jobs(counts.ready)
            ));
            return Ok(Some(failure.with_advice(
                "Raise --budget and run the command again; no job is submitted twice.",
            )));
        }
        _ => {}
    }
    if counts.submitted > 0 {
        let message = format!("the files of {} are not saved", jobs(counts.submitted));
        let named = options.location.named();
        return Ok(Some(Failure::jobs_failed(message).with_advice(format!(
            "{RESUME} A job that the service has no more, or whose files it has no more, is ended by `runcomfy batch resolve KEY {named} --no-job`; `runcomfy batch doctor {named}` names the keys."
        ))));
    }
    let cancelled = counts.cancelled - withdrawn(store, counts).await?;
    if counts.failed + cancelled > 0 {
        return failed(options, store, counts, cancelled).await.map(Some);
    }
    Ok(None)
}

/// Counts cancelled jobs that the file has no longer, by the will of its author.
async fn withdrawn(store: &dyn Store, counts: &Counts) -> Result<u64, Failure> {
    let (mut count, mut read, mut after) = (0, 0, 0);
    while read < counts.cancelled {
        let rows = store
            .rows(Some(State::Cancelled), after, MAX_LISTED)
            .await?;
        let Some(last) = rows.last() else { break };
        after = last.n;
        read += rows.len() as u64;
        count += rows.iter().filter(|row| row.is_withdrawn()).count() as u64;
    }
    Ok(count.min(counts.cancelled))
}

fn stopped_text(counts: &Counts) -> String {
    let mut parts = vec![format!(
        "{} of {} saved",
        counts.saved,
        jobs(counts.total())
    )];
    let others = [
        (counts.submitted, "running at the service"),
        (counts.intent, "with a submit in flight"),
        (counts.ready, "not submitted"),
        (counts.doubts, "in doubt"),
    ];
    let others = others.iter().filter(|(count, _)| *count > 0);
    parts.extend(others.map(|(count, what)| format!("{count} {what}")));
    parts.join(", ")
}

async fn in_doubt(
    options: &WorkOptions,
    store: &dyn Store,
    summary: &Summary,
) -> Result<Failure, Failure> {
    let (counts, ended_by) = (&summary.counts, &summary.ended_by);
    let what = match counts.doubts {
        1 => "1 submit is in doubt: its outcome is unknown, and it may be charged".to_owned(),
        count => format!(
            "{count} submits are in doubt: their outcomes are unknown, and they may be charged"
        ),
    };
    let decide = named::decide(options.location.named());
    let all = match counts.doubts {
        1 => "",
        _ => " --all in place of KEY decides on all of them.",
    };
    let budget = match ended_by {
        EndedBy::Budget(needed) => format!(
            " The budget is used up: the next job needs {needed}; {} not submitted.",
            jobs(counts.ready)
        ),
        _ => String::new(),
    };
    Ok(Failure::in_doubt(what)
        .with_faults(doubts(store).await?)
        .with_advice(format!(
            "No job in doubt is submitted again by itself. {decide}{all}{budget}"
        )))
}

/// Returns the submits in flight with their keys and jobs.
async fn in_flight(store: &dyn Store, counts: &Counts) -> Result<Vec<(String, Value)>, Failure> {
    if counts.intent == 0 {
        return Ok(Vec::new());
    }
    let mut held = store.attempts(Attempts::Held).await?;
    held.retain(|attempt| attempt.state == AttemptState::Intent);
    held.truncate(MAX_LISTED);
    let named = Named::read_all(store, held).await?;
    let in_flight = named.iter().map(|named| {
        let (key, job) = (&named.attempt.key, named.job());
        (
            format!("{key} ({job}): its submit is in flight"),
            named.doubt_json(),
        )
    });
    Ok(in_flight.collect())
}

/// Returns the doubts with their keys, jobs, times and reasons.
async fn doubts(store: &dyn Store) -> Result<Vec<(String, Value)>, Failure> {
    let doubts = Named::doubts(store, MAX_LISTED).await?;
    let doubts = doubts.iter();
    Ok(doubts
        .map(|doubt| (doubt.doubt_text(), doubt.doubt_json()))
        .collect())
}

async fn failed(
    options: &WorkOptions,
    store: &dyn Store,
    counts: &Counts,
    cancelled: u64,
) -> Result<Failure, Failure> {
    let parts = [(counts.failed, "failed"), (cancelled, "cancelled")];
    let parts = parts.iter().filter(|(count, _)| *count > 0);
    let parts: Vec<String> = parts
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    let message = format!("of {}, {}", jobs(counts.total()), parts.join(", "));
    let rows = store.rows(Some(State::Failed), 0, MAX_LISTED).await?;
    let listed = rows.iter().map(|row| {
        let attempt = row.attempt.as_ref();
        let note = attempt.and_then(|attempt| attempt.note.as_deref());
        let note = note.unwrap_or_default();
        let key = attempt.map(|attempt| &attempt.key);
        let shown = key.map(|key| format!(" ({key})")).unwrap_or_default();
        let text = format!("job {} `{}`{shown}: {note}", row.n, row.id);
        (
            text,
            json!({ "n": row.n, "id": row.id, "key": key, "note": note }),
        )
    });
    let named = options.location.named();
    let list = |state: State| format!("`runcomfy batch list {named} --state {state}`");
    let mut advice = Vec::new();
    if counts.failed > 0 {
        let list = list(State::Failed);
        advice.push(format!(
            "{list} lists those that failed. `runcomfy batch resolve KEY {named} --resubmit` has the next run submit one again, and pays for it."
        ));
    }
    if cancelled > 0 {
        let list = list(State::Cancelled);
        advice.push(format!(
            "{list} lists those that were cancelled. One that was never submitted stays cancelled: give its line another id to run it."
        ));
    }
    Ok(Failure::jobs_failed(message)
        .with_faults(listed.collect())
        .with_advice(advice.join(" ")))
}
