//! `pull`: the live catalogue to schema files.

use std::path::Path;
use std::process::ExitCode;

use clap::{ArgMatches, Command};
use indicatif::{ProgressBar, ProgressStyle};
use runcomfy::catalogue::CatalogueEntry;
use runcomfy::{Client, ErrorKind};
use runcomfy_codegen::{Builder, Change};
use runcomfy_codegen_cli::{Error, Pull};
use serde_json::{Value, json};

use super::argument::{self, text, texts};
use super::format::Format;
use super::output::print_line;
use super::verdict;
use crate::exit_code;

pub(crate) fn command() -> Command {
    let prune = "Remove the files of models that the catalogue does not list";
    Command::new("pull")
        .about("Write the schemas of the live catalogue, and print what changed")
        .args([argument::schemas(), argument::models()])
        .arg(argument::switch("prune", prune))
        .arg(argument::switch("dry-run", "Only print what would change"))
        .args(verdict::arguments())
        .arg(argument::quiet().conflicts_with_all(["json", "format"]))
        .after_help(
            "The files are written also where the exit code is 1.\n\n\
             Environment:\n  \
             RUNCOMFY_TOKEN, RUNCOMFY_API_TOKEN  The API token; else the service's token file\n  \
             RUNCOMFY_MODEL_API_BASE             Base URL of the API",
        )
}

pub(crate) fn pull(matches: &ArgMatches) -> Result<ExitCode, Error> {
    // Before anything is fetched.
    let settings = Builder::new().read_settings()?;
    let entries = match read(matches.get_flag("quiet")) {
        Ok(entries) => entries,
        Err(error) => {
            eprintln!("error: {}; nothing was written", with_causes(&error));
            return Ok(ExitCode::from(code_of(&error)));
        }
    };
    let entries: Vec<Value> = entries.into_iter().map(CatalogueEntry::into_json).collect();
    let schemas = Path::new(text(matches, "schemas"));
    let models = texts(matches, "models");
    let prune = matches.get_flag("prune");
    let pull = Pull::plan_with(schemas, &entries, &models, prune, &settings)?;
    if !matches.get_flag("dry-run") {
        pull.apply()?;
    }
    let quiet = matches.get_flag("quiet");
    report_skipped(&pull, quiet);
    match Format::from_matches(matches) {
        _ if quiet => {}
        Format::Human => report(&pull, matches),
        Format::Json => print_line(format_args!("{:#}", to_json(&pull, schemas))),
        Format::Github => {
            let bindings = verdict::bindings(matches);
            let annotations = pull.diff().to_github(text(matches, "schemas"), bindings);
            print_line(format_args!("{annotations}"));
        }
    }
    Ok(if pull.skipped().iter().any(|skipped| skipped.is_error) {
        ExitCode::from(exit_code::DATA)
    } else if verdict::fails(matches, pull.diff(), !pull.changes().is_empty()) {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn read(quiet: bool) -> Result<Vec<CatalogueEntry>, runcomfy::Error> {
    let client = Client::from_env()?;
    let bar = if quiet {
        ProgressBar::hidden()
    } else {
        ProgressBar::no_length()
    };
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

fn report_skipped(pull: &Pull, quiet: bool) {
    for diagnostic in pull.diagnostics() {
        eprintln!("{diagnostic}\n");
    }
    for skipped in pull.skipped().iter().filter(|s| s.is_error || !quiet) {
        let level = if skipped.is_error { "error" } else { "note" };
        eprintln!("{level}: {} is skipped: {}", skipped.model_id, skipped.why);
    }
}

/// Returns the diff as of `diff --json`, with the ids of the models whose files are `added`,
/// `replaced` and `removed`, and of those that the catalogue does not list.
fn to_json(pull: &Pull, schemas: &Path) -> Value {
    let ids = |kind: fn(&Change) -> bool| {
        let changes = pull.changes().as_slice().iter();
        let id = |change: &Change| {
            let path = change.path().strip_prefix(schemas).unwrap_or(change.path());
            let id = path.with_extension("").display().to_string();
            Value::from(id.replace('\\', "/"))
        };
        changes.filter(|c| kind(c)).map(id).collect::<Value>()
    };
    let mut report = pull.diff().to_json();
    report["added"] = ids(is_added);
    report["replaced"] = ids(|change| !is_added(change) && !is_removed(change));
    report["removed"] = ids(is_removed);
    report["unlisted"] = json!(pull.unlisted());
    report
}

fn is_added(change: &Change) -> bool {
    matches!(change, Change::Added(_))
}

fn is_removed(change: &Change) -> bool {
    matches!(change, Change::Removed(_))
}

fn report(pull: &Pull, matches: &ArgMatches) {
    if !pull.diff().models.is_empty() {
        print_line(format_args!("{}\n", pull.diff()));
    }
    let changes = pull.changes();
    let count = |kind: fn(&Change) -> bool| changes.as_slice().iter().filter(|c| kind(c)).count();
    let (added, removed) = (count(is_added), count(is_removed));
    let modified = changes.as_slice().len() - added - removed;
    let verb = if matches.get_flag("dry-run") {
        "would be "
    } else {
        ""
    };
    print_line(format_args!(
        "schema files {verb}added: {added}, replaced: {modified}, removed: {removed}"
    ));
    if !matches.get_flag("prune") && !pull.unlisted().is_empty() {
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
