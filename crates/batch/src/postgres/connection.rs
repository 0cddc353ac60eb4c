//! The connection of a store.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::timeout;
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::{Client, NoTls, Row, Socket};
use tracing::debug;

use super::failure::Failure;
#[cfg(any(feature = "rustls", feature = "native-tls"))]
use super::tls::connector;
use super::url::PostgresUrl;
use super::value::Parameter;

/// Time after which a call is given up. The server may make its transition nevertheless.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);

/// One connection, made again by the next call after it was lost.
#[derive(Debug)]
pub(super) struct Connection {
    url: PostgresUrl,
    client: Mutex<Option<Arc<Client>>>,
}

impl Connection {
    pub(super) async fn open(url: PostgresUrl) -> Result<Self, Failure> {
        let connection = Self {
            url,
            client: Mutex::new(None),
        };
        connection.client().await?;
        Ok(connection)
    }

    /// Returns the name of the schema.
    pub(super) fn schema(&self) -> &str {
        self.url.batch()
    }

    /// Calls a function of the schema: one statement, and one commit.
    pub(super) async fn call(
        &self,
        function: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<Vec<Row>, Failure> {
        let numbers: Vec<_> = (1..=parameters.len()).map(|n| format!("${n}")).collect();
        let (schema, list) = (self.schema(), numbers.join(", "));
        let sql = format!("SELECT * FROM {schema}.{function}({list})");
        self.query(&sql, parameters).await
    }

    /// Runs a statement.
    pub(super) async fn query(
        &self,
        sql: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<Vec<Row>, Failure> {
        let client = self.client().await?;
        // The rows are complete only with the message that follows the commit.
        match timeout(CALL_TIMEOUT, client.query_typed(sql, parameters)).await {
            Ok(rows) => Ok(rows?),
            Err(_) => {
                self.forget(&client).await;
                Err(Failure::Timeout)
            }
        }
    }

    /// Returns the connection, or a new one where it was lost.
    pub(super) async fn client(&self) -> Result<Arc<Client>, Failure> {
        let mut slot = self.client.lock().await;
        if let Some(client) = slot.as_ref().filter(|client| !client.is_closed()) {
            return Ok(Arc::clone(client));
        }
        let client = Arc::new(self.connect().await?);
        *slot = Some(Arc::clone(&client));
        Ok(client)
    }

    /// Connects. The task ends with the last clone of the client.
    pub(super) async fn connect(&self) -> Result<Client, Failure> {
        #[cfg(any(feature = "rustls", feature = "native-tls"))]
        if self.url.may_use_tls() {
            let tls = connector(self.url.root_certificates()).map_err(Failure::Tls)?;
            return self.connect_with(tls).await;
        }
        self.connect_with(NoTls).await
    }

    async fn connect_with<T>(&self, tls: T) -> Result<Client, Failure>
    where
        T: MakeTlsConnect<Socket>,
        T::Stream: Send + 'static,
        T::TlsConnect: Send,
        <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
    {
        let connected = timeout(CALL_TIMEOUT, self.url.config.connect(tls)).await;
        let (client, connection) = connected.map_err(|_| Failure::Timeout)??;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                debug!(%error, "the connection to Postgres has ended");
            }
        });
        Ok(client)
    }

    async fn forget(&self, client: &Arc<Client>) {
        let mut slot = self.client.lock().await;
        if slot
            .as_ref()
            .is_some_and(|current| Arc::ptr_eq(current, client))
        {
            *slot = None;
        }
    }
}
