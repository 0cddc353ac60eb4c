//! The tools: one module for each.

mod balance;
mod batch_report;
mod batch_status;
mod batch_submit;
mod cancel;
mod model_schema;
mod price;
mod result;
mod search_models;
mod submit;
mod validate;
mod wait;

use std::time::Duration;

use rmcp::RoleServer;
use rmcp::model::{CallToolRequestParams, CallToolResponse, CallToolResult};
use rmcp::service::RequestContext;
use runcomfy::RequestId;
use runcomfy::schema::Json;
use runcomfy_batch::{Attempts, JobId, Row};
use serde_json::{Map, Value};
use tokio::time::{Instant, timeout_at};

use crate::arguments::Arguments;
use crate::refusal::Refusal;
use crate::server::Shared;

/// A call of a tool.
pub(crate) struct Call<'a> {
    pub(crate) shared: &'a Shared,
    pub(crate) arguments: Arguments,
    /// Model of a typed tool.
    pub(crate) model: Option<String>,
    pub(crate) params: &'a CallToolRequestParams,
    pub(crate) context: &'a RequestContext<RoleServer>,
}

/// Time between two looks at a job that another process may hold.
const LOOK: Duration = Duration::from_secs(1);

impl Call<'_> {
    /// Runs the tool.
    ///
    /// # Errors
    /// The refusal of the tool, or `None` if there is no such tool.
    pub(crate) async fn run(&self, tool: &str) -> Result<CallToolResponse, Option<Refusal>> {
        let answer = match tool {
            "search_models" => self.search_models().await,
            "model_schema" => self.model_schema().await,
            "validate" => self.validate().await,
            "price" => self.price().await,
            "submit" => return self.submit().await.map_err(Some),
            "wait" => self.wait().await,
            "result" => return self.result().await.map(Into::into).map_err(Some),
            "cancel" => self.cancel().await,
            "balance" => self.balance().await,
            "batch_submit" => return self.batch_submit().await.map_err(Some),
            "batch_status" => self.batch_status().await,
            "batch_report" => return self.batch_report().await.map(Into::into).map_err(Some),
            _ => return Err(None),
        };
        answer.map(answered).map_err(Some)
    }

    /// Returns the id of the model that the call names.
    fn model_id(&self) -> Result<&str, Refusal> {
        match &self.model {
            Some(model) => Ok(model),
            None => self.arguments.text("model"),
        }
    }

    /// Returns the job that the call names, by its key or its request id.
    async fn row(&self) -> Result<Row, Refusal> {
        let name = self.arguments.text("id")?;
        if let Ok(id) = name.parse::<JobId>()
            && let Some(row) = self.shared.store.find(id).await?
        {
            return Ok(row);
        }
        if let Some(row) = self.row_of_request(name).await? {
            return Ok(row);
        }
        Err(Refusal::new(
            format!("the store has no job with the key or request_id {name:?}"),
            "Use the key of `submit`, or list the jobs with `batch_status`. If no call of `submit` was answered, call it again with the same key: it submits the job at most once.",
        ))
    }

    async fn row_of_request(&self, name: &str) -> Result<Option<Row>, Refusal> {
        let Ok(id) = name.parse::<RequestId>() else {
            return Ok(None);
        };
        let store = &self.shared.store;
        let attempts = store.attempts(Attempts::OfRequest(id)).await?;
        let Some(attempt) = attempts.last() else {
            return Ok(None);
        };
        Ok(store.rows(None, attempt.n - 1, 1).await?.pop())
    }

    /// Waits until `is_enough` says so of a job, or the deadline; returns the job as it is then.
    async fn until(
        &self,
        id: &JobId,
        deadline: Instant,
        mut is_enough: impl FnMut(&Row) -> bool,
    ) -> Result<Row, Refusal> {
        let mut changed = self.shared.engine.notes().subscribe();
        loop {
            changed.mark_unchanged();
            let row = self.shared.store.find(id.clone()).await?;
            let row = row
                .ok_or_else(|| Refusal::new("the job is gone from the store", "Tell the user."))?;
            if is_enough(&row) || Instant::now() >= deadline {
                return Ok(row);
            }
            // Whatever comes first, the store knows more.
            let _ = timeout_at(deadline.min(Instant::now() + LOOK), changed.changed()).await;
        }
    }
}

/// Returns an answer as the result of a call.
fn answered(answer: Map<String, Value>) -> CallToolResponse {
    CallToolResult::structured(Json::Object(answer)).into()
}

/// Makes an answer of an object.
fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        other => Map::from_iter([("value".to_owned(), other)]),
    }
}
