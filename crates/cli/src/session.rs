//! A client for the service, or for an emulator inside this process.

use std::time::Duration;

use clap::ArgMatches;
use runcomfy::Client;
use runcomfy::schema::ModelSchema;
use runcomfy_emulator::Emulator;

use crate::failure::Failure;
use crate::patience::telling;
use crate::show;
use crate::stop::unless_stopped;

/// A client, and the emulator that it talks to, if it does.
pub(crate) struct Session {
    pub(crate) client: Client,
    // Held, since it stops when it is dropped.
    _emulator: Option<Emulator>,
}

/// Long enough to see the queue and the run, short enough for a demonstration.
const EMULATED_QUEUE: Duration = Duration::from_millis(1200);
const EMULATED_RUN: Duration = Duration::from_millis(1800);

impl Session {
    /// The service, with the token of the environment.
    pub(crate) fn service() -> Result<Self, Failure> {
        let client = Client::from_env().map_err(|error| Failure::from(error).advised(""))?;
        Ok(Self {
            client,
            _emulator: None,
        })
    }

    /// An emulator with every built-in model, and this one.
    pub(crate) async fn emulated(model: Option<&ModelSchema>) -> Result<Self, Failure> {
        let emulator = Emulator::builder()
            .built_in_models()
            .models(model.cloned())
            .queue_time(EMULATED_QUEUE)
            .run_time(EMULATED_RUN)
            .start()
            .await
            .map_err(|e| Failure::machine(format!("the emulator could not be started: {e}")))?;
        let client = Client::builder()
            .token("emulated")
            .base_url(emulator.base_url())
            .build()?;
        Ok(Self {
            client,
            _emulator: Some(emulator),
        })
    }
}

/// Runs a command that asks, and can be left at any time.
pub(crate) fn ask<T>(
    matches: &ArgMatches,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let say = || show::note_while_waiting(matches, "waiting for an answer");
    block_on(unless_stopped(telling(work, say), ""))
}

/// Runs a command to its end on this thread.
pub(crate) fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(|e| Failure::machine(format!("no runtime: {e}")))?;
    let done = runtime.block_on(work);
    // Who leaves does not wait for the address of a host to be looked up.
    runtime.shutdown_background();
    done
}
