//! Tests media that are cut off or damaged: no panic, and no read beyond the limits.

use std::fs;

use runcomfy_media::{Facts, Reader, Step};

use crate::samples::{Sample, all, fixture};
use crate::source::{Behavior, Source, assert_subset, known_facts};

/// Maximum size of media that are tested byte by byte.
const MAX_SMALL_BYTES: usize = 10_000;

/// Returns the samples that are small enough to be tested byte by byte.
fn small() -> impl Iterator<Item = (Sample, Vec<u8>)> {
    all().into_iter().filter_map(|sample| {
        let bytes = sample
            .source
            .whole()
            .filter(|bytes| bytes.len() < MAX_SMALL_BYTES)?;
        Some((sample, bytes))
    })
}

#[test]
fn every_fixture_is_small_enough() {
    for entry in fs::read_dir(fixture("")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let is_tested = name == "README.md" || small().any(|(sample, _)| sample.name == name);
        assert!(is_tested, "{name} is too large, or not in the table");
    }
}

/// Cuts files at each byte: each fact is that of the whole file, or unknown.
#[test]
fn cut_off_files_have_no_wrong_facts() {
    for (
        Sample {
            name,
            mut facts,
            by_size,
            ..
        },
        bytes,
    ) in small()
    {
        for length in 0..bytes.len() {
            let mut found = known_facts(&Facts::from_bytes(&bytes[..length]));
            if by_size {
                found.as_object_mut().unwrap().remove("duration_seconds");
                facts.as_object_mut().unwrap().remove("duration_seconds");
            }
            assert_subset(&found, &facts, &format!("{name} cut at {length}"));
        }
    }
}

/// Cuts sources of known size at each byte.
#[test]
fn broken_sources_have_no_wrong_facts() {
    for (Sample { name, facts, .. }, bytes) in small() {
        for length in 0..bytes.len() {
            let mut reader = Reader::new();
            reader.feed(0, &bytes[..length], Some(bytes.len() as u64));
            if let Step::Read(range) = reader.step() {
                assert!(
                    range.start >= length as u64,
                    "{name} at {length}: {range:?}"
                );
                reader.close("the connection broke");
            }
            let Step::Done(found) = reader.step() else {
                panic!("{name} at {length}: the reader is closed");
            };
            assert_eq!(found.size_bytes, Some(bytes.len() as u64));
            assert_subset(
                &known_facts(&found),
                &facts,
                &format!("{name} broken at {length}"),
            );
        }
    }
}

/// Number of bytes at both ends of a file, where its headers are.
const HEADER_BYTES: usize = 400;

/// Changes each byte of the headers; `Source::run` asserts the limits of the reader.
#[test]
fn damaged_files_have_no_impossible_facts() {
    for (Sample { name, .. }, bytes) in small() {
        let last = bytes.len().saturating_sub(HEADER_BYTES);
        for at in (0..bytes.len()).filter(|at| *at < HEADER_BYTES || *at >= last) {
            let old = bytes[at];
            for new in [0, 0xff, old ^ 1, old ^ 0x80] {
                let mut damaged = bytes.clone();
                damaged[at] = new;
                let run = Source::from(damaged).run(Behavior::default());
                let facts = run.facts;
                let context = || format!("{name} with {new:#x} at {at}: {facts:?}");
                assert!(
                    facts.width != Some(0) && facts.height != Some(0),
                    "{}",
                    context()
                );
                assert!(
                    facts.orientation.is_none_or(|o| (1..=8).contains(&o)),
                    "{}",
                    context()
                );
                let is_possible = |number: f64| number.is_finite() && number >= 0.0;
                assert!(
                    facts.duration_seconds.is_none_or(is_possible),
                    "{}",
                    context()
                );
                assert!(facts.frame_rate.is_none_or(is_possible), "{}", context());
            }
        }
    }
}
