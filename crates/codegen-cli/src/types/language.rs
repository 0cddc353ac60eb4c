//! Languages that have types of the models.

use std::fmt;

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
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TypeScript => "TypeScript",
            Self::Python => "Python",
        })
    }
}
