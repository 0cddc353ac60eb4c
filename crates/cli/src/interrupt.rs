//! Runs work that a signal may interrupt.

use crate::failure::Failure;
use crate::stop::Stops;

/// Runs work that a signal may interrupt at any time.
///
/// # Errors
/// The error of the work, or a failure with `advice` if a signal came first.
pub(crate) async fn unless_stopped<T, E>(
    work: impl Future<Output = Result<T, E>>,
    advice: &str,
) -> Result<T, Failure>
where
    Failure: From<E>,
{
    let mut stops = Stops::listen();
    tokio::select! {
        biased;
        done = work => Ok(done?),
        stop = stops.next() => {
            let failure = Failure::stopped("interrupted before the response arrived", None, None);
            Err(failure.with_advice(advice).with_signal(stop))
        }
    }
}
