//! Reads the head of a server's response to a download request.

use std::time::SystemTime;

use reqwest::header::{
    CONTENT_ENCODING, CONTENT_RANGE, CONTENT_TYPE, HeaderMap, HeaderValue, IF_RANGE, RANGE,
};
use reqwest::{Response, StatusCode};

use crate::error::{Error, ErrorKind};
use crate::http::transport::retry_after;
use runcomfy_probe::__private::{ContentRange, EntityTag};

/// Content codings that change the bytes. Stores also send other words, which mean nothing.
const CONTENT_CODINGS: [&str; 6] = ["br", "compress", "deflate", "gzip", "x-gzip", "zstd"];

/// A file on the server, as its responses describe it.
#[derive(Clone, Debug)]
pub(super) struct RemoteFile {
    version: EntityTag,
    pub(super) total: Option<u64>,
}

/// The bytes on disk from which a download can be resumed.
#[derive(Clone, Copy, Debug)]
pub(super) struct ResumePoint<'a> {
    length: u64,
    file: &'a RemoteFile,
    validator: &'a HeaderValue,
}

/// The head of a response whose body brings bytes of the file.
#[derive(Debug)]
pub(super) struct FileResponse {
    /// Position of the body's first byte in the file.
    pub(super) start: u64,
    /// Maximum position at which the body ends, if the server sends it.
    pub(super) end: Option<u64>,
    pub(super) file: RemoteFile,
    /// The `Content-Type`, if the server sends it.
    pub(super) media_type: Option<String>,
}

impl<'a> ResumePoint<'a> {
    /// Returns `None` if there are no bytes, or no validator by which a later response can be
    /// matched to the version of the file that they belong to.
    pub(super) fn new(length: u64, file: Option<&'a RemoteFile>) -> Option<Self> {
        let file = file.filter(|_| length > 0)?;
        Some(Self {
            length,
            file,
            validator: file.version.validator()?,
        })
    }

    /// Returns headers that request the rest of this version, or else the whole of a new one.
    pub(super) fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::from_iter([(IF_RANGE, self.validator.clone())]);
        if let Ok(range) = HeaderValue::from_str(&format!("bytes={}-", self.length)) {
            headers.insert(RANGE, range);
        }
        headers
    }
}

impl FileResponse {
    /// Reads the head of the response to a request for the rest after `resume`, or for the whole
    /// file.
    pub(super) fn read(
        response: &Response,
        resume: Option<ResumePoint<'_>>,
    ) -> Result<Self, Error> {
        let headers = response.headers();
        let read = match response.status() {
            StatusCode::OK => {
                let total = response.content_length();
                let version = EntityTag::from_headers(headers, total);
                Self {
                    start: 0,
                    end: total,
                    file: RemoteFile { version, total },
                    media_type: media_type(headers),
                }
            }
            StatusCode::PARTIAL_CONTENT => {
                let part = resume.and_then(|resume| part(headers, resume));
                part.ok_or_else(|| unreadable("other bytes than those requested"))?
            }
            // The bytes on disk may be more than the file has now.
            StatusCode::RANGE_NOT_SATISFIABLE if resume.is_some() => {
                return Err(unreadable("none of the missing bytes"));
            }
            status => return Err(refused(status, headers)),
        };
        if is_encoded(headers) {
            return Err(unreadable(
                "a compressed file, although `identity` was requested",
            ));
        }
        Ok(read)
    }
}

/// Returns the rest after `resume`; `None` for other bytes and for those of another version.
fn part(headers: &HeaderMap, resume: ResumePoint<'_>) -> Option<FileResponse> {
    let part = headers.get(CONTENT_RANGE)?.to_str().ok()?;
    let part = ContentRange::parse(part).filter(|part| part.range.start == resume.length)?;
    let known_total = resume.file.total;
    // Without the total size, a part cannot be distinguished from the whole file.
    let total = part.total.or(known_total)?;
    let version = EntityTag::from_headers(headers, Some(total));
    let is_same_size = known_total.is_none_or(|known| known == total);
    let is_same = is_same_size && resume.file.version.may_match(&version);
    is_same.then(|| FileResponse {
        start: part.range.start,
        end: Some(part.range.end.min(total)),
        file: RemoteFile {
            version: resume.file.version.clone(),
            total: Some(total),
        },
        media_type: media_type(headers),
    })
}

fn media_type(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    Some(value.to_owned())
}

fn is_encoded(headers: &HeaderMap) -> bool {
    headers.get_all(CONTENT_ENCODING).iter().any(|value| {
        let words = value.to_str().unwrap_or_default().split(',');
        let coding =
            |word: &str| CONTENT_CODINGS.contains(&word.trim().to_ascii_lowercase().as_str());
        words.into_iter().any(coding)
    })
}

fn unreadable(found: &str) -> Error {
    Error::new(
        ErrorKind::Unreadable,
        format!("the output's server sent {found}; download it again later"),
    )
}

fn refused(status: StatusCode, headers: &HeaderMap) -> Error {
    const REFRESH: &str = "fetch the job's result again";
    const LATER: &str = "download it again later";
    let (kind, meaning, advice) = match status.as_u16() {
        401 | 403 => (ErrorKind::Forbidden, "link is no longer valid", REFRESH),
        404 | 410 => (ErrorKind::NotFound, "file no longer exists", REFRESH),
        408 | 500..=599 => (ErrorKind::Unavailable, "server is unavailable", LATER),
        429 => (ErrorKind::Throttled, "server is throttling requests", LATER),
        400..=499 => (ErrorKind::BadRequest, "server refused the request", REFRESH),
        _ => (ErrorKind::Unreadable, "server sent no file", LATER),
    };
    let code = status.as_u16();
    Error::new(
        kind,
        format!("the output's {meaning} (HTTP {code}); {advice}"),
    )
    .with_reply(code, String::new())
    .with_retry_after(retry_after(headers, SystemTime::now()))
}
