//! Feeds a reader from a simulated source.

use std::ops::Range;

use runcomfy_media::{Facts, Reader, Step};
use serde_json::Value;

/// A file of any size: a few pieces, with zeros in between.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pieces: Vec<(u64, Vec<u8>)>,
    pub(crate) size: u64,
}

impl From<Vec<u8>> for Source {
    fn from(bytes: Vec<u8>) -> Self {
        Self {
            size: bytes.len() as u64,
            pieces: vec![(0, bytes)],
        }
    }
}

/// The facts and the cost of reading a source.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) facts: Facts,
    pub(crate) reads: u32,
    pub(crate) bytes: u64,
}

/// The behavior of a source.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Behavior {
    /// `true` if it does not report its size.
    pub(crate) silent: bool,
    /// Maximum length of a piece in bytes.
    pub(crate) max_length: Option<u64>,
    /// `true` if it sends its bytes only from the first on.
    pub(crate) sequential: bool,
}

impl Source {
    /// Creates a source with one piece at the start and one at the end.
    pub(crate) fn ends(first: Vec<u8>, size: u64, last: Vec<u8>) -> Self {
        let start = size - last.len() as u64;
        Self {
            pieces: vec![(0, first), (start, last)],
            size,
        }
    }

    /// Adds a piece.
    pub(crate) fn with(mut self, at: u64, piece: Vec<u8>) -> Self {
        self.pieces.push((at, piece));
        self
    }

    /// Returns the whole file, if it is small.
    pub(crate) fn whole(&self) -> Option<Vec<u8>> {
        (self.size <= 1 << 20).then(|| self.read(0..self.size))
    }

    pub(crate) fn read(&self, range: Range<u64>) -> Vec<u8> {
        let end = range.end.min(self.size);
        let start = range.start.min(end);
        let mut bytes = vec![0; usize::try_from(end - start).unwrap()];
        for (at, piece) in &self.pieces {
            // The common part of both ranges.
            let from = start.max(*at);
            let to = end.min(at + piece.len() as u64);
            if from < to {
                let index = |byte: u64, base: u64| usize::try_from(byte - base).unwrap();
                bytes[index(from, start)..index(to, start)]
                    .copy_from_slice(&piece[index(from, *at)..index(to, *at)]);
            }
        }
        bytes
    }

    /// Feeds a reader until it is done, and asserts its limits.
    pub(crate) fn run(&self, behavior: Behavior) -> Run {
        let mut reader = Reader::new();
        if behavior.sequential {
            reader.sequential();
        }
        let (mut reads, mut bytes) = (0, 0);
        loop {
            let range = match reader.step() {
                Step::Read(range) => range,
                Step::Done(facts) => {
                    return Run {
                        facts,
                        reads,
                        bytes,
                    };
                }
            };
            assert!(range.start < range.end, "{range:?}");
            assert!(
                behavior.silent || range.start < self.size,
                "{range:?} of {}",
                self.size
            );
            assert!(!behavior.sequential || range.end <= 14_336, "{range:?}");
            let max_length = behavior.max_length.unwrap_or(u64::MAX);
            let piece =
                self.read(range.start..range.end.min(range.start.saturating_add(max_length)));
            reads += 1;
            bytes += piece.len() as u64;
            assert!(
                reads <= 6 && bytes <= 512 << 10,
                "{reads} reads of {bytes} bytes"
            );
            reader.feed(range.start, &piece, (!behavior.silent).then_some(self.size));
        }
    }
}

/// Returns the facts without the size and without reasons.
pub(crate) fn known_facts(facts: &Facts) -> Value {
    let mut known = serde_json::to_value(facts).unwrap();
    let keys = known.as_object_mut().unwrap();
    keys.remove("unknown");
    keys.remove("size_bytes");
    known
}

/// Asserts that each fact of `part` is the same in `whole`; some may be missing.
pub(crate) fn assert_subset(part: &Value, whole: &Value, context: &str) {
    for (key, value) in part.as_object().unwrap() {
        assert_eq!(
            Some(value),
            whole.get(key),
            "{context}: {key} in {part} of {whole}"
        );
    }
}
