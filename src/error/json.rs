//! An error as JSON, for logs and other programs.

use serde_json::{Value, json};

use super::{Error, ErrorKind};
use runcomfy_schema::redact_json;

impl Error {
    /// Returns the error as JSON, without tokens and queries of URLs. Every member is always present,
    /// `null` where it is not known; docs/library.md describes each.
    ///
    /// The command `runcomfy` prints the same members, and some of its own beside them.
    ///
    /// ```
    /// use runcomfy::{Error, ErrorKind};
    ///
    /// let error = Error::builder(ErrorKind::Throttled).http_status(429).build();
    /// assert_eq!(error.to_json()["kind"], "throttled");
    /// assert_eq!(error.to_json()["http_status"], 429);
    /// ```
    #[must_use]
    pub fn to_json(&self) -> Value {
        redact_json(json!({
            "kind": self.kind(),
            "message": self.headline(),
            "request_id": self.request_id(),
            "may_have_been_submitted": self.may_have_been_submitted(),
            "idempotency_key": self.idempotency_key(),
            "http_status": self.http_status(),
            "error_code": self.error_code(),
            "retry_after_seconds": self.retry_after().map(|time| time.as_secs_f64()),
            "detail": self.detail(),
            "violations": self.violations(),
        }))
    }

    /// Returns the message on one line: without the violations, which have a member of their own, and
    /// with the system's reason of a file that could not be read or written.
    fn headline(&self) -> String {
        let text = self.to_string();
        if !self.violations().is_empty() {
            return text.lines().next().unwrap_or_default().to_owned();
        }
        let is_about_file = matches!(self.kind(), ErrorKind::Io | ErrorKind::Unauthenticated);
        match self.causes().next().filter(|_| is_about_file) {
            Some(reason) => format!("{text}: {reason}"),
            None => text,
        }
    }
}
