//! Attempts with the ids of their jobs.

use runcomfy_batch::{Attempt, Attempts, JobId, JobKey, Row, Store, StoreError};
use serde_json::{Value, json};

/// Returns the job of a key, which ends with the numbers of the job and of the attempt.
///
/// # Errors
/// If the store cannot be read.
pub(crate) async fn row_of(store: &dyn Store, key: &JobKey) -> Result<Option<Row>, StoreError> {
    let n = key.as_str().rsplit('-').nth(1);
    match n.and_then(|n| n.parse().ok()) {
        Some(n) => row(store, n).await,
        None => Ok(None),
    }
}

/// Returns the job of a number.
async fn row(store: &dyn Store, n: u64) -> Result<Option<Row>, StoreError> {
    let rows = store.rows(None, n.saturating_sub(1), 1).await?;
    Ok(rows.into_iter().find(|row| row.n == n))
}

/// Returns what a person does about submits in doubt of a batch, which commands know as `named`.
pub(crate) fn decide(named: &str) -> String {
    format!(
        "Look for its input and time in the account's history, or ask the service's support by its key. If there is a job, run `runcomfy batch resolve KEY {named} --request-id ID`, else `… --no-job`, or `… --resubmit` to pay for a new one; then run the batch again."
    )
}

/// An attempt with the id of its job.
pub(crate) struct Named {
    pub(crate) id: Option<JobId>,
    pub(crate) attempt: Attempt,
}

impl Named {
    /// Reads the id of an attempt's job.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub(crate) async fn read(store: &dyn Store, attempt: Attempt) -> Result<Self, StoreError> {
        let row = row(store, attempt.n).await?;
        let id = row.map(|row| row.id);
        Ok(Self { id, attempt })
    }

    /// Reads attempts with the ids of their jobs.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub(crate) async fn read_all(
        store: &dyn Store,
        attempts: impl IntoIterator<Item = Attempt>,
    ) -> Result<Vec<Self>, StoreError> {
        let mut named = Vec::new();
        for attempt in attempts {
            named.push(Self::read(store, attempt).await?);
        }
        Ok(named)
    }

    /// Reads at most `limit` attempts in doubt.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub(crate) async fn doubts(store: &dyn Store, limit: usize) -> Result<Vec<Self>, StoreError> {
        let doubts = store.attempts(Attempts::InDoubt).await?;
        Self::read_all(store, doubts.into_iter().take(limit)).await
    }

    /// Returns the id of the job, else its number.
    pub(crate) fn name(&self) -> String {
        match &self.id {
            Some(id) => id.to_string(),
            None => self.job(),
        }
    }

    /// Returns number and id of the job, such as "job 9 `fog`".
    pub(crate) fn job(&self) -> String {
        let n = self.attempt.n;
        match &self.id {
            Some(id) => format!("job {n} `{id}`"),
            None => format!("job {n}"),
        }
    }

    /// Returns the attempt as JSON.
    pub(crate) fn to_json(&self) -> Value {
        let attempt = &self.attempt;
        json!({
            "n": attempt.n,
            "id": self.id,
            "key": attempt.key,
            "state": attempt.state,
            "request_id": attempt.request_id,
            "claimed_at": attempt.claimed_at,
            "note": attempt.note,
        })
    }

    /// Returns an attempt in doubt as words: its key, its job, the time of its submit and the reason.
    pub(crate) fn doubt_text(&self) -> String {
        let doubt = &self.attempt;
        let note = doubt.note.as_deref().unwrap_or_default();
        let since = doubt.claimed_at;
        format!("{} ({}) since {since}: {note}", doubt.key, self.job())
    }

    /// Returns an attempt in doubt as JSON.
    pub(crate) fn doubt_json(&self) -> Value {
        let doubt = &self.attempt;
        json!({
            "key": doubt.key,
            "n": doubt.n,
            "id": self.id,
            "since": doubt.claimed_at,
            "note": doubt.note,
        })
    }
}
