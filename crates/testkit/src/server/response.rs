//! Describes the scripted responses.

use std::time::Duration;

/// A response, and what becomes of the connection after it.
///
/// By default the connection is closed, and the response says so.
#[derive(Clone, Debug)]
pub struct Response {
    head: Head,
    body: Vec<u8>,
    pub(super) delay: Duration,
    pub(super) end: End,
}

#[derive(Clone, Debug)]
enum Head {
    /// A status line and headers.
    Built {
        status: u16,
        headers: Vec<(String, String)>,
    },
    /// The body is all that is sent.
    None,
}

/// Event after the body.
#[derive(Clone, Debug)]
pub(super) enum End {
    Close,
    KeepAlive,
    /// The connection stays open and silent until the client disconnects.
    Stall,
    /// These bytes are sent until the client disconnects, each time after this delay.
    Repeat(Vec<u8>, Duration),
}

impl Response {
    /// Makes a response of a status, without a length.
    #[must_use]
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self {
            head: Head::Built {
                status,
                headers: Vec::new(),
            },
            body: body.into(),
            delay: Duration::ZERO,
            end: End::Close,
        }
    }

    /// Makes a `200` with a body and its length.
    #[must_use]
    pub fn ok(body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        let length = body.len();
        Self::new(200, body).header("content-length", length.to_string())
    }

    /// Makes a response of these bytes alone, whether or not they are HTTP.
    #[must_use]
    pub fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            head: Head::None,
            body: bytes.into(),
            delay: Duration::ZERO,
            end: End::Close,
        }
    }

    /// Sets a header, in place of an earlier one of this name.
    #[must_use]
    pub fn header(self, name: &str, value: impl Into<String>) -> Self {
        let mut response = self.without(name);
        if let Head::Built { headers, .. } = &mut response.head {
            headers.push((name.to_owned(), value.into()));
        }
        response
    }

    /// Removes a header.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        if let Head::Built { headers, .. } = &mut self.head {
            headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        }
        self
    }

    /// Replaces the body and leaves the headers as they are.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Returns the body.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Ends the body early and leaves the headers as they are.
    #[must_use]
    pub fn cut(mut self, length: usize) -> Self {
        self.body.truncate(length);
        self
    }

    /// Sends nothing of the response before this time has passed.
    #[must_use]
    pub fn delayed(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Keeps the connection open for the next request.
    #[must_use]
    pub fn keep_alive(mut self) -> Self {
        self.end = End::KeepAlive;
        self
    }

    /// Keeps the connection open and silent after the body until the client disconnects.
    #[must_use]
    pub fn stalling(mut self) -> Self {
        self.end = End::Stall;
        self
    }

    /// Sends these bytes after the body until the client disconnects, each time after `interval`.
    #[must_use]
    pub fn repeating(mut self, bytes: impl Into<Vec<u8>>, interval: Duration) -> Self {
        self.end = End::Repeat(bytes.into(), interval);
        self
    }

    /// Returns the status line and headers as they are sent.
    pub(super) fn head(&self) -> String {
        let Head::Built { status, headers } = &self.head else {
            return String::new();
        };
        // Clients ignore the reason.
        let mut head = format!("HTTP/1.1 {status} X\r\n");
        if !matches!(self.end, End::KeepAlive) {
            head += "connection: close\r\n";
        }
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        head + "\r\n"
    }
}
