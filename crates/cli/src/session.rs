//! A client of the service, or of an emulator inside this process, and the runtime for it.

use std::io::{IsTerminal, stderr};
use std::time::Duration;

use clap::ArgMatches;
use runcomfy::schema::{ModelSchema, Redacted};
use runcomfy::{Client, ClientBuilder, Error, ErrorKind};
use runcomfy_emulator::Emulator;

use crate::advice::get_a_token;
use crate::failure::Failure;
use crate::interrupt::unless_stopped;
use crate::notice::with_notice;
use crate::progress::Notes;
use crate::{exposed_token, outage, show};

/// A client, and the emulator that it uses with `--emulate`.
pub(crate) struct Session {
    pub(crate) client: Client,
    // Dropping it stops the emulator.
    _emulator: Option<Emulator>,
}

/// Time for which a query is retried: six attempts.
pub(crate) const QUERY: Duration = Duration::from_secs(30);
/// Time for which a submit is retried while nothing was sent.
pub(crate) const SUBMIT: Duration = Duration::from_secs(60);

/// Emulated times in a terminal: long enough to see the queue and the run, short enough for a
/// demonstration.
const EMULATED_QUEUE: Duration = Duration::from_millis(1200);
const EMULATED_RUN: Duration = Duration::from_millis(1800);
/// Divides the emulated times where nobody watches.
const UNWATCHED: u32 = 6;

impl Session {
    /// Connects to the service, for a query.
    ///
    /// # Errors
    /// If there is no token, or the configuration is invalid.
    pub(crate) fn service(matches: &ArgMatches) -> Result<Self, Failure> {
        Self::connect(Notes::from_matches(matches), QUERY)
    }

    /// Connects to the service with the token of the environment. Requests are retried for `limit`.
    ///
    /// # Errors
    /// If there is no token, or the configuration is invalid.
    pub(crate) fn connect(notes: Notes, limit: Duration) -> Result<Self, Failure> {
        Self::counted(notes, limit, |_| {})
    }

    /// Connects as [`connect`](Self::connect) does; `count` is called with each failure that is retried.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub(crate) fn counted(
        notes: Notes,
        limit: Duration,
        count: impl Fn(&Error) + Send + Sync + 'static,
    ) -> Result<Self, Failure> {
        let builder = ClientBuilder::from_env();
        let retry = outage::retry_policy(notes, limit, count);
        let client = builder.and_then(|builder| builder.retry(retry).include_cost(true).build());
        let client = client.map_err(not_configured)?;
        exposed_token::warn();
        Ok(Self {
            client,
            _emulator: None,
        })
    }

    /// Starts an emulator with every built-in model, for a query.
    ///
    /// # Errors
    /// If the emulator cannot listen on a port of this machine.
    pub(crate) async fn built_in() -> Result<Self, Failure> {
        Self::emulated(None, Notes::new(true), QUERY).await
    }

    /// Starts an emulator with every built-in model and this one. Everything else is as with
    /// [`connect`](Self::connect).
    ///
    /// # Errors
    /// If the emulator cannot listen on a port of this machine.
    pub(crate) async fn emulated(
        model: Option<&ModelSchema>,
        notes: Notes,
        limit: Duration,
    ) -> Result<Self, Failure> {
        let divisor = if stderr().is_terminal() { 1 } else { UNWATCHED };
        let emulator = Emulator::builder()
            .built_in_models()
            .models(model.cloned())
            .queue_time(EMULATED_QUEUE / divisor)
            .run_time(EMULATED_RUN / divisor)
            .start()
            .await
            .map_err(|e| Failure::internal(format!("the emulator could not be started: {e}")))?;
        let client = Client::builder()
            // Not a word that responses contain: it would be redacted there.
            .token("token-for-the-emulator")
            .base_url(emulator.base_url())
            .retry(outage::retry_policy(notes, limit, |_| {}))
            .include_cost(true)
            .build()?;
        Ok(Self {
            client,
            _emulator: Some(emulator),
        })
    }
}

/// Returns the address of the service by the environment.
///
/// # Errors
/// If it is invalid.
#[cfg(feature = "batch")]
pub(crate) fn base_url() -> Result<String, Error> {
    Client::builder().base_url_from_env().parsed_base_url()
}

/// Reports a client that cannot be made.
fn not_configured(error: Error) -> Failure {
    let base = std::env::var("RUNCOMFY_MODEL_API_BASE").unwrap_or_default();
    let advice = match error.kind() {
        ErrorKind::Unauthenticated => get_a_token(&error.to_string()),
        ErrorKind::Configuration if !base.contains("://") && !base.trim().is_empty() => {
            format!(
                "RUNCOMFY_MODEL_API_BASE is `{base}`; write https://{base}, or http:// for this machine."
            )
        }
        ErrorKind::Configuration if !base.trim().is_empty() => {
            format!("RUNCOMFY_MODEL_API_BASE is `{}`.", Redacted(&base))
        }
        _ => String::new(),
    };
    Failure::from(error).with_advice(advice)
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
