//! `import`: saved documentation pages to schema files.

use std::path::Path;
use std::process::ExitCode;

use runcomfy_codegen::Change;
use runcomfy_codegen_cli::Page;

use super::{Arguments, print_line};
use crate::exit_code;

/// Imports every page that can be read; an invalid one does not keep the others out.
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
            return exit_code::IO;
        }
    };
    let page = match Page::read(&bytes) {
        Ok(page) => page,
        Err(error) => {
            let position = error
                .position
                .map_or_else(String::new, |p| format!("{}:{}:", p.line, p.column));
            eprintln!(
                "error: {path}:{position} {}; nothing was written for it",
                error.message
            );
            return exit_code::DATA;
        }
    };
    match page.write(schemas) {
        Ok(change) => {
            report(path, &page, change.as_ref());
            0
        }
        Err(error) => {
            eprintln!("error: {error}");
            exit_code::IO
        }
    }
}

fn report(path: &str, page: &Page, change: Option<&Change>) {
    let found = if page.output_schema.is_some() {
        "input and output schema"
    } else {
        "input schema, no output schema"
    };
    let outcome = match change {
        None => "the file has the same schema already".to_owned(),
        Some(Change::Added(file)) => format!("written to {}", file.display()),
        Some(change) => format!("replaced in {}", change.path().display()),
    };
    print_line(format_args!(
        "{path}: {}: {found}; {outcome}",
        page.model_id
    ));
    for (position, start) in &page.ignored {
        print_line(format_args!(
            "  ignored {}:{}: {start}",
            position.line, position.column
        ));
    }
}
