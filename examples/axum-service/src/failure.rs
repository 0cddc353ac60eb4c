//! Errors as HTTP responses.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use runcomfy::{Error, ErrorKind, InvalidRequestId, Violations};
use serde_json::json;

/// A failure of a request to this service.
pub(crate) enum Failure {
    /// The client failed.
    Client(Error),
    /// The body is no input of the model.
    Input(Violations),
    /// The path holds no request id.
    RequestId(InvalidRequestId),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Client(error)
    }
}

impl From<Violations> for Failure {
    fn from(violations: Violations) -> Self {
        Self::Input(violations)
    }
}

impl From<InvalidRequestId> for Failure {
    fn from(error: InvalidRequestId) -> Self {
        Self::RequestId(error)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let (status, body) = match self {
            Self::RequestId(error) => (
                StatusCode::NOT_FOUND,
                json!({ "message": error.to_string() }),
            ),
            Self::Input(violations) => (
                StatusCode::UNPROCESSABLE_ENTITY,
                json!({
                    "message": "the input is invalid; nothing was submitted",
                    "violations": violations,
                    "may_have_been_submitted": false,
                }),
            ),
            Self::Client(error) => {
                let body = json!({
                    "message": error.to_string(),
                    "violations": error.violations(),
                    // A browser that sends the request again could pay twice.
                    "may_have_been_submitted": error.may_have_been_submitted(),
                });
                (status(&error), body)
            }
        };
        (status, Json(body)).into_response()
    }
}

fn status(error: &Error) -> StatusCode {
    match error.kind() {
        ErrorKind::InvalidInput | ErrorKind::BadRequest => StatusCode::UNPROCESSABLE_ENTITY,
        ErrorKind::NotFound => StatusCode::NOT_FOUND,
        ErrorKind::Throttled | ErrorKind::Unavailable | ErrorKind::NotSent => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        _ => StatusCode::BAD_GATEWAY,
    }
}
