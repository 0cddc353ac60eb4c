//! Reads JPEG: marker segments up to the scan.

use crate::span::Span;
use crate::sparse::Stop;
use crate::{Facts, tiff};

/// Prefix of the TIFF header in an APP1 segment with EXIF data.
const EXIF: [u8; 6] = *b"Exif\0\0";

pub(crate) fn read(span: Span<'_>, facts: &mut Facts) -> Result<(), Stop> {
    let mut at = 2;
    let mut exif = false;
    loop {
        let marker;
        (marker, at) = next_marker(span, at)?;
        match marker {
            // The scan begins: there is no EXIF data before it.
            0xda => {
                if !exif {
                    facts.orientation = Some(1);
                }
                return frame_seen(facts);
            }
            0xd9 => return frame_seen(facts),
            // Restarts and TEM have no length.
            0x01 | 0xd0..=0xd7 => continue,
            0x00 | 0xd8 => return Err(Stop::Unreadable("a JPEG marker is at an invalid position")),
            _ => {}
        }
        let length = u64::from(span.be16(at)?);
        if length < 2 {
            return Err(Stop::Unreadable("a JPEG segment has an impossible length"));
        }
        let body = span.part(at + 2, length - 2);
        match marker {
            // Frame headers; the gaps are tables.
            0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) => {
                frame(body, facts)?;
                if exif {
                    return Ok(());
                }
            }
            // The first EXIF block counts. A thumbnail inside of it is skipped with it.
            0xe1 if !exif && is_exif(body)? => {
                exif = true;
                tiff::exif(body.from(EXIF.len() as u64), facts)?;
                if facts.width.is_some() {
                    return Ok(());
                }
            }
            _ => {}
        }
        at += length;
    }
}

/// Reads the marker at `at`, after any number of `FF`, and returns the position after it.
fn next_marker(span: Span<'_>, mut at: u64) -> Result<(u8, u64), Stop> {
    if span.u8(at)? != 0xff {
        return Err(Stop::Unreadable(
            "a JPEG segment is not followed by a marker",
        ));
    }
    loop {
        at += 1;
        match span.u8(at)? {
            0xff => {}
            marker => return Ok((marker, at + 1)),
        }
    }
}

fn is_exif(body: Span<'_>) -> Result<bool, Stop> {
    match body.array(0) {
        Ok(name) => Ok(name == EXIF),
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
