//! Tests files whose end is missing.

use std::io::Write as _;
use std::path::Path;

use runcomfy_media::{Facts, is_truncated};

use crate::encode::{mp3_frames, tiff};
use crate::samples::fixture;

/// Files in which nothing says where they end: recordings of unknown length.
const OPEN_ENDED: [&str; 1] = ["live.webm"];

fn files() -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(fixture("")).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let media = paths.filter(|path| path.extension().is_some_and(|e| e != "md"));
    let read = |path: &Path| {
        let name = path.file_name().unwrap().to_str().unwrap();
        (name.to_owned(), std::fs::read(path).unwrap())
    };
    media.map(|path| read(&path)).collect()
}

fn is_cut(bytes: &[u8]) -> bool {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    let facts = Facts::from_open_file(&file).unwrap();
    is_truncated(&file, &facts).unwrap()
}

#[test]
fn whole_file_is_not_truncated() {
    let files = files();
    assert!(files.len() > 20);
    for (name, bytes) in files {
        assert!(!is_cut(&bytes), "{name}");
        // Most programs accept other data behind the media.
        let longer = [&bytes[..], b"\0\0\0\0\0\0\0\0\0\0\0\0and more"].concat();
        assert!(!is_cut(&longer), "{name} and more");
    }
}

#[test]
fn file_without_its_end_is_truncated() {
    for (name, bytes) in files() {
        if OPEN_ENDED.contains(&&*name) {
            continue;
        }
        for kept in [bytes.len() / 2, bytes.len() * 9 / 10, bytes.len() - 1] {
            // Encoders count the last bytes or not, and a frame may have any length.
            let is_counted = ["flac", "mp3", "tif"].iter().any(|end| name.ends_with(end));
            let may_be_whole = kept == bytes.len() - 1 && is_counted;
            let cut = &bytes[..kept];
            let is_media = Facts::from_bytes(cut).format.is_some();
            assert!(
                is_cut(cut) || may_be_whole || !is_media,
                "{name} cut at {kept}"
            );
        }
    }
}

#[test]
fn mp3_without_a_count_is_cut_within_a_frame() {
    let bytes = mp3_frames(20);
    for kept in (3 * 384..=bytes.len()).step_by(3).chain([20 * 384 - 1]) {
        assert_eq!(is_cut(&bytes[..kept]), kept % 384 != 0, "{kept}");
    }
}

#[test]
fn tiff_without_its_last_strip_is_truncated() {
    let sides = [(256, 3, 70), (257, 3, 50)];
    for (little, kind, positions, lengths) in [
        (true, 3, 273, 279),
        (false, 4, 273, 279),
        (true, 4, 324, 325),
    ] {
        let strip = [(positions, kind, 200), (lengths, kind, 50)];
        let mut bytes = tiff(little, 8, &[&sides[..], &strip].concat());
        bytes.resize(260, 0);
        assert!(!is_cut(&bytes) && !is_cut(&bytes[..250]));
        for kept in 40..250 {
            assert!(is_cut(&bytes[..kept]), "{positions} cut at {kept}");
        }
    }
}

#[test]
fn placeholders_of_a_pipe_are_no_lengths() {
    let wav = std::fs::read(fixture("plain.wav")).unwrap();
    for placeholder in [u32::MAX, 0x7fff_f000, 0x7fff_ffff, 2_000_000_000, 0] {
        let mut streamed = wav.clone();
        let data = wav.windows(4).position(|four| four == b"data").unwrap();
        streamed[4..8].copy_from_slice(&placeholder.wrapping_add(36).to_le_bytes());
        streamed[data + 4..data + 8].copy_from_slice(&placeholder.to_le_bytes());
        assert!(!is_cut(&streamed), "{placeholder:x}");
    }
}

#[test]
fn unknown_bytes_are_never_truncated() {
    for bytes in [&b""[..], b"glTF\x02", b"PK\x03\x04", b"<html>"] {
        assert!(!is_cut(bytes), "{bytes:?}");
    }
}
