//! The command `runcomfy batch resolve`.

mod arguments;
mod decision;

use clap::ArgMatches;
use runcomfy::{ErrorKind, RequestId};
use runcomfy_batch::{Attempts, Resolution, Store};

pub(crate) use self::arguments::command;

use self::arguments::{Arguments, Selected};
use self::decision::{Decisions, Submit};
use super::gone;
use crate::counted::counted;
use crate::failure::Failure;
use crate::format::Format;
use crate::session::Session;
use crate::show;

/// Stores the decision of a person: on some submits, or on all that are in doubt.
///
/// # Errors
/// If a submit cannot be decided on; the others are.
pub(crate) async fn resolve(matches: &ArgMatches, format: Format) -> Result<(), Failure> {
    let arguments = Arguments::from_matches(matches)?;
    let store = arguments.location.open().await?;
    let resolution = &arguments.resolution;
    let mut decisions = Decisions::new(resolution.clone());
    match &arguments.selected {
        Selected::Keys(keys) => {
            for key in keys {
                let submit = Submit::find(&*store, key).await?;
                match resolution_of(matches, &arguments, &*store, &submit).await {
                    Ok(resolution) => decisions.make(&*store, submit, resolution).await?,
                    Err(failure) => decisions.refuse(submit, failure),
                }
            }
        }
        Selected::All => {
            for submit in in_doubt(&*store, resolution).await? {
                decisions.make(&*store, submit, resolution.clone()).await?;
            }
        }
    }
    decisions.report(format)
}

/// Returns the decision on a submit, after a look at the service, where one is needed.
///
/// # Errors
/// If the service or the store contradict the decision.
async fn resolution_of(
    matches: &ArgMatches,
    arguments: &Arguments,
    store: &dyn Store,
    submit: &Submit,
) -> Result<Resolution, Failure> {
    let (location, resolution) = (&arguments.location, arguments.resolution.clone());
    match &resolution {
        Resolution::RequestId(id) => {
            let is_known = is_known(store, submit, id).await?;
            // An emulated job has ended with its emulator.
            if !is_known && !location.is_emulated() {
                expect_job(matches, id).await?;
            }
        }
        Resolution::NoJob => {
            let gone = gone::id_of(matches, location, store, &submit.key).await?;
            if gone.is_some() {
                return Ok(Resolution::Gone);
            }
        }
        _ => {}
    }
    Ok(resolution)
}

/// Returns `true` if the submit has the job of this id already.
///
/// # Errors
/// If another submit of the batch has that job.
async fn is_known(store: &dyn Store, submit: &Submit, id: &RequestId) -> Result<bool, Failure> {
    let attempts = store.attempts(Attempts::OfRequest(id.clone())).await?;
    let key = &submit.key;
    match attempts.iter().find(|attempt| attempt.key != *key) {
        Some(other) => Err(Failure::input(format!(
            "the job {id} is that of {}, and {key} has another one or none; nothing was changed. Look for a job of the same input and time in the account's history",
            other.key
        ))),
        None => Ok(!attempts.is_empty()),
    }
}

/// Returns the submits in doubt on which a decision for all of them is one. Jobs that are to be submitted again
/// already, and those whose cancellation was requested, are not submitted again by it.
async fn in_doubt(store: &dyn Store, resolution: &Resolution) -> Result<Vec<Submit>, Failure> {
    let mut submits = Vec::new();
    let mut again = 0_u64;
    for attempt in store.attempts(Attempts::InDoubt).await? {
        let submit = Submit::find(store, &attempt.key).await?;
        if *resolution == Resolution::Resubmit && !submit.is_last() {
            again += 1;
            continue;
        }
        if *resolution == Resolution::Resubmit && submit.cancel_requested() {
            show::warn(&format!(
                "{submit}: its cancellation was requested, so it is left in doubt. With its KEY in place of --all it is submitted again"
            ));
            continue;
        }
        submits.push(submit);
    }
    if again > 0 {
        show::warn(&format!(
            "{} left in doubt, of jobs that are submitted again already; the money stays in doubt until an id arrives, or --no-job releases it",
            counted(again, "submit")
        ));
    }
    Ok(submits)
}

/// Refuses an id that the service does not know for the token: such a job could never be saved.
async fn expect_job(matches: &ArgMatches, id: &RequestId) -> Result<(), Failure> {
    let client = Session::service(matches)?.client;
    match client.json_job(id.clone()).status().await {
        Ok(_) => Ok(()),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Forbidden) => {
            Err(Failure::input(format!(
                "the service knows no job {id} of this account; nothing was changed. Look for the id in the account's history, and check the token: {error}"
            )))
        }
        Err(error) => Err(error.into()),
    }
}
