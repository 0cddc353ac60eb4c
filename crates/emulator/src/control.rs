//! The control endpoint: what [`Emulator`](crate::Emulator) does, for tests in other languages.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::header;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Map, Value, json};

use crate::account::usd;
use crate::api_error::ApiError;
use crate::job::{self, Job};
use crate::members::Members;
use crate::queue::Phase;
use crate::server::Server;
use crate::{Call, Entry, Received, fault_file};

/// Path below which nothing belongs to the API.
pub(crate) const PREFIX: &str = "/_emulator";

type Shared = State<Arc<Server>>;

/// Builds the router of the control endpoint.
pub(crate) fn router(server: Arc<Server>) -> Router<Arc<Server>> {
    Router::new()
        .route("/", get(overview))
        .route("/advance", post(advance))
        .route("/ledger", get(ledger))
        .route("/requests", get(requests))
        .route(
            "/faults",
            get(active_faults).post(add_faults).delete(clear_faults),
        )
        .route("/expire", post(expire))
        .route("/reset", post(reset))
        .fallback(async || ApiError::not_found("such control"))
        .layer(from_fn_with_state(server, refuse_foreign_pages))
}

/// Refuses pages of a browser whose origin is not allowed. A browser sends their simple requests
/// without a preflight, and a stranger's page should not reset a test.
async fn refuse_foreign_pages(State(server): Shared, request: Request, next: Next) -> Response {
    let origin = request.headers().get(header::ORIGIN);
    match origin.map(|origin| origin.to_str().unwrap_or_default()) {
        Some(origin) if !server.allows(origin) => ApiError::foreign_origin(origin).into_response(),
        _ => next.run(request).await,
    }
}

async fn overview(State(server): Shared) -> Json<Value> {
    let service = &server.service;
    let now = service.clock.now();
    let state = service.state();
    let counts: BTreeMap<&str, usize> = Call::ALL
        .iter()
        .map(|call| (call.as_str(), state.log.count(*call)))
        .collect();
    let mut models: Vec<&String> = service.settings.models.keys().collect();
    models.sort_unstable();
    Json(json!({
        "version": env!("CARGO_PKG_VERSION"),
        "now_seconds": now.as_secs_f64(),
        "date": service.clock.date(now),
        "models": models,
        "jobs": state.ledger.len(),
        "calls": counts,
        "faults": state.faults.active(now),
    }))
}

async fn advance(State(server): Shared, body: String) -> Result<Json<Value>, ApiError> {
    let body = parse(&body)?;
    let mut members = members(&body)?;
    let time = members.seconds("seconds").map_err(invalid)?;
    let time = time.ok_or_else(|| invalid(members.missing("seconds")))?;
    members.reject_unknown().map_err(invalid)?;
    let clock = &server.service.clock;
    clock.advance(time);
    Ok(Json(json!({ "now_seconds": clock.now().as_secs_f64() })))
}

async fn ledger(State(server): Shared) -> Json<Value> {
    let now = server.service.clock.now();
    let mut state = server.service.state();
    let entries = state.entries(now);
    let cost: u64 = entries.iter().map(|(_, job, phase)| job.cost(*phase)).sum();
    let jobs: Vec<Value> = entries
        .iter()
        .map(|(entry, job, phase)| entry_json(entry, job, *phase))
        .collect();
    Json(json!({ "jobs": jobs, "cost_usd": usd(cost) }))
}

fn entry_json(entry: &Entry, job: &Job, phase: Phase) -> Value {
    let headers: Map<String, Value> = entry
        .headers
        .iter()
        .map(|(name, value)| (name.clone(), value.as_str().into()))
        .collect();
    let status = match (phase, &job.outcome) {
        (Phase::Finished { .. }, Ok(_)) => "succeeded",
        (Phase::Finished { .. }, Err(_)) => "failed",
        _ => job::status(phase),
    };
    json!({
        "request_id": entry.request_id,
        "model_id": entry.model_id,
        "at_seconds": entry.at.as_secs_f64(),
        "status": status,
        "cost_usd": usd(job.cost(phase)),
        "idempotency_key": entry.idempotency_key(),
        "input": entry.input,
        "headers": headers,
    })
}

async fn requests(State(server): Shared) -> Json<Value> {
    let requests = server.service.state().log.requests();
    let requests: Vec<Value> = requests.iter().map(received_json).collect();
    Json(json!({ "requests": requests }))
}

fn received_json(received: &Received) -> Value {
    json!({
        "method": received.method,
        "path": received.path,
        "call": received.call.map(Call::as_str),
        "at_seconds": received.at.as_secs_f64(),
        "authorized": received.authorized,
    })
}

async fn active_faults(State(server): Shared) -> Json<Value> {
    faults_json(&server)
}

/// Adds the faults of a list, in the form of a file of faults, or none if one of them has a mistake.
async fn add_faults(State(server): Shared, body: String) -> Result<Json<Value>, ApiError> {
    let faults = fault_file::parse(&body).map_err(invalid)?;
    {
        let now = server.service.clock.now();
        let mut state = server.service.state();
        for fault in faults {
            state.faults.add(fault, now);
        }
    }
    Ok(faults_json(&server))
}

async fn clear_faults(State(server): Shared) -> Json<Value> {
    server.service.state().faults.clear();
    faults_json(&server)
}

fn faults_json(server: &Server) -> Json<Value> {
    let now = server.service.clock.now();
    Json(json!({ "faults": server.service.state().faults.active(now) }))
}

async fn expire(State(server): Shared, body: String) -> Result<Json<Value>, ApiError> {
    let body = parse(&body)?;
    let mut members = members(&body)?;
    let id = members.required("request_id").map_err(invalid)?.as_str();
    let id = id.ok_or_else(|| invalid("the body.request_id: expected a string"))?;
    members.reject_unknown().map_err(invalid)?;
    let known = server.service.expire(id);
    if known {
        Ok(Json(json!({ "request_id": id })))
    } else {
        Err(ApiError::unknown_request(id))
    }
}

async fn reset(State(server): Shared) -> Json<Value> {
    server.service.reset();
    Json(json!({ "now_seconds": Duration::ZERO.as_secs_f64() }))
}

fn parse(body: &str) -> Result<Value, ApiError> {
    let json = serde_json::from_str(body);
    json.map_err(|error| ApiError::invalid_control(format!("the body is not JSON: {error}")))
}

fn members(body: &Value) -> Result<Members<'_>, ApiError> {
    Members::new("the body", body).map_err(invalid)
}

fn invalid(why: impl Into<String>) -> ApiError {
    ApiError::invalid_control(why)
}
