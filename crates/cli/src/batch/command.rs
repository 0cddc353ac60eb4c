//! The tree of the commands of batches.

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgGroup, Command, ValueHint};
use runcomfy_batch::State;

/// Returns the command `batch`.
pub(crate) fn batch() -> Command {
    Command::new("batch")
        .about("Run many jobs within a budget, none paid twice, and resume them after a kill")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(super::run::command())
        .subcommand(status())
        .subcommand(list())
}

fn status() -> Command {
    of_store("status", "Show jobs by state, and the money")
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

/// Returns a command that takes a batch: by the file of its jobs, or by its store.
fn of_store(name: &'static str, about: &'static str) -> Command {
    Command::new(name)
        .about(about)
        .args([file(), store()])
        .group(
            ArgGroup::new("batch")
                .args(["file", "store"])
                .required(true),
        )
}

/// Returns the argument `FILE`.
pub(crate) fn file() -> Arg {
    Arg::new("file")
        .value_name("FILE")
        .value_hint(ValueHint::FilePath)
        .help("File of the jobs; the store lies beside it as FILE.batch.db")
}

/// Returns `--store`.
pub(crate) fn store() -> Arg {
    Arg::new("store")
        .long("store")
        .value_name("STORE")
        .value_hint(ValueHint::FilePath)
        .help("The store of the batch, wherever it lies")
}
