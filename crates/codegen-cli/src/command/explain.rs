//! `explain`.

use std::process::ExitCode;

use clap::{Arg, ArgMatches, Command};
use runcomfy_codegen::Code;

use super::argument;
use super::output::print_line;
use crate::exit_code;

pub(crate) fn command() -> Command {
    let code = Arg::new("code").value_name("CODE").required(true);
    Command::new("explain")
        .about("Explain the code of a diagnostic, such as RC0012")
        .arg(code.help("Code as a diagnostic prints it, in brackets"))
}

pub(crate) fn explain(matches: &ArgMatches) -> ExitCode {
    let code = argument::text(matches, "code");
    if let Some(text) = runcomfy_codegen::explain(code) {
        print_line(text.trim_end());
        return ExitCode::SUCCESS;
    }
    let last = Code::ALL.last().map_or("", |code| code.as_str());
    eprintln!("error: unknown code `{code}`; known are RC0001 to {last}");
    ExitCode::from(exit_code::USAGE)
}
