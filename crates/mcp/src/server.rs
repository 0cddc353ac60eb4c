//! The server.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use rmcp::ServiceExt;
use runcomfy::Client;
use runcomfy_batch::Store;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Mutex;

use crate::builder::{ServerBuilder, Settings};
use crate::engine::Engine;
use crate::handler::Handler;
use crate::models::Models;
use crate::serve_error::ServeError;

/// Serves the tools over a store: a face of it, as `runcomfy batch` is another.
///
/// Jobs are submitted, waited for and saved in tasks of this process, whether a client listens or not. Its
/// clones serve the same store.
#[derive(Clone)]
pub struct Server(Arc<Shared>);

/// Access of a client's inputs to the files of this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LocalFiles {
    /// Media may be local files: the client has started this process, and can read them itself.
    Read,
    /// Media are URLs: the client may be on another machine, behind a tunnel, or of another user.
    #[cfg_attr(
        not(feature = "http"),
        allow(dead_code, reason = "only HTTP is for strangers")
    )]
    Refuse,
}

/// Parts of the server that all calls share.
pub(crate) struct Shared {
    pub(crate) client: Client,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) settings: Arc<Settings>,
    pub(crate) models: Arc<Models>,
    pub(crate) engine: Engine,
    /// Makes the check of budget and keys and the import one step.
    pub(crate) admission: Mutex<()>,
}

impl Shared {
    pub(crate) fn new(
        client: Client,
        store: Arc<dyn Store>,
        settings: Arc<Settings>,
        models: Arc<Models>,
        engine: Engine,
    ) -> Self {
        Self {
            client,
            store,
            settings,
            models,
            engine,
            admission: Mutex::default(),
        }
    }
}

impl Server {
    pub(crate) fn new(shared: Shared) -> Self {
        Self(Arc::new(shared))
    }

    /// Returns a builder of a server of a store, which saves files in `folder`.
    ///
    /// Build the client with [`include_cost`](runcomfy::ClientBuilder::include_cost), so that jobs settle at
    /// the cost that the service reports.
    pub fn builder(
        client: Client,
        store: Arc<dyn Store>,
        folder: impl Into<PathBuf>,
    ) -> ServerBuilder {
        ServerBuilder::new(client, store, folder.into())
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
    ///   [`typed`](ServerBuilder::typed) matches no model.
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
