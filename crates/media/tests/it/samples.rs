//! Lists media with their facts, and the allowed cost of reading them.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::encode::flac::{Frame, StreamInfo};
use crate::encode::{
    bmp, core_bmp, exif, id3, jpeg, long_movie_header, matrix, mdat_first, movie_header,
    mp3_frames, ogg_page, open_wav, opus_header, opus_second, part, parts, png, riff, segments,
    tiff, track, wav_format, webp,
};
use crate::source::Source;

/// Length of the first read in bytes.
pub(crate) const FIRST: u64 = 14_336;

/// A media file with its facts.
#[derive(Debug)]
pub(crate) struct Sample {
    pub(crate) name: String,
    pub(crate) source: Source,
    pub(crate) facts: Value,
    /// Maximum number of reads and of bytes.
    pub(crate) cost: (u32, u64),
    /// `true` if the duration follows from the size, so that a cut file is shorter.
    pub(crate) by_size: bool,
}

pub(crate) fn fixture(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    folder.join(name)
}

/// Returns all samples.
pub(crate) fn all() -> Vec<Sample> {
    [fixtures(), images(), fat_jpegs(), videos(), audio_files()]
        .into_iter()
        .flatten()
        .collect()
}

fn sample(name: &str, source: impl Into<Source>, facts: Value) -> Sample {
    Sample {
        name: name.to_owned(),
        source: source.into(),
        facts,
        cost: (1, FIRST),
        by_size: false,
    }
}

impl Sample {
    fn costs(self, reads: u32, bytes: u64) -> Self {
        Self {
            cost: (reads, bytes),
            ..self
        }
    }

    fn by_size(self) -> Self {
        Self {
            by_size: true,
            ..self
        }
    }
}

fn image(format: &str, width: u32, height: u32, orientation: u8) -> Value {
    json!({
        "kind": "image", "format": format, "width": width, "height": height,
        "orientation": orientation
    })
}

/// Returns the facts of an image or a video with a codec.
fn coded(kind: &str, format: &str, codec: &str, dimensions: (u32, u32), orientation: u8) -> Value {
    json!({
        "kind": kind, "format": format, "codec": codec, "width": dimensions.0, "height": dimensions.1,
        "orientation": orientation
    })
}

fn lasting(mut facts: Value, seconds: f64, rate: Option<f64>) -> Value {
    facts["duration_seconds"] = seconds.into();
    if let Some(rate) = rate {
        facts["frame_rate"] = rate.into();
    }
    facts
}

fn audio(format: &str, codec: Option<&str>, seconds: Option<f64>) -> Value {
    let mut facts = json!({"kind": "audio", "format": format});
    if let Some(codec) = codec {
        facts["codec"] = codec.into();
    }
    if let Some(seconds) = seconds {
        facts["duration_seconds"] = seconds.into();
    }
    facts
}

/// Returns samples that other programs made; the folder's README lists their facts.
fn fixtures() -> Vec<Sample> {
    let still = |format, codec, sides, turn| coded("image", format, codec, sides, turn);
    let moving = |format, codec, turn| coded("video", format, codec, (64, 36), turn);
    let at_25 = |facts| lasting(facts, 1.2, Some(25.0));
    let list = [
        ("thumbnail.jpg", image("jpeg", 60, 40, 6)),
        ("progressive.jpg", image("jpeg", 60, 40, 1)),
        ("cmyk.jpg", image("jpeg", 60, 40, 1)),
        ("palette.png", image("png", 60, 40, 1)),
        ("exif.png", image("png", 60, 40, 8)),
        ("animated.gif", image("gif", 30, 20, 1)),
        ("animated.webp", image("webp", 30, 20, 1)),
        ("animated.avif", still("avif", "av1", (30, 20), 1)),
        ("lossy.webp", still("webp", "vp8", (60, 40), 1)),
        ("lossless.webp", still("webp", "vp8l", (60, 40), 1)),
        ("exif.webp", image("webp", 60, 40, 6)),
        ("plain.avif", still("avif", "av1", (60, 40), 1)),
        ("turned.avif", still("avif", "av1", (60, 40), 6)),
        ("plain.heic", still("heic", "hevc", (64, 48), 1)),
        ("turned.heic", still("heic", "hevc", (64, 48), 6)),
        ("odd.heic", still("heic", "hevc", (61, 47), 1)),
        ("plain.bmp", image("bmp", 60, 40, 1)),
        ("little.tif", image("tiff", 60, 40, 6)),
        (
            "last.mp4",
            lasting(moving("mp4", "h264", 1), 1.5, Some(25.0)),
        ),
        ("first.mp4", at_25(moving("mp4", "h264", 1))),
        (
            "fragmented.mp4",
            lasting(moving("mp4", "h264", 1), 1.2, None),
        ),
        ("turned.mov", at_25(moving("mov", "h264", 6))),
        ("turned.mkv", at_25(moving("mkv", "h264", 6))),
        ("hevc.mov", at_25(moving("mov", "hevc", 1))),
        ("plain.webm", at_25(moving("webm", "vp9", 1))),
        ("live.webm", {
            let mut facts = moving("webm", "vp8", 1);
            facts["frame_rate"] = json!(25.0);
            facts
        }),
        ("sound.webm", audio("webm", Some("opus"), Some(1.508))),
        ("sound.m4a", audio("m4a", Some("aac"), Some(1.5))),
        ("xing.mp3", audio("mp3", None, Some(1.5))),
        (
            "constant.mp3",
            audio("mp3", None, Some(67_968.0 / 44_100.0)),
        ),
        ("silence.mp3", audio("mp3", None, Some(4.104))),
        ("plain.flac", audio("flac", None, Some(0.5))),
        ("vorbis.ogg", audio("ogg", Some("vorbis"), Some(1.5))),
        ("opus.ogg", audio("ogg", Some("opus"), Some(1.5))),
        ("plain.wav", audio("wav", Some("pcm"), Some(0.5))),
        ("adpcm.wav", audio("wav", Some("adpcm"), Some(0.5))),
    ];
    let samples = list.into_iter().map(|(name, facts)| {
        let made = sample(name, fs::read(fixture(name)).unwrap(), facts);
        match name {
            "constant.mp3" | "silence.mp3" => made.by_size(),
            _ => made,
        }
    });
    samples.collect()
}

/// Returns a file that is too large to be read beyond its beginning.
fn large(first: Vec<u8>) -> Source {
    Source::ends(first, 40_000_000, vec![0; 16])
}

fn images() -> Vec<Sample> {
    let sides = [(256, 3, 70), (257, 3, 50)];
    let turned = [(256, 4, 70), (257, 4, 50), (274, 3, 8)];
    let webp_exif = [(*b"VP8 ", vec![0; 60_001]), (*b"EXIF", exif(5, true).1)];
    let text = (
        *b"tEXt",
        [&b"workflow\0"[..], &*vec![b'x'; 60_000]].concat(),
    );
    // ImageMagick writes a background and a time before the pixels, and EXIF data after them.
    let converted = [
        vec![(*b"bKGD", vec![0xff; 6])],
        vec![(*b"IDAT", vec![0; 8_192]); 9],
        vec![(*b"eXIf", exif(6, false).1[6..].to_vec())],
    ]
    .concat();
    let mut list = vec![
        sample("large.png", large_png(), image("png", 9_000, 7_000, 1)).costs(2, 15_000),
        sample(
            "pixels.png",
            png(70, 50, &[(*b"IDAT", vec![0; 60_000])]),
            image("png", 70, 50, 1),
        )
        .costs(2, 16_000),
        sample(
            "converted.png",
            png(70, 50, &converted),
            image("png", 70, 50, 6),
        )
        .costs(2, 40_000),
        sample(
            "huge.png",
            png(i32::MAX as u32, 1, &[]),
            image("png", i32::MAX as u32, 1, 1),
        ),
        sample(
            "workflow.png",
            png(
                640,
                480,
                &[text, (*b"eXIf", exif(3, false).1[6..].to_vec())],
            ),
            image("png", 640, 480, 3),
        )
        .costs(2, 15_500),
        sample(
            "large.gif",
            large(b"GIF87a\xd0\x07\xe8\x03\0\0\0".to_vec()),
            image("gif", 2_000, 1_000, 1),
        ),
        sample("core.bmp", core_bmp(70, 50), image("bmp", 70, 50, 1)),
        sample(
            "large.bmp",
            large(bmp(7_000, 5_000)),
            image("bmp", 7_000, 5_000, 1),
        ),
        sample("top_down.bmp", bmp(70, -50), image("bmp", 70, 50, 1)),
        sample(
            "big_endian.tif",
            tiff(false, 8, &sides),
            image("tiff", 70, 50, 1),
        ),
        sample(
            "little_endian.tif",
            tiff(true, 8, &turned),
            image("tiff", 70, 50, 8),
        ),
        sample(
            "directory_last.tif",
            tiff(true, 90_000, &turned),
            image("tiff", 70, 50, 8),
        )
        .costs(2, 15_500),
        sample(
            "large.webp",
            large(webp(0x10, 4_000, 16_384, &[])),
            image("webp", 4_000, 16_384, 1),
        ),
        sample(
            "exif_last.webp",
            webp(0x08, 70, 50, &webp_exif),
            image("webp", 70, 50, 5),
        )
        .costs(2, 15_500),
    ];
    for (turn, little) in (1..=8).flat_map(|turn| [(turn, true), (turn, false)]) {
        let facts = image("jpeg", 70, 50, u8::try_from(turn).unwrap());
        let bytes = jpeg(&[exif(turn, little)], 0xc0, 70, 50);
        list.push(sample(&format!("exif_{turn}_{little}.jpg"), bytes, facts));
    }
    for frame in [0xc0, 0xc1, 0xc2, 0xc3, 0xc9, 0xca] {
        let facts = image("jpeg", 7_000, 5_000, 1);
        let bytes = large(jpeg(&[], frame, 7_000, 5_000));
        list.push(sample(&format!("frame_{frame:x}.jpg"), bytes, facts));
    }
    list
}

fn fat_jpegs() -> Vec<Sample> {
    // 550 KB, the size of the largest printer profiles: nine segments of APP2.
    let profile: Vec<_> = (1..=9)
        .map(|number| {
            let name = [&b"ICC_PROFILE\0"[..], &[number, 9]].concat();
            let length = if number < 9 {
                65_519
            } else {
                550 * 1024 - 8 * 65_519
            };
            (0xe2, [name, vec![0xff; length]].concat())
        })
        .collect();
    let xmp: Vec<_> = (0..3)
        .map(|_| {
            (
                0xe1,
                [
                    &b"http://ns.adobe.com/xmp/extension/\0"[..],
                    &*vec![b'x'; 65_400],
                ]
                .concat(),
            )
        })
        .collect();
    let late = [xmp.clone(), vec![exif(8, false)]].concat();
    let early = [vec![exif(6, true)], xmp].concat();
    // The EXIF data contains a thumbnail that fills the segment.
    let (marker, mut thumbnail) = exif(7, false);
    thumbnail.extend(jpeg(&[], 0xc0, 160, 120));
    thumbnail.resize(65_000, 0);
    vec![
        sample(
            "profile.jpg",
            jpeg(&profile, 0xc2, 70, 50),
            image("jpeg", 70, 50, 1),
        )
        .costs(6, 512 << 10),
        sample(
            "extended_xmp.jpg",
            jpeg(&early, 0xc0, 70, 50),
            image("jpeg", 70, 50, 6),
        )
        .costs(4, 132_000),
        sample(
            "late_exif.jpg",
            jpeg(&late, 0xc0, 70, 50),
            image("jpeg", 70, 50, 8),
        )
        .costs(4, 132_000),
        sample(
            "thumbnail_first.jpg",
            jpeg(&[(marker, thumbnail)], 0xc0, 70, 50),
            image("jpeg", 70, 50, 7),
        )
        .costs(2, 15_500),
    ]
}

fn video(duration: f64, orientation: u8) -> Value {
    let facts = coded("video", "mp4", "h264", (640, 360), orientation);
    lasting(facts, duration, Some(25.0))
}

/// Returns a large file with the movie's box at its end.
fn movie_last(moov: Vec<u8>) -> Source {
    const SIZE: u64 = 3 << 30;
    let length = SIZE - moov.len() as u64 - 24;
    Source::ends(mdat_first(length), SIZE, moov)
}

fn movie_first(moov: Vec<u8>) -> Source {
    large([part(*b"ftyp", b"isom\0\0\x02\0isomavc1"), moov].concat())
}

fn videos() -> Vec<Sample> {
    let movie = |inside: &[Vec<u8>]| parts(*b"moov", inside);
    let plain = |turn, table| {
        let header = movie_header(60_000, &matrix(0));
        movie(&[
            header,
            track(true, &matrix(turn), table),
            track(false, &matrix(0), table),
        ])
    };
    let fragmented = |extends: &[Vec<u8>]| {
        let picture = track(true, &matrix(0), 12);
        movie(&[
            movie_header(400, &matrix(0)),
            picture,
            parts(*b"mvex", extends),
        ])
    };
    let both_turned = movie(&[
        movie_header(60_000, &matrix(1)),
        track(true, &matrix(1), 12),
    ]);
    let sound_first = movie(&[
        movie_header(60_000, &matrix(0)),
        track(false, &matrix(0), 12),
        track(true, &matrix(0), 12),
    ]);
    let long = movie(&[long_movie_header(60_000), track(true, &matrix(3), 12)]);
    let only_sound = movie(&[
        movie_header(60_000, &matrix(0)),
        track(false, &matrix(0), 12),
    ]);
    // The header has the duration before the first fragment only.
    let mut unknown = video(60.0, 1);
    unknown.as_object_mut().unwrap().remove("duration_seconds");
    let mehd = part(*b"mehd", &[[0; 4], 60_000_u32.to_be_bytes()].concat());
    let old = [part(*b"wide", b""), plain(0, 12)].concat();
    let mut quicktime = video(60.0, 1);
    quicktime["format"] = json!("mov");
    vec![
        sample("first.mp4", movie_first(plain(0, 12)), video(60.0, 1)),
        sample("last.mp4", movie_last(plain(0, 12)), video(60.0, 1)).costs(2, 32 << 10),
        sample("phone.mp4", movie_last(plain(1, 12)), video(60.0, 6)).costs(2, 32 << 10),
        sample("upside_down.mp4", movie_last(plain(2, 12)), video(60.0, 3)).costs(2, 32 << 10),
        sample(
            "movie_turned_too.mp4",
            movie_first(both_turned),
            video(60.0, 3),
        ),
        sample("sound_first.mp4", movie_first(sound_first), video(60.0, 1)),
        sample("long_header.mp4", movie_first(long), video(60.0, 8)),
        sample(
            "tables_first.mp4",
            movie_first(plain(1, 300_000)),
            video(60.0, 6),
        )
        .costs(3, 64_000),
        sample(
            "tables_last.mp4",
            movie_last(plain(1, 300_000)),
            video(60.0, 6),
        )
        .costs(3, 64_000),
        sample(
            "fragments.mp4",
            movie_first(fragmented(&[])),
            unknown.clone(),
        ),
        sample(
            "fragments_with_one_duration.mp4",
            movie_first(fragmented(std::slice::from_ref(&mehd))),
            unknown,
        ),
        sample(
            "fragments_with_index.mp4",
            movie_first([fragmented(&[mehd]), segments(&[30_000; 2])].concat()),
            video(60.0, 1),
        ),
        sample("old.mov", large(old), quicktime),
        sample(
            "only_sound.mp4",
            movie_first(only_sound),
            audio("mp4", Some("opus"), Some(60.0)),
        ),
    ]
}

fn audio_files() -> Vec<Sample> {
    let seconds = |count: usize| vec![0; 16_000 * count];
    let wav = |extensible: bool, before: &[([u8; 4], Vec<u8>)]| {
        let mut chunks = before.to_vec();
        chunks.extend([(*b"fmt ", wav_format(extensible)), (*b"data", seconds(2))]);
        riff(*b"RIFF", *b"WAVE", &chunks)
    };
    let ds64 = [[0; 8], 48_000_000_u64.to_le_bytes(), [0; 8]].concat();
    let rf64 = [(*b"ds64", ds64), (*b"fmt ", wav_format(false))];
    let pcm = |duration| audio("wav", Some("pcm"), Some(duration));
    // Twelve thousand pages of a second each, of which only the first and the last are written.
    let second = |flags, number: u32| {
        let position = u64::from(number - 1) * 48_000;
        ogg_page(flags, position, 7, number, &opus_second())
    };
    let page = second(0, 2).len() as u64;
    let opus = [opus_header(7, 0), second(0, 2), second(0, 3)].concat();
    let size = opus.len() as u64 + 11_998 * page;
    let long_opus = Source::ends(
        opus.clone(),
        size,
        [second(0, 12_000), second(4, 12_001)].concat(),
    )
    // Page 6,003 and the next one are behind the middle.
    .with(
        opus.len() as u64 + 5_999 * page,
        [second(0, 6_003), second(0, 6_004)].concat(),
    );
    let constant = |frames: u16| f64::from(frames) * 1_152.0 / 48_000.0;
    let tagged = |tag, frames| [id3(tag), mp3_frames(frames)].concat();
    let opus = |duration| audio("ogg", Some("opus"), Some(duration));
    let xing = fs::read(fixture("xing.mp3")).unwrap();
    let covered = [id3(900_000), xing].concat();
    let flac = [id3(900_000), fs::read(fixture("plain.flac")).unwrap()].concat();
    vec![
        sample(
            "list_first.wav",
            wav(false, &[(*b"LIST", vec![0; 301])]),
            pcm(2.0),
        ),
        sample(
            "large_list.wav",
            wav(false, &[(*b"LIST", vec![0; 100_001])]),
            pcm(2.0),
        )
        .costs(2, 31_000),
        sample("extensible.wav", wav(true, &[]), pcm(2.0)),
        sample(
            "rf64.wav",
            Source::ends(
                open_wav(*b"RF64", &rf64, 0),
                open_wav(*b"RF64", &rf64, 0).len() as u64 + 48_000_000,
                Vec::new(),
            ),
            pcm(3_000.0),
        ),
        sample("pipe.wav", open_wav(*b"RIFF", &rf64[1..], 16_000), pcm(1.0)).by_size(),
        sample(
            "frames.mp3",
            mp3_frames(200),
            audio("mp3", None, Some(constant(200))),
        )
        .costs(3, 64_000)
        .by_size(),
        sample(
            "tagged.mp3",
            tagged(500, 20),
            audio("mp3", None, Some(constant(20))),
        )
        .by_size(),
        sample("cover.mp3", covered, audio("mp3", None, Some(1.5))).costs(2, 31_000),
        sample("cover.flac", flac, audio("flac", None, Some(0.5))).costs(2, 31_000),
        sample("long.ogg", long_opus, opus(12_000.0)).costs(2, 45_000),
        sample("quiet_start.ogg", ogg_with_quiet_start(), opus(120.0)).costs(4, 140_000),
        sample(
            "quiet_start.mp3",
            mp3_with_quiet_start(),
            audio("mp3", None, Some(10.08)),
        ),
        sample(
            "large.flac",
            large_flac(),
            audio("flac", None, Some(3_600.0)),
        )
        .costs(2, 32_000),
    ]
}

/// Returns an image whose pixels are in one chunk.
fn large_png() -> Source {
    let mut first = png(9_000, 7_000, &[]);
    // The header, and the length of the pixels.
    first.truncate(41);
    let end = [&[0; 4][..], b"\0\0\0\0IEND\xae\x42\x60\x82"].concat();
    let size = 40_000_000;
    let pixels = size - first.len() as u64 - end.len() as u64;
    first[33..37].copy_from_slice(&u32::try_from(pixels).unwrap().to_be_bytes());
    Source::ends(first, size, end)
}

/// Returns two minutes of audio with silence at both ends and in the middle, in pages of a second each.
fn ogg_with_quiet_start() -> Source {
    let mut bytes = opus_header(7, 0);
    for second in 0..120_u32 {
        let is_quiet = !(10..50).contains(&second) && !(70..110).contains(&second);
        let mut packets = opus_second();
        for packet in &mut packets {
            packet.resize(if is_quiet { 3 } else { 240 }, 0);
        }
        let flags = if second == 119 { 4 } else { 0 };
        let position = u64::from(second + 1) * 48_000;
        bytes.extend(ogg_page(flags, position, 7, second + 2, &packets));
    }
    bytes.into()
}

/// Returns audio whose bit rate varies: a second of silence, then noise. Its header counts frames and
/// bytes.
fn mp3_with_quiet_start() -> Source {
    let frame = |index: u8, length: usize| {
        let mut frame = vec![0xff, 0xfb, index << 4 | 1 << 2, 0];
        frame.resize(length, 0);
        frame
    };
    let (quiet, loud) = (frame(3, 144), frame(14, 960));
    let mut bytes = frame(9, 384);
    let length = bytes.len() + 40 * quiet.len() + 380 * loud.len();
    bytes[36..44].copy_from_slice(b"Xing\0\0\0\x03");
    bytes[44..48].copy_from_slice(&420_u32.to_be_bytes());
    bytes[48..52].copy_from_slice(&u32::try_from(length).unwrap().to_be_bytes());
    bytes.extend(quiet.repeat(40));
    bytes.extend(loud.repeat(380));
    bytes.into()
}

/// Returns an hour of audio of which only the header and the last frame are written.
fn large_flac() -> Source {
    let info = StreamInfo {
        blocks: (4_096, 4_096),
        lengths: (14, 8_192),
        rate: 48_000,
        samples: 48_000 * 3_600,
    };
    let last = Frame {
        is_variable: false,
        number: info.samples / 4_096,
        samples: u16::try_from(info.samples % 4_096).unwrap(),
        rate: (10, Vec::new()),
        content: vec![0; 6_000],
    };
    Source::ends(info.encode(&[]), 40_000_000, last.encode())
}
