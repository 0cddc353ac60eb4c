//! `pull`: the live catalogue to schema files.

use std::path::Path;
use std::process::ExitCode;

use indicatif::{ProgressBar, ProgressStyle};
use runcomfy::catalogue::CatalogueEntry;
use runcomfy::{Client, ErrorKind};
use runcomfy_codegen::{Change, Error, Pull};
use serde_json::Value;

use crate::arguments::Arguments;
use crate::output::say;
use crate::{EX_DATAERR, EX_IOERR, EX_NOPERM, EX_UNAVAILABLE, EX_USAGE};

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
    Ok(if pull.skipped().iter().any(|skipped| skipped.is_fault) {
        ExitCode::from(EX_DATAERR)
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
        // Without threads and sockets nothing else would work either.
        .unwrap_or_else(|error| panic!("the runtime could not be started: {error}"));
    let entries = runtime.block_on(listing.entries());
    bar.finish_and_clear();
    entries
}

fn report(pull: &Pull, arguments: &Arguments) {
    for finding in pull.findings() {
        eprintln!("{finding}\n");
    }
    for skipped in pull.skipped() {
        let level = if skipped.is_fault { "error" } else { "note" };
        eprintln!(
            "{level}: {} is not taken: {}",
            skipped.model_id, skipped.why
        );
    }
    if !pull.diff().models.is_empty() {
        say(format_args!("{}\n", pull.diff()));
    }
    let changes = pull.changes();
    let count = |kind: fn(&Change) -> bool| changes.0.iter().filter(|c| kind(c)).count();
    let added = count(|change| matches!(change, Change::Added(_)));
    let removed = count(|change| matches!(change, Change::Removed(_)));
    let modified = changes.0.len() - added - removed;
    let verb = if arguments.has("--dry-run") {
        "would be "
    } else {
        ""
    };
    say(format_args!(
        "schema files {verb}added: {added}, replaced: {modified}, removed: {removed}"
    ));
    if !arguments.has("--prune") && !pull.gone().is_empty() {
        say(format_args!(
            "not in the catalogue any more, and kept (`--prune` removes them): {}",
            pull.gone().join(", ")
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
        ErrorKind::Configuration => EX_USAGE,
        ErrorKind::Unauthenticated | ErrorKind::Forbidden => EX_NOPERM,
        ErrorKind::Io => EX_IOERR,
        _ => EX_UNAVAILABLE,
    }
}
