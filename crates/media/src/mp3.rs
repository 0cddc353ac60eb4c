//! Reads MP3: the first frame, and the number of frames that encoders store in it.

use runcomfy_schema::MediaKind;

use crate::Facts;
use crate::span::Span;
use crate::sparse::Stop;

/// Number of frames in a row with one bit rate before it counts as constant.
const MIN_EQUAL_FRAMES: u64 = 32;
/// Number of such frames at later positions, where the first frame must be searched.
const MIN_EQUAL_FRAMES_LATER: u64 = 3;
/// Number of bytes in which a frame is searched: more than the longest frame.
const SEARCH_BYTES: u64 = 2048;
const UNKNOWN: Stop = Stop::Unreadable("not a known media format");
/// Maximum padding in bytes between a tag and the first frame.
const MAX_PADDING: u64 = 4096;

pub(crate) fn read(span: Span<'_>, facts: &mut Facts) -> Result<(), Stop> {
    let audio = span.from(first_frame(span)?);
    let frame = Frame::at(audio, 0)?;
    // Any data may have the two bytes of a frame. A second frame directly after it is no accident.
    let next = Frame::at(audio, frame.length)?;
    if !frame.matches(&next) {
        return Err(UNKNOWN);
    }
    facts.kind = Some(MediaKind::Audio);
    facts.format = Some("mp3");
    if let Some(samples) = counted(audio, &frame)? {
        facts.duration_seconds = Some(samples as f64 / f64::from(frame.rate));
        return Ok(());
    }
    let Some(length) = audio.known_len() else {
        facts.note("the MP3 has no count of its frames, and its size is unknown");
        return Ok(());
    };
    if is_constant(audio, &frame, length)? {
        // A tag after the audio, usually of 128 bytes, adds some milliseconds.
        facts.duration_seconds = Some(length as f64 * 8.0 / f64::from(frame.bit_rate));
    } else {
        facts.note("the MP3 has no count of its frames, and its bit rate varies");
    }
    Ok(())
}

/// Returns `true` if the bit rate is constant. A recording may begin with seconds of silence, so
/// later positions are read too.
fn is_constant(audio: Span<'_>, frame: &Frame, length: u64) -> Result<bool, Stop> {
    if !frames_are_equal(audio, frame, MIN_EQUAL_FRAMES, length)? {
        return Ok(false);
    }
    let is_short = MIN_EQUAL_FRAMES * frame.length >= length;
    for position in [length / 2, length / 8 * 7] {
        if !is_short && !frames_are_equal_in(audio.part(position, length - position), frame)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Returns `true` if `count` frames in a row, or all up to the end, have the bit rate of `frame`.
fn frames_are_equal(audio: Span<'_>, frame: &Frame, count: u64, length: u64) -> Result<bool, Stop> {
    let mut at = 0;
    for _ in 0..count {
        match Frame::at(audio, at) {
            Ok(next) if next.bit_rate == frame.bit_rate && frame.matches(&next) => {
                at += next.length;
            }
            Err(Stop::Hole(hole)) => return Err(Stop::Hole(hole)),
            // The end of short audio, and any data after it.
            Ok(_) | Err(_) => return Ok(length.saturating_sub(at) < SEARCH_BYTES),
        }
    }
    Ok(true)
}

/// Returns `true` if the frames after the first one that is found in `span` have the bit rate of
/// `frame`.
fn frames_are_equal_in(span: Span<'_>, frame: &Frame) -> Result<bool, Stop> {
    // All bytes are requested in one read.
    span.part(0, 2 * SEARCH_BYTES).require()?;
    for at in 0..SEARCH_BYTES {
        if span.u8(at) == Ok(0xff)
            && frames_are_equal(span.from(at), frame, MIN_EQUAL_FRAMES_LATER, u64::MAX)?
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Returns the position of the first frame, which zeros may precede.
fn first_frame(span: Span<'_>) -> Result<u64, Stop> {
    for at in 0..MAX_PADDING {
        if span.u8(at)? != 0 {
            return Ok(at);
        }
    }
    Err(Stop::Unreadable(
        "no MP3 frame where the audio should begin",
    ))
}

/// The header of a frame.
struct Frame {
    first_version: bool,
    mono: bool,
    rate: u32,
    bit_rate: u32,
    samples: u32,
    /// Length in bytes, with the header.
    length: u64,
}

/// Kilobits per second by the header's index, from 1. The indices 0 and 15 have no known length.
const FIRST_VERSION: [u32; 14] = [
    32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320,
];
const LATER_VERSIONS: [u32; 14] = [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];

impl Frame {
    fn at(span: Span<'_>, at: u64) -> Result<Self, Stop> {
        let [sync, kind, numbers, channels] = span.array(at)?;
        if sync != 0xff || kind & 0xe0 != 0xe0 {
            return Err(UNKNOWN);
        }
        if kind & 0xf6 == 0xf0 {
            return Err(Stop::Unreadable(
                "AAC without a container, which is not supported",
            ));
        }
        let (first_version, halvings) = match kind >> 3 & 3 {
            3 => (true, 0),
            2 => (false, 1),
            0 => (false, 2),
            _ => return Err(UNKNOWN),
        };
        let rates = if first_version {
            FIRST_VERSION
        } else {
            LATER_VERSIONS
        };
        let index = usize::from(numbers >> 4);
        let kilobits = index.checked_sub(1).and_then(|index| rates.get(index));
        let base = [44_100, 48_000, 32_000].get(usize::from(numbers >> 2 & 3));
        // Only layer III is supported; the other two are rare outside of broadcasts.
        let (Some(kilobits), Some(base), 1) = (kilobits, base, kind >> 1 & 3) else {
            return Err(UNKNOWN);
        };
        let rate: u32 = base >> halvings;
        let bit_rate = kilobits * 1000;
        let samples = if first_version { 1152 } else { 576 };
        let padding = u32::from(numbers >> 1 & 1);
        Ok(Self {
            first_version,
            mono: channels >> 6 == 3,
            rate,
            bit_rate,
            samples,
            length: (samples / 8 * bit_rate / rate + padding).into(),
        })
    }

    /// Returns `true` if both frames can belong to the same audio.
    fn matches(&self, next: &Self) -> bool {
        (self.rate, self.samples) == (next.rate, next.samples)
    }

    /// Returns the position of Xing's and LAME's header: after the frame's side information.
    fn xing(&self) -> u64 {
        4 + match (self.first_version, self.mono) {
            (true, false) => 32,
            (true, true) | (false, false) => 17,
            (false, true) => 9,
        }
    }
}

/// Position of Fraunhofer's header.
const VBRI: u64 = 36;

/// Flags of a complete Xing header: numbers of frames and bytes, a table, a quality.
const COMPLETE: u32 = 0xf;
/// Positions in a complete header of LAME's own part, and in that of the number of samples that the
/// encoder added at both ends.
const LAME: u64 = 120;
const ADDED: u64 = 141;

/// Returns the number of samples, if the first frame contains the number of frames instead of audio.
fn counted(audio: Span<'_>, frame: &Frame) -> Result<Option<u64>, Stop> {
    let xing = audio.from(frame.xing());
    let (frames, added) = match &xing.array(0)? {
        b"Xing" | b"Info" if xing.u8(7)? & 1 == 1 => (xing.be32(8)?, added(xing)?),
        _ if audio.array(VBRI)? == *b"VBRI" => (audio.be32(VBRI + 14)?, 0),
        _ => (0, 0),
    };
    let samples = (u64::from(frames) * u64::from(frame.samples)).saturating_sub(added);
    Ok(Some(samples).filter(|samples| *samples != 0))
}

fn added(xing: Span<'_>) -> Result<u64, Stop> {
    if xing.be32(4)? != COMPLETE || !matches!(&xing.array(LAME)?, b"LAME" | b"Lavc" | b"Lavf") {
        return Ok(0);
    }
    // 12 bits for each end.
    let [a, b, c] = xing.array(ADDED)?.map(u64::from);
    Ok((a << 4 | b >> 4) + ((b & 0xf) << 8 | c))
}
