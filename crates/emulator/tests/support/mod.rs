//! A client that knows nothing: it sends what it is told and gives back what came.

// Each test file is a crate of its own and uses a part of this.
#![allow(dead_code)]

use std::path::Path;

use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder, Response};
use runcomfy_emulator::{Builder, Emulator};
use serde_json::{Value, json};

pub(crate) const EDIT: &str = "bytedance/dreamina-4-0/edit";
pub(crate) const IMAGE: &str = "bytedance/dreamina-4-0/text-to-image";
pub(crate) const VIDEO: &str = "bytedance/dreamina-3-0/pro/image-to-video";

/// An emulator of the models in this repository.
pub(crate) fn builder() -> Builder {
    let schemas = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas");
    Emulator::builder().schemas(schemas).unwrap()
}

pub(crate) const fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A valid input for [`IMAGE`].
pub(crate) fn boat() -> Value {
    json!({ "prompt": "A boat" })
}

pub(crate) struct Caller {
    http: Client,
    base_url: String,
    token: Option<&'static str>,
}

impl Caller {
    pub(crate) fn new(emulator: &Emulator) -> Self {
        Self::at(&emulator.base_url())
    }

    /// For an emulator in another process.
    pub(crate) fn at(base_url: &str) -> Self {
        // Without a pool each request has a connection of its own.
        let http = Client::builder().pool_max_idle_per_host(0).build().unwrap();
        Self {
            http,
            base_url: base_url.to_owned(),
            token: Some("a token"),
        }
    }

    /// The same with connections used again.
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

    /// A request to a path, or to a whole URL.
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
        answer(self.post_job(model, input)).await
    }

    /// Submits and expects it to be accepted.
    pub(crate) async fn job(&self, model: &str, input: &Value) -> String {
        let (status, body) = self.submit(model, input).await;
        assert_eq!(status, 200, "{body}");
        body["request_id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn get(&self, to: &str) -> (u16, Value) {
        answer(self.request(Method::GET, to)).await
    }

    pub(crate) async fn status(&self, id: &str) -> Value {
        self.get(&format!("/v1/requests/{id}/status")).await.1
    }

    pub(crate) async fn result(&self, id: &str) -> Value {
        self.get(&format!("/v1/requests/{id}/result")).await.1
    }

    pub(crate) async fn cancel(&self, id: &str) -> (u16, Value) {
        answer(self.request(Method::POST, &format!("/v1/requests/{id}/cancel"))).await
    }

    pub(crate) async fn balance(&self) -> Value {
        self.get("/prod/v2/balance").await.1
    }

    pub(crate) async fn fetch(&self, to: &str) -> Response {
        self.request(Method::GET, to).send().await.unwrap()
    }
}

pub(crate) async fn answer(request: RequestBuilder) -> (u16, Value) {
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}
