//! The arguments that name a batch: the file of its jobs, or its store.

use clap::{Arg, ArgGroup, Command, ValueHint};

/// Returns a command that takes a batch: by the file of its jobs, or by its store.
pub(crate) fn of_store(name: &'static str, about: &'static str) -> Command {
    with_store(Command::new(name).about(about))
}

/// Adds the arguments that name a batch to a command.
fn with_store(command: Command) -> Command {
    command.args([file(), store()]).group(
        ArgGroup::new("batch")
            .args(["file", "store"])
            .required(true),
    )
}

/// Returns the argument `FILE`.
fn file() -> Arg {
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
        .help("The store of the batch, wherever it lies: a file, or postgres://USER@HOST/DATABASE?batch=NAME")
}
