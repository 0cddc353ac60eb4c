//! A request that may be sent any number of times.

use reqwest::{Method, Url};
use tracing::{Instrument, debug_span};

use crate::error::Error;
use crate::http::response::Reply;
use crate::http::retry::Call;
use crate::http::retry_table::Operation;
use crate::http::transport::Transport;

/// A read or a cancellation, as a call of the retry loop.
pub(super) struct Read<'a, F> {
    transport: &'a Transport,
    method: Method,
    url: Url,
    accept: F,
}

impl<'a, F> Read<'a, F> {
    pub(super) fn new(transport: &'a Transport, method: Method, url: Url, accept: F) -> Self {
        Self {
            transport,
            method,
            url,
            accept,
        }
    }
}

impl<T, F: Fn(&Reply) -> Result<T, Error> + Send> Call for Read<'_, F> {
    const OPERATION: Operation = Operation::Read;

    type Output = T;

    async fn attempt(&mut self, number: u32) -> Result<T, Error> {
        let request = self.transport.send(self.method.clone(), self.url.clone());
        let span = debug_span!("attempt", attempt = number);
        let reply = request.instrument(span).await?;
        (self.accept)(&reply)
    }
}
