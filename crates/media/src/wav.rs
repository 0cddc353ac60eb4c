//! WAV: the format and the length of its samples.

use crate::Facts;
use crate::span::Span;
use crate::sparse::Stop;

/// Stands for a length that is told elsewhere, or was not known when it was written.
const OPEN: u32 = u32::MAX;

/// How the samples are stored.
struct Samples {
    codec: Option<&'static str>,
    rate: u32,
    bytes_a_second: u32,
}

pub(crate) fn read(span: Span<'_>, facts: &mut Facts) -> Result<(), Stop> {
    let mut samples: Option<Samples> = None;
    let (mut long_data, mut count) = (None, None);
    let mut at = 12;
    loop {
        let [kind @ .., a, b, c, d]: [u8; 8] = span.array(at)?;
        let size = u32::from_le_bytes([a, b, c, d]);
        let length = u64::from(size);
        let body = span.part(at + 8, length);
        match &kind {
            b"fmt " => {
                let found = Samples::of(body)?;
                facts.codec = found.codec;
                samples = Some(found);
            }
            // The lengths that need 64 bits.
            b"ds64" => long_data = Some(body.le64(8)?),
            b"fact" => count = Some(body.le32(0)?),
            b"data" => {
                let data = match size {
                    OPEN => long_data.or(rest(span, at + 8)),
                    // What writes into a pipe cannot come back to fill it in.
                    0 => rest(span, at + 8),
                    _ => Some(length),
                };
                let Some(samples) = samples else {
                    return Err(Stop::Odd("the WAV has its samples before their format"));
                };
                facts.duration_seconds = samples.seconds(data, count);
                if facts.duration_seconds.is_none() {
                    facts.note("the WAV does not tell its duration");
                }
                return Ok(());
            }
            _ => {}
        }
        at += 8 + length + length % 2;
    }
}

/// The length of all that follows, where the medium's own is known.
fn rest(span: Span<'_>, at: u64) -> Option<u64> {
    span.from(at).known_len()
}

impl Samples {
    fn of(format: Span<'_>) -> Result<Self, Stop> {
        let mut tag = format.le16(0)?;
        // The extensible format has the tag at the start of a GUID.
        if tag == 0xfffe {
            tag = format.le16(24)?;
        }
        let codec = match tag {
            1 | 3 => Some("pcm"),
            2 | 0x11 => Some("adpcm"),
            6 => Some("alaw"),
            7 => Some("mulaw"),
            0x55 => Some("mp3"),
            _ => None,
        };
        Ok(Self {
            codec,
            rate: format.le32(4)?,
            bytes_a_second: format.le32(8)?,
        })
    }

    /// From the number of samples where they are packed, or else from the bytes.
    fn seconds(&self, bytes: Option<u64>, count: Option<u32>) -> Option<f64> {
        let packed = !matches!(self.codec, Some("pcm" | "alaw" | "mulaw"));
        let seconds = match count.filter(|count| packed && *count != 0 && *count != OPEN) {
            Some(count) => f64::from(count) / f64::from(self.rate),
            None => bytes? as f64 / f64::from(self.bytes_a_second),
        };
        seconds.is_finite().then_some(seconds)
    }
}
