//! Errors of the generator.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::Diagnostic;

/// Error of reading schemas, of generating code or of writing it.
///
/// Nothing is written before all schemas are valid and all code is generated. A file that cannot be
/// written leaves the files before it written and itself as it was.
///
/// `Display` prints every diagnostic as a compiler does, then a summary.
#[derive(Debug)]
pub struct Error {
    cause: Cause,
}

#[derive(Debug)]
enum Cause {
    /// At least one diagnostic is an error.
    Schemas(Vec<Diagnostic>),
    /// A file or folder cannot be read or written.
    Io {
        doing: &'static str,
        path: PathBuf,
        source: std::io::Error,
    },
    /// A file that the generator has not written has the path of a generated file.
    Foreign(PathBuf),
    /// A manifest lacks the lines between which the features go.
    Unmarked {
        path: PathBuf,
        begin: &'static str,
        end: &'static str,
    },
    /// The path of the crate that generated code uses is no Rust path.
    Support { given: String, why: String },
    /// A pattern matches no model id.
    NoMatch(String),
    /// A setting is wrong, or has nothing to act on.
    Setting(String),
    /// The arguments of the macro are not a schema file's path and, perhaps, an id.
    Arguments(String),
    /// The generated code is no Rust, which is a bug in the generator.
    Internal(String),
}

impl From<Cause> for Error {
    fn from(cause: Cause) -> Self {
        Self { cause }
    }
}

impl Error {
    pub(crate) fn schemas(diagnostics: Vec<Diagnostic>) -> Self {
        Cause::Schemas(diagnostics).into()
    }

    pub(crate) fn io(doing: &'static str, path: &Path, source: std::io::Error) -> Self {
        let path = path.to_owned();
        Cause::Io {
            doing,
            path,
            source,
        }
        .into()
    }

    pub(crate) fn foreign(path: &Path) -> Self {
        Cause::Foreign(path.to_owned()).into()
    }

    pub(crate) fn unmarked(path: &Path, begin: &'static str, end: &'static str) -> Self {
        let path = path.to_owned();
        Cause::Unmarked { path, begin, end }.into()
    }

    pub(crate) fn support(given: &str, why: &dyn fmt::Display) -> Self {
        let (given, why) = (given.to_owned(), why.to_string());
        Cause::Support { given, why }.into()
    }

    pub(crate) fn no_match(pattern: &str) -> Self {
        Cause::NoMatch(pattern.to_owned()).into()
    }

    pub(crate) fn setting(why: &str) -> Self {
        Cause::Setting(why.to_owned()).into()
    }

    pub(crate) fn arguments(why: &str) -> Self {
        Cause::Arguments(why.to_owned()).into()
    }

    pub(crate) fn internal(model: &str, why: &dyn fmt::Display) -> Self {
        Cause::Internal(format!("{model}: {why}")).into()
    }

    /// Returns every diagnostic of the schema files: errors first, then warnings. It is empty if the
    /// error has another cause.
    #[must_use]
    pub fn diagnostics(&self) -> &[Diagnostic] {
        match &self.cause {
            Cause::Schemas(list) => list,
            _ => &[],
        }
    }

    /// Returns `true` if the request is wrong and not a file: a pattern matches no model, a
    /// setting is wrong or has nothing to act on, a manifest lacks the lines for the features, or the
    /// support path is no Rust path. Fix the
    /// [`Builder`](crate::Builder)'s settings.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        matches!(
            self.cause,
            Cause::NoMatch(_)
                | Cause::Setting(_)
                | Cause::Arguments(_)
                | Cause::Unmarked { .. }
                | Cause::Support { .. }
        )
    }

    /// Returns the last line of the message: all of it but the diagnostics.
    pub(crate) fn summary(&self) -> String {
        match &self.cause {
            Cause::Schemas(list) => {
                let errors = list.iter().filter(|d| d.is_error()).count();
                let plural = if errors == 1 { "" } else { "s" };
                format!("{errors} error{plural} in schema files; nothing was written")
            }
            Cause::Io {
                doing,
                path,
                source,
            } => format!("could not {doing} `{}`: {source}", path.display()),
            Cause::Foreign(path) => format!(
                "`{}` has the path of a generated file, but the generator did not write it; nothing was written. Move it away, or choose another output folder",
                path.display()
            ),
            Cause::Unmarked { path, begin, end } => format!(
                "`{}` has no section for the models' features; nothing was written. Add these two lines below `[features]`:\n{begin}\n{end}",
                path.display()
            ),
            Cause::NoMatch(pattern) => format!(
                "no model id matches `{pattern}`; expected an id, or a pattern such as `vendor/**`"
            ),
            Cause::Setting(why) => format!("{why}; nothing was written"),
            Cause::Arguments(why) => format!(
                "the path of a schema file is expected, as in `model!(\"schemas/acme/stamp.json\")`: {why}"
            ),
            Cause::Support { given, why } => format!(
                "found `{given}` as the support crate, expected a Rust path such as `::runcomfy`: {why}"
            ),
            Cause::Internal(why) => format!(
                "the generated code is not Rust, which is a bug in the generator; nothing was written. Please report it with the schema: {why}"
            ),
        }
    }
}

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
