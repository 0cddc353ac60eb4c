//! Media that lie, or are none: what is told instead of facts.

use runcomfy_media::Facts;
use serde_json::{Value, json};

use crate::encode::{exif, jpeg, mp3_frames, part, parts, png, riff, tiff, webp};
use crate::source::told;

/// Holds what is found in these bytes against what may be told of them, and why no more is.
fn check(bytes: impl AsRef<[u8]>, why: &str, facts: &Value) {
    let bytes = bytes.as_ref();
    let found = Facts::from_bytes(bytes);
    assert_eq!(&told(&found), facts, "{why}: {found:?}");
    // The size is known all the same.
    assert_eq!(found.size_bytes, Some(bytes.len() as u64), "{why}");
    let unknown = found.unknown.unwrap_or_default();
    assert!(unknown.contains(why), "{why}: {unknown}");
}

/// Other bytes at this place.
fn lie(at: usize, with: &[u8], mut bytes: Vec<u8>) -> Vec<u8> {
    bytes[at..at + with.len()].copy_from_slice(with);
    bytes
}

#[test]
fn what_is_no_medium() {
    let none = json!({});
    check(b"", "it is empty", &none);
    check(b"\xff\xd8", "too short", &none);
    check(
        b"PK\x03\x04, by name a JPEG",
        "not a medium but a ZIP archive",
        &none,
    );
    check(b"\xef\xbb\xbf \n<!DOCTYPE html><title>", "HTML", &none);
    check(b"{\"error\": \"not found\"}", "JSON", &none);
    check([0x55; 90], "not a medium of a known format", &none);
    check([0xff; 9_000], "not a medium of a known format", &none);
    check(
        [mp3_frames(1), vec![0; 500]].concat(),
        "not a medium of a known format",
        &none,
    );
    // Words that begin as media do.
    check(
        b"BMW and others, none a picture",
        "not a medium of a known format",
        &none,
    );
    check(
        b"The freedom of others",
        "not a medium of a known format",
        &none,
    );
}

#[test]
fn pictures_that_lie() {
    let of = |format: &str| json!({"kind": "image", "format": format});
    check(png(0, 50, &[]), "impossible sides", &of("png"));
    check(png(70, 1 << 31, &[]), "impossible sides", &of("png"));
    check(lie(17, &[9], png(70, 50, &[])), "checksum", &of("png"));
    check(
        lie(12, b"IHDX", png(70, 50, &[])),
        "does not begin with its header",
        &of("png"),
    );
    check(
        b"GIF89a\0\0\x09\0\0\0\0",
        "leaves its sides to its frames",
        &of("gif"),
    );
    check(jpeg(&[], 0xc0, 0, 50), "0 pixels wide", &of("jpeg"));
    check(
        lie(2, b"\xff\xe0\0\x01", jpeg(&[], 0xc0, 70, 50)),
        "impossible length",
        &of("jpeg"),
    );
    check(
        lie(2, b"\xff\xd9", jpeg(&[], 0xc0, 70, 50)),
        "no frame header",
        &of("jpeg"),
    );
    check(
        tiff(true, 8, &[(256, 3, 70)]),
        "does not tell its sides",
        &of("tiff"),
    );
    let preview = tiff(true, 8, &[(254, 4, 1), (256, 3, 70), (257, 3, 50)]);
    check(preview, "only a preview", &of("tiff"));
}

/// What is left of a picture of which one thing could not be told.
#[test]
fn pictures_that_do_not_tell_all() {
    let mut facts = json!({"kind": "image", "format": "webp", "width": 70, "height": 50});
    let broken = webp(0x08, 70, 50, &[(*b"EXIF", b"nothing".to_vec())]);
    check(broken, "EXIF data cannot be read", &facts);
    check(
        webp(0x08, 70, 50, &[]),
        "no EXIF data where it says",
        &facts,
    );
    facts["format"] = json!("jpeg");
    let broken = (0xe1, b"Exif\0\0II*\0\xff\xff\xff\xff".to_vec());
    check(
        jpeg(&[broken], 0xc0, 70, 50),
        "EXIF data cannot be read",
        &facts,
    );
    let later = json!({"kind": "image", "format": "jpeg", "width": 70, "orientation": 1});
    check(
        jpeg(&[exif(1, true)], 0xc0, 70, 0),
        "height only behind its pixels",
        &later,
    );
}

/// An orientation that EXIF does not know is none, as every viewer has it.
#[test]
fn strange_orientations_are_none() {
    for strange in [0, 9, 600] {
        let facts = Facts::from_bytes(&jpeg(&[exif(strange, false)], 0xc0, 70, 50));
        assert_eq!(
            (facts.orientation, facts.unknown),
            (Some(1), None),
            "{strange}"
        );
    }
    // The first block of EXIF data counts.
    let facts = Facts::from_bytes(&jpeg(&[exif(6, false), exif(3, false)], 0xc0, 70, 50));
    assert_eq!(facts.orientation, Some(6));
}

#[test]
fn videos_and_sounds_that_lie() {
    let brand = || part(*b"ftyp", b"isom\0\0\x02\0");
    let movie = |moov: Vec<u8>| [brand(), moov].concat();
    let of = json!({"format": "mp4"});
    check(movie(b"\0\0\0\x07moov".to_vec()), "impossible length", &of);
    check(movie(b"\0\0\x10\0moov".to_vec()), "cut off", &of);
    check(
        movie(parts(*b"moov", &[])),
        "neither a picture track nor a sound track",
        &of,
    );
    check(
        movie(parts(*b"moov", &[part(*b"cmov", b"")])),
        "compressed",
        &of,
    );
    let ebml = b"\x1a\x45\xdf\xa3\x87\x42\x82\x84text";
    check(
        [&ebml[..], &[0; 9]].concat(),
        "EBML of a kind that is not read",
        &json!({}),
    );
    let data = riff(*b"RIFF", *b"WAVE", &[(*b"data", vec![0; 8])]);
    check(
        data,
        "before their format",
        &json!({"kind": "audio", "format": "wav"}),
    );
    check(
        b"OggS\0\x02 and nothing more",
        "cut off",
        &json!({"format": "ogg"}),
    );
}
