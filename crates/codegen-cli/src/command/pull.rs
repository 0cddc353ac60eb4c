//! `pull`: the live catalogue to schema files.

use std::path::Path;
use std::process::ExitCode;

use indicatif::{ProgressBar, ProgressStyle};
use runcomfy::catalogue::CatalogueEntry;
use runcomfy::{Client, ErrorKind};
use runcomfy_codegen::Change;
use runcomfy_codegen_cli::{Error, Pull};
use serde_json::Value;

use super::{Arguments, print_line};
use crate::exit_code;

pub(crate) fn pull(arguments: &Arguments) -> Result<ExitCode, Error> {
    let entries = match read() {
        Ok(entries) => entries,
        Err(error) => {
            eprintln!("error: {}; nothing was written", with_causes(&error));
            return Ok(ExitCode::from(code_of(&error)));
        }
    };
    let entries: Vec<Value> = entries.into_iter().map(CatalogueEntry::into_json).collect();
    let schemas = Path::new(&arguments.schemas);
    let pull = Pull::plan(
        schemas,
        &entries,
        &arguments.models,
        arguments.has("--prune"),
    )?;
    if !arguments.has("--dry-run") {
        pull.apply()?;
    }
    report(&pull, arguments);
    Ok(if pull.skipped().iter().any(|skipped| skipped.is_error) {
        ExitCode::from(exit_code::DATA)
    } else {
        ExitCode::SUCCESS
    })
}

fn read() -> Result<Vec<CatalogueEntry>, runcomfy::Error> {
    let client = Client::from_env()?;
    let bar = ProgressBar::no_length();
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos} of {len} models") {
        bar.set_style(style);
    }
    let listing = client
        .catalogue()
        .with_schemas()
        .on_progress(|read, total| {
            bar.set_length(total as u64);
            bar.set_position(read as u64);
        });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        // Without threads and sockets nothing else works either.
        .unwrap_or_else(|error| panic!("the runtime could not be started: {error}"));
    let entries = runtime.block_on(listing.entries());
    bar.finish_and_clear();
    entries
}

fn report(pull: &Pull, arguments: &Arguments) {
    for diagnostic in pull.diagnostics() {
        eprintln!("{diagnostic}\n");
    }
    for skipped in pull.skipped() {
        let level = if skipped.is_error { "error" } else { "note" };
        eprintln!("{level}: {} is skipped: {}", skipped.model_id, skipped.why);
    }
    if !pull.diff().models.is_empty() {
        print_line(format_args!("{}\n", pull.diff()));
    }
    let changes = pull.changes();
    let count = |kind: fn(&Change) -> bool| changes.as_slice().iter().filter(|c| kind(c)).count();
    let added = count(|change| matches!(change, Change::Added(_)));
    let removed = count(|change| matches!(change, Change::Removed(_)));
    let modified = changes.as_slice().len() - added - removed;
    let verb = if arguments.has("--dry-run") {
        "would be "
    } else {
        ""
    };
    print_line(format_args!(
        "schema files {verb}added: {added}, replaced: {modified}, removed: {removed}"
    ));
    if !arguments.has("--prune") && !pull.unlisted().is_empty() {
        print_line(format_args!(
            "kept, but not in the catalogue any more (`--prune` removes them): {}",
            pull.unlisted().join(", ")
        ));
    }
}

fn with_causes(error: &runcomfy::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text += &format!(": {error}");
        cause = error.source();
    }
    text
}

fn code_of(error: &runcomfy::Error) -> u8 {
    match error.kind() {
        ErrorKind::Configuration => exit_code::USAGE,
        ErrorKind::Unauthenticated | ErrorKind::Forbidden => exit_code::NO_PERMISSION,
        ErrorKind::Io => exit_code::IO,
        _ => exit_code::UNAVAILABLE,
    }
}
