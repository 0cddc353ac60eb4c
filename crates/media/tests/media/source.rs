//! Where a reader's bytes come from.

use std::ops::Range;

use runcomfy_media::{Facts, Reader, Step};
use serde_json::Value;

/// A medium as large as it likes to be: a few pieces, with zeros in between.
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

/// What reading it has cost and told.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) facts: Facts,
    pub(crate) reads: u32,
    pub(crate) bytes: u64,
}

/// How a source answers.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Manner {
    /// It does not tell its size.
    pub(crate) silent: bool,
    /// No answer is longer than this.
    pub(crate) longest: Option<u64>,
    /// It gives its bytes in their order only.
    pub(crate) sequential: bool,
}

impl Source {
    /// One piece at the start and one at the end.
    pub(crate) fn ends(first: Vec<u8>, size: u64, last: Vec<u8>) -> Self {
        let start = size - last.len() as u64;
        Self {
            pieces: vec![(0, first), (start, last)],
            size,
        }
    }

    /// All of it, where it is no longer than memory should hold.
    pub(crate) fn whole(&self) -> Option<Vec<u8>> {
        (self.size <= 1 << 20).then(|| self.read(0..self.size))
    }

    pub(crate) fn read(&self, range: Range<u64>) -> Vec<u8> {
        let end = range.end.min(self.size);
        let start = range.start.min(end);
        let mut bytes = vec![0; usize::try_from(end - start).unwrap()];
        for (at, piece) in &self.pieces {
            // What both ranges have in common.
            let from = start.max(*at);
            let to = end.min(at + piece.len() as u64);
            if from < to {
                let place = |byte: u64, base: u64| usize::try_from(byte - base).unwrap();
                bytes[place(from, start)..place(to, start)]
                    .copy_from_slice(&piece[place(from, *at)..place(to, *at)]);
            }
        }
        bytes
    }

    /// Reads it to the end of what is asked for, and holds the reader to its limits.
    pub(crate) fn run(&self, manner: Manner) -> Run {
        let mut reader = Reader::new();
        if manner.sequential {
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
                manner.silent || range.start < self.size,
                "{range:?} of {}",
                self.size
            );
            assert!(!manner.sequential || range.end <= 14_336, "{range:?}");
            let longest = manner.longest.unwrap_or(u64::MAX);
            let answer = self.read(range.start..range.end.min(range.start.saturating_add(longest)));
            reads += 1;
            bytes += answer.len() as u64;
            assert!(
                reads <= 6 && bytes <= 512 << 10,
                "{reads} reads of {bytes} bytes"
            );
            reader.feed(range.start, &answer, (!manner.silent).then_some(self.size));
        }
    }
}

/// The facts without the size and without explanations.
pub(crate) fn told(facts: &Facts) -> Value {
    let mut told = serde_json::to_value(facts).unwrap();
    let keys = told.as_object_mut().unwrap();
    keys.remove("unknown");
    keys.remove("size_bytes");
    told
}

/// Fails unless each fact of `part` is the same in `whole`; some may be missing.
pub(crate) fn assert_part(part: &Value, whole: &Value, context: &str) {
    for (key, value) in part.as_object().unwrap() {
        assert_eq!(
            Some(value),
            whole.get(key),
            "{context}: {key} in {part} of {whole}"
        );
    }
}
