//! What is wrong with a schema, as opposed to a value.

/// A finding about a schema document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Whether the schema can be used all the same.
    pub severity: Severity,
    /// Which of the file's JSON documents is meant, counted from 0.
    pub document: usize,
    /// JSON pointer into the document.
    pub pointer: String,
    /// Whether the member's key or its value is meant.
    pub location: Location,
    /// What is wrong, and why it matters.
    pub message: String,
    /// What to write instead.
    pub help: String,
}

/// How bad a [`Diagnostic`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing is made from this schema until it is mended.
    Error,
    /// The schema is usable; what is named here is kept but not checked.
    Warning,
}

impl Severity {
    /// `error` or `warning`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// Which part of an object's member a [`Diagnostic`] points at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Location {
    /// The name.
    Key,
    /// The value.
    Value,
}
