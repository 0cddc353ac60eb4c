//! The command `runcomfy batch cancel`.

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgGroup, ArgMatches, Command};
use runcomfy_batch::{Attempts, Cancelled, JobId, State, Store};
use serde_json::json;

use super::store;
use super::store_argument::of_store;
use crate::failure::Failure;
use crate::format::Format;

/// States of jobs that can be cancelled.
const STATES: [State; 4] = [
    State::Ready,
    State::Intent,
    State::Submitted,
    State::InDoubt,
];

/// Number of jobs that are read or cancelled at once.
const PAGE: usize = 1000;

/// Returns the command `batch cancel`.
pub(crate) fn command() -> Command {
    of_store(
        "cancel",
        "Cancel jobs: those that are not submitted at once, others at the service",
    )
    .arg(
        Arg::new("job")
            .long("job")
            .value_name("ID|KEY")
            .action(ArgAction::Append)
            .help("This job, by its id or an idempotency key; may be repeated"),
    )
    .arg(
        Arg::new("state")
            .long("state")
            .value_name("STATE")
            .value_parser(PossibleValuesParser::new(STATES.map(State::as_str)))
            .help("All jobs in this state"),
    )
    .arg(
        Arg::new("all")
            .long("all")
            .action(ArgAction::SetTrue)
            .help("All jobs that have not ended"),
    )
    .group(
        ArgGroup::new("selection")
            .args(["job", "state", "all"])
            .required(true),
    )
    .after_help(
        "A job at the service is cancelled by the run that holds it, at once or at its next\n\
             start. Only one that is still queued there can be, and is not charged then.",
    )
}

/// Cancels the selected jobs, and prints their numbers.
pub(crate) async fn cancel(matches: &ArgMatches, format: Format) -> Result<(), Failure> {
    let store = store::open(matches).await?;
    let state = matches.get_one::<String>("state");
    let state: Option<State> = state.and_then(|state| state.parse().ok());
    let cancelled = if matches.get_flag("all") {
        store.cancel(None).await?
    } else {
        let ids = match state {
            Some(state) => in_state(&*store, state).await?,
            None => {
                let named = matches.get_many::<String>("job").into_iter().flatten();
                find(&*store, named).await?
            }
        };
        let mut sum = Cancelled::default();
        for part in ids.chunks(PAGE) {
            let cancelled = store.cancel(Some(part.to_vec())).await?;
            sum.cancelled += cancelled.cancelled;
            sum.requested += cancelled.requested;
        }
        sum
    };
    let json = json!({ "cancelled": cancelled.cancelled, "requested": cancelled.requested });
    let counts = store.counts().await?;
    format.print(&json, || {
        let doubts = match counts.in_doubt {
            0 => "",
            _ => "; those in doubt stay so until `runcomfy batch resolve` decides on them",
        };
        format!(
            "{} cancelled before a submit; {} asked for at the service by the run that holds them{doubts}",
            cancelled.cancelled, cancelled.requested
        )
    });
    Ok(())
}

async fn in_state(store: &dyn Store, state: State) -> Result<Vec<JobId>, Failure> {
    let (mut ids, mut after) = (Vec::new(), 0);
    loop {
        let rows = store.rows(Some(state), after, PAGE).await?;
        let count = rows.len();
        if let Some(last) = rows.last() {
            after = last.n;
        }
        ids.extend(rows.into_iter().map(|row| row.id));
        if count < PAGE {
            return Ok(ids);
        }
    }
}

/// Finds jobs by their ids or by keys of their attempts.
async fn find(
    store: &dyn Store,
    names: impl Iterator<Item = &String>,
) -> Result<Vec<JobId>, Failure> {
    let mut ids = Vec::new();
    let mut keys = None;
    for name in names {
        let id = name.parse::<JobId>().ok();
        let row = match id {
            Some(id) => store.find(id).await?,
            None => None,
        };
        if let Some(row) = row {
            ids.push(row.id);
            continue;
        }
        if keys.is_none() {
            keys = Some(store.attempts(Attempts::All).await?);
        }
        let attempts = keys.iter().flatten();
        let attempt = attempts.into_iter().find(|it| it.key.as_str() == name);
        let n = attempt.map(|attempt| attempt.n);
        let rows = match n {
            Some(n) => store.rows(None, n - 1, 1).await?,
            None => Vec::new(),
        };
        match rows.into_iter().next() {
            Some(row) => ids.push(row.id),
            None => {
                return Err(Failure::input(format!(
                    "the batch has no job `{name}`; nothing was changed. `runcomfy batch list` lists the ids and keys"
                )));
            }
        }
    }
    Ok(ids)
}
