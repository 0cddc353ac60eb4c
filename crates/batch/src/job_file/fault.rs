//! Faults of lines.

use std::fmt;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

/// A fault of a line in a file of jobs.
///
/// Prints as one sentence that begins with the place, such as `3:12: the input is missing`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LineFault {
    /// Number of the line in the file, from 1.
    pub line: u64,
    /// Column of the value in its line, in characters, from 1.
    pub column: usize,
    /// JSON pointer (RFC 6901) to the value: in the line for JSON Lines, such as `/input/scale`, and in
    /// the input for CSV.
    pub pointer: String,
    /// Text that says what was found, and what was expected.
    pub message: String,
}

impl fmt::Display for LineFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.message)
    }
}

impl Serialize for LineFault {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fault = serializer.serialize_struct("LineFault", 4)?;
        fault.serialize_field("line", &self.line)?;
        fault.serialize_field("column", &self.column)?;
        fault.serialize_field("pointer", &self.pointer)?;
        fault.serialize_field("message", &self.message)?;
        fault.end()
    }
}
