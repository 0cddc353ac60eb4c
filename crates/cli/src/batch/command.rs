//! The tree of the commands of batches.

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, Command, ValueHint};
use runcomfy_batch::{ReportFormat, State};

use super::store_argument::of_store;

/// Returns the command `batch`.
pub(crate) fn batch() -> Command {
    Command::new("batch")
        .about("Run many jobs within a budget, none paid twice, and resume them after a kill")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(super::run::command())
        .subcommand(super::work::command())
        .subcommand(status())
        .subcommand(list())
        .subcommand(report())
        .subcommand(super::resolve::command())
        .subcommand(super::cancel::command())
        .subcommand(super::doctor::command())
}

fn status() -> Command {
    of_store("status", "Show jobs by state, and the money").arg(
        Arg::new("watch")
            .long("watch")
            .action(ArgAction::SetTrue)
            .help("Show it until nothing is left to do: a screen in a terminal, elsewhere a line each minute"),
    )
}

fn list() -> Command {
    of_store("list", "List jobs, one on each line").arg(
        Arg::new("state")
            .long("state")
            .value_name("STATE")
            .value_parser(PossibleValuesParser::new(
                State::ALL.iter().map(|state| state.as_str()),
            ))
            .help("Only jobs in this state"),
    )
}

fn report() -> Command {
    let formats = ReportFormat::ALL.iter().map(|format| format.as_str());
    of_store(
        "report",
        "Write all jobs as JSON Lines, CSV or a page for browsers",
    )
    .arg(
        Arg::new("format")
            .long("format")
            .value_name("FORMAT")
            .value_parser(PossibleValuesParser::new(formats))
            .help("Format of the report. Default: the extension of --out, else jsonl"),
    )
    .arg(
        Arg::new("out")
            .long("out")
            .value_name("FILE")
            .value_hint(ValueHint::FilePath)
            .help("File of the report, which is replaced. Default: standard output"),
    )
    .arg(
        Arg::new("files")
            .long("files")
            .value_name("DIR")
            .value_hint(ValueHint::DirPath)
            .help("Folder of the saved files, if they were moved, for the page"),
    )
    .arg(
        Arg::new("no-prompts")
            .long("no-prompts")
            .action(ArgAction::SetTrue)
            .help("Leave out the inputs of jobs, and so their prompts"),
    )
    .arg(
        Arg::new("events")
            .long("events")
            .action(ArgAction::SetTrue)
            .help("Write the journal instead: every transition of every job"),
    )
}
