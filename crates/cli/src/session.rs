//! A client of the service, or of an emulator inside this process, and the runtime for it.

use std::time::Duration;

use clap::ArgMatches;
use runcomfy::Client;
use runcomfy::schema::ModelSchema;
use runcomfy_emulator::Emulator;

use crate::failure::Failure;
use crate::interrupt::unless_stopped;
use crate::notice::with_notice;
use crate::show;

/// A client, and the emulator that it uses with `--emulate`.
pub(crate) struct Session {
    pub(crate) client: Client,
    // Dropping it stops the emulator.
    _emulator: Option<Emulator>,
}

/// Emulated times: long enough to see the queue and the run, short enough for a demonstration.
const EMULATED_QUEUE: Duration = Duration::from_millis(1200);
const EMULATED_RUN: Duration = Duration::from_millis(1800);

impl Session {
    /// Connects to the service with the token of the environment.
    ///
    /// # Errors
    /// If there is no token, or the configuration is invalid.
    pub(crate) fn service() -> Result<Self, Failure> {
        let client = Client::from_env().map_err(|error| Failure::from(error).with_advice(""))?;
        Ok(Self {
            client,
            _emulator: None,
        })
    }

    /// Starts an emulator with every built-in model and this one.
    ///
    /// # Errors
    /// If the emulator cannot listen on a port of this machine.
    pub(crate) async fn emulated(model: Option<&ModelSchema>) -> Result<Self, Failure> {
        let emulator = Emulator::builder()
            .built_in_models()
            .models(model.cloned())
            .queue_time(EMULATED_QUEUE)
            .run_time(EMULATED_RUN)
            .start()
            .await
            .map_err(|e| Failure::internal(format!("the emulator could not be started: {e}")))?;
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

/// Runs a command that only queries the service, so that a signal may end it at any time.
///
/// # Errors
/// The error of the command, or a failure if a signal came first.
pub(crate) fn query<T>(
    matches: &ArgMatches,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let notice = || show::note_while_waiting(matches, "waiting for the response");
    block_on(unless_stopped(with_notice(work, notice), ""))
}

/// Runs a command to completion on this thread.
///
/// # Errors
/// The error of the command, or a failure if the system gives no runtime.
pub(crate) fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime
        .map_err(|e| Failure::internal(format!("the async runtime could not be started: {e}")))?;
    let done = runtime.block_on(work);
    // A pending DNS lookup must not delay the end of the process.
    runtime.shutdown_background();
    done
}
