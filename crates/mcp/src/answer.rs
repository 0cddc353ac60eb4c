//! A job as answers have it.

use std::path::{Path, PathBuf};

use runcomfy_batch::{Row, State};
use serde_json::{Map, Value, json};

use crate::engine::Notes;
use crate::shared::Shared;

/// Meaning of a job that has succeeded and is not saved.
pub(crate) const SUCCEEDED: &str =
    "It has succeeded and is paid, and its files are being fetched: nothing is submitted for that.";

/// Returns a job with its state, its money and the next call.
pub(crate) fn job(shared: &Shared, row: &Row) -> Map<String, Value> {
    let notes = shared.engine.notes();
    let mut answer = Map::new();
    let mut set = |name: &str, value: Value| answer.insert(name.to_owned(), value);
    let attempt = row.attempt.as_ref();
    set("key", row.id.as_str().into());
    set("state", state(row, notes).into());
    if let Some(id) = attempt.and_then(|attempt| attempt.request_id.as_ref()) {
        set("request_id", id.as_str().into());
    }
    set("model", row.model.as_str().into());
    match attempt.and_then(|attempt| attempt.cost) {
        Some(cost) => set("cost_usd", json!(cost)),
        None => set("estimated_cost_usd", json!(row.estimate)),
    };
    if let Some(reason) = reason(row, notes) {
        set("reason", reason.into());
    }
    if row.state == State::Saved {
        let files = files(row);
        let files: Vec<String> = files
            .iter()
            .map(|file| file.display().to_string())
            .collect();
        set("files", files.into());
    }
    if let Some(reason) = notes.paused().filter(|_| row.state == State::Ready) {
        set("waiting_for", reason.into());
    }
    set("next", next(shared, row).into());
    answer
}

/// Returns the word for the state of a job.
pub(crate) fn state(row: &Row, notes: &Notes) -> &'static str {
    match row.state {
        State::Ready | State::Intent => "submitting",
        State::Submitted if notes.has_succeeded(&row.id) => "saving",
        State::Submitted if notes.has_started(&row.id) => "running",
        State::Submitted => "submitted",
        State::Saved => "saved",
        State::Failed => "failed",
        State::Cancelled => "cancelled",
        State::InDoubt => "in_doubt",
    }
}

/// Returns `true` if calls wait for nothing of the job any more: it has ended, or is in doubt.
pub(crate) fn is_over(row: &Row) -> bool {
    row.state.has_ended() || row.state == State::InDoubt
}

/// Returns why a job is in its state.
fn reason(row: &Row, notes: &Notes) -> Option<String> {
    let note = row
        .attempt
        .as_ref()
        .and_then(|attempt| attempt.note.clone());
    match row.state {
        State::Submitted => notes.unsaved(&row.id).or(note),
        _ => note,
    }
}

/// Returns what a person does about a job in doubt.
pub(crate) fn decide(shared: &Shared, row: &Row) -> String {
    let attempt = row.attempt.as_ref();
    let key = attempt.map_or("KEY", |attempt| attempt.key.as_str());
    let resolve = shared.settings.resolve(key);
    format!(
        "Tell the user to look for a job of this model and time in the account's history, and then to run `{resolve}` with `--request-id ID` if it is there, or with `--no-job` if it is not."
    )
}

fn next(shared: &Shared, row: &Row) -> String {
    match row.state {
        State::Ready | State::Intent => {
            "Call `wait` with this key. Do not submit the job with another key: it would be paid twice."
                .to_owned()
        }
        State::Submitted if shared.engine.notes().has_succeeded(&row.id) => {
            format!("{SUCCEEDED} Call `wait` with this key or request_id.")
        }
        State::Submitted => "Call `wait` with this key or request_id.".to_owned(),
        State::Saved => "Call `result` to see the files.".to_owned(),
        State::Failed if charged(row) => {
            "Tell the user. Submitting it with another key is another job, which is paid.".to_owned()
        }
        State::Failed if row.is_declared() => {
            "The user has found that the service has no such job, so nothing is charged. To get it, submit the same input with another key.".to_owned()
        }
        State::Failed => {
            "Nothing is charged. Fix the input, and submit it with another key.".to_owned()
        }
        State::Cancelled => "Submitting it with another key is another job.".to_owned(),
        State::InDoubt => {
            let decide = decide(shared, row);
            format!(
                "The response to the submit was lost: the service may have the job, and may charge for it. Do not submit it again, neither with this key nor with another. {decide}"
            )
        }
    }
}

/// Returns `true` if the service had the job.
pub(crate) fn charged(row: &Row) -> bool {
    row.attempt
        .as_ref()
        .is_some_and(|attempt| attempt.request_id.is_some())
}

/// Returns the saved files of a job.
pub(crate) fn files(row: &Row) -> Vec<PathBuf> {
    let folder = Path::new(row.folder().unwrap_or("."));
    row.files().map(|name| folder.join(name)).collect()
}
