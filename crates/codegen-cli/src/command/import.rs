//! `import`: saved documentation pages to schema files.

use std::path::Path;
use std::process::ExitCode;

use clap::{Arg, ArgAction, ArgMatches, Command, ValueHint};
use runcomfy_codegen::Change;
use runcomfy_codegen_cli::Page;

use super::argument::{self, text};
use super::output::print_line;
use crate::exit_code;

pub(crate) fn command() -> Command {
    Command::new("import")
        .about("Write the schemas of saved documentation pages (text, Markdown, HTML or MHTML)")
        .arg(
            Arg::new("page")
                .required(true)
                .action(ArgAction::Append)
                .num_args(1..)
                .value_name("PAGE")
                .value_hint(ValueHint::FilePath)
                .help("Saved API page of a model, in any language"),
        )
        .args([argument::schemas(), argument::quiet()])
}

/// Imports every page that can be read; an invalid one does not keep the others out.
pub(crate) fn import(matches: &ArgMatches) -> ExitCode {
    let schemas = Path::new(text(matches, "schemas"));
    let pages = argument::texts(matches, "page");
    let quiet = matches.get_flag("quiet");
    let codes = pages.iter().map(|path| one(path, schemas, quiet));
    ExitCode::from(codes.max().unwrap_or_default())
}

fn one(path: &str, schemas: &Path, quiet: bool) -> u8 {
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
            if !quiet {
                report(path, &page, change.as_ref());
            }
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
    for (position, note) in &page.notes {
        print_line(format_args!(
            "  note {}:{}: {note}",
            position.line, position.column
        ));
    }
    for (position, start) in &page.ignored {
        print_line(format_args!(
            "  ignored {}:{}: {start}",
            position.line, position.column
        ));
    }
}
