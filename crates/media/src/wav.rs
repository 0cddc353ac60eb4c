//! Reads WAV: the format of its samples, and their length by its header and by its bytes.

use crate::Facts;
use crate::span::Span;
use crate::sparse::Stop;
use crate::witness::agree;

/// Length field of a length that is stored elsewhere, or was unknown when the header was written.
const UNKNOWN_LENGTH: u32 = u32::MAX;
/// Length of a chunk's header: its kind and length.
const HEADER: u64 = 8;

const BY_HEADER: &str = "by its header";
const BY_BYTES: &str = "by its bytes";

/// The format of the samples.
struct Samples {
    codec: Option<&'static str>,
    rate: u32,
    byte_rate: u32,
    /// Number of bytes that are decoded together.
    block: u16,
    /// Number of samples in a block, if the format stores it or implies it.
    in_block: Option<u32>,
}

/// The chunk of samples.
struct Data {
    start: u64,
    /// Length by the header; `None` if it was unknown when the header was written.
    stated: Option<u64>,
}

pub(crate) fn read(span: Span<'_>, facts: &mut Facts) -> Result<(), Stop> {
    let mut samples: Option<Samples> = None;
    let (mut long_data, mut count) = (None, None);
    let mut at = 12;
    loop {
        let (kind, size) = chunk(span, at)?;
        let length = u64::from(size);
        let body = span.part(at + HEADER, length);
        match &kind {
            b"fmt " => {
                let found = Samples::parse(body)?;
                facts.codec = found.codec;
                samples = Some(found);
            }
            // Lengths of 64 bits. A program that writes to a pipe leaves them empty.
            b"ds64" => {
                long_data = Some(body.le64(8)?).filter(|length| ![0, u64::MAX].contains(length));
            }
            b"fact" => count = Some(body.le32(0)?).filter(|count| ![0, u32::MAX].contains(count)),
            b"data" => {
                let Some(samples) = samples else {
                    return Err(Stop::Unreadable(
                        "the WAV has its samples before their format",
                    ));
                };
                let stated = match size {
                    UNKNOWN_LENGTH => long_data,
                    size => Some(u64::from(size)),
                };
                let start = at + HEADER;
                return Data { start, stated }.report(span, &samples, count, facts);
            }
            _ => {}
        }
        at += HEADER + length + length % 2;
    }
}

/// Returns the kind and the length of the chunk at `at`.
fn chunk(span: Span<'_>, at: u64) -> Result<([u8; 4], u32), Stop> {
    let [a, b, c, d, size @ ..]: [u8; 8] = span.array(at)?;
    Ok(([a, b, c, d], u32::from_le_bytes(size)))
}

impl Data {
    /// Reports the duration, if the header and the bytes of the file agree on it.
    fn report(
        self,
        span: Span<'_>,
        samples: &Samples,
        count: Option<u32>,
        facts: &mut Facts,
    ) -> Result<(), Stop> {
        let Some(there) = span.from(self.start).known_len() else {
            match self.stated.and_then(|length| samples.by_rate(length)) {
                Some(seconds) => {
                    facts.doubt_duration((seconds, BY_HEADER), "the size of the file is unknown");
                }
                None => facts.note("the WAV's header has no duration"),
            }
            return Ok(());
        };
        let length = match self.stated {
            Some(0) if there > 0 && !self.is_followed_by_chunks(span, 0, there)? => there,
            None => there,
            Some(stated)
                if stated <= there && self.is_followed_by_chunks(span, stated, there)? =>
            {
                stated
            }
            Some(stated) if stated <= there && there - stated < HEADER => stated,
            Some(stated) => {
                let by = |length| samples.by_rate(length).unwrap_or(f64::NAN);
                facts.doubt_duration_between((by(stated), BY_HEADER), (by(there), BY_BYTES));
                return Ok(());
            }
        };
        samples.report(length, count, facts);
        Ok(())
    }

    /// Returns `true` if chunks up to the end of the file follow `length` bytes of samples.
    fn is_followed_by_chunks(&self, span: Span<'_>, length: u64, there: u64) -> Result<bool, Stop> {
        let end = self.start + there;
        let mut at = self.start + length;
        loop {
            at += at % 2;
            // Some programs do not pad the last chunk to an even length.
            if at >= end {
                return Ok(at <= end + 1);
            }
            let (kind, size) = match chunk(span, at) {
                Ok(chunk) => chunk,
                Err(Stop::Hole(hole)) => return Err(Stop::Hole(hole)),
                Err(_) => return Ok(false),
            };
            if !kind.iter().all(|byte| (b' '..=b'~').contains(byte)) || kind == *b"data" {
                return Ok(false);
            }
            at += HEADER + u64::from(size);
        }
    }
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
        let (channels, block, bits) = (format.le16(2)?, format.le16(12)?, format.le16(14)?);
        // Each sample has whole bytes.
        let frame = match codec {
            Some("pcm") => u32::from(channels) * u32::from(bits.div_ceil(8)),
            _ => u32::from(channels),
        };
        let in_block = match tag {
            1 | 3 | 6 | 7 => (frame == u32::from(block)).then_some(1),
            2 | 0x11 | 0x31 => Some(format.le16(18)?.into()),
            _ => None,
        };
        Ok(Self {
            codec,
            rate: format.le32(4)?,
            byte_rate: format.le32(8)?,
            block,
            in_block,
        })
    }

    /// Computes the duration of `bytes` bytes by the number of bytes per second.
    fn by_rate(&self, bytes: u64) -> Option<f64> {
        (self.byte_rate != 0).then(|| bytes as f64 / f64::from(self.byte_rate))
    }

    /// Computes the duration of `blocks` blocks by the number of samples in a block.
    fn by_blocks(&self, blocks: f64) -> Option<f64> {
        let samples = self.in_block.filter(|samples| *samples != 0)?;
        (self.rate != 0).then(|| blocks * f64::from(samples) / f64::from(self.rate))
    }

    /// Reports the duration of `bytes` bytes, if the fields of the format agree on it.
    fn report(&self, bytes: u64, count: Option<u32>, facts: &mut Facts) {
        let Some(by_rate) = self.by_rate(bytes) else {
            facts.note("the WAV's header has no duration");
            return;
        };
        let by_rate = (by_rate, "by its byte rate");
        let counted = self.counted(count);
        let blocks = bytes as f64 / f64::from(self.block.max(1));
        match (self.by_blocks(blocks), counted) {
            (Some(by_blocks), counted) => {
                // The last block is filled up, so the number of samples is more exact.
                let last = self.by_blocks(1.0).unwrap_or_default();
                let is_exact = |count: &f64| agree(*count, by_blocks.clamp(*count, *count + last));
                match counted.filter(is_exact) {
                    // Some programs store the bytes per second before compression.
                    Some(counted) => facts.duration_seconds = Some(counted),
                    None => facts.confirm_duration((by_blocks, "by its sample rate"), by_rate),
                }
            }
            (None, Some(counted)) => {
                facts.confirm_duration((counted, "by its number of samples"), by_rate);
            }
            (None, None) => facts.doubt_duration(by_rate, "no other field confirms it"),
        }
    }

    /// Computes the duration by the number of samples in the header, which only compressed samples
    /// need.
    fn counted(&self, count: Option<u32>) -> Option<f64> {
        let is_compressed = !matches!(self.codec, Some("pcm" | "alaw" | "mulaw"));
        let count = count.filter(|_| is_compressed && self.rate != 0)?;
        Some(f64::from(count) / f64::from(self.rate))
    }
}
