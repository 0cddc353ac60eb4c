//! Completion in shells: the shell asks the command, which knows the models and their flags.

use std::io;

use clap::ArgMatches;
use clap_complete::CompleteEnv;
use clap_complete::env::Shells;

use crate::failure::Failure;
use crate::words::Words;
use crate::{command, model};

/// Tells the command that a shell asks, and which.
const VARIABLE: &str = "RUNCOMFY_COMPLETE";

/// Answers a shell and ends the process, where one asks.
pub(crate) fn answer(arguments: &[String]) {
    if std::env::var_os(VARIABLE).is_none() {
        return;
    }
    // The line that is completed stands behind the first `--`, program name first.
    let line = arguments.iter().skip_while(|word| *word != "--").skip(2);
    let words = Words::of(&line.cloned().collect::<Vec<_>>(), &command::root(None));
    // Nobody waits for a network between two keys.
    let named = model::named(&words, false);
    let schema = named.as_ref().ok().and_then(model::Named::schema);
    CompleteEnv::with_factory(|| command::with_candidates(command::root(schema), schema))
        .var(VARIABLE)
        .complete();
}

/// Prints what a shell has to run once for this.
pub(crate) fn script(matches: &ArgMatches) -> Result<(), Failure> {
    let shell = matches.get_one::<String>("shell").map_or("", |name| name);
    let shells = Shells::builtins();
    let name = "runcomfy";
    match shells.completer(shell) {
        Some(shell) => shell
            .write_registration(VARIABLE, name, name, name, &mut io::stdout())
            .map_err(|e| Failure::machine(format!("could not write to standard output: {e}"))),
        // clap takes no others.
        None => Ok(()),
    }
}
