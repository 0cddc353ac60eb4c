//! The library and the command, as callers use them.

// A set-up that fails ends the test.
#![allow(clippy::unwrap_used)]

mod diff;
mod diff_classes;
mod docs;
mod import;
mod new_crate;
mod page_makers;
mod pull;
mod settings;
mod small_slips;
mod support;
mod types;
mod usage;
