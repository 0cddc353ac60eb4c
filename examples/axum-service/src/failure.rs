//! Errors as HTTP responses.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use runcomfy::{Error, ErrorKind, InvalidRequestId};
use serde_json::json;

/// A failure of a request to this service.
pub(crate) enum Failure {
    /// The client failed.
    Client(Error),
    /// The path holds no request id.
    RequestId(InvalidRequestId),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Client(error)
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
            Self::Client(error) => {
                let violations = error.violations().iter().map(ToString::to_string);
                let body = json!({
                    "message": error.to_string(),
                    "violations": violations.collect::<Vec<_>>(),
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
