//! The log of what becomes of jobs: one event of `tracing` for each step, at level INFO.
//!
//! Target and fields are documented in docs/library.md, and dashboards are built on them: add fields,
//! and rename none.

use std::time::Duration;

use tracing::info;

use crate::job::request_id::RequestId;
use crate::job::status::Status;

/// Target of the events, which a filter names.
const TARGET: &str = "runcomfy::job";

/// Logs a job that the service has taken. `took` counts from the start of the submit: checks, uploads,
/// waits and retries included.
pub(crate) fn submitted(id: &RequestId, model: &str, took: Duration) {
    info!(target: TARGET, request_id = %id, model, took_ms = millis(took), "submitted");
}

/// Logs a job that is queued, and each change of its position.
pub(crate) fn queued(id: &RequestId, model: Option<&str>, position: Option<u64>) {
    info!(target: TARGET, request_id = %id, model, position, "queued");
}

/// Logs a job that was seen running. `after_submit` is known where this client submitted it.
pub(crate) fn started(id: &RequestId, model: Option<&str>, after_submit: Option<Duration>) {
    let after_submit_ms = after_submit.map(millis);
    info!(target: TARGET, request_id = %id, model, after_submit_ms, "started");
}

/// Logs a job that has ended with its result.
pub(crate) fn finished(
    id: &RequestId,
    model: Option<&str>,
    status: &Status,
    after_submit: Option<Duration>,
    after_start: Option<Duration>,
) {
    info!(
        target: TARGET,
        request_id = %id,
        model,
        %status,
        after_submit_ms = after_submit.map(millis),
        after_start_ms = after_start.map(millis),
        "finished"
    );
}

/// Returns whole milliseconds; the maximum for a time that no job takes.
fn millis(time: Duration) -> u64 {
    time.as_millis().try_into().unwrap_or(u64::MAX)
}
