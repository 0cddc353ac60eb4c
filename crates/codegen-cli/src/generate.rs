//! `generate`, `check` and `lint`.

use std::process::ExitCode;

use runcomfy_codegen::{Diagnostic, Error, Generated};
use serde_json::Value;

use crate::EX_DATAERR;
use crate::arguments::Arguments;
use crate::output::say;

pub(crate) fn generate(arguments: &Arguments) -> Result<ExitCode, Error> {
    let generated = arguments.builder().generate()?;
    warn(&generated);
    let changes = generated.write()?;
    if !changes.is_empty() {
        say(format_args!("{changes}"));
    }
    say(format_args!("{}", count(changes.0.len(), "changed")));
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn check(arguments: &Arguments) -> Result<ExitCode, Error> {
    let generated = arguments.builder().generate()?;
    warn(&generated);
    let changes = generated.check()?;
    if changes.is_empty() {
        say(format_args!(
            "in step with the schemas: {} files",
            generated.files().count()
        ));
        return Ok(ExitCode::SUCCESS);
    }
    say(format_args!("{changes}"));
    let stale = count(changes.0.len(), "out of step");
    eprintln!("{stale}; run `runcomfy-codegen generate` and commit the result");
    Ok(ExitCode::FAILURE)
}

pub(crate) fn lint(arguments: &Arguments) -> Result<ExitCode, Error> {
    let (findings, error) = match arguments.builder().generate() {
        Ok(generated) => (generated.warnings().to_vec(), None),
        Err(error) => (error.diagnostics().to_vec(), Some(error)),
    };
    if let Some(error) = error.filter(|_| findings.is_empty()) {
        return Err(error);
    }
    let errors = findings.iter().filter(|finding| finding.is_error()).count();
    if arguments.has("--json") {
        say(format_args!(
            "{}",
            findings.iter().map(Diagnostic::to_json).collect::<Value>()
        ));
    } else {
        say(format_args!(
            "{}errors: {errors}, warnings: {}",
            Diagnostic::report(&findings),
            findings.len() - errors
        ));
    }
    Ok(if errors == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(EX_DATAERR)
    })
}

fn warn(generated: &Generated) {
    eprint!("{}", Diagnostic::report(generated.warnings()));
}

fn count(files: usize, what: &str) -> String {
    format!("{files} file{} {what}", if files == 1 { "" } else { "s" })
}
