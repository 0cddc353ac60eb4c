//! The tool `cancel`.

use std::time::Duration;

use runcomfy_batch::State;
use serde_json::{Map, Value, json};
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
            return Ok(answer::job(self.shared, &row));
        }
        self.shared.store.cancel(Some(vec![row.id.clone()])).await?;
        self.shared.engine.wake().await;
        let deadline = Instant::now() + TIMEOUT;
        let row = self.until(&row.id, deadline, answer::is_over).await?;
        let mut answer = answer::job(self.shared, &row);
        if row.state == State::Submitted {
            answer.insert(
                "next".to_owned(),
                json!("The service cancels only jobs that are still queued: this one probably runs to its end, and is charged. Call `wait` to see its end."),
            );
        }
        Ok(answer)
    }
}
