//! Completion in shells. The shell runs the command, which knows the models and their flags.

mod bash;

use clap::{ArgMatches, Command};
use clap_complete::CompleteEnv;
use clap_complete::env::Shells;

use crate::failure::Failure;
use crate::words::Words;
use crate::{command, model, show};

/// The variable that names the shell which requests candidates.
const VARIABLE: &str = "RUNCOMFY_COMPLETE";

/// Prints candidates and ends the process, if a shell requests them.
pub(crate) fn respond(arguments: &[String]) {
    let Some(shell) = std::env::var_os(VARIABLE) else {
        return;
    };
    // The words to complete follow the first `--`.
    let mut after_dashes = arguments.iter().skip_while(|word| *word != "--").skip(1);
    if shell == "bash" {
        let mut next = || after_dashes.next().map_or("", |text| text);
        let line = bash::Line::read(next(), next());
        let candidates = line.candidates(&mut tree(&line.words));
        if !candidates.is_empty() {
            show::out(&candidates.join("\n"));
        }
        std::process::exit(0);
    }
    let words: Vec<String> = after_dashes.cloned().collect();
    CompleteEnv::with_factory(|| tree(&words))
        .var(VARIABLE)
        .complete();
}

/// Returns the whole command for these words, program name first, with the flags of their model.
fn tree(words: &[String]) -> Command {
    let words = Words::parse(words.get(1..).unwrap_or_default(), &command::root(None));
    // No network: the user waits after pressing a key.
    let named = model::resolve(&words, false);
    let schema = named.as_ref().ok().and_then(model::Named::schema);
    command::with_candidates(command::root(schema), schema)
}

/// Prints the script that a shell loads once.
///
/// # Errors
/// If the script cannot be generated.
pub(crate) fn script(matches: &ArgMatches) -> Result<(), Failure> {
    let shell = matches.get_one::<String>("shell").map_or("", |name| name);
    if shell == "bash" {
        show::out(bash::script(VARIABLE).trim_end());
        return Ok(());
    }
    let shells = Shells::builtins();
    let name = "runcomfy";
    let mut script = Vec::new();
    // clap accepts only these names.
    if let Some(shell) = shells.completer(shell) {
        shell
            .write_registration(VARIABLE, name, name, name, &mut script)
            .map_err(|e| {
                Failure::internal(format!("the completion script could not be generated: {e}"))
            })?;
    }
    show::out(String::from_utf8_lossy(&script).trim_end());
    Ok(())
}
