//! Replies that a test dictates.

use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value};

use crate::refusal::Refusal;
use crate::wire::Line;

/// What happens to one call in place of what would have happened.
///
/// A reply made by [`new`](Self::new), [`json`](Self::json), [`reset`](Self::reset),
/// [`close`](Self::close) or [`stall`](Self::stall) stands *before* the service: the call has no
/// effect. [`carried_out`](Self::carried_out) puts it *behind*: the call takes its full effect,
/// and only the reply is another.
///
/// ```
/// use runcomfy_emulator::Reply;
/// use serde_json::json;
///
/// let busy = Reply::new(503, "").header("retry-after", "2"); // nothing was done
/// let lost = Reply::reset().carried_out(); // the job exists, and nobody was told
/// let odd = Reply::patched(json!({ "status": "warming_up" })); // a status from the future
/// # let _ = (busy, lost, odd);
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Reply {
    carry_out: bool,
    delay: Duration,
    headers: Vec<(String, String)>,
    ending: Ending,
}

#[derive(Clone, Debug)]
enum Ending {
    Genuine,
    Patched(Map<String, Value>),
    Canned { status: u16, body: Vec<u8> },
    Half,
    Reset,
    Close,
    Stall,
}

impl Reply {
    /// The service's own reply. Of use to let some calls pass before the one that is meant, and
    /// with [`header`](Self::header) or [`delayed`](Self::delayed).
    pub fn genuine() -> Self {
        Self::of(Ending::Genuine).carried_out()
    }

    /// The service's own reply with these members of its body replaced or added; those that are
    /// `null` here are taken out. A body that is no JSON object passes as it is.
    pub fn patched(members: Value) -> Self {
        let members = match members {
            Value::Object(members) => members,
            _ => Map::new(),
        };
        Self::of(Ending::Patched(members)).carried_out()
    }

    /// This status and body, whatever they mean; a status outside 100..=999 becomes 500. There is
    /// no content type unless [`header`](Self::header) gives one.
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self::of(Ending::Canned {
            status,
            body: body.into(),
        })
    }

    /// This status, with the body as JSON.
    pub fn json(status: u16, body: &Value) -> Self {
        Self::new(status, body.to_string()).header("content-type", "application/json")
    }

    /// The service's own head and the first half of its body, then the connection closes.
    pub fn half() -> Self {
        Self::of(Ending::Half).carried_out()
    }

    /// No reply: the connection is reset (RST), before the body was read unless the call is
    /// [carried out](Self::carried_out).
    pub fn reset() -> Self {
        Self::of(Ending::Reset)
    }

    /// No reply: the connection is closed (FIN) after the request was read.
    pub fn close() -> Self {
        Self::of(Ending::Close)
    }

    /// No reply: the connection stays open, and nothing ever comes.
    pub fn stall() -> Self {
        Self::of(Ending::Stall)
    }

    /// The call takes its effect before this reply goes out.
    pub fn carried_out(mut self) -> Self {
        self.carry_out = true;
        self
    }

    /// The reply waits so long on tokio's clock; [`advance`](crate::Emulator::advance) does not
    /// shorten it.
    pub fn delayed(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Sets a header of the reply, also of a genuine one. What is no valid header is left out.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    fn of(ending: Ending) -> Self {
        Self {
            carry_out: false,
            delay: Duration::ZERO,
            headers: Vec::new(),
            ending,
        }
    }

    /// Plays the reply for a request.
    pub(crate) async fn play(self, line: &Line, request: Request, next: Next) -> Response {
        let genuine = if self.carry_out {
            next.run(request).await
        } else {
            if !matches!(self.ending, Ending::Reset) {
                // With bytes left unread the system resets the connection instead of closing it.
                let _ = to_bytes(request.into_body(), usize::MAX).await;
            }
            Response::default()
        };
        if !self.delay.is_zero() {
            tokio::time::sleep(self.delay).await;
        }
        let mut response = end(self.ending, line, genuine).await;
        set_headers(response.headers_mut(), &self.headers);
        response
    }
}

async fn end(ending: Ending, line: &Line, genuine: Response) -> Response {
    match ending {
        Ending::Genuine => genuine,
        Ending::Patched(members) => patch(genuine, members).await,
        Ending::Canned { status, body } => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            (status, Body::from(body)).into_response()
        }
        Ending::Half => match read(genuine).await {
            Ok((response, body)) => {
                line.close_after(body.len() / 2);
                response.map(|()| Body::from(body))
            }
            Err(refusal) => refusal.into_response(),
        },
        // The reply below is never seen: the connection is cut before it goes out.
        Ending::Reset => {
            line.reset();
            Response::default()
        }
        Ending::Close => {
            line.close();
            Response::default()
        }
        Ending::Stall => std::future::pending().await,
    }
}

async fn patch(genuine: Response, members: Map<String, Value>) -> Response {
    let (mut response, body) = match read(genuine).await {
        Ok(parts) => parts,
        Err(refusal) => return refusal.into_response(),
    };
    let Ok(Value::Object(mut object)) = serde_json::from_slice(&body) else {
        return response.map(|()| Body::from(body));
    };
    for (name, value) in members {
        if value.is_null() {
            object.remove(&name);
        } else {
            object.insert(name, value);
        }
    }
    response.headers_mut().remove(header::CONTENT_LENGTH);
    response.map(|()| Body::from(Value::Object(object).to_string()))
}

/// Takes a reply's body out of it.
async fn read(response: Response) -> Result<(Response<()>, Bytes), Refusal> {
    let (head, body) = response.into_parts();
    // Replies are made in memory, so this neither waits nor fails.
    let body = to_bytes(body, usize::MAX).await;
    let body = body.map_err(|error| Refusal::broken(&error.to_string()))?;
    Ok((Response::from_parts(head, ()), body))
}

fn set_headers(map: &mut HeaderMap, headers: &[(String, String)]) {
    for (name, value) in headers {
        let name = HeaderName::try_from(name);
        let value = HeaderValue::try_from(value);
        if let (Ok(name), Ok(value)) = (name, value) {
            map.insert(name, value);
        }
    }
}
