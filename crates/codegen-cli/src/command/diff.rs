//! `diff`: what changed between two sets of schemas.

use std::collections::HashSet;
use std::path::Path;
use std::process::ExitCode;

use runcomfy_codegen::Builder;
use runcomfy_codegen_cli::{Error, diff as compare, models_at_revision, valid_models_at_revision};
use runcomfy_schema::ModelSchema;

use super::{Arguments, print_line};

/// Format in which the diff is printed.
#[derive(Clone, Copy)]
pub(crate) enum Format {
    Human,
    Json,
    Github,
}

impl Format {
    pub(crate) fn parse(name: &str) -> Result<Self, String> {
        match name {
            "human" => Ok(Self::Human),
            "json" => Ok(Self::Json),
            "github" => Ok(Self::Github),
            other => Err(format!(
                "found the format `{other}`, expected human, json or github"
            )),
        }
    }
}

pub(crate) fn diff(arguments: &Arguments, old: &str, new: &str) -> Result<ExitCode, Error> {
    let diff = compare(&valid_models(old, arguments)?, &models(new, arguments)?);
    match arguments.format {
        _ if arguments.has("--json") => print_line(format_args!("{:#}", diff.to_json())),
        Format::Json => print_line(format_args!("{:#}", diff.to_json())),
        Format::Human => print_line(format_args!("{diff}")),
        Format::Github => {
            // The files of a revision have the paths that the folder has now.
            let folder = if Path::new(new).is_dir() {
                new
            } else {
                &arguments.schemas
            };
            print_line(format_args!("{}", diff.to_github(folder)));
        }
    }
    if arguments.has("--fail-on-breaking") && diff.is_breaking() {
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

/// Reads the valid models of the old side. An invalid schema there must not fail the change that
/// fixes it.
fn valid_models(given: &str, arguments: &Arguments) -> Result<Vec<ModelSchema>, Error> {
    let (models, errors) = if Path::new(given).is_dir() {
        Builder::new().schemas(given).read_valid()?
    } else {
        valid_models_at_revision(given, Path::new(&arguments.schemas))?
    };
    let mut reported = HashSet::new();
    for error in errors.iter().filter(|error| reported.insert(&error.path)) {
        eprintln!(
            "note: an invalid schema is left out of the old side: {}",
            error.headline()
        );
    }
    Ok(models)
}

/// Reads the models of a folder, or of a git revision if there is no such folder.
fn models(given: &str, arguments: &Arguments) -> Result<Vec<ModelSchema>, Error> {
    if Path::new(given).is_dir() {
        Ok(Builder::new().schemas(given).read()?)
    } else {
        models_at_revision(given, Path::new(&arguments.schemas))
    }
}
