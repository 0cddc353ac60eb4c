//! MP3: the first frame, and the count of frames that encoders put into it.

use runcomfy_schema::MediaKind;

use crate::Facts;
use crate::span::Span;
use crate::sparse::Stop;

/// Frames of the same bit rate in a row before it is taken for that of the whole.
const ALIKE: u64 = 32;
/// The same at later places, where the first frame must be searched for.
const ALIKE_LATER: u64 = 3;
/// How far it is searched for: more than the longest frame.
const SEARCHED: u64 = 2048;
const UNKNOWN: Stop = Stop::Odd("not a medium of a known format");
/// Padding between a tag and the first frame that is looked through.
const PADDING: u64 = 4096;

pub(crate) fn read(span: Span<'_>, facts: &mut Facts) -> Result<(), Stop> {
    let audio = span.from(first_frame(span)?);
    let frame = Frame::at(audio, 0)?;
    // Two bytes are soon found in anything; a second frame right behind the first is no chance.
    let next = Frame::at(audio, frame.length)?;
    if !frame.goes_with(&next) {
        return Err(UNKNOWN);
    }
    facts.kind = Some(MediaKind::Audio);
    facts.format = Some("mp3");
    if let Some(samples) = counted(audio, &frame)? {
        facts.duration_seconds = Some(samples as f64 / f64::from(frame.rate));
        return Ok(());
    }
    let Some(length) = audio.known_len() else {
        facts.note("the MP3 has no count of its frames, and its size is not known");
        return Ok(());
    };
    if is_constant(audio, &frame, length)? {
        // A tag behind the sound, mostly of 128 bytes, counts for some milliseconds.
        facts.duration_seconds = Some(length as f64 * 8.0 / f64::from(frame.bits_a_second));
    } else {
        facts.note("the MP3 has no count of its frames, and they differ in length");
    }
    Ok(())
}

/// Whether the bit rate is the same all along. A recording may begin with seconds of silence, so
/// later places are looked at too.
fn is_constant(audio: Span<'_>, frame: &Frame, length: u64) -> Result<bool, Stop> {
    if !alike(audio, frame, ALIKE, length)? {
        return Ok(false);
    }
    let alike_at_end = ALIKE * frame.length >= length;
    for place in [length / 2, length / 8 * 7] {
        if !alike_at_end && !alike_near(audio.part(place, length - place), frame)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether so many frames in a row, or all up to the end, have the bit rate of this one.
fn alike(audio: Span<'_>, frame: &Frame, count: u64, length: u64) -> Result<bool, Stop> {
    let mut at = 0;
    for _ in 0..count {
        match Frame::at(audio, at) {
            Ok(next) if next.bits_a_second == frame.bits_a_second && frame.goes_with(&next) => {
                at += next.length;
            }
            Err(Stop::Hole(hole)) => return Err(Stop::Hole(hole)),
            // The end of a short sound, and what stands behind it.
            Ok(_) | Err(_) => return Ok(length.saturating_sub(at) < SEARCHED),
        }
    }
    Ok(true)
}

/// The same from the first frame on that is found in this stretch.
fn alike_near(stretch: Span<'_>, frame: &Frame) -> Result<bool, Stop> {
    // One read for all of it.
    stretch.part(0, 2 * SEARCHED).need()?;
    for at in 0..SEARCHED {
        if stretch.u8(at) == Ok(0xff) && alike(stretch.from(at), frame, ALIKE_LATER, u64::MAX)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Zeros may stand before the first frame.
fn first_frame(span: Span<'_>) -> Result<u64, Stop> {
    for at in 0..PADDING {
        if span.u8(at)? != 0 {
            return Ok(at);
        }
    }
    Err(Stop::Odd("no frame of an MP3 where it should begin"))
}

/// A frame's header.
struct Frame {
    first_version: bool,
    mono: bool,
    rate: u32,
    bits_a_second: u32,
    samples: u32,
    /// In bytes, with the header.
    length: u64,
}

/// Kilobits a second by the header's index; of index 0 and 15 the length is not known.
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
            return Err(Stop::Odd("AAC without a container, which is not read"));
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
        // Layer III only; the other two are hardly found outside of broadcasts.
        let (Some(kilobits), Some(base), 1) = (kilobits, base, kind >> 1 & 3) else {
            return Err(UNKNOWN);
        };
        let rate: u32 = base >> halvings;
        let bits_a_second = kilobits * 1000;
        let samples = if first_version { 1152 } else { 576 };
        let padding = u32::from(numbers >> 1 & 1);
        Ok(Self {
            first_version,
            mono: channels >> 6 == 3,
            rate,
            bits_a_second,
            samples,
            length: (samples / 8 * bits_a_second / rate + padding).into(),
        })
    }

    /// Whether both can be of one sound.
    fn goes_with(&self, next: &Self) -> bool {
        (self.rate, self.samples) == (next.rate, next.samples)
    }

    /// Where Xing's and LAME's header stands: behind the frame's side information.
    fn xing(&self) -> u64 {
        4 + match (self.first_version, self.mono) {
            (true, false) => 32,
            (true, true) | (false, false) => 17,
            (false, true) => 9,
        }
    }
}

/// Where Fraunhofer's header stands.
const VBRI: u64 = 36;

/// What Xing's header holds when it is whole: counts of frames and bytes, a table, a quality.
const WHOLE: u32 = 0xf;
/// Where LAME's own part begins in a whole one, and where it tells the samples that its encoding
/// has added at both ends.
const LAME: u64 = 120;
const ADDED: u64 = 141;

/// How many samples there are, where the first frame counts the others instead of having sound.
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
    if xing.be32(4)? != WHOLE || !matches!(&xing.array(LAME)?, b"LAME" | b"Lavc" | b"Lavf") {
        return Ok(0);
    }
    // Twelve bits for each end.
    let [a, b, c] = xing.array(ADDED)?.map(u64::from);
    Ok((a << 4 | b >> 4) + ((b & 0xf) << 8 | c))
}
