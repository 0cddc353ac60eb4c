//! An emulator, a store, and servers of it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use runcomfy::{Client, RetryPolicy};
use runcomfy_batch::{Limits, Money, SqliteStore, Store};
use runcomfy_emulator::{Builder, Emulator};
use runcomfy_mcp::{Server, ServerBuilder};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::client::{Agent, Generation};

/// Model of the jobs.
pub(crate) const MODEL: &str = "bytedance/dreamina-4-0/text-to-image";

/// Model with media in its input.
#[cfg(feature = "http")]
pub(crate) const EDIT: &str = "bytedance/dreamina-4-0/edit";

/// Price of a job, which `price` says too.
pub(crate) const PRICE: f64 = 0.04;

/// An emulator, and a folder for files and the store.
pub(crate) struct World {
    pub(crate) emulator: Emulator,
    pub(crate) folder: TempDir,
}

/// Returns a builder of an emulator that runs jobs at once.
pub(crate) fn emulator() -> Builder {
    Emulator::builder().built_in_models().slots(100)
}

/// Opens the store in a folder.
pub(crate) fn sqlite(folder: &Path) -> Arc<dyn Store> {
    Arc::new(SqliteStore::open(folder.join("agents.batch.db")).unwrap())
}

impl World {
    pub(crate) async fn new(builder: Builder) -> Self {
        Self {
            emulator: builder.start().await.unwrap(),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// Returns a builder of a server over a store.
    pub(crate) fn server(&self, store: Arc<dyn Store>) -> ServerBuilder {
        let backoff = Duration::from_millis(1);
        let retry = RetryPolicy::new()
            .initial_backoff(backoff)
            .max_backoff(backoff);
        let client = Client::builder()
            .token("t")
            .base_url(self.emulator.base_url())
            .retry(retry)
            .include_cost(true)
            .build()
            .unwrap();
        let models = runcomfy_models::ALL.iter().map(|model| (***model).clone());
        Server::builder(client, store, self.folder.path().join("out"))
            .models(models)
            .poll_every(Duration::from_millis(50))
    }

    /// Starts a server with a budget, and an agent that can ask nobody.
    pub(crate) async fn agent(&self, budget: f64) -> (Server, Agent) {
        let store = sqlite(self.folder.path());
        let limits = Limits::none().budget(Money::from_usd(budget).unwrap());
        store.set_limits(limits).await.unwrap();
        let server = self.server(store).build();
        let agent = Agent::connect(&server, Generation::Initialize, json!({})).await;
        (server, agent)
    }

    /// Returns the number of jobs that the service has.
    pub(crate) fn paid(&self) -> usize {
        self.emulator.ledger().len()
    }
}

/// Returns the arguments of a submit, with the cost confirmed.
pub(crate) fn boat(key: &str) -> Value {
    json!({
        "model": MODEL,
        "input": { "prompt": "A boat in the fog" },
        "key": key,
        "confirmed_cost": PRICE,
    })
}
