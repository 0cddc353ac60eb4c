//! A typed, careful client for RunComfy's Model API.
//!
//! RunComfy runs image, video and audio models behind one asynchronous HTTP API: submit a job,
//! poll its status, fetch the result, cancel while it is queued. This crate wraps the four calls;
//! the inputs are typed structs that `runcomfy-codegen` makes from the models' schemas (ready-made
//! in `runcomfy-models`), and nothing that breaks its schema is ever sent.
//!
//! ```no_run
//! # async fn example<M: runcomfy::Model<Output = runcomfy::Output>>(input: M) -> Result<(), runcomfy::Error> {
//! use runcomfy::Client;
//!
//! let client = Client::from_env()?; // RUNCOMFY_TOKEN, then RUNCOMFY_API_TOKEN
//! let job = client.submit(&input).await?; // validates first
//! println!("submitted {}", job.request_id());
//! let output = job.wait().await?;
//! println!("{:?}", output.urls());
//! # Ok(()) }
//! ```
//!
//! **No paid job is submitted twice.** A submit is sent again only when no connection was made or
//! the service asks to try later; where its outcome cannot be known,
//! [`Error::may_have_been_submitted`] says so.
//!
//! Without default features only what generated code needs is here: the schema dialect, [`Model`]
//! and [`Output`], free of HTTP.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod model;
mod output;

#[cfg(feature = "client")]
mod attach;
#[cfg(feature = "client")]
mod balance;
#[cfg(feature = "blocking")]
pub mod blocking;
#[cfg(feature = "client")]
mod catalogue;
#[cfg(feature = "client")]
mod caught;
#[cfg(feature = "client")]
mod client;
#[cfg(feature = "client")]
mod content_range;
#[cfg(feature = "client")]
mod credential;
#[cfg(feature = "client")]
mod download;
#[cfg(feature = "client")]
mod endpoint;
#[cfg(feature = "client")]
mod error;
#[cfg(feature = "client")]
mod event;
#[cfg(feature = "client")]
mod job;
#[cfg(feature = "client")]
mod media_check;
#[cfg(feature = "client")]
mod members;
#[cfg(feature = "client")]
mod pace;
#[cfg(feature = "client")]
mod posting;
#[cfg(feature = "client")]
mod probe;
#[cfg(feature = "client")]
mod proxy;
#[cfg(feature = "client")]
mod reply;
#[cfg(feature = "client")]
mod request_id;
#[cfg(feature = "client")]
mod retry;
#[cfg(any(feature = "rustls", feature = "native-tls"))]
mod root_certificate;
#[cfg(feature = "client")]
mod run;
#[cfg(feature = "client")]
mod run_many;
#[cfg(feature = "client")]
mod run_times;
#[cfg(feature = "client")]
mod scheduler;
#[cfg(feature = "client")]
mod status;
#[cfg(feature = "client")]
mod submit;
#[cfg(feature = "client")]
mod throttle;
#[cfg(feature = "client")]
mod token;
#[cfg(feature = "client")]
mod transport;
#[cfg(feature = "client")]
mod version;
#[cfg(feature = "client")]
mod wait;
#[cfg(feature = "client")]
mod watch;

pub use model::Model;
pub use output::Output;
pub use runcomfy_schema::*;

#[cfg(feature = "client")]
pub use {
    attach::{LARGEST_REQUEST, Upload, Uploader, Uploading},
    balance::Balance,
    catalogue::{Catalogue, CatalogueEntry, CataloguePage},
    client::{Client, ClientBuilder},
    download::{Download, DownloadProgress, Downloads},
    error::{Error, ErrorKind},
    event::Event,
    job::{CancelOutcome, Job},
    media_check::CheckMedia,
    probe::{ProbeError, ProbeErrorKind, Prober, ProberBuilder},
    reply::JobResult,
    request_id::{InvalidRequestId, RequestId},
    run::Run,
    run_many::{Finished, RunMany},
    run_times::RunTimes,
    runcomfy_media::{DataUri, Facts, Verdict, judge},
    status::{JobStatus, Status},
    submit::{Outcome, Submit, new_submit_key},
    token::Token,
    wait::{AtDeadline, Wait, WaitOptions},
    watch::Watch,
};

/// The README's programs, as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// The code that `runcomfy_codegen::Builder` wrote to `OUT_DIR`, in place of this call.
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
