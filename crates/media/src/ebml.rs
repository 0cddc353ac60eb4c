//! Iterates over the elements of EBML: WebM and Matroska.

use crate::span::Span;
use crate::sparse::Stop;

/// One element: its id and its content.
pub(crate) struct Element<'a> {
    pub(crate) id: u32,
    /// Position of the content in the parent.
    start: u64,
    pub(crate) body: Span<'a>,
}

/// Iterates over the elements in a span and skips their contents.
pub(crate) struct Elements<'a> {
    parent: Span<'a>,
    at: u64,
}

impl<'a> Elements<'a> {
    pub(crate) fn new(parent: Span<'a>) -> Self {
        Self { parent, at: 0 }
    }

    /// Continues inside of an element that was returned last, so that its children come next. Elements
    /// of unknown length need no stack then.
    pub(crate) fn enter(&mut self, element: &Element<'_>) {
        self.at = element.start;
    }

    /// Returns the next element, or `None` at the parent's end.
    pub(crate) fn next(&mut self) -> Result<Option<Element<'a>>, Stop> {
        if self.at >= self.parent.len() {
            return Ok(None);
        }
        let (id, after_id) = number(self.parent, self.at, 4)?;
        let id = u32::try_from(id).map_err(|_| Stop::Unreadable("an EBML id is too long"))?;
        let (size, start) = number(self.parent, after_id, 8)?;
        // The size without its marker, which is the highest bit of its length.
        let bits = 7 * (start - after_id);
        let size = size & ((1 << bits) - 1);
        let unknown = size == (1 << bits) - 1;
        let room = self.parent.len() - start.min(self.parent.len());
        let size = if unknown { room } else { size };
        if size > room {
            return Err(Stop::Unreadable("an EBML element ends after its parent"));
        }
        self.at = start.saturating_add(size);
        let body = self.parent.part(start, size);
        Ok(Some(Element { id, start, body }))
    }
}

/// Reads a number with its marker, of at most `max_length` bytes, and returns the position after it.
fn number(span: Span<'_>, at: u64, max_length: u32) -> Result<(u64, u64), Stop> {
    let first = span.u8(at)?;
    let length = first.leading_zeros() + 1;
    if length > max_length {
        return Err(Stop::Unreadable("an EBML number is too long"));
    }
    let mut bytes = [0; 8];
    span.copy(at, &mut bytes[8 - length as usize..])?;
    Ok((u64::from_be_bytes(bytes), at + u64::from(length)))
}

impl Element<'_> {
    /// Reads the body as an unsigned integer of at most eight bytes.
    pub(crate) fn uint(&self) -> Result<u64, Stop> {
        let length = usize::try_from(self.body.len()).unwrap_or(usize::MAX);
        let mut bytes = [0; 8];
        let Some(start) = bytes.len().checked_sub(length) else {
            return Err(Stop::Unreadable("an EBML integer is too long"));
        };
        self.body.copy(0, &mut bytes[start..])?;
        Ok(u64::from_be_bytes(bytes))
    }

    /// Reads the body as a float.
    pub(crate) fn float(&self) -> Result<f64, Stop> {
        match self.body.len() {
            0 => Ok(0.0),
            4 => self.body.array(0).map(f32::from_be_bytes).map(f64::from),
            8 => self.body.array(0).map(f64::from_be_bytes),
            _ => Err(Stop::Unreadable("an EBML float has an invalid length")),
        }
    }

    /// Reads the first bytes of a text; the rest is zero.
    pub(crate) fn text<const N: usize>(&self) -> Result<[u8; N], Stop> {
        self.body.head()
    }
}
