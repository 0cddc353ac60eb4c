//! The one error type.

pub(crate) mod builder;
pub(crate) mod cause;
mod json;
mod kind;

use std::cell::Cell;
use std::fmt;
use std::time::Duration;

use reqwest::Url;
use serde_json::Value;

use self::cause::Cause;
use crate::download::Saved;
use crate::http::error_code::NOT_FOUND;
use crate::job::request_id::RequestId;
use crate::job::status::JobStatus;

pub use self::kind::{ErrorKind, UnknownErrorKind};
use runcomfy_schema::{Redacted, Violations};

/// A failure of the client, with what it means for the money.
///
/// Match on [`kind`](Self::kind), or ask the predicate that the question is about:
/// [`may_have_been_submitted`](Self::may_have_been_submitted) before submitting again,
/// [`is_transient`](Self::is_transient) before you repeat any other call.
///
/// Its `Display` and `Debug` contain no token and no query of a URL, which may be signed; the
/// accessors return the texts of the service unchanged.
pub struct Error {
    inner: Box<Inner>,
}

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    message: String,
    may_have_been_submitted: bool,
    /// The response may belong to another request than the submit.
    is_unattributed: bool,
    about_job: AboutJob,
    attempts: u32,
    key: Option<String>,
    request_id: Option<RequestId>,
    http_status: Option<u16>,
    error_code: Option<i64>,
    retry_after: Option<Duration>,
    violations: Violations,
    last_status: Option<JobStatus>,
    detail: Option<Value>,
    output: Option<Value>,
    kept_file: Option<Saved>,
    excerpt: Option<String>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// Knowledge of the job of a failed request, beside the failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AboutJob {
    Nothing,
    /// The response to a submit has the id of a job, though it is an error.
    Named,
    /// The job was submitted a moment ago, so the service may not know it yet.
    New,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            inner: Box::new(Inner {
                kind,
                message: message.into(),
                may_have_been_submitted: false,
                is_unattributed: false,
                about_job: AboutJob::Nothing,
                attempts: 1,
                key: None,
                request_id: None,
                http_status: None,
                error_code: None,
                retry_after: None,
                violations: Violations::default(),
                last_status: None,
                detail: None,
                output: None,
                kept_file: None,
                excerpt: None,
                source: None,
            }),
        }
    }

    pub(crate) fn configuration(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Configuration, message)
    }

    pub(crate) fn token(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unauthenticated, message)
    }

    pub(crate) fn invalid(model_id: &str, violations: Violations) -> Self {
        let message = format!("the input for `{model_id}` breaks its schema; nothing was sent");
        let mut error = Self::new(ErrorKind::InvalidInput, message);
        error.inner.violations = violations;
        error
    }

    pub(crate) fn file(doing: &str, path: &std::path::Path, source: std::io::Error) -> Self {
        let message = format!("could not {doing} `{}`", path.display());
        Self::new(ErrorKind::Io, message).with_source(source)
    }

    pub(crate) fn with_source(
        self,
        source: impl std::error::Error + Send + Sync + 'static,
    ) -> Self {
        self.with_boxed_source(Box::new(source))
    }

    pub(crate) fn with_boxed_source(
        mut self,
        source: Box<dyn std::error::Error + Send + Sync>,
    ) -> Self {
        self.inner.source = Some(source);
        self
    }

    /// Replaces the message, and the causes by their texts, where `erase` changes one of these.
    pub(crate) fn erased(mut self, erase: impl Fn(&str) -> Option<String>) -> Self {
        if let Some(message) = erase(&self.inner.message) {
            self.inner.message = message;
        }
        let Some(source) = &self.inner.source else {
            return self;
        };
        let changed = Cell::new(false);
        let cause = Cause::new(&**source, &|text| {
            let erased = erase(text);
            changed.set(changed.get() || erased.is_some());
            erased.unwrap_or_else(|| text.to_owned())
        });
        if changed.get() {
            self.inner.source = Some(Box::new(cause));
        }
        self
    }

    pub(crate) fn with_reply(mut self, http_status: u16, excerpt: String) -> Self {
        self.inner.http_status = Some(http_status);
        self.inner.excerpt = Some(excerpt).filter(|excerpt| !excerpt.is_empty());
        self
    }

    pub(crate) fn with_code(mut self, code: Option<i64>, detail: Option<Value>) -> Self {
        self.inner.error_code = code;
        self.inner.detail = detail;
        self
    }

    pub(crate) fn with_retry_after(mut self, after: Option<Duration>) -> Self {
        self.inner.retry_after = after;
        self
    }

    pub(crate) fn with_request_id(mut self, id: &RequestId) -> Self {
        self.inner.request_id = Some(id.clone());
        self
    }

    pub(crate) fn with_last_status(mut self, status: Option<JobStatus>) -> Self {
        self.inner.last_status = status;
        self
    }

    pub(crate) fn with_attempts(mut self, attempts: u32) -> Self {
        self.inner.attempts = attempts;
        self
    }

    pub(crate) fn with_key(mut self, key: &str) -> Self {
        self.inner.key = Some(key.to_owned());
        self
    }

    /// Marks a failed submit after which nobody can tell whether the job exists.
    pub(crate) fn with_unknown_outcome(mut self) -> Self {
        self.inner.may_have_been_submitted = true;
        self
    }

    /// Notes that the response to a submit may belong to another request.
    pub(crate) fn unattributed(mut self) -> Self {
        self.inner.is_unattributed = true;
        self
    }

    /// Notes the id of a job that a failed response to a submit has named.
    pub(crate) fn naming_job(mut self, id: &RequestId) -> Self {
        self.inner.about_job = AboutJob::Named;
        self.with_request_id(id)
    }

    /// Notes that the request was about a job that was submitted a moment ago.
    pub(crate) fn early(mut self) -> Self {
        self.inner.about_job = AboutJob::New;
        self
    }

    /// Adds the output that a job has beside its error, or whose form was not expected.
    pub(crate) fn with_output(mut self, output: Option<Value>) -> Self {
        self.inner.output = output;
        self
    }

    /// Adds the file that a download has kept although it is not the output.
    pub(crate) fn with_kept_file(mut self, file: Saved) -> Self {
        let name = file.path.display().to_string();
        self.inner.kept_file = Some(file);
        self.with_note(&format!("its bytes are kept in `{name}`"))
    }

    /// Appends what the failure means, or what to do.
    pub(crate) fn with_note(mut self, note: &str) -> Self {
        let message = self.inner.message.trim_end_matches('.');
        self.inner.message = format!("{message}; {note}");
        self
    }

    /// Replaces the message of a 404 that is about an address of its own, not a job or a model: the
    /// base URL may be wrong.
    pub(crate) fn at_address(mut self, url: &Url) -> Self {
        if self.inner.kind == ErrorKind::NotFound {
            let words = self
                .inner
                .message
                .strip_prefix(NOT_FOUND.1)
                .unwrap_or_default();
            self.inner.message = format!("there is nothing at {url}{words}");
        }
        self
    }

    /// Returns the causes, the nearest one first.
    fn causes(&self) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
        std::iter::successors(std::error::Error::source(self), |cause| cause.source())
    }

    pub(crate) fn is_early(&self) -> bool {
        self.inner.about_job == AboutJob::New
    }

    pub(crate) fn is_unattributed(&self) -> bool {
        self.inner.is_unattributed
    }

    pub(crate) fn names_job(&self) -> bool {
        self.inner.about_job == AboutJob::Named
    }

    /// Returns the kind of the failure.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.inner.kind
    }

    /// Returns `true` if this is a submit whose outcome is unknown: the job may exist and cost money.
    /// Before you submit again, resume it by its [`request_id`](Self::request_id) where there is one,
    /// or else look at the account.
    #[must_use]
    pub fn may_have_been_submitted(&self) -> bool {
        self.inner.may_have_been_submitted
    }

    /// Returns `true` if the same call may succeed later. Before you repeat a submit, check
    /// [`may_have_been_submitted`](Self::may_have_been_submitted) and
    /// [`request_id`](Self::request_id): a job that has an id is resumed and not submitted again.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        use ErrorKind::{NotReady, NotSent, ResponseLost, Throttled, Unavailable, Unreadable};
        matches!(
            self.kind(),
            NotSent | ResponseLost | Throttled | Unavailable | Unreadable | NotReady
        )
    }

    /// Returns the id of the job that the error is about, where it is known. Resume the job with
    /// [`Client::job`](crate::client::Client::job).
    #[must_use]
    pub fn request_id(&self) -> Option<&RequestId> {
        self.inner.request_id.as_ref()
    }

    /// Returns how the input breaks its schema; empty for other kinds than
    /// [`ErrorKind::InvalidInput`].
    #[must_use]
    pub fn violations(&self) -> &Violations {
        &self.inner.violations
    }

    /// Returns the number of requests that were sent; for a wait, the number of polls in a row that
    /// had failed at its end.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.inner.attempts
    }

    /// Returns the idempotency key of a submit, which is the same for each of its requests. Where the
    /// outcome is unknown, the service's support may find the job by it.
    #[must_use]
    pub fn idempotency_key(&self) -> Option<&str> {
        self.inner.key.as_deref()
    }

    /// Returns how long the service asks to wait: one second to one hour.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.inner.retry_after
    }

    /// Returns the HTTP status of the response, where there was one.
    #[must_use]
    pub fn http_status(&self) -> Option<u16> {
        self.inner.http_status
    }

    /// Returns the service's own code, such as 400002.
    #[must_use]
    pub fn error_code(&self) -> Option<i64> {
        self.inner.error_code
    }

    /// Returns the details that the service gave: the `detail` of a refusal, the `error` of a failed
    /// job.
    #[must_use]
    pub fn detail(&self) -> Option<&Value> {
        self.inner.detail.as_ref()
    }

    /// Returns the output of a job that has one although its wait failed: beside the error of a job
    /// that failed, or in a form that was not expected.
    #[must_use]
    pub fn output(&self) -> Option<&Value> {
        self.inner.output.as_ref()
    }

    /// Returns the file that a download has kept although it is not the output: a page in the place of
    /// an image, or media without their end. Its name says so.
    #[must_use]
    pub fn kept_file(&self) -> Option<&Saved> {
        self.inner.kept_file.as_ref()
    }

    /// Returns the first bytes of a response that could not be read.
    #[must_use]
    pub fn excerpt(&self) -> Option<&str> {
        self.inner.excerpt.as_deref()
    }

    /// Returns the job's last known status, for a wait that ended early.
    #[must_use]
    pub fn last_status(&self) -> Option<&JobStatus> {
        self.inner.last_status.as_ref()
    }

    /// Returns the message without the advice to look at the account before the job is submitted again, for a program
    /// that gives its users an advice of its own.
    ///
    /// ```
    /// use runcomfy::{Error, ErrorKind};
    ///
    /// let error = Error::builder(ErrorKind::ResponseLost).may_have_been_submitted(true).build();
    /// assert!(error.to_string().ends_with("before you submit it again"));
    /// assert!(!error.without_advice().contains("submit it again"));
    /// ```
    #[must_use]
    pub fn without_advice(&self) -> String {
        struct Facts<'a>(&'a Error);

        impl fmt::Display for Facts<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.write_facts(f)
            }
        }

        Facts(self).to_string()
    }

    fn write_facts(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.inner;
        write!(f, "{}", Redacted(&inner.message))?;
        if let Some(code) = inner.error_code {
            write!(f, " (code {code})")?;
        }
        for violation in &inner.violations {
            write!(f, "\n  {violation}")?;
        }
        match (&inner.detail, &inner.excerpt) {
            (Some(detail), _) => write!(f, ": {}", Redacted(&detail.to_string()))?,
            (None, Some(excerpt)) => write!(f, "; the response begins {excerpt:?}")?,
            (None, None) => {}
        }
        if inner.attempts > 1 {
            write!(f, " (after {} attempts)", inner.attempts)?;
        }
        if let Some(id) = &inner.request_id {
            write!(f, " [request {id}]")?;
        }
        if let (Some(key), true) = (&inner.key, inner.may_have_been_submitted) {
            write!(f, " [key {key}]")?;
        }
        Ok(())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_facts(f)?;
        if self.inner.may_have_been_submitted {
            f.write_str("; the job may have been submitted anyway, so look at your account before you submit it again")?;
        }
        Ok(())
    }
}

/// Prints the message and its causes, as they appear when `main` returns an error; with `{:#?}` the
/// fields.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.alternate() {
            // The service's texts may quote URLs of the input.
            let inner = format!("{:#?}", self.inner);
            return write!(f, "{}", Redacted(&inner));
        }
        write!(f, "{self}")?;
        let mut causes = self.causes().peekable();
        if causes.peek().is_some() {
            f.write_str("\n\nCaused by:")?;
        }
        for cause in causes {
            let text = cause.to_string().replace('\n', "\n    ");
            write!(f, "\n    {}", Redacted(&text))?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.inner
            .source
            .as_ref()
            .map(|source| &**source as &(dyn std::error::Error + 'static))
    }
}
