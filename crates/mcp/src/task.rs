//! The tasks extension: a job of the store is a task, so that its state survives any process.

use rmcp::model::{
    CallToolResponse, CreateTaskResult, DetailedTask, ErrorData, GetTaskResult, Task, TaskPayload,
    TaskStatus,
};
use runcomfy_batch::{Clock, Row, State};
use serde_json::Value;

use crate::answer;
use crate::shared::Shared;
use crate::tools::result_of;

/// Time between two polls of a client, in milliseconds.
const POLL_INTERVAL: u64 = 2000;

/// Returns a job as a task whose end the client polls for, in place of a wait.
pub(crate) fn create(shared: &Shared, row: &Row) -> CallToolResponse {
    CreateTaskResult::new(task(shared, row)).into()
}

/// Returns the state of a job as that of a task. A job that has failed or is in doubt is a task that has
/// completed: its result says so.
pub(crate) async fn get(shared: &Shared, row: &Row) -> Result<GetTaskResult, ErrorData> {
    let payload = match row.state {
        State::Cancelled => TaskPayload::Cancelled,
        _ if answer::is_over(row) => {
            let result = serde_json::to_value(result_of(shared, row, true).await);
            let result =
                result.map_err(|error| ErrorData::internal_error(error.to_string(), None))?;
            let Value::Object(result) = result else {
                return Err(ErrorData::internal_error("the result is no object", None));
            };
            TaskPayload::Completed { result }
        }
        _ => TaskPayload::Working,
    };
    Ok(GetTaskResult::new(DetailedTask::new(
        task(shared, row),
        payload,
    )))
}

fn task(shared: &Shared, row: &Row) -> Task {
    let now = Clock::system().now();
    let attempt = row.attempt.as_ref();
    let created = attempt.map_or(now, |attempt| attempt.claimed_at);
    let updated = attempt.and_then(|attempt| attempt.ended_at.or(attempt.submitted_at));
    let updated = updated.unwrap_or(created);
    Task::new(
        row.id.as_str(),
        TaskStatus::Working,
        created.to_string(),
        updated.to_string(),
    )
    .with_status_message(answer::state(row, shared.engine.notes()))
    .with_poll_interval_ms(POLL_INTERVAL)
}
