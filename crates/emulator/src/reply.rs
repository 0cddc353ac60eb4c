//! Scripted replies.

use std::time::{Duration, SystemTime};

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use crate::api_error::ApiError;
use crate::connection::ConnectionHandle;
use crate::drip::Drip;
use crate::job::JobOverrides;

/// Replaces the response to one call.
///
/// A stubbed reply goes out *before* the service: the call has no effect, so a submit makes no job.
/// With [`carried_out`](Self::carried_out) it goes out *after* the service: the call has its full
/// effect, and only the response differs. Always carried out are the replies that begin with the
/// service's own response ([`genuine`](Self::genuine), [`patched`](Self::patched),
/// [`half`](Self::half), [`job_fails`](Self::job_fails), [`job_runs`](Self::job_runs)) and
/// [`lost`](Self::lost).
///
/// Scripts ([`Emulator::script`](crate::Emulator::script)) and faults ([`Fault`](crate::Fault))
/// decide which call gets a reply.
///
/// ```
/// use std::time::Duration;
///
/// use runcomfy_emulator::Reply;
/// use serde_json::json;
///
/// let busy = Reply::html(503).retry_after(Duration::from_secs(2)); // no job was made
/// let lost = Reply::lost(); // the job exists, and the client has no response
/// let new = Reply::patched(json!({ "status": "warming_up" })); // an unknown status
/// let refused = Reply::refused(200, 400_002); // an error in the body of HTTP 200
/// let slow = Reply::genuine().dripping(16, Duration::from_secs(1));
/// let endless = Reply::job_runs(Duration::MAX); // for a submit
/// # let _ = (busy, lost, new, refused, slow, endless);
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Reply {
    carried_out: bool,
    overrides: JobOverrides,
    delay: Duration,
    headers: Vec<(String, String)>,
    retry_after_date: Option<Duration>,
    drip: Option<(usize, Duration)>,
    action: Action,
}

#[derive(Clone, Debug)]
enum Action {
    Genuine,
    Patched(Map<String, Value>),
    Stubbed { status: u16, body: Vec<u8> },
    Half,
    Reset,
    ResetAfterBody,
    Close,
    Stall,
}

/// The page that a gateway shows when the service behind it is down.
const GATEWAY_PAGE: &str = "<!DOCTYPE html>\n<html><head><title>Sorry</title></head>\
    <body><h1>Something went wrong</h1></body></html>\n";

/// Bytes that are neither JSON nor UTF-8, nor any compressed format.
const GARBAGE: &[u8] = b"{\"request_id\": \xff\xfe\x00\xc3(]]";

impl Reply {
    /// Sends the service's own response: for calls that pass before the one that fails, and together
    /// with [`header`](Self::header), [`delayed`](Self::delayed) or [`dripping`](Self::dripping).
    pub fn genuine() -> Self {
        Self::from_action(Action::Genuine).carried_out()
    }

    /// Sends the service's own response with these members of its body replaced or added; a `null`
    /// removes a member. A body that is not a JSON object stays as it is.
    pub fn patched(members: Value) -> Self {
        let members = match members {
            Value::Object(members) => members,
            _ => Map::new(),
        };
        Self::from_action(Action::Patched(members)).carried_out()
    }

    /// Sends this status and body. A status outside `100..=999` becomes 500. Without
    /// [`header`](Self::header) there is no content type.
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self::from_action(Action::Stubbed {
            status,
            body: body.into(),
        })
    }

    /// Sends this status with a JSON body and its content type.
    pub fn json(status: u16, body: &Value) -> Self {
        Self::new(status, body.to_string()).header("content-type", "application/json")
    }

    /// Sends an error body with this `error_code`. The service refuses with HTTP 200 too, so every
    /// status is possible.
    pub fn refused(status: u16, error_code: u32) -> Self {
        let message = format!("Refused with {error_code} by a scripted reply.");
        let body = json!({ "error_code": error_code, "error_message": message });
        Self::json(status, &body)
    }

    /// Sends HTTP 404 with `error_code` 404001, as for an expired request id, for this call alone.
    /// [`Emulator::expire`](crate::Emulator::expire) expires an id for good.
    pub fn expired() -> Self {
        Self::refused(404, 404_001)
    }

    /// Sends this status with an HTML page, as a gateway does.
    pub fn html(status: u16) -> Self {
        Self::new(status, GATEWAY_PAGE).header("content-type", "text/html; charset=utf-8")
    }

    /// Sends HTTP 200 and the content type of JSON with bytes that are neither JSON nor text.
    pub fn garbage() -> Self {
        Self::new(200, GARBAGE).header("content-type", "application/json")
    }

    /// Sends the head and the first half of the body of the service's own response, then closes the
    /// connection.
    pub fn half() -> Self {
        Self::from_action(Action::Half).carried_out()
    }

    /// Resets the connection (RST) without a response, before the request's body is read unless the
    /// call is [carried out](Self::carried_out).
    pub fn reset() -> Self {
        Self::from_action(Action::Reset)
    }

    /// Resets the connection (RST) without a response, after the whole request is read.
    pub fn reset_after_body() -> Self {
        Self::from_action(Action::ResetAfterBody)
    }

    /// Loses the response: the call has its full effect, then the connection is reset (RST). The
    /// client cannot know the outcome of a submit.
    pub fn lost() -> Self {
        Self::reset().carried_out()
    }

    /// Closes the connection (FIN) without a response, after the request is read.
    pub fn close() -> Self {
        Self::from_action(Action::Close)
    }

    /// Sends nothing and keeps the connection open.
    pub fn stall() -> Self {
        Self::from_action(Action::Stall)
    }

    /// Sends the service's own response to a submit, whose job then fails with this `error`: a text,
    /// an object or an array.
    pub fn job_fails(error: impl Into<Value>) -> Self {
        let mut reply = Self::genuine();
        reply.overrides.failure = Some(error.into());
        reply
    }

    /// Sends the service's own response to a submit, whose job then runs for this time; with
    /// [`Duration::MAX`] it never ends.
    pub fn job_runs(time: Duration) -> Self {
        let mut reply = Self::genuine();
        reply.overrides.run_time = Some(time);
        reply
    }

    /// Carries the call out before this reply is sent. Default: only some replies do, see
    /// [`Reply`].
    pub fn carried_out(mut self) -> Self {
        self.carried_out = true;
        self
    }

    /// Delays the reply by this time on tokio's clock, which
    /// [`advance`](crate::Emulator::advance) does not move. Default: no delay.
    pub fn delayed(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Sets a header of the response, also of a genuine one. An invalid header is left out.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Sets `Retry-After` to a number of seconds; a fraction is rounded up.
    pub fn retry_after(self, time: Duration) -> Self {
        let seconds = time
            .as_secs()
            .saturating_add(u64::from(time.subsec_nanos() > 0));
        self.header("retry-after", seconds.to_string())
    }

    /// Sets `Retry-After` to the date this time after the reply, in whole seconds of the wall clock,
    /// like the header `Date`.
    pub fn retry_after_date(mut self, time: Duration) -> Self {
        self.retry_after_date = Some(time);
        self
    }

    /// Sends the body in pieces of `bytes` bytes, with `pause` between two pieces on tokio's
    /// clock, which [`advance`](crate::Emulator::advance) does not move. A size of 0 counts as 1.
    pub fn dripping(mut self, bytes: usize, pause: Duration) -> Self {
        self.drip = Some((bytes, pause));
        self
    }

    fn from_action(action: Action) -> Self {
        Self {
            carried_out: false,
            overrides: JobOverrides::default(),
            delay: Duration::ZERO,
            headers: Vec::new(),
            retry_after_date: None,
            drip: None,
            action,
        }
    }

    /// Plays the reply to a request.
    pub(crate) async fn play(
        self,
        connection: &ConnectionHandle,
        mut request: Request,
        next: Next,
    ) -> Response {
        let genuine = if self.carried_out {
            request.extensions_mut().insert(self.overrides);
            next.run(request).await
        } else {
            if !matches!(self.action, Action::Reset) {
                // With bytes left unread the system resets the connection instead of closing it.
                let _ = to_bytes(request.into_body(), usize::MAX).await;
            }
            Response::default()
        };
        if !self.delay.is_zero() {
            tokio::time::sleep(self.delay).await;
        }
        let mut response = perform(self.action, connection, genuine).await;
        set_headers(response.headers_mut(), &self.headers);
        if let Some(date) = self.retry_after_date.and_then(http_date) {
            response.headers_mut().insert(header::RETRY_AFTER, date);
        }
        match self.drip {
            Some((piece, pause)) => match read(response).await {
                Ok((head, body)) => head.map(|()| Body::new(Drip::new(body, piece, pause))),
                Err(error) => error.into_response(),
            },
            None => response,
        }
    }
}

/// Formats the date this time from now; `None` for a date that no header can hold.
fn http_date(from_now: Duration) -> Option<HeaderValue> {
    /// `9999-12-31T23:59:59Z`, the last date that the format has.
    const MAX_DATE: Duration = Duration::from_secs(253_402_300_799);
    let date = SystemTime::now().checked_add(from_now)?;
    let fits = date.duration_since(SystemTime::UNIX_EPOCH).ok()? <= MAX_DATE;
    HeaderValue::try_from(fits.then(|| httpdate::fmt_http_date(date))?).ok()
}

async fn perform(action: Action, connection: &ConnectionHandle, genuine: Response) -> Response {
    match action {
        Action::Genuine => genuine,
        Action::Patched(members) => patch(genuine, members).await,
        Action::Stubbed { status, body } => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            (status, Body::from(body)).into_response()
        }
        Action::Half => match read(genuine).await {
            Ok((response, body)) => {
                connection.close_after(body.len() / 2);
                response.map(|()| Body::from(body))
            }
            Err(error) => error.into_response(),
        },
        // The response below is never sent: the connection is cut first.
        Action::Reset | Action::ResetAfterBody => {
            connection.reset();
            never_sent("reset")
        }
        Action::Close => {
            connection.close();
            never_sent("closed")
        }
        Action::Stall => std::future::pending().await,
    }
}

/// Says in the access log what the client saw instead of a response.
#[derive(Clone, Copy)]
pub(crate) struct NeverSent(pub(crate) &'static str);

fn never_sent(instead: &'static str) -> Response {
    let mut response = Response::default();
    response.extensions_mut().insert(NeverSent(instead));
    response
}

async fn patch(genuine: Response, members: Map<String, Value>) -> Response {
    let (mut response, body) = match read(genuine).await {
        Ok(parts) => parts,
        Err(error) => return error.into_response(),
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

/// Reads the body of a response, and returns head and body.
async fn read(response: Response) -> Result<(Response<()>, Bytes), ApiError> {
    let (head, body) = response.into_parts();
    // The body is in memory, so this neither waits nor fails.
    let body = to_bytes(body, usize::MAX).await;
    let body = body.map_err(|error| ApiError::internal(&error.to_string()))?;
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
