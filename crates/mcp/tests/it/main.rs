//! Agents get their jobs through any client, pay each once, and only what was agreed to.
//!
//! The client here is lines of JSON on a pipe, so that it shares no code with the server's protocol.

#![allow(clippy::unwrap_used)]

mod answers;
mod cancellation;
mod client;
mod doubts;
mod duplicates;
mod errors;
#[cfg(feature = "http")]
mod http;
mod jobs;
mod money;
mod resources;
mod store;
mod tasks;
mod times;
mod transcript;
mod world;
