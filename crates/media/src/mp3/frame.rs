//! Reads the header of an MP3 frame.

use crate::span::Span;
use crate::sparse::Stop;

pub(super) const UNKNOWN: Stop = Stop::Unreadable("not a known media format");

/// The header of a frame.
pub(super) struct Frame {
    first_version: bool,
    mono: bool,
    pub(super) rate: u32,
    pub(super) bit_rate: u32,
    pub(super) samples: u32,
    /// Length in bytes, with the header.
    pub(super) length: u64,
}

/// Kilobits per second by the header's index, from 1. The indices 0 and 15 have no known length.
const FIRST_VERSION: [u32; 14] = [
    32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320,
];
const LATER_VERSIONS: [u32; 14] = [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];

fn bit_rates(first_version: bool) -> [u32; 14] {
    if first_version {
        FIRST_VERSION
    } else {
        LATER_VERSIONS
    }
}

impl Frame {
    /// Parses the header at `at`.
    pub(super) fn at(span: Span<'_>, at: u64) -> Result<Self, Stop> {
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
        let rates = bit_rates(first_version);
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
    pub(super) fn matches(&self, next: &Self) -> bool {
        (self.rate, self.samples) == (next.rate, next.samples)
    }

    /// Returns `true` if `count` frames of the same audio are at `at`, one after another.
    pub(super) fn run(span: Span<'_>, at: u64, count: u32) -> Result<bool, Stop> {
        let first = Self::at(span, at)?;
        let mut next = at + first.length;
        for _ in 1..count {
            match Self::at(span, next) {
                Ok(frame) if first.matches(&frame) => next += frame.length,
                Err(Stop::Hole(hole)) => return Err(Stop::Hole(hole)),
                Ok(_) | Err(_) => return Ok(false),
            }
        }
        Ok(true)
    }

    /// Returns `true` if frames of its version can have this mean bit rate.
    pub(super) fn can_have(&self, mean: f64) -> bool {
        let [lowest, .., highest] = bit_rates(self.first_version).map(|rate| f64::from(rate) * 1e3);
        (lowest..=highest).contains(&mean)
    }

    /// Returns its duration in seconds.
    pub(super) fn seconds(&self) -> f64 {
        f64::from(self.samples) / f64::from(self.rate)
    }

    /// Returns the position of Xing's and LAME's header: after the frame's side information.
    pub(super) fn xing(&self) -> u64 {
        4 + match (self.first_version, self.mono) {
            (true, false) => 32,
            (true, true) | (false, false) => 17,
            (false, true) => 9,
        }
    }
}

/// Maximum length in bytes of a frame with a bit rate of its own.
const MAX_FREE_LENGTH: u64 = 4608;

/// Returns `true` if frames begin here whose header has no bit rate: they repeat at one distance.
pub(super) fn is_of_free_format(span: Span<'_>) -> Result<bool, Stop> {
    let header = |at| span.array(at).map(|[a, b, c, _]: [u8; 4]| [a, b, c & 0xfc]);
    let first = match header(0) {
        Err(Stop::End) => return Ok(false),
        first => first?,
    };
    let [0xff, kind, numbers] = first else {
        return Ok(false);
    };
    // Any version but the reserved one, layer III, index 0.
    if kind & 0xe6 != 0xe2 || kind >> 3 & 3 == 1 || numbers >> 4 != 0 || numbers >> 2 & 3 == 3 {
        return Ok(false);
    }
    for length in 24..MAX_FREE_LENGTH {
        match header(length) {
            Ok(next) if next == first => {
                // Padding adds a byte to some frames.
                for third in 2 * length - 1..=2 * length + 1 {
                    match header(third) {
                        Ok(third) if third == first => return Ok(true),
                        Err(Stop::Hole(hole)) => return Err(Stop::Hole(hole)),
                        _ => {}
                    }
                }
            }
            Err(Stop::Hole(hole)) => return Err(Stop::Hole(hole)),
            Err(_) => return Ok(false),
            Ok(_) => {}
        }
    }
    Ok(false)
}
