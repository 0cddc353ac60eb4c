//! What went wrong, for people and for scripts.

use std::process::ExitCode;

use runcomfy::{Error, ErrorKind, Violations};
use serde_json::{Map, Value, json};

use crate::show::Format;

/// A failed command: its exit code (as in sysexits), and what to say.
#[derive(Debug)]
pub(crate) struct Failure {
    code: u8,
    kind: String,
    message: String,
    violations: Violations,
    error: Option<Error>,
}

const EX_FAILED: u8 = 1;
pub(crate) const EX_USAGE: u8 = 64;
const EX_DATAERR: u8 = 65;
const EX_NOINPUT: u8 = 66;
const EX_UNAVAILABLE: u8 = 69;
const EX_CANTCREAT: u8 = 73;
const EX_TEMPFAIL: u8 = 75;
const EX_NOPERM: u8 = 77;

impl Failure {
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(EX_USAGE, "usage", message)
    }

    /// Bad input that is not about single values, such as broken JSON.
    pub(crate) fn input(message: impl Into<String>) -> Self {
        Self::new(EX_DATAERR, "invalid", message)
    }

    pub(crate) fn unreadable(message: impl Into<String>) -> Self {
        Self::new(EX_NOINPUT, "file", message)
    }

    /// The emulator or the terminal: nothing that the caller did.
    pub(crate) fn machine(message: impl Into<String>) -> Self {
        Self::new(EX_UNAVAILABLE, "machine", message)
    }

    pub(crate) fn violations(model_id: &str, violations: Violations) -> Self {
        let message =
            format!("the input for `{model_id}` breaks its schema; nothing was submitted");
        Self {
            violations,
            ..Self::new(EX_DATAERR, "invalid", message)
        }
    }

    /// A client could not be set up: mostly, there is no token.
    pub(crate) fn setting_up(error: Error) -> Self {
        Self {
            code: EX_NOPERM,
            ..error.into()
        }
    }

    fn new(code: u8, kind: &str, message: impl Into<String>) -> Self {
        let (kind, message) = (kind.to_owned(), message.into());
        Self {
            code,
            kind,
            message,
            violations: Violations::default(),
            error: None,
        }
    }

    /// Says it on standard error, or as one JSON object on standard output.
    pub(crate) fn report(&self, format: Format) -> ExitCode {
        match format {
            Format::Json => println!("{}", self.to_json()),
            Format::Pretty => {
                eprintln!("error: {}", self.message);
                for violation in &self.violations {
                    eprintln!("  {violation}");
                }
            }
        }
        ExitCode::from(self.code)
    }

    fn to_json(&self) -> Value {
        let mut error = Map::new();
        error.insert("kind".into(), self.kind.as_str().into());
        error.insert("message".into(), self.message.as_str().into());
        if !self.violations.is_empty() {
            error.insert("violations".into(), json!(self.violations));
        }
        if let Some(cause) = &self.error {
            error.insert(
                "request_id".into(),
                cause.request_id().map(ToString::to_string).into(),
            );
            error.insert("error_code".into(), cause.error_code().into());
            error.insert("detail".into(), cause.detail().cloned().into());
            error.insert(
                "may_have_been_submitted".into(),
                cause.may_have_been_submitted().into(),
            );
        }
        json!({ "error": error })
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let mut message = error.to_string();
        if let (Some(id), true) = (error.request_id(), error.kind() != ErrorKind::JobFailed) {
            message += &format!("\ntake it up again: runcomfy result {id}");
        }
        let (code, kind) = (code(&error), format!("{:?}", error.kind()));
        Self {
            error: Some(error),
            ..Self::new(code, &runcomfy::snake_case(&kind), message)
        }
    }
}

/// 75 invites a script to try again, so it is never given once a job may exist.
fn code(error: &Error) -> u8 {
    let no_job = !error.may_have_been_submitted() && error.request_id().is_none();
    match error.kind() {
        ErrorKind::Invalid | ErrorKind::Refused | ErrorKind::Model => EX_DATAERR,
        ErrorKind::Configuration => EX_USAGE,
        ErrorKind::Token | ErrorKind::Forbidden => EX_NOPERM,
        ErrorKind::File | ErrorKind::TooLarge => EX_CANTCREAT,
        ErrorKind::JobFailed | ErrorKind::JobCancelled => EX_FAILED,
        _ if error.is_passing() && no_job => EX_TEMPFAIL,
        _ => EX_UNAVAILABLE,
    }
}
