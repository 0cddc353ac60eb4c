//! Tests that no length in a file decides how much memory is allocated.

// A failed setup ends the test.
#![allow(clippy::unwrap_used)]

use std::alloc::System;
use std::fs;
use std::path::Path;

use cap::Cap;
use runcomfy_media::Facts;

#[global_allocator]
static MEMORY: Cap<System> = Cap::new(System, usize::MAX);

/// Memory limit in bytes: far more than a reader needs for these small files, and far less than any
/// length below.
const MAX_BYTES: usize = 256 << 10;

/// Lengths as formats store them: 16, 32 and 64 bits, in both byte orders, and in EBML.
const LENGTHS: [&[u8]; 7] = [
    &[0xff; 2],
    &[0x7f, 0xff, 0xff, 0xff],
    &[0xff, 0xff, 0xff, 0x7f],
    &[0xff; 4],
    &[0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    &[0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe],
    &[0xff; 8],
];

/// Number of bytes at both ends of a file, where its headers are.
const HEADER_BYTES: usize = 400;

/// Ends the process if an allocation exceeds the limit.
#[test]
fn lengths_do_not_decide_on_memory() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut files = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let mut bytes = fs::read(entry.unwrap().path()).unwrap();
        bytes.truncate(14_336);
        files += 1;
        let limit = MEMORY.allocated() + MAX_BYTES;
        MEMORY.set_limit(limit).unwrap();
        let last = bytes.len().saturating_sub(HEADER_BYTES);
        for at in (0..bytes.len()).filter(|at| *at < HEADER_BYTES || *at >= last) {
            for length in LENGTHS {
                let Some(field) = bytes.get_mut(at..at + length.len()) else {
                    continue;
                };
                let mut old = [0; 8];
                let old = &mut old[..length.len()];
                old.copy_from_slice(field);
                field.copy_from_slice(length);
                let facts = Facts::from_bytes(&bytes);
                assert_eq!(facts.size_bytes, Some(bytes.len() as u64));
                bytes[at..at + length.len()].copy_from_slice(old);
            }
        }
        MEMORY.set_limit(usize::MAX).unwrap();
    }
    assert!(files > 30, "{files} files");
}
