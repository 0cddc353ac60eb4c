//! Reading a medium without I/O.

use std::ops::Range;

use crate::span::Span;
use crate::sparse::{Sparse, Stop};
use crate::{Facts, Limits, format};

/// Finds out the facts of a medium, and says which bytes it needs for that.
///
/// It does no I/O: whoever has it fetches what [`step`](Self::step) asks for, from wherever, and
/// hands it over with [`feed`](Self::feed). Where the bytes at hand are not enough, reading
/// starts over with more of them, so no thread waits inside.
///
/// ```
/// use runcomfy_media::{Reader, Step};
///
/// let medium: &[u8] = b"GIF89a\x40\x01\xf0\x00\x00\x00\x00;";
/// let mut reader = Reader::new();
/// let facts = loop {
///     match reader.step() {
///         Step::Read(range) => {
///             assert_eq!(range, 0..14_336);
///             reader.feed(0, medium, Some(medium.len() as u64));
///         }
///         Step::Done(facts) => break facts,
///     }
/// };
/// assert_eq!(facts.stored(), Some((320, 240)));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Reader {
    limits: Limits,
    at_hand: Sparse,
    /// The size that the source has told.
    total: Option<u64>,
    requests: u32,
    bytes: u64,
    sequential: bool,
    closed: Option<String>,
}

/// What a [`Reader`] needs next.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// The bytes of this range, for [`Reader::feed`].
    Read(Range<u64>),
    /// Nothing; this is what could be told.
    Done(Facts),
}

/// The second read's least length in bytes; each later one is twice as long as the one before.
/// With the first read this stays below 32 KB for an MP4 whose index is at its end, and six reads
/// stay below 512 KB and yet cross a colour profile of nine segments of 64 KB.
const SECOND: u64 = 16 << 10;

/// Reads begin at multiples of this many bytes, where those before are not at hand.
const BLOCK: u64 = 1024;

impl Reader {
    /// A reader for a medium that is not at hand, with the default [`Limits`].
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A reader with limits of its own.
    #[must_use]
    pub fn with_limits(limits: Limits) -> Self {
        Self {
            limits,
            ..Self::default()
        }
    }

    /// What is needed next. Asks for the same again until it is fed or closed.
    #[must_use]
    pub fn step(&self) -> Step {
        let mut facts = Facts {
            size_bytes: self.total.or(self.size_found()),
            ..Facts::default()
        };
        match format::read(Span::whole(&self.at_hand), &mut facts) {
            Ok(()) => {}
            Err(Stop::Hole(hole)) => match self.next_read(&hole) {
                Ok(range) => return Step::Read(range),
                Err(why) => facts.note(why),
            },
            Err(Stop::End) if facts.format.is_some() => {
                facts.note("cut off: the data ends before its header does");
            }
            Err(Stop::End) if self.at_hand.end == Some(0) => facts.note("it is empty"),
            Err(Stop::End) => facts.note("too short for any medium"),
            Err(Stop::Odd(why)) => facts.note(why),
        }
        Step::Done(facts)
    }

    /// Takes up an answer: the bytes from `offset` on, and the size of the whole medium where the
    /// source tells it.
    ///
    /// Fewer bytes than were asked for are fine, and so are more. No bytes at all mean that the
    /// medium ends here. Of two sizes the first counts.
    pub fn feed(&mut self, offset: u64, bytes: &[u8], total: Option<u64>) {
        self.requests = self.requests.saturating_add(1);
        if let (None, Some(total)) = (self.total, total) {
            self.total = Some(total);
            self.at_hand.end = Some(total);
        }
        let unspent = self.limits.bytes.saturating_sub(self.bytes);
        let room = self
            .at_hand
            .end
            .map_or(u64::MAX, |end| end.saturating_sub(offset));
        let length = (bytes.len() as u64).min(unspent).min(room);
        self.bytes += length;
        match usize::try_from(length) {
            Ok(0) if bytes.is_empty() => self.feed_nothing(offset),
            // All of it lies beyond the end or the limit.
            Ok(0) => {}
            Ok(length) => self.at_hand.put(offset, &bytes[..length]),
            Err(_) => unreachable!("it is no longer than the slice"),
        }
    }

    /// The source gave nothing at `offset`: its end, unless it has told another.
    fn feed_nothing(&mut self, offset: u64) {
        match self.total {
            Some(total) if offset < total => {
                self.close(format!("the source gives nothing at byte {offset}"));
            }
            Some(_) => {}
            None => {
                let end = self.at_hand.end.map_or(offset, |end| end.min(offset));
                self.at_hand.end = Some(end);
            }
        }
    }

    /// Says that the source gives its bytes from the first on and in no other order, such as a
    /// server that does not know ranges. Nothing behind the first read is asked for then.
    pub fn sequential(&mut self) {
        self.sequential = true;
    }

    /// Says that nothing more will come, and why; the next step is the last.
    pub fn close(&mut self, why: impl Into<String>) {
        self.closed.get_or_insert(why.into());
    }

    /// The size that showed when the source gave no more. A read far behind the end shows only
    /// that the end lies before it.
    fn size_found(&self) -> Option<u64> {
        self.at_hand.end.filter(|end| *end == self.at_hand.reach())
    }

    /// The next range to read for the sake of `hole`, or why there is none.
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
                    "the source gives only its beginning, and byte {start} is needed"
                ));
            }
            self.at_hand.first_missing(0)..self.limits.first
        } else {
            // What stands a little before is often wanted next.
            let block = hole.start / BLOCK * BLOCK;
            let start = block.max(self.at_hand.end_before(hole.start));
            let doublings = self.requests.saturating_sub(1).min(16);
            start..start.saturating_add(SECOND << doublings).max(hole.end)
        };
        let start = wanted.start;
        let unspent = self.limits.bytes.saturating_sub(self.bytes);
        let ends = [
            self.at_hand.end.unwrap_or(u64::MAX),
            self.at_hand.start_behind(start).unwrap_or(u64::MAX),
            start.saturating_add(unspent),
        ];
        let end = ends.into_iter().fold(wanted.end, u64::min);
        if self.requests >= self.limits.requests || end <= start {
            return Err(format!(
                "its header is too long: {} bytes in {} reads did not reach what is needed",
                self.bytes, self.requests
            ));
        }
        Ok(start..end)
    }
}
