//! `diff`: what changed between two sets of schemas.

use std::collections::HashSet;
use std::path::Path;
use std::process::ExitCode;

use clap::{Arg, ArgMatches, Command, ValueHint};
use runcomfy_codegen::settings::Settings;
use runcomfy_codegen::{Builder, source};
use runcomfy_codegen_cli::{Error, diff_with, models_at_revision, valid_models_at_revision};
use runcomfy_schema::ModelSchema;

use super::argument::{self, text};
use super::format::Format;
use super::output::print_line;
use super::verdict;

pub(crate) fn command() -> Command {
    let side = |name: &'static str, help| {
        Arg::new(name)
            .required(true)
            .value_name(if name == "old" { "OLD" } else { "NEW" })
            .value_hint(ValueHint::AnyPath)
            .help(help)
    };
    Command::new("diff")
        .about("Print what changed between two folders or git revisions, by class")
        .arg(side("old", "Folder or git revision before the change"))
        .arg(side("new", "Folder or git revision after the change"))
        .arg(argument::schemas().help("Folder of the schema files in a git revision"))
        .args(verdict::arguments())
        .arg(argument::quiet().conflicts_with_all(["json", "format"]))
        .after_help(
            "Example:\n  runcomfy-codegen diff main HEAD --bindings dependency --fail-on-breaking",
        )
}

pub(crate) fn diff(matches: &ArgMatches) -> Result<ExitCode, Error> {
    let (new, schemas) = (text(matches, "new"), text(matches, "schemas"));
    let settings = Builder::new().read_settings()?;
    let quiet = matches.get_flag("quiet");
    let old = valid_models(text(matches, "old"), schemas, &settings, quiet)?;
    let diff = diff_with(&old, &models(new, schemas, &settings)?, &settings);
    match Format::from_matches(matches) {
        _ if quiet => {}
        Format::Json => print_line(format_args!("{:#}", diff.to_json())),
        Format::Human => print_line(format_args!("{diff}")),
        Format::Github => {
            // The files of a revision have the paths that the folder has now.
            let folder = if Path::new(new).is_dir() {
                new
            } else {
                schemas
            };
            let annotations = diff.to_github(folder, verdict::bindings(matches));
            print_line(format_args!("{annotations}"));
        }
    }
    if verdict::fails(matches, &diff, !diff.is_empty()) {
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

/// Reads the valid models of the old side. An invalid schema there must not fail the change that
/// fixes it.
fn valid_models(
    given: &str,
    schemas: &str,
    settings: &Settings,
    quiet: bool,
) -> Result<Vec<ModelSchema>, Error> {
    let (models, errors) = if Path::new(given).is_dir() {
        let parsed = source::read_taken(Path::new(given), settings)?;
        let (sources, errors) = parsed.valid_with(&settings.without_denial());
        (source::models(sources), errors)
    } else {
        valid_models_at_revision(given, Path::new(schemas), settings)?
    };
    let mut reported = HashSet::new();
    let first = errors.iter().filter(|error| reported.insert(&error.path));
    for error in first.filter(|_| !quiet) {
        eprintln!(
            "note: an invalid schema is left out of the old side: {}",
            error.headline()
        );
    }
    Ok(models)
}

/// Reads the models of a folder, or of a git revision if there is no such folder.
fn models(given: &str, schemas: &str, settings: &Settings) -> Result<Vec<ModelSchema>, Error> {
    if Path::new(given).is_dir() {
        let parsed = source::read_taken(Path::new(given), settings)?;
        let (sources, _) = parsed.checked_by(settings)?;
        Ok(source::models(sources))
    } else {
        models_at_revision(given, Path::new(schemas), settings)
    }
}
