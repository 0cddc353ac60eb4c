//! Provides the blocking client.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{Stream, StreamExt};
use serde::de::DeserializeOwned;

use super::job::Job;
use super::runtime::Runtime;
use crate::catalogue::{Catalogue, CatalogueEntry};
use crate::download::{Download, Saved};
use crate::error::Error;
use crate::job::as_input::AsInput;
use crate::job::request_id::RequestId;
use crate::job::run::Run;
use crate::job::submit::Submit;
use crate::model::Model;
use crate::output::Output;
use runcomfy_schema::{Json, ModelSchema, Violations};

/// A client whose calls block. It is cheap to clone.
///
/// The [module](super) has an example, and says when calls panic.
///
/// When its last clone is dropped, its thread ends once no submit is in flight. The end of the process
/// does not wait for that; [`close`](Client::close) does.
///
/// Methods that end in `_with` take a closure that sets options of the async call.
#[derive(Clone, Debug)]
pub struct Client {
    client: crate::client::Client,
    runtime: Arc<Runtime>,
}

impl Client {
    /// Creates a blocking client from an async one.
    ///
    /// Both share limits and connections. Use the async client only through
    /// [`block_on`](Self::block_on), since a connection belongs to the runtime that made it.
    ///
    /// # Errors
    /// - [`ErrorKind::Configuration`](crate::error::ErrorKind::Configuration): the system cannot start
    ///   a thread.
    pub fn new(client: crate::client::Client) -> Result<Self, Error> {
        let runtime = Arc::new(Runtime::start(&client)?);
        Ok(Self { client, runtime })
    }

    /// Creates a client with the token of the environment, as
    /// [`Client::from_env`](crate::client::Client::from_env) does.
    ///
    /// # Errors
    /// - The errors of [`Client::from_env`](crate::client::Client::from_env).
    /// - The errors of [`new`](Self::new).
    pub fn from_env() -> Result<Self, Error> {
        Self::new(crate::client::Client::from_env()?)
    }

    /// Returns the async client, whose calls [`block_on`](Self::block_on) and
    /// [`iterate`](Self::iterate) run.
    #[must_use]
    pub fn as_async(&self) -> &crate::client::Client {
        &self.client
    }

    /// Blocks until a call of the async client, or any other future, is done.
    ///
    /// ```no_run
    /// # fn example<M: runcomfy::Model>(client: runcomfy::blocking::Client, input: M) {
    /// let outcome = client.block_on(client.as_async().submit(&input).outcome());
    /// # }
    /// ```
    pub fn block_on<F: IntoFuture>(&self, call: F) -> F::Output {
        self.runtime.block_on(call)
    }

    /// Returns an iterator over a stream of the async client. Each item blocks until it is ready.
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

    /// Creates a blocking job from one of the async client.
    #[must_use]
    pub fn with_job<O>(&self, job: crate::job::Job<O>) -> Job<O> {
        Job::new(Arc::clone(&self.runtime), job)
    }

    /// Submits an input and returns its job, as [`Client::submit`](crate::client::Client::submit)
    /// does. This may cost money.
    ///
    /// # Errors
    /// - The errors of [`Client::submit`](crate::client::Client::submit).
    pub fn submit<'a, M: Model + 'a>(
        &self,
        input: impl AsInput<'a, M>,
    ) -> Result<Job<M::Output>, Error> {
        self.submit_with(input, |submit| submit)
    }

    /// Submits an input with options and returns its job. This may cost money.
    ///
    /// # Errors
    /// - The errors of [`Client::submit`](crate::client::Client::submit).
    pub fn submit_with<'a, M: Model + 'a>(
        &self,
        input: impl AsInput<'a, M>,
        set: impl FnOnce(Submit<'a, M::Output>) -> Submit<'a, M::Output>,
    ) -> Result<Job<M::Output>, Error> {
        let job = self.block_on(set(self.client.submit(input)))?;
        Ok(self.with_job(job))
    }

    /// Submits an input as JSON and returns its job, as
    /// [`Client::submit_json`](crate::client::Client::submit_json) does. This may cost money.
    ///
    /// # Errors
    /// - The errors of [`Client::submit_json`](crate::client::Client::submit_json).
    pub fn submit_json(&self, model_id: &str, input: &Json) -> Result<Job<Output>, Error> {
        self.submit_json_with(model_id, input, |submit| submit)
    }

    /// Submits an input as JSON with options and returns its job. This may cost money.
    ///
    /// # Errors
    /// - The errors of [`Client::submit_json`](crate::client::Client::submit_json).
    pub fn submit_json_with<'a>(
        &self,
        model_id: &'a str,
        input: &'a Json,
        set: impl FnOnce(Submit<'a, Output>) -> Submit<'a, Output>,
    ) -> Result<Job<Output>, Error> {
        let job = self.block_on(set(self.client.submit_json(model_id, input)))?;
        Ok(self.with_job(job))
    }

    /// Submits an input, waits for its job and returns the output, as
    /// [`Client::run`](crate::client::Client::run) does. This may cost money.
    ///
    /// # Errors
    /// - The errors of [`Client::run`](crate::client::Client::run).
    pub fn run<'a, M: Model + 'a>(&self, input: impl AsInput<'a, M>) -> Result<M::Output, Error>
    where
        M::Output: DeserializeOwned + Send + 'static,
    {
        self.run_with(input, |run| run)
    }

    /// Submits an input with options, waits for its job and returns the output. This may cost
    /// money.
    ///
    /// # Errors
    /// - The errors of [`Client::run`](crate::client::Client::run).
    pub fn run_with<'a, M: Model + 'a>(
        &self,
        input: impl AsInput<'a, M>,
        set: impl FnOnce(Run<'a, M::Output>) -> Run<'a, M::Output>,
    ) -> Result<M::Output, Error>
    where
        M::Output: DeserializeOwned + Send + 'static,
    {
        self.block_on(set(self.client.run(input)))
    }

    /// Blocks until no submit is in flight, as
    /// [`Client::settled`](crate::client::Client::settled) does. A submit is left in flight where
    /// [`block_on`](Self::block_on) or [`iterate`](Self::iterate) was given up before its end, as by a
    /// timeout: the end of the process cuts it off. Returns `true` if none is left.
    #[expect(
        clippy::must_use_candidate,
        reason = "what is left is named in the log and to the hook"
    )]
    pub fn settled(&self) -> bool {
        self.block_on(self.client.settled())
    }

    /// Closes the client for submits and blocks until those in flight have ended, at most until the
    /// deadline; see [`Client::close`](crate::client::Client::close). Returns `true` if all had ended
    /// by then.
    #[expect(
        clippy::must_use_candidate,
        reason = "what was cut off is named in the log and to the hook"
    )]
    pub fn close(&self, deadline: Duration) -> bool {
        self.block_on(self.client.close(deadline))
    }

    /// Returns the job with this request id, as [`Client::job`](crate::client::Client::job) does.
    #[must_use]
    pub fn job<M: Model>(&self, request_id: RequestId) -> Job<M::Output> {
        self.with_job(self.client.job::<M>(request_id))
    }

    /// Returns the job with this request id and an untyped output, as
    /// [`Client::json_job`](crate::client::Client::json_job) does.
    #[must_use]
    pub fn json_job(&self, request_id: RequestId) -> Job<Output> {
        self.with_job(self.client.json_job(request_id))
    }

    /// Fetches the [catalogue](crate::client::Client::catalogue) of models, filtered by the closure.
    ///
    /// # Errors
    /// - The errors of [`Catalogue::entries`].
    pub fn catalogue<'a>(
        &'a self,
        set: impl FnOnce(Catalogue<'a>) -> Catalogue<'a>,
    ) -> Result<Vec<CatalogueEntry>, Error> {
        self.block_on(set(self.client.catalogue()).entries())
    }

    /// Checks the media of an input by the rules of its schema, as
    /// [`Client::check_media`](crate::client::Client::check_media) does.
    ///
    /// # Errors
    /// - The errors of [`Client::check_media`](crate::client::Client::check_media).
    pub fn check_media(&self, schema: &ModelSchema, input: &Json) -> Result<Violations, Error> {
        self.block_on(self.client.check_media(schema, input))
    }

    /// Downloads one URL of an output into a folder and returns the file with its facts, as
    /// [`Client::download`](crate::client::Client::download) does.
    ///
    /// # Errors
    /// - The errors of [`Client::download`](crate::client::Client::download).
    pub fn download(&self, url: &str, folder: &Path) -> Result<Saved, Error> {
        self.download_with(url, folder, |download| download)
    }

    /// Downloads one URL of an output with options.
    ///
    /// # Errors
    /// - The errors of [`Client::download`](crate::client::Client::download).
    pub fn download_with<'a>(
        &'a self,
        url: &'a str,
        folder: &'a Path,
        set: impl FnOnce(Download<'a>) -> Download<'a>,
    ) -> Result<Saved, Error> {
        self.block_on(set(self.client.download(url, folder)))
    }
}
