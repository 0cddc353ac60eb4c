//! The error of a probe.

use std::fmt;

/// The reason why nothing is known about the media behind a URL.
///
/// The text names the host and the kind of failure, and says what to do where the caller can do
/// something. It contains neither the URL, which may be signed, nor anything that a server sent but
/// its status. An unknown name and a name that leads to addresses that are not public give the same
/// text, so that nobody can explore an internal network with it.
///
/// ```
/// use runcomfy_probe::{Prober, ProbeErrorKind};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let prober = Prober::builder().build().expect("TLS is available");
/// let error = prober.probe("https://10.0.0.1/photo.jpg?sig=s3cret").await.unwrap_err();
/// assert_eq!(error.kind(), ProbeErrorKind::Address);
/// assert_eq!(
///     error.to_string(),
///     "no public address was found for `10.0.0.1`; put the media where everyone can fetch them"
/// );
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbeError {
    kind: ProbeErrorKind,
    text: String,
}

/// The kinds of failures of a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProbeErrorKind {
    /// The URL, or one that it redirects to, is not allowed: it is invalid, not `https` on port
    /// 443, has a user name, or is written so that another parser may read it differently.
    Url,
    /// The host is not a public address, or its name leads to none.
    Address,
    /// No connection could be made, or it broke. A later attempt may succeed.
    Unreachable,
    /// The server redirects too often, or without a target.
    Redirect,
    /// The server did not send the file. The text contains its HTTP status.
    Status,
    /// The response cannot be used: it is compressed, or has other bytes than those requested.
    UnexpectedResponse,
    /// The deadline of the call passed. A later attempt may succeed.
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

    pub(crate) fn unexpected_response(host: &str, text: &str) -> Self {
        Self::new(
            ProbeErrorKind::UnexpectedResponse,
            format!("`{host}` {text}"),
        )
    }

    /// Marks the error as one of a URL that a server redirected to.
    pub(crate) fn after_redirect(mut self) -> Self {
        self.text.insert_str(0, "after a redirect: ");
        self
    }

    /// Returns the kind of failure.
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
