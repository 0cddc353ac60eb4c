//! Error responses of the API.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use runcomfy_schema::Violations;
use serde_json::{Value, json};

use crate::account::{Micros, usd};

/// Describes an error response: `{"error_code", "error_message", "detail"?}` and its HTTP status.
#[derive(Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    code: u32,
    message: String,
    detail: Option<Value>,
}

impl ApiError {
    fn new(status: StatusCode, code: u32, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            detail: None,
        }
    }

    pub(crate) fn unauthenticated(message: &str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, 400_004, message)
    }

    /// Refuses a submit that the balance does not cover. The price of unfinished jobs is reserved,
    /// so the balance may show more than can be spent.
    pub(crate) fn insufficient_balance(price: Micros) -> Self {
        let price = usd(price);
        let message = format!(
            "The balance does not suffice: this job costs {price} USD, and the price of \
             unfinished jobs is reserved."
        );
        Self::new(StatusCode::PAYMENT_REQUIRED, 400_002, message)
    }

    pub(crate) fn unknown_model(id: &str) -> Self {
        let message = format!("There is no model `{id}`. Ids are case-sensitive.");
        Self::new(StatusCode::BAD_REQUEST, 400_001, message)
    }

    /// Refuses a body that is not JSON. No code is documented for that; this one is the emulator's
    /// own.
    pub(crate) fn not_json(why: &str) -> Self {
        let message = format!("The body is not JSON: {why}.");
        Self::new(StatusCode::BAD_REQUEST, 400_000, message)
    }

    /// Refuses an input that violates its schema. No code is documented for that; this one is the
    /// emulator's own.
    pub(crate) fn invalid_input(violations: &Violations) -> Self {
        let message = format!("The input does not match the model's schema. {violations}");
        let mut error = Self::new(StatusCode::UNPROCESSABLE_ENTITY, 422_001, message);
        error.detail = Some(json!(violations));
        error
    }

    pub(crate) fn unreadable_body(status: StatusCode, why: String) -> Self {
        Self::new(status, 400_000, why)
    }

    pub(crate) fn forbidden() -> Self {
        let message = "This request belongs to another account.";
        Self::new(StatusCode::FORBIDDEN, 403_001, message)
    }

    pub(crate) fn unknown_request(id: &str) -> Self {
        let message = format!("There is no request `{id}`, or it has expired.");
        Self::new(StatusCode::NOT_FOUND, 404_001, message)
    }

    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            404_001,
            format!("There is no {what} here."),
        )
    }

    /// Refuses a request to the control endpoint that is malformed.
    pub(crate) fn invalid_control(why: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, 400_000, why)
    }

    /// Refuses a page of a browser the control endpoint.
    pub(crate) fn foreign_origin(origin: &str) -> Self {
        let message = format!(
            "Pages of {origin} may not control the emulator. Start it with --cors {origin}."
        );
        Self::new(StatusCode::FORBIDDEN, 403_000, message)
    }

    pub(crate) fn method_not_allowed(method: &str) -> Self {
        let message = format!("This address does not take {method}.");
        Self::new(StatusCode::METHOD_NOT_ALLOWED, 405_000, message)
    }

    pub(crate) fn internal(why: &str) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, 500_000, why)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut body = json!({ "error_code": self.code, "error_message": self.message });
        if let Some(detail) = self.detail {
            body["detail"] = detail;
        }
        (self.status, Json(body)).into_response()
    }
}
