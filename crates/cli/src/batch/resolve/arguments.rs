//! The arguments of `batch resolve`.

use clap::{Arg, ArgAction, ArgGroup, ArgMatches, Command, ValueHint};
use runcomfy::RequestId;
use runcomfy_batch::{JobKey, Resolution};

use crate::batch::store::Location;
use crate::batch::store_argument::store;
use crate::failure::Failure;

/// Returns the command `batch resolve`.
pub(crate) fn command() -> Command {
    let switch = |name: &'static str, help: &'static str| {
        let switch = Arg::new(name).long(name).action(ArgAction::SetTrue);
        switch.help(help)
    };
    let names = Arg::new("names")
        .num_args(0..)
        .value_name("KEY|FILE")
        .value_hint(ValueHint::FilePath)
        .help("Idempotency keys of the submits, as `batch run`, `batch list` and `batch doctor` print them; and last the file of the jobs, unless --store names the store");
    Command::new("resolve")
        .about("Decide on submits whose outcome is unknown")
        .override_usage(
            "runcomfy batch resolve <KEY...|--all> <FILE|--store <STORE>> <--request-id <ID>|--no-job|--resubmit>",
        )
        .arg(names)
        .arg(store())
        .arg(
            switch(
                "all",
                "Decide on each submit that is in doubt, in place of KEYs; those that cannot be decided on yet are named",
            )
            .conflicts_with("request-id"),
        )
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
            "The account's history has no job: the money is released, and the job has failed. With a KEY also for one that the service had accepted, and which it or whose files it has no more: its estimate counts as spent",
        ))
        .arg(switch(
            "resubmit",
            "Submit the job again, with a new key, and pay for it; a KEY may also be one of a job that has failed or was cancelled",
        ))
        .group(
            ArgGroup::new("decision")
                .args(["request-id", "no-job", "resubmit"])
                .required(true),
        )
        .after_help(
            "Exit codes:\n  \
             0   All are decided on\n  \
             65  A decision is not possible, with the reason\n  \
             75  A submit may still arrive: repeat the command after the time that is named",
        )
}

/// The submits that are decided on.
pub(super) enum Selected {
    Keys(Vec<JobKey>),
    All,
}

/// The arguments, as they belong together.
pub(super) struct Arguments {
    pub(super) location: Location,
    pub(super) selected: Selected,
    pub(super) resolution: Resolution,
}

impl Arguments {
    /// Reads the command line.
    ///
    /// # Errors
    /// If it names no store, no submit, or several for one id.
    pub(super) fn from_matches(matches: &ArgMatches) -> Result<Self, Failure> {
        let names = matches.get_many::<String>("names").into_iter().flatten();
        let mut names: Vec<&String> = names.collect();
        let store = matches.get_one::<String>("store").map(String::as_str);
        let all = matches.get_flag("all");
        let alone = names.len() == 1 && !all;
        let file = if store.is_none() { names.pop() } else { None };
        if store.is_none() && (file.is_none() || alone) {
            let found = file.map_or_else(
                || "no file and no --store".to_owned(),
                |name| format!("only `{name}`"),
            );
            return Err(Failure::usage(format!(
                "found {found}, expected the KEYs of submits, or --all, and then the FILE of the jobs or --store STORE; nothing was changed. `runcomfy batch doctor` lists the keys in doubt"
            )));
        }
        let location = Location::find(file.map_or("", String::as_str), store)?;
        let keys: Result<Vec<JobKey>, _> = names.iter().map(|name| name.parse()).collect();
        let keys = keys.map_err(|error| Failure::usage(format!("found {error}")))?;
        let resolution = resolution(matches);
        let selected = match (keys.len(), all) {
            (0, true) => Selected::All,
            (_, true) => {
                return Err(Failure::usage(
                    "found KEYs beside --all, expected one of both; nothing was changed",
                ));
            }
            (0, false) => {
                return Err(Failure::usage(
                    "found no KEY, expected those of submits, or --all; nothing was changed. `runcomfy batch doctor` lists the keys in doubt",
                ));
            }
            (2.., false) if matches!(resolution, Resolution::RequestId(_)) => {
                return Err(Failure::usage(
                    "--request-id is the id of one job; nothing was changed. Name the KEY of its submit alone",
                ));
            }
            (_, false) => Selected::Keys(keys),
        };
        Ok(Self {
            location,
            selected,
            resolution,
        })
    }
}

fn resolution(matches: &ArgMatches) -> Resolution {
    match matches.get_one::<RequestId>("request-id") {
        Some(id) => Resolution::RequestId(id.clone()),
        None if matches.get_flag("no-job") => Resolution::NoJob,
        None => Resolution::Resubmit,
    }
}
