//! Logins of a command line: codes that a person would confirm in the browser.
//!
//! Nobody has to confirm anything here: the first poll gives a token that the emulator accepts.
//! Scripted replies and faults make a login pending, declined or slow.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use serde_json::{Value, json};

use crate::api_error::ApiError;
use crate::clock::Moment;
use crate::logins::EXPIRES_IN;
use crate::server::Server;

type Shared = State<Arc<Server>>;

/// Token of a login where the emulator accepts any.
const TOKEN: &str = "token-of-the-emulators-login";

pub(crate) async fn start(State(server): Shared, headers: HeaderMap) -> Json<Value> {
    let mut state = server.service.state();
    let device_code = state.request_ids.next();
    let now = server.service.clock.now();
    state.logins.start(device_code.clone(), now);
    Json(json!({
        "device_code": device_code,
        "user_code": "EMUL-ATED",
        "verify_url": format!("{}/cli-auth", server.origin(&headers)),
        "expires_in": EXPIRES_IN.as_secs(),
        "poll_interval": 1,
    }))
}

pub(crate) async fn poll(State(server): Shared, Json(body): Json<Value>) -> Json<Value> {
    let device_code = body["device_code"].as_str().unwrap_or_default();
    let now = server.service.clock.now();
    if !server.service.state().logins.end(device_code, now) {
        return Json(json!({ "status": "expired" }));
    }
    let tokens = &server.service.settings.tokens;
    let token = tokens.first().map_or(TOKEN, |token| token);
    Json(json!({ "status": "authorized", "access_token": token }))
}

pub(crate) async fn page() -> &'static str {
    "Nothing is to be confirmed here: the emulator gives every login a token.\n"
}

pub(crate) async fn user(
    State(server): Shared,
    headers: HeaderMap,
) -> Result<Json<Value>, ApiError> {
    server.token(&headers)?;
    Ok(Json(json!({
        "id": "00000000-0000-4000-8000-000000000001",
        "email": "you@emulator.example",
        "display_name": null,
        "username": null,
        "token_type": "cli",
        "token_created_at": server.service.clock.date(Moment::ZERO),
    })))
}
