//! Arbitrary bytes as media, in responses of any length: no panic, no exceeded budget, and no fact
//! that the whole file does not have.

#![no_main]

use std::ops::Range;

use libfuzzer_sys::fuzz_target;
use runcomfy_media::{Facts, Reader, Step};
use serde_json::Value;

/// Behaviour of the source. It is read from the input's last bytes, so that a file is nearly a seed.
struct Behaviour {
    /// Size that it reports: the true one, none, or any.
    reported: Option<Option<u64>>,
    sequential: bool,
    /// Position of a gap of zeros, in parts of 256, and its length in KiB.
    gap: (u8, u8),
    /// Lengths of the responses, one after the other, in units of 16 bytes; 0 is the whole range.
    lengths: [u8; 6],
}

impl Behaviour {
    fn from_bytes(bytes: [u8; 16]) -> Self {
        let [
            reported,
            sequential,
            position,
            gap,
            a,
            b,
            c,
            d,
            e,
            f,
            lie @ ..,
        ] = bytes;
        let lie = lie.iter().fold(0, |sum, byte| sum << 7 | u64::from(*byte));
        Self {
            reported: [None, Some(None), Some(Some(lie))][usize::from(reported % 3)],
            sequential: sequential % 4 == 1,
            gap: (position, gap),
            lengths: [a, b, c, d, e, f],
        }
    }

    /// Returns the file with its gap of zeros.
    fn file(&self, bytes: &[u8]) -> Vec<u8> {
        let (first, last) = bytes.split_at(bytes.len() * usize::from(self.gap.0) / 256);
        [first, &vec![0; usize::from(self.gap.1) << 10], last].concat()
    }
}

/// Maximum number of requests and bytes for one file.
const MAX_REQUESTS: u32 = 6;
const MAX_BYTES: u64 = 512 << 10;

fuzz_target!(|input: &[u8]| {
    let Some((bytes, behaviour)) = input.split_last_chunk() else {
        return;
    };
    let behaviour = Behaviour::from_bytes(*behaviour);
    let file = behaviour.file(bytes);
    let whole = Facts::from_bytes(&file);
    check(&whole);
    let facts = read(&behaviour, &file);
    check(&facts);
    if !matches!(behaviour.reported, Some(Some(_))) {
        assert_part(&facts, &whole);
    }
});

/// Reads the facts of a file from a source of this behaviour.
fn read(behaviour: &Behaviour, file: &[u8]) -> Facts {
    let total = behaviour.reported.unwrap_or(Some(file.len() as u64));
    let mut reader = Reader::new();
    if behaviour.sequential {
        reader.sequential();
    }
    let (mut requests, mut bytes) = (0, 0);
    loop {
        let range = match reader.step() {
            Step::Read(range) => range,
            Step::Done(facts) => return facts,
        };
        assert!(range.start < range.end);
        let length = behaviour.lengths.get(requests as usize);
        let length = length.filter(|length| **length != 0);
        let max = length.map_or(u64::MAX, |length| u64::from(*length) * 16);
        let piece = cut(
            file,
            range.start..range.end.min(range.start.saturating_add(max)),
        );
        requests += 1;
        bytes += piece.len() as u64;
        assert!(
            requests <= MAX_REQUESTS && bytes <= MAX_BYTES,
            "{requests} requests, {bytes} bytes"
        );
        reader.feed(range.start, piece, total);
    }
}

fn cut(file: &[u8], range: Range<u64>) -> &[u8] {
    let within = |at: u64| usize::try_from(at).map_or(file.len(), |at| at.min(file.len()));
    &file[within(range.start)..within(range.end)]
}

/// Checks what holds of any facts.
fn check(facts: &Facts) {
    assert!(
        facts.width != Some(0) && facts.height != Some(0),
        "{facts:?}"
    );
    assert!(
        facts.orientation.is_none_or(|turn| (1..=8).contains(&turn)),
        "{facts:?}"
    );
    let sane = |number: f64| number.is_finite() && number >= 0.0;
    assert!(facts.duration_seconds.is_none_or(sane), "{facts:?}");
    assert!(facts.frame_rate.is_none_or(sane), "{facts:?}");
    assert!(
        facts.format.is_some() || facts.unknown.is_some(),
        "{facts:?}"
    );
}

/// Checks that each fact is one of the whole file.
fn assert_part(facts: &Facts, whole: &Facts) {
    let (facts, whole) = (json(facts), json(whole));
    for (key, value) in facts.as_object().expect("facts are an object") {
        assert!(
            key == "unknown" || whole.get(key) == Some(value),
            "{key}: {facts} of {whole}"
        );
    }
}

fn json(facts: &Facts) -> Value {
    serde_json::to_value(facts).expect("facts can be written")
}
