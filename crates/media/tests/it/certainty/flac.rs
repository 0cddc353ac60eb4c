//! Writes FLAC with lies.

use fastrand::Rng;

use super::{Lie, Truth, mp3, noise, one};
use crate::encode::flac::{Frame, StreamInfo};

/// Sample rates with their codes in a frame's header.
const RATES: [(u32, u8); 4] = [(8_000, 4), (44_100, 9), (48_000, 10), (96_000, 11)];

pub(super) fn write(rng: &mut Rng) -> Lie {
    let mut what = String::new();
    let stream = Stream::new(rng);
    let mut seconds = stream.seconds();
    let frames = stream.encode();
    let mut info = stream.info(rng, &frames);
    let mut is_local = false;
    match rng.u8(..10) {
        0 => {
            what += "samples ";
            let block = u64::from(stream.block);
            let near = info.samples + one(rng, &[1, block, 2 * block]);
            let any = rng.u64(..1 << 36);
            info.samples = one(rng, &[0, 1, near, 2 * info.samples, any]);
        }
        1 => {
            what += "rate ";
            info.rate = one(rng, &RATES).0;
            if !stream.has_rate {
                seconds = stream.samples() as f64 / f64::from(info.rate);
            }
        }
        2 => {
            what += "length of frames ";
            info.lengths = (rng.u16(..), rng.u16(..));
        }
        _ => {}
    }
    let mut bytes = info.encode(&blocks(rng));
    match rng.u8(..8) {
        0 | 1 => {
            what += "cut ";
            let all: usize = frames.iter().map(Vec::len).sum();
            let keep = rng.usize(..all);
            let mut end = 0;
            let whole = frames.iter().zip(&stream.samples).filter(|(frame, _)| {
                end += frame.len();
                end <= keep
            });
            let samples: u64 = whole.map(|(_, samples)| u64::from(*samples)).sum();
            seconds *= samples as f64 / stream.samples() as f64;
            bytes.extend(&frames.concat()[..keep]);
        }
        2 => {
            what += "joined ";
            bytes.extend(frames.concat());
            let next = if rng.bool() {
                Stream::new(rng)
            } else {
                stream.clone()
            };
            seconds += next.seconds();
            let next_frames = next.encode();
            bytes.extend(next.info(rng, &next_frames).encode(&[]));
            bytes.extend(next_frames.concat());
            // Only the whole file shows that the last piece, which is as long as the first, is not all.
            is_local = next.samples() == info.samples;
        }
        3 => {
            what += "other data at the end ";
            bytes.extend(frames.concat());
            let length = rng.usize(1..3_000);
            bytes.extend(noise(rng, length));
        }
        _ => {
            bytes.extend(frames.concat());
            bytes.extend(mp3::tags_after(rng));
        }
    }
    Lie {
        bytes,
        truth: Truth::Seconds(seconds),
        what,
        is_local,
    }
}

/// Returns a comment, points for seeking and a cover, in any order.
fn blocks(rng: &mut Rng) -> Vec<(u8, Vec<u8>)> {
    let mut blocks = Vec::new();
    for kind in [3, 4, 6] {
        if rng.bool() {
            let max = one(rng, &[400, 30_000]);
            let length = rng.usize(..max);
            blocks.push((kind, noise(rng, length)));
        }
    }
    rng.shuffle(&mut blocks);
    blocks
}

#[derive(Clone)]
struct Stream {
    rate: (u32, u8),
    /// `true` if each frame has its sample rate.
    has_rate: bool,
    /// Maximum number of samples in a frame.
    block: u16,
    is_variable: bool,
    samples: Vec<u16>,
    contents: Vec<Vec<u8>>,
}

impl Stream {
    fn new(rng: &mut Rng) -> Self {
        let block = one(rng, &[192, 576, 1_152, 4_096, 4_608, 16_384]);
        let is_variable = rng.u8(..4) == 0;
        let frames = rng.usize(1..30);
        let mut samples = vec![block; frames];
        if is_variable {
            samples.fill_with(|| rng.u16(16..=block));
        }
        samples[frames - 1] = rng.u16(1..=block);
        // Silence, or audio.
        let longest = one(rng, &[2, 60, 1_500]);
        let contents = samples.iter().map(|_| {
            let length = rng.usize(1..longest);
            noise(rng, length)
        });
        Self {
            contents: contents.collect(),
            rate: one(rng, &RATES),
            has_rate: rng.bool(),
            block,
            is_variable,
            samples,
        }
    }

    fn samples(&self) -> u64 {
        self.samples.iter().map(|samples| u64::from(*samples)).sum()
    }

    fn seconds(&self) -> f64 {
        self.samples() as f64 / f64::from(self.rate.0)
    }

    fn info(&self, rng: &mut Rng, frames: &[Vec<u8>]) -> StreamInfo {
        let longest = frames.iter().map(Vec::len).max().unwrap();
        let longest = u16::try_from(longest).unwrap();
        StreamInfo {
            blocks: (if self.is_variable { 16 } else { self.block }, self.block),
            lengths: one(rng, &[(0, 0), (10, longest)]),
            rate: self.rate.0,
            samples: self.samples(),
        }
    }

    fn encode(&self) -> Vec<Vec<u8>> {
        let mut before = 0;
        let frames = self.samples.iter().zip(&self.contents).zip(0_u64..);
        let frames = frames.map(|((samples, content), index)| {
            let frame = Frame {
                is_variable: self.is_variable,
                number: if self.is_variable { before } else { index },
                samples: *samples,
                rate: (if self.has_rate { self.rate.1 } else { 0 }, Vec::new()),
                content: content.clone(),
            };
            before += u64::from(*samples);
            frame.encode()
        });
        frames.collect()
    }
}
