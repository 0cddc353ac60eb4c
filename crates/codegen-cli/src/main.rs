//! The command `runcomfy-codegen`.

mod arguments;
mod diff;
mod export;
mod generate;
mod import;
mod output;
mod pull;

use std::process::ExitCode;

use arguments::Arguments;
use output::say;

const USAGE: &str = "\
Turns RunComfy model schemas into Rust types and validators.

Usage: runcomfy-codegen <COMMAND> [OPTIONS]

Commands:
  generate              write the files that differ from what the schemas say
  check                 write nothing; exit with 1 and list the files that differ
  lint                  show everything that is wrong or odd in the schema files
  diff OLD NEW          what changed between two folders or git revisions, and whom it hurts
  pull                  take the schemas of the live catalogue, and say what changed
  import PAGE…          take the schemas out of saved documentation pages (text or HTML)
  export json-schema    print the inputs' schemas as standard JSON Schema, by model id
  export openapi        print the Model API with every model's input as OpenAPI 3.1

Options:
  --schemas DIR   the folder with the schema files [default: schemas]
  --out DIR       the folder for the generated code [default: generated/src]
  --support PATH  the Rust path of the crate it leans on [default: ::runcomfy]
  --models GLOB   only models whose ids fit, such as \"bytedance/**\"; may be repeated
  --manifest FILE the Cargo.toml for the models' features [default: generated/Cargo.toml]
  --one-file      one models.rs instead of a tree of files
  --json          lint: findings as one JSON array; diff: the same as --format json
  --format FORM   diff: human, json, or github for annotations [default: human]
  --fail-on-breaking
                  diff: exit with 1 when a change is breaking
  --prune         pull: remove the files of models that the catalogue does not have any more
  --dry-run       pull: only say what would change
  -h, --help      this text
  -V, --version   the version

`pull` reads the token from RUNCOMFY_TOKEN, RUNCOMFY_API_TOKEN or the service's token file, and
another address from RUNCOMFY_MODEL_API_BASE.

Exit codes: 0 done, 1 out of step or a breaking change, 64 wrong usage, 65 a faulty schema or page,
69 the service does not answer, 74 an unreadable or unwritable file, 77 the token is refused.
";

/// The command line was not understood (sysexits).
const EX_USAGE: u8 = 64;
/// A schema file or a page is faulty (sysexits).
const EX_DATAERR: u8 = 65;
/// The service does not answer as it should (sysexits).
const EX_UNAVAILABLE: u8 = 69;
/// The token is refused (sysexits).
const EX_NOPERM: u8 = 77;
/// A file could not be read or written (sysexits).
const EX_IOERR: u8 = 74;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let called = |name: &str, short: &str| arguments.iter().any(|a| a == name || a == short);
    if called("--help", "-h") || arguments.first().is_some_and(|a| a == "help") {
        print!("{USAGE}");
        return ExitCode::SUCCESS;
    }
    if called("--version", "-V") {
        say(format_args!(
            "runcomfy-codegen {}",
            env!("CARGO_PKG_VERSION")
        ));
        return ExitCode::SUCCESS;
    }
    match Arguments::parse(&arguments).and_then(|arguments| run(&arguments)) {
        Ok(code) => code,
        Err(usage) => {
            eprintln!("error: {usage}\n\n{USAGE}");
            ExitCode::from(EX_USAGE)
        }
    }
}

fn run(arguments: &Arguments) -> Result<ExitCode, String> {
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
        ("generate" | "check" | "lint" | "pull", [odd, ..]) => {
            return Err(format!("unexpected argument `{odd}`"));
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
            EX_USAGE
        } else if error.diagnostics().is_empty() {
            EX_IOERR
        } else {
            EX_DATAERR
        })
    }))
}
