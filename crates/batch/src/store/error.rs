//! Errors of a store.

use std::error::Error;
use std::fmt;

use runcomfy::schema::Redacted;

use crate::job_key::JobKey;
use crate::state::{AttemptState, State};
use crate::timestamp::Timestamp;

/// Error of a store. Its text says what happened, what it means, and what to do.
///
/// Where a commit was made and its answer was lost, the error is the only answer: the transition may be
/// stored. Every transition except a claim can be repeated until it succeeds. After a failed claim
/// nothing may be sent; the next [beat](crate::store::Store::beat) gives back what it may have claimed.
#[derive(Debug)]
pub struct StoreError {
    kind: StoreErrorKind,
    message: String,
    until: Option<Timestamp>,
}

/// Kind of a [`StoreError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// Another process works on the batch. Wait for its end, or stop it.
    Busy,
    /// The incarnation has ended: another one has taken over. Send nothing that it has claimed, and
    /// register again. Ids are still taken from it.
    IncarnationEnded,
    /// The store has no such job or key.
    NotFound,
    /// The state of the attempt does not allow the decision.
    WrongState,
    /// The file of the store was deleted, renamed, moved or replaced after a process had worked on it. Put it back:
    /// a new one would pay for its jobs again.
    Removed,
    /// The file is no store.
    NotAStore,
    /// Jobs of the batch were submitted to another service and have not ended. Finish or resolve them there.
    OtherService,
    /// The store was written by a newer version. Update the program.
    NewerVersion,
    /// The store is damaged. Restore it from a backup only if you know which submits came after it.
    Damaged,
    /// The disk is full. Nothing was stored and nothing may be sent; make room and repeat.
    Full,
    /// The store is on a network file system, where locks and syncs may do nothing.
    NetworkFileSystem,
    /// The server may forget what it has acknowledged. Set `fsync` and `synchronous_commit` on.
    NotDurable,
    /// The server may have forgotten intents, since it is another one, or was promoted or restored. Nothing
    /// is claimed until a person has looked.
    ServerChanged,
    /// The server of the store could not be reached, or is starting or stopping. Repeat it later.
    Unreachable,
    /// The store could not be read or written.
    Io,
}

impl StoreError {
    pub(crate) fn new(kind: StoreErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            until: None,
        }
    }

    pub(crate) fn incarnation_ended() -> Self {
        Self::new(
            StoreErrorKind::IncarnationEnded,
            "another process has taken over this batch, and this one sends nothing more. Let that one end it",
        )
    }

    pub(crate) fn newer_version(version: impl fmt::Display, known: usize) -> Self {
        Self::new(
            StoreErrorKind::NewerVersion,
            format!(
                "the store has version {version}, and this program knows {known}; it was not changed, and nothing is submitted. Update the program"
            ),
        )
    }

    pub(crate) fn other_service(before: &str, address: &str) -> Self {
        Self::new(
            StoreErrorKind::OtherService,
            format!(
                "jobs of this batch were submitted to {} and have not ended, and this process would look for them at {}, where they are unknown; nothing was submitted. Finish or resolve them with the address from before",
                Redacted(before),
                Redacted(address)
            ),
        )
    }

    pub(crate) fn not_submitted(key: &JobKey, state: AttemptState) -> Self {
        Self::new(
            StoreErrorKind::WrongState,
            format!("the attempt {key} is not submitted but {state}; nothing was changed"),
        )
    }

    pub(crate) fn unknown_key(key: &JobKey) -> Self {
        Self::new(
            StoreErrorKind::NotFound,
            format!(
                "the store has no attempt with the key {key}; nothing was changed. Check the key and the store"
            ),
        )
    }

    pub(crate) fn busy(process: &str) -> Self {
        Self::new(
            StoreErrorKind::Busy,
            format!(
                "{process} works on this batch; nothing was changed. Wait for its end, or stop it"
            ),
        )
    }

    pub(crate) fn not_in_doubt(key: &JobKey, state: AttemptState) -> Self {
        Self::new(
            StoreErrorKind::WrongState,
            format!("the attempt {key} is not in doubt but {state}; nothing was changed"),
        )
    }

    pub(crate) fn is_superseded(key: &JobKey) -> Self {
        Self::new(
            StoreErrorKind::WrongState,
            format!(
                "the job of the attempt {key} has a newer attempt; nothing was changed. Use the key of its last attempt"
            ),
        )
    }

    pub(crate) fn not_resubmittable(key: &JobKey, state: State) -> Self {
        Self::new(
            StoreErrorKind::WrongState,
            format!(
                "the job of the attempt {key} is {state}, and only one that is in doubt, failed or cancelled can be submitted again; nothing was changed"
            ),
        )
    }

    pub(crate) fn may_still_arrive(key: &JobKey, until: Timestamp) -> Self {
        let message = format!(
            "the submit of the attempt {key} may still arrive; nothing was changed, since submitting the job again now could pay for it twice. Look for its input and time in the account's history after {until}, and decide then"
        );
        Self {
            until: Some(until),
            ..Self::new(StoreErrorKind::WrongState, message)
        }
    }

    /// Returns the kind.
    #[must_use]
    pub fn kind(&self) -> StoreErrorKind {
        self.kind
    }

    /// Returns the time from which the decision is possible that was refused, where it only came too early:
    /// the submit may still arrive.
    #[must_use]
    pub fn until(&self) -> Option<Timestamp> {
        self.until
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for StoreError {}
