//! The bytes behind a URL.

use std::ops::Range;

use reqwest::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_RANGE, HeaderMap, IF_RANGE, LOCATION, RANGE,
};
use reqwest::{Response, StatusCode};

use crate::content_range::ContentRange;
use crate::entity_tag::EntityTag;
use crate::error::{ProbeError, ProbeErrorKind};
use crate::http::Http;
use crate::names::NoAddress;
use crate::target::Target;

/// Enough for a shortener, a host's change and its store; a loop ends soon.
const MOST_REDIRECTS: usize = 3;

/// A file on a server, read piece by piece.
#[derive(Debug)]
pub(crate) struct Source<'a> {
    http: &'a Http,
    target: Target,
    redirects: usize,
    /// Known after the first piece of a server that gives pieces.
    version: Option<EntityTag>,
}

/// Some bytes of a file.
#[derive(Debug)]
pub(crate) struct Piece {
    pub(crate) bytes: Vec<u8>,
    /// The size of the whole file, where it is known.
    pub(crate) total: Option<u64>,
    /// Whether the server gives other pieces too.
    pub(crate) seekable: bool,
}

impl<'a> Source<'a> {
    pub(crate) fn new(http: &'a Http, url: &str) -> Result<Self, ProbeError> {
        Ok(Self {
            http,
            target: Target::new(url, http.reaches_loopback())?,
            redirects: 0,
            version: None,
        })
    }

    /// Reads a range, or what there is of it.
    pub(crate) async fn read(&mut self, wanted: Range<u64>) -> Result<Piece, ProbeError> {
        let response = self.ask(&wanted).await?;
        if is_encoded(response.headers()) {
            // A few bytes may unpack to gigabytes, and sizes of packed bytes say nothing.
            return Err(self.useless("sent the file compressed, though asked not to"));
        }
        match response.status() {
            StatusCode::PARTIAL_CONTENT => self.part(response, wanted).await,
            StatusCode::OK if self.version.is_none() && wanted.start == 0 => {
                self.beginning(response, wanted.end).await
            }
            StatusCode::OK => Err(self.useless("gives no parts of the file, or it has changed")),
            status => Err(ProbeError::new(
                ProbeErrorKind::Status,
                format!(
                    "`{}` answered HTTP {} instead of the file",
                    self.target.host(),
                    status.as_u16()
                ),
            )),
        }
    }

    /// Asks, and follows redirects; later pieces are asked for where the first one was found.
    async fn ask(&mut self, wanted: &Range<u64>) -> Result<Response, ProbeError> {
        loop {
            let response = self.send(wanted).await?;
            match response.status() {
                StatusCode::MOVED_PERMANENTLY
                | StatusCode::FOUND
                | StatusCode::SEE_OTHER
                | StatusCode::TEMPORARY_REDIRECT
                | StatusCode::PERMANENT_REDIRECT => self.follow(response.headers())?,
                _ => return Ok(response),
            }
        }
    }

    async fn send(&self, wanted: &Range<u64>) -> Result<Response, ProbeError> {
        let last = wanted.end.saturating_sub(1);
        let mut request = self
            .http
            .client(self.target.reach)
            .get(self.target.url.clone())
            .header(ACCEPT_ENCODING, "identity")
            .header(RANGE, format!("bytes={}-{last}", wanted.start));
        if let Some(validator) = self.version.as_ref().and_then(EntityTag::validator) {
            request = request.header(IF_RANGE, validator);
        }
        request.send().await.map_err(|error| self.failed(&error))
    }

    fn follow(&mut self, headers: &HeaderMap) -> Result<(), ProbeError> {
        let wrong = |text: String| ProbeError::new(ProbeErrorKind::Redirect, text);
        let host = self.target.host();
        if self.redirects == MOST_REDIRECTS {
            return Err(wrong(format!(
                "`{host}` redirects once more after {MOST_REDIRECTS} redirects"
            )));
        }
        let location = headers
            .get(LOCATION)
            .and_then(|location| location.to_str().ok())
            .ok_or_else(|| wrong(format!("`{host}` redirects without saying where to")))?;
        self.target = self
            .target
            .redirected(location, self.http.reaches_loopback())
            .map_err(ProbeError::after_redirect)?;
        self.redirects += 1;
        Ok(())
    }

    async fn part(&mut self, response: Response, wanted: Range<u64>) -> Result<Piece, ProbeError> {
        let part = response
            .headers()
            .get(CONTENT_RANGE)
            .and_then(|range| ContentRange::parse(range.to_str().ok()?))
            .filter(|part| part.range.start == wanted.start)
            .ok_or_else(|| self.useless("sent other bytes than those asked for"))?;
        let version = EntityTag::from_headers(response.headers(), part.total);
        match &self.version {
            Some(first) if !first.may_match(&version) => {
                return Err(self.useless("has changed the file meanwhile"));
            }
            Some(_) => {}
            None => self.version = Some(version),
        }
        let length = part.range.end.min(wanted.end).saturating_sub(wanted.start);
        let (bytes, ended) = self.first_bytes(response, length).await?;
        if ended {
            return Err(self.useless("sent fewer bytes than it announced"));
        }
        Ok(Piece {
            bytes,
            total: part.total,
            seekable: true,
        })
    }

    /// What a server that ignores `Range` sends first; the rest is left on the wire.
    async fn beginning(&self, response: Response, length: u64) -> Result<Piece, ProbeError> {
        let announced = response.content_length();
        let (bytes, ended) = self.first_bytes(response, length).await?;
        let total = announced.or_else(|| ended.then_some(bytes.len() as u64));
        Ok(Piece {
            bytes,
            total,
            seekable: false,
        })
    }

    /// At most so many bytes, whatever the server sends, and whether the body ended before.
    async fn first_bytes(
        &self,
        mut response: Response,
        length: u64,
    ) -> Result<(Vec<u8>, bool), ProbeError> {
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let mut bytes = Vec::new();
        while bytes.len() < length {
            let chunk = response.chunk().await.map_err(|e| self.failed(&e))?;
            let Some(chunk) = chunk else {
                return Ok((bytes, true));
            };
            bytes.extend_from_slice(&chunk[..chunk.len().min(length - bytes.len())]);
        }
        Ok((bytes, false))
    }

    fn useless(&self, text: &str) -> ProbeError {
        ProbeError::answer(self.target.host(), text)
    }

    /// The cause is left out: it tells of addresses and ports.
    fn failed(&self, error: &reqwest::Error) -> ProbeError {
        let host = self.target.host();
        if NoAddress::caused(error) {
            self.target.no_address()
        } else if error.is_builder() {
            ProbeError::url(format!("the URL at `{host}` cannot be asked for"))
        } else if error.is_connect() {
            let text = format!("`{host}` could not be reached");
            ProbeError::new(ProbeErrorKind::Unreachable, text)
        } else {
            let text = format!("the connection to `{host}` broke before an answer could be read");
            ProbeError::new(ProbeErrorKind::Unreachable, text)
        }
    }
}

fn is_encoded(headers: &HeaderMap) -> bool {
    headers
        .get_all(CONTENT_ENCODING)
        .iter()
        .any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity"))
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;
    use crate::names::Lookup;

    /// A server that gives these answers, one a connection.
    async fn server(answers: [&'static str; 2]) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move {
            for answer in answers {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut head = [0; 4096];
                assert!(stream.read(&mut head).await.unwrap() > 0);
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        url
    }

    const PART: &str =
        "HTTP/1.1 206 P\r\nConnection: close\r\nContent-Range: bytes 0-9/20\r\n\r\n0123456789";
    const WHOLE: &str = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n0123456789";

    #[tokio::test]
    async fn a_piece_has_no_more_bytes_than_asked_for() {
        let http = Http::new(&Lookup::System, true, None, |client| client).unwrap();
        for answers in [[PART; 2], [WHOLE; 2]] {
            let mut source = Source::new(&http, &server(answers).await).unwrap();
            assert_eq!(source.read(0..4).await.unwrap().bytes, b"0123");
        }
    }

    #[tokio::test]
    async fn a_whole_file_after_a_piece_is_another_version() {
        let http = Http::new(&Lookup::System, true, None, |client| client).unwrap();
        let mut source = Source::new(&http, &server([PART, WHOLE]).await).unwrap();
        assert_eq!(source.read(0..4).await.unwrap().total, Some(20));
        let error = source.read(0..4).await.unwrap_err();
        assert_eq!(error.kind(), ProbeErrorKind::Answer, "{error}");
    }
}
