//! Writes WAV with lies.

use fastrand::Rng;

use super::{Lie, Truth, noise, one};

/// Lengths that programs store when they do not know the length.
const PLACEHOLDERS: [u32; 9] = [
    0,
    u32::MAX,
    u32::MAX - 1,
    0x7fff_f000,
    0x7fff_ffff,
    0x8000_0000,
    2_000_000_000,
    0x7fff_ff00,
    0xffff_ff00,
];

pub(super) fn write(rng: &mut Rng) -> Lie {
    let rate = one(rng, &[8_000_u32, 16_000, 22_050, 44_100, 48_000, 96_000]);
    let channels = rng.u16(1..=2);
    let (tag, bits) = one(
        rng,
        &[(1_u16, 8_u16), (1, 16), (1, 24), (3, 32), (6, 8), (7, 8)],
    );
    let block = channels * bits / 8;
    let frames = rng.u32(rate / 4..rate * 2);
    let data = frames * u32::from(block);
    let is_long = rng.u8(..5) == 0;
    let mut format = Format {
        tag,
        channels,
        rate,
        byte_rate: rate * u32::from(block),
        block,
        bits,
    };
    let mut fields = Fields {
        riff: None,
        data: if is_long { u32::MAX } else { data },
        long: data.into(),
        count: frames,
    };
    let mut truth = f64::from(frames) / f64::from(rate);
    let mut what = String::new();
    let (mut cut, mut junk) = (None, 0);
    for _ in 0..one(rng, &[0, 1, 1, 1, 2]) {
        what += match rng.u8(..9) {
            0 => {
                cut = Some(rng.u32(..data));
                "cut "
            }
            1 => {
                junk = rng.usize(1..9_000);
                "junk "
            }
            2 | 3 => format.lie(rng),
            _ => fields.lie(rng, data),
        };
    }
    if let Some(cut) = cut {
        truth = f64::from(cut) / f64::from(rate * u32::from(block));
    }
    // Junk after samples of unknown length cannot be told from samples.
    if junk > 0 && (fields.data == u32::MAX || fields.data == 0) {
        junk = 0;
    }
    let bytes = file(
        rng,
        is_long,
        &format,
        &fields,
        cut.unwrap_or(data),
        cut.is_some(),
        junk,
    );
    Lie {
        bytes,
        truth: Truth::Seconds(truth),
        what,
        is_local: false,
    }
}

struct Format {
    tag: u16,
    channels: u16,
    rate: u32,
    byte_rate: u32,
    block: u16,
    bits: u16,
}

impl Format {
    fn lie(&mut self, rng: &mut Rng) -> &'static str {
        match rng.u8(..4) {
            0 => self.block = rng.u16(1..9),
            1 => self.bits = one(rng, &[4, 8, 16, 24, 32]),
            2 => self.channels = rng.u16(1..9),
            _ => {
                let byte_rate = u64::from(self.byte_rate) * rng.u64(1..=64) / 16;
                self.byte_rate = u32::try_from(byte_rate).unwrap();
            }
        }
        "format "
    }
}

struct Fields {
    riff: Option<u32>,
    data: u32,
    long: u64,
    count: u32,
}

impl Fields {
    fn lie(&mut self, rng: &mut Rng, data: u32) -> &'static str {
        let length = if rng.bool() {
            rng.u32(..)
        } else {
            one(rng, &PLACEHOLDERS)
        };
        match rng.u8(..5) {
            0 => self.data = length,
            1 => self.data = rng.u32(..2 * data),
            2 => self.riff = Some(length),
            3 => self.count = length,
            _ => self.long = u64::from(length) << rng.u8(..32),
        }
        "length "
    }
}

fn file(
    rng: &mut Rng,
    is_long: bool,
    format: &Format,
    fields: &Fields,
    data: u32,
    is_cut: bool,
    junk: usize,
) -> Vec<u8> {
    let mut bytes = if is_long {
        one(rng, &[*b"RF64", *b"BW64"])
    } else {
        *b"RIFF"
    }
    .to_vec();
    bytes.extend([0; 4]);
    bytes.extend(*b"WAVE");
    if is_long {
        let numbers = [0, fields.long, fields.count.into()]
            .map(u64::to_le_bytes)
            .concat();
        chunk(&mut bytes, *b"ds64", &[numbers, vec![0; 4]].concat());
    }
    let Format {
        tag,
        channels,
        rate,
        byte_rate,
        block,
        bits,
    } = *format;
    let body = [
        [tag.to_le_bytes(), channels.to_le_bytes()].concat(),
        [rate.to_le_bytes(), byte_rate.to_le_bytes()].concat(),
        [block.to_le_bytes(), bits.to_le_bytes()].concat(),
    ];
    chunk(&mut bytes, *b"fmt ", &body.concat());
    if rng.bool() {
        chunk(&mut bytes, *b"fact", &fields.count.to_le_bytes());
    }
    if rng.bool() {
        let length = rng.usize(..200);
        chunk(&mut bytes, *b"LIST", &noise(rng, length));
    }
    bytes.extend(*b"data");
    bytes.extend(fields.data.to_le_bytes());
    let samples = if rng.bool() { 0 } else { rng.u8(..) };
    bytes.resize(bytes.len() + data as usize, samples);
    if !is_cut && fields.data != u32::MAX && fields.data != 0 && rng.bool() {
        bytes.resize(bytes.len().next_multiple_of(2), 0);
        let length = rng.usize(..200);
        chunk(
            &mut bytes,
            one(rng, &[*b"LIST", *b"id3 ", *b"cue "]),
            &noise(rng, length),
        );
    }
    let length = u32::try_from(bytes.len() - 8).unwrap();
    let riff = fields
        .riff
        .unwrap_or(if is_long { u32::MAX } else { length });
    bytes[4..8].copy_from_slice(&riff.to_le_bytes());
    bytes.extend(noise(rng, junk));
    bytes
}

fn chunk(bytes: &mut Vec<u8>, kind: [u8; 4], body: &[u8]) {
    bytes.extend(kind);
    bytes.extend(u32::try_from(body.len()).unwrap().to_le_bytes());
    bytes.extend(body);
    bytes.resize(bytes.len().next_multiple_of(2), 0);
}
