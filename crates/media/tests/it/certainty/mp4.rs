//! Writes MP4 with lies.

use fastrand::Rng;

use super::{Lie, Truth, noise, one};
use crate::encode::{matrix, part, parts};

/// The fields that store a duration, in seconds.
#[derive(Clone, Copy)]
struct Durations {
    movie: f64,
    track: f64,
    media: f64,
    edit: Option<f64>,
    fragments: Option<f64>,
    index: Option<f64>,
    samples: f64,
    times: f64,
    /// Duration of the samples in the movie's tables, before the fragments.
    before: f64,
}

/// Units per second of the movie and of the media.
const MOVIE: f64 = 1_000.0;
const MEDIA: f64 = 12_800.0;

pub(super) fn write(rng: &mut Rng) -> Lie {
    let seconds = f64::from(rng.u32(2_000..60_000)) / 1_000.0;
    let is_fragmented = rng.u8(..3) == 0;
    let begins_in_tables = is_fragmented && rng.u8(..3) == 0;
    let before = match (is_fragmented, begins_in_tables) {
        (true, true) => seconds * f64::from(rng.u32(10..90)) / 100.0,
        (true, false) => 0.0,
        (false, _) => seconds,
    };
    let in_fragments = seconds - before;
    let mut all = Durations {
        movie: before,
        track: before,
        media: before,
        edit: (!is_fragmented && rng.bool()).then_some(seconds),
        fragments: (is_fragmented && rng.bool()).then_some(seconds),
        index: (is_fragmented && !begins_in_tables && rng.bool()).then_some(seconds),
        samples: in_fragments,
        times: in_fragments,
        before: if is_fragmented { before } else { 0.0 },
    };
    let mut what = String::new();
    if rng.bool() {
        // Units of zero and of all ones mean that the duration is unknown.
        let lie = one(
            rng,
            &[
                0.0,
                f64::from(u32::MAX),
                seconds / 2.0,
                seconds * 3.0,
                seconds + 1.0,
            ],
        );
        let (field, name) = match rng.u8(..8) {
            1 => (&mut all.track, "track "),
            2 if all.edit.is_none() => (&mut all.media, "media "),
            3 => (all.edit.get_or_insert(seconds), "edit "),
            4 if is_fragmented => (all.fragments.get_or_insert(seconds), "fragments "),
            5 if is_fragmented => (all.index.get_or_insert(seconds), "index "),
            6 if is_fragmented => (&mut all.samples, "samples "),
            7 if is_fragmented => (&mut all.times, "times "),
            _ => (&mut all.movie, "movie "),
        };
        *field = lie;
        what += name;
        // The samples are the truth of what is played.
        if name == "samples " && lie > 0.0 && lie < 1e6 {
            what += "(and so the truth) ";
        }
    }
    let mut bytes = part(*b"ftyp", b"isom\0\0\x02\0isomavc1");
    let moov = moov(&all, is_fragmented);
    let length = rng.usize(1_000..30_000);
    let mdat = part(*b"mdat", &noise(rng, length));
    let is_first = is_fragmented || rng.bool();
    if is_first {
        bytes.extend(&moov);
    }
    if is_fragmented {
        if let Some(index) = all.index {
            bytes.extend(segments(index));
        }
        for half in 0..2 {
            bytes.extend(fragment(&all, half));
            bytes.extend(&mdat);
        }
    } else {
        bytes.extend(&mdat);
    }
    if !is_first {
        bytes.extend(&moov);
    }
    let mut truth = seconds;
    if rng.u8(..6) == 0 {
        what += "cut ";
        truth = -1.0;
        // Fragments before the cut are whole.
        bytes.truncate(bytes.len() - rng.usize(1..=length));
    }
    // Facts come from the boxes in the first bytes.
    Lie {
        bytes,
        truth: Truth::Seconds(truth),
        what,
        is_local: is_fragmented,
    }
}

fn units(seconds: f64, scale: f64) -> [u8; 4] {
    // Too large numbers become the largest.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it saturates"
    )]
    let units = (seconds * scale) as u32;
    units.to_be_bytes()
}

fn moov(all: &Durations, is_fragmented: bool) -> Vec<u8> {
    let mut header = vec![0; 12];
    header.extend([units(MOVIE, 1.0), units(all.movie, MOVIE)].concat());
    header.resize(36, 0);
    header.extend(matrix(0));
    header.resize(100, 0);
    let mut inside = vec![part(*b"mvhd", &header), track(all)];
    if is_fragmented {
        let mut extends = vec![part(
            *b"trex",
            &[0, 1, 1, 512, 0, 0].map(u32::to_be_bytes).concat(),
        )];
        if let Some(total) = all.fragments {
            extends.push(part(*b"mehd", &[[0; 4], units(total, MOVIE)].concat()));
        }
        inside.push(parts(*b"mvex", &extends));
    }
    parts(*b"moov", &inside)
}

fn track(all: &Durations) -> Vec<u8> {
    let mut header = vec![0; 12];
    header.extend([1_u32.to_be_bytes(), [0; 4], units(all.track, MOVIE)].concat());
    header.resize(40, 0);
    header.extend(matrix(0));
    header.resize(84, 0);
    let mut inside = vec![part(*b"tkhd", &header)];
    if let Some(edit) = all.edit {
        let list = [
            [0; 4],
            1_u32.to_be_bytes(),
            units(edit, MOVIE),
            [0; 4],
            [0, 1, 0, 0],
        ]
        .concat();
        inside.push(parts(*b"edts", &[part(*b"elst", &list)]));
    }
    let mut clock = vec![0; 12];
    clock.extend([units(MEDIA, 1.0), units(all.media, MEDIA)].concat());
    clock.resize(24, 0);
    let mut entry = vec![0; 24];
    entry.extend([640_u16.to_be_bytes(), 360_u16.to_be_bytes()].concat());
    entry.resize(78, 0);
    let descriptions = [[0; 4], 1_u32.to_be_bytes()].concat();
    let description = part(*b"stsd", &[descriptions, part(*b"avc1", &entry)].concat());
    let tables = parts(*b"minf", &[parts(*b"stbl", &[description])]);
    let handler = part(*b"hdlr", b"\0\0\0\0\0\0\0\0vide");
    inside.push(parts(*b"mdia", &[part(*b"mdhd", &clock), handler, tables]));
    parts(*b"trak", &inside)
}

/// Encodes half of the samples, as one run of two samples.
fn fragment(all: &Durations, half: u32) -> Vec<u8> {
    let each = units(all.samples / 4.0, MEDIA);
    let begins = units(all.before + all.times / 2.0 * f64::from(half), MEDIA);
    let header = part(*b"tfhd", &[[0; 4], 1_u32.to_be_bytes()].concat());
    let time = part(*b"tfdt", &[[0; 4], begins].concat());
    let run = part(
        *b"trun",
        &[[0, 0, 1, 0], 2_u32.to_be_bytes(), each, each].concat(),
    );
    parts(*b"moof", &[parts(*b"traf", &[header, time, run])])
}

fn segments(seconds: f64) -> Vec<u8> {
    let mut body = vec![0; 8];
    body.extend(units(MEDIA, 1.0));
    body.resize(22, 0);
    body.extend(2_u16.to_be_bytes());
    for _ in 0..2 {
        body.extend([[0; 4], units(seconds / 2.0, MEDIA), [0; 4]].concat());
    }
    part(*b"sidx", &body)
}
