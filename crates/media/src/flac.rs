//! Reads FLAC: the first block, which describes the stream, and the last frame, which confirms it.

use crate::Facts;
use crate::span::Span;
use crate::sparse::Stop;
use crate::tags;

/// Maximum number of bytes at the end in which the last frame is searched. A block of 4,608 samples
/// of eight channels and 24 bits is shorter.
const MAX_TAIL: u64 = 112 << 10;
/// Length of an ID3 tag that may follow the last frame.
const OLD_TAG: u64 = 128;
/// Length of the header of a block, which is no frame.
const BLOCK_HEADER: u64 = 4;
/// Maximum length of a frame's header.
const MAX_HEADER: usize = 16;
/// Minimum length of a frame, which is silence: its header, one sample, and a checksum.
const MIN_FRAME: usize = 10;
/// Maximum duration in seconds of a frame that may be missing in a known duration: the tolerance of a
/// rule's verdict.
const MAX_DOUBT: f64 = 0.1;

const BY_HEADER: &str = "by its header";

pub(crate) fn read(span: Span<'_>, facts: &mut Facts) -> Result<(), Stop> {
    let stream = Stream::parse(span)?;
    if stream.samples == 0 {
        facts.note("the FLAC's header has no duration");
        return Ok(());
    }
    let claimed = (stream.seconds(stream.samples), BY_HEADER);
    let Some(length) = span.known_len() else {
        facts.doubt_duration(claimed, "the size of the file is unknown");
        return Ok(());
    };
    match stream.end(span, length)? {
        End::Whole | End::Followed(_) if is_joined(span, length)? => {
            facts.doubt_duration(claimed, "another stream follows");
        }
        End::Whole if stream.max_length(span) < tags::without_trailing(span, length)? => {
            facts.doubt_duration(claimed, "the file is too long for it");
        }
        End::Whole => facts.duration_seconds = Some(claimed.0),
        // A frame that is cut off may look like this, so the duration is known less this frame.
        End::Followed(frame) if stream.seconds(frame) <= MAX_DOUBT => {
            facts.duration_seconds = Some(claimed.0);
        }
        End::Followed(_) => facts.doubt_duration(claimed, "other data follow its last frame"),
        End::Cut => facts.doubt_duration(claimed, "its last frame is cut off"),
        End::Other(last) => {
            let last = (stream.seconds(last), "by its last frame");
            facts.doubt_duration_between(claimed, last);
        }
        End::OtherRate(rate) => {
            facts.doubt_duration(claimed, &format!("its last frame has {rate} Hz"));
        }
        End::Missing => facts.doubt_duration(claimed, "its last frame was not found"),
    }
    Ok(())
}

/// Returns `true` if the last frame of `length` bytes is not the one that the header counts.
pub(crate) fn is_cut(span: Span<'_>, length: u64) -> Result<bool, Stop> {
    let stream = Stream::parse(span)?;
    Ok(stream.samples > 0
        && match stream.end(span, length)? {
            End::Whole | End::Followed(_) | End::OtherRate(_) => false,
            End::Other(last) => last < stream.samples,
            End::Cut | End::Missing => true,
        })
}

/// The description of a stream in its first block.
struct Stream {
    /// Number of samples in a frame, if all but the last have the same.
    block: Option<u64>,
    /// Maximum length of a frame in bytes, or 0 if it is unknown.
    longest: u64,
    rate: u64,
    samples: u64,
}

/// The end of a stream.
enum End {
    /// The frame with the last sample, which is whole.
    Whole,
    /// The frame with the last sample, of this many samples, and other data behind it.
    Followed(u64),
    /// A part of the frame with the last sample.
    Cut,
    /// A frame that ends with this sample, which is not the last.
    Other(u64),
    /// The last frame has another sample rate.
    OtherRate(u64),
    Missing,
}

impl End {
    /// Returns this one, or the next if this one is missing.
    fn or(self, next: Self) -> Self {
        match self {
            Self::Missing => next,
            found => found,
        }
    }
}

impl Stream {
    fn parse(span: Span<'_>) -> Result<Self, Stop> {
        // The highest bit means that no other block follows.
        if span.u8(4)? & 0x7f != 0 {
            return Err(Stop::Unreadable(
                "the FLAC does not begin with its stream info",
            ));
        }
        let (min, max) = (span.be16(8)?, span.be16(10)?);
        // 20 bits of rate, 8 of channels and depth, 36 of samples.
        let bits = span.be64(18)?;
        let rate = bits >> 44;
        if rate == 0 {
            return Err(Stop::Unreadable("the FLAC has no sample rate"));
        }
        Ok(Self {
            block: (min == max).then_some(min.into()),
            longest: span.be24(15)?.into(),
            rate,
            samples: bits & ((1 << 36) - 1),
        })
    }

    fn seconds(&self, samples: u64) -> f64 {
        samples as f64 / self.rate as f64
    }

    /// Returns the maximum length of its file without tags. It is that of any file if no frame has one, or
    /// if the blocks before the frames are not available.
    fn max_length(&self, span: Span<'_>) -> u64 {
        let Some(block) = self.block.filter(|block| *block > 0 && self.longest > 0) else {
            return u64::MAX;
        };
        let frames = self.samples.div_ceil(block);
        let mut at = 4;
        while let (Ok(kind), Ok(length)) = (span.u8(at), span.be24(at + 1)) {
            at += BLOCK_HEADER + u64::from(length);
            if kind & 0x80 != 0 {
                return at.saturating_add(frames.saturating_mul(self.longest));
            }
        }
        u64::MAX
    }

    /// Finds the last frame in `length` bytes. It and the tags behind it are requested in one read.
    fn end(&self, span: Span<'_>, length: u64) -> Result<End, Stop> {
        let reach = match self.longest {
            0 => MAX_TAIL,
            longest => (longest + OLD_TAG).min(MAX_TAIL),
        };
        let tail = reach.min(length);
        span.part(length - tail, tail).require()?;
        let end = tags::without_trailing(span, length)?;
        let start = end.saturating_sub(reach);
        let tail = span.part(start, end - start).copied(usize::MAX)?;
        let (mut found, mut is_followed) = (End::Missing, false);
        for at in (0..tail.len()).rev() {
            let Some(frame) = Frame::parse(&tail[at..]) else {
                continue;
            };
            let last = frame.last_sample(self.block);
            let is_whole = crc16(&tail[at..]).last() == Some(0);
            let is_last = last == Some(self.samples);
            let is_real = is_whole || is_last;
            match frame.rate.filter(|rate| is_real && *rate != self.rate) {
                Some(rate) => return Ok(End::OtherRate(rate)),
                None if !is_last => {
                    found = found.or(last.map_or(End::Missing, End::Other));
                    is_followed = true;
                }
                None if is_whole => return Ok(End::Whole),
                // The first of joined streams.
                None if is_followed => return Ok(found),
                None if crc16(&tail[at..]).skip(MIN_FRAME).any(|crc| crc == 0) => {
                    return Ok(End::Followed(frame.samples));
                }
                None => return Ok(End::Cut),
            }
        }
        Ok(found)
    }
}

/// Returns `true` if another stream begins in a file, if it may be read whole.
fn is_joined(span: Span<'_>, length: u64) -> Result<bool, Stop> {
    if !span.is_affordable() {
        return Ok(false);
    }
    let bytes = span.part(0, length).copied(usize::MAX)?;
    let is_start = |bytes: &[u8]| matches!(bytes, [b'f', b'L', b'a', b'C', 0 | 0x80, 0, 0, 34]);
    Ok(bytes.windows(8).skip(1).any(is_start))
}

/// Returns the number of samples in the frame at the start of `span`, or `None` if none begins there.
pub(crate) fn samples(span: Span<'_>) -> Result<Option<u64>, Stop> {
    let head: [u8; MAX_HEADER] = span.head()?;
    Ok(Frame::parse(&head).map(|frame| frame.samples))
}

/// The header of a frame.
struct Frame {
    /// `true` if its number is that of its first sample, since blocks differ in length.
    is_variable: bool,
    number: u64,
    samples: u64,
    /// Its sample rate, unless it is that of the stream.
    rate: Option<u64>,
}

/// Samples per second by the header's code, from 1.
const RATES: [u64; 11] = [
    88_200, 176_400, 192_000, 8_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000,
];

impl Frame {
    fn parse(bytes: &[u8]) -> Option<Self> {
        if bytes.first() != Some(&0xff) {
            return None;
        }
        let mut head = [0; MAX_HEADER];
        let length = bytes.len().min(MAX_HEADER);
        head[..length].copy_from_slice(&bytes[..length]);
        let head = &head;
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
        let (rate, length) = match sizes & 0xf {
            0 => (None, 0),
            code @ 1..=11 => (Some(RATES[usize::from(code) - 1]), 0),
            12 => (Some(field(at, 1) * 1000), 1),
            13 => (Some(field(at, 2)), 2),
            14 => (Some(field(at, 2) * 10), 2),
            _ => return None,
        };
        at += length;
        let is_whole = at < head.len() && crc8(&head[..at]) == head[at];
        is_whole.then_some(Self {
            is_variable: kind & 1 == 1,
            number,
            samples,
            rate,
        })
    }

    /// Returns the number of samples up to its end in a stream with blocks of this length, or of
    /// several.
    fn last_sample(&self, block: Option<u64>) -> Option<u64> {
        let first = if self.is_variable {
            Some(self.number)
        } else {
            block.and_then(|block| self.number.checked_mul(block))
        };
        first.map(|first| first.saturating_add(self.samples))
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

/// Computes the checksum of a frame up to each of its bytes; it is 0 after the stored one.
fn crc16(bytes: &[u8]) -> impl Iterator<Item = u16> {
    bytes.iter().scan(0, |crc: &mut u16, byte| {
        *crc = (0..8).fold(*crc ^ u16::from(*byte) << 8, |crc, _| {
            (crc << 1) ^ if crc & 0x8000 == 0 { 0 } else { 0x8005 }
        });
        Some(*crc)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_the_standard_ones() {
        assert_eq!(crc8(b"123456789"), 0xf4);
        assert_eq!(crc16(b"123456789").last(), Some(0xfee8));
    }
}
