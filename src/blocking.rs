//! Provides the client for programs without `async`.
//!
//! [`Client`] has the calls of the [async client](crate::client::Client) under the same names, and
//! each blocks until it is done. Options are set on the async call, in a closure:
//!
//! ```no_run
//! # use std::time::Duration;
//! # fn example<M: runcomfy::Model<Output = runcomfy::Output>>(input: M) -> Result<(), runcomfy::Error> {
//! let client = runcomfy::blocking::Client::from_env()?;
//! let job = client.submit(&input)?;
//! println!("submitted {}", job.request_id());
//! let output = job.wait_with(|wait| wait.deadline(Duration::from_secs(300)))?;
//! client.download(output.image().unwrap_or_default(), ".".as_ref())?;
//! # Ok(()) }
//! ```
//!
//! [`Client::block_on`] and [`Client::iterate`] make every other call of the async client.
//!
//! # Panics
//! Every call panics inside of an async task, because it would block all tasks of the thread. Use the
//! async client there, or `tokio::task::spawn_blocking`.

mod client;
mod job;
mod runtime;

pub use client::Client;
pub use job::Job;
