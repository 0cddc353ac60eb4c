//! Serves output files, each made when it is first fetched.

use std::ops::Range;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::api_error::ApiError;
use crate::server::Server;

/// Serves `GET` and `HEAD` of a file, whole or one range of it.
pub(crate) async fn serve(
    State(server): State<Arc<Server>>,
    Path((request_id, name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let output = server.service.file(&request_id, &name)?;
    let content_type = output.kind.content_type();
    let bytes = server.service.files.get(&request_id, output).await?;
    let etag = format!("\"{request_id}\"");
    let total = bytes.len();
    let range = parse_range(&headers, &etag).map(|range| resolve(range, total));
    let common = [
        (header::CONTENT_TYPE, content_type.to_owned()),
        (header::ACCEPT_RANGES, "bytes".to_owned()),
        (header::ETAG, etag),
    ];
    // HEAD needs the body as well: the server takes the length from it, and does not send it.
    Ok(match range {
        None => (common, Body::from(bytes)).into_response(),
        Some(Some(range)) => {
            let (first, last) = (range.start, range.end - 1);
            let content_range = [(
                header::CONTENT_RANGE,
                format!("bytes {first}-{last}/{total}"),
            )];
            let part = Body::from(bytes.slice(range));
            (StatusCode::PARTIAL_CONTENT, common, content_range, part).into_response()
        }
        Some(None) => {
            let content_range = [(header::CONTENT_RANGE, format!("bytes */{total}"))];
            (StatusCode::RANGE_NOT_SATISFIABLE, content_range).into_response()
        }
    })
}

/// A requested range: `first-`, `first-last` or `-count`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ByteRange {
    From(usize),
    Between(usize, usize),
    Last(usize),
}

/// Parses the range of a request. An unreadable range, several ranges, and a range of another
/// version of the file (`If-Range`) give `None`: the whole file, as RFC 9110 says.
fn parse_range(headers: &HeaderMap, etag: &str) -> Option<ByteRange> {
    if headers
        .get(header::IF_RANGE)
        .is_some_and(|known| known != etag)
    {
        return None;
    }
    let text = headers.get(header::RANGE)?.to_str().ok()?;
    let (first, last) = text.strip_prefix("bytes=")?.split_once('-')?;
    match (first.trim(), last.trim()) {
        ("", count) => Some(ByteRange::Last(count.parse().ok()?)),
        (first, "") => Some(ByteRange::From(first.parse().ok()?)),
        (first, last) => {
            let (first, last) = (first.parse().ok()?, last.parse().ok()?);
            (first <= last).then_some(ByteRange::Between(first, last))
        }
    }
}

/// Resolves a range of a file of `total` bytes; `None` if it contains none of them.
fn resolve(range: ByteRange, total: usize) -> Option<Range<usize>> {
    let range = match range {
        ByteRange::From(first) => first..total,
        ByteRange::Between(first, last) => first..last.saturating_add(1).min(total),
        ByteRange::Last(count) => total.saturating_sub(count)..total,
    };
    (!range.is_empty()).then_some(range)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: Range<usize> = 0..0;

    /// Returns the part of 100 bytes that is sent.
    fn part(range: &str) -> Range<usize> {
        let mut headers = HeaderMap::new();
        headers.insert(header::RANGE, range.parse().unwrap());
        match parse_range(&headers, "\"x\"") {
            Some(range) => resolve(range, 100).unwrap_or(EMPTY),
            None => 0..100,
        }
    }

    #[test]
    fn ranges_follow_rfc_9110() {
        assert_eq!(part("bytes=0-9"), 0..10);
        assert_eq!(part("bytes=90-"), 90..100);
        assert_eq!(part("bytes=-10"), 90..100);
        assert_eq!(part("bytes=-1000"), 0..100);
        assert_eq!(part("bytes=50-18446744073709551615"), 50..100);
        assert_eq!(part("bytes=100-"), EMPTY);
        assert_eq!(part("bytes=-0"), EMPTY);
        for whole in [
            "bytes=9-0",
            "bytes=0-1,4-5",
            "bytes=a-b",
            "lines=0-1",
            "bytes=5",
        ] {
            assert_eq!(part(whole), 0..100, "{whole}");
        }
    }
}
