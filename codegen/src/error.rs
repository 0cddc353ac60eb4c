//! Why nothing was generated.

use std::fmt;
use std::path::{Path, PathBuf};

use runcomfy_schema::Severity;

use crate::Diagnostic;

/// Why nothing was generated, or not written. Whatever stood in the output folder stands there
/// still.
#[derive(Debug)]
pub struct Error {
    cause: Cause,
}

#[derive(Debug)]
enum Cause {
    /// Findings in the schema files, at least one an error.
    Schemas(Vec<Diagnostic>),
    /// A file or folder that could not be read or written.
    Io {
        doing: &'static str,
        path: PathBuf,
        source: std::io::Error,
    },
    /// A file in the way that the generator has not made.
    Foreign(PathBuf),
    /// A manifest without the lines between which the features go.
    Unmarked {
        path: PathBuf,
        begin: &'static str,
        end: &'static str,
    },
    /// What was given as the path of the crate that generated code leans on.
    Support { given: String, why: String },
    /// A pattern that chooses no model.
    NothingFits(String),
    /// A catalogue with nothing in it.
    EmptyCatalogue,
    /// The generator's own fault: what it made is not Rust.
    Internal(String),
}

impl Error {
    pub(crate) fn schemas(diagnostics: Vec<Diagnostic>) -> Self {
        Self {
            cause: Cause::Schemas(diagnostics),
        }
    }

    pub(crate) fn io(doing: &'static str, path: &Path, source: std::io::Error) -> Self {
        Self {
            cause: Cause::Io {
                doing,
                path: path.to_owned(),
                source,
            },
        }
    }

    pub(crate) fn foreign(path: &Path) -> Self {
        Self {
            cause: Cause::Foreign(path.to_owned()),
        }
    }

    pub(crate) fn unmarked(path: &Path, begin: &'static str, end: &'static str) -> Self {
        Self {
            cause: Cause::Unmarked {
                path: path.to_owned(),
                begin,
                end,
            },
        }
    }

    pub(crate) fn support(given: &str, why: &dyn fmt::Display) -> Self {
        Self {
            cause: Cause::Support {
                given: given.to_owned(),
                why: why.to_string(),
            },
        }
    }

    pub(crate) fn nothing_fits(pattern: &str) -> Self {
        Self {
            cause: Cause::NothingFits(pattern.to_owned()),
        }
    }

    pub(crate) fn empty_catalogue() -> Self {
        Self {
            cause: Cause::EmptyCatalogue,
        }
    }

    pub(crate) fn internal(model: &str, why: &dyn fmt::Display) -> Self {
        Self {
            cause: Cause::Internal(format!("{model}: {why}")),
        }
    }

    /// Everything that was found in the schema files; empty when the trouble lies elsewhere.
    #[must_use]
    pub fn diagnostics(&self) -> &[Diagnostic] {
        match &self.cause {
            Cause::Schemas(list) => list,
            _ => &[],
        }
    }

    /// Whether what was asked for is at fault, and no file: a pattern that fits no model, a
    /// manifest without the lines for the features, a support path that is none.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        matches!(
            self.cause,
            Cause::NothingFits(_) | Cause::Unmarked { .. } | Cause::Support { .. }
        )
    }
}

impl Error {
    /// The last line: without what was found in the schema files.
    pub(crate) fn summary(&self) -> String {
        match &self.cause {
            Cause::Schemas(list) => {
                let errors = list
                    .iter()
                    .filter(|d| d.severity == Severity::Error)
                    .count();
                let plural = if errors == 1 { "" } else { "s" };
                format!("{errors} error{plural} in schema files; nothing was written")
            }
            Cause::Io {
                doing,
                path,
                source,
            } => {
                format!("could not {doing} `{}`: {source}", path.display())
            }
            Cause::Foreign(path) => format!(
                "`{}` stands where a generated file belongs, but the generator has not made it; move it away",
                path.display()
            ),
            Cause::Unmarked { path, begin, end } => format!(
                "`{}` has no place for the models' features; add these two lines below `[features]`:\n{begin}\n{end}",
                path.display()
            ),
            Cause::NothingFits(pattern) => format!(
                "no model's id fits `{pattern}`; expected an id, or a pattern such as `vendor/**`"
            ),
            Cause::Support { given, why } => format!(
                "found `{given}` as the support crate, expected a Rust path such as `::runcomfy`: {why}"
            ),
            Cause::EmptyCatalogue => {
                "the catalogue is empty, which can hardly be; nothing was written".to_owned()
            }
            Cause::Internal(why) => format!(
                "the generator made something that is not Rust; please report it with the schema: {why}"
            ),
        }
    }
}

/// Every finding as a compiler shows it, then the summary.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Diagnostic::report(self.diagnostics()))?;
        f.write_str(&self.summary())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.cause {
            Cause::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}
