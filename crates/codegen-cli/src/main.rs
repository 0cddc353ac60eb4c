//! The command `runcomfy-codegen`.

mod command;
mod exit_code;

use std::process::ExitCode;

use command::{Arguments, print_line, run};

const USAGE: &str = "\
Generates Rust types and validators from RunComfy model schemas.

Usage: runcomfy-codegen <COMMAND> [OPTIONS]

Commands:
  generate              write the generated files that differ from the schemas
  check                 write nothing; list the generated files that differ, and exit with 1
  lint                  print every error and warning about the schema files
  diff OLD NEW          print what changed between two folders or git revisions, by class
  pull                  write the schemas of the live catalogue, and print what changed
  import PAGE…          write the schemas of saved documentation pages (text or HTML)
  export json-schema    print the inputs' schemas as standard JSON Schema, by model id
  export openapi        print the Model API with every model's input as OpenAPI 3.1

Options:
  --schemas DIR   the folder of the schema files [default: schemas]
  --out DIR       the folder of the generated code [default: generated/src]
  --support PATH  the Rust path of the crate that the code uses [default: ::runcomfy]
  --models GLOB   only models whose ids match, such as \"bytedance/**\"; may be repeated
  --manifest FILE the Cargo.toml for the models' features [default: generated/Cargo.toml]
  --one-file      one models.rs instead of a tree of files
  --json          lint: diagnostics as one JSON array; diff: the same as --format json
  --format FORM   diff: human, json, or github for annotations [default: human]
  --fail-on-breaking
                  diff: exit with 1 if a change is breaking
  --prune         pull: remove the files of models that the catalogue does not list
  --dry-run       pull: only print what would change
  -h, --help      print this text
  -V, --version   print the version

`pull` reads the token from RUNCOMFY_TOKEN, RUNCOMFY_API_TOKEN or the service's token file, and
another address of the service from RUNCOMFY_MODEL_API_BASE.

Exit codes: 0 done, 1 out of date or a breaking change, 64 wrong usage, 65 an invalid schema or page,
69 the service does not respond, 74 an unreadable or unwritable file, 77 the token is refused.
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let given = |name: &str, short: &str| arguments.iter().any(|a| a == name || a == short);
    if given("--help", "-h") || arguments.first().is_some_and(|a| a == "help") {
        print!("{USAGE}");
        return ExitCode::SUCCESS;
    }
    if given("--version", "-V") {
        print_line(format_args!(
            "runcomfy-codegen {}",
            env!("CARGO_PKG_VERSION")
        ));
        return ExitCode::SUCCESS;
    }
    match Arguments::parse(&arguments).and_then(|arguments| run(&arguments)) {
        Ok(code) => code,
        Err(usage) => {
            eprintln!("error: {usage}\n\n{USAGE}");
            ExitCode::from(exit_code::USAGE)
        }
    }
}
