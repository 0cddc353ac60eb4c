//! Walks the directories of a TIFF, and the strips or tiles of its images.

use std::io::{self, ErrorKind, Read};

use super::parts::Parts;

/// Maximum number of directories, one for each image, that are walked.
const MAX_DIRECTORIES: usize = 1 << 10;
/// Maximum number of strips or tiles of an image that are walked.
const MAX_STRIPS: u32 = 1 << 20;
/// Length from which that of a strip is a placeholder.
const PLACEHOLDERS: u32 = 0x7fff_ffff;

/// Lengths of the values of each type, from 1: bytes, texts, numbers, fractions.
const LENGTHS: [u64; 13] = [1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4];

/// Tags of the positions and the lengths of strips, and of tiles.
const STRIPS: [(u16, u16); 2] = [(273, 279), (324, 325)];

/// A directory's entry: its tag, type, count, and value or position.
type Entry = (u16, u16, u32, [u8; 4]);

pub(super) fn walk(parts: &mut Parts<'_>) -> io::Result<()> {
    let little = parts.array()? == *b"II*\0";
    let mut tiff = Tiff { parts, little };
    let mut next = tiff.u32()?;
    for _ in 0..MAX_DIRECTORIES {
        if next == 0 {
            break;
        }
        tiff.parts.go_to(next.into())?;
        let mut entries = Vec::new();
        for _ in 0..tiff.u16()? {
            entries.push((tiff.u16()?, tiff.u16()?, tiff.u32()?, tiff.parts.array()?));
        }
        // Some programs end the last directory without it.
        next = match tiff.u32() {
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => 0,
            next => next?,
        };
        tiff.image(&entries)?;
    }
    Ok(())
}

struct Tiff<'p, 'a> {
    parts: &'p mut Parts<'a>,
    little: bool,
}

impl Tiff<'_, '_> {
    fn u16(&mut self) -> io::Result<u16> {
        let bytes = self.parts.array()?;
        Ok(if self.little {
            u16::from_le_bytes(bytes)
        } else {
            u16::from_be_bytes(bytes)
        })
    }

    fn u32(&mut self) -> io::Result<u32> {
        let bytes: [u8; 4] = self.parts.array()?;
        Ok(self.number(&bytes))
    }

    /// Returns the number that at most four bytes encode.
    fn number(&self, bytes: &[u8]) -> u32 {
        let add = |number, byte: &u8| number << 8 | u32::from(*byte);
        if self.little {
            bytes.iter().rev().fold(0, add)
        } else {
            bytes.iter().fold(0, add)
        }
    }

    /// Requires the values of a directory, and the strips or tiles of its image.
    fn image(&mut self, entries: &[Entry]) -> io::Result<()> {
        for (_, kind, count, value) in entries {
            let index = usize::from(*kind).wrapping_sub(1);
            let length = LENGTHS
                .get(index)
                .map_or(0, |length| length * u64::from(*count));
            if length > 4 {
                self.parts.require(u64::from(self.number(value)) + length)?;
            }
        }
        let entry = |tag| entries.iter().find(|entry| entry.0 == tag);
        for (positions, lengths) in STRIPS {
            let (Some(positions), Some(lengths)) = (entry(positions), entry(lengths)) else {
                continue;
            };
            let (positions, lengths) = (self.numbers(positions)?, self.numbers(lengths)?);
            for (position, length) in positions.into_iter().zip(lengths) {
                if length < PLACEHOLDERS {
                    self.parts
                        .require(u64::from(position) + u64::from(length))?;
                }
            }
        }
        Ok(())
    }

    /// Returns the numbers of an entry, which are in it if they are few.
    fn numbers(&mut self, &(_, kind, count, value): &Entry) -> io::Result<Vec<u32>> {
        let length = match kind {
            3 => 2,
            4 => 4,
            _ => return Ok(Vec::new()),
        };
        let total = u64::from(count.min(MAX_STRIPS)) * length as u64;
        let mut bytes = value.to_vec();
        if total > value.len() as u64 {
            let at = u64::from(self.number(&value));
            self.parts.require(at.saturating_add(total))?;
            self.parts.go_to(at)?;
            bytes.clear();
            (&mut self.parts.file).take(total).read_to_end(&mut bytes)?;
        }
        let numbers = bytes.chunks_exact(length).map(|bytes| self.number(bytes));
        Ok(numbers.take(count as usize).collect())
    }
}
