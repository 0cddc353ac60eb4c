//! Finds files that end before the media in them do.

use std::fs::File;
use std::io::{self, Cursor, ErrorKind, Read, Seek};

use crate::{Facts, flac, mp3};

mod parts;
mod tiff;

use parts::{Data, Parts};

/// Maximum number of parts that are walked; a longer file is taken for whole.
const MAX_PARTS: usize = 1 << 20;

/// Length from which the lengths in a WAV are those that a program writes to a pipe.
const WAV_PLACEHOLDERS: u32 = 0x7000_0000;

/// Number of bytes that an MP3's count may be wrong by: encoders count the tag at the end or not.
const MP3_TOLERANCE: u64 = 256;

/// Number of bytes behind the tags of an MP3 that contain the count of its first frame.
const MP3_HEAD: usize = 256;

/// Returns `true` if a local file ends before the media in it do, as after a download that was cut off.
///
/// `facts` are those of the file ([`Facts::from_open_file`]). The lengths and the end marks of its format
/// decide: the chunks of a PNG, the boxes of an MP4, the end of a JPEG, and so on. Where a format has
/// none, or its writer did not know them, the file is taken for whole.
///
/// ```no_run
/// use runcomfy_media::{Facts, is_truncated};
///
/// let file = std::fs::File::open("photo.jpg")?;
/// let facts = Facts::from_open_file(&file)?;
/// assert!(!is_truncated(&file, &facts)?);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// - [`io::Error`]: the file cannot be read. Check its permissions.
pub fn is_truncated(file: &File, facts: &Facts) -> io::Result<bool> {
    let size = file.metadata()?.len();
    let mut file = file;
    file.rewind()?;
    ends_early(Box::new(file), size, facts)
}

/// Returns `true` if bytes end before the media in them do, as [`is_truncated`] says of a file.
///
/// ```
/// use runcomfy_media::{Facts, are_truncated};
///
/// let gif = b"GIF89a\x80\x02\xe0\x01\x00\x00\x00;";
/// let facts = Facts::from_bytes(gif);
/// assert!(!are_truncated(gif, &facts));
/// assert!(are_truncated(&gif[..13], &facts));
/// ```
#[must_use]
pub fn are_truncated(bytes: &[u8], facts: &Facts) -> bool {
    // Memory is read without errors.
    ends_early(Box::new(Cursor::new(bytes)), bytes.len() as u64, facts).unwrap_or_default()
}

fn ends_early(data: Box<dyn Data + '_>, size: u64, facts: &Facts) -> io::Result<bool> {
    let Some(format) = facts.format else {
        return Ok(false);
    };
    let mut parts = Parts::new(data, size);
    let ends = match format {
        "png" => png(&mut parts),
        "jpeg" => jpeg(&mut parts),
        "gif" => gif(&mut parts),
        "webp" => webp(&mut parts),
        "bmp" => bmp(&mut parts),
        "wav" => wav(&mut parts),
        "mp3" => mp3(&mut parts),
        "ogg" => ogg(&mut parts),
        "flac" => parts.judge(flac::is_cut),
        "tiff" => tiff::walk(&mut parts),
        "webm" | "mkv" => matroska(&mut parts),
        "avif" | "heic" | "heif" => boxes(&mut parts, &[b"meta", b"moov"]),
        "mp4" | "mov" | "m4a" => boxes(&mut parts, &[b"moov"]),
        _ => Ok(()),
    };
    match ends {
        Ok(()) => Ok(false),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(true),
        Err(error) => Err(error),
    }
}

fn png(parts: &mut Parts<'_>) -> io::Result<()> {
    parts.skip(8)?;
    for _ in 0..MAX_PARTS {
        let length = u32::from_be_bytes(parts.array()?);
        let kind: [u8; 4] = parts.array()?;
        // A checksum follows.
        parts.skip(u64::from(length) + 4)?;
        if &kind == b"IEND" {
            break;
        }
    }
    Ok(())
}

/// Walks the markers as libjpeg does, which skips what is between segments.
fn jpeg(parts: &mut Parts<'_>) -> io::Result<()> {
    parts.skip(2)?;
    loop {
        while parts.byte()? != 0xff {}
        let mut marker = parts.byte()?;
        while marker == 0xff {
            marker = parts.byte()?;
        }
        match marker {
            // Data, and markers without a length.
            0x00 | 0x01 | 0xd0..=0xd8 => {}
            0xd9 => return Ok(()),
            _ => {
                let length = u16::from_be_bytes(parts.array()?);
                parts.skip(u64::from(length.saturating_sub(2)))?;
            }
        }
    }
}

fn gif(parts: &mut Parts<'_>) -> io::Result<()> {
    let table = |flags: u8| match flags & 0x80 {
        0 => 0,
        _ => 3 << ((flags & 7) + 1),
    };
    parts.skip(10)?;
    let flags = parts.byte()?;
    parts.skip(2 + table(flags))?;
    for _ in 0..MAX_PARTS {
        match parts.byte()? {
            b'!' => parts.skip(1)?,
            b',' => {
                parts.skip(8)?;
                let flags = parts.byte()?;
                parts.skip(table(flags) + 1)?;
            }
            // The end, or what no program knows.
            _ => return Ok(()),
        }
        loop {
            match parts.byte()? {
                0 => break,
                length => parts.skip(length.into())?,
            }
        }
    }
    Ok(())
}

fn webp(parts: &mut Parts<'_>) -> io::Result<()> {
    parts.skip(4)?;
    let length = u32::from_le_bytes(parts.array()?);
    parts.require(8 + u64::from(length))
}

/// Compares the rows with the size, since programs write anything as the length in the header.
fn bmp(parts: &mut Parts<'_>) -> io::Result<()> {
    parts.skip(10)?;
    let start = u32::from_le_bytes(parts.array()?);
    if u32::from_le_bytes(parts.array()?) < 40 {
        return Ok(());
    }
    let width = u64::from(u32::from_le_bytes(parts.array()?));
    let height = u64::from(i32::from_le_bytes(parts.array()?).unsigned_abs());
    parts.skip(2)?;
    let depth = u64::from(u16::from_le_bytes(parts.array()?));
    let is_compressed = !matches!(u32::from_le_bytes(parts.array()?), 0 | 3);
    if is_compressed {
        return Ok(());
    }
    let row = width.saturating_mul(depth).div_ceil(32).saturating_mul(4);
    parts.require(row.saturating_mul(height).saturating_add(start.into()))
}

/// Believes the lengths only if that of the file and that of its samples agree that bytes are missing.
fn wav(parts: &mut Parts<'_>) -> io::Result<()> {
    let form: [u8; 4] = parts.array()?;
    let length = u32::from_le_bytes(parts.array()?);
    if &form != b"RIFF" || length >= WAV_PLACEHOLDERS || 8 + u64::from(length) <= parts.size {
        return Ok(());
    }
    parts.skip(4)?;
    for _ in 0..MAX_PARTS {
        let kind: [u8; 4] = parts.array()?;
        let length = u32::from_le_bytes(parts.array()?);
        if length >= WAV_PLACEHOLDERS || (&kind == b"data" && length == 0) {
            break;
        }
        parts.skip(u64::from(length))?;
        if length % 2 == 1 && !parts.is_at_end() {
            parts.skip(1)?;
        }
        if &kind == b"data" {
            break;
        }
    }
    Ok(())
}

/// Compares the number of bytes that encoders store in the first frame. Where there is none, the last
/// frame must be whole.
fn mp3(parts: &mut Parts<'_>) -> io::Result<()> {
    let head: [u8; 10] = parts.array()?;
    let tag = match &head {
        [b'I', b'D', b'3', _, _, _, sizes @ ..] => {
            let size = sizes
                .iter()
                .fold(0, |sum, byte| sum << 7 | u64::from(byte & 0x7f));
            10 + size
        }
        _ => 0,
    };
    parts.go_to(tag)?;
    let mut bytes = Vec::new();
    (&mut parts.file)
        .take(MP3_HEAD as u64)
        .read_to_end(&mut bytes)?;
    let count = bytes
        .windows(16)
        .find(|bytes| matches!(&bytes[..4], b"Xing" | b"Info"));
    let Some([_, _, _, _, 0, 0, 0, flags, rest @ ..]) = count else {
        return parts.judge(mp3::is_cut);
    };
    // Numbers of frames and of bytes.
    if flags & 3 != 3 {
        return parts.judge(mp3::is_cut);
    }
    let counted = rest[4..]
        .iter()
        .fold(0, |sum, byte| sum << 8 | u64::from(*byte));
    // Some count the tag at the beginning, too.
    if counted.abs_diff(parts.size) <= MP3_TOLERANCE {
        return Ok(());
    }
    let end = tag.saturating_add(counted);
    parts.require(end.saturating_sub(MP3_TOLERANCE))
}

fn ogg(parts: &mut Parts<'_>) -> io::Result<()> {
    for _ in 0..MAX_PARTS {
        let mut magic = Vec::new();
        (&mut parts.file).take(4).read_to_end(&mut magic)?;
        // The end, or other data behind it.
        if magic.is_empty() || !b"OggS".starts_with(&magic) {
            break;
        }
        parts.at += magic.len() as u64;
        let head: [u8; 23] = parts.array()?;
        let mut length = 0;
        for _ in 0..head[22] {
            length += u64::from(parts.byte()?);
        }
        parts.skip(length)?;
    }
    Ok(())
}

/// Walks the boxes of an ISO media file, one of which must be among `needed`.
fn boxes(parts: &mut Parts<'_>, needed: &[&[u8; 4]]) -> io::Result<()> {
    let mut has_needed = false;
    for _ in 0..MAX_PARTS {
        // Fewer bytes than a head has may be anything.
        if parts.size.saturating_sub(parts.at) < 8 {
            break;
        }
        let start = parts.at;
        let short = u32::from_be_bytes(parts.array()?);
        let kind: [u8; 4] = parts.array()?;
        let is_name = kind.iter().all(|byte| matches!(byte, b' '..=b'~' | 0xa9));
        let length = match short {
            1 => u64::from_be_bytes(parts.array()?),
            short => short.into(),
        };
        has_needed |= needed.contains(&&kind);
        // To the end of the file, or other data behind the media.
        if short == 0 || !is_name || length < parts.at - start {
            break;
        }
        parts.skip(length - (parts.at - start))?;
    }
    if has_needed {
        return Ok(());
    }
    Err(ErrorKind::UnexpectedEof.into())
}

/// Walks the parts of a Matroska segment, until one has no length.
fn matroska(parts: &mut Parts<'_>) -> io::Result<()> {
    const SEGMENT: u64 = 0x1853_8067;
    for _ in 0..MAX_PARTS {
        if parts.is_at_end() {
            break;
        }
        let id = variable(parts, false)?;
        let length = variable(parts, true)?;
        match (id, length) {
            (Some(SEGMENT), Some(length)) => parts.require(parts.at.saturating_add(length))?,
            // The parts of a segment follow one another as those of the file do.
            (Some(SEGMENT), None) => {}
            (Some(_), Some(length)) => parts.skip(length)?,
            _ => break,
        }
    }
    Ok(())
}

/// Reads a number of one to eight bytes, whose leading zeros are the number of further ones; `None` if
/// it is invalid, or stands for an unknown length.
fn variable(parts: &mut Parts<'_>, is_length: bool) -> io::Result<Option<u64>> {
    let first = parts.byte()?;
    let more = first.leading_zeros();
    if more > 7 {
        return Ok(None);
    }
    let mask = if is_length { 0x7f >> more } else { 0xff };
    let mut number = u64::from(first & mask);
    for _ in 0..more {
        number = number << 8 | u64::from(parts.byte()?);
    }
    let unknown = (1 << (7 * (more + 1))) - 1;
    Ok(Some(number).filter(|number| !is_length || *number != unknown))
}
