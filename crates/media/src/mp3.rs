//! Reads MP3: its frames, and the number of them that encoders store in the first one.

use runcomfy_schema::MediaKind;

use crate::span::Span;
use crate::sparse::Stop;
use crate::witness::agree;
use crate::{Facts, tags};

mod count;
mod frame;

use count::Count;
use frame::{Frame, UNKNOWN};

/// Number of frames of which the bit rates are read at the start: all that the first read of a file
/// behind a URL can have.
const SAMPLED_FRAMES: u32 = 512;
/// Number of frames at later positions, where the first frame must be searched.
const SAMPLED_FRAMES_LATER: u32 = 3;
/// Number of bytes in which a frame is searched: more than the longest frame.
const SEARCH_BYTES: u64 = 2048;
/// Maximum number of bytes of padding or other data between a tag and the first frame.
const MAX_PADDING: u64 = 4096;
/// Number of later positions whose bit rates are read to find that they vary, or to find the mean: in
/// a file behind a URL, and in a local one that is too large to be read to its end.
const POSITIONS: (u64, u64) = (2, 16);
const POSITIONS_FOR_MEAN: (u64, u64) = (4, 16);

const BY_COUNT: &str = "by the number of frames in its header";
const BY_FRAMES: &str = "by its frames";
const BY_RATE: &str = "by its bit rate";

pub(crate) fn read(span: Span<'_>, facts: &mut Facts) -> Result<(), Stop> {
    let start = match first_frame(span) {
        Err(stop) if stop == UNKNOWN && frame::is_of_free_format(span)? => {
            report_kind(facts);
            facts.note("the MP3 has a bit rate of its own, and its duration is not stored");
            return Ok(());
        }
        start => start?,
    };
    let audio = span.from(start);
    let first = Frame::at(audio, 0)?;
    report_kind(facts);
    let count = Count::parse(audio, &first)?;
    let Some(length) = audio.known_len() else {
        match count {
            Some(count) => facts.doubt_duration(
                (count.seconds(&first), BY_COUNT),
                "the size of the file is unknown",
            ),
            None => facts.note("the MP3 has no count of its frames, and its size is unknown"),
        }
        return Ok(());
    };
    if audio.is_affordable() {
        audio.part(0, length).require()?;
        let length = tags::without_trailing(audio, length)?;
        Walk::all(audio, length)?.report(count.as_ref(), &first, facts);
        return Ok(());
    }
    match count {
        Some(count) => count_confirmed(audio, &first, &count, length, facts),
        None => constant(audio, &first, length, facts),
    }
}

fn report_kind(facts: &mut Facts) {
    facts.kind = Some(MediaKind::Audio);
    facts.format = Some("mp3");
}

/// Returns `true` if the last frame of `length` bytes is not whole.
pub(crate) fn is_cut(span: Span<'_>, length: u64) -> Result<bool, Stop> {
    let tail = length.min(2 * SEARCH_BYTES);
    span.part(length - tail, tail).require()?;
    for start in length - tail..length {
        if span.u8(start)? != 0xff || Frame::run(span, start, 2) != Ok(true) {
            continue;
        }
        let first = Frame::at(span, start)?;
        let mut at = start;
        while let Ok(frame) = Frame::at(span, at)
            && first.matches(&frame)
        {
            at += frame.length;
        }
        // A frame continues after the end, or its header does.
        let is_in_header = (1..4).contains(&length.saturating_sub(at)) && span.u8(at) == Ok(0xff);
        return Ok(at > length || is_in_header);
    }
    Ok(false)
}

/// Returns the position of the first frame, which padding may precede.
fn first_frame(span: Span<'_>) -> Result<u64, Stop> {
    let mut padded = true;
    for at in 0..MAX_PADDING {
        let byte = match span.u8(at) {
            Err(Stop::End) if at > 0 => return Err(UNKNOWN),
            byte => byte?,
        };
        // Any data may have the two bytes of a frame. A second frame directly after it is no
        // accident; after other data, a third one.
        if byte == 0xff {
            match Frame::run(span, at, if padded { 2 } else { 3 }) {
                Ok(true) => return Ok(at),
                Ok(false) | Err(Stop::End) => {}
                Err(Stop::Hole(hole)) => return Err(Stop::Hole(hole)),
                // AAC is named, unless it is part of other data.
                Err(stop) if padded && stop != UNKNOWN => return Err(stop),
                Err(Stop::Unreadable(_)) => {}
            }
        }
        padded &= byte == 0;
    }
    Err(UNKNOWN)
}

/// All frames of a file.
#[derive(Default)]
struct Walk {
    /// Duration of the frames with other sample rates than the last one, in seconds.
    before: f64,
    /// Number of samples at the last sample rate.
    samples: u64,
    rate: u32,
    /// Number of frames that contain counts instead of audio. Joined pieces have several.
    counts: u32,
    /// Number of bytes that are neither frames nor tags.
    other: u64,
}

impl Walk {
    /// Reads the header of each frame in `length` bytes.
    fn all(audio: Span<'_>, length: u64) -> Result<Self, Stop> {
        let audio = audio.part(0, length);
        let mut walk = Self::default();
        let mut at = 0;
        let mut last: Option<Frame> = None;
        while at < length {
            let is_next = match (Frame::at(audio, at), &last) {
                (Ok(frame), Some(last)) if last.matches(&frame) => Some(frame),
                (Ok(frame), _) => Frame::run(audio, at, 2).unwrap_or(false).then_some(frame),
                (Err(Stop::Hole(hole)), _) => return Err(Stop::Hole(hole)),
                (Err(_), _) => None,
            };
            let Some(frame) = is_next else {
                let tag = tags::first(audio.from(at)).ok().flatten();
                // A tag of the first version between joined pieces.
                let tag = tag.or_else(|| (audio.array(at) == Ok(*b"TAG")).then_some(128));
                walk.other += u64::from(tag.is_none());
                at += tag.unwrap_or(1);
                last = None;
                continue;
            };
            if Count::is_in(audio.from(at), &frame) {
                walk.counts += 1;
            } else if at + frame.length <= length {
                walk.add(&frame);
            }
            at += frame.length;
            last = Some(frame);
        }
        Ok(walk)
    }

    fn add(&mut self, frame: &Frame) {
        if self.rate != frame.rate {
            self.before = self.seconds();
            (self.samples, self.rate) = (0, frame.rate);
        }
        self.samples += u64::from(frame.samples);
    }

    fn seconds(&self) -> f64 {
        self.before + self.samples as f64 / f64::from(self.rate.max(1))
    }

    /// Reports the duration, if the number of frames in the header agrees.
    fn report(&self, count: Option<&Count>, first: &Frame, facts: &mut Facts) {
        match count {
            Some(count) => {
                // The frames contain the samples that the encoder added at both ends.
                let added = count.with_added(first) - count.seconds(first);
                let played = (self.seconds() - added).max(0.0);
                // The last frame may be cut off.
                let claimed = count.seconds(first);
                let near = (played - claimed).abs() <= 2.0 * first.seconds();
                let played = if near { claimed } else { played };
                facts.confirm_duration((claimed, BY_COUNT), (played, BY_FRAMES));
            }
            None if self.other < SEARCH_BYTES => facts.duration_seconds = Some(self.seconds()),
            None => facts.doubt_duration(
                (self.seconds(), BY_FRAMES),
                "it has other data between them",
            ),
        }
    }
}

/// The lowest and the highest bit rate of the frames that were read.
#[derive(Clone, Copy)]
struct Rates {
    lowest: u32,
    highest: u32,
}

impl Rates {
    /// Reads the bit rates of up to `count` frames at the start of `span`, as far as it is available.
    fn at(span: Span<'_>, first: &Frame, count: u32) -> Result<Option<Self>, Stop> {
        let mut rates: Option<Self> = None;
        let mut at = 0;
        for _ in 0..count {
            match (Frame::at(span, at), rates) {
                (Ok(frame), _) if first.matches(&frame) => {
                    // A count is no audio.
                    if !Count::is_in(span.from(at), &frame) {
                        let one = Self {
                            lowest: frame.bit_rate,
                            highest: frame.bit_rate,
                        };
                        rates = Some(rates.map_or(one, |rates| rates.with(one)));
                    }
                    at += frame.length;
                }
                (Err(Stop::Hole(hole)), None) => return Err(Stop::Hole(hole)),
                _ => break,
            }
        }
        Ok(rates)
    }

    /// Reads the bit rates of a few frames, of which the first is searched.
    fn near(span: Span<'_>, first: &Frame) -> Result<Option<Self>, Stop> {
        // All bytes are requested in one read.
        let span = span.part(
            0,
            span.known_len().unwrap_or_default().min(2 * SEARCH_BYTES),
        );
        span.require()?;
        for at in 0..SEARCH_BYTES.min(span.len()) {
            let is_frame = span.u8(at) == Ok(0xff)
                && Frame::at(span, at).is_ok_and(|frame| first.matches(&frame))
                && Frame::run(span, at, 2) == Ok(true);
            if is_frame {
                return Self::at(span.from(at), first, SAMPLED_FRAMES_LATER);
            }
        }
        Ok(None)
    }

    fn with(self, other: Self) -> Self {
        Self {
            lowest: self.lowest.min(other.lowest),
            highest: self.highest.max(other.highest),
        }
    }

    /// Returns the bit rate that is nearest to the mean.
    fn nearest(self, mean: f64) -> f64 {
        mean.clamp(self.lowest.into(), self.highest.into())
    }

    fn are_constant(self) -> bool {
        self.lowest == self.highest
    }

    /// Returns `true` if the mean bit rate can be this one.
    fn contain(self, mean: f64) -> bool {
        (f64::from(self.lowest) * 0.98..=f64::from(self.highest) * 1.02).contains(&mean)
    }
}

/// Returns the length of the audio without the tags at its end, and requests its last frames in the
/// same read.
fn without_tags(audio: Span<'_>, length: u64) -> Result<u64, Stop> {
    let tail = length.min(2 * SEARCH_BYTES);
    audio.part(length - tail, tail).require()?;
    tags::without_trailing(audio, length)
}

/// Returns positions in the middle of `length` bytes and near their end.
fn positions(audio: Span<'_>, length: u64, (far, local): (u64, u64)) -> impl Iterator<Item = u64> {
    let count = if audio.is_local() { local } else { far };
    let last = length.saturating_sub(2 * SEARCH_BYTES);
    (1..=count).map(move |index| last / count * index)
}

/// Reports the duration by the number of frames in the header, if the length of the file and the bit
/// rates agree.
fn count_confirmed(
    audio: Span<'_>,
    first: &Frame,
    count: &Count,
    length: u64,
    facts: &mut Facts,
) -> Result<(), Stop> {
    let seconds = count.with_added(first);
    let by_bytes = |length: u64| {
        count
            .bytes
            .map(|bytes| seconds * length as f64 / f64::from(bytes))
    };
    // Some encoders do not count the first frame.
    let is_near = |by: f64| agree(seconds, by) || (seconds - by).abs() <= 2.0 * first.seconds();
    let mut length = length;
    if !by_bytes(length).is_some_and(is_near) {
        length = without_tags(audio, length)?;
    }
    if let Some(by) = by_bytes(length).filter(|by| !is_near(*by)) {
        facts.confirm_duration((seconds, BY_COUNT), (by, "by the length of the file"));
        return Ok(());
    }
    let audio_length = length.saturating_sub(first.length);
    let mean = audio_length as f64 * 8.0 / seconds;
    let by_rates = |rates: Rates| audio_length as f64 * 8.0 / rates.nearest(mean);
    // Where the bit rate varies, no few frames have its mean. The header's number of bytes is then the
    // witness of the number of frames beside it.
    let is_confirmed = |rates: Rates| {
        let has_bytes = count.bytes.is_some() && first.can_have(mean);
        is_near(by_rates(rates)) || !rates.are_constant() && (has_bytes || rates.contain(mean))
    };
    let mut rates = Rates::at(audio, first, SAMPLED_FRAMES)?;
    for position in positions(audio, length, POSITIONS_FOR_MEAN) {
        if rates.is_some_and(is_confirmed) {
            break;
        }
        if let Some(later) = Rates::near(audio.from(position), first)? {
            rates = Some(rates.map_or(later, |rates| rates.with(later)));
        }
    }
    match rates {
        Some(rates) if is_confirmed(rates) => facts.duration_seconds = Some(count.seconds(first)),
        Some(rates) => {
            facts.doubt_duration_between((seconds, BY_COUNT), (by_rates(rates), BY_RATE));
        }
        None => facts.doubt_duration((seconds, BY_COUNT), "no frame was found to confirm it"),
    }
    Ok(())
}

/// Reports the duration by the bit rate, if it is constant. A recording may begin with seconds of
/// silence, so later positions are read too.
fn constant(audio: Span<'_>, first: &Frame, length: u64, facts: &mut Facts) -> Result<(), Stop> {
    let mut rates = Rates::at(audio, first, SAMPLED_FRAMES)?;
    let is_constant = |rates: Option<Rates>| rates.is_some_and(Rates::are_constant);
    let length = if is_constant(rates) {
        without_tags(audio, length)?
    } else {
        length
    };
    for position in positions(audio, length, POSITIONS) {
        let Some(before) = rates.filter(|rates| rates.are_constant()) else {
            break;
        };
        rates = Rates::near(audio.from(position), first)?.map(|later| before.with(later));
    }
    match rates {
        Some(rates) if rates.are_constant() => {
            facts.duration_seconds = Some(length as f64 * 8.0 / f64::from(rates.lowest));
        }
        _ => facts.note("the MP3 has no count of its frames, and its bit rate varies"),
    }
    Ok(())
}
