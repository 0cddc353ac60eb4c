//! Failures of reports.

use std::fmt;
use std::io;

use crate::store::error::StoreError;

/// Error of writing a report.
#[derive(Debug)]
#[non_exhaustive]
pub enum ReportError {
    /// The store could not be read.
    Store(StoreError),
    /// The report could not be written.
    Io(io::Error),
}

impl ReportError {
    pub(super) fn no_page_of_events() -> Self {
        let message = "the journal has no page; expected JSON Lines or CSV";
        Self::Io(io::Error::new(io::ErrorKind::InvalidInput, message))
    }
}

impl fmt::Display for ReportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(error) => error.fmt(f),
            Self::Io(error) => write!(f, "the report could not be written: {error}"),
        }
    }
}

impl std::error::Error for ReportError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Store(error) => error.source(),
            Self::Io(error) => Some(error),
        }
    }
}

impl From<StoreError> for ReportError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<io::Error> for ReportError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}
