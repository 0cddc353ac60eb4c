//! The command `runcomfy-codegen`.

mod command;
mod exit_code;

use std::process::ExitCode;

fn main() -> ExitCode {
    let matches = match command::root().try_get_matches() {
        Ok(matches) => matches,
        Err(error) => return refuse(&error),
    };
    command::run(&matches)
}

/// Prints help, the version or what is wrong with the command line.
fn refuse(error: &clap::Error) -> ExitCode {
    // Nobody reads a stream that is closed.
    let _ = error.print();
    if error.use_stderr() {
        ExitCode::from(exit_code::USAGE)
    } else {
        ExitCode::SUCCESS
    }
}
