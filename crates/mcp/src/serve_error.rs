//! Errors of a server that cannot serve.

use std::error::Error;
use std::fmt;

/// Error of a server that cannot serve a client. Jobs are not affected.
#[derive(Debug)]
pub struct ServeError {
    kind: ServeErrorKind,
    message: String,
}

/// Kind of a [`ServeError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServeErrorKind {
    /// The client does not speak the Model Context Protocol.
    Protocol,
    /// A pattern of typed tools matches no model.
    UnknownModel,
    /// The address can be reached from other machines, or cannot be listened on.
    Address,
    /// The token is too short.
    Token,
    /// The connections failed.
    Io,
}

impl ServeError {
    pub(crate) fn new(kind: ServeErrorKind, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { kind, message }
    }

    pub(crate) fn protocol(error: &dyn fmt::Display) -> Self {
        let message = format!("the client does not speak the Model Context Protocol: {error}");
        Self::new(ServeErrorKind::Protocol, message)
    }

    /// Returns the kind of the error.
    #[must_use]
    pub const fn kind(&self) -> ServeErrorKind {
        self.kind
    }
}

impl fmt::Display for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for ServeError {}
