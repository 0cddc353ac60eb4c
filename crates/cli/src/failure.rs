//! A failed command: a message for people, JSON for scripts, and the exit code.

use runcomfy::schema::{Redacted, redact_json};
use runcomfy::{Error, ErrorKind, Output, RequestId, Status, Violations};
use serde_json::{Value, json};

use crate::advice::{self, NOTHING_SUBMITTED, Phase};
use crate::delivery::{self, Kind};
use crate::detail;
use crate::flag_violation::FlagViolation;
use crate::format::Format;
use crate::output_text::output_text;
use crate::record::Record;
use crate::show;
use crate::stop::Stop;

/// A failed command: what happened, what it means for money and files, what to do, and the exit code
/// (as in sysexits).
#[derive(Debug)]
pub(crate) struct Failure {
    code: u8,
    kind: String,
    message: String,
    advice: String,
    violations: Vec<FlagViolation>,
    error: Option<Error>,
    about: Box<About>,
}

/// Facts about the job that failed, and about its submit.
#[derive(Debug, Default)]
struct About {
    record: Record,
    may_have_been_submitted: bool,
    idempotency_key: Option<String>,
    result: Option<ShownResult>,
    /// Faults of a file of jobs, or files that differ, as words and as JSON.
    faults: Vec<(String, Value)>,
    /// Counts of the batch that the command has run.
    #[cfg(feature = "batch")]
    batch: Option<Value>,
}

/// The result of a job, which is printed although the command has failed.
#[derive(Debug)]
struct ShownResult {
    /// The JSON that a success prints for programs.
    json: Value,
    /// The words for people, which may be empty.
    text: String,
}

const EX_FAILED: u8 = 1;
/// The exit code of clap for an invalid command line, and so that of this command.
const EX_COMMAND_LINE: u8 = 2;
/// The exit code of a batch that its budget has stopped.
#[cfg(feature = "batch")]
const EX_BUDGET: u8 = 3;
const EX_USAGE: u8 = 64;
const EX_DATAERR: u8 = 65;
const EX_NOINPUT: u8 = 66;
const EX_UNAVAILABLE: u8 = 69;
const EX_TEMPFAIL: u8 = 75;
const EX_NOPERM: u8 = 77;
/// The kind of a failure about a token.
const UNAUTHENTICATED: &str = "unauthenticated";
/// The kind of a failure about a model that does not exist.
const UNKNOWN_MODEL: &str = "unknown_model";
/// The kind of a failure after a signal.
const STOPPED: &str = "stopped";

impl Failure {
    /// Reports an invalid command line: an unknown flag, a missing or a refused value.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(EX_COMMAND_LINE, "usage", message)
    }

    /// Reports an invalid variable of the environment, or another setting.
    pub(crate) fn configuration(message: impl Into<String>) -> Self {
        Self::new(EX_USAGE, "configuration", message)
    }

    /// Reports a service that may respond later.
    pub(crate) fn unavailable(message: impl Into<String>) -> Self {
        Self::new(EX_TEMPFAIL, "unavailable", message)
    }

    /// Reports an invalid input as a whole, such as invalid JSON.
    pub(crate) fn input(message: impl Into<String>) -> Self {
        Self::new(EX_DATAERR, "invalid_input", message)
    }

    /// Reports a model that neither this command nor the catalogue has.
    pub(crate) fn no_such_model(model_id: &str, hint: &str) -> Self {
        let message = format!("there is no model `{model_id}`; {hint}");
        Self::new(EX_DATAERR, UNKNOWN_MODEL, message)
    }

    /// Reports a job that costs more than the user wants, or nobody knows how much.
    pub(crate) fn max_cost(message: impl Into<String>) -> Self {
        Self::new(EX_DATAERR, "max_cost", message)
    }

    /// Reports a login that nobody has confirmed.
    pub(crate) fn no_permission(message: impl Into<String>) -> Self {
        Self::new(EX_NOPERM, UNAUTHENTICATED, message)
    }

    /// Reports a submit of an earlier command whose outcome is unknown.
    pub(crate) fn unknown_outcome(message: impl Into<String>) -> Self {
        Self::new(EX_UNAVAILABLE, "response_lost", message)
    }

    /// Reports a job that has ended without an output, with its status.
    pub(crate) fn job_ended(message: impl Into<String>, request_id: &str, status: &str) -> Self {
        let mut failure = Self::new(EX_FAILED, &format!("job_{status}"), message);
        failure.about.record.request_id = Some(request_id.to_owned());
        failure.about.record.status = Some(status.to_owned());
        failure
    }

    /// Reports a file that cannot be read.
    pub(crate) fn unreadable(message: impl Into<String>) -> Self {
        Self::new(EX_NOINPUT, "io", message)
    }

    /// Reports a file that cannot be written.
    pub(crate) fn unwritable(message: impl Into<String>) -> Self {
        Self::new(EX_FAILED, "io", message)
    }

    /// Reports files that are not as a command would write them.
    pub(crate) fn outdated(message: impl Into<String>) -> Self {
        Self::new(EX_FAILED, "outdated", message)
    }

    /// Reports output that was lost, of the job that the command has learned of.
    pub(crate) fn output_lost(message: impl Into<String>) -> Self {
        let mut failure = Self::unwritable(message);
        failure.about.record.request_id = delivery::request_id();
        failure
    }

    /// Reports a failure of this machine, such as an emulator that cannot start.
    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self::new(EX_UNAVAILABLE, "internal", message)
    }

    /// Reports an input that violates the schema of its model.
    pub(crate) fn violations(model_id: &str, violations: Vec<FlagViolation>) -> Self {
        let message = format!("the input for `{model_id}` violates its schema");
        Self::new(EX_DATAERR, "invalid_input", message)
            .with_advice(format!(
                "{NOTHING_SUBMITTED} `runcomfy run {model_id} --help` lists the properties."
            ))
            .with_violations(violations)
    }

    /// Changes exit code and kind, where all violations are files that cannot be read.
    pub(crate) fn into_unreadable(self) -> Self {
        Self {
            code: EX_NOINPUT,
            kind: "io".to_owned(),
            ..self
        }
    }

    /// Reports a batch of which jobs have failed or were cancelled, or whose files are not saved.
    #[cfg(feature = "batch")]
    pub(crate) fn jobs_failed(message: impl Into<String>) -> Self {
        Self::new(EX_FAILED, "jobs_failed", message)
    }

    /// Reports a batch that its budget has stopped.
    #[cfg(feature = "batch")]
    pub(crate) fn over_budget(message: impl Into<String>) -> Self {
        Self::new(EX_BUDGET, "budget", message)
    }

    /// Reports a batch with jobs in doubt.
    #[cfg(feature = "batch")]
    pub(crate) fn in_doubt(message: impl Into<String>) -> Self {
        Self::new(EX_UNAVAILABLE, "in_doubt", message)
    }

    /// Reports a decision on a submit that may still arrive.
    #[cfg(feature = "batch")]
    pub(crate) fn too_early(message: impl Into<String>) -> Self {
        Self::new(EX_TEMPFAIL, "too_early", message)
    }

    /// Reports a batch that has ended early, after it may have submitted jobs.
    #[cfg(feature = "batch")]
    pub(crate) fn batch_ended(message: impl Into<String>) -> Self {
        Self::new(EX_UNAVAILABLE, "batch_ended", message)
    }

    /// Reports a batch whose account the service refuses, after it may have submitted jobs.
    #[cfg(feature = "batch")]
    pub(crate) fn account_refused(message: impl Into<String>) -> Self {
        Self::new(EX_NOPERM, "batch_ended", message)
    }

    /// Reports a failed submit.
    pub(crate) fn submit(error: Error) -> Self {
        Self::from_error(error, Phase::Submit)
    }

    /// Reports a failed wait for a job that exists.
    pub(crate) fn wait(error: Error) -> Self {
        Self::from_error(error, Phase::Wait)
    }

    /// Reports a file that could not be saved, of a job that has succeeded.
    pub(crate) fn save(error: Error, output: &Output) -> Self {
        Self::from_error(error, Phase::Save).with_output(output)
    }

    /// Replaces the message.
    pub(crate) fn with_message(self, message: String) -> Self {
        Self { message, ..self }
    }

    /// Adds the files that were saved despite the failure.
    pub(crate) fn with_saved_files(mut self, files: &[String]) -> Self {
        if !files.is_empty() {
            self.advice = format!("Saved: {}. {}", files.join(", "), self.advice);
        }
        self
    }

    /// Adds the result of the job: JSON for programs, and a text for people, which may be empty.
    pub(crate) fn with_result(mut self, json: Value, text: String) -> Self {
        self.about.result = Some(ShownResult { json, text });
        self
    }

    /// Adds what is known of the job to what the failure itself says.
    pub(crate) fn with_record(mut self, known: &Record) -> Self {
        self.about.record.complete(known);
        self
    }

    /// Reports a command that Ctrl-C or another signal ended.
    pub(crate) fn stopped(
        message: impl Into<String>,
        request_id: Option<&RequestId>,
        status: Option<Status>,
    ) -> Self {
        let mut failure = Self::new(Stop::CtrlC.exit_code(), STOPPED, message);
        let record = &mut failure.about.record;
        record.request_id = request_id.map(ToString::to_string);
        record.status = status.map(|status| status.to_string());
        failure
    }

    /// Reports a signal during the download of the files of a finished job.
    pub(crate) fn stopped_download(request_id: &RequestId, output: &Output) -> Self {
        let status = Some(Status::Succeeded);
        Self::stopped(
            "interrupted before all files were saved",
            Some(request_id),
            status,
        )
        .with_advice(advice::save_advice(request_id))
        .with_output(output)
    }

    /// Sets the exit code of the signal.
    pub(crate) fn with_signal(self, stop: Stop) -> Self {
        Self {
            code: stop.exit_code(),
            ..self
        }
    }

    /// Adds the request id of the job.
    pub(crate) fn with_request_id(mut self, request_id: &RequestId) -> Self {
        self.about.record.request_id = Some(request_id.to_string());
        self
    }

    /// States that jobs have been submitted, or may have been.
    #[cfg(feature = "batch")]
    pub(crate) fn with_possible_jobs(mut self) -> Self {
        self.about.may_have_been_submitted = true;
        self
    }

    /// Marks the outcome of the submit as unknown.
    pub(crate) fn with_unknown_outcome(mut self, key: &str) -> Self {
        self.about.may_have_been_submitted = true;
        self.about.idempotency_key = Some(key.to_owned());
        self
    }

    /// Replaces the advice: the job ran on the emulator inside this command, which ends now.
    pub(crate) fn emulated(self) -> Self {
        self.with_advice("The job was emulated: nothing is charged, and the job no longer exists.")
    }

    /// Changes the advice for a job that has a job file.
    pub(crate) fn with_job_file(mut self) -> Self {
        let id = self.about.record.request_id.as_deref().unwrap_or_default();
        if let Some(advice) = advice::with_same_command(&self.advice, id) {
            self.advice = advice;
        }
        self
    }

    fn from_error(error: Error, phase: Phase) -> Self {
        // On one line: the violations are printed below it.
        let message = error.to_json()["message"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        let violations = error.violations().clone();
        let advice = advice::for_error(&error, phase);
        let failure = Self::new(code(&error, phase), error.kind().as_str(), message);
        let status = match error.kind() {
            ErrorKind::JobFailed => Some("failed".to_owned()),
            ErrorKind::JobCancelled => Some("cancelled".to_owned()),
            _ => error.last_status().map(|last| last.status.to_string()),
        };
        let about = About {
            record: Record {
                request_id: error.request_id().map(ToString::to_string),
                status,
                ..Record::default()
            },
            may_have_been_submitted: error.may_have_been_submitted(),
            idempotency_key: error.idempotency_key().map(str::to_owned),
            ..About::default()
        };
        let output = error.output().cloned().map(Output::from);
        let failure = Self {
            about: about.into(),
            error: Some(error),
            ..failure
                .with_advice(advice)
                .with_violations(without_flags(violations))
        };
        failure.with_output_beside(output.as_ref())
    }

    /// Adds the output that the job has although it failed.
    pub(crate) fn with_output_beside(mut self, output: Option<&Output>) -> Self {
        if let Some(output) = output {
            let text = output_text(output);
            self.advice = format!("The job has an output beside it:\n{text}\n{}", self.advice);
            self.about.record.output = Some(json!(output));
        }
        self
    }

    fn new(code: u8, kind: &str, message: impl Into<String>) -> Self {
        Self {
            code,
            kind: kind.to_owned(),
            message: message.into(),
            advice: String::new(),
            violations: Vec::new(),
            error: None,
            about: Box::default(),
        }
    }

    /// Replaces the advice: what the failure means for money and files, and what to do.
    pub(crate) fn with_advice(mut self, advice: impl Into<String>) -> Self {
        self.advice = advice.into();
        self
    }

    /// Adds the faults of a file of jobs, or the files that differ, as words and as JSON. All are data,
    /// and the first are words.
    pub(crate) fn with_faults(mut self, faults: Vec<(String, Value)>) -> Self {
        self.about.faults = faults;
        self
    }

    /// Adds the counts of the batch that the command has run.
    #[cfg(feature = "batch")]
    pub(crate) fn with_batch(mut self, batch: Value) -> Self {
        self.about.batch = Some(batch);
        self
    }

    /// Adds a sentence to the advice.
    pub(crate) fn and_advice(self, sentence: &str) -> Self {
        let advice = format!("{} {sentence}", self.advice);
        self.with_advice(advice.trim())
    }

    /// States that nothing was submitted, before the other advice.
    pub(crate) fn before_submit(self) -> Self {
        let advice = format!("{NOTHING_SUBMITTED} {}", self.advice);
        self.with_advice(advice.trim())
    }

    /// Adds the output of the job, which has succeeded.
    fn with_output(mut self, output: &Output) -> Self {
        self.about.record.status = Some(Status::Succeeded.to_string());
        self.about.record.output = Some(json!(output));
        self
    }

    fn with_violations(mut self, violations: Vec<FlagViolation>) -> Self {
        self.violations = violations;
        self
    }

    /// Returns `true` if the command may succeed when it is run again.
    pub(crate) fn is_transient(&self) -> bool {
        let error = self.error.as_ref();
        self.code == EX_TEMPFAIL || error.is_some_and(Error::is_transient)
    }

    /// Returns `true` if there is no token, or one that is not accepted.
    pub(crate) fn is_about_token(&self) -> bool {
        self.kind == UNAUTHENTICATED
    }

    /// Returns `true` if a signal has stopped the command.
    #[cfg(feature = "batch")]
    pub(crate) fn is_stop(&self) -> bool {
        self.kind == STOPPED
    }

    /// Returns `true` if there is no model of the name.
    #[cfg(feature = "batch")]
    pub(crate) fn is_about_model(&self) -> bool {
        self.kind == UNKNOWN_MODEL
    }

    /// Returns `true` if there is a job, or may be one.
    pub(crate) fn may_have_a_job(&self) -> bool {
        self.about.may_have_been_submitted || self.about.record.request_id.is_some()
    }

    /// Returns the status of a job that has ended without an output.
    pub(crate) fn status_at_end(&self) -> Option<&str> {
        let status = self.about.record.status.as_deref();
        status.filter(|status| matches!(*status, "failed" | "cancelled"))
    }

    /// Returns the message, without the advice.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// Prints the result of the job if there is one, and the failure: as words or a line of JSON on
    /// standard error, or within the record. Returns the exit code.
    pub(crate) fn report(&self, format: Format, verbose: bool) -> u8 {
        self.expect_delivery();
        if let Some(result) = self.about.result.as_ref() {
            match format {
                Format::Json | Format::Pretty => format.print_json(&result.json),
                Format::Text if !result.text.is_empty() => show::out(&show::plain(&result.text)),
                Format::Text | Format::Record => {}
            }
        }
        match format {
            Format::Record => show::out(&self.to_record().to_string()),
            Format::Json => show::line(&self.to_line()),
            Format::Text | Format::Pretty => self.report_as_text(verbose),
        }
        self.code
    }

    fn expect_delivery(&self) {
        if let Some(id) = &self.about.record.request_id {
            delivery::expect(Kind::RequestId, id);
        }
        let key = self.about.idempotency_key.as_ref();
        if let Some(key) = key.filter(|_| self.about.may_have_been_submitted) {
            delivery::expect(Kind::IdempotencyKey, key);
        }
    }

    fn report_as_text(&self, verbose: bool) {
        let mut texts: Vec<String> = self.violations.iter().map(FlagViolation::to_text).collect();
        let detail = self.error.as_ref().and_then(Error::detail);
        let in_words = detail.and_then(|detail| detail::in_words(&self.message, detail));
        let (headline, details) = in_words.unwrap_or_else(|| (self.message.clone(), Vec::new()));
        texts.extend(details);
        show::labelled(&self.label(), &Redacted(&headline).to_string());
        // A text names all limits, so that of a second broken one may be the same.
        texts.dedup();
        for text in texts {
            show::note(&format!("  {text}"));
        }
        self.report_faults();
        if !self.advice.is_empty() {
            show::note(&self.advice);
        }
        if verbose {
            self.report_causes();
        }
    }

    /// Returns the exit code.
    pub(crate) fn exit_code(&self) -> u8 {
        self.code
    }

    /// Returns the start of the first line, in the colours of clap, where the terminal and `NO_COLOR`
    /// allow them.
    fn label(&self) -> console::StyledObject<&'static str> {
        let label = if self.kind == STOPPED {
            // Not red, since the user wanted it.
            console::style("stopped:").yellow()
        } else {
            console::style("error:").red()
        };
        label.for_stderr().bold()
    }

    fn report_faults(&self) {
        /// Number of faults that a person reads.
        const MAX_FAULTS: usize = 50;
        let faults = &self.about.faults;
        for (text, _) in faults.iter().take(MAX_FAULTS) {
            show::note(&format!("  {text}"));
        }
        let more = faults.len().saturating_sub(MAX_FAULTS);
        if more > 0 {
            show::note(&format!("  and {more} more; --output json lists all"));
        }
    }

    fn report_causes(&self) {
        let error = self.error.as_ref();
        let mut cause = error.and_then(std::error::Error::source);
        while let Some(error) = cause {
            let text = error.to_string();
            show::note(&format!("caused by: {}", Redacted(&text)));
            cause = error.source();
        }
    }

    /// Returns the record of the job with the failure.
    fn to_record(&self) -> Value {
        #[cfg(feature = "batch")]
        if let Some(mut batch) = self.about.batch.clone() {
            batch["error"] = self.error_json();
            return batch;
        }
        let mut record = self.about.record.clone();
        record.error = Some(self.error_json());
        record.to_json()
    }

    /// Returns the failure as the service's own command line prints it, `error` being a text, with
    /// the details of a record beside it.
    fn to_line(&self) -> Value {
        let record = &self.about.record;
        let mut line = json!({
            "error": redact_json(self.message.as_str().into()),
            "request_id": record.request_id,
            "status": record.status,
        });
        if let (Value::Object(line), Value::Object(error)) = (&mut line, self.error_json()) {
            line.extend(error.into_iter().filter(|(name, _)| name != "message"));
            if !record.failed_files.is_empty() {
                line.insert("failed_files".to_owned(), json!(record.failed_files));
            }
        }
        line
    }

    /// Returns the members that only the command has, and those of [`Error::to_json`], `null` where the
    /// failure is of this command alone.
    fn error_json(&self) -> Value {
        let error = match &self.error {
            Some(error) => error.to_json(),
            None => Error::builder(ErrorKind::Configuration).build().to_json(),
        };
        let mut json = json!({
            "kind": self.kind,
            "message": self.message,
            "advice": self.advice,
            "exit_code": self.code,
        });
        let violations: Vec<Value> = self.violations.iter().map(FlagViolation::to_json).collect();
        let known = json!({
            "request_id": self.about.record.request_id,
            "may_have_been_submitted": self.about.may_have_been_submitted,
            "idempotency_key": self.about.idempotency_key,
            "violations": violations,
        });
        if let (Value::Object(json), Value::Object(error), Value::Object(known)) =
            (&mut json, error, known)
        {
            for (name, value) in error {
                json.entry(name).or_insert(value);
            }
            json.extend(known);
            if !self.about.faults.is_empty() {
                let faults = self.about.faults.iter().map(|(_, fault)| fault.clone());
                json.insert("faults".to_owned(), faults.collect());
            }
        }
        redact_json(json)
    }
}

/// Wraps violations that the service reports, whose flags are unknown.
fn without_flags(violations: Violations) -> Vec<FlagViolation> {
    let without_flag = |violation| FlagViolation {
        flag: None,
        violation,
    };
    violations.into_iter().map(without_flag).collect()
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::from_error(error, Phase::Query)
    }
}

/// Returns the exit code. 75 invites a script to run the command again, so it is never returned where
/// the command may have submitted a job.
fn code(error: &Error, phase: Phase) -> u8 {
    let no_job = match phase {
        Phase::Query => true,
        // An error response with a request id may belong to a job.
        Phase::Submit => !error.may_have_been_submitted() && error.request_id().is_none(),
        Phase::Wait | Phase::Save => false,
    };
    match error.kind() {
        // The job has succeeded, so no other code may lead a script to pay again.
        _ if phase == Phase::Save => EX_FAILED,
        // There may be a job, whatever the failure is.
        _ if error.may_have_been_submitted() => EX_UNAVAILABLE,
        ErrorKind::InvalidInput
        | ErrorKind::BadRequest
        | ErrorKind::UnknownModel
        | ErrorKind::InsufficientBalance
        | ErrorKind::NotFound => EX_DATAERR,
        ErrorKind::Configuration => EX_USAGE,
        ErrorKind::Unauthenticated | ErrorKind::Forbidden => EX_NOPERM,
        ErrorKind::Io
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
