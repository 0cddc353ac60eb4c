//! MP4, MOV and M4A: the movie's header and its tracks, without their tables.

use runcomfy_schema::MediaKind;

use crate::Facts;
use crate::boxes::Boxes;
use crate::orientation::Turn;
use crate::span::Span;
use crate::sparse::Stop;

/// Whether a file without brands begins with a box of QuickTime's.
pub(crate) fn begins(head: &[u8; 16]) -> bool {
    match &head[4..8] {
        b"moov" | b"mdat" => true,
        // These are words too; as boxes they are short.
        b"wide" | b"free" | b"skip" | b"pnot" => head[0] == 0,
        _ => false,
    }
}

pub(crate) fn read(span: Span<'_>, facts: &mut Facts) -> Result<(), Stop> {
    let Some(moov) = Boxes::of(span).find(*b"moov")? else {
        return Err(Stop::Odd("it has no movie header"));
    };
    let mut movie = Movie {
        song: facts.kind == Some(MediaKind::Audio),
        ..Movie::default()
    };
    let walked = movie.walk(moov);
    movie.tell(walked.is_ok(), facts);
    walked
}

/// What the movie box says.
#[derive(Default)]
struct Movie {
    /// The brand says that it is a sound; a track of pictures is its cover then.
    song: bool,
    header: Option<Header>,
    picture: Option<Track>,
    sound: Option<Track>,
    /// The rest of the movie follows in fragments.
    fragmented: bool,
    /// The whole duration with all fragments, in the movie's units.
    whole: Option<u64>,
}

struct Header {
    clock: Clock,
    turn: Option<Turn>,
}

/// A duration in units of which `scale` make a second.
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

    /// From `mvhd` or `mdhd`, which begin alike; and the place behind it.
    fn of(body: Span<'_>) -> Result<(Self, u64), Stop> {
        // All bits set stand for a duration that was not known when this was written.
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
        let mut boxes = Boxes::of(moov);
        while let Some(part) = boxes.next()? {
            match &part.kind {
                b"mvhd" if self.header.is_none() => {
                    let (clock, end) = Clock::of(part.body)?;
                    let turn = matrix(part.body, end + 16)?;
                    self.header = Some(Header { clock, turn });
                }
                // With the picture found, other tracks add nothing.
                b"trak" if self.picture.is_none() => match Track::of(part.body)? {
                    Some(track) if !track.picture => {
                        self.sound.get_or_insert(track);
                    }
                    Some(track) if !self.song => self.picture = Some(track),
                    _ => {}
                },
                b"mvex" => {
                    self.fragmented = true;
                    if let Some(mehd) = Boxes::of(part.body).find(*b"mehd")? {
                        self.whole = Some(if mehd.u8(0)? == 1 {
                            mehd.be64(4)?
                        } else {
                            mehd.be32(4)?.into()
                        });
                    }
                }
                b"cmov" => return Err(Stop::Odd("its movie header is compressed")),
                _ => {}
            }
        }
        Ok(())
    }

    /// Tells what is sure; some of it only once the whole box has been walked.
    fn tell(self, walked: bool, facts: &mut Facts) {
        let duration = if walked { self.duration(facts) } else { None };
        match (self.picture, self.sound) {
            (Some(picture), _) => {
                facts.kind = Some(MediaKind::Video);
                facts.codec = picture.codec;
                facts.frame_rate = picture.frame_rate;
                if let Some((width, height)) = picture.sides {
                    facts.width = Some(width);
                    facts.height = Some(height);
                } else {
                    facts.note("its picture track does not tell its sides");
                }
                if let Some(header) = &self.header {
                    let turn = picture.turn.zip(header.turn);
                    facts.orientation = turn.map(|(first, then)| first.then(then).exif());
                    if turn.is_none() {
                        facts.note("its picture is turned by no quarter");
                    }
                }
            }
            (None, Some(sound)) if walked || self.song => {
                facts.kind = Some(MediaKind::Audio);
                facts.codec = sound.codec;
            }
            (None, None) if walked => {
                facts.note("it has neither a picture track nor a sound track");
            }
            _ => {}
        }
        facts.duration_seconds = duration;
    }

    fn duration(&self, facts: &mut Facts) -> Option<f64> {
        let clock = self.header.as_ref().map(|header| header.clock);
        let duration = if self.fragmented {
            // What the header counts is only what stands before the first fragment.
            clock.unwrap_or_default().seconds(self.whole.unwrap_or(0))
        } else {
            let track = self.picture.as_ref().or(self.sound.as_ref());
            let whole = clock.and_then(Clock::duration);
            whole.or_else(|| track.and_then(|track| track.clock.duration()))
        };
        if duration.is_none() && self.fragmented {
            facts.note("it is fragmented and does not tell its duration");
        } else if duration.is_none() {
            facts.note("it does not tell its duration");
        }
        duration
    }
}

/// What a track says.
#[derive(Default)]
struct Track {
    picture: bool,
    turn: Option<Turn>,
    clock: Clock,
    codec: Option<&'static str>,
    sides: Option<(u32, u32)>,
    frame_rate: Option<f64>,
}

impl Track {
    /// `None` where it is neither picture nor sound.
    fn of(trak: Span<'_>) -> Result<Option<Self>, Stop> {
        let mut boxes = Boxes::of(trak);
        let (mut turn, mut media) = (None, None);
        // Nothing behind these two is needed, and it may lie behind large tables.
        while turn.is_none() || media.is_none() {
            let Some(part) = boxes.next()? else { break };
            match &part.kind {
                b"tkhd" => {
                    let start = if part.body.u8(0)? == 1 { 52 } else { 40 };
                    turn = Some(matrix(part.body, start)?);
                }
                b"mdia" => media = Some(Self::of_media(part.body)?),
                _ => {}
            }
        }
        Ok(media.flatten().map(|track| Self {
            turn: turn.flatten(),
            ..track
        }))
    }

    fn of_media(mdia: Span<'_>) -> Result<Option<Self>, Stop> {
        let mut boxes = Boxes::of(mdia);
        let mut track = Self::default();
        let mut known = false;
        while let Some(part) = boxes.next()? {
            match &part.kind {
                b"mdhd" => (track.clock, _) = Clock::of(part.body)?,
                b"hdlr" => match &part.body.array(8)? {
                    b"vide" => (track.picture, known) = (true, true),
                    b"soun" => known = true,
                    _ => return Ok(None),
                },
                b"minf" if known => {
                    if let Some(tables) = Boxes::of(part.body).find(*b"stbl")? {
                        track.samples(tables)?;
                    }
                    return Ok(Some(track));
                }
                _ => {}
            }
        }
        Ok(known.then_some(track))
    }

    /// Takes up the description of the samples, and their rate where it is at hand.
    fn samples(&mut self, tables: Span<'_>) -> Result<(), Stop> {
        let mut boxes = Boxes::of(tables);
        let Some(descriptions) = boxes.find(*b"stsd")? else {
            return Ok(());
        };
        if let Some(entry) = Boxes::of(descriptions.from(8)).next()? {
            self.codec = match codec(entry.kind, entry.body) {
                Err(Stop::Hole(hole)) => return Err(Stop::Hole(hole)),
                named => named.unwrap_or_default(),
            };
            if self.picture {
                let (width, height) = (entry.body.be16(24)?, entry.body.be16(26)?);
                let sides = (u32::from(width), u32::from(height));
                self.sides = Some(sides).filter(|(width, height)| *width != 0 && *height != 0);
            }
        }
        // The table of times follows in all but strange files; it is not worth a read of its own.
        if self.picture
            && let Ok(Some(times)) = boxes.next()
            && times.kind == *b"stts"
        {
            self.frame_rate = frame_rate(times.body, self.clock.scale).ok().flatten();
        }
        Ok(())
    }
}

/// The rate of pictures that all last equally long.
fn frame_rate(times: Span<'_>, scale: u32) -> Result<Option<f64>, Stop> {
    if times.be32(4)? != 1 {
        return Ok(None);
    }
    let (count, each) = (times.be32(8)?, times.be32(12)?);
    let constant = count > 1 && each != 0 && scale != 0;
    Ok(constant.then(|| f64::from(scale) / f64::from(each)))
}

/// The turn of the matrix at `at`, if it is one.
fn matrix(body: Span<'_>, at: u64) -> Result<Option<Turn>, Stop> {
    let number = |place: u64| body.be32(at + 4 * place).map(u32::cast_signed);
    // Every third number belongs to the perspective, the last row moves the picture.
    Ok(Turn::of_matrix(
        number(0)?,
        number(1)?,
        number(3)?,
        number(4)?,
    ))
}

/// The family of a sample entry's codec.
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

/// `mp4a` holds AAC or MP3; the object type in its stream description tells which.
fn mpeg_audio(entry: Span<'_>) -> Result<Option<&'static str>, Stop> {
    // QuickTime's second version of the entry is longer, and its third is rare.
    let start = match entry.be16(8)? {
        0 => 28,
        1 => 44,
        _ => return Ok(None),
    };
    let mut boxes = Boxes::of(entry.from(start));
    let mut description = None;
    while let Some(part) = boxes.next()? {
        match &part.kind {
            b"esds" => description = Some(part.body),
            b"wave" => description = Boxes::of(part.body).find(*b"esds")?,
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

/// The object type: the first byte of the second of two nested descriptors.
fn object_type(description: Span<'_>) -> Result<Option<u8>, Stop> {
    let (tag, at) = descriptor(description, 4)?;
    if tag != 3 {
        return Ok(None);
    }
    // An id, then flags that tell what else stands before the next descriptor.
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

/// A descriptor's tag and the place behind its length, which has up to four bytes.
fn descriptor(span: Span<'_>, at: u64) -> Result<(u8, u64), Stop> {
    let tag = span.u8(at)?;
    for place in at + 1..at + 5 {
        if span.u8(place)? & 0x80 == 0 {
            return Ok((tag, place + 1));
        }
    }
    Err(Stop::Odd("a descriptor has an impossible length"))
}
