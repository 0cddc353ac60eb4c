//! Integration tests of the command, linked into one binary.
//!
//! No test changes the environment or the signals of this process: each runs the command as a child
//! process, in a folder and, where it needs one, in a pseudo-terminal of its own.

// A failed set-up fails the test.
#![allow(clippy::unwrap_used)]

#[cfg(feature = "batch")]
mod batch;
mod command;
mod compatibility;
#[cfg(unix)]
mod completion;
#[cfg(unix)]
mod ctrl_c;
mod docs;
mod dry_run;
mod emulated;
mod emulator;
mod errors;
mod golden;
#[cfg(unix)]
mod install;
mod job_file;
mod login;
#[cfg(feature = "mcp")]
mod mcp;
mod media;
#[cfg(target_os = "linux")]
mod messages;
mod output;
mod programs;
mod saving;
#[cfg(unix)]
mod scripts;
#[cfg(unix)]
mod signals;
#[cfg(target_os = "linux")]
mod skill;
mod streams;
mod support;
#[cfg(unix)]
mod terminal;
mod unchecked;
mod wait;
