//! Decisions on submits, each by itself.

use std::fmt;

use runcomfy_batch::{
    Attempt, AttemptState, Attempts, JobKey, Resolution, Row, State, Store, StoreError,
    StoreErrorKind, Timestamp,
};
use serde_json::{Value, json};

use crate::batch::named;
use crate::counted::counted;
use crate::failure::Failure;
use crate::format::Format;

/// Maximum number of decided submits that a person reads.
const MAX_SHOWN: usize = 50;

/// A submit as the store has it before the decision.
pub(super) struct Submit {
    pub(super) key: JobKey,
    job: Option<(Row, Attempt)>,
}

impl Submit {
    /// Reads a submit. That of an unknown key has no job.
    pub(super) async fn find(store: &dyn Store, key: &JobKey) -> Result<Self, StoreError> {
        let job = match named::row_of(store, key).await? {
            Some(row) => {
                let attempts = store.attempts(Attempts::OfJob(row.id.clone())).await?;
                let attempt = attempts.into_iter().find(|attempt| attempt.key == *key);
                attempt.map(|attempt| (row, attempt))
            }
            None => None,
        };
        let key = key.clone();
        Ok(Self { key, job })
    }

    fn state(&self) -> Option<AttemptState> {
        Some(self.job.as_ref()?.1.state)
    }

    /// Returns `true` if its job waits for nothing but the decision.
    pub(super) fn is_last(&self) -> bool {
        self.job.as_ref().is_some_and(|(row, _)| {
            let last = row.attempt.as_ref().map(|last| &last.key);
            row.state == State::InDoubt && last == Some(&self.key)
        })
    }

    pub(super) fn cancel_requested(&self) -> bool {
        let job = self.job.as_ref();
        job.is_some_and(|(row, _)| row.cancel_requested)
    }

    /// Returns `true` if the store has what the decision says already.
    fn is_decided(&self, resolution: &Resolution) -> bool {
        let Some((_, attempt)) = &self.job else {
            return false;
        };
        match resolution {
            Resolution::RequestId(id) => attempt.request_id.as_ref() == Some(id),
            Resolution::NoJob => attempt.state == AttemptState::NoJob,
            _ => false,
        }
    }

    fn to_json(&self) -> Value {
        let row = self.job.as_ref().map(|(row, _)| row);
        json!({ "key": self.key, "n": row.map(|row| row.n), "id": row.map(|row| &row.id) })
    }
}

impl fmt::Display for Submit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.job {
            Some((row, _)) => write!(f, "{} (job {} `{}`)", self.key, row.n, row.id),
            None => self.key.fmt(f),
        }
    }
}

/// The decisions of one command.
pub(super) struct Decisions {
    resolution: Resolution,
    decided: Vec<Decided>,
    undecided: Vec<Undecided>,
}

/// A submit that is decided on.
struct Decided {
    submit: Submit,
    resolution: Resolution,
    /// Is `true` if the store did not have it so already.
    is_changed: bool,
}

/// A submit on which a decision was not possible.
struct Undecided {
    submit: Submit,
    /// Time from which it is possible, where it came only too early.
    until: Option<Timestamp>,
    failure: Failure,
}

impl Decisions {
    pub(super) fn new(resolution: Resolution) -> Self {
        Self {
            resolution,
            decided: Vec::new(),
            undecided: Vec::new(),
        }
    }

    /// Decides on a submit. One on which that is not possible is reported at the end.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub(super) async fn make(
        &mut self,
        store: &dyn Store,
        submit: Submit,
        resolution: Resolution,
    ) -> Result<(), Failure> {
        let made = store.resolve(submit.key.clone(), resolution.clone());
        match made.await {
            Ok(()) => self.decided.push(Decided {
                is_changed: !submit.is_decided(&resolution),
                resolution,
                submit,
            }),
            Err(error) if is_refusal(&error) => self.undecided.push(Undecided {
                submit,
                until: error.until(),
                failure: error.into(),
            }),
            Err(error) => {
                let failure = Failure::from(error);
                return Err(match self.decided.len() as u64 {
                    0 => failure,
                    count => failure.and_advice(&format!(
                        "{} decided on before; the same command decides on the others.",
                        counted(count, "submit")
                    )),
                });
            }
        }
        Ok(())
    }

    /// Leaves a submit undecided, for this reason.
    pub(super) fn refuse(&mut self, submit: Submit, failure: Failure) {
        self.undecided.push(Undecided {
            submit,
            until: None,
            failure,
        });
    }

    /// Prints the decisions.
    ///
    /// # Errors
    /// If there are submits on which no decision was possible.
    pub(super) fn report(mut self, format: Format) -> Result<(), Failure> {
        let json = self.to_json();
        // One refusal is reported as it is.
        if self.decided.is_empty()
            && self.undecided.len() == 1
            && let Some(undecided) = self.undecided.pop()
        {
            return Err(undecided.failure.with_batch(json));
        }
        let failure = self.failure();
        match (failure, format) {
            (Some(failure), Format::Record) => Err(failure.with_batch(json)),
            (failure, format) => {
                if !self.decided.is_empty() || failure.is_none() {
                    format.print(&json, || self.to_text());
                }
                failure.map_or(Ok(()), Err)
            }
        }
    }

    fn failure(&self) -> Option<Failure> {
        let until = self.undecided.iter().map(|undecided| undecided.until);
        // The last of them, if each is only too early.
        let until = until.reduce(|one, other| Some(one?.max(other?)))?;
        let count = self.undecided.len() as u64;
        let of = counted(count + self.decided.len() as u64, "submit");
        let message = format!("{count} of {of} not decided on");
        let failure = match until {
            Some(until) => Failure::too_early(message).with_advice(format!(
                "What is decided on stays. Repeat the command after {until}: until then these submits may still arrive."
            )),
            None => Failure::input(message).with_advice("What is decided on stays."),
        };
        let faults = self.undecided.iter();
        let faults = faults.map(|undecided| (undecided.to_text(), undecided.to_json()));
        Some(failure.with_faults(faults.collect()))
    }

    fn to_text(&self) -> String {
        if self.decided.is_empty() {
            return "no submit is in doubt on which to decide; nothing was changed".to_owned();
        }
        let lines = self.decided.iter().take(MAX_SHOWN);
        let lines = lines.map(|decided| format!("{}: {}", decided.submit, decided.what()));
        let mut lines: Vec<String> = lines.collect();
        let more = self.decided.len().saturating_sub(MAX_SHOWN);
        if more > 0 {
            lines.push(format!("and {more} more"));
        }
        lines.join("\n")
    }

    fn to_json(&self) -> Value {
        let id = match &self.resolution {
            Resolution::RequestId(id) => Some(id),
            _ => None,
        };
        let decided = self.decided.iter().map(Decided::to_json);
        let undecided = self.undecided.iter().map(Undecided::to_json);
        json!({
            "resolution": word(&self.resolution),
            "request_id": id,
            "decided": decided.collect::<Vec<_>>(),
            "undecided": undecided.collect::<Vec<_>>(),
            "error": null,
        })
    }
}

impl Decided {
    /// Says what follows from the decision.
    fn what(&self) -> String {
        match (&self.resolution, self.is_changed) {
            (Resolution::RequestId(id), true) => format!(
                "the service has its job {id}; the next `batch run` waits for it and saves its files"
            ),
            (Resolution::RequestId(id), false) => {
                let what = match self.submit.state() {
                    Some(AttemptState::Saved) => "whose files are saved",
                    Some(AttemptState::Failed) => "which has failed",
                    Some(AttemptState::Cancelled) => "which was cancelled",
                    _ => "for which the next `batch run` waits",
                };
                format!("it has the job {id} already, {what}; nothing was changed")
            }
            (Resolution::NoJob, true) => {
                "is taken to have made no job, as you say; its money is released".to_owned()
            }
            (Resolution::NoJob, false) => {
                "it is known to have made no job; nothing was changed".to_owned()
            }
            (Resolution::Gone, _) => {
                "has failed, since the service has its job or its files no more; its estimate counts as spent. --resubmit has the next run submit it again".to_owned()
            }
            (Resolution::Resubmit, _) => {
                "its job is submitted again by the next `batch run`, with a new key".to_owned()
            }
        }
    }

    fn to_json(&self) -> Value {
        let mut json = self.submit.to_json();
        json["resolution"] = word(&self.resolution).into();
        json["changed"] = self.is_changed.into();
        json
    }
}

impl Undecided {
    fn to_text(&self) -> String {
        let submit = &self.submit;
        match self.until {
            Some(until) => format!("{submit}: may still arrive; decide on it after {until}"),
            None => format!("{submit}: {}", self.failure.message()),
        }
    }

    fn to_json(&self) -> Value {
        let mut json = self.submit.to_json();
        json["until"] = json!(self.until);
        json["message"] = self.failure.message().into();
        json
    }
}

fn word(resolution: &Resolution) -> &'static str {
    match resolution {
        Resolution::RequestId(_) => "request_id",
        Resolution::NoJob => "no_job",
        Resolution::Gone => "gone",
        Resolution::Resubmit => "resubmit",
    }
}

/// Returns `true` if the store is well, and only this decision is not possible.
fn is_refusal(error: &StoreError) -> bool {
    matches!(
        error.kind(),
        StoreErrorKind::NotFound | StoreErrorKind::WrongState
    )
}
