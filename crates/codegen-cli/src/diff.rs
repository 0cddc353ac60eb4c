//! `diff`: what changed between two sets of schemas.

use std::collections::HashSet;
use std::path::Path;
use std::process::ExitCode;

use runcomfy_codegen::{
    Builder, Error, diff as compare, models_at_revision, sound_models_at_revision,
};
use runcomfy_schema::ModelSchema;

use crate::arguments::Arguments;
use crate::output::say;

/// How the diff is printed.
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
    let diff = compare(&sound(old, arguments)?, &models(new, arguments)?);
    match arguments.format {
        _ if arguments.has("--json") => say(format_args!("{:#}", diff.to_json())),
        Format::Json => say(format_args!("{:#}", diff.to_json())),
        Format::Human => say(format_args!("{diff}")),
        Format::Github => {
            // A file of a revision stands where the folder stands now.
            let folder = if Path::new(new).is_dir() {
                new
            } else {
                &arguments.schemas
            };
            say(format_args!("{}", diff.to_github(folder)));
        }
    }
    if arguments.has("--fail-on-breaking") && diff.is_breaking() {
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

/// The models of the old side. What was faulty there must not keep the change that mends it out.
fn sound(given: &str, arguments: &Arguments) -> Result<Vec<ModelSchema>, Error> {
    let (models, errors) = if Path::new(given).is_dir() {
        Builder::new().schemas(given).read_sound()?
    } else {
        sound_models_at_revision(given, Path::new(&arguments.schemas))?
    };
    let mut told = HashSet::new();
    for error in errors.iter().filter(|error| told.insert(&error.path)) {
        eprintln!(
            "note: a faulty schema is left out of the old side: {}",
            error.headline()
        );
    }
    Ok(models)
}

/// A folder first; what is none is taken for a revision.
fn models(given: &str, arguments: &Arguments) -> Result<Vec<ModelSchema>, Error> {
    if Path::new(given).is_dir() {
        Builder::new().schemas(given).read()
    } else {
        models_at_revision(given, Path::new(&arguments.schemas))
    }
}
