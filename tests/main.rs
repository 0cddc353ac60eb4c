//! Promises of the whole, a module each, in one binary, since linking takes longer than most tests.
//!
//! Tests that need a process or a feature of their own are binaries of their own; the manifest
//! says why.

// A failed setup ends the test.
#![allow(clippy::unwrap_used)]

mod abandoned;
mod attach;
mod believed;
mod catalogue;
mod documented_inputs;
mod downloads;
mod drift;
mod drop_in;
mod inspected;
mod judged;
mod lifecycle;
mod long_responses;
mod many;
mod media;
mod never_twice;
mod odd_schemas;
mod orphans;
mod outage;
mod own_build;
mod owned_inputs;
mod packaging;
mod proxy;
mod replies;
mod run_examples;
mod shaped_build;
mod stable_words;
mod support;
mod waiting;
mod withdrawn;
