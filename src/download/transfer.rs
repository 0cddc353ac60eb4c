//! Transfers one file of an output to disk, with retries.

use std::path::{Path, PathBuf};

use reqwest::Url;
use reqwest::header::HeaderMap;
use tokio::time::sleep;
use tracing::{Instrument, debug_span};

use super::fetcher::{self, with_idle_timeout};
use super::file_name;
use super::job::LinkRenewal;
use super::partial_file::PartialFile;
use super::progress::FileProgress;
use super::response::{FileResponse, RemoteFile, ResumePoint};
use crate::client::Client;
use crate::error::Error;
use crate::error::ErrorKind;
use crate::http::retry::{MAX_RETRY_AFTER, backoff_after};

/// Maximum number of attempts in a row that bring no new byte.
const MAX_ATTEMPTS: u32 = 6;

/// One download with its settings.
pub(super) struct Transfer<'t, 'a> {
    pub(super) client: &'t Client,
    pub(super) size_limit: u64,
    pub(super) progress: FileProgress<'t, 'a>,
    /// Replaces an expired link once; `None` without a job to query.
    pub(super) renewal: Option<&'t LinkRenewal<'t>>,
}

impl Transfer<'_, '_> {
    pub(super) async fn run(mut self, text: &str, folder: &Path) -> Result<PathBuf, Error> {
        let mut url = self.parse_url(text)?;
        let _slot = self.client.inner.fetcher.acquire_slot().await;
        let budget = &self.client.inner.budget;
        let mut part = PartialFile::create(folder, file_name::from_url(&url)).await?;
        let mut file = None;
        let (mut attempts, mut failures, mut reached) = (0, 0, 0);
        loop {
            attempts += 1;
            let span = debug_span!("download", host = url.host_str(), attempt = attempts);
            let attempt = self.attempt(&url, &mut part, &mut file);
            let error = match attempt.instrument(span).await {
                Ok(()) => {
                    budget.earn();
                    return part.finish().await.map_err(counted(attempts));
                }
                Err(error) => counted(attempts)(error),
            };
            if let Some(fresh) = self.renewed(&error, text).await? {
                // The link leads to the same file with a new signature, so the bytes are kept.
                url = fresh;
                continue;
            }
            // The file may have changed, and then the bytes on disk may be wrong too.
            if error.kind() == ErrorKind::Unreadable {
                file = None;
            }
            let made_progress = part.length() > reached;
            failures = if made_progress { 1 } else { failures + 1 };
            reached = reached.max(part.length());
            let backoff = backoff_after(&error, failures);
            let may_retry = backoff <= MAX_RETRY_AFTER && failures < MAX_ATTEMPTS;
            // An attempt that brings new bytes costs no budget, however often the file is cut.
            if !(error.is_transient() && may_retry && (made_progress || budget.spend())) {
                return Err(error);
            }
            sleep(backoff).await;
        }
    }

    /// Sends one request and follows its redirects. Received bytes are kept even if it fails.
    async fn attempt(
        &self,
        url: &Url,
        part: &mut PartialFile,
        file: &mut Option<RemoteFile>,
    ) -> Result<(), Error> {
        let inner = &self.client.inner;
        let resume = ResumePoint::new(part.length(), file.as_ref());
        let headers = resume.map_or_else(HeaderMap::new, |resume| resume.headers());
        let response = inner.fetcher.get(url, &headers, &inner.endpoint).await?;
        let head = FileResponse::read(&response, resume)?;
        self.check_size(head.file.total.unwrap_or_default())?;
        if head.start == 0 {
            part.clear().await?;
        }
        *file = Some(head.file.clone());
        self.receive(response, &head, part).await
    }

    async fn receive(
        &self,
        mut response: reqwest::Response,
        head: &FileResponse,
        part: &mut PartialFile,
    ) -> Result<(), Error> {
        let total = head.file.total;
        let host = fetcher::host(response.url());
        self.progress.report(part.length(), total);
        loop {
            let piece = match with_idle_timeout(&host, response.chunk()).await {
                Ok(Some(piece)) => piece,
                // Without a size, the end of the file and a cut look alike where there is no TLS,
                // and only this machine is contacted without TLS.
                Ok(None) => break,
                // The file is complete, so it does not matter how the connection ends.
                Err(_) if total == Some(part.length()) => break,
                Err(error) => return Err(error),
            };
            let length = part.length().saturating_add(piece.len() as u64);
            if head.end.is_some_and(|end| length > end) {
                let message = "the output's server sent more bytes than it announced; download it again later";
                return Err(Error::new(ErrorKind::Unreadable, message));
            }
            self.check_size(length)?;
            part.write(piece).await?;
            self.progress.report(length, total);
        }
        match total {
            Some(total) if part.length() < total => Err(Error::new(
                ErrorKind::ResponseLost,
                format!(
                    "the output ended after {} of {total} bytes; download it again later",
                    part.length()
                ),
            )),
            _ => Ok(()),
        }
    }

    fn check_size(&self, length: u64) -> Result<(), Error> {
        let limit = self.size_limit;
        if length <= limit {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::TooLarge,
            format!(
                "the output has at least {length} bytes, and the limit is {limit}; no file was left behind; raise the limit with `size_limit`"
            ),
        ))
    }

    /// Returns a new link in place of an expired one, at most once.
    async fn renewed(&mut self, error: &Error, text: &str) -> Result<Option<Url>, Error> {
        let has_expired = matches!(error.http_status(), Some(403 | 404 | 410));
        let Some(renewal) = self.renewal.filter(|_| has_expired) else {
            return Ok(None);
        };
        self.renewal = None;
        let fresh = renewal.url(text).await?;
        fresh.map(|text| self.parse_url(text)).transpose()
    }

    fn parse_url(&self, text: &str) -> Result<Url, Error> {
        let inner = &self.client.inner;
        inner.fetcher.parse_url(text, &inner.endpoint)
    }
}

fn counted(attempts: u32) -> impl Fn(Error) -> Error {
    move |error| error.with_attempts(attempts)
}
