//! Reads WAV: the format and the length of its samples.

use crate::Facts;
use crate::span::Span;
use crate::sparse::Stop;

/// Length field of a length that is stored elsewhere, or was unknown when the header was written.
const UNKNOWN_LENGTH: u32 = u32::MAX;

/// The format of the samples.
struct Samples {
    codec: Option<&'static str>,
    rate: u32,
    byte_rate: u32,
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
                let found = Samples::parse(body)?;
                facts.codec = found.codec;
                samples = Some(found);
            }
            // Lengths of 64 bits.
            b"ds64" => long_data = Some(body.le64(8)?),
            b"fact" => count = Some(body.le32(0)?),
            b"data" => {
                let data = match size {
                    UNKNOWN_LENGTH => long_data.or(rest(span, at + 8)),
                    // A program that writes to a pipe cannot go back and store the length.
                    0 => rest(span, at + 8),
                    _ => Some(length),
                };
                let Some(samples) = samples else {
                    return Err(Stop::Unreadable(
                        "the WAV has its samples before their format",
                    ));
                };
                facts.duration_seconds = samples.seconds(data, count);
                if facts.duration_seconds.is_none() {
                    facts.note("the WAV's header has no duration");
                }
                return Ok(());
            }
            _ => {}
        }
        at += 8 + length + length % 2;
    }
}

/// Returns the number of all following bytes, if the size of the file is known.
fn rest(span: Span<'_>, at: u64) -> Option<u64> {
    span.from(at).known_len()
}

impl Samples {
    fn parse(format: Span<'_>) -> Result<Self, Stop> {
        let mut tag = format.le16(0)?;
        // The extensible format stores the tag at the start of a GUID.
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
            byte_rate: format.le32(8)?,
        })
    }

    /// Computes the duration from the number of samples if they are packed, else from the bytes.
    fn seconds(&self, bytes: Option<u64>, count: Option<u32>) -> Option<f64> {
        let packed = !matches!(self.codec, Some("pcm" | "alaw" | "mulaw"));
        let seconds = match count.filter(|count| packed && *count != 0 && *count != UNKNOWN_LENGTH)
        {
            Some(count) => f64::from(count) / f64::from(self.rate),
            None => bytes? as f64 / f64::from(self.byte_rate),
        };
        seconds.is_finite().then_some(seconds)
    }
}
