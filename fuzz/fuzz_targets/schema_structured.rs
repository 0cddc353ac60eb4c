//! Hostile schemas: whatever they say stays text, and file names stay below their folder.
//!
//! The promise is checked in CI without a fuzzer by the test `hostile` of `runcomfy-testkit`.

#![no_main]

use libfuzzer_sys::fuzz_target;
use runcomfy_fuzz::{Folder, generate};

fuzz_target!(|folder: Folder| generate(&folder.0));
