//! Answers requests in this process, for tests of a consumer's code.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::{Method, Url};
use serde_json::{Value, json};

use crate::error::{Error, ErrorKind};
use crate::http::response::{Attribution, Reply};
use crate::http::token::Token;

/// A scripted service in this process. Clones share one script.
#[derive(Clone, Debug, Default)]
pub struct Script {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    responses: HashMap<Call, VecDeque<Response>>,
    #[cfg(test)]
    service: Option<Service>,
    output: Option<Value>,
    submitted: usize,
    requests: Vec<Request>,
}

/// A service that answers by a function; `None` leaves a request to the script.
#[cfg(test)]
#[derive(Clone)]
struct Service(Arc<dyn Fn(Call) -> Option<Response> + Send + Sync>);

#[cfg(test)]
impl std::fmt::Debug for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Service")
    }
}

/// A call of the Model API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Call {
    /// Submits a job.
    Submit,
    /// Fetches the status of a job.
    Status,
    /// Fetches the result of a job.
    Result,
    /// Cancels a job.
    Cancel,
    /// Fetches anything else, such as the catalogue or the balance.
    Other,
}

/// A request that a script has received.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Request {
    /// The call.
    pub call: Call,
    /// The path of the URL, such as `/v1/models/acme/paint`.
    pub path: String,
    /// The JSON body; `null` without one.
    pub body: Value,
}

/// A scripted response.
#[derive(Clone, Debug)]
pub struct Response {
    kind: Kind,
    delay: Duration,
}

#[derive(Clone, Debug)]
enum Kind {
    Http {
        status: u16,
        retry_after: Option<Duration>,
        body: Vec<u8>,
    },
    NotSent,
    Lost,
    TimedOut,
}

impl Response {
    /// Creates a response with this HTTP status and JSON body.
    #[must_use]
    pub fn json(status: u16, body: impl Into<Value>) -> Self {
        Self::text(status, body.into().to_string())
    }

    /// Creates a response with this HTTP status and text body.
    #[must_use]
    pub fn text(status: u16, body: impl Into<String>) -> Self {
        Self::bytes(status, body.into())
    }

    /// Creates a response with this HTTP status and any bytes as its body.
    #[must_use]
    pub fn bytes(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self::new(Kind::Http {
            status,
            retry_after: None,
            body: body.into(),
        })
    }

    /// Creates a failure to connect: nothing was sent.
    #[must_use]
    pub fn not_sent() -> Self {
        Self::new(Kind::NotSent)
    }

    /// Creates a connection that breaks before the response: the service may have done its work.
    #[must_use]
    pub fn lost() -> Self {
        Self::new(Kind::Lost)
    }

    /// Creates a response that does not come: the request ends after the client's
    /// [`request_timeout`](crate::client::ClientBuilder::request_timeout). The service may have done
    /// its work.
    #[must_use]
    pub fn timed_out() -> Self {
        Self::new(Kind::TimedOut)
    }

    /// Adds a `Retry-After` header to an HTTP response.
    #[must_use]
    pub fn retry_after(mut self, time: Duration) -> Self {
        if let Kind::Http { retry_after, .. } = &mut self.kind {
            *retry_after = Some(time);
        }
        self
    }

    /// Delays the response. One that comes later than the client's
    /// [`request_timeout`](crate::client::ClientBuilder::request_timeout) is [timed out](Self::timed_out).
    #[must_use]
    pub fn delayed(mut self, time: Duration) -> Self {
        self.delay = time;
        self
    }

    const fn new(kind: Kind) -> Self {
        Self {
            kind,
            delay: Duration::ZERO,
        }
    }

    /// Returns the response of a request with this timeout once its time has come.
    async fn in_time(self, timeout: Option<Duration>) -> Self {
        let is_late =
            |timeout: &Duration| matches!(self.kind, Kind::TimedOut) || self.delay > *timeout;
        if let Some(timeout) = timeout.filter(is_late) {
            tokio::time::sleep(timeout).await;
            return Self::timed_out();
        }
        if !self.delay.is_zero() {
            tokio::time::sleep(self.delay).await;
        }
        self
    }

    fn into_reply(self, token: &Token) -> Result<Reply, Error> {
        match self.kind {
            Kind::Http {
                status,
                retry_after,
                body,
            } => Ok(Reply::new(
                status,
                retry_after,
                Attribution::Certain,
                body,
                token,
            )),
            Kind::NotSent => Err(Error::new(
                ErrorKind::NotSent,
                "no connection to the scripted service; nothing was sent",
            )),
            Kind::Lost => Err(Error::new(
                ErrorKind::ResponseLost,
                "the connection to the scripted service broke",
            )),
            Kind::TimedOut => Err(Error::new(
                ErrorKind::ResponseLost,
                "the scripted service did not respond in time",
            )),
        }
    }
}

impl Script {
    /// Creates a script in which every submit is accepted and every job succeeds.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the output of all jobs. Default: an object with one image URL.
    pub fn set_output(&self, output: impl Into<Value>) {
        self.lock().output = Some(output.into());
    }

    /// Adds a response to the queue of a call. Each answers one request; when the queue is empty,
    /// requests succeed again.
    pub fn respond(&self, call: Call, response: Response) {
        let mut state = self.lock();
        state.responses.entry(call).or_default().push_back(response);
    }

    /// Lets a function answer, where it has an answer.
    #[cfg(test)]
    pub(crate) fn respond_by(
        &self,
        service: impl Fn(Call) -> Option<Response> + Send + Sync + 'static,
    ) {
        self.lock().service = Some(Service(Arc::new(service)));
    }

    /// Returns the requests that were received, in their order.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.lock().requests.clone()
    }

    /// Returns the number of requests of one call.
    #[must_use]
    pub fn count(&self, call: Call) -> usize {
        let state = self.lock();
        state.requests.iter().filter(|r| r.call == call).count()
    }

    /// Answers a request with this token.
    pub(crate) async fn exchange(
        &self,
        request: &reqwest::Request,
        token: &Token,
    ) -> Result<Reply, Error> {
        let response = self.respond_to(request);
        let response = response.in_time(request.timeout().copied()).await;
        response.into_reply(token)
    }

    fn respond_to(&self, request: &reqwest::Request) -> Response {
        let call = call_of(request.method(), request.url());
        let body = request.body().and_then(|body| body.as_bytes());
        let body = body.and_then(|bytes| serde_json::from_slice(bytes).ok());
        let mut state = self.lock();
        state.requests.push(Request {
            call,
            path: request.url().path().to_owned(),
            body: body.unwrap_or_default(),
        });
        #[cfg(test)]
        if let Some(response) = state.service.clone().and_then(|service| service.0(call)) {
            return response;
        }
        let scripted = state.responses.get_mut(&call).and_then(VecDeque::pop_front);
        scripted.unwrap_or_else(|| state.success(call))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Each change is whole before anything can panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Returns the response where none is scripted.
    fn success(&mut self, call: Call) -> Response {
        match call {
            Call::Submit => {
                self.submitted += 1;
                let id = format!("request-{}", self.submitted);
                Response::json(200, json!({ "request_id": id }))
            }
            Call::Status => Response::json(200, json!({"status": "completed"})),
            Call::Result => {
                let default = || json!({"image": "https://output.example/image.png"});
                let output = self.output.clone().unwrap_or_else(default);
                Response::json(200, json!({"status": "completed", "output": output}))
            }
            Call::Cancel => Response::json(200, json!({"outcome": "not_cancellable"})),
            Call::Other => Response::json(404, json!({"message": "the script has no response"})),
        }
    }
}

fn call_of(method: &Method, url: &Url) -> Call {
    let path = url.path();
    match (method, path.rsplit('/').next()) {
        (&Method::POST, Some("cancel")) if path.contains("/requests/") => Call::Cancel,
        (&Method::GET, Some("status")) if path.contains("/requests/") => Call::Status,
        (&Method::GET, Some("result")) if path.contains("/requests/") => Call::Result,
        (&Method::POST, _) if path.contains("/models/") => Call::Submit,
        _ => Call::Other,
    }
}
