//! Answers to submits.

/// Placeholder in a scripted body for the id of the job that was taken.
pub const ID: &str = "$ID";

/// Token that every GOAWAY over HTTP/2 quotes, as a gateway may that logs what it refuses.
pub const QUOTED_TOKEN: &str = "t0ken-9fK2mQ7vT4wZ";

/// Treatment of a submit by a [`Judge`](super::Judge).
#[derive(Clone, Debug)]
pub struct Verdict {
    /// `true` if a job exists from now on.
    pub taken: bool,
    /// Answer to the submit.
    pub answer: Answer,
}

/// Answer to a submit.
#[derive(Clone, Debug)]
pub enum Answer {
    /// A response; [`ID`] in its body becomes the job's id.
    Respond(Response),
    /// The head and half of the body of a response, then the end of the connection.
    Half(Response),
    /// The head and half of the body of a response, then the end of the stream as of one that was
    /// not processed: REFUSED_STREAM. Over HTTP/1.1 as [`Answer::Half`].
    HalfThenRefuse(Response),
    /// The head and half of the body of a response, then a GOAWAY below its stream. Over HTTP/1.1 as
    /// [`Answer::Half`].
    HalfThenGoAwayBelow(Response),
    /// A response, and a 429 that nobody asked for once the next request of the connection arrives.
    /// Over HTTP/2 as [`Answer::Respond`].
    WithLate429(Response),
    /// An interim response (HTTP 103), then the response.
    Interim(Response),
    /// The end of the connection.
    Close,
    /// A reset of the connection (HTTP/1.1), or of the stream with `INTERNAL_ERROR` (HTTP/2).
    Reset,
    /// A reset of the stream with `REFUSED_STREAM`, which proves that nothing was processed. Over
    /// HTTP/1.1 as [`Answer::Close`].
    Refuse,
    /// A GOAWAY whose last stream is below the submit's, then the end of the connection: nothing
    /// was processed. Over HTTP/1.1 as [`Answer::Close`].
    GoAwayBelow,
    /// A GOAWAY whose last stream is the submit's, then the end of the connection. Over HTTP/1.1
    /// as [`Answer::Close`].
    GoAwayAt,
    /// Nothing, for as long as the client keeps the connection.
    Silence,
}

/// A scripted response.
#[derive(Clone, Debug)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// Header fields besides `content-type` and `content-length`.
    pub headers: Vec<(&'static str, String)>,
    /// Body, with [`ID`] where the job's id goes.
    pub body: String,
}

impl Response {
    /// Creates a response without header fields of its own.
    #[must_use]
    pub fn new(status: u16, body: impl Into<String>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: body.into(),
        }
    }

    /// Adds a header field.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(super) fn body(&self, id: &str) -> String {
        self.body.replace(ID, id)
    }
}
