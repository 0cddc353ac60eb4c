//! Reads the durations of a movie's fragments.

use super::clock::{Clock, units};
use super::track::{MAX_TRACKS, Track};
use crate::boxes::{Boxes, Part};
use crate::span::Span;
use crate::sparse::Stop;
use crate::witness::Witness;

/// The durations that the boxes of the fragments store.
#[derive(Default)]
pub(super) struct Fragments {
    /// Duration of all fragments, in the movie's units, by `mehd`.
    pub(super) total: Option<u64>,
    /// Duration of a sample without one of its own, by the id of its track.
    defaults: Vec<(u32, u32)>,
    /// Duration in seconds by the index of segments. `None` if it is not read whole.
    index: Option<f64>,
    /// Tracks of the fragments that were read.
    tracks: Vec<Fragmented>,
}

/// A track in fragments.
struct Fragmented {
    id: u32,
    scale: u32,
    /// Duration that the track stores for its media, in its own units.
    stored: Option<u64>,
    /// Sum of the durations of all samples.
    samples: u64,
    /// Time at which the first fragment begins, and that at which the last one ends, if stored.
    times: Option<(u64, u64)>,
}

impl Fragmented {
    /// Returns the duration of the samples before the fragments: a movie may have its first ones in
    /// tables, and then its fragments begin where those end.
    fn before(&self) -> u64 {
        match (self.stored, self.times) {
            (Some(stored), Some((begins, _))) if stored.abs_diff(begins) <= 1 => begins,
            _ => 0,
        }
    }
}

impl Fragments {
    /// Parses `mvex`.
    pub(super) fn parse(mvex: Span<'_>) -> Result<Self, Stop> {
        let mut found = Self::default();
        let mut boxes = Boxes::new(mvex);
        while let Some(part) = boxes.next()? {
            match &part.kind {
                b"mehd" => found.total = units(part.body, 4, part.body.u8(0)? == 1)?,
                b"trex" if found.defaults.len() < MAX_TRACKS => {
                    found
                        .defaults
                        .push((part.body.be32(4)?, part.body.be32(12)?));
                }
                _ => {}
            }
        }
        Ok(found)
    }

    /// Reads a box after the movie: an index of segments, or a fragment if all of them are read.
    pub(super) fn read(
        &mut self,
        part: &Part<'_>,
        span: Span<'_>,
        tracks: &[Track],
    ) -> Result<(), Stop> {
        match &part.kind {
            b"sidx" if self.index.is_none() && self.tracks.is_empty() => {
                self.index = index(part.body)?;
            }
            // Later indices belong to later parts or to other tracks.
            b"moof" if span.is_affordable() => {
                let mut boxes = Boxes::new(part.body);
                while let Some(traf) = boxes.find(*b"traf")? {
                    self.add(traf, tracks)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Adds the part of a fragment that belongs to one track.
    fn add(&mut self, traf: Span<'_>, tracks: &[Track]) -> Result<(), Stop> {
        let (mut id, mut each, mut begins, mut samples) = (0, 0, None, 0_u64);
        let mut boxes = Boxes::new(traf);
        while let Some(part) = boxes.next()? {
            match &part.kind {
                b"tfhd" => {
                    id = part.body.be32(4)?;
                    let default = self.defaults.iter().find(|(track, _)| *track == id);
                    each = default.map_or(0, |(_, each)| *each);
                    let flags = part.body.be32(0)?;
                    if flags & 0x8 != 0 {
                        // A base offset and an index of a description precede it, if they are there.
                        let at = 8 + 8 * u64::from(flags & 1) + 4 * u64::from(flags >> 1 & 1);
                        each = part.body.be32(at)?;
                    }
                }
                b"tfdt" => begins = units(part.body, 4, part.body.u8(0)? == 1)?,
                b"trun" => samples = samples.saturating_add(run(part.body, each)?),
                _ => {}
            }
        }
        let Some(track) = tracks.iter().find(|track| track.id == id) else {
            return Ok(());
        };
        let times = begins.map(|begins| (begins, begins.saturating_add(samples)));
        if let Some(known) = self.tracks.iter_mut().find(|known| known.id == id) {
            known.samples = known.samples.saturating_add(samples);
            known.times = known
                .times
                .zip(times)
                .map(|((begins, _), (_, ends))| (begins, ends));
        } else if self.tracks.len() < MAX_TRACKS {
            self.tracks.push(Fragmented {
                id,
                scale: track.clock.scale,
                stored: track.clock.units(),
                samples,
                times,
            });
        }
        Ok(())
    }

    /// Returns `true` if fragments were read, and the movie's tables have no samples before them: its
    /// header is then about all of them.
    pub(super) fn have_all_samples(&self) -> bool {
        !self.tracks.is_empty() && self.tracks.iter().all(|track| track.before() == 0)
    }

    /// Returns the durations that the boxes after the movie store.
    pub(super) fn witnesses(&self) -> impl Iterator<Item = Witness<'static>> {
        let longest = |units: fn(&Fragmented) -> Option<u64>| {
            let seconds = self
                .tracks
                .iter()
                .filter_map(|track| Clock::with_scale(track.scale).seconds(units(track)?));
            seconds.reduce(f64::max)
        };
        let samples = longest(|track| Some(track.samples.saturating_add(track.before())));
        let times = longest(|track| {
            let (begins, ends) = track.times?;
            Some(ends.saturating_sub(begins).saturating_add(track.before()))
        });
        // The media's own duration is that before the fragments, which is counted, or that of all.
        let stored = longest(|track| track.stored.filter(|_| track.before() == 0));
        let all = [
            (self.index, "by its index of segments"),
            (samples, "by the samples of its fragments"),
            (times, "by the times of its fragments"),
            (stored, "by the media of its tracks"),
        ];
        all.into_iter()
            .filter_map(|(seconds, by)| Some((seconds?, by)))
    }
}

/// Returns the duration of all segments in seconds, unless they are indices themselves.
fn index(sidx: Span<'_>) -> Result<Option<f64>, Stop> {
    let scale = sidx.be32(8)?;
    let start = if sidx.u8(0)? == 0 { 20 } else { 28 };
    let count = u64::from(sidx.be16(start + 2)?);
    let mut sum = 0_u64;
    for entry in 0..count {
        let at = start + 4 + 12 * entry;
        // The highest bit marks another index.
        if sidx.u8(at)? & 0x80 != 0 {
            return Ok(None);
        }
        sum += u64::from(sidx.be32(at + 4)?);
    }
    // The index of a single segment has only that one's duration.
    Ok(Clock::with_scale(scale).seconds(sum).filter(|_| count > 1))
}

/// Returns the duration of the samples of a run.
fn run(trun: Span<'_>, each: u32) -> Result<u64, Stop> {
    let (flags, count) = (trun.be32(0)?, u64::from(trun.be32(4)?));
    if flags & 0x100 == 0 {
        return Ok(count.saturating_mul(each.into()));
    }
    // An offset and flags precede the samples; a sample has up to four numbers.
    let start = 8 + 4 * u64::from((flags & 1) + (flags >> 2 & 1));
    let length = 4 * u64::from((flags >> 8 & 0xf).count_ones());
    let mut sum = 0_u64;
    for sample in 0..count {
        sum += u64::from(trun.be32(start + length * sample)?);
    }
    Ok(sum)
}
