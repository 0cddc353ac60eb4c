//! Types of the models for other languages, from the plan that Rust bindings are made from.

use std::fmt;
use std::path::Path;

use runcomfy_codegen::diagnostic::escape_invisible;
use runcomfy_codegen::settings::Settings;
use runcomfy_codegen::source;
use runcomfy_codegen::{Generated, files};

use crate::Error;
use model_types::ModelTypes;

mod field_text;
mod model_types;
mod prose;
mod python;
mod quoted;
mod typescript;

/// Language that has types of the models besides Rust.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Language {
    /// Declarations: a `.d.ts` for each model, and an `index.d.ts`.
    TypeScript,
    /// A typed package: a module with `TypedDict`s for each model.
    Python,
}

impl Language {
    /// Returns the language with a name on the command line: `ts` or `python`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "ts" => Some(Self::TypeScript),
            "python" => Some(Self::Python),
            _ => None,
        }
    }

    /// Returns a name by which the language can import an output folder, such as `my_models` in place of
    /// `my-models`; `None` where it can import the folder by its own `name`.
    ///
    /// ```
    /// use runcomfy_codegen_cli::Language;
    ///
    /// let name = Language::Python.importable_name("my-models");
    /// assert_eq!(name.as_deref(), Some("my_models"));
    /// assert_eq!(Language::Python.importable_name("my_models"), None);
    /// // TypeScript imports files by their paths.
    /// assert_eq!(Language::TypeScript.importable_name("my-models"), None);
    /// ```
    #[must_use]
    pub fn importable_name(self, name: &str) -> Option<String> {
        match self {
            Self::TypeScript => None,
            Self::Python => (!python::is_package_name(name)).then(|| python::package_name(name)),
        }
    }

    /// Returns a name for an output folder in place of one that is a module of the language's standard library,
    /// which programs beside the folder could not import any more; `None` where the folder hides none.
    ///
    /// ```
    /// use runcomfy_codegen_cli::Language;
    ///
    /// let name = Language::Python.unhiding_name("json");
    /// assert_eq!(name.as_deref(), Some("models_json"));
    /// assert_eq!(Language::Python.unhiding_name("models"), None);
    /// assert_eq!(Language::TypeScript.unhiding_name("json"), None);
    /// ```
    #[must_use]
    pub fn unhiding_name(self, name: &str) -> Option<String> {
        match self {
            Self::TypeScript => None,
            Self::Python => python::is_stdlib(name).then(|| python::package_name(name)),
        }
    }

    /// Returns a character as texts of the language have it in a file that nobody can misread.
    fn escape(self, c: char) -> String {
        match self {
            Self::TypeScript => typescript::escape(c),
            Self::Python => python::escape(c),
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TypeScript => "TypeScript",
            Self::Python => "Python",
        })
    }
}

/// Returns the types of the models whose schemas are in a folder, for an output folder that belongs to
/// the generator: [`Generated::check`] compares them with it, [`Generated::write`] writes them.
///
/// Modules and types have the names that they have in Rust bindings. Properties have their JSON names,
/// so that a value is what is sent.
///
/// # Errors
/// Fails when the folder or a file in it cannot be read, when a schema is invalid or names collide, or
/// when a setting has nothing to act on.
pub fn types(
    schemas: &Path,
    settings: &Settings,
    language: Language,
    out_dir: &Path,
) -> Result<Generated, Error> {
    let (sources, warnings) = source::read_all(schemas, settings)?.checked_by(settings)?;
    settings.check_targets(&source::models(sources.clone()))?;
    let settings = settings.without_rust_types();
    let names = settings.module_names(sources.iter().map(|source| &*source.model.id));
    let folder = schemas.file_name().unwrap_or_default().to_string_lossy();
    let models = sources.iter().map(|source| {
        let id = &*source.model.id;
        let file = match &*folder {
            "" => format!("{id}.json"),
            folder => format!("{folder}/{id}.json"),
        };
        let file = escape_invisible(&file);
        ModelTypes::new(&source.model, &settings, names.path(id), file, language)
    });
    let models: Vec<ModelTypes<'_>> = models.collect();
    let files = match language {
        Language::TypeScript => typescript::files(&models, settings.header()),
        Language::Python => python::files(&models, settings.header()),
    };
    Ok(Generated::from_files(
        out_dir.to_owned(),
        files,
        models.len(),
        warnings,
    ))
}

/// Returns the comment that begins a file: the mark, then the text of a user's choice.
fn head(sign: &str, from: Option<&str>, header: &str) -> String {
    let mut head = format!("{sign} {}\n", files::mark_line(from));
    for line in header.lines() {
        // Settings may have written it as a comment of Rust.
        let line = line.trim_end().trim_start_matches("//").trim_start();
        head += format!("{sign} {}", escape_invisible(line)).trim_end();
        head.push('\n');
    }
    head
}
