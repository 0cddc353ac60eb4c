//! What an error means for the money, and what to do next.

use runcomfy::{Error, ErrorKind, RequestId};

/// What the command was about when it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doing {
    /// Something that costs nothing.
    Asking,
    /// Submitting a job.
    Submitting,
    /// Waiting for a job.
    Waiting,
    /// Saving what a job gave.
    Saving,
}

/// One or two sentences; none where the error's own text says all.
pub(crate) fn of(error: &Error, doing: Doing) -> String {
    let money = money(error, doing);
    let next = next(error, doing);
    [money, next]
        .into_iter()
        .filter(|sentence| !sentence.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// For files that are not saved although nothing went wrong.
pub(crate) fn to_save(id: &RequestId) -> String {
    format!("{DONE} {}", save(id))
}

const DONE: &str = "The job is done and charged; its files are kept for some time.";

/// What a job that is left alone does.
pub(crate) const GOES_ON: &str = "The job goes on, and is charged when it is done.";

/// What a job costs that has ended, nobody knows how.
pub(crate) const CHARGED_IF_IT_SUCCEEDED: &str = "If it succeeded, it is charged.";

/// For a job that has ended.
pub(crate) fn to_see(id: &RequestId) -> String {
    format!("See what came of it: runcomfy result {id}")
}

/// What a command that stops before its submit has cost.
pub(crate) const NOTHING_SUBMITTED: &str = "Nothing was submitted, so nothing is charged.";

/// For a job that goes on.
pub(crate) fn to_resume(id: &RequestId) -> String {
    format!("Take it up again: runcomfy resume {id}")
}

/// What a job that was cancelled in the queue costs.
pub(crate) const NOTHING_RAN: &str = "Nothing ran, so nothing is charged.";

fn save(id: &RequestId) -> String {
    format!("Save them: runcomfy result {id}")
}

fn money(error: &Error, doing: Doing) -> String {
    match (doing, error.kind()) {
        (Doing::Submitting, _) if error.may_have_been_submitted() => {
            "If it was, it runs and is charged."
        }
        (Doing::Submitting, _) => NOTHING_SUBMITTED,
        (Doing::Waiting, ErrorKind::JobFailed) => {
            "`runcomfy balance` shows whether it was charged."
        }
        (_, ErrorKind::JobCancelled) => NOTHING_RAN,
        (
            Doing::Waiting,
            ErrorKind::NotFound | ErrorKind::Forbidden | ErrorKind::Unauthenticated,
        ) => "",
        // The error's own text says that it goes on.
        (Doing::Waiting, ErrorKind::Deadline) => "It is charged when it is done.",
        (Doing::Waiting, ErrorKind::UnexpectedOutput) => "The job is done and charged.",
        (Doing::Waiting, _) => GOES_ON,
        (Doing::Saving, _) => DONE,
        _ => "",
    }
    .to_owned()
}

fn next(error: &Error, doing: Doing) -> String {
    let again = match (error.request_id(), doing) {
        (Some(id), Doing::Waiting) if error.kind() == ErrorKind::UnexpectedOutput => to_see(id),
        (Some(id), Doing::Waiting) => to_resume(id),
        (Some(id), Doing::Saving) => save(id),
        _ => match error.retry_after() {
            Some(time) => format!("Try again in {} s.", time.as_secs().max(1)),
            None => "Try again in a moment.".to_owned(),
        },
    };
    let text = match error.kind() {
        // The error's own text says what to do.
        _ if error.may_have_been_submitted() => "",
        ErrorKind::Unauthenticated => "Set RUNCOMFY_TOKEN to the key from your RunComfy profile.",
        ErrorKind::InsufficientBalance => "Add to your balance, then run the same again.",
        ErrorKind::UnknownModel => "`runcomfy models list --search TEXT` shows what there is.",
        ErrorKind::InvalidInput | ErrorKind::BadRequest if doing == Doing::Submitting => {
            "Mend the input and run it again."
        }
        ErrorKind::NotFound if error.request_id().is_some() && doing != Doing::Saving => {
            "Look whether the id is whole; the service forgets a job some time after it has ended."
        }
        ErrorKind::Forbidden if doing != Doing::Saving => {
            "Use the token of the account that submitted it."
        }
        ErrorKind::UnexpectedOutput if doing == Doing::Waiting => return again,
        ErrorKind::NotSent
        | ErrorKind::ResponseLost
        | ErrorKind::Throttled
        | ErrorKind::Unavailable
        | ErrorKind::Unreadable
        | ErrorKind::NotReady
        | ErrorKind::Deadline => return again,
        // Again they would lead to where this command does not go.
        ErrorKind::Configuration if doing == Doing::Saving => match error.request_id() {
            Some(id) => return format!("See where they are: runcomfy result {id} --no-download"),
            None => "",
        },
        _ if doing == Doing::Saving => return again,
        _ => "",
    };
    text.to_owned()
}
