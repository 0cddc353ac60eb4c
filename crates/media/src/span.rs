//! A stretch of a medium.

use crate::sparse::{Sparse, Stop};

/// A stretch of a medium: the whole, or the inside of one of its parts. Places count from its
/// start, and nothing behind its end can be read. Numbers are read one at a time into fixed
/// arrays, so no length in a file ever decides how much is allocated.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span<'a> {
    source: &'a Sparse,
    start: u64,
    end: u64,
}

impl<'a> Span<'a> {
    /// The whole medium; where it ends only reading shows.
    pub(crate) fn whole(source: &'a Sparse) -> Self {
        Self {
            source,
            start: 0,
            end: u64::MAX,
        }
    }

    /// How long it says it is; huge for the whole medium.
    pub(crate) fn len(self) -> u64 {
        self.end - self.start
    }

    /// How much of it the medium has, once the medium's size is known.
    pub(crate) fn known_len(self) -> Option<u64> {
        let end = self.source.end?.min(self.end);
        Some(end.saturating_sub(self.start))
    }

    /// The part that begins at `at` and is `length` long, cut where this span ends.
    pub(crate) fn part(self, at: u64, length: u64) -> Self {
        let start = self.start.saturating_add(at).min(self.end);
        Self {
            source: self.source,
            start,
            end: start.saturating_add(length).min(self.end),
        }
    }

    /// All from `at` on.
    pub(crate) fn from(self, at: u64) -> Self {
        self.part(at, u64::MAX)
    }

    /// Asks for all of it at once, where some of it is not at hand.
    pub(crate) fn need(self) -> Result<(), Stop> {
        let missing = self.source.first_missing(self.start);
        if missing < self.end {
            return Err(Stop::Hole(missing..self.end));
        }
        Ok(())
    }

    /// Fills `out` with the bytes from `at` on.
    pub(crate) fn copy(self, at: u64, out: &mut [u8]) -> Result<(), Stop> {
        match self.start.checked_add(at) {
            Some(start) if self.end.saturating_sub(start) >= out.len() as u64 => {
                self.source.copy(start, out)
            }
            _ => Err(Stop::End),
        }
    }

    /// The `N` bytes at `at`.
    pub(crate) fn array<const N: usize>(self, at: u64) -> Result<[u8; N], Stop> {
        let mut bytes = [0; N];
        self.copy(at, &mut bytes)?;
        Ok(bytes)
    }

    /// Its first bytes, as many of `N` as there are; the rest is zero.
    pub(crate) fn head<const N: usize>(self) -> Result<[u8; N], Stop> {
        let mut bytes = [0; N];
        for (at, byte) in bytes.iter_mut().enumerate() {
            match self.u8(at as u64) {
                Ok(known) => *byte = known,
                Err(Stop::End) => break,
                Err(stop) => return Err(stop),
            }
        }
        Ok(bytes)
    }

    pub(crate) fn u8(self, at: u64) -> Result<u8, Stop> {
        self.array::<1>(at).map(|[byte]| byte)
    }

    pub(crate) fn be16(self, at: u64) -> Result<u16, Stop> {
        self.array(at).map(u16::from_be_bytes)
    }

    pub(crate) fn be32(self, at: u64) -> Result<u32, Stop> {
        self.array(at).map(u32::from_be_bytes)
    }

    pub(crate) fn be64(self, at: u64) -> Result<u64, Stop> {
        self.array(at).map(u64::from_be_bytes)
    }

    pub(crate) fn le16(self, at: u64) -> Result<u16, Stop> {
        self.array(at).map(u16::from_le_bytes)
    }

    pub(crate) fn le24(self, at: u64) -> Result<u32, Stop> {
        let [a, b, c] = self.array(at)?;
        Ok(u32::from_le_bytes([a, b, c, 0]))
    }

    pub(crate) fn le32(self, at: u64) -> Result<u32, Stop> {
        self.array(at).map(u32::from_le_bytes)
    }

    pub(crate) fn le64(self, at: u64) -> Result<u64, Stop> {
        self.array(at).map(u64::from_le_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_behind_the_end_can_be_read() {
        let mut sparse = Sparse::default();
        sparse.put(0, b"abcdefgh");
        let span = Span::whole(&sparse).part(2, 4);
        assert_eq!((span.len(), span.known_len()), (4, None));
        assert_eq!(span.array(0), Ok(*b"cdef"));
        assert_eq!(span.array::<2>(3), Err(Stop::End));
        assert_eq!(span.array::<1>(u64::MAX), Err(Stop::End));
        assert_eq!(span.head(), Ok(*b"cdef\0\0"));
        assert_eq!(span.from(3).u8(0), Ok(b'f'));
        assert_eq!(span.from(9).len(), 0);
        assert_eq!(span.part(1, u64::MAX).len(), 3);
        sparse.end = Some(4);
        assert_eq!(Span::whole(&sparse).part(2, 4).known_len(), Some(2));
    }
}
