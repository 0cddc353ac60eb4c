//! The files that jobs made, drawn when somebody fetches them.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::output::{Medium, Output};
use crate::refusal::Refusal;
use crate::render;
use crate::server::Server;

/// Files kept after they were drawn: a client asks for one in pieces, seldom for many by turns.
const KEPT: usize = 8;

/// The files drawn last.
#[derive(Default)]
pub(crate) struct Shelf {
    files: Mutex<VecDeque<(String, Bytes)>>,
}

impl Shelf {
    /// The file of a job, from the shelf or newly drawn.
    async fn get(&self, request_id: &str, output: Output) -> Result<Bytes, Refusal> {
        if let Some(bytes) = self.kept(request_id) {
            return Ok(bytes);
        }
        // A picture of 16 million pixels takes a while, and meanwhile others want answers.
        let drawn = tokio::task::spawn_blocking(move || draw(&output)).await;
        let bytes = drawn.map_err(|_| Refusal::broken("The file could not be made."))?;
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files.truncate(KEPT - 1);
        files.push_front((request_id.to_owned(), bytes.clone()));
        Ok(bytes)
    }

    fn kept(&self, request_id: &str) -> Option<Bytes> {
        let files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files
            .iter()
            .find(|(id, _)| id == request_id)
            .map(|(_, bytes)| bytes.clone())
    }
}

fn draw(output: &Output) -> Bytes {
    let Output {
        medium,
        width,
        height,
        seconds,
        caption,
    } = output;
    match medium {
        Medium::Image => render::png(*width, *height, caption),
        Medium::Video => render::mp4(*width, *height, *seconds, caption),
        Medium::Audio => render::wav(*seconds),
    }
    .into()
}

/// `GET` and `HEAD` of a file, whole or one range of it.
pub(crate) async fn serve(
    State(server): State<Arc<Server>>,
    Path((request_id, name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let output = server.service.file(&request_id, &name)?;
    let content_type = output.medium.content_type();
    let bytes = server.files.get(&request_id, output).await?;
    let etag = format!("\"{request_id}\"");
    let total = bytes.len();
    let range = wanted(&headers, &etag).map(|wanted| resolve(wanted, total));
    let common = [
        (header::CONTENT_TYPE, content_type.to_owned()),
        (header::ACCEPT_RANGES, "bytes".to_owned()),
        (header::ETAG, etag),
    ];
    // The body is the same for HEAD: the length is taken from it, and then it is not sent.
    Ok(match range {
        None => (common, Body::from(bytes)).into_response(),
        Some(Some(range)) => {
            let (first, last) = (range.start, range.end - 1);
            let place = [(
                header::CONTENT_RANGE,
                format!("bytes {first}-{last}/{total}"),
            )];
            let part = Body::from(bytes.slice(range));
            (StatusCode::PARTIAL_CONTENT, common, place, part).into_response()
        }
        Some(None) => {
            let place = [(header::CONTENT_RANGE, format!("bytes */{total}"))];
            (StatusCode::RANGE_NOT_SATISFIABLE, place).into_response()
        }
    })
}

/// One range as it is asked for: `first-`, `first-last` or `-count`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    From(usize),
    Between(usize, usize),
    Last(usize),
}

/// The range of a request. One that is not understood, several at once, and one for another
/// version of the file (`If-Range`) give the whole file, as RFC 9110 has it.
fn wanted(headers: &HeaderMap, etag: &str) -> Option<Wanted> {
    if headers
        .get(header::IF_RANGE)
        .is_some_and(|known| known != etag)
    {
        return None;
    }
    let text = headers.get(header::RANGE)?.to_str().ok()?;
    let (first, last) = text.strip_prefix("bytes=")?.split_once('-')?;
    match (first.trim(), last.trim()) {
        ("", count) => Some(Wanted::Last(count.parse().ok()?)),
        (first, "") => Some(Wanted::From(first.parse().ok()?)),
        (first, last) => {
            let (first, last) = (first.parse().ok()?, last.parse().ok()?);
            (first <= last).then_some(Wanted::Between(first, last))
        }
    }
}

/// The bytes meant, of `total`; nothing when there are none.
fn resolve(wanted: Wanted, total: usize) -> Option<Range<usize>> {
    let range = match wanted {
        Wanted::From(first) => first..total,
        Wanted::Between(first, last) => first..last.saturating_add(1).min(total),
        Wanted::Last(count) => total.saturating_sub(count)..total,
    };
    (!range.is_empty()).then_some(range)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: Range<usize> = 0..0;

    /// The part of 100 bytes that is sent.
    fn part(range: &str) -> Range<usize> {
        let mut headers = HeaderMap::new();
        headers.insert(header::RANGE, range.parse().unwrap());
        match wanted(&headers, "\"x\"") {
            Some(wanted) => resolve(wanted, 100).unwrap_or(NOTHING),
            None => 0..100,
        }
    }

    #[test]
    fn ranges_are_those_of_rfc_9110() {
        assert_eq!(part("bytes=0-9"), 0..10);
        assert_eq!(part("bytes=90-"), 90..100);
        assert_eq!(part("bytes=-10"), 90..100);
        assert_eq!(part("bytes=-1000"), 0..100);
        assert_eq!(part("bytes=50-18446744073709551615"), 50..100);
        assert_eq!(part("bytes=100-"), NOTHING);
        assert_eq!(part("bytes=-0"), NOTHING);
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
