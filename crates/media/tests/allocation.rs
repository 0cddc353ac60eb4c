//! No length in a medium decides how much memory is taken.

// A set-up that fails ends the test.
#![allow(clippy::unwrap_used)]

use std::alloc::System;
use std::fs;
use std::path::Path;

use cap::Cap;
use runcomfy_media::Facts;

#[global_allocator]
static MEMORY: Cap<System> = Cap::new(System, usize::MAX);

/// Far more than a reader holds of these small files, and far less than any length below.
const ENOUGH: usize = 256 << 10;

/// Lengths as the formats write them: 16, 32 and 64 bits, of either byte order, and of EBML.
const LENGTHS: [&[u8]; 7] = [
    &[0xff; 2],
    &[0x7f, 0xff, 0xff, 0xff],
    &[0xff, 0xff, 0xff, 0x7f],
    &[0xff; 4],
    &[0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    &[0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe],
    &[0xff; 8],
];

/// Bytes at either end of a medium, where its headers are.
const HEADERS: usize = 400;

/// An allocation beyond the limit fails, and ends the process.
#[test]
fn lengths_do_not_decide_on_memory() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut media = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let mut bytes = fs::read(entry.unwrap().path()).unwrap();
        bytes.truncate(14_336);
        media += 1;
        let limit = MEMORY.allocated() + ENOUGH;
        MEMORY.set_limit(limit).unwrap();
        let last = bytes.len().saturating_sub(HEADERS);
        for at in (0..bytes.len()).filter(|at| *at < HEADERS || *at >= last) {
            for length in LENGTHS {
                let Some(place) = bytes.get_mut(at..at + length.len()) else {
                    continue;
                };
                let mut old = [0; 8];
                let old = &mut old[..length.len()];
                old.copy_from_slice(place);
                place.copy_from_slice(length);
                let facts = Facts::from_bytes(&bytes);
                assert_eq!(facts.size_bytes, Some(bytes.len() as u64));
                bytes[at..at + length.len()].copy_from_slice(old);
            }
        }
        MEMORY.set_limit(usize::MAX).unwrap();
    }
    assert!(media > 30, "{media} media");
}
