//! The protocol's requests.

use std::collections::HashMap;
use std::sync::Arc;

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CancelTaskParams, CompleteRequestParams,
    CompleteResult, CompletionInfo, CustomRequest, CustomResult, ErrorCode, ErrorData,
    GetTaskParams, GetTaskResult, Implementation, ListResourceTemplatesResult, ListResourcesResult,
    ListToolsResult, PaginatedRequestParams, ReadResourceRequestParams, ReadResourceResponse,
    Reference, ServerCapabilities, ServerConfig, Tool, UpdateTaskParams,
};
use rmcp::service::RequestContext;
use rmcp::{RoleServer, ServerHandler};
use runcomfy_batch::Row;
use serde_json::Value;

use crate::arguments::{Arguments, shortened};
use crate::refusal::NOTHING_SUBMITTED;
use crate::serve_error::ServeError;
use crate::shared::{LocalFiles, Shared};
use crate::tools::{Call, find_job};
use crate::{resources, task, tool_list};

const INSTRUCTIONS: &str = "RunComfy runs image, video and audio models; each job costs money. The way of a job: search_models, model_schema, validate, price, submit, wait, result. Always choose a `key` for a submit and repeat the call with the same key if its answer is lost: it is the same job and is paid once. Never submit a job again with another key because of a timeout. A job `in_doubt` may have been paid: tell the user.";

/// Answers the requests of one client.
#[derive(Clone)]
pub(crate) struct Handler {
    shared: Arc<Shared>,
    tools: Arc<[Tool]>,
    /// Models of typed tools, by the names of their tools.
    typed: Arc<HashMap<String, String>>,
    local_files: LocalFiles,
}

impl Handler {
    pub(crate) async fn new(
        shared: Arc<Shared>,
        local_files: LocalFiles,
    ) -> Result<Self, ServeError> {
        let mut tools = tool_list::plain();
        let mut typed = HashMap::new();
        for model in shared.models.matching(&shared.settings.typed).await? {
            let name = tool_list::typed_name(&model.id);
            if typed.insert(name, model.id.to_string()).is_none() {
                tools.push(tool_list::typed(&model));
            }
        }
        Ok(Self {
            shared,
            tools: tools.into(),
            typed: Arc::new(typed),
            local_files,
        })
    }
}

/// Finds the job of a task.
async fn job_of_task(shared: &Shared, id: &str) -> Result<Row, ErrorData> {
    let row = find_job(shared, id).await;
    let row = row.map_err(|error| ErrorData::internal_error(error.to_string(), None))?;
    row.ok_or_else(|| {
        let message = format!("there is no task {id:?}; its id is the key of a job");
        ErrorData::invalid_params(message, None)
    })
}

/// Returns the params that a method of the protocol expects.
fn params_of(method: &str) -> Option<&'static str> {
    match method {
        "tools/call" => Some("an object with the text `name` and the object `arguments`"),
        "resources/read" => Some("an object with the text `uri`"),
        "completion/complete" => Some("an object with the objects `ref` and `argument`"),
        "tasks/get" | "tasks/update" | "tasks/cancel" => Some("an object with the text `taskId`"),
        _ => None,
    }
}

impl ServerHandler for Handler {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder()
            .enable_tools()
            .enable_resources()
            .enable_completions()
            .enable_tasks()
            .build();
        ServerConfig::new(capabilities)
            .with_server_info(
                Implementation::new("runcomfy", env!("CARGO_PKG_VERSION")).with_title("RunComfy"),
            )
            .with_instructions(INSTRUCTIONS)
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(self.tools.to_vec()))
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        self.tools.iter().find(|tool| tool.name == name).cloned()
    }

    async fn list_resources(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        let resources = resources::list(&self.shared).await;
        let resources = resources
            .map_err(|refusal| ErrorData::internal_error(refusal.message().to_owned(), None))?;
        Ok(ListResourcesResult::with_all_items(resources))
    }

    async fn list_resource_templates(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        let templates = resources::templates();
        Ok(ListResourceTemplatesResult::with_all_items(templates))
    }

    async fn read_resource(
        &self,
        params: ReadResourceRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let result = resources::read(&self.shared, &params.uri).await?;
        Ok(result.into())
    }

    async fn complete(
        &self,
        params: CompleteRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        let is_known = match &params.r#ref {
            Reference::Resource(template) => {
                [resources::SCHEMA, resources::PROPERTY].contains(&&*template.uri)
            }
            _ => false,
        };
        if !is_known {
            return Ok(CompleteResult::default());
        }
        let context = params.context.as_ref();
        let given = |name: &str| context.and_then(|context| context.get_argument(name).cloned());
        let (variable, start) = (&params.argument.name, &params.argument.value);
        let mut values = resources::complete(&self.shared, variable, start, given).await;
        let total = u32::try_from(values.len()).ok();
        let has_more = values.len() > CompletionInfo::MAX_VALUES;
        values.truncate(CompletionInfo::MAX_VALUES);
        let completion = CompletionInfo::with_pagination(values, total, has_more);
        let completion = completion.map_err(|error| ErrorData::internal_error(error, None))?;
        Ok(CompleteResult::new(completion))
    }

    async fn get_task(
        &self,
        params: GetTaskParams,
        _: RequestContext<RoleServer>,
    ) -> Result<GetTaskResult, ErrorData> {
        let row = job_of_task(&self.shared, &params.task_id).await?;
        task::get(&self.shared, &row).await
    }

    async fn update_task(
        &self,
        params: UpdateTaskParams,
        _: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        // No task asks for input.
        job_of_task(&self.shared, &params.task_id).await.map(drop)
    }

    async fn cancel_task(
        &self,
        params: CancelTaskParams,
        _: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        let row = job_of_task(&self.shared, &params.task_id).await?;
        let cancelled = self.shared.store.cancel(Some(vec![row.id])).await;
        cancelled.map_err(|error| ErrorData::internal_error(error.to_string(), None))?;
        self.shared.engine.wake().await;
        Ok(())
    }

    /// Answers a request that is none of the protocol: its method is unknown, or its params are of another form.
    async fn on_custom_request(
        &self,
        request: CustomRequest,
        _: RequestContext<RoleServer>,
    ) -> Result<CustomResult, ErrorData> {
        let CustomRequest { method, params, .. } = request;
        let Some(expected) = params_of(&method) else {
            let message = format!("there is no method `{method}`");
            return Err(ErrorData::new(ErrorCode::METHOD_NOT_FOUND, message, None));
        };
        let found = params.map_or_else(|| "missing".to_owned(), |params| shortened(&params));
        let message = format!(
            "the params of `{method}` are {found}, expected {expected}. {NOTHING_SUBMITTED}"
        );
        Err(ErrorData::invalid_params(message, None))
    }

    async fn call_tool(
        &self,
        mut params: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let name = params.name.to_string();
        let Some(tool) = self.get_tool(&name) else {
            let known: Vec<&str> = self.tools.iter().map(|tool| &*tool.name).collect();
            let message = format!("there is no tool `{name}`; there are {}", known.join(", "));
            return Err(ErrorData::invalid_params(message, None));
        };
        let properties = tool.input_schema.get("properties");
        let allowed = properties.and_then(Value::as_object);
        let allowed: Vec<String> = allowed
            .into_iter()
            .flatten()
            .map(|(name, _)| name.clone())
            .collect();
        let arguments = match Arguments::new(params.arguments.take(), &allowed) {
            Ok(arguments) => arguments,
            Err(refusal) => return Ok(refusal.into_result().into()),
        };
        let model = self.typed.get(&name).cloned();
        let tool = if model.is_some() { "submit" } else { &*name };
        let call = Call {
            shared: &self.shared,
            local_files: self.local_files,
            arguments,
            model,
            params: &params,
            context: &context,
        };
        match call.run(tool).await {
            Ok(response) => Ok(response),
            Err(Some(refusal)) => Ok(refusal.into_result().into()),
            Err(None) => Err(ErrorData::internal_error(
                format!("the tool `{name}` is missing"),
                None,
            )),
        }
    }
}
