//! Reads FLAC: the first block, which describes the stream, and the last frame or the length of the
//! file, which confirms it.

use crate::Facts;
use crate::span::Span;
use crate::sparse::Stop;
use crate::tags;

/// Maximum number of bytes at the end in which the last frame is searched. A block of 4,608 samples
/// of eight channels and 24 bits is shorter.
const MAX_TAIL: u64 = 112 << 10;
/// Length of an ID3 tag that may follow the last frame.
const OLD_TAG: u64 = 128;
/// Maximum length of a frame's header.
const MAX_HEADER: usize = 16;

/// Length of a block's header, and the kind of the table for seeking.
const BLOCK_HEADER: u64 = 4;
const SEEK_TABLE: u8 = 3;
/// Length of a point of that table.
const SEEK_POINT: usize = 18;

/// Minimum length of a frame, which is silence: its header, one sample, and two checksums.
const MIN_FRAME: u64 = 10;

const BY_HEADER: &str = "by its header";

pub(crate) fn read(span: Span<'_>, facts: &mut Facts) -> Result<(), Stop> {
    // The highest bit means that no other block follows.
    if span.u8(4)? & 0x7f != 0 {
        return Err(Stop::Unreadable(
            "the FLAC does not begin with its stream info",
        ));
    }
    let (shortest, longest) = (span.be16(8)?, span.be16(10)?);
    // 20 bits of rate, 8 of channels and depth, 36 of samples.
    let bits = span.be64(18)?;
    let (rate, samples) = (bits >> 44, bits & ((1 << 36) - 1));
    if rate == 0 {
        return Err(Stop::Unreadable("the FLAC has no sample rate"));
    }
    if samples == 0 {
        facts.note("the FLAC's header has no duration");
        return Ok(());
    }
    let seconds = |samples: u64| samples as f64 / rate as f64;
    let claimed = (seconds(samples), BY_HEADER);
    let Some(length) = span.known_len() else {
        facts.doubt_duration(claimed, "the size of the file is unknown");
        return Ok(());
    };
    if !span.is_local() {
        let frames = samples / u64::from(longest.max(1));
        if length < min_length(span, frames)? {
            facts.doubt_duration(claimed, "the file is too short for it");
        } else {
            facts.duration_seconds = Some(claimed.0);
        }
        return Ok(());
    }
    let reach = match u64::from(span.be24(15)?) {
        0 => MAX_TAIL,
        longest => (longest + OLD_TAG).min(MAX_TAIL),
    };
    // The tags at the end and the last frame are requested in one read.
    let tail = reach.min(length);
    span.part(length - tail, tail).require()?;
    let end = tags::without_trailing(span, length)?;
    let block = (shortest == longest).then_some(u64::from(shortest));
    match last_samples(span, end, reach, block, samples)? {
        Some(last) => facts.confirm_duration(claimed, (seconds(last), "by its last frame")),
        None => facts.doubt_duration(claimed, "its last frame was not found"),
    }
    Ok(())
}

/// Returns the minimum length of a file with this number of frames: by the length of the shortest
/// frame and by the last point of the table for seeking, if they are stored. A file behind a URL that
/// is shorter was cut off; its last frame is not worth a read.
fn min_length(span: Span<'_>, frames: u64) -> Result<u64, Stop> {
    let shortest = u64::from(span.be24(12)?).max(MIN_FRAME);
    let (mut at, mut last_point) = (4, 0);
    // The blocks after a cover may not be available.
    while let (Ok(kind), Ok(length)) = (span.u8(at), span.be24(at + 1)) {
        let block = span.part(at + BLOCK_HEADER, length.into());
        if kind & 0x7f == SEEK_TABLE {
            last_point = last_offset(block);
        }
        at += BLOCK_HEADER + block.len();
        if kind & 0x80 != 0 {
            break;
        }
    }
    Ok(at + last_point.max(shortest.saturating_mul(frames)))
}

/// Returns the position of the last frame in a table for seeking, counted from the first frame.
fn last_offset(table: Span<'_>) -> u64 {
    let mut last = 0;
    for at in (0..table.len()).step_by(SEEK_POINT) {
        match (table.be64(at), table.be64(at + 8)) {
            // A placeholder.
            (Ok(u64::MAX), _) => {}
            (Ok(_), Ok(offset)) => last = offset,
            _ => break,
        }
    }
    last
}

/// Returns the number of samples up to the end of the last frame before `end`: `total`, if a frame
/// ends there.
fn last_samples(
    span: Span<'_>,
    end: u64,
    reach: u64,
    block: Option<u64>,
    total: u64,
) -> Result<Option<u64>, Stop> {
    let start = end.saturating_sub(reach);
    span.part(start, end - start).require()?;
    let mut last = None;
    for at in (start..end).rev() {
        if span.u8(at)? != 0xff {
            continue;
        }
        let Some(samples) = frame(span.part(at, end - at), block)? else {
            continue;
        };
        if samples == total {
            return Ok(Some(samples));
        }
        last = last.or(Some(samples));
    }
    Ok(last)
}

/// Returns the number of samples up to the end of the frame at the start of `span`.
fn frame(span: Span<'_>, block: Option<u64>) -> Result<Option<u64>, Stop> {
    let frame = Frame::parse(&span.head()?);
    Ok(frame.and_then(
        |Frame {
             is_variable,
             number,
             samples,
         }| {
            let first = if is_variable {
                Some(number)
            } else {
                block.and_then(|block| number.checked_mul(block))
            };
            first.map(|first| first.saturating_add(samples))
        },
    ))
}

/// Returns the number of samples in the frame at the start of `span`, or `None` if none begins there.
pub(crate) fn samples(span: Span<'_>) -> Result<Option<u64>, Stop> {
    Ok(Frame::parse(&span.head()?).map(|frame| frame.samples))
}

/// The header of a frame.
struct Frame {
    /// `true` if its number is that of its first sample, since blocks differ in length.
    is_variable: bool,
    number: u64,
    samples: u64,
}

impl Frame {
    fn parse(head: &[u8; MAX_HEADER]) -> Option<Self> {
        let &[0xff, kind @ (0xf8 | 0xf9), sizes, ..] = head else {
            return None;
        };
        let (number, mut at) = number(head)?;
        let field = |at: usize, length: usize| {
            let bytes = &head[at..at + length];
            bytes
                .iter()
                .fold(0, |sum, byte| sum << 8 | u64::from(*byte))
        };
        let samples = match sizes >> 4 {
            0 => return None,
            1 => 192,
            code @ 2..=5 => 576 << (code - 2),
            code @ (6 | 7) => {
                let length = usize::from(code) - 5;
                at += length;
                field(at - length, length) + 1
            }
            code => 256 << (code - 8),
        };
        // A sample rate of its own has one byte or two.
        at += match sizes & 0xf {
            12 => 1,
            13 | 14 => 2,
            15 => return None,
            _ => 0,
        };
        let is_whole = at < head.len() && crc8(&head[..at]) == head[at];
        is_whole.then_some(Self {
            is_variable: kind & 1 == 1,
            number,
            samples,
        })
    }
}

/// Returns the number of the frame or of its first sample, coded as in UTF-8, and the position after
/// it.
fn number(head: &[u8; MAX_HEADER]) -> Option<(u64, usize)> {
    let first = head[4];
    let length = match first.leading_ones() {
        0 => 1,
        ones @ 2..=7 => ones as usize,
        _ => return None,
    };
    let bits = if length == 1 {
        0x7f
    } else {
        0x7f_u8.checked_shr(u32::try_from(length).ok()?)?
    };
    let mut number = u64::from(first & bits);
    for byte in &head[5..4 + length] {
        if byte >> 6 != 2 {
            return None;
        }
        number = number << 6 | u64::from(byte & 0x3f);
    }
    Some((number, 4 + length))
}

/// Computes the checksum of a frame's header.
fn crc8(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ byte, |crc, _| {
            (crc << 1) ^ if crc & 0x80 == 0 { 0 } else { 7 }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksum_is_the_standard_one() {
        assert_eq!(crc8(b"123456789"), 0xf4);
    }
}
