//! `export`: the schemas for other tools.

use std::path::Path;
use std::process::ExitCode;

use clap::{ArgMatches, Command};
use runcomfy_codegen::source;
use runcomfy_codegen_cli::{Error, json_schemas, openapi_with, without_extensions};
use serde_json::Value;

use super::argument;
use super::output::print_line;
use crate::exit_code;

pub(crate) fn command() -> Command {
    let format = |name: &'static str, about| {
        Command::new(name)
            .about(about)
            .args([argument::schemas(), argument::models()])
            .arg(argument::switch(
                "no-extensions",
                "Leave out the keywords `x-…`, which strict validators refuse",
            ))
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
    // clap lets no other name through.
    let Some((format, matches)) = matches.subcommand() else {
        return Ok(ExitCode::from(exit_code::USAGE));
    };
    let reader = argument::reader(matches);
    let settings = reader.read_settings()?;
    let schemas = Path::new(argument::text(matches, "schemas"));
    let (sources, _) = source::read_all(schemas, &settings)?.checked_by(&settings)?;
    let models = source::models(sources);
    let mut document = match format {
        "json-schema" => Value::Object(json_schemas(&models)),
        _ => openapi_with(&models, &settings),
    };
    if matches.get_flag("no-extensions") {
        document = without_extensions(document);
    }
    print_line(format_args!("{document:#}"));
    Ok(ExitCode::SUCCESS)
}
