//! The tool `cancel`.

use std::time::Duration;

use runcomfy_batch::{Row, State};
use serde_json::{Map, Value};
use tokio::time::Instant;

use super::Call;
use crate::answer;
use crate::refusal::Refusal;

/// Maximum time for the cancellation: the engine hears of it within two seconds.
const TIMEOUT: Duration = Duration::from_secs(8);

impl Call<'_> {
    pub(super) async fn cancel(&self) -> Result<Map<String, Value>, Refusal> {
        let row = self.row().await?;
        if answer::is_over(&row) {
            return Ok(self.cancelled(&row));
        }
        self.shared.store.cancel(Some(vec![row.id.clone()])).await?;
        self.shared.engine.wake().await;
        let deadline = Instant::now() + TIMEOUT;
        let row = self.until(&row.id, deadline, answer::is_over).await?;
        Ok(self.cancelled(&row))
    }

    /// Returns a job, with what it means that it is not cancelled.
    fn cancelled(&self, row: &Row) -> Map<String, Value> {
        let mut answer = answer::job(self.shared, row);
        let succeeded = self.shared.engine.notes().has_succeeded(&row.id);
        let meaning = match row.state {
            State::Cancelled => return answer,
            State::Saved => "it had succeeded before, and is charged.",
            State::Submitted if succeeded => "it had succeeded before, and is charged.",
            State::Failed if answer::charged(row) => {
                "it had failed before. What the service charges for it, it charges anyway."
            }
            State::Failed => "it had failed before.",
            State::InDoubt => "nobody knows whether the service has it.",
            State::Submitted => {
                "the service cancels only jobs that are still queued. This one probably runs to its end, and is charged."
            }
            State::Ready | State::Intent => {
                "its submit is in flight. If the service accepts it, it is cancelled while it is queued, and is charged otherwise."
            }
        };
        let next = answer["next"].as_str().unwrap_or_default();
        let next = format!("It was not cancelled: {meaning} {next}");
        answer.insert("next".to_owned(), next.into());
        answer
    }
}
