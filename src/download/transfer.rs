//! Transfers one file of an output to disk, with retries.

use std::path::Path;

use reqwest::Url;
use reqwest::header::HeaderMap;
use tracing::{Instrument, debug_span};

use super::data_file::DataFile;
use super::fetcher::{self, Fetcher, with_idle_timeout};
use super::file_link::FileLink;
use super::file_name::{self, NameFile};
use super::inspection::{Claims, Inspection};
use super::link_renewal::LinkRenewal;
use super::partial_file::PartialFile;
use super::progress::FileProgress;
use super::response::{FileResponse, RemoteFile, ResumePoint};
use super::saved::Saved;
use crate::error::{Error, ErrorKind};
use crate::http::retry::Call;
use crate::http::retry_table::Operation;

/// One download with its settings.
pub(super) struct Transfer<'t, 'a> {
    pub(super) fetcher: &'t Fetcher,
    pub(super) link: FileLink<'t>,
    pub(super) size_limit: u64,
    pub(super) progress: FileProgress<'t, 'a>,
    /// Replaces an expired link once; `None` without a job to query.
    pub(super) renewal: Option<&'t LinkRenewal<'t>>,
    /// Names the file by its index, if the caller does.
    pub(super) name: Option<(usize, &'t NameFile<'a>)>,
    /// Is `true` if a whole file that is not the output is kept.
    pub(super) keeps_unexpected: bool,
}

impl Transfer<'_, '_> {
    pub(super) async fn run(self, folder: &Path) -> Result<Saved, Error> {
        if let Some(data) = DataFile::parse(&self.link) {
            return self.save_data(data?, folder).await;
        }
        let fetcher = self.fetcher;
        let url = fetcher.parse_url(self.link.url)?;
        let _slot = fetcher.acquire_slot().await;
        let name = file_name::from_url(&url);
        let mut call = TransferCall {
            part: PartialFile::create(folder, &name, fetcher.abandoned()).await?,
            transfer: self,
            url,
            file: None,
            reached: 0,
            wrong: None,
            is_wrong: false,
            wrong_count: 0,
        };
        let outcome = fetcher.retry().run(&mut call).await;
        let TransferCall {
            transfer,
            part,
            wrong,
            ..
        } = call;
        match (outcome, wrong) {
            (Ok((inspection, attempts)), _) => {
                let saved = transfer.publish(part, inspection, &name).await;
                saved.map_err(|error| error.with_attempts(attempts))
            }
            (Err(error), Some(wrong)) => Err(transfer.keep(part, wrong, &name, error).await),
            (Err(error), None) => Err(error),
        }
    }

    /// Saves the file that a `data:` URI contains.
    async fn save_data(self, data: DataFile, folder: &Path) -> Result<Saved, Error> {
        let length = data.bytes.len() as u64;
        self.check_size(length)?;
        let mut part = PartialFile::create(folder, &data.name, self.fetcher.abandoned()).await?;
        self.progress.report(0, Some(length));
        part.write(data.bytes.into()).await?;
        self.progress.report(length, Some(length));
        let claims = Claims {
            by_names: self.link.expected,
            extension: None,
            media_type: data.media_type,
        };
        let inspection = part.inspect(claims).await?;
        match inspection.error() {
            None => self.publish(part, inspection, &data.name).await,
            Some(error) => Err(self.keep(part, inspection, &data.name, error).await),
        }
    }

    /// Gives a complete file its name, which has the extension of its bytes.
    async fn publish(
        &self,
        part: PartialFile,
        inspection: Inspection,
        name: &str,
    ) -> Result<Saved, Error> {
        let name = inspection.name(name);
        let name = match self.name {
            Some((file, name_file)) => {
                let wanted = file_name::from_caller(&name_file(file, &name));
                inspection.callers_name(&wanted)
            }
            None => name,
        };
        let path = part.finish(name).await?;
        Ok(Saved::new(path, inspection.facts))
    }

    /// Keeps a file that is not the output under a name that says so, and adds it to the error, where such files are
    /// kept.
    async fn keep(
        &self,
        part: PartialFile,
        inspection: Inspection,
        name: &str,
        error: Error,
    ) -> Error {
        if !self.keeps_unexpected {
            return error;
        }
        match self.publish(part, inspection, name).await {
            Ok(saved) => error.with_kept_file(saved),
            // The error of the download is the one to report.
            Err(_) => error,
        }
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
}

/// A transfer as a call of the retry loop.
struct TransferCall<'t, 'a> {
    transfer: Transfer<'t, 'a>,
    url: Url,
    part: PartialFile,
    /// The version of the file on the server, of which the bytes on disk are.
    file: Option<RemoteFile>,
    /// Maximum number of bytes that were on disk after a failed attempt.
    reached: u64,
    /// The bytes on disk, if the last attempt has brought a whole file that is not the output.
    wrong: Option<Inspection>,
    /// `true` if the last attempt has brought a whole file that is not the output, or is empty.
    is_wrong: bool,
    /// Number of attempts that have brought such a file.
    wrong_count: u32,
}

/// Maximum number of attempts that bring a whole file which is not the output. A store that has not
/// written it yet has it a second later; a page of a gateway stays.
const MAX_WRONG: u32 = 3;

impl Call for TransferCall<'_, '_> {
    const OPERATION: Operation = Operation::Download;

    type Output = Inspection;

    async fn attempt(&mut self, number: u32) -> Result<Inspection, Error> {
        self.wrong = None;
        self.is_wrong = false;
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
        let Some(fresh) = renewal.url(self.transfer.link.url).await? else {
            return Ok(false);
        };
        self.url = self.transfer.fetcher.parse_url(fresh)?;
        Ok(true)
    }

    fn is_settled(&self) -> bool {
        self.is_wrong && self.wrong_count >= MAX_WRONG
    }

    /// Returns `true` if the attempt brought new bytes; it costs no budget then, however often the
    /// file is cut.
    fn made_progress(&mut self) -> bool {
        // A page may be longer each time.
        let progressed = self.wrong.is_none() && self.part.length() > self.reached;
        self.reached = self.reached.max(self.part.length());
        progressed
    }
}

impl TransferCall<'_, '_> {
    /// Sends one request, follows its redirects, and inspects the file. Received bytes are kept even if it
    /// fails.
    async fn fetch(&mut self) -> Result<Inspection, Error> {
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
        let claims = Claims {
            media_type: head.media_type.clone(),
            ..self.transfer.link.claims()
        };
        let part = &mut self.part;
        self.transfer.receive(response, &head, part).await?;
        // No output is empty: a store that has lost a file, or not written it yet, sends this.
        if part.length() == 0 {
            return Err(self.count_wrong(Error::new(
                ErrorKind::Unreadable,
                "the output's server sent an empty file, which no output is; no file was left behind; download it again later",
            )));
        }
        let inspection = part.inspect(claims).await?;
        match inspection.error() {
            None => Ok(inspection),
            Some(error) => {
                self.wrong = Some(inspection);
                Err(self.count_wrong(error.with_note("download it again later")))
            }
        }
    }

    fn count_wrong(&mut self, error: Error) -> Error {
        self.is_wrong = true;
        self.wrong_count += 1;
        error
    }
}
