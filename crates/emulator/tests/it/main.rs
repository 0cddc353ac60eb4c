//! Tests of the emulator over HTTP, with a client that adds nothing of its own.

#![allow(clippy::unwrap_used, reason = "a set-up that fails ends the test")]

mod balance;
mod browser;
mod catalogue;
mod conditions;
mod contract;
mod control;
mod fault_file;
mod faults;
mod files;
mod ledger;
mod lifecycle;
mod occurrences;
mod outage;
mod refusals;
mod support;
