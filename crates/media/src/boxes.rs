//! The boxes of ISO media files, of which MP4, MOV, AVIF and HEIC consist.

use crate::span::Span;
use crate::sparse::Stop;

/// One box: its kind, and what is in it.
pub(crate) struct Part<'a> {
    pub(crate) kind: [u8; 4],
    pub(crate) body: Span<'a>,
}

/// The boxes in a stretch, one after the other; what is in them is jumped over.
pub(crate) struct Boxes<'a> {
    parent: Span<'a>,
    at: u64,
}

/// A box's length and kind.
const HEADER: u64 = 8;
/// The same where the length needs 64 bits.
const LONG_HEADER: u64 = 16;

impl<'a> Boxes<'a> {
    pub(crate) fn of(parent: Span<'a>) -> Self {
        Self { parent, at: 0 }
    }

    /// The next box, or `None` at the parent's end. The end of the whole medium is [`Stop::End`],
    /// since more may have been cut off.
    pub(crate) fn next(&mut self) -> Result<Option<Part<'a>>, Stop> {
        let room = self.parent.len().saturating_sub(self.at);
        if room < HEADER {
            return Ok(None);
        }
        let [a, b, c, d, kind @ ..]: [u8; 8] = self.parent.array(self.at)?;
        let (header, size) = match u32::from_be_bytes([a, b, c, d]) {
            0 => (HEADER, room),
            1 => (LONG_HEADER, self.parent.be64(self.at + HEADER)?),
            size => (HEADER, u64::from(size)),
        };
        if size < header || size > room {
            return Err(Stop::Odd("a box has an impossible length"));
        }
        let body = self.parent.part(self.at + header, size - header);
        self.at += size;
        Ok(Some(Part { kind, body }))
    }

    /// The next box of this kind; the others are jumped over.
    pub(crate) fn find(&mut self, kind: [u8; 4]) -> Result<Option<Span<'a>>, Stop> {
        while let Some(part) = self.next()? {
            if part.kind == kind {
                return Ok(Some(part.body));
            }
        }
        Ok(None)
    }
}
