//! What the service answers when it does not do what was asked.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use runcomfy_schema::Violations;
use serde_json::{Value, json};

use crate::account::{Micros, usd};

/// An error reply: `{"error_code", "error_message", "detail"?}` and its HTTP status.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    code: u32,
    message: String,
    detail: Option<Value>,
}

impl Refusal {
    fn new(status: StatusCode, code: u32, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            detail: None,
        }
    }

    pub(crate) fn bad_token(message: &str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, 400_004, message)
    }

    /// Money for jobs under way is set aside, so the balance may show more than can be spent.
    pub(crate) fn no_balance(price: Micros) -> Self {
        let price = usd(price);
        let message = format!(
            "The balance does not suffice: this job costs {price} USD, and jobs under way are \
             counted as paid."
        );
        Self::new(StatusCode::PAYMENT_REQUIRED, 400_002, message)
    }

    pub(crate) fn unknown_model(id: &str) -> Self {
        let message = format!("There is no model `{id}`. Ids are case-sensitive.");
        Self::new(StatusCode::BAD_REQUEST, 400_001, message)
    }

    /// The documentation has no code for a body that is no JSON at all; this one is made up.
    pub(crate) fn not_json(why: &str) -> Self {
        let message = format!("The body is not JSON: {why}.");
        Self::new(StatusCode::BAD_REQUEST, 400_000, message)
    }

    /// The code is made up, since none is documented for an input that breaks its schema.
    pub(crate) fn invalid_input(violations: &Violations) -> Self {
        let message = format!("The input does not match the model's schema. {violations}");
        let mut refusal = Self::new(StatusCode::UNPROCESSABLE_ENTITY, 422_001, message);
        refusal.detail = Some(json!(violations));
        refusal
    }

    pub(crate) fn body_unreadable(status: StatusCode, why: String) -> Self {
        Self::new(status, 400_000, why)
    }

    pub(crate) fn foreign_job() -> Self {
        let message = "This request belongs to another account.";
        Self::new(StatusCode::FORBIDDEN, 403_001, message)
    }

    pub(crate) fn unknown_request(id: &str) -> Self {
        let message = format!("There is no request `{id}`, or it has expired.");
        Self::new(StatusCode::NOT_FOUND, 404_001, message)
    }

    pub(crate) fn no_such_thing(what: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            404_001,
            format!("There is no {what} here."),
        )
    }

    pub(crate) fn wrong_method(method: &str) -> Self {
        let message = format!("This address does not take {method}.");
        Self::new(StatusCode::METHOD_NOT_ALLOWED, 405_000, message)
    }

    pub(crate) fn broken(why: &str) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, 500_000, why)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut body = json!({ "error_code": self.code, "error_message": self.message });
        if let Some(detail) = self.detail {
            body["detail"] = detail;
        }
        (self.status, Json(body)).into_response()
    }
}
