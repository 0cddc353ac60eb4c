//! The request of a submit on its way.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::runtime::Handle;
use tokio::sync::watch;
use tracing::{info, warn};

use crate::client::Client;
use crate::error::Error;
use crate::job::request_id::RequestId;

/// The request of a submit, from its first byte to its reply. Once nobody waits for it any more, a
/// task of the runtime brings it to its end and logs what came of it: cut off, it might leave a paid
/// job that nobody knows.
pub(crate) struct InFlightSubmit {
    /// `None` once it has ended.
    request: Option<(Request, InFlightGuard)>,
    runtime: Option<Handle>,
    cancel_on_drop: bool,
}

type Request = Pin<Box<dyn Future<Output = Result<RequestId, Error>> + Send>>;

impl InFlightSubmit {
    pub(crate) fn new(
        client: &Client,
        cancel_on_drop: bool,
        request: impl Future<Output = Result<RequestId, Error>> + Send + 'static,
    ) -> Self {
        Self {
            request: Some((Box::pin(request), InFlightGuard::new(client))),
            runtime: Handle::try_current().ok(),
            cancel_on_drop,
        }
    }
}

impl Future for InFlightSubmit {
    type Output = Result<RequestId, Error>;

    /// # Panics
    /// When it is polled after its end.
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let (request, _) = self.request.as_mut().expect("it has not ended yet");
        let outcome = request.as_mut().poll(cx);
        if outcome.is_ready() {
            self.request = None;
        }
        outcome
    }
}

impl Drop for InFlightSubmit {
    fn drop(&mut self) {
        if let Some((request, under_way)) = self.request.take()
            && let Some(runtime) = &self.runtime
        {
            runtime.spawn(carry_out(request, under_way, self.cancel_on_drop));
        }
    }
}

async fn carry_out(request: Request, under_way: InFlightGuard, cancel: bool) {
    let client = &under_way.client;
    match request.await {
        Ok(id) if cancel => {
            let job = client.json_job(id);
            match job.cancel().await {
                Ok(outcome) => {
                    info!(request_id = %job.request_id(), ?outcome, "submitted, and not wanted any more");
                }
                Err(_) => {
                    warn!(request_id = %job.request_id(), "submitted, not wanted, and not cancelled");
                }
            }
        }
        Ok(id) => info!(request_id = %id, "submitted, and left alone"),
        Err(error) if error.may_have_been_submitted() => {
            warn!(key = error.idempotency_key(), "may have been submitted");
        }
        Err(_) => {}
    }
}

/// How many of a client's submits are on their way.
#[derive(Debug, Default)]
pub(crate) struct InFlightSubmits(watch::Sender<usize>);

impl InFlightSubmits {
    /// Waits until there is none.
    #[cfg(feature = "blocking")]
    pub(crate) async fn ended(&self) {
        // The sender is here, so it cannot fail.
        self.0.subscribe().wait_for(|count| *count == 0).await.ok();
    }
}

/// One of them.
struct InFlightGuard {
    client: Client,
}

impl InFlightGuard {
    fn new(client: &Client) -> Self {
        client.inner.postings.0.send_modify(|count| *count += 1);
        Self {
            client: client.clone(),
        }
    }
}

impl Drop for InFlightGuard {
    fn drop(&mut self) {
        let postings = &self.client.inner.postings;
        postings.0.send_modify(|count| *count -= 1);
    }
}
