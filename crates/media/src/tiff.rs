//! Reads TIFF, and EXIF data, which has the same structure.

use crate::Facts;
use crate::carrier::Carrier;
use crate::span::Span;
use crate::sparse::{Sparse, Stop};

/// The first directory, which describes the image.
#[derive(Default)]
struct Directory {
    width: Option<u32>,
    height: Option<u32>,
    orientation: Carrier,
    /// `true` for a preview, as in a camera raw file.
    reduced: bool,
}

const SUBFILE_TYPE: u16 = 254;
const WIDTH: u16 = 256;
const HEIGHT: u16 = 257;
const ORIENTATION: u16 = 274;
/// Length of an entry of a directory.
const ENTRY: u64 = 12;

/// Prefix of EXIF data in a JPEG's segment, which some programs write elsewhere too.
pub(crate) const PREFIX: &[u8; 6] = b"Exif\0\0";

pub(crate) fn read(span: Span<'_>, facts: &mut Facts) -> Result<(), Stop> {
    if span.array(8).is_ok_and(|mark| mark == *b"CR\x02\0") {
        return Err(Stop::Unreadable(
            "a camera raw file, which is not supported",
        ));
    }
    let directory = directory(span)?;
    if directory.reduced {
        return Err(Stop::Unreadable("its first image is only a preview"));
    }
    let (Some(width), Some(height)) = (directory.width, directory.height) else {
        return Err(Stop::Unreadable("the TIFF's directory has no dimensions"));
    };
    if width == 0 || height == 0 {
        return Err(Stop::Unreadable(
            "the TIFF's directory has a dimension of 0 pixels",
        ));
    }
    facts.width = Some(width);
    facts.height = Some(height);
    directory.orientation.report(facts);
    Ok(())
}

/// Reads the orientation from EXIF data.
pub(crate) fn exif(span: Span<'_>) -> Result<Carrier, Stop> {
    match directory(span) {
        Ok(directory) => Ok(directory.orientation),
        Err(Stop::Hole(hole)) => Err(Stop::Hole(hole)),
        Err(Stop::End | Stop::Unreadable(_)) => Ok(Carrier::Unreadable),
    }
}

/// Reads the orientation from EXIF data in memory, of which only the first bytes may be there.
pub(crate) fn exif_in(bytes: &[u8]) -> Carrier {
    let mut file = Sparse::default();
    file.put(0, bytes);
    file.end = Some(bytes.len() as u64);
    exif(Span::whole(&file)).unwrap_or(Carrier::Unreadable)
}

fn directory(span: Span<'_>) -> Result<Directory, Stop> {
    let numbers = match &span.array(0)? {
        b"II*\0" => Numbers { span, little: true },
        b"MM\0*" => Numbers {
            span,
            little: false,
        },
        _ => return Err(Stop::Unreadable("no TIFF header")),
    };
    let start = u64::from(numbers.u32(4)?);
    let mut found = Directory::default();
    for entry in 0..u64::from(numbers.u16(start)?) {
        let at = start + 2 + entry * ENTRY;
        let tag = numbers.u16(at)?;
        // The first entry of a tag counts.
        match tag {
            SUBFILE_TYPE => found.reduced |= numbers.value(at)?.is_some_and(|bits| bits & 1 == 1),
            WIDTH => found.width = found.width.or(numbers.value(at)?),
            HEIGHT => found.height = found.height.or(numbers.value(at)?),
            ORIENTATION => found.orientation = found.orientation.or(numbers.orientation(at)?),
            _ => {}
        }
    }
    Ok(found)
}

/// Reads numbers in the byte order of the file.
#[derive(Clone, Copy)]
struct Numbers<'a> {
    span: Span<'a>,
    little: bool,
}

impl Numbers<'_> {
    fn u16(self, at: u64) -> Result<u16, Stop> {
        if self.little {
            self.span.le16(at)
        } else {
            self.span.be16(at)
        }
    }

    fn u32(self, at: u64) -> Result<u32, Stop> {
        if self.little {
            self.span.le32(at)
        } else {
            self.span.be32(at)
        }
    }

    /// Returns the orientation in the entry at `at`. Every viewer takes an invalid number for 1.
    fn orientation(self, at: u64) -> Result<Carrier, Stop> {
        Ok(match self.value(at)? {
            Some(number @ 1..=8) => Carrier::Turned(number.to_le_bytes()[0]),
            Some(_) => Carrier::Turned(1),
            None => Carrier::Unreadable,
        })
    }

    /// Returns the value of the entry at `at`, if it is a single integer.
    fn value(self, at: u64) -> Result<Option<u32>, Stop> {
        let (kind, count) = (self.u16(at + 2)?, self.u32(at + 4)?);
        Ok(match (kind, count) {
            (1 | 6, 1) => Some(self.span.u8(at + 8)?.into()),
            (3 | 8, 1) => Some(self.u16(at + 8)?.into()),
            (4 | 9, 1) => Some(self.u32(at + 8)?),
            _ => None,
        })
    }
}
