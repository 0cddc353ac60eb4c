//! Helpers that several test suites share: arbitrary schemas and values, the promises about
//! generated code, a Postgres server, a scripted HTTP server, a capture of traces.
//!
//! Each part is a feature, so that a suite compiles only what it uses. All but the Postgres server are on
//! by default.

#[cfg(feature = "arbitrary")]
pub mod arbitrary;
pub mod cases;
#[cfg(feature = "generator")]
pub mod generated_code;
#[cfg(feature = "judge")]
pub mod judge;
#[cfg(feature = "postgres")]
pub mod postgres;
#[cfg(feature = "server")]
pub mod server;
#[cfg(feature = "trace")]
pub mod trace;
