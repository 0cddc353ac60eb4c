//! The delivery of what a user needs to find a job again. Its request id, or its idempotency key
//! while the outcome of the submit is unknown, reaches a stream before the command ends; otherwise
//! the exit code is not 0.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Something that must reach a stream.
#[derive(Clone)]
pub(crate) struct Expected {
    pub(crate) kind: Kind,
    pub(crate) text: String,
    reached: bool,
    /// `true` once a line with it could not be written to standard error.
    was_lost: bool,
}

/// The kind of what must reach a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    RequestId,
    IdempotencyKey,
}

static EXPECTED: Mutex<Vec<Expected>> = Mutex::new(Vec::new());

/// Set to `true` once files of a job are on disk, so that its result is not lost with the streams.
static SAVED: AtomicBool = AtomicBool::new(false);

/// Set to `true` once something could not be written to standard output.
static STREAM_IS_LOST: AtomicBool = AtomicBool::new(false);

fn expected() -> MutexGuard<'static, Vec<Expected>> {
    EXPECTED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Records a request id or an idempotency key that must reach a stream.
pub(crate) fn expect(kind: Kind, text: &str) {
    let mut expected = expected();
    if !expected.iter().any(|known| known.text == text) {
        expected.push(Expected {
            kind,
            text: text.to_owned(),
            reached: false,
            was_lost: false,
        });
    }
}

/// Records a text that has reached a stream.
pub(crate) fn reached(text: &str) {
    for known in expected().iter_mut() {
        known.reached |= text.contains(&known.text);
    }
}

/// Records a text that could not be written to standard error.
pub(crate) fn lost(text: &str) {
    for known in expected().iter_mut() {
        known.was_lost |= text.contains(&known.text);
    }
}

/// Records that something could not be written to standard output.
pub(crate) fn stream_is_lost() {
    STREAM_IS_LOST.store(true, Ordering::Relaxed);
}

/// Records that files of the job are on disk.
pub(crate) fn saved() {
    SAVED.store(true, Ordering::Relaxed);
}

/// Returns the request id of the job that the command has learned of.
pub(crate) fn request_id() -> Option<String> {
    let expected = expected();
    let id = expected.iter().find(|known| known.kind == Kind::RequestId);
    id.map(|known| known.text.clone())
}

/// Returns `true` if the command has learned of a job.
pub(crate) fn is_about_job() -> bool {
    !expected().is_empty()
}

/// Returns what has reached no stream after `code`, the exit code. A success whose text for people
/// does without a request id misses nothing, unless a line with it was lost.
pub(crate) fn missing(code: u8) -> Vec<Expected> {
    let is_lost = code != 0 || STREAM_IS_LOST.load(Ordering::Relaxed);
    let expected = expected();
    let missing = expected.iter().filter(|known| !known.reached);
    missing
        .filter(|known| is_lost || known.was_lost)
        .cloned()
        .collect()
}

/// Returns `true` if the command ends and its job cannot be found again: a line with its request id was
/// lost, or neither a stream nor a file has its result.
pub(crate) fn has_failed() -> bool {
    let is_saved = SAVED.load(Ordering::Relaxed);
    missing(0).iter().any(|known| known.was_lost || !is_saved)
}
