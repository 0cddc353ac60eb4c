//! Reads JPEG: marker segments up to the scan.

use crate::carrier::Carrier;
use crate::span::Span;
use crate::sparse::Stop;
use crate::{Facts, tiff, xmp};

/// Maximum number of bytes between segments that are skipped.
const MAX_STRAY_BYTES: u64 = 1 << 20;

pub(crate) fn read(span: Span<'_>, facts: &mut Facts) -> Result<(), Stop> {
    let mut at = 2;
    let (mut exif, mut xmp) = (None, None);
    loop {
        let marker;
        (marker, at) = next_marker(span, at)?;
        match marker {
            // The scan begins: there is no metadata before it that was not seen.
            0xda => {
                orientation(exif, xmp)?.report(facts);
                return frame_seen(facts);
            }
            0xd9 => return frame_seen(facts),
            // Restarts and TEM have no length.
            0x01 | 0xd0..=0xd7 => continue,
            0xd8 => return Err(Stop::Unreadable("a JPEG marker is at an invalid position")),
            _ => {}
        }
        let length = u64::from(span.be16(at)?);
        if length < 2 {
            return Err(Stop::Unreadable("a JPEG segment has an impossible length"));
        }
        let body = span.part(at + 2, length - 2);
        match marker {
            // Frame headers; the gaps are tables.
            0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) => frame(body, facts)?,
            // The first block counts. A thumbnail inside of it is skipped with it.
            0xe1 if exif.is_none() && begins(body, tiff::PREFIX)? => {
                exif = Some(tiff::exif(body.from(tiff::PREFIX.len() as u64))?);
            }
            0xe1 if xmp.is_none() && begins(body, xmp::PREFIX)? => {
                xmp = Some(body.from(xmp::PREFIX.len() as u64));
            }
            _ => {}
        }
        if let (Some(exif @ Carrier::Turned(_)), Some(_)) = (exif, facts.width) {
            exif.report(facts);
            return Ok(());
        }
        at += length;
    }
}

/// Returns the orientation in EXIF data, else that in XMP.
fn orientation(exif: Option<Carrier>, xmp: Option<Span<'_>>) -> Result<Carrier, Stop> {
    match (exif.unwrap_or_default(), xmp) {
        (Carrier::Absent, Some(xmp)) => xmp::read(xmp),
        (exif, _) => Ok(exif),
    }
}

/// Reads the next marker from `at`, and returns the position after it. Like libjpeg, it skips bytes
/// that belong to no segment.
fn next_marker(span: Span<'_>, at: u64) -> Result<(u8, u64), Stop> {
    let mut before = 0;
    for at in at..at + MAX_STRAY_BYTES {
        match (before, span.u8(at)?) {
            (_, byte @ (0 | 0xff)) => before = byte,
            (0xff, marker) => return Ok((marker, at + 1)),
            (_, byte) => before = byte,
        }
    }
    Err(Stop::Unreadable(
        "a JPEG segment is not followed by a marker",
    ))
}

fn begins<const N: usize>(body: Span<'_>, prefix: &[u8; N]) -> Result<bool, Stop> {
    match body.array::<N>(0) {
        Ok(name) => Ok(name == *prefix),
        // A short segment, or the end of the file, at which the next marker will stop.
        Err(Stop::End) => Ok(false),
        Err(stop) => Err(stop),
    }
}

fn frame(body: Span<'_>, facts: &mut Facts) -> Result<(), Stop> {
    let (height, width) = (body.be16(1)?, body.be16(3)?);
    if width == 0 {
        return Err(Stop::Unreadable(
            "the JPEG's header has a width of 0 pixels",
        ));
    }
    facts.width = Some(width.into());
    if height == 0 {
        facts.note("the JPEG has its height only after its pixels");
    } else {
        facts.height = Some(height.into());
    }
    Ok(())
}

fn frame_seen(facts: &Facts) -> Result<(), Stop> {
    match facts.width {
        Some(_) => Ok(()),
        None => Err(Stop::Unreadable("the JPEG has no frame header")),
    }
}
