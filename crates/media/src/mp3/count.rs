//! Reads the number of frames that encoders store in the first frame.

use super::frame::Frame;
use crate::span::Span;
use crate::sparse::Stop;

/// Position of Fraunhofer's header.
const VBRI: u64 = 36;

/// Flags of a complete Xing header: numbers of frames and bytes, a table, a quality.
const COMPLETE: u32 = 0xf;
/// Flags of the numbers of frames and bytes.
const FRAMES: u32 = 1;
const BYTES: u32 = 2;
/// Positions in a complete header of LAME's own part, and in that of the number of samples that the
/// encoder added at both ends.
const LAME: u64 = 120;
const ADDED: u64 = 141;

/// The content of a frame that has counts instead of audio.
pub(super) struct Count {
    frames: u32,
    /// Number of bytes of all frames, if it is stored.
    pub(super) bytes: Option<u32>,
    /// Number of samples that the encoder added at both ends.
    added: u64,
}

impl Count {
    /// Parses the first frame. Returns `None` if it is audio or has no number of frames.
    pub(super) fn parse(audio: Span<'_>, frame: &Frame) -> Result<Option<Self>, Stop> {
        let xing = audio.from(frame.xing());
        let count = match &xing.array(0)? {
            b"Xing" | b"Info" => {
                let flags = xing.be32(4)?;
                if flags & FRAMES == 0 {
                    return Ok(None);
                }
                let bytes = if flags & BYTES == 0 {
                    0
                } else {
                    xing.be32(12)?
                };
                let added = if flags == COMPLETE { added(xing)? } else { 0 };
                Self {
                    frames: xing.be32(8)?,
                    bytes: Some(bytes),
                    added,
                }
            }
            _ if audio.array(VBRI)? == *b"VBRI" => Self {
                frames: audio.be32(VBRI + 14)?,
                bytes: Some(audio.be32(VBRI + 10)?),
                added: 0,
            },
            _ => return Ok(None),
        };
        let bytes = count.bytes.filter(|bytes| *bytes != 0);
        Ok((count.frames != 0).then_some(Self { bytes, ..count }))
    }

    /// Returns `true` if the frame at the start of `span` has counts instead of audio.
    pub(super) fn is_in(span: Span<'_>, frame: &Frame) -> bool {
        let xing = span.array(frame.xing());
        xing == Ok(*b"Xing") || xing == Ok(*b"Info") || span.array(VBRI) == Ok(*b"VBRI")
    }

    /// Returns the duration of all frames in seconds.
    pub(super) fn with_added(&self, frame: &Frame) -> f64 {
        f64::from(self.frames) * frame.seconds()
    }

    /// Returns the duration in seconds of what is played.
    pub(super) fn seconds(&self, frame: &Frame) -> f64 {
        let samples = u64::from(self.frames) * u64::from(frame.samples);
        samples.saturating_sub(self.added) as f64 / f64::from(frame.rate)
    }
}

fn added(xing: Span<'_>) -> Result<u64, Stop> {
    if !matches!(&xing.array(LAME)?, b"LAME" | b"Lavc" | b"Lavf") {
        return Ok(0);
    }
    // 12 bits for each end.
    let [a, b, c] = xing.array(ADDED)?.map(u64::from);
    Ok((a << 4 | b >> 4) + ((b & 0xf) << 8 | c))
}
