//! What went wrong: for people in plain sentences, for scripts as data.

use std::process::ExitCode;

use runcomfy::{Error, ErrorKind, Output, RequestId, Status, Violation, Violations};
use serde_json::{Map, Value, json};

use crate::advice::{self, Doing, NOTHING_SUBMITTED};
use crate::show::{self, Format};
use crate::stop::Stop;

/// A failed command: what happened, what that means for the money, what to do next, and the exit
/// code (as in sysexits).
#[derive(Debug)]
pub(crate) struct Failure {
    code: u8,
    kind: String,
    message: String,
    advice: String,
    findings: Vec<Finding>,
    error: Option<Error>,
    job: Box<AboutJob>,
}

/// The job that a failure is about, as far as it is known.
#[derive(Debug, Default)]
struct AboutJob {
    request_id: Option<String>,
    status: Option<String>,
    may_have_been_submitted: bool,
    idempotency_key: Option<String>,
    output: Option<Output>,
    created_at: Option<String>,
    finished_at: Option<String>,
}

/// What is wrong with one value, and the flag that sets it.
#[derive(Debug)]
pub(crate) struct Finding {
    pub(crate) flag: Option<String>,
    pub(crate) violation: Violation,
}

const EX_FAILED: u8 = 1;
/// What clap gives for a faulty command line.
const EX_CLAP: u8 = 2;
const EX_USAGE: u8 = 64;
const EX_DATAERR: u8 = 65;
const EX_NOINPUT: u8 = 66;
const EX_UNAVAILABLE: u8 = 69;
const EX_TEMPFAIL: u8 = 75;
const EX_NOPERM: u8 = 77;
/// The kind of a failure that a signal has made.
const STOPPED: &str = "stopped";

impl Failure {
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(EX_USAGE, "usage", message)
    }

    /// The command line as clap sees it, with its usage.
    pub(crate) fn command_line(message: impl Into<String>) -> Self {
        Self::new(EX_CLAP, "usage", message)
    }

    /// What may answer at another time.
    pub(crate) fn busy(message: impl Into<String>) -> Self {
        Self::new(EX_TEMPFAIL, "unavailable", message)
    }

    /// Bad input that is not about single values, such as broken JSON.
    pub(crate) fn input(message: impl Into<String>) -> Self {
        Self::new(EX_DATAERR, "invalid", message)
    }

    pub(crate) fn no_such_model(model_id: &str, hint: &str) -> Self {
        let message = format!("there is no model `{model_id}`; {hint}");
        Self::new(EX_DATAERR, "model", message)
    }

    pub(crate) fn unreadable(message: impl Into<String>) -> Self {
        Self::new(EX_NOINPUT, "file", message)
    }

    /// A file that cannot be written.
    pub(crate) fn unwritable(message: impl Into<String>) -> Self {
        Self::new(EX_FAILED, "file", message)
    }

    /// The emulator or the terminal: nothing that the caller did.
    pub(crate) fn machine(message: impl Into<String>) -> Self {
        Self::new(EX_UNAVAILABLE, "machine", message)
    }

    pub(crate) fn violations(model_id: &str, findings: Vec<Finding>) -> Self {
        let message = format!("the input for `{model_id}` breaks its schema");
        Self::new(EX_DATAERR, "invalid", message)
            .advised(format!(
                "{NOTHING_SUBMITTED} `runcomfy run {model_id} --help` shows what the model takes."
            ))
            .with(findings)
    }

    /// All that is wrong is that files cannot be read.
    pub(crate) fn of_a_file(self) -> Self {
        Self {
            code: EX_NOINPUT,
            kind: "file".to_owned(),
            ..self
        }
    }

    /// A submit failed.
    pub(crate) fn submit(error: Error) -> Self {
        Self::of(error, Doing::Submitting)
    }

    /// A wait failed; the job is there.
    pub(crate) fn wait(error: Error) -> Self {
        Self::of(error, Doing::Waiting)
    }

    /// The job is done, and its files could not be saved.
    pub(crate) fn save(error: Error, output: &Output) -> Self {
        Self::of(error, Doing::Saving).with_output(output)
    }

    /// In other words than the error's own.
    pub(crate) fn saying(self, message: String) -> Self {
        Self { message, ..self }
    }

    /// These files were saved all the same.
    pub(crate) fn beside(mut self, files: &[String]) -> Self {
        if !files.is_empty() {
            self.advice = format!("Saved: {}. {}", files.join(", "), self.advice);
        }
        self
    }

    /// Ctrl-C was pressed, or another signal came.
    pub(crate) fn leaving(
        message: impl Into<String>,
        request_id: Option<&RequestId>,
        status: Option<Status>,
    ) -> Self {
        let job = AboutJob {
            request_id: request_id.map(ToString::to_string),
            status: status.map(|status| status.to_string()),
            ..AboutJob::default()
        };
        Self {
            job: job.into(),
            ..Self::new(Stop::CtrlC.exit_code(), STOPPED, message)
        }
    }

    /// Ctrl-C was pressed while the files of a job that is done were saved.
    pub(crate) fn left_download(request_id: &RequestId, output: &Output) -> Self {
        let status = Some(Status::Succeeded);
        Self::leaving("left before all files were saved", Some(request_id), status)
            .advised(advice::to_save(request_id))
            .with_output(output)
    }

    /// The same after a signal to stop.
    pub(crate) fn stopped(self, stop: Stop) -> Self {
        Self {
            code: stop.exit_code(),
            ..self
        }
    }

    /// What is known of the job that a signal has made this leave.
    pub(crate) fn about(mut self, request_id: &RequestId) -> Self {
        self.job.request_id = Some(request_id.to_string());
        self
    }

    /// Nobody can tell whether there is a job.
    pub(crate) fn perhaps_submitted(mut self, key: &str) -> Self {
        self.job.may_have_been_submitted = true;
        self.job.idempotency_key = Some(key.to_owned());
        self
    }

    /// The job was the emulator's inside of this command.
    pub(crate) fn emulated(self) -> Self {
        self.advised("It was emulated: nothing is charged, and nothing of it is left.")
    }

    /// When the job was submitted and when it ended, as the service writes it.
    pub(crate) fn at(mut self, created: Option<String>, finished: Option<String>) -> Self {
        self.job.created_at = created;
        self.job.finished_at = finished;
        self
    }

    fn of(error: Error, doing: Doing) -> Self {
        let kind = format!("{:?}", error.kind());
        let message = with_reason(&error);
        let violations = error.violations().clone();
        let advice = advice::of(&error, doing);
        let failure = Self::new(
            code(&error, doing),
            &runcomfy::schema::naming::snake_case(&kind),
            message,
        );
        let status = match error.kind() {
            ErrorKind::JobFailed => Some("failed".to_owned()),
            ErrorKind::JobCancelled => Some("cancelled".to_owned()),
            _ => error.last_status().map(|last| last.status.to_string()),
        };
        let job = AboutJob {
            request_id: error.request_id().map(ToString::to_string),
            status,
            may_have_been_submitted: error.may_have_been_submitted(),
            idempotency_key: error.idempotency_key().map(str::to_owned),
            ..AboutJob::default()
        };
        Self {
            job: job.into(),
            error: Some(error),
            ..failure.advised(advice).with(plain(violations))
        }
    }

    fn new(code: u8, kind: &str, message: impl Into<String>) -> Self {
        Self {
            code,
            kind: kind.to_owned(),
            message: message.into(),
            advice: String::new(),
            findings: Vec::new(),
            error: None,
            job: Box::default(),
        }
    }

    /// What it means for the money, and what to do next.
    pub(crate) fn advised(mut self, advice: impl Into<String>) -> Self {
        self.advice = advice.into();
        self
    }

    /// What the job gave, for it is done.
    fn with_output(mut self, output: &Output) -> Self {
        self.job.status = Some(Status::Succeeded.to_string());
        self.job.output = Some(output.clone());
        self
    }

    fn with(mut self, findings: Vec<Finding>) -> Self {
        self.findings = findings;
        self
    }

    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// Says it on standard error, or as one JSON object on standard output.
    pub(crate) fn report(&self, format: Format, verbose: bool) -> ExitCode {
        match format {
            Format::Json => show::out(&self.to_json().to_string()),
            Format::Piped | Format::Pretty => {
                show::labelled(&self.label(), self.headline());
                for finding in &self.findings {
                    show::note(&format!("  {}", finding.in_words()));
                }
                if !self.advice.is_empty() {
                    show::note(&self.advice);
                }
                if verbose {
                    self.report_causes();
                }
            }
        }
        self.exit_code()
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.code)
    }

    /// What the first line begins with, coloured as clap does it; only where the terminal and
    /// NO_COLOR allow that.
    fn label(&self) -> console::StyledObject<&'static str> {
        let label = if self.kind == STOPPED {
            // As wanted.
            console::style("stopped:").yellow()
        } else {
            console::style("error:").red()
        };
        label.for_stderr().bold()
    }

    /// The message without the violations, which are shown below it.
    fn headline(&self) -> &str {
        if self.findings.is_empty() {
            &self.message
        } else {
            self.message.lines().next().unwrap_or_default()
        }
    }

    fn report_causes(&self) {
        let error = self.error.as_ref();
        let mut cause = error.and_then(std::error::Error::source);
        while let Some(error) = cause {
            show::note(&format!("caused by: {error}"));
            cause = error.source();
        }
    }

    /// All keys are always there, so that a script can ask for any.
    fn to_json(&self) -> Value {
        let cause = self.error.as_ref();
        let violations: Vec<Value> = self.findings.iter().map(Finding::to_json).collect();
        json!({
            "request_id": self.job.request_id,
            "status": self.job.status,
            "output": self.job.output,
            "created_at": self.job.created_at,
            "finished_at": self.job.finished_at,
            "error": {
                "kind": self.kind,
                "message": self.headline(),
                "advice": self.advice,
                "exit_code": self.code,
                "may_have_been_submitted": self.job.may_have_been_submitted,
                "idempotency_key": self.job.idempotency_key,
                "http_status": cause.and_then(Error::http_status),
                "error_code": cause.and_then(Error::error_code),
                "retry_after_seconds": cause.and_then(Error::retry_after).map(|time| time.as_secs_f64()),
                "detail": cause.and_then(Error::detail),
                "violations": violations,
            },
        })
    }
}

/// What the system says of a file is half of the message.
fn with_reason(error: &Error) -> String {
    let of_a_file = matches!(error.kind(), ErrorKind::Io | ErrorKind::Unauthenticated);
    match std::error::Error::source(error).filter(|_| of_a_file) {
        Some(reason) => format!("{error}: {reason}"),
        None => error.to_string(),
    }
}

/// Violations of which nobody knows the flags.
fn plain(violations: Violations) -> Vec<Finding> {
    let finding = |violation| Finding {
        flag: None,
        violation,
    };
    violations.into_iter().map(finding).collect()
}

impl Finding {
    /// `--scale: found 7, expected a number in 0..=1`
    pub(crate) fn in_words(&self) -> String {
        let text = self.violation.to_string();
        let Some(flag) = &self.flag else {
            return text;
        };
        let pointer = &self.violation.pointer;
        // Which of the values of a flag that is given several times.
        match pointer.matches('/').count() {
            0 | 1 => text.replacen(pointer.as_str(), flag, 1),
            _ => format!("{flag} {text}"),
        }
    }

    pub(crate) fn to_json(&self) -> Value {
        let mut json = json!(self.violation);
        if let Some(map) = json.as_object_mut() {
            let mut whole = Map::new();
            whole.insert("flag".into(), json!(self.flag));
            whole.append(map);
            return Value::Object(whole);
        }
        json
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::of(error, Doing::Asking)
    }
}

/// 75 invites a script to run the command again, so it is never given where the command may have
/// submitted a job.
fn code(error: &Error, doing: Doing) -> u8 {
    let no_job = match doing {
        Doing::Asking => true,
        // A refusal with an id beside it may be none.
        Doing::Submitting => !error.may_have_been_submitted() && error.request_id().is_none(),
        Doing::Waiting | Doing::Saving => false,
    };
    match error.kind() {
        ErrorKind::InvalidInput
        | ErrorKind::BadRequest
        | ErrorKind::UnknownModel
        | ErrorKind::InsufficientBalance
        | ErrorKind::NotFound => EX_DATAERR,
        ErrorKind::Configuration if doing != Doing::Saving => EX_USAGE,
        ErrorKind::Unauthenticated | ErrorKind::Forbidden => EX_NOPERM,
        ErrorKind::Configuration
        | ErrorKind::Io
        | ErrorKind::TooLarge
        | ErrorKind::Upload
        | ErrorKind::JobFailed
        | ErrorKind::JobCancelled => EX_FAILED,
        ErrorKind::NotSent | ErrorKind::ResponseLost | ErrorKind::Throttled if no_job => {
            EX_TEMPFAIL
        }
        ErrorKind::Unavailable if error.http_status() == Some(408) && no_job => EX_TEMPFAIL,
        _ => EX_UNAVAILABLE,
    }
}
