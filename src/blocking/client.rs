//! The blocking client.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::{Stream, StreamExt};
use serde::de::DeserializeOwned;

use super::job::Job;
use super::runtime::Runtime;
use crate::catalogue::Catalogue;
use crate::catalogue::CatalogueEntry;
use crate::download::Download;
use crate::error::Error;
use crate::job::request_id::RequestId;
use crate::job::run::Run;
use crate::job::submit::Submit;
use crate::model::Model;
use crate::output::Output;
use runcomfy_schema::Json;
use runcomfy_schema::ModelSchema;
use runcomfy_schema::Violations;

/// A client that blocks; cheap to clone. See the [module](super) for when its calls panic.
///
/// Methods that end in `_with` take a closure that sets options of the async call.
#[derive(Clone, Debug)]
pub struct Client {
    client: crate::client::Client,
    runtime: Arc<Runtime>,
}

impl Client {
    /// Blocks with this client, as [`Client::builder`](crate::client::Client::builder) makes it. The two
    /// share limits and connections; use the async one through [`block_on`](Self::block_on) alone,
    /// since a connection lives in the runtime in which it was made.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`](crate::error::ErrorKind::Configuration) when the system gives no
    /// thread.
    pub fn new(client: crate::client::Client) -> Result<Self, Error> {
        let runtime = Arc::new(Runtime::start(&client)?);
        Ok(Self { client, runtime })
    }

    /// A client by [`Client::from_env`](crate::client::Client::from_env).
    ///
    /// # Errors
    /// As there, and as [`new`](Self::new).
    pub fn from_env() -> Result<Self, Error> {
        Self::new(crate::client::Client::from_env()?)
    }

    /// The async client, to make calls for [`block_on`](Self::block_on) and
    /// [`iterate`](Self::iterate) of.
    #[must_use]
    pub fn as_async(&self) -> &crate::client::Client {
        &self.client
    }

    /// Makes any call of the async client, or any other future.
    ///
    /// ```no_run
    /// # fn example<M: runcomfy::Model>(client: runcomfy::blocking::Client, input: M) {
    /// let outcome = client.block_on(client.as_async().submit(&input).outcome());
    /// # }
    /// ```
    pub fn block_on<F: IntoFuture>(&self, call: F) -> F::Output {
        // Inside, since some futures look for the runtime when they are made.
        self.runtime.block_on(async { call.into_future().await })
    }

    /// Takes the items of any stream of the async client, each when it is asked for.
    ///
    /// ```no_run
    /// # fn example<M: runcomfy::Model<Output = runcomfy::Output> + 'static>(client: runcomfy::blocking::Client, inputs: Vec<M>) {
    /// for finished in client.iterate(client.as_async().run_many(inputs).concurrency(20)) {
    ///     println!("{}: {:?}", finished.number, finished.result);
    /// }
    /// # }
    /// ```
    pub fn iterate<S: Stream>(&self, stream: S) -> impl Iterator<Item = S::Item> {
        let mut stream = Box::pin(stream);
        let client = self.clone();
        std::iter::from_fn(move || client.block_on(stream.next()))
    }

    /// Blocks with a job of the async client.
    #[must_use]
    pub fn with_job<O>(&self, job: crate::job::Job<O>) -> Job<O> {
        Job::new(self.clone(), job)
    }

    /// As [`Client::submit`](crate::client::Client::submit). This may cost money.
    ///
    /// # Errors
    /// As there.
    pub fn submit<M: Model>(&self, input: &M) -> Result<Job<M::Output>, Error> {
        self.submit_with(input, |submit| submit)
    }

    /// As [`submit`](Self::submit), with options.
    ///
    /// # Errors
    /// As there.
    pub fn submit_with<'a, M: Model>(
        &'a self,
        input: &'a M,
        set: impl FnOnce(Submit<'a, M::Output>) -> Submit<'a, M::Output>,
    ) -> Result<Job<M::Output>, Error> {
        let job = self.block_on(set(self.client.submit(input)))?;
        Ok(self.with_job(job))
    }

    /// As [`Client::submit_json`](crate::client::Client::submit_json). This may cost money.
    ///
    /// # Errors
    /// As there.
    pub fn submit_json(&self, model_id: &str, input: &Json) -> Result<Job<Output>, Error> {
        self.submit_json_with(model_id, input, |submit| submit)
    }

    /// As [`submit_json`](Self::submit_json), with options.
    ///
    /// # Errors
    /// As there.
    pub fn submit_json_with<'a>(
        &'a self,
        model_id: &'a str,
        input: &'a Json,
        set: impl FnOnce(Submit<'a, Output>) -> Submit<'a, Output>,
    ) -> Result<Job<Output>, Error> {
        let job = self.block_on(set(self.client.submit_json(model_id, input)))?;
        Ok(self.with_job(job))
    }

    /// As [`Client::run`](crate::client::Client::run). This may cost money.
    ///
    /// # Errors
    /// As there.
    pub fn run<M: Model>(&self, input: &M) -> Result<M::Output, Error>
    where
        M::Output: DeserializeOwned + Send + 'static,
    {
        self.run_with(input, |run| run)
    }

    /// As [`run`](Self::run), with options.
    ///
    /// # Errors
    /// As there.
    pub fn run_with<'a, M: Model>(
        &'a self,
        input: &'a M,
        set: impl FnOnce(Run<'a, M::Output>) -> Run<'a, M::Output>,
    ) -> Result<M::Output, Error>
    where
        M::Output: DeserializeOwned + Send + 'static,
    {
        self.block_on(set(self.client.run(input)))
    }

    /// As [`Client::job`](crate::client::Client::job).
    #[must_use]
    pub fn job<M: Model>(&self, request_id: RequestId) -> Job<M::Output> {
        self.with_job(self.client.job::<M>(request_id))
    }

    /// As [`Client::json_job`](crate::client::Client::json_job).
    #[must_use]
    pub fn json_job(&self, request_id: RequestId) -> Job<Output> {
        self.with_job(self.client.json_job(request_id))
    }

    /// The [catalogue](crate::client::Client::catalogue) of models, as far as the closure wants it.
    ///
    /// # Errors
    /// As [`Catalogue::entries`].
    pub fn catalogue<'a>(
        &'a self,
        set: impl FnOnce(Catalogue<'a>) -> Catalogue<'a>,
    ) -> Result<Vec<CatalogueEntry>, Error> {
        self.block_on(set(self.client.catalogue()).entries())
    }

    /// As [`Client::check_media`](crate::client::Client::check_media).
    ///
    /// # Errors
    /// As there.
    pub fn check_media(&self, schema: &ModelSchema, input: &Json) -> Result<Violations, Error> {
        self.block_on(self.client.check_media(schema, input))
    }

    /// As [`Client::download`](crate::client::Client::download).
    ///
    /// # Errors
    /// As there.
    pub fn download(&self, url: &str, folder: &Path) -> Result<PathBuf, Error> {
        self.download_with(url, folder, |download| download)
    }

    /// As [`download`](Self::download), with options.
    ///
    /// # Errors
    /// As there.
    pub fn download_with<'a>(
        &'a self,
        url: &'a str,
        folder: &'a Path,
        set: impl FnOnce(Download<'a>) -> Download<'a>,
    ) -> Result<PathBuf, Error> {
        self.block_on(set(self.client.download(url, folder)))
    }
}
