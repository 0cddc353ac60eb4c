//! `export`: the schemas for other tools.

use std::process::ExitCode;

use runcomfy_codegen_cli::{Error, json_schemas, openapi as document};
use serde_json::Value;

use super::{Arguments, print_line};

pub(crate) fn json_schema(arguments: &Arguments) -> Result<ExitCode, Error> {
    let models = arguments.builder().read()?;
    print(&Value::Object(json_schemas(&models)));
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn openapi(arguments: &Arguments) -> Result<ExitCode, Error> {
    let models = arguments.builder().read()?;
    print(&document(&models));
    Ok(ExitCode::SUCCESS)
}

fn print(value: &Value) {
    print_line(format_args!("{value:#}"));
}
