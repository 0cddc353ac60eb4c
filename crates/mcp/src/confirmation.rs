//! The agreement to a cost: of a person, where the client can ask one, and else of the model.

use std::time::Duration;

use rmcp::RoleServer;
use rmcp::model::{
    BooleanSchema, CallToolRequestParams, ElicitRequest, ElicitRequestParams, ElicitResult,
    ElicitationAction, ElicitationSchema, InputRequest, InputRequests, InputRequiredResult,
    PrimitiveSchemaDefinition, ProtocolVersion,
};
use rmcp::service::{RequestContext, ServiceError};
use runcomfy_batch::Money;

use crate::arguments::Arguments;
use crate::refusal::Refusal;

/// Name of the question in an answer that requires input.
const QUESTION: &str = "cost";
/// Name of the property of the form.
const PAY: &str = "pay";
/// Maximum time for the answer: clients end a call after 60 s.
const TIMEOUT: Duration = Duration::from_secs(50);

/// Outcome of a confirmation.
pub(crate) enum Confirmed {
    /// The cost is agreed to.
    Yes,
    /// The client asks a person, and repeats the call with the answer.
    Ask(InputRequiredResult),
}

/// Jobs for which somebody is to pay.
pub(crate) struct Offer<'a> {
    pub(crate) cost: Money,
    /// Name of the jobs for a person.
    pub(crate) what: &'a str,
    /// Sentence that a person knows before the answer.
    pub(crate) fact: Option<String>,
    pub(crate) arguments: &'a Arguments,
}

impl Offer<'_> {
    /// Returns what the question is about, for the answer to it: another price, key or input is another question.
    fn state(&self, params: &CallToolRequestParams) -> String {
        let call = self.arguments.digest(&params.name);
        format!("{} {}", self.cost, call.as_str())
    }
}

/// Has a cost confirmed.
///
/// # Errors
/// If it is not agreed to, or the sum that the model confirms is another one.
pub(crate) async fn confirm(
    offer: &Offer<'_>,
    confirmed: Option<Money>,
    asks: bool,
    params: &CallToolRequestParams,
    context: &RequestContext<RoleServer>,
) -> Result<Confirmed, Refusal> {
    let cost = offer.cost;
    if let Some(sum) = confirmed.filter(|sum| *sum != cost) {
        return Err(Refusal::new(
            format!("`confirmed_cost` is {sum}, but it costs {cost}"),
            format!(
                "If {cost} is acceptable to the user, call it again with `confirmed_cost`: {}.",
                cost.to_usd()
            ),
        )
        .with("cost_usd", cost.to_usd()));
    }
    let capabilities = context.client_capabilities();
    let can_ask = capabilities.is_some_and(|client| client.elicitation.is_some());
    if !asks || !can_ask {
        return match confirmed {
            Some(_) => Ok(Confirmed::Yes),
            None => Err(Refusal::new(
                format!("it costs {cost}, and nobody has agreed to that"),
                format!(
                    "If {cost} is acceptable to the user, call it again with `confirmed_cost`: {}.",
                    cost.to_usd()
                ),
            )
            .with("cost_usd", cost.to_usd())),
        };
    }
    let version = context.protocol_version();
    if version.is_none_or(|version| version < ProtocolVersion::V_2026_07_28) {
        return ask(offer, context).await.map(|()| Confirmed::Yes);
    }
    let state = offer.state(params);
    let responses = params.input_responses.as_ref();
    let Some(response) = responses.and_then(|responses| responses.get(QUESTION)) else {
        return Ok(Confirmed::Ask(question(offer, state)?));
    };
    // The state comes from the client and is not sealed: whoever could change it could also invent the
    // answer. It ties an answer to its question.
    if params.request_state.as_ref() != Some(&state) {
        return Ok(Confirmed::Ask(question(offer, state)?));
    }
    let result: Option<ElicitResult> = serde_json::from_value(response.clone()).ok();
    agreed(result).map(|()| Confirmed::Yes)
}

fn form(offer: &Offer<'_>) -> Result<ElicitRequestParams, Refusal> {
    let Offer {
        cost, what, fact, ..
    } = offer;
    let fact = fact.as_ref().map(|fact| format!(" {fact}"));
    let fact = fact.unwrap_or_default();
    let pay = BooleanSchema::new().title(format!("Submit, and pay {cost}"));
    let schema = ElicitationSchema::builder()
        .required_property(PAY, PrimitiveSchemaDefinition::Boolean(pay))
        .build();
    Ok(ElicitRequestParams::FormElicitationParams {
        meta: None,
        message: format!("{what} costs {cost}, by the estimate.{fact} Submit and pay?"),
        requested_schema: schema.map_err(|error| Refusal::new(error, "Tell the user."))?,
    })
}

fn question(offer: &Offer<'_>, state: String) -> Result<InputRequiredResult, Refusal> {
    let request = InputRequest::Elicitation(ElicitRequest::new(form(offer)?));
    let requests = InputRequests::from([(QUESTION.to_owned(), request)]);
    Ok(InputRequiredResult::new(Some(requests), Some(state)))
}

/// Asks a person through the client.
async fn ask(offer: &Offer<'_>, context: &RequestContext<RoleServer>) -> Result<(), Refusal> {
    let cost = offer.cost;
    let form = form(offer)?;
    let asked = context
        .peer
        .create_elicitation_with_timeout(form, Some(TIMEOUT));
    // A call that was cancelled meanwhile pays nothing.
    let result = tokio::select! {
        () = context.ct.cancelled() => None,
        result = asked => Some(result),
    };
    match result {
        Some(Ok(result)) => agreed(Some(result)),
        None | Some(Err(ServiceError::Timeout { .. })) => Err(Refusal::new(
            format!("nobody has agreed to {cost} in time"),
            "Call it again with the same arguments to ask the user again.",
        )),
        Some(Err(error)) => Err(Refusal::new(
            format!("the user could not be asked to agree to {cost}: {error}"),
            "Tell the user, who can start `runcomfy mcp` with `--yes` where the program cannot ask.",
        )),
    }
}

fn agreed(result: Option<ElicitResult>) -> Result<(), Refusal> {
    let pays = result.is_some_and(|result| {
        let content = result.content.unwrap_or_default();
        result.action == ElicitationAction::Accept && content[PAY] == true
    });
    if pays {
        return Ok(());
    }
    Err(Refusal::new(
        "the user has not agreed to the cost",
        "Do not call it again unless the user asks for it.",
    ))
}
