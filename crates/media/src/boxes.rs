//! Iterates over the boxes of ISO media files: MP4, MOV, AVIF and HEIC.

use crate::span::Span;
use crate::sparse::Stop;

/// One box: its kind and its content.
pub(crate) struct Part<'a> {
    pub(crate) kind: [u8; 4],
    pub(crate) body: Span<'a>,
}

/// Iterates over the boxes in a span and skips their contents.
pub(crate) struct Boxes<'a> {
    parent: Span<'a>,
    at: u64,
}

/// Length of a box's header: its length and kind.
const HEADER: u64 = 8;
/// Length of a header whose length field has 64 bits.
const LONG_HEADER: u64 = 16;

impl<'a> Boxes<'a> {
    pub(crate) fn new(parent: Span<'a>) -> Self {
        Self { parent, at: 0 }
    }

    /// Returns the next box, or `None` at the parent's end. The end of all bytes is [`Stop::End`],
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
            return Err(Stop::Unreadable("a box has an impossible length"));
        }
        let body = self.parent.part(self.at + header, size - header);
        self.at += size;
        Ok(Some(Part { kind, body }))
    }

    /// Returns the next box of this kind and skips the others.
    pub(crate) fn find(&mut self, kind: [u8; 4]) -> Result<Option<Span<'a>>, Stop> {
        while let Some(part) = self.next()? {
            if part.kind == kind {
                return Ok(Some(part.body));
            }
        }
        Ok(None)
    }
}
