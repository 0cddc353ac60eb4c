//! Bytes as a medium, over answers of any length: no panic, budgets held, and no fact that the
//! whole medium does not have.

#![no_main]

use std::ops::Range;

use libfuzzer_sys::fuzz_target;
use runcomfy_media::{Facts, Reader, Step};
use serde_json::Value;

/// How the source answers: the last bytes of the input, so that a file is nearly a seed.
struct Manner {
    /// The size that it tells: the truth, nothing, or anything.
    told: Option<Option<u64>>,
    sequential: bool,
    /// Where the zeros stand, as a share of 256, and how many kilobytes of them.
    gap: (u8, u8),
    /// The lengths of the answers, one after the other, in units of sixteen bytes; 0 is whole.
    lengths: [u8; 6],
}

impl Manner {
    fn of(bytes: [u8; 16]) -> Self {
        let [told, sequential, place, gap, a, b, c, d, e, f, lie @ ..] = bytes;
        let lie = lie.iter().fold(0, |sum, byte| sum << 7 | u64::from(*byte));
        Self {
            told: [None, Some(None), Some(Some(lie))][usize::from(told % 3)],
            sequential: sequential % 4 == 1,
            gap: (place, gap),
            lengths: [a, b, c, d, e, f],
        }
    }

    /// The medium with its zeros.
    fn medium(&self, bytes: &[u8]) -> Vec<u8> {
        let (first, last) = bytes.split_at(bytes.len() * usize::from(self.gap.0) / 256);
        [first, &vec![0; usize::from(self.gap.1) << 10], last].concat()
    }
}

/// Requests and bytes that a reader may spend.
const REQUESTS: u32 = 6;
const BYTES: u64 = 512 << 10;

fuzz_target!(|input: &[u8]| {
    let Some((bytes, manner)) = input.split_last_chunk() else {
        return;
    };
    let manner = Manner::of(*manner);
    let medium = manner.medium(bytes);
    let whole = Facts::from_bytes(&medium);
    check(&whole);
    let facts = read(&manner, &medium);
    check(&facts);
    if !matches!(manner.told, Some(Some(_))) {
        assert_part(&facts, &whole);
    }
});

/// Reads the medium in this manner.
fn read(manner: &Manner, medium: &[u8]) -> Facts {
    let total = manner.told.unwrap_or(Some(medium.len() as u64));
    let mut reader = Reader::new();
    if manner.sequential {
        reader.sequential();
    }
    let (mut requests, mut bytes) = (0, 0);
    loop {
        let range = match reader.step() {
            Step::Read(range) => range,
            Step::Done(facts) => return facts,
        };
        assert!(range.start < range.end);
        let length = manner.lengths.get(requests as usize);
        let length = length.filter(|length| **length != 0);
        let most = length.map_or(u64::MAX, |length| u64::from(*length) * 16);
        let answer = cut(
            medium,
            range.start..range.end.min(range.start.saturating_add(most)),
        );
        requests += 1;
        bytes += answer.len() as u64;
        assert!(
            requests <= REQUESTS && bytes <= BYTES,
            "{requests} requests, {bytes} bytes"
        );
        reader.feed(range.start, answer, total);
    }
}

fn cut(medium: &[u8], range: Range<u64>) -> &[u8] {
    let within = |at: u64| usize::try_from(at).map_or(medium.len(), |at| at.min(medium.len()));
    &medium[within(range.start)..within(range.end)]
}

/// What holds of any facts.
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

/// Each fact that was told is one of the whole medium.
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
