//! Reports show every job, add up, and are safe to open.

// A set-up that fails ends the test.
#![allow(clippy::unwrap_used)]

mod browser;
mod lines;
mod page;
mod sample;
