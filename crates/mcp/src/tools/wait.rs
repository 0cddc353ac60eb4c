//! The tool `wait`.

use std::time::Duration;

use rmcp::model::{CallToolResponse, ProgressNotificationParam};
use runcomfy_batch::Row;
use tokio::time::Instant;

use super::{Call, answered};
use crate::refusal::Refusal;
use crate::{answer, task};

/// Maximum time of a wait: clients end a call after 60 s.
const MAX_WAIT: u64 = 45;
/// Time between two notifications of progress.
const PROGRESS: Duration = Duration::from_secs(2);

impl Call<'_> {
    pub(super) async fn wait(&self) -> Result<CallToolResponse, Refusal> {
        let seconds = self.arguments.count("seconds", MAX_WAIT, MAX_WAIT)?;
        let mut row = self.row().await?;
        let client = self.context.client_capabilities();
        if !answer::is_over(&row) && client.is_some_and(|client| client.supports_tasks()) {
            return Ok(task::create(self.shared, &row));
        }
        let begun = Instant::now();
        let deadline = begun + Duration::from_secs(seconds);
        while !answer::is_over(&row) && Instant::now() < deadline {
            self.report(&row, begun).await;
            let next = deadline.min(Instant::now() + PROGRESS);
            row = tokio::select! {
                // The client has given up on the call, and the job keeps running.
                () = self.context.ct.cancelled() => break,
                row = self.until(&row.id, next, answer::is_over) => row?,
            };
        }
        let mut answer = answer::job(self.shared, &row);
        if !answer::is_over(&row) {
            let id = self.arguments.text("id")?;
            let notes = self.shared.engine.notes();
            let so_far = if notes.has_succeeded(&row.id) {
                answer::SUCCEEDED
            } else {
                "It has not ended yet."
            };
            let next = format!(
                "{so_far} Call `wait` again with this id, {id:?}: that is free, and submits nothing."
            );
            answer.insert("next".to_owned(), next.into());
        }
        Ok(answered(answer))
    }

    /// Reports progress, if the client asks for it.
    async fn report(&self, row: &Row, begun: Instant) {
        let Some(token) = self.context.meta.get_progress_token() else {
            return;
        };
        let seconds = begun.elapsed().as_secs_f64();
        let state = answer::state(row, self.shared.engine.notes());
        let progress = ProgressNotificationParam::new(token, seconds);
        let progress = progress.with_message(format!("{state}, for {seconds:.0} s"));
        // A client that is gone misses nothing.
        let _ = self.context.peer.notify_progress(progress).await;
    }
}
