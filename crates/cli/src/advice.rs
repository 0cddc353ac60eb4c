//! Advice printed below an error: what it means for money and files, and what to do next.

use runcomfy::schema::{Json, Redacted};
use runcomfy::{Error, ErrorKind, RequestId, Status};

use crate::refused_connection;
use crate::show;

/// The phase of a command in which an error occurred.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// A request that costs nothing.
    Query,
    /// The submit of a job.
    Submit,
    /// The wait for a job that exists.
    Wait,
    /// The download of a finished job's files.
    Save,
}

/// Returns one or two sentences, or nothing where the error's own message is complete.
pub(crate) fn for_error(error: &Error, phase: Phase) -> String {
    let money = money(error, phase);
    let next = next_step(error, phase);
    [money, next]
        .into_iter()
        .filter(|sentence| !sentence.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Returns the advice for files that were not saved although nothing failed.
pub(crate) fn save_advice(id: &RequestId) -> String {
    format!("{CHARGED} {}", save(id))
}

const CHARGED: &str =
    "The job has succeeded and is charged. The service keeps its files for some time.";

/// States what happens to a job that nobody waits for.
pub(crate) const KEEPS_RUNNING: &str = "The job keeps running and is charged when it succeeds.";

/// The page of the service that has the tokens of an account.
pub(crate) const TOKENS_PAGE: &str = "https://www.runcomfy.com/profile";

/// States where tokens are to be had, unless the message does, and what needs none.
pub(crate) fn get_a_token(message: &str) -> String {
    let page = if message.contains(TOKENS_PAGE) {
        String::new()
    } else {
        format!(" of {TOKENS_PAGE}")
    };
    format!(
        "Run `runcomfy login`, or set RUNCOMFY_TOKEN to a token{page}. `runcomfy run` and `batch run` need none with --emulate."
    )
}

/// States what a job costs that has failed.
const MAY_BE_CHARGED: &str = "`runcomfy balance` shows whether the job was charged.";

/// States what a job costs that has ended with an unknown status.
pub(crate) const CHARGED_IF_IT_SUCCEEDED: &str = "If it succeeded, it is charged.";

/// Returns the command that shows the result of a job that has ended.
pub(crate) fn result_advice(id: &RequestId) -> String {
    format!("See its result: runcomfy result {id}")
}

/// States that a command which ended before its submit costs nothing.
pub(crate) const NOTHING_SUBMITTED: &str = "Nothing was submitted, so nothing is charged.";

/// Returns the command that resumes the wait for a job that keeps running.
pub(crate) fn resume_advice(id: &RequestId) -> String {
    format!("Resume the wait: runcomfy resume {id}")
}

/// Returns advice that names the same command, which continues its job by the job file, in place of one
/// that does not know the file.
pub(crate) fn with_same_command(advice: &str, request_id: &str) -> Option<String> {
    let others = ["resume", "result"].map(|command| format!(": runcomfy {command} {request_id}"));
    let start = others
        .iter()
        .find_map(|other| advice.strip_suffix(other.as_str()))?;
    Some(format!("{start}: run the same command again"))
}

/// States that a job which was cancelled in the queue costs nothing.
pub(crate) const NOTHING_RAN: &str = "The job did not run, so nothing is charged.";

/// States that the service reports an error beside an output.
pub(crate) const ERROR_BESIDE_OUTPUT: &str =
    "the service reports an error beside the output, which may be incomplete";

/// Warns of the error that the service reports beside an output.
pub(crate) fn warn_of_error(error: &Json) {
    let error = error.to_string();
    show::warn(&format!("{ERROR_BESIDE_OUTPUT}: {}", Redacted(&error)));
}

/// Returns the advice for a file that is in the output itself, and is not what it should be.
pub(crate) fn same_again(id: &RequestId) -> String {
    format!(
        "The job has succeeded and is charged. The file is in the output itself, so saving it again brings the same. See the output: runcomfy result {id} --no-download"
    )
}

fn save(id: &RequestId) -> String {
    format!("Save them: runcomfy result {id}")
}

/// Returns the status with which the job has ended, as far as the service has said so.
fn end(error: &Error) -> Option<&Status> {
    let last = error.last_status().map(|last| &last.status);
    last.filter(|status| status.is_terminal())
}

fn money(error: &Error, phase: Phase) -> String {
    match (phase, error.kind()) {
        (Phase::Submit, _) if error.may_have_been_submitted() => {
            "If a job exists, it runs and is charged."
        }
        (Phase::Submit, _) => NOTHING_SUBMITTED,
        (Phase::Wait, ErrorKind::JobFailed) => MAY_BE_CHARGED,
        (_, ErrorKind::JobCancelled) => NOTHING_RAN,
        // The error's own message says that the job has ended.
        (Phase::Wait, ErrorKind::NotReady) => CHARGED_IF_IT_SUCCEEDED,
        (Phase::Wait, kind) if kind != ErrorKind::UnexpectedOutput && end(error).is_some() => {
            match end(error) {
                Some(Status::Failed) => MAY_BE_CHARGED,
                Some(Status::Cancelled) => NOTHING_RAN,
                _ => CHARGED_IF_IT_SUCCEEDED,
            }
        }
        // There may be no such job.
        (Phase::Wait, ErrorKind::NotFound) => "",
        // The error's own message says that the job keeps running, or may do so.
        (Phase::Wait, ErrorKind::Deadline | ErrorKind::Forbidden | ErrorKind::Unauthenticated) => {
            "It is charged when it succeeds."
        }
        (Phase::Wait, ErrorKind::UnexpectedOutput) => "The job has succeeded and is charged.",
        (Phase::Wait, _) => KEEPS_RUNNING,
        (Phase::Save, _) => CHARGED,
        _ => "",
    }
    .to_owned()
}

fn next_step(error: &Error, phase: Phase) -> String {
    if let Some(advice) = refused_connection::advice(error) {
        return advice;
    }
    let retry = match (error.request_id(), phase) {
        (Some(id), Phase::Wait)
            if end(error).is_some()
                || matches!(
                    error.kind(),
                    ErrorKind::UnexpectedOutput | ErrorKind::NotReady
                ) =>
        {
            result_advice(id)
        }
        (Some(id), Phase::Wait) => resume_advice(id),
        (Some(id), Phase::Save) => save(id),
        _ => match error.retry_after() {
            Some(time) => format!("Run the command again in {} s.", time.as_secs().max(1)),
            None => "Run the command again later.".to_owned(),
        },
    };
    let text = match error.kind() {
        // The error's own message says what to do.
        _ if error.may_have_been_submitted() => "",
        ErrorKind::Unauthenticated => &get_a_token(&error.to_string()),
        ErrorKind::InsufficientBalance if phase == Phase::Wait => {
            "Add to the balance of the account."
        }
        ErrorKind::InsufficientBalance => {
            "Add to the balance of the account and run the command again."
        }
        ErrorKind::UnknownModel if phase == Phase::Wait => "",
        ErrorKind::UnknownModel => "`runcomfy models list --search TEXT` lists the models.",
        ErrorKind::InvalidInput | ErrorKind::BadRequest if phase == Phase::Submit => {
            "Fix the input and run the command again."
        }
        ErrorKind::NotFound if error.request_id().is_some() && phase != Phase::Save => {
            "Check that the request id is complete. The service deletes a job some time after it has ended."
        }
        ErrorKind::NotFound if phase == Phase::Query => {
            "Check the address; RUNCOMFY_MODEL_API_BASE sets it."
        }
        ErrorKind::Forbidden if phase != Phase::Save && error.request_id().is_none() => {
            "The account of this token may not do that; use the token of another account."
        }
        ErrorKind::Forbidden if phase != Phase::Save => {
            "Use the token of the account that submitted the job."
        }
        ErrorKind::UnexpectedOutput if phase == Phase::Wait => return retry,
        ErrorKind::NotSent
        | ErrorKind::ResponseLost
        | ErrorKind::Throttled
        | ErrorKind::Unavailable
        | ErrorKind::Unreadable
        | ErrorKind::NotReady
        | ErrorKind::Deadline => return retry,
        // A retry would reach the same host, which this command refuses.
        ErrorKind::Configuration if phase == Phase::Save => match error.request_id() {
            Some(id) => {
                return format!("List the URLs of the files: runcomfy result {id} --no-download");
            }
            None => "",
        },
        _ if phase == Phase::Save => return retry,
        _ => "",
    };
    match error.kind() {
        // The job is not affected by a refusal of its poll.
        ErrorKind::Unauthenticated
        | ErrorKind::Forbidden
        | ErrorKind::NotFound
        | ErrorKind::BadRequest
        | ErrorKind::UnknownModel
        | ErrorKind::InsufficientBalance
            if phase == Phase::Wait =>
        {
            format!("{text} {retry}").trim_start().to_owned()
        }
        _ => text.to_owned(),
    }
}
