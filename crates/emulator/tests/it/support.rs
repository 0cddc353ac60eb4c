//! A plain HTTP client and the set-up that the tests share.

use std::path::Path;
use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder, Response};
use runcomfy_emulator::{Builder, Emulator};
use serde_json::{Value, json};

pub(crate) const EDIT: &str = "bytedance/dreamina-4-0/edit";
pub(crate) const IMAGE: &str = "bytedance/dreamina-4-0/text-to-image";
pub(crate) const VIDEO: &str = "bytedance/dreamina-3-0/pro/image-to-video";

/// Returns a builder with the models of this repository.
pub(crate) fn builder() -> Builder {
    let schemas = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas");
    Emulator::builder().schemas(schemas).unwrap()
}

pub(crate) const fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Starts an emulator and returns it with a client.
pub(crate) async fn start(builder: Builder) -> (Emulator, Caller) {
    let emulator = builder.start().await.unwrap();
    let caller = Caller::new(&emulator);
    (emulator, caller)
}

/// Returns a valid input for [`IMAGE`].
pub(crate) fn boat() -> Value {
    json!({ "prompt": "A boat" })
}

/// Sends requests exactly as written, without retries.
pub(crate) struct Caller {
    http: Client,
    base_url: String,
    token: Option<&'static str>,
}

impl Caller {
    pub(crate) fn new(emulator: &Emulator) -> Self {
        Self::at(&emulator.base_url())
    }

    /// Creates a client of the emulator at a base URL, such as one in another process.
    pub(crate) fn at(base_url: &str) -> Self {
        // Without a pool each request has a connection of its own.
        let http = Client::builder().pool_max_idle_per_host(0).build().unwrap();
        Self {
            http,
            base_url: base_url.to_owned(),
            token: Some("a token"),
        }
    }

    /// Creates a client that uses connections again.
    pub(crate) fn pooled(emulator: &Emulator) -> Self {
        Self {
            http: Client::new(),
            ..Self::new(emulator)
        }
    }

    pub(crate) fn with_token(mut self, token: Option<&'static str>) -> Self {
        self.token = token;
        self
    }

    /// Creates a request to a path or a URL.
    pub(crate) fn request(&self, method: Method, to: &str) -> RequestBuilder {
        let url = if to.starts_with("http") {
            to.into()
        } else {
            self.base_url.clone() + to
        };
        let request = self.http.request(method, url);
        match self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    pub(crate) fn post_job(&self, model: &str, input: &Value) -> RequestBuilder {
        self.request(Method::POST, &format!("/v1/models/{model}"))
            .json(input)
    }

    pub(crate) async fn submit(&self, model: &str, input: &Value) -> (u16, Value) {
        send(self.post_job(model, input)).await
    }

    /// Submits a job and returns the HTTP status, whatever the body is.
    pub(crate) async fn submit_status(&self, model: &str, input: &Value) -> u16 {
        let response = self.post_job(model, input).send().await.unwrap();
        response.status().as_u16()
    }

    /// Submits a job that must be accepted, and returns its request id.
    pub(crate) async fn job(&self, model: &str, input: &Value) -> String {
        let (status, body) = self.submit(model, input).await;
        assert_eq!(status, 200, "{body}");
        body["request_id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn get(&self, to: &str) -> (u16, Value) {
        send(self.request(Method::GET, to)).await
    }

    pub(crate) async fn status(&self, id: &str) -> Value {
        self.get(&format!("/v1/requests/{id}/status")).await.1
    }

    pub(crate) async fn result(&self, id: &str) -> Value {
        self.get(&format!("/v1/requests/{id}/result")).await.1
    }

    pub(crate) async fn cancel(&self, id: &str) -> (u16, Value) {
        send(self.request(Method::POST, &format!("/v1/requests/{id}/cancel"))).await
    }

    pub(crate) async fn balance(&self) -> Value {
        self.get("/prod/v2/balance").await.1
    }

    pub(crate) async fn fetch(&self, to: &str) -> Response {
        self.request(Method::GET, to).send().await.unwrap()
    }
}

pub(crate) async fn send(request: RequestBuilder) -> (u16, Value) {
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}
