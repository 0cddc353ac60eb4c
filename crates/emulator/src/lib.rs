//! The RunComfy Model API on one's own machine: stateful, on loopback, driven by the same model
//! schemas and the same validation engine as the client, for tests, demos and CI.
//!
//! ```
//! use std::time::Duration;
//!
//! use runcomfy_schema::ModelSchema;
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
//! - `GET /v1/models` and `GET /v1/models/{model_id}` show the models and their schemas,
//!   `GET /prod/v2/balance` what is left of the token's balance.
//!
//! # What the service leaves open, and the emulator decides
//! - `queue_position` counts the jobs ahead: the next to run has 0.
//! - An input that breaks its schema has the `error_code` 422001, a body that is no JSON 400000.
//! - An audio model's output is `{"audio": URL}`.
//! - URLs in replies begin with the `Host` that the client called.
//! - `GET /v1/models/categories` answers `{"categories": ["image", …]}`; its form is documented
//!   nowhere.
//! - Of the balance only the members' names are known; here both sums are numbers. Jobs are paid
//!   when they have succeeded; those that fail or are cancelled cost nothing. Where the balance
//!   does not suffice, a submit is refused with 400002 and HTTP 402.
//!
//! # Time
//! The emulator's clock is tokio's, paused or not, and what [`Emulator::advance`] skips. The queue,
//! run times, expiry, outages and the span of a [`Fault`] go by it; what delays bytes on their way
//! ([`Reply::delayed`], [`Reply::dripping`]) goes by tokio's alone. Nothing is random but request
//! ids, and [`Builder::seed`] fixes those.
//!
//! # Faults
//! [`Emulator::script`] dictates the next replies of a call in order, with [`Reply::genuine`] for
//! those that shall pass; a [`Fault`] the n-th, every n-th, or all from the n-th on.
//!
//! | fault | how |
//! |---|---|
//! | connections refused, those that stand reset | [`Emulator::outage`], [`Emulator::set_outage`]; [`Emulator::stop`] for good |
//! | reset before the body was read, or after it | [`Reply::reset`], [`Reply::reset_after_body`] |
//! | carried out, and the reply lost | [`Reply::lost`] |
//! | closed without a reply; half a reply | [`Reply::close`], [`Reply::half`] |
//! | no reply, a late one, one drop by drop | [`Reply::stall`], [`Reply::delayed`], [`Reply::dripping`] |
//! | no JSON; HTML | [`Reply::garbage`], [`Reply::html`] |
//! | an `error_code` with HTTP 4xx, 5xx or 200 | [`Reply::refused`] |
//! | any status and body | [`Reply::new`], [`Reply::json`] |
//! | Retry-After in seconds or as a date | [`Reply::retry_after`], [`Reply::retry_after_date`] |
//! | an unknown status | [`Reply::patched`] with `{"status": "warming_up"}` |
//! | an expired id: once, for good, each after a time | [`Reply::expired`], [`Emulator::expire`], [`Builder::expire_after`] |
//! | a job that fails | [`Reply::job_fails`], [`Emulator::fail_next`], [`Builder::fail_when`] |
//! | a job that runs long or for ever | [`Reply::job_runs`], [`Builder::run_time_of`], [`Builder::run_time_when`] |
//! | no balance | [`Builder::balance`] |
//!
//! # A file of faults
//! `runcomfy-emulator --faults FILE` and [`Builder::fault_file`] read a JSON list of
//! `{"call": "submit", "occurrence": 3, "fault": {"kind": "lost"}}`, with `every` or `from` in
//! place of `occurrence`, and `lasting` seconds besides. The command's help has all there is:
//!
//! ```text
#![doc = include_str!("help.txt")]
//! ```

#![cfg_attr(docsrs, feature(doc_cfg))]

mod account;
mod api_error;
mod builder;
mod call;
mod catalogue;
mod clock;
mod command_line;
mod connection;
mod drip;
mod emulator;
mod fault;
mod fault_file;
mod file;
#[cfg(any(test, not(feature = "render")))]
mod fixed_files;
mod gate;
mod job;
mod ledger;
#[cfg(feature = "media-rules")]
mod media_rules;
mod output;
mod queue;
#[cfg(feature = "render")]
mod render;
mod reply;
mod request_id;
mod schemas;
mod server;
mod service;
mod unique_names;

pub use builder::Builder;
pub use call::Call;
pub use command_line::CommandLine;
pub use emulator::Emulator;
pub use fault::Fault;
pub use ledger::{Connections, Entry, Received};
pub use reply::Reply;
