//! Reads a track of a movie, without its tables.

use super::clock::{Clock, units};
use super::codec::codec;
use crate::boxes::Boxes;
use crate::orientation::Turn;
use crate::span::Span;
use crate::sparse::Stop;

/// Maximum number of tracks that are read, so that a hostile file does not decide on memory.
pub(super) const MAX_TRACKS: usize = 64;

/// The content of a track.
#[derive(Default)]
pub(super) struct Track {
    pub(super) id: u32,
    pub(super) kind: Kind,
    pub(super) turn: Option<Turn>,
    /// Duration of the media.
    pub(super) clock: Clock,
    /// Duration in the movie's units: that of the track's header, and that of its edits.
    pub(super) in_movie: Option<u64>,
    pub(super) edited: Option<u64>,
    pub(super) codec: Option<&'static str>,
    pub(super) dimensions: Option<(u32, u32)>,
    pub(super) frame_rate: Option<f64>,
}

/// The kind of a track.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Kind {
    Video,
    Audio,
    /// Text, a time code, or other data.
    #[default]
    Other,
}

/// Maximum number of edits that are read. Nearly all tracks have one or two.
const MAX_EDITS: u32 = 64;

impl Track {
    pub(super) fn parse(span: Span<'_>) -> Result<Self, Stop> {
        let mut boxes = Boxes::new(span);
        let mut track = Self::default();
        let (mut header, mut media) = (false, false);
        // Nothing after these two is needed, and it may follow large tables.
        while !(header && media) {
            let Some(part) = boxes.next()? else { break };
            match &part.kind {
                b"tkhd" => {
                    header = true;
                    track.read_header(part.body)?;
                }
                b"edts" => {
                    if let Some(list) = Boxes::new(part.body).find(*b"elst")? {
                        track.edited = edits(list)?;
                    }
                }
                b"mdia" => {
                    media = true;
                    track.read_media(part.body)?;
                }
                _ => {}
            }
        }
        Ok(track)
    }

    fn read_header(&mut self, tkhd: Span<'_>) -> Result<(), Stop> {
        let is_long = tkhd.u8(0)? == 1;
        let (id, duration, turn) = if is_long { (20, 28, 52) } else { (12, 20, 40) };
        self.id = tkhd.be32(id)?;
        self.in_movie = units(tkhd, duration, is_long)?;
        self.turn = matrix(tkhd, turn)?;
        Ok(())
    }

    fn read_media(&mut self, mdia: Span<'_>) -> Result<(), Stop> {
        let mut boxes = Boxes::new(mdia);
        while let Some(part) = boxes.next()? {
            match &part.kind {
                b"mdhd" => (self.clock, _) = Clock::parse(part.body)?,
                b"hdlr" => {
                    self.kind = match &part.body.array(8)? {
                        b"vide" => Kind::Video,
                        b"soun" => Kind::Audio,
                        _ => return Ok(()),
                    };
                }
                b"minf" if self.kind != Kind::Other => {
                    if let Some(tables) = Boxes::new(part.body).find(*b"stbl")? {
                        self.read_samples(tables)?;
                    }
                    return Ok(());
                }
                _ => {}
            }
        }
        Ok(())
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
            if self.kind == Kind::Video {
                let (width, height) = (entry.body.be16(24)?, entry.body.be16(26)?);
                let dimensions = (u32::from(width), u32::from(height));
                self.dimensions =
                    Some(dimensions).filter(|(width, height)| *width != 0 && *height != 0);
            }
        }
        // The table of times follows directly in nearly all files; it is not worth a read of its own.
        if self.kind == Kind::Video
            && let Ok(Some(times)) = boxes.next()
            && times.kind == *b"stts"
        {
            self.frame_rate = frame_rate(times.body, self.clock.scale).ok().flatten();
        }
        Ok(())
    }
}

/// Returns the duration of all edits together.
fn edits(list: Span<'_>) -> Result<Option<u64>, Stop> {
    let is_long = list.u8(0)? == 1;
    let length = if is_long { 20 } else { 12 };
    let count = list.be32(4)?;
    if count > MAX_EDITS {
        return Ok(None);
    }
    let mut sum = 0_u64;
    for index in 0..u64::from(count) {
        // An unknown duration, as in fragments, makes the sum unknown.
        let Some(units) = units(list, 8 + index * length, is_long)? else {
            return Ok(None);
        };
        sum = sum.saturating_add(units);
    }
    Ok(Some(sum).filter(|sum| *sum != 0))
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
pub(super) fn matrix(body: Span<'_>, at: u64) -> Result<Option<Turn>, Stop> {
    let number = |index: u64| body.be32(at + 4 * index).map(u32::cast_signed);
    // Every third number belongs to the perspective, and the last row moves the image.
    Ok(Turn::from_matrix(
        number(0)?,
        number(1)?,
        number(3)?,
        number(4)?,
    ))
}
