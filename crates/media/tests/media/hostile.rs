//! Media that are cut off or damaged: never a panic, never more than the limits allow.

use std::fs;

use runcomfy_media::{Facts, Reader, Step};

use crate::samples::{Sample, all, fixture};
use crate::source::{Manner, Source, assert_part, told};

/// The most bytes of a medium that is tried byte by byte.
const SMALL: usize = 10_000;

/// Those that are small enough to be tried byte by byte.
fn small() -> impl Iterator<Item = (Sample, Vec<u8>)> {
    all().into_iter().filter_map(|sample| {
        let bytes = sample.source.whole().filter(|bytes| bytes.len() < SMALL)?;
        Some((sample, bytes))
    })
}

#[test]
fn every_fixture_is_small_enough() {
    for entry in fs::read_dir(fixture("")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let tried = name == "README.md" || small().any(|(sample, _)| sample.name == name);
        assert!(tried, "{name} is too large, or not in the table");
    }
}

/// A file cut off anywhere: each fact is that of the whole, or missing.
#[test]
fn cut_off_files() {
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
            let mut found = told(&Facts::from_bytes(&bytes[..length]));
            if by_size {
                found.as_object_mut().unwrap().remove("duration_seconds");
                facts.as_object_mut().unwrap().remove("duration_seconds");
            }
            assert_part(&found, &facts, &format!("{name} cut at {length}"));
        }
    }
}

/// A source that breaks off anywhere but has told its size.
#[test]
fn broken_off_sources() {
    for (Sample { name, facts, .. }, bytes) in small() {
        for length in 0..bytes.len() {
            let mut reader = Reader::new();
            reader.feed(0, &bytes[..length], Some(bytes.len() as u64));
            if let Step::Read(range) = reader.step() {
                assert!(
                    range.start >= length as u64,
                    "{name} at {length}: {range:?}"
                );
                reader.close("it broke off");
            }
            let Step::Done(found) = reader.step() else {
                panic!("{name} at {length}: it is closed");
            };
            assert_eq!(found.size_bytes, Some(bytes.len() as u64));
            assert_part(
                &told(&found),
                &facts,
                &format!("{name} broken off at {length}"),
            );
        }
    }
}

/// Bytes at either end of a medium, where its headers are.
const HEADERS: usize = 400;

/// One byte changed in the headers; `Source::run` holds the reader to its limits.
#[test]
fn damaged_files() {
    for (Sample { name, .. }, bytes) in small() {
        let last = bytes.len().saturating_sub(HEADERS);
        for at in (0..bytes.len()).filter(|at| *at < HEADERS || *at >= last) {
            let old = bytes[at];
            for new in [0, 0xff, old ^ 1, old ^ 0x80] {
                let mut damaged = bytes.clone();
                damaged[at] = new;
                let run = Source::from(damaged).run(Manner::default());
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
                let sane = |number: f64| number.is_finite() && number >= 0.0;
                assert!(facts.duration_seconds.is_none_or(sane), "{}", context());
                assert!(facts.frame_rate.is_none_or(sane), "{}", context());
            }
        }
    }
}
