//! `completion`: scripts for shells.

use std::process::ExitCode;

use clap::{Arg, ArgMatches, Command, value_parser};
use clap_complete::Shell;

use super::output::print_line;

pub(crate) fn command() -> Command {
    Command::new("completion")
        .about("Print the script for completion of commands and flags in a shell")
        .arg(
            Arg::new("shell")
                .required(true)
                .value_name("SHELL")
                .value_parser(value_parser!(Shell))
                .help("Name of the shell"),
        )
        .after_help(
            "Load it when the shell starts:\n  \
             bash        source <(runcomfy-codegen completion bash)\n  \
             zsh         source <(runcomfy-codegen completion zsh)\n  \
             fish        runcomfy-codegen completion fish | source\n  \
             elvish      eval (runcomfy-codegen completion elvish | slurp)\n  \
             powershell  runcomfy-codegen completion powershell | Out-String | Invoke-Expression",
        )
}

pub(crate) fn completion(matches: &ArgMatches, root: &mut Command) -> ExitCode {
    if let Some(shell) = matches.get_one::<Shell>("shell") {
        let mut script = Vec::new();
        clap_complete::generate(*shell, root, "runcomfy-codegen", &mut script);
        print_line(String::from_utf8_lossy(&script).trim_end());
    }
    ExitCode::SUCCESS
}
