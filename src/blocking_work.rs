//! Work that blocks, away from the runtime's threads.

use std::panic::resume_unwind;

use tokio::task::{JoinError, spawn_blocking};

/// Runs work on a thread of the runtime for blocking work. A panic of the work is raised in the caller. Dropping the
/// future does not stop work that has begun.
///
/// # Errors
/// The runtime is shut down, and the work has not begun.
pub(crate) async fn run_blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, JoinError> {
    spawn_blocking(work)
        .await
        .map_err(|error| match error.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            Err(error) => error,
        })
}
