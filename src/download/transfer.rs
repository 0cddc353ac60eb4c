//! One output on its way to the disk.

use std::path::{Path, PathBuf};

use reqwest::Url;
use reqwest::header::HeaderMap;
use tokio::time::sleep;
use tracing::{Instrument, debug_span};

use super::answer::{Answer, Kept, Known};
use super::fetcher::{self, in_time};
use super::job::Renewal;
use super::name;
use super::part::Part;
use super::progress::Watch;
use crate::client::Client;
use crate::error::Error;
use crate::error::ErrorKind;
use crate::http::retry::{MAX_RETRY_AFTER, backoff_after};

/// How often it is tried in a row without coming any further.
const MAX_ATTEMPTS: u32 = 6;

/// A download with all that was set for it.
pub(super) struct Transfer<'t, 'a> {
    pub(super) client: &'t Client,
    pub(super) size_limit: u64,
    pub(super) watch: Watch<'t, 'a>,
    /// For the output of a job: where a dead link is read anew.
    pub(super) renewal: Option<&'t Renewal<'t>>,
}

impl Transfer<'_, '_> {
    pub(super) async fn run(mut self, text: &str, folder: &Path) -> Result<PathBuf, Error> {
        let mut url = self.url(text)?;
        let _turn = self.client.inner.fetcher.turn().await;
        let budget = &self.client.inner.budget;
        let mut part = Part::create(folder, name::of(&url)).await?;
        let mut known = None;
        let (mut attempts, mut failures, mut reached) = (0, 0, 0);
        loop {
            attempts += 1;
            let span = debug_span!("download", host = url.host_str(), attempt = attempts);
            let attempt = self.attempt(&url, &mut part, &mut known);
            let error = match attempt.instrument(span).await {
                Ok(()) => {
                    budget.earn();
                    return part.finish().await.map_err(counted(attempts));
                }
                Err(error) => counted(attempts)(error),
            };
            if let Some(fresh) = self.renewed(&error, text).await? {
                // The same file behind another signature, so what is there is kept.
                url = fresh;
                continue;
            }
            // The file may have changed, and then what is there may be wrong too.
            if error.kind() == ErrorKind::Unreadable {
                known = None;
            }
            let came_further = part.length() > reached;
            failures = if came_further { 1 } else { failures + 1 };
            reached = reached.max(part.length());
            let pause = backoff_after(&error, failures);
            let patient = pause <= MAX_RETRY_AFTER && failures < MAX_ATTEMPTS;
            // A try that brings something is none too many, however often a file is cut.
            if !(error.is_transient() && patient && (came_further || budget.spend())) {
                return Err(error);
            }
            sleep(pause).await;
        }
    }

    /// One request, redirects aside; what comes is kept, whatever comes of it.
    async fn attempt(
        &self,
        url: &Url,
        part: &mut Part,
        known: &mut Option<Known>,
    ) -> Result<(), Error> {
        let inner = &self.client.inner;
        let kept = Kept::of(part.length(), known.as_ref());
        let headers = kept.map_or_else(HeaderMap::new, |kept| kept.headers());
        let response = inner.fetcher.get(url, &headers, &inner.endpoint).await?;
        let answer = Answer::read(&response, kept)?;
        self.fits(answer.known.total.unwrap_or_default())?;
        if answer.start == 0 {
            part.clear().await?;
        }
        *known = Some(answer.known.clone());
        self.receive(response, &answer, part).await
    }

    async fn receive(
        &self,
        mut response: reqwest::Response,
        answer: &Answer,
        part: &mut Part,
    ) -> Result<(), Error> {
        let total = answer.known.total;
        let host = fetcher::host(response.url());
        self.watch.tell(part.length(), total);
        loop {
            let piece = match in_time(&host, response.chunk()).await {
                Ok(Some(piece)) => piece,
                // A server that tells no size and just closes cannot be told from a cut without
                // TLS, which only this machine is asked.
                Ok(None) => break,
                // All is there, and how the connection ends does not matter.
                Err(_) if total == Some(part.length()) => break,
                Err(error) => return Err(error),
            };
            let length = part.length().saturating_add(piece.len() as u64);
            if answer.end.is_some_and(|end| length > end) {
                let message = "the output's server sent more bytes than it announced";
                return Err(Error::new(ErrorKind::Unreadable, message));
            }
            self.fits(length)?;
            part.write(piece).await?;
            self.watch.tell(length, total);
        }
        match total {
            Some(total) if part.length() < total => Err(Error::new(
                ErrorKind::ResponseLost,
                format!("the output ended after {} of {total} bytes", part.length()),
            )),
            _ => Ok(()),
        }
    }

    fn fits(&self, length: u64) -> Result<(), Error> {
        let limit = self.size_limit;
        if length <= limit {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::TooLarge,
            format!(
                "the output has {length} bytes or more, and the limit is {limit}; raise it with `size_limit`"
            ),
        ))
    }

    /// Another link in the place of a dead one, at most once.
    async fn renewed(&mut self, error: &Error, text: &str) -> Result<Option<Url>, Error> {
        let is_dead = matches!(error.http_status(), Some(403 | 404 | 410));
        let Some(renewal) = self.renewal.filter(|_| is_dead) else {
            return Ok(None);
        };
        self.renewal = None;
        let fresh = renewal.url(text).await?;
        fresh.map(|text| self.url(text)).transpose()
    }

    fn url(&self, text: &str) -> Result<Url, Error> {
        let inner = &self.client.inner;
        inner.fetcher.url(text, &inner.endpoint)
    }
}

fn counted(attempts: u32) -> impl Fn(Error) -> Error {
    move |error| error.with_attempts(attempts)
}
