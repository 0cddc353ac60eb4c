//! `generate`, `check` and `lint`.

use std::process::ExitCode;

use runcomfy_codegen::{Diagnostic, Generated};
use runcomfy_codegen_cli::Error;
use serde_json::Value;

use super::{Arguments, print_line};
use crate::exit_code;

pub(crate) fn generate(arguments: &Arguments) -> Result<ExitCode, Error> {
    let generated = arguments.builder().generate()?;
    warn(&generated);
    let changes = generated.write()?;
    if !changes.is_empty() {
        print_line(format_args!("{changes}"));
    }
    print_line(count(changes.as_slice().len(), "changed"));
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn check(arguments: &Arguments) -> Result<ExitCode, Error> {
    let generated = arguments.builder().generate()?;
    warn(&generated);
    let changes = generated.check()?;
    if changes.is_empty() {
        print_line(format_args!(
            "up to date with the schemas: {} files",
            generated.files().count()
        ));
        return Ok(ExitCode::SUCCESS);
    }
    print_line(format_args!("{changes}"));
    let stale = count(changes.as_slice().len(), "out of date with the schemas");
    eprintln!("{stale}; run `runcomfy-codegen generate` and commit the result");
    Ok(ExitCode::FAILURE)
}

pub(crate) fn lint(arguments: &Arguments) -> Result<ExitCode, Error> {
    let (diagnostics, error) = match arguments.builder().generate() {
        Ok(generated) => (generated.warnings().to_vec(), None),
        Err(error) => (error.diagnostics().to_vec(), Some(error)),
    };
    if let Some(error) = error.filter(|_| diagnostics.is_empty()) {
        return Err(error.into());
    }
    let errors = diagnostics.iter().filter(|d| d.is_error()).count();
    if arguments.has("--json") {
        print_line(
            diagnostics
                .iter()
                .map(Diagnostic::to_json)
                .collect::<Value>(),
        );
    } else {
        print_line(format_args!(
            "{}errors: {errors}, warnings: {}",
            Diagnostic::report(&diagnostics),
            diagnostics.len() - errors
        ));
    }
    Ok(if errors == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(exit_code::DATA)
    })
}

fn warn(generated: &Generated) {
    eprint!("{}", Diagnostic::report(generated.warnings()));
}

fn count(files: usize, what: &str) -> String {
    format!("{files} file{} {what}", if files == 1 { "" } else { "s" })
}
