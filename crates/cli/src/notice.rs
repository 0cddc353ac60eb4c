//! A notice for the user while a request takes long.

use std::pin::pin;
use std::time::Duration;

use tokio::time::timeout;

/// Time without any output after which a user believes that nothing happens.
const NOTICE_AFTER: Duration = Duration::from_secs(2);

/// Runs `work`, and calls `notice` once if it takes longer than [`NOTICE_AFTER`].
pub(crate) async fn with_notice<T>(work: impl Future<Output = T>, notice: impl FnOnce()) -> T {
    let mut work = pin!(work);
    if let Ok(done) = timeout(NOTICE_AFTER, &mut work).await {
        return done;
    }
    notice();
    work.await
}
