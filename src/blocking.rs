//! The client for programs without `async`.
//!
//! [`Client`] has the calls of the [async client](crate::client::Client), under the same names, and blocks
//! until each is done. Options are set on the async call, in a closure:
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
//! Anything else that the async client can do goes through [`Client::block_on`] and
//! [`Client::iterate`].
//!
//! # Panics
//! Every call panics inside of an async task, which it would block together with all others of its
//! thread: there use the async client, or `tokio::task::spawn_blocking`.

mod client;
mod job;
mod runtime;

pub use client::Client;
pub use job::Job;
