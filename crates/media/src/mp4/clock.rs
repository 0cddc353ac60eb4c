//! Reads durations and their units.

use crate::span::Span;
use crate::sparse::Stop;

/// A duration in units of `1 / scale` seconds.
#[derive(Clone, Copy, Default)]
pub(super) struct Clock {
    pub(super) scale: u32,
    duration: Option<u64>,
}

impl Clock {
    pub(super) fn with_scale(scale: u32) -> Self {
        Self {
            scale,
            duration: None,
        }
    }

    /// Converts units to seconds. Returns `None` for no units, which writers store for "unknown".
    pub(super) fn seconds(self, units: u64) -> Option<f64> {
        (self.scale != 0 && units != 0).then(|| units as f64 / f64::from(self.scale))
    }

    /// Returns the duration in units, if it is known.
    pub(super) fn units(self) -> Option<u64> {
        self.duration.filter(|units| *units != 0)
    }

    pub(super) fn duration(self) -> Option<f64> {
        self.seconds(self.duration?)
    }

    /// Reads `mvhd` or `mdhd`, which begin alike, and returns the position after the clock.
    pub(super) fn parse(body: Span<'_>) -> Result<(Self, u64), Stop> {
        let is_long = body.u8(0)? == 1;
        let (scale, duration) = if is_long { (20, 24) } else { (12, 16) };
        let scale = body.be32(scale)?;
        let duration = units(body, duration, is_long)?;
        Ok((Self { scale, duration }, if is_long { 32 } else { 20 }))
    }
}

/// First number of 32 bits that is taken for a negative one, which programs store for a cut without
/// frames.
const NEGATIVE: u32 = 0xffff_0000;

/// Reads a number of units with 32 or 64 bits, all of which are set if it was unknown when the header
/// was written.
pub(super) fn units(body: Span<'_>, at: u64, is_long: bool) -> Result<Option<u64>, Stop> {
    Ok(if is_long {
        Some(body.be64(at)?).filter(|units| *units != u64::MAX)
    } else {
        let units = Some(body.be32(at)?).filter(|units| *units < NEGATIVE);
        units.map(u64::from)
    })
}
