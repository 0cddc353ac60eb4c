//! Reads PNG: the header, and the chunks before and after the pixels.

use crate::carrier::Carrier;
use crate::png_text::{self, Profile};
use crate::span::Span;
use crate::sparse::Stop;
use crate::{Facts, tiff};

/// Maximum width, height and chunk length that the format allows.
const MAX_NUMBER: u32 = i32::MAX.unsigned_abs();
/// Length of a chunk's header: its length and kind.
const HEADER: u64 = 8;
const CHECKSUM: u64 = 4;
/// Number of bytes in which metadata after the last chunk of pixels is searched, first and again.
const TAILS: [u64; 2] = [16 << 10, 144 << 10];
/// Maximum number of bytes in which it is searched.
const MAX_TAIL: u64 = 208 << 10;

pub(crate) fn read(span: Span<'_>, facts: &mut Facts) -> Result<(), Stop> {
    header(span, facts)?;
    let mut metadata = Metadata::default();
    let mut at = 33;
    let (mut pixels, mut longest) = (false, 0);
    loop {
        let (kind, body) = match chunk(span, at) {
            // The chunks of pixels are short and many, so the end is read instead of all of them.
            Err(Stop::Hole(_)) if pixels => {
                metadata.add_tail(span, at, longest)?;
                break;
            }
            // The pixels of a file that is cut off.
            Err(Stop::End) if pixels => break,
            chunk => chunk?,
        };
        match &kind {
            b"IDAT" => (pixels, longest) = (true, body.len().max(longest)),
            b"IEND" => break,
            _ => metadata.add(kind, body)?,
        }
        if let Carrier::Turned(_) = metadata.exif {
            break;
        }
        at += HEADER + body.len() + CHECKSUM;
    }
    metadata.orientation().report(facts);
    Ok(())
}

/// Returns the kind and the content of the chunk at `at`.
fn chunk(span: Span<'_>, at: u64) -> Result<([u8; 4], Span<'_>), Stop> {
    let [a, b, c, d, kind @ ..]: [u8; 8] = span.array(at)?;
    let length = u32::from_be_bytes([a, b, c, d]);
    if length > MAX_NUMBER {
        return Err(Stop::Unreadable("a PNG chunk has an impossible length"));
    }
    Ok((kind, span.part(at + HEADER, length.into())))
}

/// The places in which a PNG may have its orientation. Viewers prefer the first.
#[derive(Default)]
struct Metadata {
    exif: Carrier,
    /// EXIF data as text, which programs wrote before there was a chunk for it.
    raw: Carrier,
    xmp: Carrier,
}

impl Metadata {
    fn add(&mut self, kind: [u8; 4], body: Span<'_>) -> Result<(), Stop> {
        match &kind {
            b"eXIf" => self.exif = self.exif.or(tiff::exif(body)?),
            b"tEXt" | b"zTXt" | b"iTXt" => match png_text::read(kind, body)? {
                Some(Profile::Exif(found)) => self.raw = self.raw.or(found),
                Some(Profile::Xmp(found)) => self.xmp = self.xmp.or(found),
                None => {}
            },
            _ => {}
        }
        Ok(())
    }

    /// Adds the chunks after the pixels, where ImageMagick writes EXIF data. The pixels continue at `at`
    /// in chunks of at most `longest` bytes.
    fn add_tail(&mut self, span: Span<'_>, at: u64, longest: u64) -> Result<(), Stop> {
        let Some(length) = span.known_len() else {
            return Err(Stop::Unreadable(
                "metadata may follow the PNG's pixels, and its size is unknown",
            ));
        };
        let pixels = at;
        for tail in TAILS {
            let reach = longest.saturating_add(tail).min(MAX_TAIL);
            let start = pixels.max(length.saturating_sub(reach)).min(length);
            span.part(start, length - start).require()?;
            let is_chunk = |at: &u64| is_followed_by_end(span, *at);
            let Some(mut at) = (start..length.saturating_sub(HEADER)).find(is_chunk) else {
                // The file is cut off, or other data follow it.
                break;
            };
            // If the last pixels are in sight, so is all that follows them.
            if at == pixels || chunk(span, at).is_ok_and(|(kind, _)| kind == *b"IDAT") {
                while let Ok((kind, body)) = chunk(span, at) {
                    self.add(kind, body)?;
                    at += HEADER + body.len() + CHECKSUM;
                }
                return Ok(());
            }
        }
        Err(Stop::Unreadable(
            "metadata may follow the PNG's pixels, whose end was not found",
        ))
    }

    fn orientation(&self) -> Carrier {
        self.exif.or(self.raw).or(self.xmp)
    }
}

/// Returns `true` if chunks follow each other from `at` to the last one.
fn is_followed_by_end(span: Span<'_>, at: u64) -> bool {
    let mut at = at;
    while let Ok((kind, body)) = chunk(span, at) {
        if !kind.iter().all(u8::is_ascii_alphabetic) {
            return false;
        }
        if kind == *b"IEND" {
            return body.len() == 0;
        }
        at += HEADER + body.len() + CHECKSUM;
    }
    false
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
