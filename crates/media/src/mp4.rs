//! Reads MP4, MOV and M4A: the movie's header and its tracks, without their tables.

use runcomfy_schema::MediaKind;

use crate::Facts;
use crate::boxes::Boxes;
use crate::orientation::Turn;
use crate::span::Span;
use crate::sparse::Stop;

/// Returns `true` if a file without brands begins with a QuickTime box.
pub(crate) fn begins(head: &[u8; 16]) -> bool {
    match &head[4..8] {
        b"moov" | b"mdat" => true,
        // These four bytes are English words too; as boxes they are short.
        b"wide" | b"free" | b"skip" | b"pnot" => head[0] == 0,
        _ => false,
    }
}

pub(crate) fn read(span: Span<'_>, facts: &mut Facts) -> Result<(), Stop> {
    let Some(moov) = Boxes::new(span).find(*b"moov")? else {
        return Err(Stop::Unreadable("it has no movie header"));
    };
    let mut movie = Movie {
        is_audio: facts.kind == Some(MediaKind::Audio),
        ..Movie::default()
    };
    let walked = movie.walk(moov);
    movie.report(walked.is_ok(), facts);
    walked
}

/// The content of the movie box.
#[derive(Default)]
struct Movie {
    /// `true` if the brand is one of audio; a video track is its cover then.
    is_audio: bool,
    header: Option<Header>,
    video: Option<Track>,
    audio: Option<Track>,
    /// `true` if the rest of the movie follows in fragments.
    fragmented: bool,
    /// Duration of all fragments together, in the movie's units.
    total: Option<u64>,
}

struct Header {
    clock: Clock,
    turn: Option<Turn>,
}

/// A duration in units of `1 / scale` seconds.
#[derive(Clone, Copy, Default)]
struct Clock {
    scale: u32,
    duration: Option<u64>,
}

impl Clock {
    fn seconds(self, units: u64) -> Option<f64> {
        (self.scale != 0 && units != 0).then(|| units as f64 / f64::from(self.scale))
    }

    fn duration(self) -> Option<f64> {
        self.seconds(self.duration?)
    }

    /// Reads `mvhd` or `mdhd`, which begin alike, and returns the position after the clock.
    fn parse(body: Span<'_>) -> Result<(Self, u64), Stop> {
        // All bits are set if the duration was unknown when the header was written.
        Ok(if body.u8(0)? == 1 {
            let duration = Some(body.be64(24)?).filter(|units| *units != u64::MAX);
            let scale = body.be32(20)?;
            (Self { scale, duration }, 32)
        } else {
            let duration = Some(body.be32(16)?).filter(|units| *units != u32::MAX);
            let (scale, duration) = (body.be32(12)?, duration.map(u64::from));
            (Self { scale, duration }, 20)
        })
    }
}

impl Movie {
    fn walk(&mut self, moov: Span<'_>) -> Result<(), Stop> {
        let mut boxes = Boxes::new(moov);
        while let Some(part) = boxes.next()? {
            match &part.kind {
                b"mvhd" if self.header.is_none() => {
                    let (clock, end) = Clock::parse(part.body)?;
                    let turn = matrix(part.body, end + 16)?;
                    self.header = Some(Header { clock, turn });
                }
                // Once the video track is found, other tracks add nothing.
                b"trak" if self.video.is_none() => match Track::parse(part.body)? {
                    Some(track) if !track.is_video => {
                        self.audio.get_or_insert(track);
                    }
                    Some(track) if !self.is_audio => self.video = Some(track),
                    _ => {}
                },
                b"mvex" => {
                    self.fragmented = true;
                    if let Some(mehd) = Boxes::new(part.body).find(*b"mehd")? {
                        self.total = Some(if mehd.u8(0)? == 1 {
                            mehd.be64(4)?
                        } else {
                            mehd.be32(4)?.into()
                        });
                    }
                }
                b"cmov" => return Err(Stop::Unreadable("its movie header is compressed")),
                _ => {}
            }
        }
        Ok(())
    }

    /// Reports the certain facts; some are certain only once the whole box is read.
    fn report(self, walked: bool, facts: &mut Facts) {
        let duration = if walked { self.duration(facts) } else { None };
        match (self.video, self.audio) {
            (Some(video), _) => {
                facts.kind = Some(MediaKind::Video);
                facts.codec = video.codec;
                facts.frame_rate = video.frame_rate;
                if let Some((width, height)) = video.dimensions {
                    facts.width = Some(width);
                    facts.height = Some(height);
                } else {
                    facts.note("its video track has no dimensions");
                }
                if let Some(header) = &self.header {
                    let turn = video.turn.zip(header.turn);
                    facts.orientation = turn.map(|(first, then)| first.then(then).exif());
                    if turn.is_none() {
                        facts.note("its rotation is not a multiple of 90 degrees");
                    }
                }
            }
            (None, Some(audio)) if walked || self.is_audio => {
                facts.kind = Some(MediaKind::Audio);
                facts.codec = audio.codec;
            }
            (None, None) if walked => {
                facts.note("it has neither a video track nor an audio track");
            }
            _ => {}
        }
        facts.duration_seconds = duration;
    }

    fn duration(&self, facts: &mut Facts) -> Option<f64> {
        let clock = self.header.as_ref().map(|header| header.clock);
        let duration = if self.fragmented {
            // The header's duration is only that before the first fragment.
            clock.unwrap_or_default().seconds(self.total.unwrap_or(0))
        } else {
            let track = self.video.as_ref().or(self.audio.as_ref());
            let total = clock.and_then(Clock::duration);
            total.or_else(|| track.and_then(|track| track.clock.duration()))
        };
        if duration.is_none() && self.fragmented {
            facts.note("it is fragmented, and its header has no duration");
        } else if duration.is_none() {
            facts.note("its header has no duration");
        }
        duration
    }
}

/// The content of a track.
#[derive(Default)]
struct Track {
    is_video: bool,
    turn: Option<Turn>,
    clock: Clock,
    codec: Option<&'static str>,
    dimensions: Option<(u32, u32)>,
    frame_rate: Option<f64>,
}

impl Track {
    /// Returns `None` for a track that is neither video nor audio.
    fn parse(trak: Span<'_>) -> Result<Option<Self>, Stop> {
        let mut boxes = Boxes::new(trak);
        let (mut turn, mut media) = (None, None);
        // Nothing after these two is needed, and it may follow large tables.
        while turn.is_none() || media.is_none() {
            let Some(part) = boxes.next()? else { break };
            match &part.kind {
                b"tkhd" => {
                    let start = if part.body.u8(0)? == 1 { 52 } else { 40 };
                    turn = Some(matrix(part.body, start)?);
                }
                b"mdia" => media = Some(Self::parse_media(part.body)?),
                _ => {}
            }
        }
        Ok(media.flatten().map(|track| Self {
            turn: turn.flatten(),
            ..track
        }))
    }

    fn parse_media(mdia: Span<'_>) -> Result<Option<Self>, Stop> {
        let mut boxes = Boxes::new(mdia);
        let mut track = Self::default();
        let mut known = false;
        while let Some(part) = boxes.next()? {
            match &part.kind {
                b"mdhd" => (track.clock, _) = Clock::parse(part.body)?,
                b"hdlr" => match &part.body.array(8)? {
                    b"vide" => (track.is_video, known) = (true, true),
                    b"soun" => known = true,
                    _ => return Ok(None),
                },
                b"minf" if known => {
                    if let Some(tables) = Boxes::new(part.body).find(*b"stbl")? {
                        track.read_samples(tables)?;
                    }
                    return Ok(Some(track));
                }
                _ => {}
            }
        }
        Ok(known.then_some(track))
    }

    /// Reads the description of the samples, and their rate if its bytes are available.
    fn read_samples(&mut self, tables: Span<'_>) -> Result<(), Stop> {
        let mut boxes = Boxes::new(tables);
        let Some(descriptions) = boxes.find(*b"stsd")? else {
            return Ok(());
        };
        if let Some(entry) = Boxes::new(descriptions.from(8)).next()? {
            self.codec = match codec(entry.kind, entry.body) {
                Err(Stop::Hole(hole)) => return Err(Stop::Hole(hole)),
                named => named.unwrap_or_default(),
            };
            if self.is_video {
                let (width, height) = (entry.body.be16(24)?, entry.body.be16(26)?);
                let dimensions = (u32::from(width), u32::from(height));
                self.dimensions =
                    Some(dimensions).filter(|(width, height)| *width != 0 && *height != 0);
            }
        }
        // The table of times follows directly in nearly all files; it is not worth a read of its own.
        if self.is_video
            && let Ok(Some(times)) = boxes.next()
            && times.kind == *b"stts"
        {
            self.frame_rate = frame_rate(times.body, self.clock.scale).ok().flatten();
        }
        Ok(())
    }
}

/// Returns the frame rate, if all frames have the same duration.
fn frame_rate(times: Span<'_>, scale: u32) -> Result<Option<f64>, Stop> {
    if times.be32(4)? != 1 {
        return Ok(None);
    }
    let (count, each) = (times.be32(8)?, times.be32(12)?);
    let constant = count > 1 && each != 0 && scale != 0;
    Ok(constant.then(|| f64::from(scale) / f64::from(each)))
}

/// Returns the turn of the matrix at `at`, if it has no other effect.
fn matrix(body: Span<'_>, at: u64) -> Result<Option<Turn>, Stop> {
    let number = |index: u64| body.be32(at + 4 * index).map(u32::cast_signed);
    // Every third number belongs to the perspective, and the last row moves the image.
    Ok(Turn::from_matrix(
        number(0)?,
        number(1)?,
        number(3)?,
        number(4)?,
    ))
}

/// Returns the family of a sample entry's codec.
fn codec(kind: [u8; 4], entry: Span<'_>) -> Result<Option<&'static str>, Stop> {
    Ok(Some(match &kind {
        b"avc1" | b"avc3" => "h264",
        b"hvc1" | b"hev1" | b"dvh1" | b"dvhe" => "hevc",
        b"av01" => "av1",
        b"vp08" => "vp8",
        b"vp09" => "vp9",
        b"mp4v" => "mpeg4",
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

/// Returns the codec of `mp4a`: AAC or MP3, by the object type in its stream description.
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
