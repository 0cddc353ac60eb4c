//! Tests invalid media and other content: unknown facts have a reason.

use runcomfy_media::Facts;
use serde_json::{Value, json};

use crate::encode::{exif, jpeg, mp3_frames, part, parts, png, riff, tiff, webp};
use crate::source::known_facts;

/// Asserts the facts that are known about these bytes, and a part of the reason for the others.
fn check(bytes: impl AsRef<[u8]>, why: &str, facts: &Value) {
    let bytes = bytes.as_ref();
    let found = Facts::from_bytes(bytes);
    assert_eq!(&known_facts(&found), facts, "{why}: {found:?}");
    // The size is always known.
    assert_eq!(found.size_bytes, Some(bytes.len() as u64), "{why}");
    let unknown = found.unknown.unwrap_or_default();
    assert!(unknown.contains(why), "{why}: {unknown}");
}

/// Replaces the bytes at this position.
fn replace(at: usize, with: &[u8], mut bytes: Vec<u8>) -> Vec<u8> {
    bytes[at..at + with.len()].copy_from_slice(with);
    bytes
}

#[test]
fn other_content_has_no_facts() {
    let none = json!({});
    check(b"", "it is empty", &none);
    check(b"\xff\xd8", "too short", &none);
    check(
        b"PK\x03\x04, by name a JPEG",
        "not media but a ZIP archive",
        &none,
    );
    check(b"\xef\xbb\xbf \n<!DOCTYPE html><title>", "HTML", &none);
    check(b"{\"error\": \"not found\"}", "JSON", &none);
    check([0x55; 90], "not a known media format", &none);
    check([0xff; 9_000], "not a known media format", &none);
    check(
        [mp3_frames(1), vec![0; 500]].concat(),
        "not a known media format",
        &none,
    );
    // Texts that begin like media.
    check(
        b"BMW and others, none a picture",
        "not a known media format",
        &none,
    );
    check(b"The freedom of others", "not a known media format", &none);
}

#[test]
fn invalid_images_have_no_dimensions() {
    let image = |format: &str| json!({"kind": "image", "format": format});
    check(png(0, 50, &[]), "impossible dimensions", &image("png"));
    check(
        png(70, 1 << 31, &[]),
        "impossible dimensions",
        &image("png"),
    );
    check(
        replace(17, &[9], png(70, 50, &[])),
        "checksum",
        &image("png"),
    );
    check(
        replace(12, b"IHDX", png(70, 50, &[])),
        "does not begin with its header",
        &image("png"),
    );
    check(
        b"GIF89a\0\0\x09\0\0\0\0",
        "only its frames have",
        &image("gif"),
    );
    check(
        jpeg(&[], 0xc0, 0, 50),
        "a width of 0 pixels",
        &image("jpeg"),
    );
    check(
        replace(2, b"\xff\xe0\0\x01", jpeg(&[], 0xc0, 70, 50)),
        "impossible length",
        &image("jpeg"),
    );
    check(
        replace(2, b"\xff\xd9", jpeg(&[], 0xc0, 70, 50)),
        "no frame header",
        &image("jpeg"),
    );
    check(
        tiff(true, 8, &[(256, 3, 70)]),
        "has no dimensions",
        &image("tiff"),
    );
    let preview = tiff(true, 8, &[(254, 4, 1), (256, 3, 70), (257, 3, 50)]);
    check(preview, "only a preview", &image("tiff"));
}

/// An image with one unknown fact keeps the others.
#[test]
fn partly_invalid_images_keep_their_facts() {
    let mut facts = json!({"kind": "image", "format": "webp", "width": 70, "height": 50});
    let broken = webp(0x08, 70, 50, &[(*b"EXIF", b"nothing".to_vec())]);
    check(broken, "EXIF data or XMP cannot be read", &facts);
    check(
        webp(0x08, 70, 50, &[]),
        "EXIF data, and there is none",
        &facts,
    );
    facts["format"] = json!("jpeg");
    let broken = (0xe1, b"Exif\0\0II*\0\xff\xff\xff\xff".to_vec());
    check(
        jpeg(&[broken], 0xc0, 70, 50),
        "EXIF data or XMP cannot be read",
        &facts,
    );
    let later = json!({"kind": "image", "format": "jpeg", "width": 70, "orientation": 1});
    check(
        jpeg(&[exif(1, true)], 0xc0, 70, 0),
        "height only after its pixels",
        &later,
    );
}

/// Every viewer ignores an invalid orientation.
#[test]
fn invalid_orientations_are_ignored() {
    for invalid in [0, 9, 600] {
        let facts = Facts::from_bytes(&jpeg(&[exif(invalid, false)], 0xc0, 70, 50));
        assert_eq!(
            (facts.orientation, facts.unknown),
            (Some(1), None),
            "{invalid}"
        );
    }
    // The first block of EXIF data counts.
    let facts = Facts::from_bytes(&jpeg(&[exif(6, false), exif(3, false)], 0xc0, 70, 50));
    assert_eq!(facts.orientation, Some(6));
}

#[test]
fn invalid_videos_and_audio_have_no_facts() {
    let brand = || part(*b"ftyp", b"isom\0\0\x02\0");
    let movie = |moov: Vec<u8>| [brand(), moov].concat();
    let of = json!({"format": "mp4"});
    check(movie(b"\0\0\0\x07moov".to_vec()), "impossible length", &of);
    check(movie(b"\0\0\x10\0moov".to_vec()), "cut off", &of);
    check(
        movie(parts(*b"moov", &[])),
        "neither a video track nor an audio track",
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
        "EBML of an unsupported type",
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
