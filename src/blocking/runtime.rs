//! Runs the timers and sockets of blocking calls.

use std::thread;

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

use crate::client::Client;
use crate::error::Error;

/// A runtime on a thread of its own.
///
/// Calls run on the callers' threads. This thread drives only timers, sockets and work between calls.
/// So calls do not wait for each other, and the last owner may be dropped anywhere, also inside of an
/// async task.
#[derive(Debug)]
pub(super) struct Runtime {
    handle: Handle,
    /// Ends the thread on drop.
    _alive: oneshot::Sender<()>,
}

impl Runtime {
    /// Starts the runtime for the calls of a client.
    pub(super) fn start(client: &Client) -> Result<Self, Error> {
        let failed = |error| {
            Error::configuration(
                "the thread of the blocking client could not be started; nothing was sent",
            )
            .with_source(error)
        };
        let runtime = Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()
            .map_err(failed)?;
        let handle = runtime.handle().clone();
        let (alive, dropped) = oneshot::channel::<()>();
        let client = client.clone();
        let until_the_end = async move {
            dropped.await.ok();
            // A submit that is cut off may have created a paid job whose id is lost.
            client.settled().await;
        };
        thread::Builder::new()
            .name("runcomfy".to_owned())
            .spawn(move || runtime.block_on(until_the_end))
            .map_err(failed)?;
        Ok(Self {
            handle,
            _alive: alive,
        })
    }

    pub(super) fn block_on<F: IntoFuture>(&self, call: F) -> F::Output {
        // Converted inside of the runtime, since some futures need it when they are created.
        self.handle.block_on(async { call.into_future().await })
    }
}
