//! Replies that a test dictates.

use std::time::{Duration, SystemTime};

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use crate::drip::Drip;
use crate::job::Terms;
use crate::refusal::Refusal;
use crate::wire::Line;

/// What happens to one call in place of what would have happened.
///
/// A reply that is made up stands *before* the service: the call has no effect.
/// [`carried_out`](Self::carried_out) puts it *behind*: the call takes its full effect, and only
/// the reply is another. The replies that begin with the service's own ([`genuine`](Self::genuine),
/// [`patched`](Self::patched), [`half`](Self::half), [`job_fails`](Self::job_fails),
/// [`job_runs`](Self::job_runs)) and [`lost`](Self::lost) are carried out anyway.
///
/// ```
/// use std::time::Duration;
///
/// use runcomfy_emulator::Reply;
/// use serde_json::json;
///
/// let busy = Reply::html(503).retry_after(Duration::from_secs(2)); // nothing was done
/// let lost = Reply::lost(); // the job exists, and nobody was told
/// let odd = Reply::patched(json!({ "status": "warming_up" })); // a status from the future
/// let broke = Reply::refused(200, 400_002); // HTTP says yes, the body says no
/// let slow = Reply::genuine().dripping(16, Duration::from_secs(1));
/// let endless = Reply::job_runs(Duration::MAX); // for a submit
/// # let _ = (busy, lost, odd, broke, slow, endless);
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Reply {
    carry_out: bool,
    terms: Terms,
    delay: Duration,
    headers: Vec<(String, String)>,
    retry_at: Option<Duration>,
    drip: Option<(usize, Duration)>,
    ending: Ending,
}

#[derive(Clone, Debug)]
enum Ending {
    Genuine,
    Patched(Map<String, Value>),
    Canned { status: u16, body: Vec<u8> },
    Half,
    Reset,
    ResetAfterBody,
    Close,
    Stall,
}

/// What a gateway shows when the service behind it is out of order.
const PAGE: &str = "<!DOCTYPE html>\n<html><head><title>Sorry</title></head>\
    <body><h1>Something went wrong</h1></body></html>\n";

/// Neither JSON nor UTF-8, and no compressed form that anybody knows.
const GARBAGE: &[u8] = b"{\"request_id\": \xff\xfe\x00\xc3(]]";

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

    /// An error body with this `error_code`. HTTP status 200 is one of the forms in which the
    /// service refuses, so it is as good as 4xx and 5xx.
    pub fn refused(status: u16, error_code: u32) -> Self {
        let message = format!("Refused with {error_code}, as dictated.");
        let body = json!({ "error_code": error_code, "error_message": message });
        Self::json(status, &body)
    }

    /// As if the request id were known no more: HTTP 404 and `error_code` 404001, this once.
    /// [`Emulator::expire`](crate::Emulator::expire) lets an id expire for good.
    pub fn expired() -> Self {
        Self::refused(404, 404_001)
    }

    /// This status with an HTML page, as a gateway shows it.
    pub fn html(status: u16) -> Self {
        Self::new(status, PAGE).header("content-type", "text/html; charset=utf-8")
    }

    /// HTTP 200 and the content type of JSON, with bytes that are neither JSON nor text.
    pub fn garbage() -> Self {
        Self::new(200, GARBAGE).header("content-type", "application/json")
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

    /// No reply: the connection is reset (RST) once the whole request was read.
    pub fn reset_after_body() -> Self {
        Self::of(Ending::ResetAfterBody)
    }

    /// The reply is lost: the call takes its full effect, then the connection is reset (RST).
    pub fn lost() -> Self {
        Self::reset().carried_out()
    }

    /// No reply: the connection is closed (FIN) after the request was read.
    pub fn close() -> Self {
        Self::of(Ending::Close)
    }

    /// No reply: the connection stays open, and nothing ever comes.
    pub fn stall() -> Self {
        Self::of(Ending::Stall)
    }

    /// For a submit: the service's own reply, and the job will fail with this `error`, which may
    /// be a text, an object or an array.
    pub fn job_fails(error: impl Into<Value>) -> Self {
        let mut reply = Self::genuine();
        reply.terms.failure = Some(error.into());
        reply
    }

    /// For a submit: the service's own reply, and the job runs so long; with [`Duration::MAX`] it
    /// never ends.
    pub fn job_runs(time: Duration) -> Self {
        let mut reply = Self::genuine();
        reply.terms.run_time = Some(time);
        reply
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

    /// Sets `Retry-After` to so many seconds; parts of a second count as a whole one.
    pub fn retry_after(self, time: Duration) -> Self {
        let seconds = time
            .as_secs()
            .saturating_add(u64::from(time.subsec_nanos() > 0));
        self.header("retry-after", seconds.to_string())
    }

    /// Sets `Retry-After` to the date so long after the reply, in whole seconds of the wall clock,
    /// as the `Date` beside it.
    pub fn retry_after_date(mut self, time: Duration) -> Self {
        self.retry_at = Some(time);
        self
    }

    /// Sends the body in pieces of so many bytes, with this pause between two of them on tokio's
    /// clock; [`advance`](crate::Emulator::advance) does not shorten it.
    pub fn dripping(mut self, bytes: usize, pause: Duration) -> Self {
        self.drip = Some((bytes, pause));
        self
    }

    fn of(ending: Ending) -> Self {
        Self {
            carry_out: false,
            terms: Terms::default(),
            delay: Duration::ZERO,
            headers: Vec::new(),
            retry_at: None,
            drip: None,
            ending,
        }
    }

    /// Plays the reply for a request.
    pub(crate) async fn play(self, line: &Line, mut request: Request, next: Next) -> Response {
        let genuine = if self.carry_out {
            request.extensions_mut().insert(self.terms);
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
        if let Some(date) = self.retry_at.and_then(http_date) {
            response.headers_mut().insert(header::RETRY_AFTER, date);
        }
        match self.drip {
            Some((piece, pause)) => match read(response).await {
                Ok((head, body)) => head.map(|()| Body::new(Drip::new(body, piece, pause))),
                Err(refusal) => refusal.into_response(),
            },
            None => response,
        }
    }
}

/// The date so long from now; nothing for one that no header can hold.
fn http_date(from_now: Duration) -> Option<HeaderValue> {
    /// `9999-12-31T23:59:59Z`, the last that the format has.
    const LAST: Duration = Duration::from_secs(253_402_300_799);
    let date = SystemTime::now().checked_add(from_now)?;
    let fits = date.duration_since(SystemTime::UNIX_EPOCH).ok()? <= LAST;
    HeaderValue::try_from(fits.then(|| httpdate::fmt_http_date(date))?).ok()
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
        Ending::Reset | Ending::ResetAfterBody => {
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
