//! Writes MP3 with lies.

use fastrand::Rng;

use super::{Lie, Truth, noise, one};

/// Bit rates in kilobits per second with their index in a frame's header.
const BIT_RATES: [(u8, usize); 5] = [(3, 48), (5, 64), (9, 128), (11, 192), (14, 320)];
/// Samples per second, of which 1,152 are in a frame.
const RATE: usize = 48_000;
const FRAME: f64 = 1_152.0 / 48_000.0;

pub(super) fn write(rng: &mut Rng) -> Lie {
    let varies = rng.bool();
    let bit_rate = one(rng, &BIT_RATES);
    let pieces = one(rng, &[1, 1, 1, 1, 2, 3]);
    let mut what = String::new();
    if pieces > 1 {
        what += "joined ";
    }
    let count = rng.u8(..4);
    let mut bytes = tags_before(rng);
    let mut frames = 0;
    let mut lies_in_count = false;
    for piece in 0..pieces {
        if piece > 0 && rng.bool() {
            bytes.extend(tags_before(rng));
        }
        let number = rng.usize(20..400);
        let mut audio = Vec::new();
        for _ in 0..number {
            let rate = if varies {
                one(rng, &BIT_RATES)
            } else {
                bit_rate
            };
            audio.extend(frame(rng, rate));
        }
        frames += number;
        let mut counted = (u32::try_from(number).unwrap(), 0);
        // The frame of the counts is in the number of bytes.
        let mut info = frame(rng, (9, 128));
        counted.1 = u32::try_from(audio.len() + info.len()).unwrap();
        if count > 0 && rng.u8(..3) == 0 {
            lies_in_count = true;
            what += "count ";
            match rng.u8(..3) {
                0 => counted.0 = rng.u32(1..2_000),
                1 => counted.1 = rng.u32(1..200_000),
                _ => counted = (rng.u32(1..2_000), rng.u32(1..200_000)),
            }
        }
        match count {
            0 => info.clear(),
            1 => {
                info[36..40].copy_from_slice(one(rng, &[b"Xing", b"Info"]));
                info[40..44].copy_from_slice(&[0, 0, 0, 3]);
                info[44..48].copy_from_slice(&counted.0.to_be_bytes());
                info[48..52].copy_from_slice(&counted.1.to_be_bytes());
            }
            2 => {
                info[36..40].copy_from_slice(b"Xing");
                info[40..44].copy_from_slice(&[0, 0, 0, 1]);
                info[44..48].copy_from_slice(&counted.0.to_be_bytes());
            }
            _ => {
                info[36..40].copy_from_slice(b"VBRI");
                info[46..50].copy_from_slice(&counted.1.to_be_bytes());
                info[50..54].copy_from_slice(&counted.0.to_be_bytes());
            }
        }
        bytes.extend(info);
        bytes.extend(audio);
    }
    let mut seconds = frames as f64 * FRAME;
    match rng.u8(..6) {
        0 if pieces == 1 => {
            what += "cut ";
            // A cut in the middle is far from the tags at both ends.
            let keep = rng.usize(bytes.len() / 2..bytes.len());
            seconds = whole_frames(&bytes[..keep]) as f64 * FRAME;
            bytes.truncate(keep);
        }
        _ => bytes.extend(tags_after(rng)),
    }
    // A variable bit rate is only known of frames that were read.
    let is_whole = pieces == 1 && !what.contains("cut") && !lies_in_count;
    let is_local = varies && !(is_whole && matches!(count, 1 | 3));
    Lie {
        bytes,
        truth: Truth::Seconds(seconds),
        what,
        is_local,
    }
}

/// Encodes a frame of noise.
fn frame(rng: &mut Rng, (index, kilobits): (u8, usize)) -> Vec<u8> {
    let mut bytes = vec![0xff, 0xfb, index << 4 | 1 << 2, 0];
    let length = 144 * kilobits * 1_000 / RATE - bytes.len();
    bytes.extend(noise(rng, length));
    bytes
}

/// Counts the frames that are there whole, by their headers.
fn whole_frames(bytes: &[u8]) -> usize {
    let (mut at, mut frames) = (0, 0);
    while at + 4 <= bytes.len() {
        let known = BIT_RATES
            .iter()
            .find(|(index, _)| bytes[at + 2] >> 4 == *index);
        match known {
            Some((_, kilobits)) if bytes[at..at + 2] == [0xff, 0xfb] => {
                let end = at + 144 * kilobits * 1_000 / RATE;
                let is_count = matches!(
                    bytes.get(at + 36..at + 40),
                    Some(b"Xing" | b"Info" | b"VBRI")
                );
                frames += usize::from(end <= bytes.len() && !is_count);
                at = end;
            }
            _ => at += 1,
        }
    }
    frames
}

fn tags_before(rng: &mut Rng) -> Vec<u8> {
    let mut bytes = Vec::new();
    for _ in 0..rng.usize(..3) {
        let length = rng.u8(..100);
        if rng.bool() {
            bytes.extend([b'I', b'D', b'3', 4, 0, 0, 0, 0, 0, length]);
        } else {
            bytes.extend(ape(length, 1 << 29 | 1 << 31));
        }
        bytes.extend(noise(rng, length.into()));
    }
    bytes
}

/// Returns tags of three kinds, as they follow the audio of any format.
pub(super) fn tags_after(rng: &mut Rng) -> Vec<u8> {
    let mut bytes = Vec::new();
    if rng.u8(..3) == 0 {
        let length = rng.usize(..9_000);
        bytes.extend(noise(rng, length));
        bytes.extend(*b"APETAGEX\xd0\x07\0\0");
        bytes.extend(u32::try_from(length + 32).unwrap().to_le_bytes());
        bytes.extend([0; 16]);
    }
    if rng.u8(..3) == 0 {
        let length = rng.usize(11..900);
        bytes.extend(noise(rng, length));
        bytes.extend(format!("{length:06}LYRICS200").into_bytes());
    }
    if rng.bool() {
        bytes.extend(*b"TAG");
        bytes.extend(noise(rng, 125));
    }
    bytes
}

fn ape(length: u8, flags: u32) -> Vec<u8> {
    let mut bytes = b"APETAGEX\xd0\x07\0\0".to_vec();
    bytes.extend(u32::from(length).to_le_bytes());
    bytes.extend([0; 4]);
    bytes.extend(flags.to_le_bytes());
    bytes.extend([0; 8]);
    bytes
}
