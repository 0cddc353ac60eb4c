//! HTTP clients, one for each runtime.

use std::fmt;

use crate::error::Error;
use crate::http::per_runtime::PerRuntime;

/// HTTP clients of the same settings, one for each runtime that uses them: each has connections of
/// its own, since a connection makes no progress while the runtime that made it is idle.
pub(crate) struct RuntimeClients {
    by_runtime: PerRuntime<reqwest::Client>,
    source: Source,
}

enum Source {
    /// A client of the caller's, for all runtimes.
    Foreign(reqwest::Client),
    Build {
        /// Client of the first runtime, where one was built before.
        first: Option<reqwest::Client>,
        build: Build,
    },
}

type Build = Box<dyn Fn() -> Result<reqwest::Client, Error> + Send + Sync>;

impl RuntimeClients {
    /// Builds the client of a runtime when it is first needed there: TLS costs milliseconds.
    pub(crate) fn new(
        first: Option<reqwest::Client>,
        build: impl Fn() -> Result<reqwest::Client, Error> + Send + Sync + 'static,
    ) -> Self {
        let build = Box::new(build);
        Self {
            by_runtime: PerRuntime::new(),
            source: Source::Build { first, build },
        }
    }

    /// Uses a client of the caller's in all runtimes.
    pub(crate) fn foreign(client: reqwest::Client) -> Self {
        Self {
            by_runtime: PerRuntime::new(),
            source: Source::Foreign(client),
        }
    }

    /// Returns the client of the current runtime.
    ///
    /// # Errors
    /// The error of `build`.
    pub(crate) fn get(&self) -> Result<reqwest::Client, Error> {
        let (first, build) = match &self.source {
            Source::Foreign(client) => return Ok(client.clone()),
            Source::Build { first, build } => (first, build),
        };
        self.by_runtime.get(|others| match first {
            Some(first) if others == 0 => Ok(first.clone()),
            _ => build(),
        })
    }
}

impl fmt::Debug for RuntimeClients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RuntimeClients").finish_non_exhaustive()
    }
}
