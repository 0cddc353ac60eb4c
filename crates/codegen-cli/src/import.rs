//! `import`: saved documentation pages to schema files.

use std::path::Path;
use std::process::ExitCode;

use runcomfy_codegen::{Change, Page};

use crate::arguments::Arguments;
use crate::output::say;
use crate::{EX_DATAERR, EX_IOERR};

/// Takes every page that can be taken; a faulty one does not keep the others out.
pub(crate) fn import(arguments: &Arguments) -> ExitCode {
    let mut worst = 0;
    for path in &arguments.rest {
        worst = worst.max(one(path, Path::new(&arguments.schemas)));
    }
    ExitCode::from(worst)
}

fn one(path: &str, schemas: &Path) -> u8 {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) => {
            eprintln!("error: could not read `{path}`: {error}");
            return EX_IOERR;
        }
    };
    let page = match Page::read(&bytes) {
        Ok(page) => page,
        Err(error) => {
            let place = error
                .position
                .map_or_else(String::new, |p| format!("{}:{}:", p.line, p.column));
            eprintln!(
                "error: {path}:{place} {}; nothing was written for it",
                error.message
            );
            return EX_DATAERR;
        }
    };
    match page.write(schemas) {
        Ok(change) => {
            report(path, &page, change.as_ref());
            0
        }
        Err(error) => {
            eprintln!("error: {error}");
            EX_IOERR
        }
    }
}

fn report(path: &str, page: &Page, change: Option<&Change>) {
    let what = if page.output_schema.is_some() {
        "input and output schema"
    } else {
        "input schema, no output schema"
    };
    let outcome = match change {
        None => "says the same already".to_owned(),
        Some(Change::Added(file)) => format!("written to {}", file.display()),
        Some(change) => format!("replaced in {}", change.path().display()),
    };
    say(format_args!("{path}: {}: {what}; {outcome}", page.model_id));
    for (position, start) in &page.ignored {
        say(format_args!(
            "  ignored {}:{}: {start}",
            position.line, position.column
        ));
    }
}
