//! The command `runcomfy`.

mod command;
mod failure;
mod flags;
mod input;
mod local_file;
mod models;
mod probe;
mod progress;
mod run;
mod session;
mod show;
mod validate;

use std::process::ExitCode;

use failure::Failure;
use show::Format;

fn main() -> ExitCode {
    let arguments: Vec<String> = match std::env::args_os()
        .map(std::ffi::OsString::into_string)
        .collect()
    {
        Ok(arguments) => arguments,
        Err(odd) => {
            let failure = Failure::usage(format!(
                "found the argument `{}`, expected UTF-8",
                odd.display()
            ));
            return failure.report(Format::Pretty);
        }
    };
    let matches = match command::root(&arguments).try_get_matches_from(&arguments) {
        Ok(matches) => matches,
        Err(error) => {
            // Nothing can be done where not even the message can be printed.
            let _ = error.print();
            return if error.use_stderr() {
                ExitCode::from(failure::EX_USAGE)
            } else {
                ExitCode::SUCCESS
            };
        }
    };
    let format = Format::of(&matches);
    match dispatch(&matches, format) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(format),
    }
}

fn dispatch(matches: &clap::ArgMatches, format: Format) -> Result<(), Failure> {
    match matches.subcommand() {
        Some(("models", matches)) => models::list(matches, format),
        Some(("run", matches)) => session::block_on(run::run(matches, format)),
        Some(("validate", matches)) => session::block_on(validate::validate(matches, format)),
        Some(("probe", matches)) => session::block_on(probe::probe(matches, format)),
        Some(("status", matches)) => session::block_on(run::status(matches, format)),
        Some(("result", matches)) => session::block_on(run::result(matches, format)),
        Some(("cancel", matches)) => session::block_on(run::cancel(matches, format)),
        // clap has made sure that there is one of these.
        _ => Ok(()),
    }
}
