//! Work that may take long, and what is said then.

use std::pin::pin;
use std::time::Duration;

use tokio::time::timeout;

/// Who sees nothing for longer believes that nothing happens.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(3);

/// Does the work, and says something once where it takes long.
pub(crate) async fn telling<T>(work: impl Future<Output = T>, say: impl FnOnce()) -> T {
    let mut work = pin!(work);
    if let Ok(done) = timeout(MAX_RETRY_AFTER, &mut work).await {
        return done;
    }
    say();
    work.await
}
