//! Writes Ogg with lies.

use fastrand::Rng;

use super::{Lie, Truth, one};
use crate::encode::{ogg_page, opus_header};

/// Flag of the last page of a stream.
const LAST: u8 = 4;
/// Samples per second, and in a packet of 20 milliseconds.
const RATE: f64 = 48_000.0;
const PACKET: u64 = 960;

pub(super) fn write(rng: &mut Rng) -> Lie {
    let skip = rng.u16(..1_000);
    let mut what = String::new();
    let mut stream = Stream::new(rng, skip);
    let mut seconds = stream.seconds(skip);
    match rng.u8(..10) {
        0 => {
            what += "last position ";
            let last = stream.positions.len() - 1;
            // A position within the last page cuts its last packets off, which is no lie.
            let start = stream.positions[last] - stream.packets[last] * PACKET;
            let lies = [0, 1, rng.u64(..), rng.u64(..1 << 24), start / 2];
            stream.positions[last] = one(rng, &lies);
            let position = stream.positions[last];
            if (start..=start + stream.packets[last] * PACKET).contains(&position) {
                seconds = position.saturating_sub(skip.into()) as f64 / RATE;
            }
        }
        1 => {
            what += "all positions zero ";
            stream.positions.fill(0);
        }
        2 => {
            what += "positions of a longer recording ";
            let offset = rng.u64(10_000..1 << 30);
            stream
                .positions
                .iter_mut()
                .for_each(|position| *position += offset);
        }
        3 => {
            what += "one position ";
            let index = rng.usize(..stream.positions.len());
            if index + 1 < stream.positions.len() {
                stream.positions[index] = rng.u64(..1 << 24);
            }
        }
        4 => {
            what += "no end ";
            stream.ends = false;
        }
        5 => {
            what += "cut ";
            let bytes = stream.write(rng, 7, skip);
            let keep = rng.usize(bytes.len() / 2..bytes.len());
            // The truth is less; nothing may be known of it.
            return Lie {
                bytes: bytes[..keep].to_vec(),
                truth: Truth::Seconds(-1.0),
                what,
                is_local: false,
            };
        }
        6 | 7 => {
            what += "joined ";
            let mut bytes = stream.write(rng, 7, skip);
            let next = Stream::new(rng, skip);
            // A short first piece of the same stream cannot be seen in a few pages.
            let is_local = 10 * stream.packets.len() < 9 * next.packets.len();
            seconds += next.seconds(skip);
            let number = one(rng, &[7, 8]);
            bytes.extend(next.write(rng, number, skip));
            return Lie {
                bytes,
                truth: Truth::Seconds(seconds),
                what,
                is_local,
            };
        }
        _ => {}
    }
    let bytes = stream.write(rng, 7, skip);
    Lie {
        bytes,
        truth: Truth::Seconds(seconds),
        what,
        is_local: false,
    }
}

struct Stream {
    /// Number of packets on each page with audio, and the position at its end.
    packets: Vec<u64>,
    positions: Vec<u64>,
    ends: bool,
}

impl Stream {
    fn new(rng: &mut Rng, skip: u16) -> Self {
        let pages = rng.usize(2..60);
        let packets: Vec<u64> = std::iter::repeat_with(|| rng.u64(30..50))
            .take(pages)
            .collect();
        let mut position = 0;
        let positions = packets.iter().map(|packets| {
            position += packets * PACKET;
            position
        });
        let positions = positions.collect();
        assert!(u64::from(skip) < PACKET * 30);
        Self {
            packets,
            positions,
            ends: true,
        }
    }

    fn seconds(&self, skip: u16) -> f64 {
        let packets: u64 = self.packets.iter().sum();
        (packets * PACKET - u64::from(skip)) as f64 / RATE
    }

    fn write(&self, rng: &mut Rng, stream: u32, skip: u16) -> Vec<u8> {
        let mut bytes = opus_header(stream, skip);
        let last = self.packets.len() - 1;
        for (index, (packets, position)) in self.packets.iter().zip(&self.positions).enumerate() {
            let packets: Vec<Vec<u8>> = std::iter::repeat_with(|| {
                let mut packet = vec![one(rng, &[31 << 3, 1 << 3, 15 << 3])];
                // Two frames of ten milliseconds are as long as one of twenty.
                if rng.bool() {
                    packet[0] = 30 << 3 | 1;
                }
                packet.resize(rng.usize(60..90), rng.u8(..));
                packet
            })
            .take(usize::try_from(*packets).unwrap())
            .collect();
            let flags = if index == last && self.ends { LAST } else { 0 };
            let number = u32::try_from(index + 2).unwrap();
            bytes.extend(ogg_page(flags, *position, stream, number, &packets));
        }
        bytes
    }
}
