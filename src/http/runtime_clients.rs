//! HTTP clients, one for each runtime.

use std::fmt;

use crate::error::Error;
use crate::http::per_runtime::PerRuntime;

/// HTTP clients of the same settings, one for each runtime that uses them: each has connections of
/// its own, since a connection makes no progress while the runtime that made it is idle.
pub(crate) struct RuntimeClients {
    first: reqwest::Client,
    by_runtime: PerRuntime<reqwest::Client>,
    /// `None` for a client of the caller's.
    build: Option<Build>,
}

type Build = Box<dyn Fn() -> Result<reqwest::Client, Error> + Send + Sync>;

impl RuntimeClients {
    /// Builds the client of the first runtime.
    ///
    /// # Errors
    /// The error of `build`.
    pub(crate) fn new(
        build: impl Fn() -> Result<reqwest::Client, Error> + Send + Sync + 'static,
    ) -> Result<Self, Error> {
        Ok(Self {
            first: build()?,
            by_runtime: PerRuntime::new(),
            build: Some(Box::new(build)),
        })
    }

    /// Uses a client of the caller's in all runtimes.
    pub(crate) fn foreign(client: reqwest::Client) -> Self {
        Self {
            first: client,
            by_runtime: PerRuntime::new(),
            build: None,
        }
    }

    /// Returns the client of the current runtime.
    pub(crate) fn get(&self) -> Result<reqwest::Client, Error> {
        let Some(build) = &self.build else {
            return Ok(self.first.clone());
        };
        self.by_runtime.get(|others| match others {
            0 => Ok(self.first.clone()),
            _ => build(),
        })
    }

    /// Returns a client to build requests with, whose connections may be another runtime's.
    pub(crate) fn first(&self) -> &reqwest::Client {
        &self.first
    }
}

impl fmt::Debug for RuntimeClients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RuntimeClients").field(&self.first).finish()
    }
}
