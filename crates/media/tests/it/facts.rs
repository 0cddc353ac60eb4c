//! Tests that facts are true, and cost no more reads and bytes than allowed.

use std::fs;

use runcomfy_media::{Facts, Reader, Step};

use crate::encode::jpeg;
use crate::samples::{FIRST, Sample, all, fixture};
use crate::source::{Behavior, Source, assert_subset, known_facts};

#[test]
fn facts_are_the_truth() {
    for Sample {
        name,
        source,
        facts,
        cost,
        ..
    } in all()
    {
        let run = source.run(Behavior::default());
        assert_eq!(known_facts(&run.facts), facts, "{name}: {:?}", run.facts);
        assert_eq!(run.facts.size_bytes, Some(source.size), "{name}");
        let (reads, bytes) = (run.reads, run.bytes);
        assert!(
            reads <= cost.0 && bytes <= cost.1,
            "{name}: {reads} reads, {bytes} bytes"
        );
    }
}

#[test]
fn memory_and_files_have_the_same_facts() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("media");
    for Sample {
        name,
        source,
        facts,
        ..
    } in all()
    {
        let Some(bytes) = source.whole() else {
            continue;
        };
        fs::write(&path, &bytes).unwrap();
        let file = Facts::from_file(&path).unwrap();
        assert_eq!(file, Facts::from_bytes(&bytes), "{name}");
        assert_eq!(known_facts(&file), facts, "{name}: {file:?}");
    }
    let error = Facts::from_file(&folder.path().join("none")).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
}

/// Reads each sample in several ways: each fact is that of the whole file, or unknown.
#[test]
fn facts_are_the_truth_for_every_source() {
    let behaviors = [
        Behavior {
            silent: true,
            ..Behavior::default()
        },
        Behavior {
            sequential: true,
            ..Behavior::default()
        },
        Behavior {
            max_length: Some(3_000),
            ..Behavior::default()
        },
        Behavior {
            max_length: Some(700),
            silent: true,
            sequential: true,
        },
        Behavior {
            max_length: Some(1),
            silent: true,
            sequential: false,
        },
    ];
    for Sample {
        name,
        source,
        facts,
        ..
    } in all()
    {
        for behavior in behaviors {
            let run = source.run(behavior);
            let context = format!("{name} by {behavior:?}");
            assert_subset(&known_facts(&run.facts), &facts, &context);
            if let Some(size) = run.facts.size_bytes {
                assert_eq!(size, source.size, "{context}");
            }
            // Only the frame rate may be missing without a reason.
            let mut required = facts.clone();
            required.as_object_mut().unwrap().remove("frame_rate");
            let keys = required.as_object().unwrap().keys();
            let missing = keys
                .clone()
                .find(|key| known_facts(&run.facts).get(*key).is_none());
            let explained = run.facts.unknown.is_some();
            assert!(missing.is_none() || explained, "{context}: {missing:?}");
        }
    }
}

#[test]
fn plain_images_need_one_read() {
    let behavior = Behavior {
        silent: true,
        sequential: true,
        ..Behavior::default()
    };
    for Sample {
        name,
        source,
        facts,
        cost,
        ..
    } in all()
    {
        let plain = facts["kind"] == "image" && cost.0 == 1;
        if plain {
            let run = source.run(behavior);
            assert_eq!((known_facts(&run.facts), run.reads), (facts, 1), "{name}");
        }
    }
}

/// A new connection delivers the first read in its first round trip.
#[test]
fn first_read_is_one_round_trip_long() {
    let mut reader = Reader::new();
    assert_eq!(reader.step(), Step::Read(0..FIRST));
    // The step stays the same until the reader is fed.
    assert_eq!(reader.step(), Step::Read(0..FIRST));
    reader.sequential();
    assert_eq!(reader.step(), Step::Read(0..FIRST));
    reader.close("the connection was lost");
    let Step::Done(facts) = reader.step() else {
        panic!("the reader is closed")
    };
    assert_eq!(facts.unknown.as_deref(), Some("the connection was lost"));
}

#[test]
fn endless_header_ends_at_the_limits() {
    let segment = (0xe1, vec![b'x'; 65_000]);
    let endless = jpeg(&vec![segment; 40], 0xc0, 70, 50);
    let run = Source::from(endless.clone()).run(Behavior::default());
    assert_eq!((run.facts.format, run.facts.width), (Some("jpeg"), None));
    let why = run.facts.unknown.unwrap();
    assert!(why.starts_with("its header is too long: "), "{why}");
    // In a local file, where reads cost nothing, it is read.
    assert_eq!(Facts::from_bytes(&endless).stored(), Some((70, 50)));
}

#[test]
fn broken_source_differs_from_an_end() {
    let bytes = fs::read(fixture("first.mp4")).unwrap();
    let size = bytes.len() as u64;
    let mut reader = Reader::new();
    reader.feed(0, &bytes[..100], Some(size));
    assert_eq!(reader.step(), Step::Read(100..size));
    reader.feed(100, &[], Some(size));
    let Step::Done(facts) = reader.step() else {
        panic!("nothing more comes")
    };
    assert_eq!((facts.size_bytes, facts.format), (Some(size), Some("mp4")));
    assert_eq!(
        facts.unknown.as_deref(),
        Some("the source has no bytes at position 100")
    );

    // Without a size, the position without bytes is the size.
    let mut reader = Reader::new();
    reader.feed(0, &bytes[..100], None);
    let Step::Read(range) = reader.step() else {
        panic!("more is needed")
    };
    reader.feed(range.start, &[], None);
    let Step::Done(facts) = reader.step() else {
        panic!("nothing more comes")
    };
    assert_eq!(facts.size_bytes, Some(100));
    let why = facts.unknown.unwrap();
    assert!(why.starts_with("cut off: "), "{why}");
}
