//! The HTTP routes and handlers.

use std::sync::Arc;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::rejection::BytesRejection;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Extension, Path, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};

use serde_json::Value;

use crate::api_error::ApiError;
use crate::call::About;
use crate::connection::ConnectionHandle;
use crate::fault::Subject;
use crate::job::JobOverrides;
use crate::model_id::model_id;
use crate::server::Server;
use crate::service::Service;
use crate::{Call, Reply, account, catalogue, control, cors, file, login, request_line};

type Shared = State<Arc<Server>>;

/// Builds the router of all addresses.
pub(crate) fn router(server: Arc<Server>) -> Router {
    Router::new()
        .route("/v1/models", get(catalogue::list))
        .route(
            "/v1/models/categories",
            get(catalogue::categories).post(submit),
        )
        .route(
            "/v1/models/{*model_id}",
            get(catalogue::describe).post(submit),
        )
        .route("/v1/requests/{request_id}/status", get(status))
        .route("/v1/requests/{request_id}/result", get(result))
        .route("/v1/requests/{request_id}/cancel", post(cancel))
        .route("/prod/v2/balance", get(balance))
        .route("/api/cli-auth/start", post(login::start))
        .route("/api/cli-auth/poll", post(login::poll))
        .route("/api/auth/me", get(login::user))
        .route("/cli-auth", get(login::page))
        .route("/files/{request_id}/{name}", get(file::serve))
        .fallback(async || ApiError::not_found("such address"))
        .method_not_allowed_fallback(async |method: Method| {
            ApiError::method_not_allowed(method.as_str())
        })
        .layer(DefaultBodyLimit::max(runcomfy_media::MAX_REQUEST_BYTES))
        .layer(from_fn_with_state(Arc::clone(&server), intercept))
        // Not part of the API: no fault applies, and no request is counted.
        .nest(control::PREFIX, control::router(Arc::clone(&server)))
        .layer(from_fn_with_state(Arc::clone(&server), cors::apply))
        .layer(from_fn_with_state(Arc::clone(&server), request_line::write))
        .with_state(server)
}

/// Records every request, and sends its scripted reply if there is one.
async fn intercept(
    State(server): Shared,
    ConnectInfo(connection): ConnectInfo<ConnectionHandle>,
    request: Request,
    next: Next,
) -> Response {
    let service = &server.service;
    let call = Call::from_request(request.method(), request.uri().path());
    let needs_input = {
        let mut state = service.state();
        let now = service.clock.now();
        let (method, uri) = (request.method(), request.uri());
        state.log.record(now, call, method, uri, request.headers());
        call == Some(Call::Submit) && state.faults.depends_on_input(Call::Submit)
    };
    let (request, input) = if needs_input {
        match with_input(request).await {
            Ok(read) => read,
            Err(error) => return error.into_response(),
        }
    } else {
        (request, None)
    };
    let scripted =
        call.and_then(|call| scripted_reply(service, call, request.uri(), input.as_ref()));
    match scripted {
        Some(reply) => reply.play(&connection, request, next).await,
        None => next.run(request).await,
    }
}

/// Reads the input of a submit, and returns the request with its body still to be read.
async fn with_input(request: Request) -> Result<(Request, Option<Value>), ApiError> {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, runcomfy_media::MAX_REQUEST_BYTES).await;
    let body = body.map_err(|error| {
        ApiError::unreadable_body(StatusCode::PAYLOAD_TOO_LARGE, error.to_string())
    })?;
    let input = serde_json::from_slice(&body).ok();
    Ok((Request::from_parts(head, Body::from(body)), input))
}

/// Returns the reply that a script or a fault has for this call.
fn scripted_reply(
    service: &Service,
    call: Call,
    uri: &Uri,
    input: Option<&Value>,
) -> Option<Reply> {
    let (model_id, request_id) = match call.about() {
        About::Model => (model_id(uri).ok(), None),
        // The path begins with a slash.
        About::Job { segment } => (None, uri.path().split('/').nth(1 + segment)),
        About::Account => (None, None),
    };
    let submitted = Subject {
        model_id: model_id.as_deref(),
        input,
    };
    let now = service.clock.now();
    service.state().reply(call, submitted, request_id, now)
}

async fn submit(
    State(server): Shared,
    uri: Uri,
    headers: HeaderMap,
    overrides: Option<Extension<JobOverrides>>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, ApiError> {
    let token = server.token(&headers)?;
    let id = model_id(&uri)?;
    if !server.service.settings.models.contains_key(&id) {
        return Err(ApiError::unknown_model(&id));
    }
    let body = body.map_err(|e| ApiError::unreadable_body(e.status(), e.body_text()))?;
    let input = serde_json::from_slice(&body).map_err(|e| ApiError::not_json(&e.to_string()))?;
    let overrides = overrides.map_or_else(JobOverrides::default, |Extension(overrides)| overrides);
    let service = &server.service;
    let job = service
        .submit(token, &id, input, &headers, overrides)
        .await?;
    Ok(Json(job.submitted(&server.origin(&headers))).into_response())
}

async fn status(
    State(server): Shared,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let token = server.token(&headers)?;
    let (job, phase) = server.service.look_up(token, &id)?;
    Ok(Json(job.status(phase, &server.origin(&headers))).into_response())
}

async fn result(
    State(server): Shared,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let token = server.token(&headers)?;
    let (job, phase) = server.service.look_up(token, &id)?;
    let cost = uri
        .query()
        .is_some_and(|query| query.split('&').any(|q| q == "include_cost=true"));
    let body = job.result(phase, &server.service.clock, &server.origin(&headers), cost);
    Ok(Json(body).into_response())
}

async fn cancel(
    State(server): Shared,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let token = server.token(&headers)?;
    let (job, cancelled, phase) = server.service.cancel(token, &id)?;
    let body = job.cancel(cancelled, phase);
    Ok((StatusCode::ACCEPTED, Json(body)).into_response())
}

async fn balance(State(server): Shared, headers: HeaderMap) -> Result<Response, ApiError> {
    let token = server.token(&headers)?;
    Ok(Json(account::balance(server.service.balance(token))).into_response())
}

impl Server {
    /// Returns the token of a request, if the service accepts it.
    pub(crate) fn token<'a>(&self, headers: &'a HeaderMap) -> Result<&'a str, ApiError> {
        let value = headers.get(header::AUTHORIZATION);
        let Some(value) = value.and_then(|value| value.to_str().ok()) else {
            return Err(ApiError::unauthenticated(
                "The header `Authorization: Bearer <token>` is missing.",
            ));
        };
        let token = match value.trim().split_once(' ') {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
            _ => "",
        };
        if token.is_empty() {
            return Err(ApiError::unauthenticated(
                "The header must be `Authorization: Bearer <token>`.",
            ));
        }
        let tokens = &self.service.settings.tokens;
        if tokens.is_empty() || tokens.iter().any(|accepted| accepted == token) {
            return Ok(token);
        }
        Err(ApiError::unauthenticated(
            "The token is not valid, or it was revoked.",
        ))
    }

    /// Returns the origin that the client called, which differs from the address listened on behind
    /// a forwarded port.
    pub(crate) fn origin(&self, headers: &HeaderMap) -> String {
        let host = headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok());
        host.map_or_else(
            || format!("http://{}", self.address),
            |host| format!("http://{host}"),
        )
    }
}
