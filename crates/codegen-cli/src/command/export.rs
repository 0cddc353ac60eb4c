//! `export`: the schemas for other tools.

use std::process::ExitCode;

use clap::{ArgMatches, Command};
use runcomfy_codegen_cli::{Error, json_schemas, openapi};
use serde_json::Value;

use super::argument;
use super::output::print_line;

pub(crate) fn command() -> Command {
    let format = |name: &'static str, about| {
        Command::new(name)
            .about(about)
            .args([argument::schemas(), argument::models()])
    };
    Command::new("export")
        .about("Print the schemas for other tools")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(format(
            "json-schema",
            "Print the inputs' schemas as standard JSON Schema, by model id",
        ))
        .subcommand(format(
            "openapi",
            "Print the Model API with every model's input as OpenAPI 3.1",
        ))
}

pub(crate) fn export(matches: &ArgMatches) -> Result<ExitCode, Error> {
    let document = match matches.subcommand() {
        Some(("json-schema", matches)) => {
            Value::Object(json_schemas(&argument::reader(matches).read()?))
        }
        // clap lets no other name through.
        Some((_, matches)) => openapi(&argument::reader(matches).read()?),
        None => Value::Null,
    };
    print_line(format_args!("{document:#}"));
    Ok(ExitCode::SUCCESS)
}
