//! The builder of a server.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use runcomfy::Client;
use runcomfy::schema::{Json, ModelSchema};
use runcomfy_batch::{Money, Store};

use crate::engine::Engine;
use crate::models::Models;
use crate::server::Server;
use crate::settings::{Attached, Settings};
use crate::shared::Shared;

/// Builds a [`Server`].
#[must_use]
pub struct ServerBuilder {
    client: Client,
    store: Arc<dyn Store>,
    pub(crate) settings: Settings,
    built_in: Vec<ModelSchema>,
}

impl Server {
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
}

impl ServerBuilder {
    fn new(client: Client, store: Arc<dyn Store>, folder: PathBuf) -> Self {
        Self {
            client,
            store,
            settings: Settings {
                folder,
                process: format!("process {}", std::process::id()),
                spill: None,
                concurrency: 32,
                price_per_job: None,
                asks: true,
                typed: Vec::new(),
                commands: String::new(),
                poll_every: None,
                attach: None,
                emulated: false,
            },
            built_in: Vec::new(),
        }
    }

    /// Adds models whose schemas are known. Those of others come from the catalogue.
    pub fn models(mut self, models: impl IntoIterator<Item = ModelSchema>) -> Self {
        self.built_in.extend(models);
        self
    }

    /// Adds a tool for each model whose id matches the pattern, with the schema of its input: `*` matches any
    /// part of a segment, `**` anything, `?` one character
    /// ([`matches_glob`](runcomfy::schema::matches_glob)).
    pub fn typed(mut self, pattern: impl Into<String>) -> Self {
        self.settings.typed.push(pattern.into());
        self
    }

    /// Sets the name of this process in messages to others. Default: `process` and its number.
    pub fn process(mut self, name: impl Into<String>) -> Self {
        self.settings.process = name.into();
        self
    }

    /// Sets the file that takes ids while the store cannot be written. Default: none.
    pub fn spill(mut self, file: impl Into<PathBuf>) -> Self {
        self.settings.spill = Some(file.into());
        self
    }

    /// Sets the maximum number of jobs between their submit and their end. Default: 32.
    pub fn concurrency(mut self, jobs: usize) -> Self {
        self.settings.concurrency = jobs;
        self
    }

    /// Sets the estimated cost of a job of a model whose price is unknown. Default: none; such jobs are
    /// refused.
    pub fn price_per_job(mut self, price: Money) -> Self {
        self.settings.price_per_job = Some(price);
        self
    }

    /// Sets whether a person is asked before a job is paid, where the program that uses the tools can ask.
    /// Otherwise, and elsewhere, the model confirms the cost. Default: `true`.
    pub fn ask(mut self, ask: bool) -> Self {
        self.settings.asks = ask;
        self
    }

    /// Sets the arguments by which `runcomfy batch` finds the store, for messages to people.
    pub fn store_arguments(mut self, arguments: impl Into<String>) -> Self {
        self.settings.commands = arguments.into();
        self
    }

    /// Polls jobs at even intervals. Default: a growing interval.
    pub fn poll_every(mut self, interval: Duration) -> Self {
        self.settings.poll_every = Some(interval);
        self
    }

    /// Sets what replaces the local files that an input names, such as by `data:` URIs. It runs when an
    /// input is checked, and again right before its submit, so that the store keeps no files. Default:
    /// media are URLs, as they always are for clients over HTTP.
    pub fn attach(
        mut self,
        attach: impl Fn(Arc<ModelSchema>, Json) -> Attached + Send + Sync + 'static,
    ) -> Self {
        self.settings.attach = Some(Arc::new(attach));
        self
    }

    /// Sets that the service is an emulator which ends with the process, as
    /// [`Batch::emulated`](runcomfy_batch::Batch::emulated) does.
    pub fn emulated(mut self) -> Self {
        self.settings.emulated = true;
        self
    }

    /// Builds the server. Nothing is sent and no store is held before it serves.
    #[must_use]
    pub fn build(self) -> Server {
        let settings = Arc::new(self.settings);
        let built_in = self.built_in.into_iter().map(Arc::new).collect();
        let models = Arc::new(Models::new(
            self.client.clone(),
            built_in,
            settings.price_per_job,
        ));
        let engine = Engine::new(
            self.client.clone(),
            Arc::clone(&self.store),
            Arc::clone(&settings),
            Arc::clone(&models),
        );
        Server::new(Shared::new(
            self.client,
            self.store,
            settings,
            models,
            engine,
        ))
    }
}

impl fmt::Debug for ServerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerBuilder")
            .field("store", &self.store)
            .field("folder", &self.settings.folder)
            .finish_non_exhaustive()
    }
}
