//! Outputs on disk.

mod answer;
mod fetcher;
mod job;
mod name;
mod part;
mod progress;
mod transfer;

use std::fmt;
use std::future::IntoFuture;
use std::path::{Path, PathBuf};
use std::pin::Pin;

pub(crate) use fetcher::{Fetcher, tuned};
pub use job::Downloads;
pub use progress::DownloadProgress;

use crate::client::Client;
use crate::error::Error;
use progress::Watcher;
use transfer::Transfer;

#[cfg(doc)]
use crate::error::ErrorKind;
#[cfg(doc)]
use crate::job::Job;

/// The download of an output; `.await` it.
///
/// The bytes go to a hidden file beside the target, which gets the target's name once it is
/// complete and safe on the disk: under its name a file appears whole or not at all. The name is
/// the last part of the URL's path, made safe; no file is overwritten, the new one gets a number.
/// Dropping the download removes what is there of it; only a process that is killed leaves a hidden
/// `.part` file. At most a megabyte is in memory at a time, and so many downloads run at once as
/// [`download_concurrency`](crate::client::ClientBuilder::download_concurrency) says.
///
/// # What is tried again
/// A connection that cannot be made or breaks, 20 seconds without a byte, an answer that cannot be
/// right, and HTTP 408, 429 and 5xx: after a growing, jittered pause, or when the server says so.
/// It ends after six tries in a row of which none came any further, and sooner in an outage: all
/// calls of a client have a hundred such tries together, which good answers bring back. Wrap it in
/// a time-out of your own where a slow download is worse than none.
///
/// What is there is kept, and the rest is asked for by `Range`, where the server has told by a
/// strong `ETag` or by `Last-Modified` which version of the file it is. Where it has told neither,
/// has no `Range`, or the file has changed, the download starts over.
///
/// # Where it goes
/// Outputs are fetched from `*.runcomfy.net`, `*.runcomfy.com` and the host of the base URL,
/// redirects included, unless
/// [`download_from_any_host`](crate::client::ClientBuilder::download_from_any_host) allows others. The
/// token is not sent.
#[must_use = "nothing is downloaded until it is awaited"]
pub struct Download<'a> {
    client: &'a Client,
    url: &'a str,
    folder: &'a Path,
    size_limit: u64,
    watcher: Watcher<'a>,
}

impl Client {
    /// Downloads an output into a folder, which is made where it is missing, and gives the file's
    /// path; `.await` it. [`Job::download`] also helps where the link has died meanwhile.
    ///
    /// # Errors
    /// All of them tell how often it was tried ([`Error::attempts`]), and leave no file behind.
    /// - [`ErrorKind::Configuration`]: the URL is none, or it leads to a host that is not one of
    ///   the service's; nothing was asked of that host. Where a redirect leads there,
    ///   there is an [`Error::http_status`].
    /// - [`ErrorKind::Io`]: the file cannot be written.
    /// - [`ErrorKind::NotFound`], [`ErrorKind::Forbidden`]: the link is dead (HTTP 404, 410; 401,
    ///   403). Ask the job for its result anew.
    /// - [`ErrorKind::BadRequest`]: another refusal (HTTP 4xx).
    /// - [`ErrorKind::TooLarge`]: it has more bytes than the limit.
    /// - [`ErrorKind::NotSent`], [`ErrorKind::ResponseLost`], [`ErrorKind::Throttled`],
    ///   [`ErrorKind::Unavailable`], [`ErrorKind::Unreadable`]: what the last try met with. Try
    ///   again later.
    pub fn download<'a>(&'a self, url: &'a str, folder: &'a Path) -> Download<'a> {
        Download {
            client: self,
            url,
            folder,
            size_limit: self.inner.fetcher.size_limit,
            watcher: Watcher::default(),
        }
    }
}

impl<'a> Download<'a> {
    /// Calls `observer` when the file begins to come, and with every piece that is on disk.
    pub fn on_progress(mut self, observer: impl FnMut(&DownloadProgress) + Send + 'a) -> Self {
        self.watcher = Watcher::new(observer);
        self
    }

    /// The most bytes that the file may have; else as the client is set up. A larger one is
    /// refused before anything is written where the server tells its size, and else at the limit.
    pub fn size_limit(mut self, bytes: u64) -> Self {
        self.size_limit = bytes;
        self
    }

    async fn run(self) -> Result<PathBuf, Error> {
        Transfer {
            client: self.client,
            size_limit: self.size_limit,
            watch: self.watcher.one_of(0, 1),
            renewal: None,
        }
        .run(self.url, self.folder)
        .await
    }
}

impl<'a> IntoFuture for Download<'a> {
    type Output = Result<PathBuf, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

/// The URL is left out: it may be signed.
impl fmt::Debug for Download<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download")
            .field("folder", &self.folder)
            .field("size_limit", &self.size_limit)
            .finish_non_exhaustive()
    }
}
