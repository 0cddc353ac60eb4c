//! Responses of the service, and what they mean.

use std::fmt;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::blocking_work::run_blocking;
use crate::error::{Error, ErrorKind};
use crate::http::error_code::ErrorCode;
use crate::http::partial_json::{members, members_before_error};
use crate::http::token::Token;
use crate::job::cancel_outcome::CancelOutcome;
use crate::job::request_id::RequestId;
use crate::job::status::{JobStatus, Status};
use crate::output::is_empty;
use runcomfy_schema::__private::RedactedExcerpt;
use runcomfy_schema::{Redacted, RedactedPaths};

/// A response of the service, whole.
pub(crate) struct Reply {
    pub(crate) http_status: u16,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) attribution: Attribution,
    /// The body without the token.
    body: Vec<u8>,
    token: Token,
}

/// Tells whether a response belongs to the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attribution {
    /// The response belongs to the request.
    Certain,
    /// The response came over an HTTP/1.1 connection of a client of the caller's, which may have
    /// carried other requests: servers were seen to send a late 429 there.
    Reused,
    /// The response may belong to another request: the HTTP client was redirected to it, or it came
    /// over a connection that may have carried other requests although it should not.
    Unknown,
}

/// Result of a job, or its status while it has none.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct JobResult<O> {
    /// The job's id.
    pub request_id: RequestId,
    /// The status; [`Status::Succeeded`] and [`Status::Failed`] distinguish the two ends.
    pub status: Status,
    /// The output of the job. A failed job may have one beside its error.
    pub output: Option<O>,
    /// Reason for which the job failed, in the service's form: a text, an object or an array. A job
    /// that succeeded may have one beside its output.
    pub error: Option<Value>,
    /// Time at which the job was submitted, as the service writes it.
    pub created_at: Option<String>,
    /// Time at which the job ended, as the service writes it.
    pub finished_at: Option<String>,
    /// The cost of the job in US dollars, where the service says so.
    pub cost: Option<f64>,
    /// The other members of the response as received, such as `seed` or `logs`; a `cost` in a form
    /// other than a number is among them.
    pub other: Map<String, Value>,
    /// The whole response as received, with every member in its form.
    pub received: Map<String, Value>,
}

impl<O> JobResult<O> {
    /// Returns the output, or why there is none.
    ///
    /// # Errors
    /// - [`ErrorKind::JobFailed`], [`ErrorKind::JobCancelled`]: the job has ended that way.
    /// - [`ErrorKind::NotReady`]: the job has not ended yet. Wait for it.
    /// - [`ErrorKind::UnexpectedOutput`]: the job has succeeded, but the service gives no output.
    pub fn into_output(self) -> Result<O, Error> {
        match self.into_parts() {
            Ok((output, _)) => Ok(output),
            Err((error, _)) => Err(error),
        }
    }

    /// Returns the output and what is beside it, or why the job has not succeeded and the output that
    /// it has nevertheless.
    pub(crate) fn into_parts(mut self) -> Result<(O, JobResult<()>), (Error, Option<O>)> {
        let output = self.output.take();
        let about = self.with_output(None);
        match output {
            Some(output) if about.status == Status::Succeeded => Ok((output, about)),
            output => Err((about.failure(output.is_some()), output)),
        }
    }

    /// Returns the result with another output.
    pub(crate) fn with_output<P>(self, output: Option<P>) -> JobResult<P> {
        JobResult {
            request_id: self.request_id,
            status: self.status,
            output,
            error: self.error,
            created_at: self.created_at,
            finished_at: self.finished_at,
            cost: self.cost,
            other: self.other,
            received: self.received,
        }
    }

    fn failure(self, has_output: bool) -> Error {
        let (kind, message) = match self.status {
            Status::Succeeded => (
                ErrorKind::UnexpectedOutput,
                "the job has succeeded, but the service gives no output".to_owned(),
            ),
            Status::Cancelled => (ErrorKind::JobCancelled, "the job was cancelled".to_owned()),
            Status::Failed if has_output => (
                ErrorKind::JobFailed,
                "the job has failed, though there is an output beside its error".to_owned(),
            ),
            Status::Failed => (ErrorKind::JobFailed, "the job has failed".to_owned()),
            status => (
                ErrorKind::NotReady,
                format!("the job has not ended yet: {status}"),
            ),
        };
        Error::new(kind, message)
            .with_code(None, self.error)
            .with_request_id(&self.request_id)
    }
}

/// Prints the texts of the service without the queries of URLs.
impl<O: fmt::Debug> fmt::Debug for JobResult<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |text: Option<&String>| text.map(|text| Redacted(text).to_string());
        let output = self.output.as_ref().map(|output| format!("{output:?}"));
        let error = self.error.as_ref().map(Value::to_string);
        let other = format!("{:?}", self.other);
        f.debug_struct("JobResult")
            .field("request_id", &self.request_id)
            .field("status", &self.status)
            .field(
                "output",
                &format_args!("{}", RedactedPaths(output.as_deref().unwrap_or("None"))),
            )
            .field(
                "error",
                &format_args!("{}", Redacted(error.as_deref().unwrap_or("None"))),
            )
            .field("created_at", &shown(self.created_at.as_ref()))
            .field("finished_at", &shown(self.finished_at.as_ref()))
            .field("cost", &self.cost)
            .field("other", &format_args!("{}", RedactedPaths(&other)))
            .finish_non_exhaustive()
    }
}

/// Name of the member that makes a response an error, whatever its HTTP status.
const ERROR_CODE: &str = "error_code";

/// Names of the members with the error of a job; the first that says something counts. The service's own
/// errors have the second.
const JOB_ERROR: [&str; 2] = ["error", "error_message"];

/// Name of the member with the id of a job.
pub(crate) const REQUEST_ID: &str = "request_id";

/// A mark before a text, which some servers write although JSON has none.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// Names of the members of a result that have fields of their own, whatever their form. `cost` has one
/// for a number.
const RESULT: [&str; 7] = [
    REQUEST_ID,
    ERROR_CODE,
    "status",
    "output",
    "error",
    "created_at",
    "finished_at",
];

/// Number of bytes from which a response is redacted away from the runtime's thread: about 1 ms of CPU.
const LONG_BYTES: usize = 16 << 10;

/// Bytes of a response that suffice to recognise what sent it.
const EXCERPT_BYTES: usize = 200;

/// Bytes of a response that are redacted before it is cut: what shows that a text is a password may
/// stand behind it.
const REDACTED_BYTES: usize = 4096;

impl Reply {
    /// Creates a response. Wherever its body quotes the token, it has `…` from here on: everything
    /// that is kept, returned, printed or logged of a response comes from it.
    pub(crate) fn new(
        http_status: u16,
        retry_after: Option<Duration>,
        attribution: Attribution,
        body: Vec<u8>,
        token: &Token,
    ) -> Self {
        Self {
            http_status,
            retry_after,
            attribution,
            body: token.erase(body),
            token: token.clone(),
        }
    }

    /// Creates a response as [`new`](Self::new) does. The token is looked for in a long body on a thread of
    /// the runtime for blocking work, since 16 MiB may take seconds.
    ///
    /// # Errors
    /// The runtime is shut down.
    pub(crate) async fn receive(
        http_status: u16,
        retry_after: Option<Duration>,
        attribution: Attribution,
        body: Vec<u8>,
        token: &Token,
    ) -> Result<Self, Error> {
        if body.len() < LONG_BYTES {
            return Ok(Self::new(
                http_status,
                retry_after,
                attribution,
                body,
                token,
            ));
        }
        let token = token.clone();
        let redact = move || Self::new(http_status, retry_after, attribution, body, &token);
        run_blocking(redact).await.map_err(|e| {
            let message = "the runtime was shut down before the response was read";
            Error::new(ErrorKind::ResponseLost, message).with_source(e)
        })
    }

    /// Returns the response's JSON object, unless it is an error: by its HTTP status, or by an
    /// `error_code` beside status 200.
    pub(crate) fn object(&self) -> Result<Map<String, Value>, Error> {
        self.unless_error(serde_json::from_slice(&self.body).ok())
    }

    /// Returns only the members with these names; see [`object`](Self::object).
    fn members(&self, names: &[&str]) -> Result<Map<String, Value>, Error> {
        let wanted = |name: &str| name == ERROR_CODE || names.contains(&name);
        self.unless_error(self.read(wanted))
    }

    fn read(&self, wanted: impl Fn(&str) -> bool) -> Option<Map<String, Value>> {
        // Skipped members are not validated, so invalid UTF-8 in them would go unnoticed.
        let text = str::from_utf8(&self.body).ok()?;
        members(text, wanted).ok()
    }

    fn unless_error(&self, read: Option<Map<String, Value>>) -> Result<Map<String, Value>, Error> {
        match read {
            Some(map) if self.is_success() && !is_error(&map) => Ok(map),
            _ => Err(self.error()),
        }
    }

    /// Returns the error of a response that has not the expected form.
    fn error(&self) -> Error {
        let is_success = self.is_success();
        match serde_json::from_slice::<Value>(&self.body) {
            Ok(value) if !is_success || value.get(ERROR_CODE).is_some_and(is_code) => {
                self.refusal(&value)
            }
            Err(_) if !is_success => self.refusal(&Value::Null),
            Ok(Value::Object(_)) => {
                self.unreadable("has an error_code that is neither a number nor a word")
            }
            Ok(_) => self.unreadable("is not a JSON object"),
            Err(_) if self.body.is_empty() => self.unreadable("is empty"),
            Err(error) if error.is_eof() => self.unreadable("is cut off"),
            Err(_) => self.unreadable("is not JSON"),
        }
    }

    pub(crate) fn unreadable(&self, how: &str) -> Error {
        let message = format!("the service's response {how} (HTTP {})", self.http_status);
        Error::new(ErrorKind::Unreadable, message).with_reply(self.http_status, self.excerpt())
    }

    /// Turns an error body of any form into an error; its code decides the kind, or else the HTTP
    /// status.
    fn refusal(&self, body: &Value) -> Error {
        let code = self.error_code();
        let (kind, meaning) = code.kind(self.http_status);
        let meaning = match kind {
            ErrorKind::Unauthenticated => format!("{meaning}{}", self.token.of_source()),
            _ => meaning.to_owned(),
        };
        let code = code.number();
        let words = words_of(body);
        let message = match words.filter(|words| !words.is_empty()) {
            Some(words) => format!("{meaning}: {}", Redacted(words)),
            None => format!("{meaning} (HTTP {})", self.http_status),
        };
        let detail = ["detail", "error"]
            .into_iter()
            .find_map(|key| body.get(key).filter(|d| !d.is_string() && !d.is_null()));
        let excerpt = if words.is_none() && detail.is_none() {
            self.excerpt()
        } else {
            String::new()
        };
        Error::new(kind, message)
            .with_reply(self.http_status, excerpt)
            .with_code(code, detail.cloned())
            .with_retry_after(self.retry_after)
    }

    /// Returns the code of an error, also where the rest of it is JSON that cannot be kept: nested too
    /// deep, or with half of a surrogate pair, as a text has that was cut within a character.
    fn error_code(&self) -> ErrorCode {
        match self.read(|name| name == ERROR_CODE) {
            Some(body) => ErrorCode::from_json(body.get(ERROR_CODE)),
            // It is the code that cannot be kept.
            None if self.read(|_| false).is_some() => ErrorCode::Unlisted,
            None => ErrorCode::None,
        }
    }

    fn excerpt(&self) -> String {
        let start = &self.body[..self.body.len().min(REDACTED_BYTES)];
        let text = RedactedExcerpt(String::from_utf8_lossy(start).trim()).to_string();
        let end = |(at, c): (usize, char)| at + c.len_utf8();
        let ends = text.char_indices().map(end);
        let end = ends.take_while(|end| *end <= EXCERPT_BYTES).last();
        text[..end.unwrap_or_default()].to_owned()
    }

    /// Reads the id in the response to a submit. An error keeps it too, since a job may be found by
    /// it.
    pub(crate) fn request_id(&self) -> Result<RequestId, Error> {
        let object = match self.members(&[REQUEST_ID]) {
            Ok(object) => object,
            Err(error) => return Err(self.with_id(error)),
        };
        match object.get(REQUEST_ID) {
            Some(Value::String(id)) => id
                .parse()
                .map_err(|e| self.unreadable("has an invalid request_id").with_source(e)),
            _ => Err(self.unreadable("has no request_id")),
        }
    }

    /// Returns the error of a submit with the id in this response, which need not be whole or valid.
    pub(crate) fn with_id(&self, error: Error) -> Error {
        match id_before_error(&self.body) {
            Some(id) => error.naming_job(&id),
            None => error,
        }
    }

    fn is_success(&self) -> bool {
        (200..300).contains(&self.http_status)
    }

    /// Reads the status of the job with this id.
    pub(crate) fn status(&self, request_id: &RequestId) -> Result<JobStatus, Error> {
        let [error, error_message] = JOB_ERROR;
        let object =
            self.members(&["status", "queue_position", error, error_message, REQUEST_ID])?;
        self.check_id(&object, request_id)?;
        Ok(JobStatus {
            status: self.status_of(&object)?,
            queue_position: object.get("queue_position").and_then(as_count),
            error: error_of(&object),
        })
    }

    pub(crate) fn result<O: DeserializeOwned>(
        &self,
        request_id: &RequestId,
    ) -> Result<JobResult<O>, Error> {
        let object = self.object()?;
        self.check_id(&object, request_id)?;
        let present = |key: &str| object.get(key).filter(|value| !value.is_null());
        let text = |key: &str| present(key).and_then(Value::as_str).map(str::to_owned);
        let error = error_of(&object);
        let output = present("output").filter(|output| error.is_none() || has_content(output));
        let status = match self.status_of(&object)? {
            // An output that says nothing beside an error is none, whatever the status says.
            Status::Completed | Status::Succeeded if error.is_some() && output.is_none() => {
                Status::Failed
            }
            // "completed" only says that the job ended; what came with it says how.
            Status::Completed => Status::Succeeded,
            status => status,
        };
        let output = match output.map(O::deserialize) {
            // The output of a job that has not succeeded is not promised to have any form.
            Some(Err(error)) if status == Status::Succeeded => {
                let how = error.to_string();
                let message = format!("the job's output has another form: {}", RedactedPaths(&how));
                let error = Error::new(ErrorKind::UnexpectedOutput, message);
                return Err(error
                    .with_reply(self.http_status, self.excerpt())
                    .with_output(present("output").cloned()));
            }
            output => output.and_then(Result::ok),
        };
        let (created_at, finished_at) = (text("created_at"), text("finished_at"));
        let cost = present("cost").and_then(Value::as_f64);
        let is_other = |name: &str, value: &Value| match name {
            "cost" => cost.is_none() && !value.is_null(),
            name => !RESULT.contains(&name),
        };
        // The output, which may be long, is not copied once more.
        let others = object.iter().filter(|(name, value)| is_other(name, value));
        let other = others
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        Ok(JobResult {
            request_id: request_id.clone(),
            status,
            output,
            error,
            created_at,
            finished_at,
            cost,
            other,
            received: object,
        })
    }

    /// Reads the outcome of the cancellation of the job with this id.
    pub(crate) fn cancel_outcome(&self, request_id: &RequestId) -> Result<CancelOutcome, Error> {
        let object = self.members(&["outcome", REQUEST_ID])?;
        self.check_id(&object, request_id)?;
        match object.get("outcome").and_then(Value::as_str) {
            Some("cancelled" | "canceled") => Ok(CancelOutcome::Cancelled),
            Some("not_cancellable") => Ok(CancelOutcome::NotCancellable),
            Some(other) => Ok(CancelOutcome::Other(other.to_owned())),
            None => Err(self.unreadable("has no outcome")),
        }
    }

    /// Refuses a response about another job: a cache or a gateway has mixed up two requests.
    fn check_id(&self, object: &Map<String, Value>, expected: &RequestId) -> Result<(), Error> {
        match object.get(REQUEST_ID) {
            None | Some(Value::Null) => Ok(()),
            Some(Value::String(id)) if id == expected.as_str() => Ok(()),
            Some(_) => Err(self.unreadable("is about another job, by its request_id")),
        }
    }

    fn status_of(&self, object: &Map<String, Value>) -> Result<Status, Error> {
        let status = object.get("status").and_then(Value::as_str);
        status
            .map(Status::parse)
            .ok_or_else(|| self.unreadable("has no status"))
    }
}

/// Returns the id in a response to a submit, as far as it is the start of a JSON object.
pub(crate) fn id_before_error(body: &[u8]) -> Option<RequestId> {
    let text = String::from_utf8_lossy(body);
    let text = text.trim_start_matches(BYTE_ORDER_MARK);
    let body = members_before_error(text, |name| name == REQUEST_ID);
    body.get(REQUEST_ID)?.as_str()?.parse().ok()
}

/// Returns `true` if a value contains a text, such as a URL. Numbers and truth values alone, such as a
/// `seed`, are no output that a job was paid for.
pub(crate) fn has_content(value: &Value) -> bool {
    match value {
        Value::String(text) => !text.trim().is_empty(),
        Value::Array(list) => list.iter().any(has_content),
        Value::Object(map) => map.values().any(has_content),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Returns the error of a job, unless it says nothing.
fn error_of(object: &Map<String, Value>) -> Option<Value> {
    let says_nothing = |error: &Value| {
        is_empty(error) || *error == Value::Bool(false) || error.as_u64() == Some(0)
    };
    let mut errors = JOB_ERROR.iter().filter_map(|name| object.get(*name));
    errors.find(|error| !says_nothing(error)).cloned()
}

/// Returns the text of an error body: a member of its own, or one inside of its `detail` or `error`.
fn words_of(body: &Value) -> Option<&str> {
    let named = |value: &'_ Value| {
        ["error_message", "message", "error", "detail"]
            .into_iter()
            .find(|key| value.get(key).is_some_and(Value::is_string))
    };
    let places = ["", "/detail", "/error", "/detail/error"];
    let mut members = places.into_iter().filter_map(|at| {
        let value = body.pointer(at)?;
        value.get(named(value)?)?.as_str()
    });
    members.next().or_else(|| body.as_str())
}

/// Returns `true` if there is an `error_code` that does not say that there is no error.
fn is_error(map: &Map<String, Value>) -> bool {
    ErrorCode::from_json(map.get(ERROR_CODE)) != ErrorCode::None
}

/// Returns `true` if the code is a number or a word; anything else means nothing.
fn is_code(code: &Value) -> bool {
    code.is_number() || code.is_string()
}

fn as_count(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::retry_table::{Operation, judge};
    use serde_json::json;

    fn id() -> RequestId {
        "r-1".parse().unwrap()
    }

    fn reply(http_status: u16, body: impl Into<Vec<u8>>) -> Reply {
        let token = Token::new("token-for-tests").unwrap();
        let certain = Attribution::Certain;
        Reply::new(http_status, None, certain, body.into(), &token)
    }

    #[test]
    fn long_response_is_redacted_off_the_runtime() {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        let runtime = builder.max_blocking_threads(1).build().unwrap();
        runtime.block_on(async {
            // The only thread for blocking work waits until the test lets it go.
            let (release, held) = std::sync::mpsc::channel::<()>();
            let holder = tokio::task::spawn_blocking(move || held.recv());
            let token = Token::new("token-for-tests").unwrap();
            let receive = |length: usize| {
                let mut body = b"token-for-tests".to_vec();
                body.resize(length, b'a');
                Reply::receive(200, None, Attribution::Certain, body, &token)
            };
            let short = receive(LONG_BYTES - 1).await.unwrap();
            let mut long = Box::pin(receive(LONG_BYTES));
            let first = std::future::poll_fn(|cx| std::task::Poll::Ready(long.as_mut().poll(cx)));
            assert!(first.await.is_pending());
            drop(release);
            for reply in [short, long.await.unwrap()] {
                assert!(reply.body.starts_with("…a".as_bytes()));
            }
            holder.await.unwrap().unwrap_err();
        });
    }

    #[test]
    fn errors_of_every_form_have_their_kind() {
        for (http_status, body, kind, words) in [
            (
                400,
                r#"{"error_code":400001,"error_message":"bad id"}"#,
                ErrorKind::UnknownModel,
                "bad id",
            ),
            (
                200,
                r#"{"error_code":400002,"error_message":"top up"}"#,
                ErrorKind::InsufficientBalance,
                "top up (code 400002)",
            ),
            (
                402,
                r#"{"message":"pay"}"#,
                ErrorKind::InsufficientBalance,
                "pay",
            ),
            (
                200,
                r#"{"error_code":"400004"}"#,
                ErrorKind::Unauthenticated,
                "code 400004",
            ),
            (401, "", ErrorKind::Unauthenticated, "HTTP 401"),
            (
                400,
                r#"{"error_code":400005}"#,
                ErrorKind::NotReady,
                "not ready",
            ),
            (403, r#"{"error":"no"}"#, ErrorKind::Forbidden, "no"),
            (
                404,
                r#"{"error_code":404001}"#,
                ErrorKind::NotFound,
                "expired",
            ),
            (
                422,
                r#"{"detail":[{"loc":["scale"]}]}"#,
                ErrorKind::BadRequest,
                r#"[{"loc":["scale"]}]"#,
            ),
            (
                400,
                r#"{"detail":"too wide"}"#,
                ErrorKind::BadRequest,
                "too wide",
            ),
            (429, "slow down", ErrorKind::Throttled, "slow down"),
            (408, "", ErrorKind::Unavailable, "HTTP 408"),
            (
                502,
                "<html>Bad Gateway</html>",
                ErrorKind::Unavailable,
                "<html>Bad Gateway",
            ),
            (302, "", ErrorKind::Unreadable, "redirect"),
            (200, "", ErrorKind::Unreadable, "is empty"),
            (200, "<html>", ErrorKind::Unreadable, "begins \"<html>\""),
            (200, r#"{"status":"in_qu"#, ErrorKind::Unreadable, "cut off"),
            (200, "[1]", ErrorKind::Unreadable, "not a JSON object"),
            (200, "{}", ErrorKind::Unreadable, "has no status"),
            // A code counts beside the service's own refusals only.
            (
                504,
                r#"{"error_code":400001}"#,
                ErrorKind::Unavailable,
                "unavailable",
            ),
            (
                302,
                r#"{"error_code":400005}"#,
                ErrorKind::Unreadable,
                "redirect",
            ),
            (
                200,
                r#"{"error_code":{}}"#,
                ErrorKind::Unreadable,
                "neither a number",
            ),
        ] {
            let error = reply(http_status, body).status(&id()).unwrap_err();
            assert_eq!(error.kind(), kind, "{http_status} {body}: {error}");
            assert!(
                error.to_string().contains(words),
                "{http_status} {body}: {error}"
            );
            assert!(!error.may_have_been_submitted());
        }
    }

    #[test]
    fn words_within_an_object_are_those_of_the_refusal() {
        for body in [
            r#"{"detail": {"message": "too wide"}}"#,
            r#"{"detail": {"error": "too wide"}}"#,
            r#"{"error": {"code": 7, "message": "too wide"}}"#,
            r#"{"detail": {"error": {"message": "too wide"}}}"#,
        ] {
            let text = reply(422, body).request_id().unwrap_err().to_string();
            let words = "the service refused the request: too wide";
            assert!(text.starts_with(words), "{body}: {text}");
        }
    }

    #[test]
    fn request_that_is_too_large_is_told_to_use_urls() {
        let error = reply(413, "<html>").request_id().unwrap_err();
        let words = "too large; pass media as public https:// URLs";
        assert!(error.to_string().contains(words), "{error}");
    }

    #[test]
    fn code_of_no_error_is_ignored() {
        let body = json!({"error_code": null, "status": "in_queue", "queue_position": "3"});
        let status = reply(200, body.to_string()).status(&id()).unwrap();
        assert_eq!(
            status,
            JobStatus {
                status: Status::InQueue,
                queue_position: Some(3),
                error: None
            }
        );
        for code in [json!(0), json!("0"), json!(""), json!(false)] {
            let body = json!({"error_code": code, "status": "in_queue"});
            let status = reply(202, body.to_string()).status(&id()).unwrap();
            assert_eq!(status.queue_position, None);
        }
    }

    #[test]
    fn completed_job_has_failed_or_succeeded() {
        let id = id();
        let result = |body: Value| reply(200, body.to_string()).result::<Value>(&id).unwrap();
        let other = json!({"status": "succeeded", "output": 7}).to_string();
        let error = reply(200, other).result::<String>(&id).unwrap_err();
        assert_eq!(
            (error.kind(), error.is_transient()),
            (ErrorKind::UnexpectedOutput, false)
        );
        assert_eq!(
            result(json!({"status": "completed", "output": {"image": "u"}})).status,
            Status::Succeeded
        );
        let failed =
            result(json!({"status": "completed", "error": [{"errorCode": 1}], "output": null}));
        assert_eq!(
            (failed.status, failed.error),
            (Status::Failed, Some(json!([{"errorCode": 1}])))
        );
        let running = result(json!({"status": "in_progress"}));
        assert_eq!(
            (&running.status, &running.output),
            (&Status::InProgress, &None)
        );
        for (result, kind) in [
            (running, ErrorKind::NotReady),
            (result(json!({"status": "unheard_of"})), ErrorKind::NotReady),
            (result(json!({"status": "failed"})), ErrorKind::JobFailed),
            (
                result(json!({"status": "cancelled"})),
                ErrorKind::JobCancelled,
            ),
            (
                result(json!({"status": "succeeded"})),
                ErrorKind::UnexpectedOutput,
            ),
        ] {
            let error = result.into_output().unwrap_err();
            assert_eq!((error.kind(), error.request_id()), (kind, Some(&id)));
        }
        assert_eq!(
            result(json!({"status": "succeeded", "output": "u"}))
                .into_output()
                .unwrap(),
            "u"
        );
        assert_eq!(
            result(json!({"status": "succeeded", "output": "u", "cost": 0.04})).cost,
            Some(0.04)
        );
    }

    #[test]
    fn unknown_members_of_a_result_are_kept() {
        let known = json!({"request_id": "r-1", "status": "failed", "error": "x", "output": null});
        for other in [
            json!({}),
            json!({"seed": 7, "logs": ["a"], "metrics": null}),
            json!({"cost": {"usd": 0.04}}),
            json!({"cost": "0.04"}),
        ] {
            let mut body = known.clone();
            body.as_object_mut()
                .unwrap()
                .extend(other.as_object().unwrap().clone());
            let result = reply(200, body.to_string()).result::<Value>(&id()).unwrap();
            assert_eq!((Value::Object(result.other), result.cost), (other, None));
        }
        let body =
            json!({"status": "succeeded", "output": "u", "cost": 1, "seed": "https://a/?k=1"});
        let result = reply(200, body.to_string()).result::<Value>(&id()).unwrap();
        assert_eq!((result.cost, result.other.len()), (Some(1.0), 1));
        assert!(!format!("{result:?}").contains("k=1"), "{result:?}");
    }

    /// The first segments of such a path name the account.
    #[test]
    fn debug_of_a_result_has_the_last_segments_of_paths() {
        let url = "https://cdn.example/account/2026/a.png?sig=s3cret";
        let body = json!({"status": "succeeded", "output": {"image": url}, "preview": url});
        let result = reply(200, body.to_string()).result::<Value>(&id()).unwrap();
        let text = format!("{result:?}");
        assert_eq!(
            text.matches("https://cdn.example/…/a.png?…").count(),
            2,
            "{text}"
        );
        let output = format!("{:?}", crate::output::Output::from(json!({"image": url})));
        assert!(output.contains("https://cdn.example/…/a.png?…"), "{output}");
    }

    #[test]
    fn code_beside_a_text_that_cannot_be_kept_decides() {
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
        for (code, kind) in [
            ("500001", ErrorKind::Unavailable),
            ("400002", ErrorKind::InsufficientBalance),
            ("1e999", ErrorKind::Unavailable),
            (r#""\ud83d""#, ErrorKind::Unavailable),
        ] {
            for other in [
                r#""error_message": "no \ud83d""#,
                &format!(r#""detail": {deep}"#),
            ] {
                let body = format!(r#"{{"error_code": {code}, {other}}}"#);
                let error = reply(400, body.clone()).request_id().unwrap_err();
                assert_eq!(error.kind(), kind, "{body}");
            }
        }
    }

    #[test]
    fn error_beside_an_output_that_says_nothing_is_a_failure() {
        let empty = [
            json!(null),
            json!({}),
            json!([]),
            json!(""),
            json!(" \n"),
            json!({"images": [], "video": null, "audio": {"url": ""}}),
            json!(false),
            json!(0),
            json!(7),
            json!([[]]),
            json!({"images": [null]}),
            json!({"images": [""], "nsfw": [false]}),
            json!({"seed": 0, "images": []}),
            json!({"seed": 1_234_567}),
        ];
        for status in ["completed", "succeeded", "failed"] {
            for (output, name) in empty.iter().flat_map(|o| JOB_ERROR.map(|name| (o, name))) {
                let body = json!({"status": status, "output": output, name: "no memory"});
                // A typed output is not read from it either.
                let result = reply(200, body.to_string()).result::<u64>(&id()).unwrap();
                assert_eq!(
                    (&result.status, &result.output, &result.error),
                    (&Status::Failed, &None, &Some(json!("no memory"))),
                    "{body}"
                );
                let error = result.into_output().unwrap_err();
                assert_eq!(error.kind(), ErrorKind::JobFailed);
                assert!(error.to_string().contains("no memory"), "{error}");
            }
        }
    }

    #[test]
    fn output_without_any_text_has_no_content() {
        for value in [
            json!(null),
            json!(false),
            json!(true),
            json!(0),
            json!(7.5),
            json!(""),
            json!(" \n"),
            json!([]),
            json!([[]]),
            json!({"seed": 0, "images": []}),
            json!({"images": [null]}),
            json!({"images": [""], "ok": false}),
        ] {
            assert!(!has_content(&value), "{value}");
        }
        for value in [
            json!("https://a.example/1.png"),
            json!({"seed": 0, "images": ["data:image/png;base64,AA=="]}),
            json!([[], [{"text": "a boat"}]]),
        ] {
            assert!(has_content(&value), "{value}");
        }
    }

    #[test]
    fn error_beside_an_output_is_kept_with_it() {
        for output in [json!({"image": "u"}), json!(["u"]), json!("u")] {
            for (word, status) in [
                ("completed", Status::Succeeded),
                ("succeeded", Status::Succeeded),
                ("failed", Status::Failed),
                ("cancelled", Status::Cancelled),
            ] {
                let body = json!({"status": word, "output": output, "error": {"code": 7}});
                let result = reply(200, body.to_string()).result::<Value>(&id()).unwrap();
                assert_eq!(
                    (result.status, result.output, result.error),
                    (status, Some(output.clone()), Some(json!({"code": 7}))),
                    "{body}"
                );
            }
        }
    }

    #[test]
    fn error_that_says_nothing_is_none() {
        for error in [
            json!(null),
            json!(""),
            json!({}),
            json!([]),
            json!(false),
            json!(0),
        ] {
            let body = json!({"status": "completed", "output": {}, "error": error});
            let result = reply(200, body.to_string()).result::<Value>(&id()).unwrap();
            assert_eq!(
                (result.status, result.error),
                (Status::Succeeded, None),
                "{body}"
            );
        }
    }

    #[test]
    fn unfinished_job_may_have_an_output_of_any_form() {
        for word in ["in_progress", "in_queue", "failed", "cancelled", "paused"] {
            let body = json!({"status": word, "output": {"preview": "u"}});
            let result = reply(200, body.to_string()).result::<u64>(&id()).unwrap();
            assert_eq!((result.status, result.output), (Status::parse(word), None));
        }
    }

    #[test]
    fn response_about_another_job_is_refused() {
        for other in [json!("r-2"), json!("R-1"), json!(7), json!(""), json!({})] {
            let body = json!({
                "request_id": other, "status": "completed", "output": "u", "outcome": "cancelled",
            });
            let reply = reply(200, body.to_string());
            for error in [
                reply.status(&id()).unwrap_err(),
                reply.result::<Value>(&id()).unwrap_err(),
                reply.cancel_outcome(&id()).unwrap_err(),
            ] {
                assert_eq!(error.kind(), ErrorKind::Unreadable, "{body}");
                assert!(error.to_string().contains("another job"), "{error}");
            }
        }
        for own in [json!("r-1"), json!(null)] {
            let body = json!({"request_id": own, "status": "completed", "output": "u"});
            assert!(reply(200, body.to_string()).result::<Value>(&id()).is_ok());
        }
    }

    #[test]
    fn id_beside_an_error_is_kept() {
        for (http_status, code, unknown) in [
            (200, json!("none"), true),
            (202, json!(7), true),
            (503, json!(null), true),
            (200, json!(400_002), false),
            (422, json!("none"), true),
            (422, json!(422_001), false),
            (429, json!(null), true),
            (500, json!(400_001), true),
            (400, json!(400_001), false),
        ] {
            let body = json!({"request_id": "r-1", "error_code": code});
            let error = reply(http_status, body.to_string())
                .request_id()
                .unwrap_err();
            assert_eq!(error.request_id().unwrap().as_str(), "r-1", "{error}");
            let (_, error) = judge(Operation::Submit, error);
            assert_eq!(error.may_have_been_submitted(), unknown, "{error}");
        }
    }

    #[test]
    fn id_in_a_text_that_is_no_json_is_kept() {
        for body in [
            b"{\"request_id\": \"r-1\", \"message\": \"caf\xe9\"}".as_slice(),
            b"{\"message\": \"caf\xe9\", \"request_id\": \"r-1\"}",
            b"{\"request_id\": \"r-1\", \"status\": ",
            b"{\"request_id\": \"r-1\"} {}",
            b"\xef\xbb\xbf{\"request_id\": \"r-1\"}",
        ] {
            let error = reply(200, body).request_id().unwrap_err();
            let (_, error) = judge(Operation::Submit, error);
            assert!(error.may_have_been_submitted(), "{error}");
            assert_eq!(error.request_id().unwrap().as_str(), "r-1", "{error}");
        }
        for body in [
            b"{\"request_id\": \"r-".as_slice(),
            b"{\"request_id\": \"r\xff1\"}",
        ] {
            let error = reply(200, body).request_id().unwrap_err();
            assert_eq!(error.request_id(), None, "{error}");
        }
    }

    #[test]
    fn id_that_would_change_a_path_is_refused() {
        for body in [r#"{"request_id": "../../x"}"#, r#"{"request_id": 7}"#, "{}"] {
            let error = reply(200, body).request_id().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unreadable, "{body}");
        }
        assert_eq!(
            reply(202, r#"{"request_id": "r-1"}"#)
                .request_id()
                .unwrap()
                .as_str(),
            "r-1"
        );
    }
}
