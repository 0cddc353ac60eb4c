//! The tools over streamable HTTP, on this machine alone.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};
use tokio::net::TcpListener;

use crate::serve_error::{ServeError, ServeErrorKind};
use crate::server::Server;
use crate::shared::LocalFiles;

/// Path of the tools.
const PATH: &str = "/mcp";

/// Minimum length of a token.
const MIN_TOKEN: usize = 16;

/// A server that listens for clients over HTTP.
#[derive(Debug)]
pub struct Listening {
    listener: TcpListener,
    address: SocketAddr,
    router: Router,
}

impl Server {
    /// Listens for any number of clients over streamable HTTP, at the path `/mcp`. Port 0 is a free one. Each
    /// request needs the header `Authorization: Bearer TOKEN`. Pages of browsers and other host names are
    /// refused, and so are local files in inputs, since a client may be on another machine.
    ///
    /// # Errors
    /// Nothing listens then.
    /// - [`ServeErrorKind::Address`]: the address can be reached from other machines, or is in use.
    /// - [`ServeErrorKind::Token`]: the token has fewer than 16 characters.
    /// - [`ServeErrorKind::UnknownModel`]: a pattern of [`typed`](crate::ServerBuilder::typed) matches no
    ///   model.
    pub async fn listen(&self, address: SocketAddr, token: &str) -> Result<Listening, ServeError> {
        if !address.ip().is_loopback() {
            let message = format!(
                "{address} can be reached from other machines, which could spend money; use 127.0.0.1 or [::1]"
            );
            return Err(ServeError::new(ServeErrorKind::Address, message));
        }
        if token.len() < MIN_TOKEN {
            let message = format!(
                "the token has {} characters, expected at least {MIN_TOKEN}",
                token.len()
            );
            return Err(ServeError::new(ServeErrorKind::Token, message));
        }
        let unusable = |error: io::Error| {
            let message = format!("cannot listen on {address}: {error}");
            ServeError::new(ServeErrorKind::Address, message)
        };
        let listener = TcpListener::bind(address).await.map_err(unusable)?;
        let address = listener.local_addr().map_err(unusable)?;
        let handler = self.handler(LocalFiles::Refuse).await?;
        let sessions = Arc::new(LocalSessionManager::default());
        let config = StreamableHttpServerConfig::default().enforce_origin_validation();
        let service = StreamableHttpService::new(move || Ok(handler.clone()), sessions, config);
        let token: Arc<str> = token.into();
        let router = Router::new()
            .route_service(PATH, service)
            .layer(from_fn_with_state(token, require_token));
        Ok(Listening {
            listener,
            address,
            router,
        })
    }
}

impl Listening {
    /// Returns the URL of the tools.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}{PATH}", self.address)
    }

    /// Serves clients until the future is dropped.
    ///
    /// # Errors
    /// [`ServeErrorKind::Io`]: the listener failed.
    pub async fn serve(self) -> Result<(), ServeError> {
        let served = axum::serve(self.listener, self.router).await;
        served.map_err(|error| ServeError::new(ServeErrorKind::Io, error.to_string()))
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
