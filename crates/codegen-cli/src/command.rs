//! The commands, one module each: its flags, and what it does.

mod argument;
mod completion;
mod diff;
mod explain;
mod export;
mod format;
mod generate;
mod import;
mod output;
mod pull;
mod verdict;

use std::process::ExitCode;

use clap::{ArgMatches, Command};
use runcomfy_codegen_cli::Error;

use crate::exit_code;

const AFTER_HELP: &str = "\
Exit codes:
  0   Done
  1   `check`: bindings are out of date; `diff`, `pull`: a change that
      --fail-on-breaking, --fail-on-default or --exit-code names
  64  Wrong usage: an unknown command or flag, an invalid value, a pattern that
      matches no model
  65  An invalid schema or page; each is printed
  69  The service does not respond as it should; nothing was written
  74  A file that cannot be read or written
  77  No token, or one that is refused; nothing was written";

/// Returns the whole command.
pub(crate) fn root() -> Command {
    Command::new("runcomfy-codegen")
        // Without the extension that some systems add to the file.
        .bin_name("runcomfy-codegen")
        .about("Generate Rust types and validators from RunComfy model schemas")
        .version(env!("CARGO_PKG_VERSION"))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(generate::generate_command())
        .subcommand(generate::check_command())
        .subcommand(generate::lint_command())
        .subcommand(diff::command())
        .subcommand(pull::command())
        .subcommand(import::command())
        .subcommand(export::command())
        .subcommand(explain::command())
        .subcommand(completion::command())
        .after_help(AFTER_HELP)
}

/// Runs the command that the command line names.
pub(crate) fn run(matches: &ArgMatches) -> ExitCode {
    let outcome = match matches.subcommand() {
        Some(("generate", matches)) => generate::generate(matches),
        Some(("check", matches)) => generate::check(matches),
        Some(("lint", matches)) => generate::lint(matches),
        Some(("diff", matches)) => diff::diff(matches),
        Some(("pull", matches)) => pull::pull(matches),
        Some(("import", matches)) => Ok(import::import(matches)),
        Some(("export", matches)) => export::export(matches),
        Some(("explain", matches)) => Ok(explain::explain(matches)),
        // clap lets no other name through.
        Some((_, matches)) => Ok(completion::completion(matches, &mut root())),
        None => Ok(ExitCode::from(exit_code::USAGE)),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("{error}");
        ExitCode::from(code_of(&error))
    })
}

fn code_of(error: &Error) -> u8 {
    if error.is_usage() {
        exit_code::USAGE
    } else if error.diagnostics().is_empty() {
        exit_code::IO
    } else {
        exit_code::DATA
    }
}
