//! Compares what the client makes of a response with what is read in it by hand.

use runcomfy::testing::{self, Response, Script};
use runcomfy::{CancelOutcome, Client, Error, Outcome, RequestId, RetryPolicy, Status};
use runcomfy_testkit::arbitrary::reply::{Call, Reply};
use runcomfy_testkit::judge::reading::{Member, Value, last, members, members_before_error};
use serde_json::json;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

/// A client whose service answers with the responses under test.
pub(crate) struct Checker {
    runtime: Runtime,
    script: Script,
    client: Client,
    /// Calls since the script was new; it keeps all requests.
    calls: usize,
}

/// Verdict of the client on a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// A job was accepted, or has ended, or was cancelled.
    Certain,
    /// The submit was refused for certain.
    Refused,
    /// A job has not ended or was not cancelled, or nothing is certain.
    Open,
}

/// Maximum number of calls of one script.
const MAX_CALLS: usize = 4096;

/// Id of the job whose status is fetched, where the response names none.
const JOB: &str = "job-1";

/// Statuses that end a job; see the service's documentation.
const ENDS: [&str; 5] = ["completed", "succeeded", "failed", "cancelled", "canceled"];

impl Checker {
    pub(crate) fn new() -> Self {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap();
        let (script, client) = scripted();
        Self {
            runtime,
            script,
            client,
            calls: 0,
        }
    }

    /// Answers one call with a response and checks the client's verdict.
    ///
    /// # Errors
    /// The promise that is broken.
    pub(crate) fn check(&mut self, call: Call, reply: &Reply) -> Result<Verdict, String> {
        self.calls += 1;
        if self.calls > MAX_CALLS {
            (self.script, self.client) = scripted();
            self.calls = 0;
        }
        let response = Response::bytes(reply.http_status, reply.body.clone());
        self.script.respond(scripted_call(call), response);
        let facts = Facts::read(reply);
        // Most responses are about the job; the others must not be believed.
        let named = facts
            .ids
            .last()
            .filter(|_| !reply.body.len().is_multiple_of(4));
        let id = named.map_or(JOB, String::as_str);
        let job = self.client.json_job(id.parse().unwrap());
        self.runtime.block_on(async {
            match call {
                Call::Submit => {
                    let input = json!({});
                    // One attempt: whatever must wait is too late.
                    let submit = self.client.submit_json("acme/paint", &input);
                    let outcome = submit.deadline(Duration::ZERO).outcome().await;
                    facts.check_submit(&outcome)
                }
                Call::Status => {
                    let status = job.status().await.map(|status| status.status);
                    facts.check_end(status, id)
                }
                Call::Result => {
                    let result = job.result().await.map(|result| result.status);
                    facts.check_end(result, id)
                }
                Call::Cancel => facts.check_cancel(&job.cancel().await, id),
            }
        })
    }
}

fn scripted() -> (Script, Client) {
    let script = Script::new();
    let client = script.client_builder();
    let client = client.retry(RetryPolicy::new().max_attempts(1));
    (script.clone(), client.build().unwrap())
}

fn scripted_call(call: Call) -> testing::Call {
    match call {
        Call::Submit => testing::Call::Submit,
        Call::Status => testing::Call::Status,
        Call::Result => testing::Call::Result,
        Call::Cancel => testing::Call::Cancel,
    }
}

/// Facts of a response, read by hand.
struct Facts {
    http_status: u16,
    /// Ids of jobs that the response names.
    ids: Vec<String>,
    /// The last `request_id`.
    about: Option<Value>,
    /// The response has one `request_id`; what several mean is open (RFC 8259, 4).
    names_one: bool,
    /// One, as a rule. Where there are several, what they mean is open: each may be believed.
    codes: Vec<Code>,
    status: Option<String>,
    outcome: Option<String>,
}

/// The `error_code` of a response.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Code {
    None,
    Number(i64),
    Other,
}

impl Facts {
    fn read(reply: &Reply) -> Self {
        let members = members(&reply.body).unwrap_or_default();
        let text = |name| match last(&members, name) {
            Some(Value::Text(text)) => text.clone(),
            _ => None,
        };
        // An id counts also where the rest of the response cannot be read.
        let readable = members_before_error(&reply.body);
        let ids = readable.iter().filter(|member| member.0 == "request_id");
        let ids: Vec<&Value> = ids.map(|(_, id)| id).collect();
        Self {
            http_status: reply.http_status,
            ids: ids.iter().filter_map(|id| valid_id(id)).collect(),
            about: last(&members, "request_id").cloned(),
            names_one: ids.len() == 1,
            codes: Code::read_all(&members),
            status: text("status").map(|text| text.trim().to_ascii_lowercase()),
            outcome: text("outcome"),
        }
    }

    fn is_success(&self) -> bool {
        (200..300).contains(&self.http_status) && self.codes.contains(&Code::None)
    }

    /// Returns `true` if codes beside this HTTP status are the service's verdict.
    fn is_verdict(&self) -> bool {
        matches!(self.http_status, 200..=299 | 400..=499)
    }

    /// Returns `true` if the service's documentation makes it certain that there is no job.
    fn refuses(&self) -> bool {
        self.codes.iter().any(|code| match code {
            Code::Number(code) if self.is_verdict() => matches!(code / 1000, 400..=404 | 422),
            Code::Other if self.is_verdict() => false,
            _ => matches!(
                self.http_status,
                400 | 401 | 402 | 403 | 404 | 405 | 413 | 415 | 422
            ),
        })
    }

    fn throttles(&self) -> bool {
        self.codes.iter().any(|code| match code {
            Code::Number(code) if self.is_verdict() => code / 1000 == 429,
            _ => self.http_status == 429,
        })
    }

    fn check_submit<O>(&self, outcome: &Outcome<O>) -> Result<Verdict, String> {
        let (verdict, reported) = match outcome {
            Outcome::Accepted(job) => (Verdict::Certain, Some(job.request_id())),
            Outcome::Rejected(error) => (Verdict::Refused, error.request_id()),
            Outcome::Unknown(error) => (Verdict::Open, error.request_id()),
            Outcome::NotSent(error) => return Err(format!("called not sent: {error}")),
        };
        let is_named = |id: &RequestId| self.ids.iter().any(|named| named == id.as_str());
        match reported {
            Some(id) if !is_named(id) => return Err(format!("{id} is an id of no job")),
            None if self.names_one && !self.ids.is_empty() => {
                return Err(format!("the id of {:?} is lost", self.ids));
            }
            _ => {}
        }
        let is_justified = match verdict {
            Verdict::Certain => self.is_success(),
            Verdict::Refused => self.refuses() || self.throttles() && reported.is_none(),
            Verdict::Open => true,
        };
        is_justified
            .then_some(verdict)
            .ok_or_else(|| format!("called {verdict:?} without proof"))
    }

    /// Returns `true` unless the response names another job.
    fn is_about(&self, id: &str) -> bool {
        match &self.about {
            None | Some(Value::Null) => true,
            Some(Value::Text(Some(text))) => text == id,
            Some(_) => false,
        }
    }

    fn check_end(&self, status: Result<Status, Error>, id: &str) -> Result<Verdict, String> {
        let Some(status) = status.ok().filter(Status::is_terminal) else {
            return Ok(Verdict::Open);
        };
        let has_ended = self
            .status
            .as_deref()
            .is_some_and(|word| ENDS.contains(&word));
        (self.is_success() && has_ended && self.is_about(id))
            .then_some(Verdict::Certain)
            .ok_or_else(|| format!("a job that is not said to have ended is called {status}"))
    }

    fn check_cancel(
        &self,
        outcome: &Result<CancelOutcome, Error>,
        id: &str,
    ) -> Result<Verdict, String> {
        if !matches!(outcome, Ok(CancelOutcome::Cancelled)) {
            return Ok(Verdict::Open);
        }
        let outcome = self.outcome.as_deref();
        let is_cancelled = matches!(outcome, Some("cancelled" | "canceled"));
        (self.is_success() && is_cancelled && self.is_about(id))
            .then_some(Verdict::Certain)
            .ok_or_else(|| "a job that was not cancelled is called cancelled".to_owned())
    }
}

/// Returns the id, where it is one.
fn valid_id(value: &Value) -> Option<String> {
    let Value::Text(Some(id)) = value else {
        return None;
    };
    let is_valid = (1..=128).contains(&id.len())
        && id
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    is_valid.then(|| id.clone())
}

impl Code {
    fn read_all(members: &[Member]) -> Vec<Self> {
        let codes = members.iter().filter(|member| member.0 == "error_code");
        let mut codes: Vec<Self> = codes.map(|(_, code)| Self::read(code)).collect();
        if codes.is_empty() {
            codes.push(Self::None);
        }
        codes
    }

    fn read(value: &Value) -> Self {
        let number = |text: &str| match text.parse() {
            Ok(0) => Self::None,
            Ok(number) => Self::Number(number),
            Err(_) => Self::Other,
        };
        match value {
            Value::Null | Value::Bool(false) => Self::None,
            Value::Text(Some(text)) if text.is_empty() => Self::None,
            Value::Number(text) | Value::Text(Some(text)) => number(text),
            _ => Self::Other,
        }
    }
}
