//! All files of a job.

use std::fmt;
use std::future::IntoFuture;
use std::path::{Path, PathBuf};
use std::pin::Pin;

use futures_util::future::join_all;
use serde_json::Value;
use tokio::sync::OnceCell;
use tracing::{Instrument, debug_span};

use super::progress::{DownloadProgress, Watcher};
use super::transfer::Transfer;
use crate::error::Error;
use crate::error::ErrorKind;
use crate::job::Job;
use crate::output::Output;

#[cfg(doc)]
use crate::client::Client;
#[cfg(doc)]
use crate::download::Download;

/// The downloads of a job's output; `.await` them. Each is made as a [`Download`].
#[must_use = "nothing is downloaded until it is awaited"]
pub struct Downloads<'a> {
    job: Job<Output>,
    output: &'a Output,
    folder: &'a Path,
    size_limit: u64,
    watcher: Watcher<'a>,
}

impl<O> Job<O> {
    /// Downloads all files of this job's output into a folder, and gives their paths in the order
    /// of [`Output::urls`]; `.await` it.
    ///
    /// Links live for some time only. Where one is dead (HTTP 403, 404, 410), the job's result is
    /// read anew, once for all of them, and the link that then stands in the same place is tried;
    /// also in the middle of a file, which goes on where it was.
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
    /// As [`Client::download`], and those of [`Job::result`]; all of them name the job. All files
    /// are tried: those that arrived stay, and the error is that of the first that did not.
    /// [`Downloads::outcomes`] tells them apart; of use where an output also names what is not the
    /// service's, such as an input.
    pub fn download<'a>(&'a self, output: &'a Output, folder: &'a Path) -> Downloads<'a> {
        Downloads {
            job: self.cast(),
            output,
            folder,
            size_limit: self.client.inner.fetcher.size_limit,
            watcher: Watcher::default(),
        }
    }
}

impl<'a> Downloads<'a> {
    /// As [`Download::on_progress`]; the files may come at the same time.
    pub fn on_progress(mut self, observer: impl FnMut(&DownloadProgress) + Send + 'a) -> Self {
        self.watcher = Watcher::new(observer);
        self
    }

    /// As [`Download::size_limit`], for each file.
    pub fn size_limit(mut self, bytes: u64) -> Self {
        self.size_limit = bytes;
        self
    }

    /// Downloads them, and gives for each URL, in the order of [`Output::urls`], the path of its
    /// file or why there is none; all errors name the job.
    ///
    /// ```no_run
    /// # async fn example(job: runcomfy::Job<runcomfy::Output>) -> Result<(), runcomfy::Error> {
    /// let output = job.wait().await?;
    /// let outcomes = job.download(&output, "pictures".as_ref()).outcomes().await;
    /// for (number, outcome) in outcomes.into_iter().enumerate() {
    ///     match outcome {
    ///         Ok(file) => println!("{number}: saved {}", file.display()),
    ///         Err(error) => eprintln!("{number}: {error}"),
    ///     }
    /// }
    /// # Ok(()) }
    /// ```
    pub async fn outcomes(self) -> Vec<Result<PathBuf, Error>> {
        let renewal = Renewal {
            job: &self.job,
            output: self.output,
            fresh: OnceCell::new(),
        };
        let urls = self.output.urls();
        let transfer = |file| Transfer {
            client: &self.job.client,
            size_limit: self.size_limit,
            watch: self.watcher.one_of(file, urls.len()),
            renewal: Some(&renewal),
        };
        let transfers = urls.iter().enumerate();
        let files = transfers.map(|(file, url)| transfer(file).run(url, self.folder));
        let span = debug_span!("outputs", request_id = %self.job.request_id());
        let files = join_all(files).instrument(span).await;
        let named = files.into_iter().map(|file| self.job.named(file));
        named.collect()
    }

    async fn run(self) -> Result<Vec<PathBuf>, Error> {
        self.outcomes().await.into_iter().collect()
    }
}

impl<'a> IntoFuture for Downloads<'a> {
    type Output = Result<Vec<PathBuf>, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

/// The URLs are left out: they may be signed.
impl fmt::Debug for Downloads<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Downloads")
            .field("job", &self.job)
            .field("folder", &self.folder)
            .field("size_limit", &self.size_limit)
            .finish_non_exhaustive()
    }
}

/// Where dead links are read anew.
pub(super) struct Renewal<'a> {
    job: &'a Job<Output>,
    output: &'a Output,
    fresh: OnceCell<Output>,
}

impl Renewal<'_> {
    /// The link that now stands where this one stood, if it is another.
    pub(super) async fn url(&self, dead: &str) -> Result<Option<&str>, Error> {
        let fresh = self.fresh.get_or_try_init(|| self.read()).await?;
        let url = counterpart(self.output.as_value(), fresh.as_value(), dead);
        Ok(url.filter(|url| *url != dead))
    }

    async fn read(&self) -> Result<Output, Error> {
        let result = self.job.result().await?;
        result.output.ok_or_else(|| {
            Error::new(
                ErrorKind::Unreadable,
                "the output's link is dead, and the job's result has no output any more",
            )
        })
    }
}

/// What stands in `fresh` where `url` stands in `old`.
fn counterpart<'f>(old: &Value, fresh: &'f Value, url: &str) -> Option<&'f str> {
    match old {
        Value::String(text) if text == url => fresh.as_str(),
        Value::Array(list) => {
            let mut pairs = list.iter().zip(fresh.as_array()?);
            pairs.find_map(|(old, fresh)| counterpart(old, fresh, url))
        }
        Value::Object(map) => map
            .iter()
            .find_map(|(name, old)| counterpart(old, fresh.get(name)?, url)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_link_is_found_where_it_stood() {
        let old = json!({"image": "u1", "images": ["u1", "u2"], "audio": {"url": "u3"}});
        let fresh = json!({
            "seed": 7, "audio": {"url": "n3"}, "images": ["n1", "n2"], "image": "n0",
        });
        for (url, found) in [
            ("u1", Some("n0")),
            ("u2", Some("n2")),
            ("u3", Some("n3")),
            ("u4", None),
        ] {
            assert_eq!(counterpart(&old, &fresh, url), found, "{url}");
        }
        let odd = json!({"image": {"url": "n0"}, "images": ["n1"], "audio": null});
        assert_eq!(counterpart(&old, &odd, "u1"), Some("n1"));
        assert_eq!(counterpart(&old, &odd, "u2"), None);
        assert_eq!(counterpart(&json!("u1"), &json!("n1"), "u1"), Some("n1"));
    }
}
