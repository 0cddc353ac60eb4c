//! Stores the available pieces of a file.

use std::ops::Range;

/// The reason why a format's reader stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// These bytes are needed, and the first of them is not available yet.
    Hole(Range<u64>),
    /// The file, or the part that was read, ends before the needed bytes.
    End,
    /// The bytes are invalid or not supported; the text is the reason.
    Unreadable(&'static str),
}

/// The available pieces of a file, in the order in which they were fed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sparse {
    pieces: Vec<Piece>,
    /// Position after the last byte of the file, if known.
    pub(crate) end: Option<u64>,
    /// Length in bytes up to which the whole file may be read, since its bytes are on this machine.
    pub(crate) affordable: u64,
}

#[derive(Clone, Debug)]
struct Piece {
    start: u64,
    bytes: Vec<u8>,
}

impl Piece {
    fn end(&self) -> u64 {
        self.start.saturating_add(self.bytes.len() as u64)
    }

    fn from(&self, at: u64) -> Option<&[u8]> {
        let skip = usize::try_from(at.checked_sub(self.start)?).ok()?;
        self.bytes.get(skip..).filter(|rest| !rest.is_empty())
    }
}

impl Sparse {
    /// Adds the bytes at `start`.
    pub(crate) fn put(&mut self, start: u64, bytes: &[u8]) {
        self.pieces.push(Piece {
            start,
            bytes: bytes.to_vec(),
        });
    }

    /// Fills `out` with the bytes from `at`.
    pub(crate) fn copy(&self, at: u64, out: &mut [u8]) -> Result<(), Stop> {
        let wanted = at.saturating_add(out.len() as u64);
        if self.end.is_some_and(|end| wanted > end) {
            return Err(Stop::End);
        }
        let mut done = 0;
        while done < out.len() {
            let next = at + done as u64;
            let Some(rest) = self.pieces.iter().find_map(|piece| piece.from(next)) else {
                return Err(Stop::Hole(next..wanted));
            };
            let length = rest.len().min(out.len() - done);
            out[done..done + length].copy_from_slice(&rest[..length]);
            done += length;
        }
        Ok(())
    }

    /// Returns the position of the first unavailable byte from `at`.
    pub(crate) fn first_missing(&self, at: u64) -> u64 {
        let mut next = at;
        while let Some(rest) = self.pieces.iter().find_map(|piece| piece.from(next)) {
            next += rest.len() as u64;
        }
        next
    }

    /// Returns the end of the last piece.
    pub(crate) fn reach(&self) -> u64 {
        self.pieces.iter().map(Piece::end).max().unwrap_or_default()
    }

    /// Returns the start of the next piece after `at`.
    pub(crate) fn start_after(&self, at: u64) -> Option<u64> {
        let starts = self.pieces.iter().map(|piece| piece.start);
        starts.filter(|start| *start > at).min()
    }

    /// Returns the end of the last piece before `at`, or 0.
    pub(crate) fn end_before(&self, at: u64) -> u64 {
        let ends = self.pieces.iter().map(Piece::end);
        ends.filter(|end| *end <= at).max().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hole_is_the_missing_range() {
        let mut sparse = Sparse::default();
        sparse.put(4, b"efgh");
        sparse.put(0, b"abcd");
        sparse.put(12, b"mn");
        let mut out = [0; 6];
        assert_eq!((sparse.copy(1, &mut out), &out), (Ok(()), b"bcdefg"));
        assert_eq!(sparse.copy(6, &mut out), Err(Stop::Hole(8..12)));
        assert_eq!(sparse.copy(9, &mut out), Err(Stop::Hole(9..15)));
        assert_eq!((sparse.first_missing(0), sparse.first_missing(9)), (8, 9));
        assert_eq!(
            (sparse.start_after(8), sparse.start_after(12)),
            (Some(12), None)
        );
        assert_eq!((sparse.end_before(9), sparse.end_before(3)), (8, 0));
        assert_eq!(sparse.reach(), 14);
        sparse.end = Some(14);
        assert_eq!(sparse.copy(9, &mut out), Err(Stop::End));
        assert_eq!(sparse.copy(u64::MAX, &mut out), Err(Stop::End));
        assert_eq!(sparse.copy(8, &mut out), Err(Stop::Hole(8..14)));
    }
}
