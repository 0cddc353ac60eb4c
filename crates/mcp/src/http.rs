//! The tools over streamable HTTP, on this machine alone.

use std::io;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};
use tokio::net::TcpListener;

use crate::server::Server;

/// Path of the tools.
const PATH: &str = "/mcp";

/// Minimum length of a token.
const MIN_TOKEN: usize = 16;

impl Server {
    /// Serves any number of clients over streamable HTTP, at the path `/mcp`, until it is dropped. Each request
    /// needs the header `Authorization: Bearer TOKEN`. Pages of browsers and other host names are refused.
    ///
    /// # Errors
    /// - [`io::ErrorKind::InvalidInput`]: the listener can be reached from other machines, or the token has
    ///   fewer than 16 characters.
    /// - The listener fails.
    pub async fn serve_http(&self, listener: TcpListener, token: &str) -> io::Result<()> {
        let invalid = |message| io::Error::new(io::ErrorKind::InvalidInput, message);
        let address = listener.local_addr()?;
        if !address.ip().is_loopback() {
            return Err(invalid(format!(
                "{address} can be reached from other machines, which could spend money; use 127.0.0.1 or [::1]"
            )));
        }
        if token.len() < MIN_TOKEN {
            return Err(invalid(format!(
                "the token has {} characters, expected at least {MIN_TOKEN}",
                token.len()
            )));
        }
        let handler = self.handler().await;
        let sessions = Arc::new(LocalSessionManager::default());
        let config = StreamableHttpServerConfig::default().enforce_origin_validation();
        let service = StreamableHttpService::new(move || Ok(handler.clone()), sessions, config);
        let token: Arc<str> = token.into();
        let router = Router::new()
            .route_service(PATH, service)
            .layer(from_fn_with_state(token, require_token));
        axum::serve(listener, router).await
    }
}

/// Refuses a request without the token: any program of this machine can connect, also of other users.
async fn require_token(State(token): State<Arc<str>>, request: Request, next: Next) -> Response {
    let given = request.headers().get(header::AUTHORIZATION);
    let given = given
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let given = given.strip_prefix("Bearer ").unwrap_or_default();
    if is_same(given.as_bytes(), token.as_bytes()) {
        return next.run(request).await;
    }
    let challenge = [(header::WWW_AUTHENTICATE, "Bearer")];
    let message =
        "expected the header `Authorization: Bearer TOKEN` with the token of this server\n";
    (StatusCode::UNAUTHORIZED, challenge, message).into_response()
}

/// Compares in a time that does not depend on where they differ.
fn is_same(given: &[u8], token: &[u8]) -> bool {
    let differences = given.iter().zip(token).fold(0, |sum, (a, b)| sum | (a ^ b));
    given.len() == token.len() && differences == 0
}
