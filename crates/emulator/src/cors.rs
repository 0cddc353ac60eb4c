//! CORS: pages of a browser that may call the emulator.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::server::Server;

/// Stands for every origin.
const ANY: &str = "*";

/// Methods of the API and of the control endpoint.
const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, DELETE");

impl Server {
    /// Returns `true` if pages of this origin may call the emulator.
    pub(crate) fn allows(&self, origin: &str) -> bool {
        let origins = &self.service.settings.origins;
        origins
            .iter()
            .any(|allowed| allowed == ANY || allowed == origin)
    }
}

/// Answers preflights, and lets an allowed origin read each response, also a scripted one.
pub(crate) async fn apply(
    State(server): State<Arc<Server>>,
    request: Request,
    next: Next,
) -> Response {
    let origin = request.headers().get(header::ORIGIN).cloned();
    let allowed = |origin: &HeaderValue| origin.to_str().is_ok_and(|origin| server.allows(origin));
    let Some(origin) = origin.filter(allowed) else {
        return next.run(request).await;
    };
    let mut response = match preflight(&request) {
        Some(response) => response,
        None => next.run(request).await,
    };
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    let all = HeaderValue::from_static(ANY);
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, all);
    response
}

/// Returns the response to a preflight: it allows every header that the page wants to send.
fn preflight(request: &Request) -> Option<Response> {
    let headers = request.headers();
    let is_preflight = *request.method() == Method::OPTIONS
        && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    is_preflight.then(|| {
        let mut allowed = HeaderMap::new();
        allowed.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
        if let Some(wanted) = headers.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
            allowed.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, wanted.clone());
        }
        // A page of the public web asks for this before it calls a machine of the local network.
        let private = HeaderName::from_static("access-control-request-private-network");
        if headers.contains_key(private) {
            let name = HeaderName::from_static("access-control-allow-private-network");
            allowed.insert(name, HeaderValue::from_static("true"));
        }
        (StatusCode::NO_CONTENT, allowed).into_response()
    })
}
