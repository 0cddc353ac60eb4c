//! The commands, one module each.

mod arguments;
mod diff;
mod export;
mod generate;
mod import;
mod output;
mod pull;

use std::process::ExitCode;

use crate::exit_code;

pub(crate) use arguments::Arguments;
pub(crate) use output::print_line;

/// Runs the command that the arguments name. Returns a message if the usage is wrong.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, String> {
    let rest: Vec<&str> = arguments.rest.iter().map(String::as_str).collect();
    let outcome = match (arguments.command.as_str(), &*rest) {
        ("generate", []) => generate::generate(arguments),
        ("check", []) => generate::check(arguments),
        ("lint", []) => generate::lint(arguments),
        ("diff", _) if !arguments.models.is_empty() => {
            return Err("`diff` compares all models; leave `--models` out".into());
        }
        ("diff", [old, new]) => diff::diff(arguments, old, new),
        ("diff", _) => return Err("expected two folders or git revisions to compare".into()),
        ("pull", []) => pull::pull(arguments),
        ("import", [_, ..]) => Ok(import::import(arguments)),
        ("import", []) => return Err("expected at least one page to import".into()),
        ("export", ["json-schema"]) => export::json_schema(arguments),
        ("export", ["openapi"]) => export::openapi(arguments),
        ("export", _) => return Err("expected `export json-schema` or `export openapi`".into()),
        ("generate" | "check" | "lint" | "pull", [unexpected, ..]) => {
            return Err(format!("unexpected argument `{unexpected}`"));
        }
        (other, _) => {
            return Err(format!(
                "found the command `{other}`, expected one of those below"
            ));
        }
    };
    Ok(outcome.unwrap_or_else(|error| {
        eprintln!("{error}");
        ExitCode::from(if error.is_usage() {
            exit_code::USAGE
        } else if error.diagnostics().is_empty() {
            exit_code::IO
        } else {
            exit_code::DATA
        })
    }))
}
