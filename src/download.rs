//! Downloads outputs to disk.

mod abandoned_parts;
mod content;
mod data_file;
mod expectation;
pub(crate) mod fetcher;
mod file_link;
mod file_name;
mod inspection;
mod job;
mod link_renewal;
mod partial_file;
mod progress;
mod response;
mod saved;
mod transfer;

use std::fmt;
use std::future::IntoFuture;
use std::path::Path;
use std::pin::Pin;

#[doc(hidden)]
pub use file_name::from_caller as safe_file_name;
pub use job::Downloads;
pub use progress::DownloadProgress;
pub use saved::Saved;

use crate::client::Client;
use crate::error::Error;
use fetcher::Fetcher;
use file_link::FileLink;
use progress::ProgressObserver;
use runcomfy_schema::MediaKind;
use transfer::Transfer;

#[cfg(doc)]
use crate::error::ErrorKind;
#[cfg(doc)]
use crate::job::Job;

/// Downloads one URL of an output into a folder when it is awaited.
///
/// [`Client::download`] creates it; the value of the `.await` is the file with its facts, [`Saved`].
///
/// The bytes go to a hidden file in the same folder, which gets its final name once it is complete
/// and synced to disk: a file appears under its final name whole or not at all. The name is the
/// last segment of the URL's path, decoded, with unsafe characters replaced, and with the extension that the bytes
/// have: a JPEG behind `image.png` becomes `image.jpg`. No file is overwritten: if the
/// name is taken, the new file gets a number. Dropping the download removes its hidden file; only a
/// process that is killed leaves a `.part` file behind, which a later download into the folder removes. A download holds at most one megabyte in
/// memory, and a client runs
/// [`download_concurrency`](crate::client::ClientBuilder::download_concurrency) downloads at a time.
///
/// ```no_run
/// # async fn example(client: runcomfy::Client, output: runcomfy::Output) -> Result<(), runcomfy::Error> {
/// let url = output.image().unwrap_or_default();
/// let file = client
///     .download(url, "pictures".as_ref())
///     .size_limit(50 << 20)
///     .on_progress(|now| println!("{} of {:?} bytes", now.bytes, now.total))
///     .await?;
/// println!("saved {} of {:?} bytes", file.path.display(), file.facts.size_bytes);
/// # Ok(()) }
/// ```
///
/// # Inspection
/// A file is inspected before it gets its name. An HTML page, JSON or other text is not the output where
/// media are expected: by the extension of the URL, by the `Content-Type`, or as
/// [`expect_media`](Self::expect_media) says. Nor are an archive behind the extension of media, an empty
/// file, or media that end before their own lengths say. Such a file gets three attempts.
/// If it stays so, the download fails with [`ErrorKind::Unreadable`], and the bytes are kept under a name
/// that says what they are, such as `image.html` or `image.truncated.png`: [`Error::kept_file`]. Other
/// outputs (a mesh, an archive, subtitles) are saved as they are.
///
/// A `data:` URI is decoded and saved the same way.
///
/// # Retries
/// These failures are retried: a connection that cannot be made or breaks, 20 seconds without a
/// byte, an invalid response, a file that is not the output, and HTTP 408, 429 and 5xx. The next attempt follows after an
/// exponential, jittered backoff, or after the server's `Retry-After`. The download fails after six
/// attempts in a row that brought no new byte. It fails earlier in an outage, because all calls of
/// a client share one retry budget. Wrap the download in a timeout of your own if a slow download
/// is worse than none.
///
/// Bytes on disk are kept, and only the rest is requested by `Range`, if the server identifies the
/// version of the file by a strong `ETag` or by `Last-Modified`. The download starts over if the
/// server sends neither, ignores `Range`, or has a new version of the file.
///
/// # Allowed hosts
/// Outputs are fetched from `*.runcomfy.net`, `*.runcomfy.com` and the host of the base URL,
/// redirects included.
/// [`download_from_any_host`](crate::client::ClientBuilder::download_from_any_host) allows other
/// hosts. The token is never sent.
#[must_use = "nothing is downloaded until it is awaited"]
pub struct Download<'a> {
    fetcher: &'a Fetcher,
    url: &'a str,
    folder: &'a Path,
    size_limit: u64,
    expected: Option<MediaKind>,
    observer: ProgressObserver<'a>,
}

impl Client {
    /// Downloads one URL of an output into a folder; `.await` the returned [`Download`].
    ///
    /// The folder is created if it does not exist. [`Job::download`] also replaces links that
    /// have expired.
    ///
    /// # Errors
    /// Every error reports its number of attempts ([`Error::attempts`]). None leaves a file behind, except
    /// the one that [`Error::kept_file`] names.
    /// - [`ErrorKind::Configuration`]: the URL is invalid, or it or a redirect leads to a host that
    ///   is not one of the service's. Nothing was sent to that host. After a redirect,
    ///   [`Error::http_status`] is set. Fix the URL, or allow the host with
    ///   [`download_from_any_host`](crate::client::ClientBuilder::download_from_any_host).
    /// - [`ErrorKind::Io`]: the file cannot be written. Check the folder and the space on the disk.
    /// - [`ErrorKind::NotFound`] (HTTP 404, 410), [`ErrorKind::Forbidden`] (HTTP 401, 403): the link
    ///   has expired. Fetch the job's result again, or use [`Job::download`], which does.
    /// - [`ErrorKind::BadRequest`]: the server refused the request (another HTTP 4xx). A retry does
    ///   not help.
    /// - [`ErrorKind::TooLarge`]: the file is larger than the limit. Raise it with
    ///   [`Download::size_limit`].
    /// - [`ErrorKind::UnexpectedOutput`]: the URL is a `data:` URI that is broken. A retry does not help.
    /// - [`ErrorKind::NotSent`], [`ErrorKind::ResponseLost`], [`ErrorKind::Throttled`],
    ///   [`ErrorKind::Unavailable`], [`ErrorKind::Unreadable`]: the last attempt failed this way.
    ///   Download it again later. After the last of these kinds there may be a
    ///   [kept file](Error::kept_file), which is not the output.
    pub fn download<'a>(&'a self, url: &'a str, folder: &'a Path) -> Download<'a> {
        Download {
            fetcher: self.services().fetcher(),
            url,
            folder,
            size_limit: self.services().fetcher().size_limit(),
            expected: None,
            observer: ProgressObserver::default(),
        }
    }
}

impl<'a> Download<'a> {
    /// Calls `observer` once when the response begins, and again after each write to disk.
    pub fn on_progress(mut self, observer: impl FnMut(&DownloadProgress) + Send + 'a) -> Self {
        self.observer = ProgressObserver::new(observer);
        self
    }

    /// Sets the maximum size of the file in bytes. Default: the client's
    /// [`download_size_limit`](crate::client::ClientBuilder::download_size_limit).
    ///
    /// A larger file is refused before anything is written if the server sends its size, and at the
    /// limit if not.
    pub fn size_limit(mut self, bytes: u64) -> Self {
        self.size_limit = bytes;
        self
    }

    /// Expects media of this kind also where neither the URL nor the server promises them, so that text
    /// is not taken for the output.
    pub fn expect_media(mut self, kind: MediaKind) -> Self {
        self.expected = Some(kind);
        self
    }

    async fn run(self) -> Result<Saved, Error> {
        Transfer {
            fetcher: self.fetcher,
            link: FileLink {
                url: self.url,
                pointer: None,
                expected: self.expected,
                stem: "output".to_owned(),
            },
            size_limit: self.size_limit,
            progress: self.observer.for_file(0, 1),
            renewal: None,
            name: None,
            keeps_unexpected: true,
        }
        .run(self.folder)
        .await
    }
}

impl<'a> IntoFuture for Download<'a> {
    type Output = Result<Saved, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

/// Prints no URL, which may be signed.
impl fmt::Debug for Download<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download")
            .field("folder", &self.folder)
            .field("size_limit", &self.size_limit)
            .finish_non_exhaustive()
    }
}
