//! Reads WebP: its first chunk, of three kinds.

use crate::carrier::Carrier;
use crate::span::Span;
use crate::sparse::Stop;
use crate::{Facts, tiff, xmp};

/// Position of the first chunk's content.
const FIRST: u64 = 20;
/// Flag of an extended file with EXIF data.
const HAS_EXIF: u8 = 0x08;
/// Flag of an extended file with XMP.
const HAS_XMP: u8 = 0x04;

pub(crate) fn read(span: Span<'_>, facts: &mut Facts) -> Result<(), Stop> {
    match &span.array(12)? {
        b"VP8 " => lossy(span.from(FIRST), facts)?,
        b"VP8L" => lossless(span.from(FIRST), facts)?,
        b"VP8X" => return extended(span, facts),
        _ => return Err(Stop::Unreadable("the WebP begins with an unknown chunk")),
    }
    facts.orientation = Some(1);
    Ok(())
}

fn lossy(chunk: Span<'_>, facts: &mut Facts) -> Result<(), Stop> {
    // The first frame must be a key frame, which has an even first byte and a start code.
    let [tag, _, _, code @ ..]: [u8; 6] = chunk.array(0)?;
    if tag & 1 == 1 || code != [0x9d, 0x01, 0x2a] {
        return Err(Stop::Unreadable("the WebP does not begin with a key frame"));
    }
    // The two highest bits are a scale for display.
    let side = |at| chunk.le16(at).map(|side| u32::from(side & 0x3fff));
    let (width, height) = (side(6)?, side(8)?);
    if width == 0 || height == 0 {
        return Err(Stop::Unreadable("the WebP has a dimension of 0 pixels"));
    }
    facts.codec = Some("vp8");
    facts.width = Some(width);
    facts.height = Some(height);
    Ok(())
}

fn lossless(chunk: Span<'_>, facts: &mut Facts) -> Result<(), Stop> {
    let (signature, bits) = (chunk.u8(0)?, chunk.le32(1)?);
    // The three highest bits are a version, which must be 0.
    if signature != 0x2f || bits >> 29 != 0 {
        return Err(Stop::Unreadable(
            "the WebP does not begin with a lossless image",
        ));
    }
    facts.codec = Some("vp8l");
    facts.width = Some((bits & 0x3fff) + 1);
    facts.height = Some((bits >> 14 & 0x3fff) + 1);
    Ok(())
}

fn extended(span: Span<'_>, facts: &mut Facts) -> Result<(), Stop> {
    let flags = span.u8(FIRST)?;
    facts.width = Some(span.le24(FIRST + 4)? + 1);
    facts.height = Some(span.le24(FIRST + 7)? + 1);
    if flags & (HAS_EXIF | HAS_XMP) == 0 {
        facts.orientation = Some(1);
        return Ok(());
    }
    metadata(span, flags)?.report(facts);
    Ok(())
}

/// Reads the orientation from the chunks that the flags announce. They follow the pixels, so it costs
/// a second read.
fn metadata(span: Span<'_>, flags: u8) -> Result<Carrier, Stop> {
    let file = span.part(0, 8 + u64::from(span.le32(4)?));
    let (mut exif, mut xmp) = (None, None);
    let mut at = 12;
    while at + 8 <= file.len() {
        let [kind @ .., a, b, c, d]: [u8; 8] = file.array(at)?;
        let length = u64::from(u32::from_le_bytes([a, b, c, d]));
        let body = file.part(at + 8, length);
        match &kind {
            b"EXIF" if exif.is_none() => {
                // Some programs write JPEG's prefix before it.
                let has_prefix = body.head()? == *tiff::PREFIX;
                let skip = if has_prefix { tiff::PREFIX.len() } else { 0 };
                exif = Some(tiff::exif(body.from(skip as u64))?);
            }
            b"XMP " if xmp.is_none() => xmp = Some(body),
            _ => {}
        }
        match exif {
            Some(Carrier::Absent) | None => {}
            Some(exif) => return Ok(exif),
        }
        at += 8 + length + length % 2;
    }
    if flags & HAS_EXIF != 0 && exif.is_none() {
        return Err(Stop::Unreadable(
            "the WebP's header announces EXIF data, and there is none",
        ));
    }
    match xmp {
        Some(xmp) => xmp::read(xmp),
        None if flags & HAS_XMP == 0 => Ok(Carrier::Absent),
        None => Err(Stop::Unreadable(
            "the WebP's header announces XMP, and there is none",
        )),
    }
}
