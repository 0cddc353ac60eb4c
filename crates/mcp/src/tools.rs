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

pub(crate) use result::{resource, result_of};
use rmcp::RoleServer;
use rmcp::model::{CallToolRequestParams, CallToolResponse, CallToolResult};
use rmcp::service::RequestContext;
use runcomfy::RequestId;
use runcomfy::schema::Json;
use runcomfy_batch::{Attempts, JobId, Row, StoreError};
use serde_json::{Map, Value};
use tokio::time::{Instant, timeout_at};

use crate::arguments::Arguments;
use crate::refusal::Refusal;
use crate::shared::{LocalFiles, Shared};

/// A call of a tool.
pub(crate) struct Call<'a> {
    pub(crate) shared: &'a Shared,
    pub(crate) local_files: LocalFiles,
    pub(crate) arguments: Arguments,
    /// Model of a typed tool.
    pub(crate) model: Option<String>,
    pub(crate) params: &'a CallToolRequestParams,
    pub(crate) context: &'a RequestContext<RoleServer>,
}

/// Time between two reads of a job that another process may hold.
const READ_INTERVAL: Duration = Duration::from_secs(1);

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
            "wait" => return self.wait().await.map_err(Some),
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

    /// Returns the job that the call names.
    async fn row(&self) -> Result<Row, Refusal> {
        let name = self.arguments.text("id")?;
        let row = find_job(self.shared, name).await?;
        row.ok_or_else(|| Refusal::new(
            format!("the store has no job with the key or request_id {name:?}"),
            "Use the key of `submit`, or list the jobs with `batch_status`. If no call of `submit` was answered, call it again with the same key: it submits the job at most once.",
        ))
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
            let _ = timeout_at(
                deadline.min(Instant::now() + READ_INTERVAL),
                changed.changed(),
            )
            .await;
        }
    }
}

/// Returns an answer as the result of a call.
fn answered(answer: Map<String, Value>) -> CallToolResponse {
    CallToolResult::structured(Json::Object(answer)).into()
}

/// Makes an answer of an object. Members that say nothing take a model's context, and are left out.
fn object(value: Value) -> Map<String, Value> {
    let says_nothing = |member: &Value| member.is_null() || *member == "";
    match value {
        Value::Object(mut members) => {
            members.retain(|_, member| !says_nothing(member));
            members
        }
        other => Map::from_iter([("value".to_owned(), other)]),
    }
}

/// Finds a job by its key or its request id.
pub(crate) async fn find_job(shared: &Shared, name: &str) -> Result<Option<Row>, StoreError> {
    let store = &shared.store;
    if let Ok(id) = name.parse::<JobId>()
        && let Some(row) = store.find(id).await?
    {
        return Ok(Some(row));
    }
    let Ok(id) = name.parse::<RequestId>() else {
        return Ok(None);
    };
    let attempts = store.attempts(Attempts::OfRequest(id)).await?;
    match attempts.last() {
        Some(attempt) => Ok(store.rows(None, attempt.n - 1, 1).await?.pop()),
        None => Ok(None),
    }
}
