//! What a server's answer brings.

use std::time::SystemTime;

use reqwest::header::{CONTENT_ENCODING, CONTENT_RANGE, HeaderMap, HeaderValue, IF_RANGE, RANGE};
use reqwest::{Response, StatusCode};

use crate::error::Error;
use crate::error::ErrorKind;
use crate::http::transport::retry_after;
use runcomfy_probe::content_range::ContentRange;
use runcomfy_probe::entity_tag::EntityTag;

/// Codings that change the bytes. Stores also put other words there, which mean nothing.
const CODINGS: [&str; 6] = ["br", "compress", "deflate", "gzip", "x-gzip", "zstd"];

/// What a server has told of a file.
#[derive(Clone, Debug)]
pub(super) struct Known {
    version: EntityTag,
    pub(super) total: Option<u64>,
}

/// What is on disk, and can be gone on with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kept<'a> {
    length: u64,
    known: &'a Known,
    validator: &'a HeaderValue,
}

/// Bytes that come, and their place in the file.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) start: u64,
    /// Where they end at the latest, if that is known.
    pub(super) end: Option<u64>,
    pub(super) known: Known,
}

impl<'a> Kept<'a> {
    /// Nothing where nothing says later on which version of the file it is a part of.
    pub(super) fn of(length: u64, known: Option<&'a Known>) -> Option<Self> {
        let known = known.filter(|_| length > 0)?;
        Some(Self {
            length,
            known,
            validator: known.version.validator()?,
        })
    }

    /// Asks for the rest of this version, or else for the whole of the new one.
    pub(super) fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::from_iter([(IF_RANGE, self.validator.clone())]);
        if let Ok(range) = HeaderValue::from_str(&format!("bytes={}-", self.length)) {
            headers.insert(RANGE, range);
        }
        headers
    }
}

impl Answer {
    /// Reads the head of an answer to a request for the rest of what is kept, or for the whole.
    pub(super) fn read(response: &Response, kept: Option<Kept<'_>>) -> Result<Self, Error> {
        let headers = response.headers();
        let answer = match response.status() {
            StatusCode::OK => {
                let total = response.content_length();
                let version = EntityTag::of(headers, total);
                Self {
                    start: 0,
                    end: total,
                    known: Known { version, total },
                }
            }
            StatusCode::PARTIAL_CONTENT => {
                let part = kept.and_then(|kept| part(headers, kept));
                part.ok_or_else(|| unreadable("other bytes than those asked for"))?
            }
            // What is kept may be longer than the file has become.
            StatusCode::RANGE_NOT_SATISFIABLE if kept.is_some() => {
                return Err(unreadable("nothing of what was still missing"));
            }
            status => return Err(refused(status, headers)),
        };
        if is_encoded(headers) {
            return Err(unreadable("the file compressed, though asked not to"));
        }
        Ok(answer)
    }
}

/// The rest of what is kept; `None` for any other bytes, or those of another version.
fn part(headers: &HeaderMap, kept: Kept<'_>) -> Option<Answer> {
    let place = headers.get(CONTENT_RANGE)?.to_str().ok()?;
    let place = ContentRange::parse(place).filter(|place| place.range.start == kept.length)?;
    let told = kept.known.total;
    // Without the size nobody could tell a part from the whole.
    let total = place.total.or(told)?;
    let version = EntityTag::of(headers, Some(total));
    let is_same = told.is_none_or(|told| told == total) && kept.known.version.may_be(&version);
    is_same.then(|| Answer {
        start: place.range.start,
        end: Some(place.range.end.min(total)),
        known: Known {
            version: kept.known.version.clone(),
            total: Some(total),
        },
    })
}

fn is_encoded(headers: &HeaderMap) -> bool {
    headers.get_all(CONTENT_ENCODING).iter().any(|value| {
        let words = value.to_str().unwrap_or_default().split(',');
        let coding = |word: &str| CODINGS.contains(&word.trim().to_ascii_lowercase().as_str());
        words.into_iter().any(coding)
    })
}

fn unreadable(found: &str) -> Error {
    Error::new(
        ErrorKind::Unreadable,
        format!("the output's server sent {found}"),
    )
}

fn refused(status: StatusCode, headers: &HeaderMap) -> Error {
    let (kind, meaning) = match status.as_u16() {
        401 | 403 => (
            ErrorKind::Forbidden,
            "the output's link is not valid any more",
        ),
        404 | 410 => (ErrorKind::NotFound, "the output is not there any more"),
        408 | 500..=599 => (
            ErrorKind::Unavailable,
            "the output's server is out of order for now",
        ),
        429 => (ErrorKind::Throttled, "too many requests for outputs"),
        400..=499 => (
            ErrorKind::BadRequest,
            "the output's server refuses to send it",
        ),
        _ => (
            ErrorKind::Unreadable,
            "the output's server answered something else than the file",
        ),
    };
    let code = status.as_u16();
    Error::new(kind, format!("{meaning} (HTTP {code})"))
        .with_reply(code, String::new())
        .with_retry_after(retry_after(headers, SystemTime::now()))
}
