//! Types of the models for other languages, from the plan that Rust bindings are made from.

use std::path::Path;

use runcomfy_codegen::Generated;
use runcomfy_codegen::diagnostic::escape_invisible;
use runcomfy_codegen::settings::Settings;
use runcomfy_codegen::source;

use crate::Error;
use model_types::ModelTypes;

mod field_text;
mod head;
mod language;
mod model_types;
mod prose;
mod python;
mod quoted;
mod typescript;

pub use language::Language;

impl Language {
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
