//! Reads facts without I/O.

use std::ops::Range;

use crate::span::Span;
use crate::sparse::{Sparse, Stop};
use crate::{Facts, Limits, format};

/// Reads the facts of one media file without I/O: it requests ranges of bytes, and the caller fetches
/// them.
///
/// The caller fetches each range that [`step`](Self::step) requests, from wherever, and passes its
/// bytes to [`feed`](Self::feed). If they are not enough, reading starts over with more of them, so
/// no call blocks. [`Facts::from_bytes`] and [`Facts::from_file`] are simpler for local media.
///
/// ```
/// use runcomfy_media::{Reader, Step};
///
/// let file: &[u8] = b"GIF89a\x40\x01\xf0\x00\x00\x00\x00;";
/// let mut reader = Reader::new();
/// let facts = loop {
///     match reader.step() {
///         Step::Read(range) => {
///             assert_eq!(range, 0..14_336);
///             reader.feed(0, file, Some(file.len() as u64));
///         }
///         Step::Done(facts) => break facts,
///     }
/// };
/// assert_eq!(facts.stored(), Some((320, 240)));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Reader {
    limits: Limits,
    pieces: Sparse,
    /// Size of the whole file, as the source reported it.
    total: Option<u64>,
    requests: u32,
    bytes: u64,
    sequential: bool,
    closed: Option<String>,
}

/// The next step of a [`Reader`].
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// The reader needs the bytes of this range in [`Reader::feed`].
    Read(Range<u64>),
    /// The reader is done; these are all facts that it can read.
    Done(Facts),
}

/// Minimum length of the second read in bytes; each later one is twice as long as the one before.
///
/// With the first read it stays below 32 KB for an MP4 whose index is at its end. Six reads stay
/// below 512 KB and still cross a color profile of nine segments of 64 KB.
const MIN_SECOND_READ: u64 = 16 << 10;

/// Alignment of reads in bytes, where the bytes before are not available.
const BLOCK: u64 = 1024;

impl Reader {
    /// Creates a reader with the default [`Limits`], which suit media behind URLs.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates a reader with these limits.
    #[must_use]
    pub fn with_limits(limits: Limits) -> Self {
        let mut pieces = Sparse::default();
        pieces.affordable = limits.affordable;
        Self {
            limits,
            pieces,
            ..Self::default()
        }
    }

    /// Returns the next step. It stays the same until the reader is fed or closed.
    #[must_use]
    pub fn step(&self) -> Step {
        let mut facts = Facts {
            size_bytes: self.total.or(self.size_found()),
            ..Facts::default()
        };
        match format::read(Span::whole(&self.pieces), &mut facts) {
            Ok(()) => {}
            Err(Stop::Hole(hole)) => match self.next_read(&hole) {
                Ok(range) => return Step::Read(range),
                Err(why) => facts.note(why),
            },
            Err(Stop::End) if facts.format.is_some() => {
                facts.note("cut off: the data ends before its header does");
            }
            Err(Stop::End) if self.pieces.end == Some(0) => facts.note("it is empty"),
            Err(Stop::End) => facts.note("too short for any media format"),
            Err(Stop::Unreadable(why)) => facts.note(why),
        }
        Step::Done(facts)
    }

    /// Adds the bytes at `offset`, and the size of the whole file in bytes if the source reports it.
    ///
    /// Fewer or more bytes than requested are fine. No bytes mean that the file ends at `offset`.
    /// Only the first reported size counts.
    pub fn feed(&mut self, offset: u64, bytes: &[u8], total: Option<u64>) {
        self.requests = self.requests.saturating_add(1);
        if let (None, Some(total)) = (self.total, total) {
            self.total = Some(total);
            self.pieces.end = Some(total);
        }
        let unspent = self.limits.bytes.saturating_sub(self.bytes);
        let room = self
            .pieces
            .end
            .map_or(u64::MAX, |end| end.saturating_sub(offset));
        let length = (bytes.len() as u64).min(unspent).min(room);
        self.bytes += length;
        match usize::try_from(length) {
            Ok(0) if bytes.is_empty() => self.feed_nothing(offset),
            // All bytes are after the end or the limit.
            Ok(0) => {}
            Ok(length) => self.pieces.put(offset, &bytes[..length]),
            Err(_) => unreachable!("the length is at most that of the slice"),
        }
    }

    /// Handles a source without bytes at `offset`: the file ends there, unless its size is known.
    fn feed_nothing(&mut self, offset: u64) {
        match self.total {
            Some(total) if offset < total => {
                self.close(format!("the source has no bytes at position {offset}"));
            }
            Some(_) => {}
            None => {
                let end = self.pieces.end.map_or(offset, |end| end.min(offset));
                self.pieces.end = Some(end);
            }
        }
    }

    /// Declares that the source sends its bytes only from the first on, such as a server without
    /// ranges. The reader then requests nothing after its first read.
    pub fn sequential(&mut self) {
        self.sequential = true;
    }

    /// Declares that no more bytes will come, and why. The next step is then [`Step::Done`].
    pub fn close(&mut self, why: impl Into<String>) {
        self.closed.get_or_insert(why.into());
    }

    /// Returns the size that was found when the source had no more bytes. A read far after the end
    /// shows only that the end is before it.
    fn size_found(&self) -> Option<u64> {
        self.pieces.end.filter(|end| *end == self.pieces.reach())
    }

    /// Returns the next range to read for `hole`, or the reason why there is none.
    fn next_read(&self, hole: &Range<u64>) -> Result<Range<u64>, String> {
        if let Some(why) = &self.closed {
            return Err(why.clone());
        }
        let wanted = if self.bytes == 0 {
            0..self.limits.first
        } else if self.sequential {
            if hole.start >= self.limits.first {
                let start = hole.start;
                return Err(format!(
                    "the source sends only its beginning, and the byte at position {start} is needed"
                ));
            }
            self.pieces.first_missing(0)..self.limits.first
        } else {
            // The bytes just before are often needed next.
            let block = hole.start / BLOCK * BLOCK;
            let start = block.max(self.pieces.end_before(hole.start));
            let doublings = self.requests.saturating_sub(1).min(16);
            start
                ..start
                    .saturating_add(MIN_SECOND_READ << doublings)
                    .max(hole.end)
        };
        let start = wanted.start;
        let unspent = self.limits.bytes.saturating_sub(self.bytes);
        let ends = [
            self.pieces.end.unwrap_or(u64::MAX),
            self.pieces.start_after(start).unwrap_or(u64::MAX),
            start.saturating_add(unspent),
        ];
        let end = ends.into_iter().fold(wanted.end, u64::min);
        if self.requests >= self.limits.requests || end <= start {
            return Err(format!(
                "its header is too long: {} bytes in {} reads did not reach the needed bytes",
                self.bytes, self.requests
            ));
        }
        Ok(start..end)
    }
}
