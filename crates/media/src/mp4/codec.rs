//! Names the codec of a track.

use crate::boxes::Boxes;
use crate::span::Span;
use crate::sparse::Stop;

/// Returns the family of a sample entry's codec.
pub(super) fn codec(kind: [u8; 4], entry: Span<'_>) -> Result<Option<&'static str>, Stop> {
    Ok(Some(match &kind {
        b"avc1" | b"avc3" => "h264",
        b"hvc1" | b"hev1" | b"dvh1" | b"dvhe" => "hevc",
        b"av01" => "av1",
        b"vp08" => "vp8",
        b"vp09" => "vp9",
        b"mp4v" => return mpeg_video(entry),
        b"m1v " | b"m1v1" => "mpeg1",
        b"m2v1" => "mpeg2",
        b"apch" | b"apcn" | b"apcs" | b"apco" | b"ap4h" | b"ap4x" => "prores",
        b"jpeg" | b"mjpa" | b"mjpb" => "mjpeg",
        b"mp4a" => return mpeg_audio(entry),
        b"alac" => "alac",
        b"Opus" => "opus",
        b"fLaC" => "flac",
        b"ac-3" => "ac3",
        b"ec-3" => "eac3",
        b".mp3" => "mp3",
        _ => return Ok(None),
    }))
}

/// Length of a video's sample entry before its boxes.
const VIDEO_ENTRY: u64 = 78;

/// Returns the codec of `mp4v`, by the object type in its stream description.
fn mpeg_video(entry: Span<'_>) -> Result<Option<&'static str>, Stop> {
    let Some(description) = Boxes::new(entry.from(VIDEO_ENTRY)).find(*b"esds")? else {
        return Ok(None);
    };
    Ok(match object_type(description)? {
        Some(0x20) => Some("mpeg4"),
        Some(0x21) => Some("h264"),
        Some(0x23) => Some("hevc"),
        Some(0x60..=0x65) => Some("mpeg2"),
        Some(0x6a) => Some("mpeg1"),
        Some(0x6c) => Some("mjpeg"),
        Some(0xb1) => Some("vp9"),
        _ => None,
    })
}

/// Returns the codec of `mp4a`, by the object type in its stream description.
fn mpeg_audio(entry: Span<'_>) -> Result<Option<&'static str>, Stop> {
    // The second version of QuickTime's entry is longer, and the third is rare.
    let start = match entry.be16(8)? {
        0 => 28,
        1 => 44,
        _ => return Ok(None),
    };
    let mut boxes = Boxes::new(entry.from(start));
    let mut description = None;
    while let Some(part) = boxes.next()? {
        match &part.kind {
            b"esds" => description = Some(part.body),
            b"wave" => description = Boxes::new(part.body).find(*b"esds")?,
            _ => continue,
        }
        break;
    }
    let Some(description) = description else {
        return Ok(None);
    };
    Ok(match object_type(description)? {
        Some(0x40 | 0x66..=0x68) => Some("aac"),
        Some(0x69 | 0x6b) => Some("mp3"),
        Some(0xa5) => Some("ac3"),
        Some(0xa6) => Some("eac3"),
        Some(0xad) => Some("opus"),
        Some(0xdd) => Some("vorbis"),
        _ => None,
    })
}

/// Returns the object type: the first byte of the second of two nested descriptors.
fn object_type(description: Span<'_>) -> Result<Option<u8>, Stop> {
    let (tag, at) = descriptor(description, 4)?;
    if tag != 3 {
        return Ok(None);
    }
    // An id, then flags for optional fields before the next descriptor.
    let flags = description.u8(at + 2)?;
    if flags & 0xe0 != 0 {
        return Ok(None);
    }
    let (tag, at) = descriptor(description, at + 3)?;
    if tag != 4 {
        return Ok(None);
    }
    description.u8(at).map(Some)
}

/// Returns the tag of a descriptor and the position after its length, which has up to four bytes.
fn descriptor(span: Span<'_>, at: u64) -> Result<(u8, u64), Stop> {
    let tag = span.u8(at)?;
    for position in at + 1..at + 5 {
        if span.u8(position)? & 0x80 == 0 {
            return Ok((tag, position + 1));
        }
    }
    Err(Stop::Unreadable("a descriptor has an impossible length"))
}
