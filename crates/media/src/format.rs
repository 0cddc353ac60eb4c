//! Detects the format of a file by its first bytes.

use runcomfy_schema::MediaKind::{self, Audio, Image};

use crate::span::Span;
use crate::sparse::Stop;
use crate::{Facts, bmp, flac, gif, heif, jpeg, mp3, mp4, ogg, png, tags, tiff, wav, webm, webp};

/// Number of bytes that identify a format.
const HEAD: usize = 16;

/// Formats that are detected but not supported; a wrong link often leads to one.
const FOREIGN: &[(&[u8], &str)] = &[
    (b"PK\x03\x04", "not media but a ZIP archive"),
    (b"PK\x05\x06", "not media but a ZIP archive"),
    (b"%PDF-", "not media but a PDF document"),
    (b"\x1f\x8b", "not media but gzip data"),
    (b"Rar!", "not media but a RAR archive"),
    (b"7z\xbc\xaf\x27\x1c", "not media but a 7z archive"),
    (b"\x7fELF", "not media but a program"),
    (b"<", "HTML, SVG or XML text, which is not supported"),
    (b"{", "not media but JSON text"),
    (b"version https://", "not media but a Git LFS pointer"),
    (b"\xff\x0a", "JPEG XL, which is not supported"),
    (b"\0\0\0\x0cJXL ", "JPEG XL, which is not supported"),
    (b"\0\0\x01\0", "an icon, which is not supported"),
    (b"8BPS", "a Photoshop document, which is not supported"),
    (b"FLV\x01", "Flash video, which is not supported"),
    (
        b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",
        "Windows Media, which is not supported",
    ),
    (b"#!AMR", "AMR, which is not supported"),
    (
        b"\0\0\x01\xba",
        "an MPEG program stream, which is not supported",
    ),
];

/// Reads a file as the format that its first bytes identify.
pub(crate) fn read(span: Span<'_>, facts: &mut Facts) -> Result<(), Stop> {
    let head: [u8; HEAD] = span.head()?;
    match &head {
        // Any bytes may precede the first marker.
        [0xff, 0xd8, rest @ ..] if rest.contains(&0xff) => {
            image(facts, "jpeg", |f| jpeg::read(span, f))
        }
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => {
            image(facts, "png", |f| png::read(span, f))
        }
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => {
            image(facts, "gif", |f| gif::read(span, f))
        }
        [b'R', b'I', b'F', b'F', _, _, _, _, form @ ..] => match form {
            [b'W', b'E', b'B', b'P', ..] => image(facts, "webp", |f| webp::read(span, f)),
            [b'W', b'A', b'V', b'E', ..] => audio(facts, "wav", |f| wav::read(span, f)),
            [b'A', b'V', b'I', b' ', ..] => Err(Stop::Unreadable("AVI, which is not supported")),
            _ => unknown(span, &head, facts),
        },
        [
            b'R',
            b'F',
            b'6',
            b'4',
            _,
            _,
            _,
            _,
            b'W',
            b'A',
            b'V',
            b'E',
            ..,
        ]
        | [
            b'B',
            b'W',
            b'6',
            b'4',
            _,
            _,
            _,
            _,
            b'W',
            b'A',
            b'V',
            b'E',
            ..,
        ] => audio(facts, "wav", |f| wav::read(span, f)),
        [b'I', b'I', 42, 0, ..] | [b'M', b'M', 0, 42, ..] => {
            image(facts, "tiff", |f| tiff::read(span, f))
        }
        [b'I', b'I', 43, 0, ..] | [b'M', b'M', 0, 43, ..] => {
            Err(Stop::Unreadable("BigTIFF, which is not supported"))
        }
        [b'B', b'M', ..] if bmp::is_header(&head) => image(facts, "bmp", |f| bmp::read(span, f)),
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => iso_media(span, facts),
        // Old QuickTime files, which have no brands.
        _ if mp4::begins(&head) => {
            facts.format = Some("mov");
            mp4::read(span, facts)
        }
        [0x1a, 0x45, 0xdf, 0xa3, ..] => webm::read(span, facts),
        [b'f', b'L', b'a', b'C', ..] => audio(facts, "flac", |f| flac::read(span, f)),
        [b'O', b'g', b'g', b'S', 0, ..] => {
            facts.format = Some("ogg");
            ogg::read(span, facts)
        }
        [b'I', b'D', b'3', 2..=4, ..] | [b'A', b'P', b'E', b'T', b'A', b'G', b'E', b'X', ..] => {
            tagged(span, facts)
        }
        [0xff, second, ..] if second & 0xe0 == 0xe0 => mp3::read(span, facts),
        _ => unknown(span, &head, facts),
    }
}

fn image(
    facts: &mut Facts,
    format: &'static str,
    read: impl FnOnce(&mut Facts) -> Result<(), Stop>,
) -> Result<(), Stop> {
    with_kind(facts, Image, format, read)
}

fn audio(
    facts: &mut Facts,
    format: &'static str,
    read: impl FnOnce(&mut Facts) -> Result<(), Stop>,
) -> Result<(), Stop> {
    with_kind(facts, Audio, format, read)
}

fn with_kind(
    facts: &mut Facts,
    kind: MediaKind,
    format: &'static str,
    read: impl FnOnce(&mut Facts) -> Result<(), Stop>,
) -> Result<(), Stop> {
    facts.kind = Some(kind);
    facts.format = Some(format);
    read(facts)
}

/// Reads an ISO media file as an image, a video or audio, by its brands.
fn iso_media(span: Span<'_>, facts: &mut Facts) -> Result<(), Stop> {
    match brand(span)? {
        Brand::Image(format, codec) => {
            facts.codec = codec;
            image(facts, format, |f| heif::read(span, f))
        }
        Brand::Audio => audio(facts, "m4a", |f| mp4::read(span, f)),
        Brand::Movie(format) => {
            facts.format = Some(format);
            mp4::read(span, facts)
        }
    }
}

/// The meaning of the brands of an ISO media file.
#[derive(Clone, Copy)]
enum Brand {
    Image(&'static str, Option<&'static str>),
    Audio,
    Movie(&'static str),
}

/// Maximum number of brands that are read, of four bytes each.
const MAX_BRANDS: u64 = 64;

fn brand(span: Span<'_>) -> Result<Brand, Stop> {
    let size = u64::from(span.be32(0)?);
    let major = span.array(8)?;
    Ok(match &major {
        b"avif" | b"avis" => Brand::Image("avif", Some("av1")),
        b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx" | b"hevm" | b"hevs" => {
            Brand::Image("heic", Some("hevc"))
        }
        // Brands of the structure: the compatible brands name the codec.
        b"mif1" | b"mif2" | b"msf1" | b"miaf" | b"1pic" => {
            let ends = size.min(16 + 4 * MAX_BRANDS);
            for at in (16..ends.saturating_sub(3)).step_by(4) {
                match &span.array(at)? {
                    b"avif" | b"avis" => return Ok(Brand::Image("avif", Some("av1"))),
                    b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx" => {
                        return Ok(Brand::Image("heic", Some("hevc")));
                    }
                    _ => {}
                }
            }
            Brand::Image("heif", None)
        }
        b"M4A " | b"M4B " | b"M4P " => Brand::Audio,
        b"qt  " => Brand::Movie("mov"),
        _ => Brand::Movie("mp4"),
    })
}

/// Reads MP3 or FLAC after tags.
fn tagged(span: Span<'_>, facts: &mut Facts) -> Result<(), Stop> {
    let rest = span.from(tags::leading(span)?);
    match &rest.head()? {
        b"fLaC" => audio(facts, "flac", |f| flac::read(rest, f)),
        _ => mp3::read(rest, facts),
    }
}

fn unknown(span: Span<'_>, head: &[u8; HEAD], facts: &mut Facts) -> Result<(), Stop> {
    // White space and a byte order mark may precede text.
    let text = head
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(head)
        .trim_ascii_start();
    let foreign = FOREIGN.iter().find(|(magic, _)| {
        magic.len() <= HEAD && (head.starts_with(magic) || text.starts_with(magic))
    });
    if let Some((_, why)) = foreign {
        return Err(Stop::Unreadable(why));
    }
    // A beginning that is cut off may still be that of a supported format.
    span.u8(HEAD as u64 - 1)?;
    // Some recordings begin in the middle of a frame.
    mp3::read(span, facts)
}
