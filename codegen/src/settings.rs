//! Settings for tools that read schemas without generating code.
//!
//! **Unstable:** this module exists for `runcomfy-codegen-cli`. It may change in any release.

use std::collections::BTreeMap;

use runcomfy_schema::naming::ModuleNames;
use runcomfy_schema::{ModelSchema, matches_glob};

use crate::Error;
use crate::options::Options;

/// Holds the settings of a file and of a builder's calls.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    pub(crate) options: Options,
}

impl Settings {
    /// Returns `true` if the settings choose a model and do not leave it out.
    #[must_use]
    pub fn takes(&self, model_id: &str) -> bool {
        let Options {
            models, exclude, ..
        } = &self.options;
        let is_excluded = exclude
            .iter()
            .any(|pattern| matches_glob(pattern, model_id));
        matches_any(models, model_id) && !is_excluded
    }

    /// Returns the same settings, with which no warning is an error.
    #[must_use]
    pub fn without_denial(&self) -> Self {
        let mut settings = self.clone();
        settings.options.deny_warnings = false;
        settings
    }

    /// Returns the names of the modules of a set of models.
    #[must_use]
    pub fn module_names<'a>(&self, ids: impl IntoIterator<Item = &'a str>) -> ModuleNames {
        ModuleNames::with_given(ids, self.options.modules())
    }

    /// Returns the names that modules are given, by the parts of ids.
    #[must_use]
    pub fn given_modules(&self) -> BTreeMap<String, String> {
        self.options.modules()
    }

    /// Returns the name that the property at a pointer is given, if it is given one.
    #[must_use]
    pub fn given_field(&self, model_id: &str, pointer: &str) -> Option<&str> {
        self.options.name(model_id, pointer)
    }

    /// Returns the same settings for the types of another language: no property has a Rust type of the
    /// user's own.
    #[must_use]
    pub fn without_rust_types(&self) -> Self {
        let mut settings = self.clone();
        settings.options.replace.clear();
        settings
    }

    /// Returns the text that every generated file has as a comment; empty without one.
    #[must_use]
    pub fn header(&self) -> &str {
        &self.options.header
    }

    /// Checks that each setting has something to act on in the models.
    ///
    /// # Errors
    /// Fails with the first setting that has nothing to act on ([`Error::is_usage`]); fix the setting.
    pub fn check_targets(&self, models: &[ModelSchema]) -> Result<(), Error> {
        self.options.check_targets(models)
    }
}

/// Returns `true` if an id matches one of the patterns, or if there are no patterns.
#[must_use]
pub fn matches_any(patterns: &[String], id: &str) -> bool {
    patterns.is_empty() || patterns.iter().any(|pattern| matches_glob(pattern, id))
}
