//! Faults of schemas, as opposed to values.

use crate::Code;

/// A fault of a schema document, or a warning about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Severity: a schema with warnings can be used, one with errors cannot.
    pub severity: Severity,
    /// Code of the kind of fault.
    pub code: Code,
    /// Index of the JSON document in the file.
    pub document: usize,
    /// JSON pointer (RFC 6901) into the document.
    pub pointer: String,
    /// Part of the member at [`pointer`](Self::pointer) that is at fault.
    pub location: Location,
    /// Description of the fault and its consequence.
    pub message: String,
    /// Advice what to write instead.
    pub help: String,
}

/// Severity of a [`Diagnostic`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The schema cannot be used until the fault is fixed.
    Error,
    /// The schema can be used; the part that the diagnostic names is kept but not checked.
    Warning,
}

impl Severity {
    /// Returns `error` or `warning`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// Part of an object's member that a [`Diagnostic`] points at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Location {
    /// Name of the member.
    Key,
    /// Value of the member.
    Value,
}
