//! The server.

use std::fmt;
use std::sync::Arc;

use rmcp::ServiceExt;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::handler::Handler;
use crate::serve_error::ServeError;
use crate::shared::{LocalFiles, Shared};

/// Serves the tools over a store: a face of it, as `runcomfy batch` is another.
///
/// Jobs are submitted, waited for and saved in tasks of this process, whether a client listens or not. Its
/// clones serve the same store.
#[derive(Clone)]
pub struct Server(Arc<Shared>);

impl Server {
    pub(crate) fn new(shared: Shared) -> Self {
        Self(Arc::new(shared))
    }

    /// Serves one client over standard input and output, until it closes them.
    ///
    /// # Errors
    /// As [`serve`](Self::serve).
    pub async fn serve_stdio(&self) -> Result<(), ServeError> {
        self.serve(tokio::io::stdin(), tokio::io::stdout()).await
    }

    /// Serves one client over a pair of streams, with one JSON-RPC message on each line, until it closes
    /// them.
    ///
    /// # Errors
    /// - [`ServeErrorKind::UnknownModel`](crate::ServeErrorKind::UnknownModel): a pattern of
    ///   [`typed`](crate::ServerBuilder::typed) matches no model.
    /// - [`ServeErrorKind::Protocol`](crate::ServeErrorKind::Protocol): what the client sends first is not of
    ///   the protocol.
    pub async fn serve(
        &self,
        input: impl AsyncRead + Send + Unpin + 'static,
        output: impl AsyncWrite + Send + Unpin + 'static,
    ) -> Result<(), ServeError> {
        let handler = self.handler(LocalFiles::Read).await?;
        let service = handler.serve((input, output)).await;
        let service = service.map_err(|error| ServeError::protocol(&error))?;
        let ended = service.waiting().await;
        ended.map_err(|error| ServeError::protocol(&error))?;
        Ok(())
    }

    /// Starts the engine, and returns what serves clients.
    pub(crate) async fn handler(&self, local_files: LocalFiles) -> Result<Handler, ServeError> {
        let handler = Handler::new(Arc::clone(&self.0), local_files).await?;
        // Jobs of an earlier process are adopted, if no other one holds the store.
        let _ = self.0.engine.hold().await;
        Ok(handler)
    }

    /// Stops submitting, and waits for the submits in flight. Jobs that run keep running at the service, and
    /// the next server of the store waits for them and saves them.
    pub async fn close(&self) {
        self.0.engine.close().await;
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("store", &self.0.store)
            .finish_non_exhaustive()
    }
}
