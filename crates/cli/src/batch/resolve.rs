//! The command `runcomfy batch resolve`.

use clap::{Arg, ArgAction, ArgGroup, ArgMatches, Command};
use runcomfy::{ErrorKind, RequestId};
use runcomfy_batch::{Attempts, JobKey, Resolution, Store};
use serde_json::json;

use super::command::with_store;
use super::gone;
use super::store::Location;
use crate::failure::Failure;
use crate::format::Format;
use crate::session::Session;

/// Returns the command `batch resolve`.
pub(crate) fn command() -> Command {
    let switch = |name: &'static str, help: &'static str| {
        let switch = Arg::new(name).long(name).action(ArgAction::SetTrue);
        switch.help(help)
    };
    let key = Arg::new("key")
        .required(true)
        .value_name("KEY")
        .value_parser(|text: &str| text.parse::<JobKey>().map_err(|error| error.to_string()))
        .help("Idempotency key of the submit, as `batch run` and `batch doctor` print it");
    let command = Command::new("resolve").about("Decide on a submit whose outcome is unknown").override_usage(
        "runcomfy batch resolve <KEY> <FILE|--store <STORE>> <--request-id <ID>|--no-job|--resubmit>",
    );
    with_store(command.arg(key))
        .arg(
            Arg::new("request-id")
                .long("request-id")
                .value_name("ID")
                .value_parser(|text: &str| {
                    text.parse::<RequestId>().map_err(|error| error.to_string())
                })
                .help("The account's history has the job with this id: the next run waits for it"),
        )
        .arg(switch(
            "no-job",
            "The account's history has no job: the money is released, and the job has failed. Also for one that the service had accepted and does not know any more: its estimate counts as spent",
        ))
        .arg(switch(
            "resubmit",
            "Submit the job again, with a new key, and pay for it; also for one that has failed or was cancelled",
        ))
        .group(
            ArgGroup::new("decision")
                .args(["request-id", "no-job", "resubmit"])
                .required(true),
        )
}

/// Stores the decision of a person.
pub(crate) async fn resolve(matches: &ArgMatches, format: Format) -> Result<(), Failure> {
    let location = Location::from_matches(matches)?;
    let store = location.open().await?;
    let Some(key) = matches.get_one::<JobKey>("key").cloned() else {
        // clap requires it.
        return Ok(());
    };
    let (resolution, word, text) = match matches.get_one::<RequestId>("request-id") {
        Some(id) => (
            Resolution::RequestId(id.clone()),
            "request_id",
            format!(
                "{key} has the job {id}; the next `batch run` waits for it and saves its files"
            ),
        ),
        None if matches.get_flag("no-job") => {
            match gone::id_of(matches, &location, &*store, &key).await? {
                Some(id) => (
                    Resolution::Gone,
                    "gone",
                    format!(
                        "{key} has failed, since the service does not know its job {id} any more; its estimate counts as spent. --resubmit has the next run submit it again"
                    ),
                ),
                None => (
                    Resolution::NoJob,
                    "no_job",
                    format!("{key} has no job; its money is released"),
                ),
            }
        }
        None => (
            Resolution::Resubmit,
            "resubmit",
            format!("the job of {key} is submitted again by the next `batch run`, with a new key"),
        ),
    };
    if let Resolution::RequestId(id) = &resolution {
        refuse_other_jobs(&*store, &key, id).await?;
        // An emulated job has ended with its emulator.
        if !location.is_emulated() {
            expect_job(matches, id).await?;
        }
    }
    store.resolve(key.clone(), resolution).await?;
    format.print(&json!({ "key": key, "resolution": word }), || text);
    Ok(())
}

/// Refuses the id of a job that another submit of the batch has.
async fn refuse_other_jobs(store: &dyn Store, key: &JobKey, id: &RequestId) -> Result<(), Failure> {
    let attempts = store.attempts(Attempts::OfRequest(id.clone())).await?;
    match attempts.iter().find(|attempt| attempt.key != *key) {
        Some(other) => Err(Failure::input(format!(
            "the job {id} is that of {}, and {key} has another one or none; nothing was changed. Look for a job of the same input and time in the account's history",
            other.key
        ))),
        None => Ok(()),
    }
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
