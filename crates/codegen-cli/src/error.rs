//! Errors of reading and writing schemas.

use std::fmt;
use std::path::{Path, PathBuf};

use runcomfy_codegen::Diagnostic;

/// Error of reading schemas from a folder, a git revision or the catalogue, or of writing them.
#[derive(Debug)]
pub struct Error {
    cause: Cause,
}

#[derive(Debug)]
enum Cause {
    /// The generator cannot read, generate or write.
    Codegen(runcomfy_codegen::Error),
    /// A file or folder cannot be read, or git cannot.
    Io {
        doing: &'static str,
        path: PathBuf,
        source: std::io::Error,
    },
    /// The catalogue has no entry.
    EmptyCatalogue,
}

impl From<runcomfy_codegen::Error> for Error {
    fn from(error: runcomfy_codegen::Error) -> Self {
        Self {
            cause: Cause::Codegen(error),
        }
    }
}

impl Error {
    pub(crate) fn io(doing: &'static str, path: &Path, source: std::io::Error) -> Self {
        let path = path.to_owned();
        Self {
            cause: Cause::Io {
                doing,
                path,
                source,
            },
        }
    }

    pub(crate) fn empty_catalogue() -> Self {
        Self {
            cause: Cause::EmptyCatalogue,
        }
    }

    /// Returns every diagnostic of the schema files: errors first, then warnings. It is empty if the
    /// error has another cause.
    #[must_use]
    pub fn diagnostics(&self) -> &[Diagnostic] {
        match &self.cause {
            Cause::Codegen(error) => error.diagnostics(),
            _ => &[],
        }
    }

    /// Returns `true` if the request is wrong and not a file: a pattern matches no model, say. Fix the
    /// options.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        matches!(&self.cause, Cause::Codegen(error) if error.is_usage())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cause {
            Cause::Codegen(error) => error.fmt(f),
            Cause::Io {
                doing,
                path,
                source,
            } => write!(f, "could not {doing} `{}`: {source}", path.display()),
            Cause::EmptyCatalogue => f.write_str(
                "the catalogue is empty, which is unexpected; nothing was written. Run the command again later",
            ),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.cause {
            Cause::Codegen(error) => std::error::Error::source(error),
            Cause::Io { source, .. } => Some(source),
            Cause::EmptyCatalogue => None,
        }
    }
}
