//! Tests facts and verdicts on media whose facts are known.

// A failed setup ends the test.
#![allow(clippy::unwrap_used)]

mod certainty;
mod encode;
mod facts;
mod hostile;
mod lies;
mod rules;
mod samples;
mod source;
mod truncation;
