//! Completion in shells: the shell asks the command, which knows the models and their flags.

mod bash;

use clap::{ArgMatches, Command};
use clap_complete::CompleteEnv;
use clap_complete::env::Shells;

use crate::failure::Failure;
use crate::words::Words;
use crate::{command, model, show};

/// Tells the command that a shell asks, and which.
const VARIABLE: &str = "RUNCOMFY_COMPLETE";

/// Answers a shell and ends the process, where one asks.
pub(crate) fn answer(arguments: &[String]) {
    let Some(shell) = std::env::var_os(VARIABLE) else {
        return;
    };
    // What is completed stands behind the first `--`.
    let mut behind = arguments.iter().skip_while(|word| *word != "--").skip(1);
    if shell == "bash" {
        let mut next = || behind.next().map_or("", |text| text);
        let line = bash::Line::read(next(), next());
        let candidates = line.candidates(&mut tree(&line.words));
        if !candidates.is_empty() {
            show::out(&candidates.join("\n"));
        }
        std::process::exit(0);
    }
    let words: Vec<String> = behind.cloned().collect();
    CompleteEnv::with_factory(|| tree(&words))
        .var(VARIABLE)
        .complete();
}

/// The whole command as these words, program name first, have it: with the flags of their model.
fn tree(words: &[String]) -> Command {
    let words = Words::of(words.get(1..).unwrap_or_default(), &command::root(None));
    // Nobody waits for a network between two keys.
    let named = model::named(&words, false);
    let schema = named.as_ref().ok().and_then(model::Named::schema);
    command::with_candidates(command::root(schema), schema)
}

/// Prints what a shell has to run once for this.
pub(crate) fn script(matches: &ArgMatches) -> Result<(), Failure> {
    let shell = matches.get_one::<String>("shell").map_or("", |name| name);
    if shell == "bash" {
        show::out(bash::script(VARIABLE).trim_end());
        return Ok(());
    }
    let shells = Shells::builtins();
    let name = "runcomfy";
    let mut script = Vec::new();
    // clap takes no others.
    if let Some(shell) = shells.completer(shell) {
        shell
            .write_registration(VARIABLE, name, name, name, &mut script)
            .map_err(|e| Failure::machine(format!("the script could not be made: {e}")))?;
    }
    show::out(String::from_utf8_lossy(&script).trim_end());
    Ok(())
}
