//! Reads numbers from a range of a file.

use crate::sparse::{Sparse, Stop};

/// A range of a file: the whole, or the content of one of its parts.
///
/// Positions count from its start, and nothing after its end can be read. Numbers are read one at a
/// time into fixed arrays, so no length in a file ever decides how much is allocated.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span<'a> {
    source: &'a Sparse,
    start: u64,
    end: u64,
}

impl<'a> Span<'a> {
    /// Returns the span of the whole file, whose end only a read can find.
    pub(crate) fn whole(source: &'a Sparse) -> Self {
        Self {
            source,
            start: 0,
            end: u64::MAX,
        }
    }

    /// Returns its declared length; that of the whole file is `u64::MAX`.
    pub(crate) fn len(self) -> u64 {
        self.end - self.start
    }

    /// Returns how many of its bytes the file has, if the size of the file is known.
    pub(crate) fn known_len(self) -> Option<u64> {
        let end = self.source.end?.min(self.end);
        Some(end.saturating_sub(self.start))
    }

    /// Returns the part from `at` with this length, cut at the end of this span.
    pub(crate) fn part(self, at: u64, length: u64) -> Self {
        let start = self.start.saturating_add(at).min(self.end);
        Self {
            source: self.source,
            start,
            end: start.saturating_add(length).min(self.end),
        }
    }

    /// Returns the part from `at` to the end.
    pub(crate) fn from(self, at: u64) -> Self {
        self.part(at, u64::MAX)
    }

    /// Returns `true` if the file ends before this span does, which has a declared end.
    pub(crate) fn is_cut(self) -> bool {
        self.end != u64::MAX && self.source.end.is_some_and(|end| end < self.end)
    }

    /// Returns `true` if all of its bytes are available, or may be requested.
    pub(crate) fn is_affordable(self) -> bool {
        self.known_len().is_some_and(|length| {
            length <= self.source.affordable
                || self.source.first_missing(self.start) >= self.start.saturating_add(length)
        })
    }

    /// Returns `true` if the file is on this machine, where reads cost little.
    pub(crate) fn is_local(self) -> bool {
        self.source.affordable > 0
    }

    /// Requests all of its bytes in one read, if some are not available.
    pub(crate) fn require(self) -> Result<(), Stop> {
        let missing = self.source.first_missing(self.start);
        if missing < self.end {
            return Err(Stop::Hole(missing..self.end));
        }
        Ok(())
    }

    /// Fills `out` with the bytes from `at`.
    pub(crate) fn copy(self, at: u64, out: &mut [u8]) -> Result<(), Stop> {
        match self.start.checked_add(at) {
            Some(start) if self.end.saturating_sub(start) >= out.len() as u64 => {
                self.source.copy(start, out)
            }
            _ => Err(Stop::End),
        }
    }

    /// Returns the `N` bytes at `at`.
    pub(crate) fn array<const N: usize>(self, at: u64) -> Result<[u8; N], Stop> {
        let mut bytes = [0; N];
        self.copy(at, &mut bytes)?;
        Ok(bytes)
    }

    /// Returns its first `N` bytes; bytes after its end are zero.
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

    /// Returns its first bytes, at most `max`, or fewer if the file ends before.
    pub(crate) fn copied(self, max: usize) -> Result<Vec<u8>, Stop> {
        let length = self.known_len().unwrap_or(self.len()).min(max as u64);
        let part = self.part(0, length);
        part.require()?;
        let mut bytes = vec![0; usize::try_from(length).unwrap_or(max)];
        part.copy(0, &mut bytes)?;
        Ok(bytes)
    }

    pub(crate) fn u8(self, at: u64) -> Result<u8, Stop> {
        self.array::<1>(at).map(|[byte]| byte)
    }

    pub(crate) fn be16(self, at: u64) -> Result<u16, Stop> {
        self.array(at).map(u16::from_be_bytes)
    }

    pub(crate) fn be24(self, at: u64) -> Result<u32, Stop> {
        let [a, b, c] = self.array(at)?;
        Ok(u32::from_be_bytes([0, a, b, c]))
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
    fn nothing_after_the_end_can_be_read() {
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
