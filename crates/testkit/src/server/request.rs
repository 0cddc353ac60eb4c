//! Holds a request as it was received.

/// A request as it came over the socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Position among all requests to the server, from 0.
    pub number: usize,
    /// Request line and headers, up to and including the empty line.
    pub head: String,
    /// Body, as far as `Content-Length` announces one.
    pub body: Vec<u8>,
}

impl Request {
    pub(super) fn new(number: usize, head: String, body: Vec<u8>) -> Self {
        Self { number, head, body }
    }

    /// Returns the request target, query included, or `""` where the request line has none.
    #[must_use]
    pub fn path(&self) -> &str {
        self.head.split(' ').nth(1).unwrap_or_default()
    }

    /// Returns a header's value, its name in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.head, name)
    }

    /// Returns the first and the last byte of a `Range: bytes=` header with one range.
    #[must_use]
    pub fn range(&self) -> Option<(usize, Option<usize>)> {
        let range = self.header("range")?.strip_prefix("bytes=")?;
        let (first, last) = range.split_once('-')?;
        Some((first.parse().ok()?, last.parse().ok()))
    }
}

/// Returns the value of a header in a request's head.
pub(super) fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| {
        let (key, value) = line.split_once(": ")?;
        key.eq_ignore_ascii_case(name).then_some(value)
    })
}
