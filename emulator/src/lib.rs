//! The RunComfy Model API on one's own machine: stateful, on loopback, driven by the same model
//! schemas and the same validation engine as the client, for tests, demos and CI.
//!
//! ```
//! use std::time::Duration;
//!
//! use runcomfy_dialect::ModelSchema;
//! use runcomfy_emulator::Emulator;
//! use serde_json::{Value, json};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let schema = json!({
//!     "type": "object",
//!     "required": ["prompt"],
//!     "properties": { "prompt": { "type": "string" } },
//! });
//! let (model, _) = ModelSchema::parse(Some("acme/paint/text-to-image"), &[schema]);
//! let emulator = Emulator::builder()
//!     .models(model)
//!     .run_time(Duration::from_secs(3600))
//!     .start()
//!     .await?;
//!
//! let url = format!("{}/v1/models/acme/paint/text-to-image", emulator.base_url());
//! let submit = reqwest::Client::new().post(url).bearer_auth("any").json(&json!({ "prompt": "A boat" }));
//! let job: Value = submit.send().await?.json().await?;
//!
//! emulator.advance(Duration::from_secs(3600)); // an hour passes
//!
//! let result_url = job["result_url"].as_str().unwrap_or_default();
//! let result = reqwest::Client::new().get(result_url).bearer_auth("any");
//! let result: Value = result.send().await?.json().await?;
//! assert_eq!(result["status"], "succeeded");
//! assert_eq!(emulator.ledger().len(), 1); // one job was paid for
//! # Ok(())
//! # }
//! ```
//!
//! # What it does as the service does
//! - `POST /v1/models/{model_id}`, `GET /v1/requests/{request_id}/status` and `…/result`,
//!   `POST /v1/requests/{request_id}/cancel`, with the documented bodies, statuses and error codes.
//! - An input is refused with 422 exactly where the client's own validation is certain; `detail`
//!   lists the violations.
//! - A job goes from `in_queue` to `in_progress` to `completed`; a job that failed is `completed`
//!   in its status and `failed` in its result. Only a queued job can be cancelled.
//! - Outputs are real files: a PNG of the size that the input chose, a small MP4, a WAV. They are
//!   served below `/files/` without a token, and one range of them can be asked for.
//! - `GET /v1/models` and `GET /v1/models/{model_id}` show the models and their schemas.
//!
//! # What the service leaves open, and the emulator decides
//! - `queue_position` counts the jobs ahead: the next to run has 0.
//! - An input that breaks its schema has the `error_code` 422001, a body that is no JSON 400000.
//! - An audio model's output is `{"audio": URL}`.
//! - URLs in replies begin with the `Host` that the client called.
//!
//! # Faults
//! [`Emulator::script`] dictates the [`Reply`] to single calls: errors, lost replies, cut
//! connections. [`Emulator::fail_next`] and [`Builder::fail_when`] let jobs fail.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod builder;
mod call;
mod catalogue;
mod clock;
mod emulator;
mod file;
mod job;
mod ledger;
mod media_rules;
mod output;
mod queue;
mod refusal;
mod render;
mod reply;
mod request_id;
mod schemas;
mod server;
mod service;
mod source;
mod wire;

pub use builder::Builder;
pub use call::Call;
pub use emulator::Emulator;
pub use ledger::{Entry, Received};
pub use reply::Reply;
