//! Reads WebM and Matroska: the segment's information and tracks.

use runcomfy_schema::MediaKind;

use crate::ebml::{Element, Elements};
use crate::span::Span;
use crate::sparse::Stop;
use crate::{Facts, orientation};

const SEGMENT: u32 = 0x1853_8067;
const CLUSTER: u32 = 0x1f43_b675;
const INFO: u32 = 0x1549_a966;
const TRACKS: u32 = 0x1654_ae6b;
const BLOCK_GROUP: u32 = 0xa0;
const BLOCK: u32 = 0xa1;
const SIMPLE_BLOCK: u32 = 0xa3;

/// Number of nanoseconds in a second.
const NANOSECONDS: f64 = 1e9;

pub(crate) fn read(span: Span<'_>, facts: &mut Facts) -> Result<(), Stop> {
    let mut top = Elements::new(span);
    let Some(header) = top.next()? else {
        return Err(Stop::End);
    };
    facts.format = Some(doc_type(&header)?);
    let Some(segment) = top.next()?.filter(|element| element.id == SEGMENT) else {
        return Err(Stop::Unreadable("no segment follows its header"));
    };
    let mut elements = Elements::new(segment.body);
    let (mut info, mut tracks) = (None, false);
    while info.is_none() || !tracks {
        let Some(element) = elements.next()? else {
            return Err(Stop::Unreadable("it does not describe its tracks"));
        };
        match element.id {
            INFO if info.is_none() => info = Some(Info::parse(&element)?),
            TRACKS if !tracks => {
                tracks = true;
                Track::main(&element)?.report(facts);
            }
            CLUSTER => return Err(Stop::Unreadable("its description follows its frames")),
            _ => {}
        }
    }
    info.unwrap_or_default().report(&segment, facts)
}

fn doc_type(header: &Element<'_>) -> Result<&'static str, Stop> {
    let mut elements = Elements::new(header.body);
    while let Some(element) = elements.next()? {
        if element.id == 0x4282 {
            return match &element.text()? {
                b"webm\0\0\0\0\0" => Ok("webm"),
                b"matroska\0" => Ok("mkv"),
                _ => Err(Stop::Unreadable("EBML of an unsupported type")),
            };
        }
    }
    Err(Stop::Unreadable("EBML without a type"))
}

/// The duration by the segment's information.
#[derive(Default)]
struct Info {
    /// Number of nanoseconds in a unit.
    scale: u64,
    units: Option<f64>,
}

impl Info {
    fn parse(info: &Element<'_>) -> Result<Self, Stop> {
        let mut found = Self {
            scale: 1_000_000,
            units: None,
        };
        let mut elements = Elements::new(info.body);
        while let Some(element) = elements.next()? {
            match element.id {
                0x2a_d7b1 => found.scale = element.uint()?,
                0x4489 => found.units = Some(element.float()?),
                _ => {}
            }
        }
        Ok(found)
    }

    /// Reports the duration, if the length of the segment and the times of its frames agree. In a file
    /// that is too large to be read to its end only the length is compared.
    fn report(&self, segment: &Element<'_>, facts: &mut Facts) -> Result<(), Stop> {
        let seconds = |units: f64| units * self.scale as f64 / NANOSECONDS;
        let claimed = self.units.map(seconds);
        let claimed = claimed.filter(|seconds| seconds.is_finite() && *seconds > 0.0);
        let Some(claimed) = claimed else {
            facts.note("its header has no duration, as in a live recording");
            return Ok(());
        };
        let by_header = (claimed, "by its header");
        if segment.body.is_cut() {
            facts.doubt_duration(by_header, "the file is cut off");
            return Ok(());
        }
        if !segment.body.is_affordable() {
            facts.duration_seconds = Some(claimed);
            return Ok(());
        }
        let length = segment.body.known_len().unwrap_or_default();
        segment.body.part(0, length).require()?;
        let frames = Frames::read(segment.body)?;
        let (last, each) = (seconds(frames.last), seconds(frames.each));
        // The header has the end of the last frame, and the frames have only their starts.
        if (last - TOLERANCE..=last + 2.0 * each + TOLERANCE).contains(&claimed) {
            facts.duration_seconds = Some(claimed);
        } else {
            facts.doubt_duration_between(by_header, (last + each, "by the times of its frames"));
        }
        Ok(())
    }
}

/// Tolerance in seconds, for the frames of audio that a decoder drops at the end.
const TOLERANCE: f64 = 0.1;

/// Maximum number of tracks whose frames are compared.
const MAX_TRACKS: usize = 64;

/// The times of the frames, in the segment's units.
#[derive(Default)]
struct Frames {
    /// Time of the last frame.
    last: f64,
    /// Longest duration of a frame, as far as it is known.
    each: f64,
}

impl Frames {
    fn read(segment: Span<'_>) -> Result<Self, Stop> {
        let mut frames = Self::default();
        let mut cluster = 0_i64;
        let mut before = [None; MAX_TRACKS];
        let mut elements = Elements::new(segment);
        loop {
            let element = match elements.next() {
                Ok(Some(element)) => element,
                Err(Stop::Hole(hole)) => return Err(Stop::Hole(hole)),
                Ok(None) | Err(_) => return Ok(frames),
            };
            match element.id {
                CLUSTER | BLOCK_GROUP => elements.enter(&element),
                0xe7 => cluster = i64::try_from(element.uint()?).unwrap_or(i64::MAX),
                // The duration of a block.
                0x9b => frames.each = frames.each.max(element.uint()? as f64),
                BLOCK | SIMPLE_BLOCK => {
                    let (track, relative) = block(&element)?;
                    let time = cluster.saturating_add(relative.into());
                    let before = before
                        .get_mut(track)
                        .and_then(|before| before.replace(time));
                    if let Some(before) = before {
                        frames.each = frames.each.max(time.saturating_sub(before) as f64);
                    }
                    frames.last = frames.last.max(time as f64);
                }
                _ => {}
            }
        }
    }
}

/// Returns the number of the track of a block, and the block's time in its cluster.
fn block(element: &Element<'_>) -> Result<(usize, i16), Stop> {
    let [first, second, third, fourth] = element.body.array(0)?;
    // The number of the track has one byte in nearly all files.
    Ok(if first & 0x80 == 0 {
        (usize::MAX, i16::from_be_bytes([third, fourth]))
    } else {
        (
            usize::from(first & 0x7f),
            i16::from_be_bytes([second, third]),
        )
    })
}

/// The content of a track.
#[derive(Default)]
struct Track {
    /// [`VIDEO`], [`AUDIO`] or another kind.
    kind: u64,
    codec: Option<&'static str>,
    dimensions: Option<(u32, u32)>,
    orientation: Option<u8>,
    frame_rate: Option<f64>,
}

const VIDEO: u64 = 1;
const AUDIO: u64 = 2;

impl Track {
    /// Returns the first video track, else the first audio track.
    fn main(tracks: &Element<'_>) -> Result<Self, Stop> {
        let mut audio = None;
        let mut elements = Elements::new(tracks.body);
        while let Some(element) = elements.next()? {
            if element.id != 0xae {
                continue;
            }
            match Self::parse(&element)? {
                track if track.kind == VIDEO => return Ok(track),
                track if track.kind == AUDIO && audio.is_none() => audio = Some(track),
                _ => {}
            }
        }
        Ok(audio.unwrap_or_default())
    }

    fn parse(entry: &Element<'_>) -> Result<Self, Stop> {
        let mut track = Self::default();
        let mut elements = Elements::new(entry.body);
        while let Some(element) = elements.next()? {
            match element.id {
                0x83 => track.kind = element.uint()?,
                0x86 => track.codec = codec(&element.text()?),
                0x23_e383 => {
                    let each = element.uint()?;
                    track.frame_rate = (each != 0).then(|| NANOSECONDS / each as f64);
                }
                0xe0 => track.video(&element)?,
                _ => {}
            }
        }
        Ok(track)
    }

    fn video(&mut self, video: &Element<'_>) -> Result<(), Stop> {
        let (mut width, mut height) = (0, 0);
        self.orientation = Some(1);
        let mut elements = Elements::new(video.body);
        while let Some(element) = elements.next()? {
            match element.id {
                0xb0 => width = u32::try_from(element.uint()?).unwrap_or(0),
                0xba => height = u32::try_from(element.uint()?).unwrap_or(0),
                0x7670 => self.orientation = orientation(&element)?,
                _ => {}
            }
        }
        self.dimensions = (width != 0 && height != 0).then_some((width, height));
        Ok(())
    }

    fn report(self, facts: &mut Facts) {
        match self.kind {
            VIDEO => {
                facts.kind = Some(MediaKind::Video);
                facts.orientation = self.orientation;
                facts.frame_rate = self.frame_rate;
                (facts.width, facts.height) = self.dimensions.unzip();
                if self.dimensions.is_none() {
                    facts.note("its video track has no dimensions");
                }
                if self.orientation.is_none() {
                    facts.note("its rotation is not a multiple of 90 degrees");
                }
            }
            AUDIO => facts.kind = Some(MediaKind::Audio),
            _ => facts.note("it has neither a video track nor an audio track"),
        }
        facts.codec = self.codec;
    }
}

/// Returns the orientation of a flat projection, whose roll is in degrees counterclockwise.
fn orientation(projection: &Element<'_>) -> Result<Option<u8>, Stop> {
    let (mut roll, mut flat) = (0.0, true);
    let mut elements = Elements::new(projection.body);
    while let Some(element) = elements.next()? {
        match element.id {
            0x7671 => flat &= element.uint()? == 0,
            0x7673 | 0x7674 => flat &= element.float()? == 0.0,
            0x7675 => roll = element.float()?,
            _ => {}
        }
    }
    let quarters = [0.0, 90.0, 180.0, 270.0];
    let near = |angle: &f64| (f64::rem_euclid(roll, 360.0) - angle).abs() < 0.01;
    let turn = quarters.iter().position(near).filter(|_| flat);
    Ok(turn.map(|quarters| orientation::QUARTERS[quarters].exif()))
}

/// Returns the family of a codec by its id, which a profile may follow.
fn codec(id: &[u8; 16]) -> Option<&'static str> {
    let known: &[(&[u8], &str)] = &[
        (b"V_VP8", "vp8"),
        (b"V_VP9", "vp9"),
        (b"V_AV1", "av1"),
        (b"V_MPEG4/ISO/AVC", "h264"),
        (b"V_MPEGH/ISO/HEVC", "hevc"),
        (b"V_MPEG4/ISO/", "mpeg4"),
        (b"V_PRORES", "prores"),
        (b"V_MJPEG", "mjpeg"),
        (b"A_OPUS", "opus"),
        (b"A_VORBIS", "vorbis"),
        (b"A_AAC", "aac"),
        (b"A_MPEG/L3", "mp3"),
        (b"A_FLAC", "flac"),
        (b"A_AC3", "ac3"),
        (b"A_EAC3", "eac3"),
        (b"A_PCM", "pcm"),
    ];
    let known = known.iter().find(|(name, _)| id.starts_with(name));
    known.map(|(_, codec)| *codec)
}
