//! Transfers one file of an output to disk, with retries.

use std::path::{Path, PathBuf};

use reqwest::Url;
use reqwest::header::HeaderMap;
use tracing::{Instrument, debug_span};

use super::fetcher::{self, Fetcher, with_idle_timeout};
use super::file_name;
use super::job::NameFile;
use super::link_renewal::LinkRenewal;
use super::partial_file::PartialFile;
use super::progress::FileProgress;
use super::response::{FileResponse, RemoteFile, ResumePoint};
use crate::error::{Error, ErrorKind};
use crate::http::retry::Call;
use crate::http::retry_table::Operation;

/// One download with its settings.
pub(super) struct Transfer<'t, 'a> {
    pub(super) fetcher: &'t Fetcher,
    pub(super) size_limit: u64,
    pub(super) progress: FileProgress<'t, 'a>,
    /// Replaces an expired link once; `None` without a job to query.
    pub(super) renewal: Option<&'t LinkRenewal<'t>>,
    /// Names the file by its index, if the caller does.
    pub(super) name: Option<(usize, &'t NameFile<'a>)>,
}

impl Transfer<'_, '_> {
    pub(super) async fn run(self, text: &str, folder: &Path) -> Result<PathBuf, Error> {
        let fetcher = self.fetcher;
        let url = fetcher.parse_url(text)?;
        let _slot = fetcher.acquire_slot().await;
        let name = file_name::from_url(&url);
        let name = match self.name {
            Some((file, name_file)) => file_name::from_caller(&name_file(file, &name)),
            None => name,
        };
        let mut call = TransferCall {
            part: PartialFile::create(folder, name).await?,
            transfer: self,
            text,
            url,
            file: None,
            reached: 0,
        };
        let ((), attempts) = fetcher.retry().run(&mut call).await?;
        let path = call.part.finish().await;
        path.map_err(|error| error.with_attempts(attempts))
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
            // No output is empty: a store that has lost a file, or not written it yet, sends this.
            _ if part.length() == 0 => Err(Error::new(
                ErrorKind::Unreadable,
                "the output's server sent an empty file, which no output is; no file was left behind; download it again later",
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
}

/// A transfer as a call of the retry loop.
struct TransferCall<'t, 'a> {
    transfer: Transfer<'t, 'a>,
    /// The link as the output has it.
    text: &'t str,
    url: Url,
    part: PartialFile,
    /// The version of the file on the server, of which the bytes on disk are.
    file: Option<RemoteFile>,
    /// Maximum number of bytes that were on disk after a failed attempt.
    reached: u64,
}

impl Call for TransferCall<'_, '_> {
    const OPERATION: Operation = Operation::Download;

    type Output = ();

    async fn attempt(&mut self, number: u32) -> Result<(), Error> {
        let span = debug_span!("download", host = self.url.host_str(), attempt = number);
        let outcome = self.fetch().instrument(span).await;
        // The file may have changed, and then the bytes on disk may be wrong too.
        if matches!(&outcome, Err(error) if error.kind() == ErrorKind::Unreadable) {
            self.file = None;
        }
        outcome
    }

    /// Replaces an expired link, at most once. The new link leads to the same file with a new
    /// signature, so the bytes are kept.
    async fn recover(&mut self, error: &Error) -> Result<bool, Error> {
        let has_expired = matches!(error.http_status(), Some(403 | 404 | 410));
        let Some(renewal) = self.transfer.renewal.filter(|_| has_expired) else {
            return Ok(false);
        };
        self.transfer.renewal = None;
        let Some(fresh) = renewal.url(self.text).await? else {
            return Ok(false);
        };
        self.url = self.transfer.fetcher.parse_url(fresh)?;
        Ok(true)
    }

    /// Returns `true` if the attempt brought new bytes; it costs no budget then, however often the
    /// file is cut.
    fn made_progress(&mut self) -> bool {
        let progressed = self.part.length() > self.reached;
        self.reached = self.reached.max(self.part.length());
        progressed
    }
}

impl TransferCall<'_, '_> {
    /// Sends one request and follows its redirects. Received bytes are kept even if it fails.
    async fn fetch(&mut self) -> Result<(), Error> {
        let resume = ResumePoint::new(self.part.length(), self.file.as_ref());
        let headers = resume.map_or_else(HeaderMap::new, |resume| resume.headers());
        let response = self.transfer.fetcher.get(&self.url, &headers).await?;
        let head = FileResponse::read(&response, resume)?;
        self.transfer
            .check_size(head.file.total.unwrap_or_default())?;
        if head.start == 0 {
            self.part.clear().await?;
        }
        self.file = Some(head.file.clone());
        let part = &mut self.part;
        self.transfer.receive(response, &head, part).await
    }
}
