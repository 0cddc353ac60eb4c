//! Reads the first packet of a stream, and the number of samples in later ones.

use crate::flac;
use crate::span::Span;
use crate::sparse::Stop;

/// Length of a FLAC packet before its stream info.
const FLAC_INFO: u64 = 17;

/// Counts the samples of packets.
pub(super) struct Clock {
    pub(super) codec: &'static str,
    /// Number of samples per second.
    pub(super) rate: u32,
    /// Number of samples at the start that are not played.
    pub(super) skip: u64,
    /// Number of packets of the header after the first.
    pub(super) headers: u32,
    /// Number of samples of the whole stream, if its header stores it.
    pub(super) total: Option<u64>,
    packets: Packets,
}

/// The source of the number of samples in a packet.
enum Packets {
    /// The packet has it.
    Opus,
    /// A packet has half of its block and half of the one before. The second bit chooses one of two
    /// blocks, as in the files of all common encoders.
    Vorbis([u64; 2]),
    /// The packet is a frame, which has it.
    Flac,
}

impl Clock {
    /// Parses the first packet of a stream. Returns `None` for a codec that is not supported.
    pub(super) fn parse(packet: Span<'_>) -> Result<Option<Self>, Stop> {
        let head: [u8; 8] = packet.head()?;
        Ok(match &head {
            b"\x01vorbis\0" => {
                let blocks = packet.u8(28)?;
                Some(Self {
                    codec: "vorbis",
                    rate: packet.le32(12)?,
                    skip: 0,
                    headers: 2,
                    total: None,
                    packets: Packets::Vorbis([1 << (blocks & 0xf), 1 << (blocks >> 4)]),
                })
            }
            // Opus counts 48,000 samples per second, whatever its input had.
            b"OpusHead" => Some(Self {
                codec: "opus",
                rate: 48_000,
                skip: packet.le16(10)?.into(),
                headers: 1,
                total: None,
                packets: Packets::Opus,
            }),
            [0x7f, b'F', b'L', b'A', b'C', ..] => {
                // 20 bits of rate, 8 of channels and depth, 36 of samples.
                let bits = packet.be64(FLAC_INFO + 10)?;
                Some(Self {
                    codec: "flac",
                    rate: u32::try_from(bits >> 44).unwrap_or_default(),
                    skip: 0,
                    headers: packet.be16(7)?.into(),
                    total: Some(bits & ((1 << 36) - 1)).filter(|samples| *samples != 0),
                    packets: Packets::Flac,
                })
            }
            _ => None,
        })
    }

    /// Returns the number of samples in a packet after one with `block`, which becomes its own. If the
    /// packet is not available, it is an estimate.
    pub(super) fn samples(&self, packet: Span<'_>, block: &mut u64) -> u64 {
        let first = match (packet.u8(0), &self.packets) {
            (Ok(first), _) => first,
            (Err(Stop::Hole(_)), Packets::Vorbis([_, long])) => return long / 2,
            (Err(Stop::Hole(_)), _) => return *block,
            (Err(_), _) => return 0,
        };
        match self.packets {
            Packets::Opus => {
                let frames = match first & 3 {
                    0 => 1,
                    3 => packet.u8(1).unwrap_or_default() & 0x3f,
                    _ => 2,
                };
                *block = u64::from(frames) * opus_frame(first >> 3);
                *block
            }
            Packets::Vorbis(blocks) => {
                let next = blocks[usize::from(first >> 1 & 1)];
                let before = std::mem::replace(block, next);
                // The first packet only fills the decoder.
                if before == 0 {
                    0
                } else {
                    before / 4 + next / 4
                }
            }
            Packets::Flac => {
                *block = flac::samples(packet).ok().flatten().unwrap_or_default();
                *block
            }
        }
    }

    pub(super) fn seconds(&self, samples: u64) -> f64 {
        samples as f64 / f64::from(self.rate)
    }
}

/// Returns the number of samples in a frame of an Opus configuration, `0..=31` (RFC 6716).
fn opus_frame(configuration: u8) -> u64 {
    let index = usize::from(configuration & 3);
    match configuration {
        0..12 => [480, 960, 1920, 2880][index],
        12..16 => [480, 960][index & 1],
        _ => [120, 240, 480, 960][index],
    }
}
