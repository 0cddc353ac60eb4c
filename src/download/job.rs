//! Downloads all files of a job's output.

use std::fmt;
use std::future::IntoFuture;
use std::path::{Path, PathBuf};
use std::pin::Pin;

use futures_util::future::join_all;
use tracing::{Instrument, debug_span};

use super::file_link::FileLink;
use super::file_name::NameFile;
use super::link_renewal::LinkRenewal;
use super::partial_file;
use super::progress::{DownloadProgress, ProgressObserver};
use super::saved::Saved;
use super::transfer::Transfer;
use crate::error::Error;
use crate::job::Job;
use crate::output::{Link, Output};

#[cfg(doc)]
use crate::client::Client;
#[cfg(doc)]
use crate::download::Download;
#[cfg(doc)]
use crate::error::ErrorKind;

/// Downloads all files of a job's output into a folder when it is awaited.
///
/// [`Job::download`] creates it, with an example. The value of the `.await` is the files, each a
/// [`Saved`]; [`outcomes`](Self::outcomes) returns the outcome of each file instead. Each file is
/// downloaded as by [`Download`], with its retries, its inspection and its allowed hosts. A member such
/// as `image`, `images` or `video_url` promises media, too.
#[must_use = "nothing is downloaded until it is awaited"]
pub struct Downloads<'a> {
    job: Job<Output>,
    output: &'a Output,
    folder: &'a Path,
    size_limit: u64,
    observer: ProgressObserver<'a>,
    name: Option<Box<NameFile<'a>>>,
    present: Option<Box<FindFile<'a>>>,
    on_saved: Option<Box<ReportFile<'a>>>,
    keeps_unexpected: bool,
}

/// Hears of a file that was saved: of its index.
type ReportFile<'a> = dyn Fn(usize, &Saved) + Send + Sync + 'a;

/// Finds a file that is there already, by its index.
type FindFile<'a> = dyn Fn(usize) -> Option<PathBuf> + Send + Sync + 'a;

impl<O> Job<O> {
    /// Downloads all files of this job's output into a folder; `.await` the returned [`Downloads`].
    ///
    /// The value is the files with their facts, in the order of [`Output::urls`], and is empty if the
    /// output has no URL. The folder is created if it does not exist.
    ///
    /// Links expire after some time. If one has expired (HTTP 403, 404, 410), the job's result is
    /// fetched again, once for all files, and the link at the same position of the new output is
    /// used instead. A file that was partly downloaded is resumed.
    ///
    /// ```no_run
    /// # async fn example(job: runcomfy::Job<runcomfy::Output>) -> Result<(), runcomfy::Error> {
    /// let output = job.wait().await?;
    /// let files = job
    ///     .download(&output, "pictures".as_ref())
    ///     .on_progress(|now| println!("{}/{}: {} bytes", now.file + 1, now.files, now.bytes))
    ///     .await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// - The errors of [`Client::download`]: the download of a file failed.
    ///   [`ErrorKind::UnexpectedOutput`] names the JSON pointer of a `data:` URI that is broken.
    /// - The errors of [`Job::result`]: a link had expired, and the job's result could not be
    ///   fetched again.
    ///
    /// Every error names the job. All files are attempted: complete files stay, and the error is
    /// that of the first file that failed. Use [`Downloads::outcomes`] to get the outcome of each
    /// file, for example if an output also contains URLs that are not the service's, such as those
    /// of inputs.
    pub fn download<'a>(&'a self, output: &'a Output, folder: &'a Path) -> Downloads<'a> {
        Downloads {
            job: self.cast(),
            output,
            folder,
            size_limit: self.services().fetcher().size_limit(),
            observer: ProgressObserver::default(),
            name: None,
            present: None,
            on_saved: None,
            keeps_unexpected: true,
        }
    }
}

impl<'a> Downloads<'a> {
    /// Calls `observer` for each file as [`Download::on_progress`] does; files may be downloaded at
    /// the same time.
    pub fn on_progress(mut self, observer: impl FnMut(&DownloadProgress) + Send + 'a) -> Self {
        self.observer = ProgressObserver::new(observer);
        self
    }

    /// Sets the maximum size of each file in bytes, as [`Download::size_limit`] does.
    pub fn size_limit(mut self, bytes: u64) -> Self {
        self.size_limit = bytes;
        self
    }

    /// Names each file: `name` gets its index among [`Output::urls`] and the name that it would have,
    /// whose extension is that of its bytes.
    ///
    /// Characters that could lead out of the folder become `_`, and the extension of another format
    /// becomes that of the bytes. No file is overwritten: if the name is taken, the new file gets a
    /// number.
    pub fn file_name(mut self, name: impl Fn(usize, &str) -> String + Send + Sync + 'a) -> Self {
        self.name = Some(Box::new(name));
        self
    }

    /// Skips each file for which `find` returns a path, which is its outcome: `find` gets the index
    /// among [`Output::urls`]. A path to a file that is not the output, such as a page that an earlier download has
    /// kept, is downloaded anyway.
    pub fn present(mut self, find: impl Fn(usize) -> Option<PathBuf> + Send + Sync + 'a) -> Self {
        self.present = Some(Box::new(find));
        self
    }

    /// Sets if a whole file that is not the output, such as an HTML page, is kept under a name that says so
    /// ([`Error::kept_file`]). Default: `true`.
    pub fn keep_unexpected(mut self, keeps: bool) -> Self {
        self.keeps_unexpected = keeps;
        self
    }

    /// Calls `observer` for each file as soon as it is saved, with its index among [`Output::urls`].
    pub fn on_saved(mut self, observer: impl Fn(usize, &Saved) + Send + Sync + 'a) -> Self {
        self.on_saved = Some(Box::new(observer));
        self
    }

    /// Downloads all files and returns the outcome of each, in the order of [`Output::urls`].
    ///
    /// An outcome is the file, or the error of its download as [`Job::download`] lists them. Every error
    /// names the job.
    ///
    /// ```no_run
    /// # async fn example(job: runcomfy::Job<runcomfy::Output>) -> Result<(), runcomfy::Error> {
    /// let output = job.wait().await?;
    /// let outcomes = job.download(&output, "pictures".as_ref()).outcomes().await;
    /// for (index, outcome) in outcomes.into_iter().enumerate() {
    ///     match outcome {
    ///         Ok(file) => println!("{index}: saved {}", file.path.display()),
    ///         Err(error) => eprintln!("{index}: {error}"),
    ///     }
    /// }
    /// # Ok(()) }
    /// ```
    pub async fn outcomes(self) -> Vec<Result<Saved, Error>> {
        let renewal = LinkRenewal::new(&self.job, self.output);
        let links = self.output.links();
        let count = links.len();
        let transfer = |file, link: Link<'a>| Transfer {
            fetcher: self.job.services().fetcher(),
            link: FileLink::from_output(link),
            size_limit: self.size_limit,
            progress: self.observer.for_file(file, count),
            renewal: Some(&renewal),
            name: self.name.as_ref().map(|name| (file, &**name)),
            keeps_unexpected: self.keeps_unexpected,
        };
        let fetch = async |file: usize, link: Link<'a>| {
            let transfer = transfer(file, link);
            let present = self.present.as_ref().and_then(|find| find(file));
            if let Some(path) = present
                && let Some(saved) = partial_file::present(path, transfer.link.claims()).await?
            {
                return Ok(saved);
            }
            let saved = transfer.run(self.folder).await?;
            if let Some(observer) = &self.on_saved {
                observer(file, &saved);
            }
            Ok(saved)
        };
        let links = links.into_iter().enumerate();
        let files = links.map(|(file, link)| fetch(file, link));
        let span = debug_span!("outputs", request_id = %self.job.request_id());
        let files = join_all(files).instrument(span).await;
        let named = files.into_iter().map(|file| self.job.named(file));
        named.collect()
    }

    async fn run(self) -> Result<Vec<Saved>, Error> {
        self.outcomes().await.into_iter().collect()
    }
}

impl<'a> IntoFuture for Downloads<'a> {
    type Output = Result<Vec<Saved>, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

/// Prints no URLs, which may be signed.
impl fmt::Debug for Downloads<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Downloads")
            .field("job", &self.job)
            .field("folder", &self.folder)
            .field("size_limit", &self.size_limit)
            .finish_non_exhaustive()
    }
}
