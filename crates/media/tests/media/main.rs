//! What is told of media that were made here, of which the truth is known.

// A set-up that fails ends the test.
#![allow(clippy::unwrap_used)]

mod encode;
mod facts;
mod hostile;
mod lies;
mod rules;
mod samples;
mod source;
