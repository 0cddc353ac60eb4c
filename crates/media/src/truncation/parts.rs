//! The parts of a file, one after the other.

use std::io::{self, BufReader, ErrorKind, Read, Seek, SeekFrom};

use crate::span::Span;
use crate::sparse::{Sparse, Stop};

/// A file, or bytes in memory.
pub(super) trait Data: Read + Seek {}

impl<D: Read + Seek> Data for D {}

/// A file that is walked part by part. A part behind its end is [`ErrorKind::UnexpectedEof`].
pub(super) struct Parts<'a> {
    pub(super) file: BufReader<Box<dyn Data + 'a>>,
    pub(super) at: u64,
    pub(super) size: u64,
}

impl<'a> Parts<'a> {
    pub(super) fn new(data: Box<dyn Data + 'a>, size: u64) -> Self {
        Self {
            file: BufReader::new(data),
            at: 0,
            size,
        }
    }

    pub(super) fn array<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.file.read_exact(&mut bytes)?;
        self.at += N as u64;
        Ok(bytes)
    }

    pub(super) fn byte(&mut self) -> io::Result<u8> {
        self.array().map(|[byte]| byte)
    }

    /// Skips bytes, which must be there.
    pub(super) fn skip(&mut self, length: u64) -> io::Result<()> {
        self.require(self.at.saturating_add(length))?;
        self.at += length;
        match i64::try_from(length) {
            Ok(length) => self.file.seek_relative(length),
            Err(_) => self.file.seek(SeekFrom::Start(self.at)).map(drop),
        }
    }

    /// Goes to a position, which must be there.
    pub(super) fn go_to(&mut self, at: u64) -> io::Result<()> {
        self.require(at)?;
        self.at = at;
        self.file.seek(SeekFrom::Start(at)).map(drop)
    }

    pub(super) fn require(&self, end: u64) -> io::Result<()> {
        if end > self.size {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        Ok(())
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.at >= self.size
    }

    /// Asks a format's reader, which gets the span of the file and its length, whether it is cut off.
    pub(super) fn judge(
        &mut self,
        is_cut: impl Fn(Span<'_>, u64) -> Result<bool, Stop>,
    ) -> io::Result<()> {
        let mut pieces = Sparse::default();
        pieces.end = Some(self.size);
        loop {
            match is_cut(Span::whole(&pieces), self.size) {
                Err(Stop::Hole(hole)) => {
                    self.go_to(hole.start)?;
                    let mut bytes = Vec::new();
                    let length = hole.end - hole.start;
                    (&mut self.file).take(length).read_to_end(&mut bytes)?;
                    if bytes.is_empty() {
                        return Ok(());
                    }
                    pieces.put(hole.start, &bytes);
                }
                Ok(true) | Err(Stop::End) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(false) | Err(Stop::Unreadable(_)) => return Ok(()),
            }
        }
    }
}
