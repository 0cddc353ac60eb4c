//! Reads byte ranges of the file behind a URL.

use std::ops::Range;

use reqwest::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_RANGE, HeaderMap, IF_RANGE, LOCATION, RANGE,
};
use reqwest::{Response, StatusCode};

use crate::content_range::ContentRange;
use crate::entity_tag::EntityTag;
use crate::error::{ProbeError, ProbeErrorKind};
use crate::http::Http;
use crate::resolver::NoAddress;
use crate::target::Target;

/// Maximum number of redirects: enough for a shortener, a moved host and its storage, while a loop
/// ends soon.
const MAX_REDIRECTS: usize = 3;

/// A file on a server, read one range at a time.
#[derive(Debug)]
pub(crate) struct Source<'a> {
    http: &'a Http,
    target: Target,
    redirects: usize,
    /// Version of the file, known after the first partial response.
    version: Option<EntityTag>,
}

/// Consecutive bytes of a file.
#[derive(Debug)]
pub(crate) struct Piece {
    pub(crate) bytes: Vec<u8>,
    /// Size of the whole file in bytes, if known.
    pub(crate) total: Option<u64>,
    /// `true` if the server sends other ranges too.
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

    /// Reads a range, or as much of it as the file has.
    pub(crate) async fn read(&mut self, wanted: Range<u64>) -> Result<Piece, ProbeError> {
        let response = self.request(&wanted).await?;
        if is_encoded(response.headers()) {
            // A few bytes may decompress to gigabytes, and compressed sizes are not those of the file.
            return Err(
                self.unexpected("sent a compressed file, although `identity` was requested")
            );
        }
        match response.status() {
            StatusCode::PARTIAL_CONTENT => self.part(response, wanted).await,
            StatusCode::OK if self.version.is_none() && wanted.start == 0 => {
                self.beginning(response, wanted.end).await
            }
            StatusCode::OK => {
                Err(self.unexpected("does not send parts of the file, or the file has changed"))
            }
            status => Err(ProbeError::new(
                ProbeErrorKind::Status,
                format!(
                    "`{}` responded with HTTP {} instead of the file",
                    self.target.host(),
                    status.as_u16()
                ),
            )),
        }
    }

    /// Sends a request and follows redirects. Later requests go to where the first one led.
    async fn request(&mut self, wanted: &Range<u64>) -> Result<Response, ProbeError> {
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
        let invalid = |text: String| ProbeError::new(ProbeErrorKind::Redirect, text);
        let host = self.target.host();
        if self.redirects == MAX_REDIRECTS {
            return Err(invalid(format!(
                "`{host}` redirects again after {MAX_REDIRECTS} redirects"
            )));
        }
        let location = headers
            .get(LOCATION)
            .and_then(|location| location.to_str().ok())
            .ok_or_else(|| invalid(format!("`{host}` redirects without a valid `Location`")))?;
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
            .ok_or_else(|| self.unexpected("sent other bytes than those requested"))?;
        let version = EntityTag::from_headers(response.headers(), part.total);
        match &self.version {
            Some(first) if !first.may_match(&version) => {
                return Err(self.unexpected("changed the file during the probe"));
            }
            Some(_) => {}
            None => self.version = Some(version),
        }
        let length = part.range.end.min(wanted.end).saturating_sub(wanted.start);
        let (bytes, ended) = self.first_bytes(response, length).await?;
        if ended {
            return Err(self.unexpected("sent fewer bytes than it announced"));
        }
        Ok(Piece {
            bytes,
            total: part.total,
            seekable: true,
        })
    }

    /// Reads the first bytes from a server that ignores `Range`; the rest is not received.
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

    /// Reads at most `length` bytes, and returns `true` with them if the body ended before.
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

    fn unexpected(&self, text: &str) -> ProbeError {
        ProbeError::unexpected_response(self.target.host(), text)
    }

    /// Returns the error of a failed request, without its cause, which contains addresses and ports.
    fn failed(&self, error: &reqwest::Error) -> ProbeError {
        let host = self.target.host();
        if NoAddress::caused(error) {
            self.target.no_address()
        } else if error.is_builder() {
            ProbeError::url(format!("the URL at `{host}` cannot be requested"))
        } else if error.is_connect() {
            let text = format!("no connection to `{host}` could be made");
            ProbeError::new(ProbeErrorKind::Unreachable, text)
        } else {
            let text = format!("the connection to `{host}` broke before a response was read");
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
    use crate::resolver::Lookup;

    /// Starts a server that sends one of these responses to each connection.
    async fn server(responses: [&'static str; 2]) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move {
            for response in responses {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut head = [0; 4096];
                assert!(stream.read(&mut head).await.unwrap() > 0);
                stream.write_all(response.as_bytes()).await.unwrap();
            }
        });
        url
    }

    const PART: &str =
        "HTTP/1.1 206 P\r\nConnection: close\r\nContent-Range: bytes 0-9/20\r\n\r\n0123456789";
    const WHOLE: &str = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n0123456789";

    #[tokio::test]
    async fn piece_has_no_more_bytes_than_requested() {
        let http = Http::new(&Lookup::System, true, None, |client| client).unwrap();
        for responses in [[PART; 2], [WHOLE; 2]] {
            let mut source = Source::new(&http, &server(responses).await).unwrap();
            assert_eq!(source.read(0..4).await.unwrap().bytes, b"0123");
        }
    }

    #[tokio::test]
    async fn whole_file_after_a_part_is_another_version() {
        let http = Http::new(&Lookup::System, true, None, |client| client).unwrap();
        let mut source = Source::new(&http, &server([PART, WHOLE]).await).unwrap();
        assert_eq!(source.read(0..4).await.unwrap().total, Some(20));
        let error = source.read(0..4).await.unwrap_err();
        assert_eq!(error.kind(), ProbeErrorKind::UnexpectedResponse, "{error}");
    }
}
