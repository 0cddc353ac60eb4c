//! Reads PNG: the header, and the chunks up to the pixels.

use crate::span::Span;
use crate::sparse::Stop;
use crate::{Facts, tiff};

/// Maximum width, height and chunk length that the format allows.
const MAX_NUMBER: u32 = i32::MAX.unsigned_abs();
/// Length of a chunk's header: its length and kind.
const HEADER: u64 = 8;
const CHECKSUM: u64 = 4;

pub(crate) fn read(span: Span<'_>, facts: &mut Facts) -> Result<(), Stop> {
    header(span, facts)?;
    let mut at = 33;
    loop {
        let [a, b, c, d, kind @ ..]: [u8; 8] = span.array(at)?;
        let length = u64::from(u32::from_be_bytes([a, b, c, d]));
        if length > u64::from(MAX_NUMBER) {
            return Err(Stop::Unreadable("a PNG chunk has an impossible length"));
        }
        match &kind {
            b"eXIf" => return tiff::exif(span.part(at + HEADER, length), facts),
            // EXIF data after the pixels is allowed but not searched for. The chunks of pixels are
            // short and many, so each large PNG would cost many reads for rare data.
            b"IDAT" | b"IEND" => {
                facts.orientation = Some(1);
                return Ok(());
            }
            _ => {}
        }
        at += HEADER + length + CHECKSUM;
    }
}

fn header(span: Span<'_>, facts: &mut Facts) -> Result<(), Stop> {
    if span.array(8)? != *b"\0\0\0\x0dIHDR" {
        return Err(Stop::Unreadable("the PNG does not begin with its header"));
    }
    let chunk: [u8; 17] = span.array(12)?;
    if crc32(&chunk) != span.be32(29)? {
        return Err(Stop::Unreadable(
            "the checksum of the PNG's header is wrong",
        ));
    }
    let (width, height) = (span.be32(16)?, span.be32(20)?);
    if !(1..=MAX_NUMBER).contains(&width) || !(1..=MAX_NUMBER).contains(&height) {
        return Err(Stop::Unreadable(
            "the PNG's header has impossible dimensions",
        ));
    }
    let [depth, color, compression, filter, interlace] = span.array(24)?;
    let depths: &[u8] = match color {
        0 => &[1, 2, 4, 8, 16],
        3 => &[1, 2, 4, 8],
        2 | 4 | 6 => &[8, 16],
        _ => &[],
    };
    if !depths.contains(&depth) || compression != 0 || filter != 0 || interlace > 1 {
        return Err(Stop::Unreadable(
            "the PNG's header has an impossible pixel format",
        ));
    }
    facts.width = Some(width);
    facts.height = Some(height);
    Ok(())
}

/// Computes the checksum of a chunk's kind and content.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksum_is_the_standard_one() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(crc32(b"IEND"), 0xae42_6082);
    }
}
