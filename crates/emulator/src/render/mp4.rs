//! MP4 files: a box tree (ISO/IEC 14496-12, and 14496-15 for H.264) around a video that shows
//! the scene with a progress bar.
//!
//! The coded picture has the requested size. A file stays small, since the picture is made of large
//! cells; its text stays readable.

use super::h264::{self, CELL, MAX_MACROBLOCKS, Picture};
use super::scene::{MAX_SIDE, Scene};

/// Maximum duration in seconds.
const MAX_SECONDS: u32 = 60;
const FRAMES_PER_SECOND: u32 = 4;
/// Number of frames from one key frame, at which players can start, to the next.
const FRAMES_PER_KEY_FRAME: usize = 8;

/// Number of time units per second in the file.
const TIMESCALE: u32 = 1000;
const FRAME_DURATION: u32 = TIMESCALE / FRAMES_PER_SECOND;
const TRACK_ID: u32 = 1;
/// `und` in the packed five-bit letters of the `mdhd` box.
const LANGUAGE_UNDETERMINED: u16 = 0x55C4;
/// 1.0 as 16.16 and as 8.8 fixed-point number.
const ONE: u32 = 1 << 16;
const ONE_SHORT: u16 = 1 << 8;
/// `tkhd` flags: the track is enabled and part of the presentation.
const TRACK_ENABLED_IN_MOVIE: u32 = 3;
/// `dref` entry flag: the samples are in this same file.
const SELF_CONTAINED: u32 = 1;
/// 72 dots per inch as 16.16 fixed-point number, the template value of a visual sample entry.
const RESOLUTION: u32 = 72 * ONE;
/// Colour without alpha, the template value of a visual sample entry.
const DEPTH: u16 = 24;

/// A coded video and what the boxes contain about it.
struct Video {
    /// Size in pixels.
    width: u32,
    height: u32,
    sequence_parameters: Vec<u8>,
    picture_parameters: Vec<u8>,
    /// Coded frames, each a NAL unit after its length.
    frames: Vec<Vec<u8>>,
}

/// Draws an MP4 file with H.264 video that shows the caption. Its size is the nearest that H.264 has, see
/// [`coded_size`]; its duration is clamped to `1..=60` seconds.
pub(super) fn mp4(width: u32, height: u32, seconds: u32, caption: &str) -> Vec<u8> {
    let (width, height) = coded_size(width, height);
    let video = encode(width, height, seconds.clamp(1, MAX_SECONDS), caption);
    let start = file_type();
    // The offset of the samples does not change the size of the box that contains it.
    let samples_at = start.len() + movie(&video, 0).len() + BOX_HEADER;
    let movie = movie(&video, samples_at as u32);
    [start, movie, boxed(*b"mdat", &[&video.frames.concat()])].concat()
}

/// Codes the frames; the progress bar grows from frame to frame.
fn encode(width: u32, height: u32, seconds: u32, caption: &str) -> Video {
    let [coded_width, coded_height] = [width, height].map(|side| side as usize);
    let (across, down) = (coded_width.div_ceil(CELL), coded_height.div_ceil(CELL));
    let footer = format!("{width}x{height}  {seconds} s  emulated");
    let mut scene = Scene::new(across, down, caption, &footer);
    let count = (seconds * FRAMES_PER_SECOND) as usize;
    let mut before = Picture::paint(&scene);
    let mut frames = Vec::with_capacity(count);
    for index in 0..count {
        scene.set_progress(index + 1, count);
        let picture = Picture::paint(&scene);
        let unit = match index % FRAMES_PER_KEY_FRAME {
            0 => h264::key_picture(&picture, index / FRAMES_PER_KEY_FRAME),
            since_key => h264::changed_picture(&picture, &before, since_key),
        };
        frames.push([&(unit.len() as u32).to_be_bytes(), &*unit].concat());
        before = picture;
    }
    Video {
        width,
        height,
        sequence_parameters: h264::sequence_parameters(coded_width, coded_height),
        picture_parameters: h264::picture_parameters(),
        frames,
    }
}

/// Returns the size in which a video is coded: each side is clamped to `2..=`[`MAX_SIDE`] and rounded up
/// to an even number, since chroma is stored for two by two pixels. More pixels than the highest level
/// has are shrunk in proportion.
fn coded_size(width: u32, height: u32) -> (u32, u32) {
    const PIXELS: usize = 16 * 16;
    let clamp = |side: u32| side.clamp(1, MAX_SIDE).next_multiple_of(2);
    let (width, height) = (clamp(width), clamp(height));
    let area = f64::from(width) * f64::from(height);
    let scale = ((MAX_MACROBLOCKS * PIXELS) as f64 / area).sqrt();
    if scale >= 1.0 {
        return (width, height);
    }
    // Rounded down to whole macroblocks, so that none reaches over the edge.
    let shrink = |side: u32| (f64::from(side) * scale) as u32 / 16 * 16;
    (shrink(width), shrink(height))
}

/// Size of a box before its content, in bytes.
const BOX_HEADER: usize = 8;

/// Builds a box (14496-12, 4.2): its size, its type and its content.
fn boxed(kind: [u8; 4], content: &[&[u8]]) -> Vec<u8> {
    let size = BOX_HEADER + content.iter().map(|part| part.len()).sum::<usize>();
    let size = (size as u32).to_be_bytes();
    [&[&size[..], &kind], content].concat().concat()
}

/// Builds a full box, whose content starts with a version, always 0 here, and flags.
fn full_box(kind: [u8; 4], flags: u32, content: &[&[u8]]) -> Vec<u8> {
    boxed(kind, &[&[&flags.to_be_bytes()[..]], content].concat())
}

/// Builds a table of numbers in file order.
fn table(numbers: impl IntoIterator<Item = u32>) -> Vec<u8> {
    numbers.into_iter().flat_map(u32::to_be_bytes).collect()
}

/// Builds the `ftyp` box: the brands whose readers can play the file.
fn file_type() -> Vec<u8> {
    const MINOR_VERSION: [u8; 4] = [0, 0, 2, 0];
    boxed(
        *b"ftyp",
        &[b"isom", &MINOR_VERSION, b"isom", b"iso2", b"avc1", b"mp41"],
    )
}

impl Video {
    /// Returns the duration in units of [`TIMESCALE`].
    fn duration(&self) -> u32 {
        self.frames.len() as u32 * FRAME_DURATION
    }
}

/// Builds the `moov` box; the samples start at `samples_at` in the file.
fn movie(video: &Video, samples_at: u32) -> Vec<u8> {
    let track = boxed(*b"trak", &[&track_header(video), &media(video, samples_at)]);
    boxed(*b"moov", &[&movie_header(video), &track])
}

/// Builds the `mvhd` box: time scale, duration and neutral playback settings of the file.
fn movie_header(video: &Video) -> Vec<u8> {
    let times = table([0, 0, TIMESCALE, video.duration()]); // created, modified
    let rate = ONE.to_be_bytes();
    let volume = ONE_SHORT.to_be_bytes();
    let next_track = table([TRACK_ID + 1]);
    let content = [
        &times,
        &rate[..],
        &volume,
        &[0; 10], // reserved
        &identity_matrix(),
        &[0; 24], // predefined
        &next_track,
    ];
    full_box(*b"mvhd", 0, &content)
}

/// Builds the `tkhd` box: duration of the track and the size at which players show it.
fn track_header(video: &Video) -> Vec<u8> {
    let times = table([0, 0, TRACK_ID, 0, video.duration()]); // created, modified
    let size = table([video.width * ONE, video.height * ONE]);
    // The zeros are reserved fields, layer, group and, as this is no sound, the volume.
    let content = [&times, &[0; 16][..], &identity_matrix(), &size];
    full_box(*b"tkhd", TRACK_ENABLED_IN_MOVIE, &content)
}

/// Builds the identity transformation; its last column is 2.30 fixed-point.
fn identity_matrix() -> Vec<u8> {
    table([ONE, 0, 0, 0, ONE, 0, 0, 0, 1 << 30])
}

/// Builds the `mdia` box: the track's time scale, kind and samples.
fn media(video: &Video, samples_at: u32) -> Vec<u8> {
    let times = table([0, 0, TIMESCALE, video.duration()]); // created, modified
    let header = [&times, &LANGUAGE_UNDETERMINED.to_be_bytes()[..], &[0; 2]];
    let header = full_box(*b"mdhd", 0, &header);
    let handler = full_box(*b"hdlr", 0, &[&[0; 4], b"vide", &[0; 12], b"Video\0"]);
    boxed(
        *b"mdia",
        &[&header, &handler, &media_information(video, samples_at)],
    )
}

/// Builds the `minf` box, which refers to samples in this file.
fn media_information(video: &Video, samples_at: u32) -> Vec<u8> {
    // The flags of `vmhd` are 1 by definition; its content means copy mode without colour.
    let header = full_box(*b"vmhd", 1, &[&[0; 8]]);
    let here = full_box(*b"url ", SELF_CONTAINED, &[]);
    let references = full_box(*b"dref", 0, &[&table([1]), &here]);
    let data_information = boxed(*b"dinf", &[&references]);
    boxed(
        *b"minf",
        &[&header, &data_information, &sample_table(video, samples_at)],
    )
}

/// Builds the `stbl` box: position and duration of each frame, and the key frames. All frames are
/// in one chunk.
fn sample_table(video: &Video, samples_at: u32) -> Vec<u8> {
    let count = video.frames.len() as u32;
    let sizes = video.frames.iter().map(|frame| frame.len() as u32);
    let keys: Vec<_> = (1..=count).step_by(FRAMES_PER_KEY_FRAME).collect();
    let key_count = keys.len() as u32;
    let no_common_size = 0;
    let times = full_box(*b"stts", 0, &[&table([1, count, FRAME_DURATION])]);
    let keys = full_box(*b"stss", 0, &[&table([key_count]), &table(keys)]);
    // Every chunk, the first included, holds `count` samples of the first description.
    let chunks = full_box(*b"stsc", 0, &[&table([1, 1, count, 1])]);
    let sizes = full_box(
        *b"stsz",
        0,
        &[&table([no_common_size, count]), &table(sizes)],
    );
    let offsets = full_box(*b"stco", 0, &[&table([1, samples_at])]);
    let description = full_box(*b"stsd", 0, &[&table([1]), &sample_entry(video)]);
    boxed(
        *b"stbl",
        &[&description, &times, &keys, &chunks, &sizes, &offsets],
    )
}

/// Builds the `avc1` entry: size of the pictures and the decoder configuration.
fn sample_entry(video: &Video) -> Vec<u8> {
    let data_reference = 1_u16;
    let frames_per_sample = 1_u16;
    let size = [video.width as u16, video.height as u16].map(u16::to_be_bytes);
    boxed(
        *b"avc1",
        &[
            &[0; 6],
            &data_reference.to_be_bytes(),
            &[0; 16],
            &size.concat(),
            &table([RESOLUTION, RESOLUTION, 0]),
            &frames_per_sample.to_be_bytes(),
            &[0; 32], // name of the compressor
            &DEPTH.to_be_bytes(),
            &[0xFF; 2], // predefined
            &decoder_configuration(video),
        ],
    )
}

/// Builds the `avcC` box (14496-15, 5.3.3.1): parameter sets, and lengths of four bytes before NAL
/// units.
fn decoder_configuration(video: &Video) -> Vec<u8> {
    const RESERVED_AND_LENGTH_SIZE: u8 = 0b1111_1100 | (4 - 1);
    const RESERVED_AND_SPS_COUNT: u8 = 0b1110_0000 | 1;
    const VERSION: u8 = 1;
    const PPS_COUNT: u8 = 1;
    let (sps, pps) = (&video.sequence_parameters, &video.picture_parameters);
    boxed(
        *b"avcC",
        &[
            &[VERSION],
            &sps[1..4], // profile, constraints and level, after the NAL header
            &[RESERVED_AND_LENGTH_SIZE, RESERVED_AND_SPS_COUNT],
            &(sps.len() as u16).to_be_bytes(),
            sps,
            &[PPS_COUNT],
            &(pps.len() as u16).to_be_bytes(),
            pps,
        ],
    )
}

#[cfg(test)]
mod tests {
    use runcomfy_media::Facts;

    use super::super::scene::hash;
    use super::*;

    fn number(bytes: &[u8], at: usize) -> usize {
        u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize
    }

    /// Splits `bytes` into boxes, without remainder.
    fn children(mut bytes: &[u8]) -> Vec<(&str, &[u8])> {
        let mut found = Vec::new();
        while !bytes.is_empty() {
            let (this, rest) = bytes.split_at(number(bytes, 0));
            found.push((std::str::from_utf8(&this[4..8]).unwrap(), &this[8..]));
            bytes = rest;
        }
        found
    }

    /// Returns the content of the box at the end of a path.
    fn find<'a>(file: &'a [u8], path: &str) -> &'a [u8] {
        path.split('/').fold(file, |bytes, kind| {
            let found = children(bytes).into_iter().find(|(name, _)| *name == kind);
            found.unwrap_or_else(|| panic!("{kind} of {path}")).1
        })
    }

    const TABLES: &str = "moov/trak/mdia/minf/stbl";

    #[test]
    fn index_comes_before_the_samples() {
        let file = mp4(320, 180, 1, "fox");
        let names: Vec<_> = children(&file).iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["ftyp", "moov", "mdat"]);
    }

    #[test]
    fn samples_fill_mdat_and_start_at_the_chunk_offset() {
        let file = mp4(200, 300, 3, "fox");
        let sizes = find(&file, &format!("{TABLES}/stsz"));
        let count = number(sizes, 8);
        assert_eq!(count, 12);
        assert_eq!(sizes.len(), 12 + 4 * count);
        let mut at = number(find(&file, &format!("{TABLES}/stco")), 8);
        for index in 0..count {
            let size = number(sizes, 12 + 4 * index);
            assert_eq!(number(&file, at), size - 4, "length before NAL unit");
            let key = index.is_multiple_of(FRAMES_PER_KEY_FRAME);
            assert_eq!(file[at + 4] & 0x1F, if key { 5 } else { 1 });
            at += size;
        }
        assert_eq!(at, file.len());
    }

    #[test]
    fn key_frames_are_listed() {
        let file = mp4(64, 64, 5, "fox");
        let keys = find(&file, &format!("{TABLES}/stss"));
        let listed: Vec<_> = (0..number(keys, 4))
            .map(|i| number(keys, 8 + 4 * i))
            .collect();
        assert_eq!(listed, [1, 9, 17]);
    }

    #[test]
    fn durations_and_size_are_the_requested_ones() {
        let file = mp4(1920, 1080, 7, "fox");
        let movie = find(&file, "moov/mvhd");
        assert_eq!(number(movie, 16), 7 * number(movie, 12));
        let media = find(&file, "moov/trak/mdia/mdhd");
        assert_eq!(number(media, 16), 7 * number(media, 12));
        let times = find(&file, &format!("{TABLES}/stts"));
        assert_eq!(number(times, 8) * number(times, 12), number(media, 16));
        let track = find(&file, "moov/trak/tkhd");
        assert_eq!(number(track, 20), number(movie, 16));
        assert_eq!(
            (number(track, 76) >> 16, number(track, 80) >> 16),
            (1920, 1080)
        );
        let entry = &find(&file, &format!("{TABLES}/stsd"))[8..];
        let side = |at| u16::from_be_bytes(entry[at..at + 2].try_into().unwrap());
        assert_eq!((side(32), side(34)), (1920, 1080));
    }

    #[test]
    fn facts_are_those_of_the_request() {
        for (width, height, seconds) in
            [(1280, 720, 5), (480, 854, 12), (4096, 2304, 1), (2, 2, 60)]
        {
            let facts = Facts::from_bytes(&mp4(width, height, seconds, "fox"));
            assert_eq!(facts.stored(), Some((width, height)));
            assert_eq!(facts.shown(), Some((width, height)));
            assert_eq!(facts.duration_seconds, Some(f64::from(seconds)));
        }
    }

    /// From this file ffmpeg 5.1 decodes the painted scene, sample for sample. A change of its bytes needs
    /// that look again: `ffmpeg -v error -i FILE -f null -` prints nothing.
    #[test]
    fn bytes_are_those_that_were_played() {
        let file = mp4(854, 480, 5, "A small red boat crosses a foggy lake at dawn");
        assert_eq!(hash(&file), 0x9131_f596_c611_046a);
    }

    #[test]
    fn arguments_are_clamped() {
        let frames = |file: &[u8]| number(find(file, &format!("{TABLES}/stsz")), 8);
        assert_eq!(frames(&mp4(0, 0, 0, "")), 4);
        assert_eq!(frames(&mp4(16, 16, u32::MAX, "")), 240);
    }

    #[test]
    fn sizes_are_kept_where_h264_has_them() {
        assert_eq!(coded_size(1920, 1080), (1920, 1080));
        assert_eq!(coded_size(8192, 4320), (8192, 4320));
        assert_eq!(coded_size(101, 50), (102, 50));
        assert_eq!(coded_size(1, 0), (2, 2));
        assert_eq!(coded_size(u32::MAX, 1), (MAX_SIDE, 2));
        assert_eq!(coded_size(8192, 8192), (5968, 5968));
    }

    #[test]
    fn ten_seconds_stay_small() {
        assert!(mp4(1920, 1080, 10, "a red fox").len() < 128 * 1024);
        assert!(mp4(4096, 2304, 10, "a red fox").len() < 512 * 1024);
    }
}
