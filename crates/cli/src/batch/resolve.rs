//! The command `runcomfy batch resolve`.

use clap::{Arg, ArgAction, ArgGroup, ArgMatches, Command};
use runcomfy::RequestId;
use runcomfy_batch::{JobKey, Resolution};
use serde_json::json;

use super::command::with_store;
use super::store;
use crate::failure::Failure;
use crate::format::Format;

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
            "The account's history has no job: the money is released, and the job has failed",
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
    let store = store::open(matches).await?;
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
        None if matches.get_flag("no-job") => (
            Resolution::NoJob,
            "no_job",
            format!("{key} has no job; its money is released"),
        ),
        None => (
            Resolution::Resubmit,
            "resubmit",
            format!("the job of {key} is submitted again by the next `batch run`, with a new key"),
        ),
    };
    store.resolve(key.clone(), resolution).await?;
    format.print(&json!({ "key": key, "resolution": word }), || text);
    Ok(())
}
