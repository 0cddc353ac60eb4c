//! Each medium's facts are the truth, for no more than they may cost.

use std::fs;

use runcomfy_media::{Facts, Reader, Step};

use crate::encode::jpeg;
use crate::samples::{FIRST, Sample, all, fixture};
use crate::source::{Manner, Source, assert_part, told};

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
        let run = source.run(Manner::default());
        assert_eq!(told(&run.facts), facts, "{name}: {:?}", run.facts);
        assert_eq!(run.facts.size_bytes, Some(source.size), "{name}");
        let (reads, bytes) = (run.reads, run.bytes);
        assert!(
            reads <= cost.0 && bytes <= cost.1,
            "{name}: {reads} reads, {bytes} bytes"
        );
    }
}

#[test]
fn memory_and_files_tell_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("medium");
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
        assert_eq!(told(&file), facts, "{name}: {file:?}");
    }
    let error = Facts::from_file(&folder.path().join("none")).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
}

/// What is told of a part of it is also told of the whole, or nothing is.
#[test]
fn whatever_the_answers_facts_are_the_truth() {
    let manners = [
        Manner {
            silent: true,
            ..Manner::default()
        },
        Manner {
            sequential: true,
            ..Manner::default()
        },
        Manner {
            longest: Some(3_000),
            ..Manner::default()
        },
        Manner {
            longest: Some(700),
            silent: true,
            sequential: true,
        },
        Manner {
            longest: Some(1),
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
        for manner in manners {
            let run = source.run(manner);
            let context = format!("{name} by {manner:?}");
            assert_part(&told(&run.facts), &facts, &context);
            if let Some(size) = run.facts.size_bytes {
                assert_eq!(size, source.size, "{context}");
            }
            // Only the rate of pictures may be missing without a word.
            let mut least = facts.clone();
            least.as_object_mut().unwrap().remove("frame_rate");
            let whole = least.as_object().unwrap().keys();
            let missing = whole
                .clone()
                .find(|key| told(&run.facts).get(*key).is_none());
            let explained = run.facts.unknown.is_some();
            assert!(missing.is_none() || explained, "{context}: {missing:?}");
        }
    }
}

#[test]
fn the_first_bytes_alone_tell_of_plain_pictures() {
    let manner = Manner {
        silent: true,
        sequential: true,
        ..Manner::default()
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
            let run = source.run(manner);
            assert_eq!((told(&run.facts), run.reads), (facts, 1), "{name}");
        }
    }
}

/// The first read is what a new connection delivers in its first round trip.
#[test]
fn the_first_read_is_one_round_trip_long() {
    let mut reader = Reader::new();
    assert_eq!(reader.step(), Step::Read(0..FIRST));
    // Until it is fed, it asks for the same.
    assert_eq!(reader.step(), Step::Read(0..FIRST));
    reader.sequential();
    assert_eq!(reader.step(), Step::Read(0..FIRST));
    reader.close("the connection was lost");
    let Step::Done(facts) = reader.step() else {
        panic!("closed")
    };
    assert_eq!(facts.unknown.as_deref(), Some("the connection was lost"));
}

#[test]
fn a_header_without_end_is_given_up() {
    let segment = (0xe1, vec![b'x'; 65_000]);
    let endless = jpeg(&vec![segment; 40], 0xc0, 70, 50);
    let run = Source::from(endless.clone()).run(Manner::default());
    assert_eq!((run.facts.format, run.facts.width), (Some("jpeg"), None));
    let why = run.facts.unknown.unwrap();
    assert!(why.starts_with("its header is too long: "), "{why}");
    // In a file, where reading on costs nothing, it is read.
    assert_eq!(Facts::from_bytes(&endless).stored(), Some((70, 50)));
}

#[test]
fn a_source_that_breaks_off_is_told_from_an_end() {
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
        Some("the source gives nothing at byte 100")
    );

    // Without a size no more bytes are its end, and tell the size.
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
