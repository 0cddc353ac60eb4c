//! A typed, careful client for RunComfy's Model API.
//!
//! RunComfy runs image, video and audio models behind one asynchronous HTTP API: submit a job,
//! poll its status, fetch the result, cancel it while it is queued. This crate makes those calls for
//! you. Inputs are typed structs that `runcomfy-codegen` generates from the models' schemas
//! (`runcomfy-models` has them ready-made), and nothing that breaks its schema is ever sent.
//!
//! ```no_run
//! # async fn example<M: runcomfy::Model<Output = runcomfy::Output>>(input: M) -> Result<(), runcomfy::Error> {
//! use runcomfy::Client;
//!
//! let client = Client::from_env()?; // RUNCOMFY_TOKEN, or the token of a login
//! let job = client.submit(&input).await?; // validates first
//! println!("submitted {}", job.request_id());
//! let output = job.wait().await?;
//! println!("{:?}", output.urls());
//! # Ok(()) }
//! ```
//!
//! **No paid job is submitted twice.** A submit is retried only when nothing was sent or the service
//! answers HTTP 429. Where its outcome is unknown,
//! [`Error::may_have_been_submitted`] says so.
//!
//! # Where to start
//! - [`Client::submit`] and [`Job::wait`] run one job, [`Client::run_many`] many, and
//!   [`Job::watch`] reports events in between. [`Job::download`] saves the outputs.
//! - [`ClientBuilder`] has the settings, [`RetryPolicy`] those of retries, [`WaitOptions`] those of a
//!   wait.
//! - [`ErrorKind`] lists what can go wrong and what to do.
//! - [`testing`] has what your own tests need; no server, token or money.
//! - [`schema`] has schemas as data, [`media`] the checks of images, videos and audio, and
//!   [`catalogue`] the list of the service's models, [`login`] the way to a token.
//!
//! Without default features there is only what generated code needs: [`schema`], [`Model`] and
//! [`Output`], without HTTP.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod model;
mod output;

#[cfg(feature = "client")]
mod api;
#[cfg(feature = "client")]
mod balance;
#[cfg(feature = "blocking")]
pub mod blocking;
#[cfg(feature = "client")]
mod blocking_work;
#[cfg(feature = "client")]
pub mod catalogue;
#[cfg(feature = "client")]
mod catch_panic;
#[cfg(feature = "client")]
mod client;
#[cfg(feature = "client")]
mod download;
#[cfg(feature = "client")]
mod error;
#[cfg(feature = "client")]
mod http;
#[cfg(feature = "client")]
mod job;
#[cfg(feature = "client")]
mod lazy_call;
#[cfg(feature = "client")]
pub mod login;
#[cfg(feature = "client")]
pub mod media;
#[cfg(feature = "client")]
pub mod testing;
#[cfg(feature = "client")]
mod wait;
#[cfg(feature = "client")]
mod whole_file;

pub use model::Model;
pub use output::Output;
pub use runcomfy_schema as schema;
pub use runcomfy_schema::{Checked, Media, Violation, Violations};

#[cfg(feature = "client")]
pub use {
    client::{Client, ClientBuilder},
    download::{Download, DownloadProgress, Downloads, Saved},
    error::{Error, ErrorKind, UnknownErrorKind},
    http::{response::JobResult, retry_policy::RetryPolicy, token::Token},
    job::Job,
    job::as_input::AsInput,
    job::cancel_outcome::CancelOutcome,
    job::idempotency_key::new_idempotency_key,
    job::orphan::Orphan,
    job::request_id::{InvalidRequestId, RequestId},
    job::run::Run,
    job::run_many::{Finished, RunMany},
    job::status::{JobStatus, Status},
    job::submit::{Outcome, Submit},
    media::attach::{Upload, Uploader},
    wait::Wait,
    wait::event::Event,
    wait::options::{AtDeadline, WaitOptions},
    wait::run_times::RunTimes,
    wait::watch::Watch,
};

/// Items that generated code and this repository's other crates need; not part of the public API.
#[doc(hidden)]
pub mod __private {
    #[cfg(feature = "client")]
    pub use crate::download::safe_file_name;
    pub use crate::output_type;
    #[cfg(feature = "client")]
    pub use crate::whole_file::{publish, sync_folder_of};
    pub use runcomfy_schema::__private::*;
    pub use runcomfy_schema::{Choice, Field, Reader, Record, choice, record};
}

/// The README's programs, as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// Compiles the programs of the library guide, as tests.
#[cfg(doctest)]
#[doc = include_str!("../docs/library.md")]
struct LibraryGuide;

/// Includes the code that `runcomfy_codegen::Builder` wrote to `OUT_DIR`.
///
/// ```text
/// pub mod models {
///     runcomfy::include_models!();
/// }
/// ```
#[macro_export]
macro_rules! include_models {
    () => {
        include!(concat!(env!("OUT_DIR"), "/models.rs"));
    };
}
