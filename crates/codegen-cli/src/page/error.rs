//! Error of a saved page.

use std::fmt;

use runcomfy_codegen::diagnostic::Position;

/// Error of reading a page that has no usable schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageError {
    /// Position on the page, if the fault has one.
    pub position: Option<Position>,
    /// Fault, and what to do.
    pub message: String,
}

impl fmt::Display for PageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.position {
            Some(Position { line, column }) => write!(f, "{line}:{column}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for PageError {}
