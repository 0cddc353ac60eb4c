//! Why a medium could not be looked at.

use std::fmt;

/// Why nothing is known of the medium behind a URL.
///
/// Its text names the host and what kind of failure it was. It has neither the URL, which may be
/// signed, nor anything that a server said but its status; and whether a name is unknown or leads
/// to addresses that are not public is one answer, so that nobody can list an inner network by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbeError {
    kind: ProbeErrorKind,
    text: String,
}

/// What kind of failure a [`ProbeError`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProbeErrorKind {
    /// The URL, or one that it redirects to, is not one that is fetched: unreadable, not `https`
    /// on port 443, with a user name, or written so that others might read it differently.
    Url,
    /// The host is not a public address, or no public address was found for its name.
    Address,
    /// No connection could be made, or it broke.
    Unreachable,
    /// Too many redirects, or one without a target.
    Redirect,
    /// The server did not give the file; its status is in the text.
    Status,
    /// The server's answer is of no use: compressed, or other bytes than those asked for.
    Answer,
    /// The time for all URLs of the call was over.
    Deadline,
    /// The prober cannot be built: its TLS or its proxy cannot be set up.
    Configuration,
}

impl ProbeError {
    pub(crate) fn new(kind: ProbeErrorKind, text: impl Into<String>) -> Self {
        let text = text.into();
        Self { kind, text }
    }

    pub(crate) fn configuration(text: impl Into<String>) -> Self {
        Self::new(ProbeErrorKind::Configuration, text)
    }

    pub(crate) fn url(text: impl Into<String>) -> Self {
        Self::new(ProbeErrorKind::Url, text)
    }

    pub(crate) fn answer(host: &str, text: &str) -> Self {
        Self::new(ProbeErrorKind::Answer, format!("`{host}` {text}"))
    }

    /// The same failure at a URL that a server led to.
    pub(crate) fn after_redirect(mut self) -> Self {
        self.text.insert_str(0, "after a redirect: ");
        self
    }

    /// What kind of failure it is.
    #[must_use]
    pub fn kind(&self) -> ProbeErrorKind {
        self.kind
    }
}

impl fmt::Display for ProbeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for ProbeError {}
