//! Hostile schemas: their texts stay texts, and file names stay below their folder.
//!
//! The test `hostile` of `runcomfy-testkit` checks the promise in CI, without a fuzzer.

#![no_main]

use libfuzzer_sys::fuzz_target;
use runcomfy_fuzz::{Folder, generate};

fuzz_target!(|folder: Folder| generate(&folder.0));
