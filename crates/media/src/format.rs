//! Which format a medium has.

use runcomfy_schema::MediaKind::{self, Audio, Image};

use crate::span::Span;
use crate::sparse::Stop;
use crate::{Facts, bmp, flac, gif, heif, jpeg, mp3, mp4, ogg, png, tiff, wav, webm, webp};

/// The longest beginning that tells a format.
const HEAD: usize = 16;

/// Formats that are known by their first bytes and not read; often what a wrong link leads to.
const FOREIGN: &[(&[u8], &str)] = &[
    (b"PK\x03\x04", "not a medium but a ZIP archive"),
    (b"PK\x05\x06", "not a medium but a ZIP archive"),
    (b"%PDF-", "not a medium but a PDF document"),
    (b"\x1f\x8b", "not a medium but gzip data"),
    (b"Rar!", "not a medium but a RAR archive"),
    (b"7z\xbc\xaf\x27\x1c", "not a medium but a 7z archive"),
    (b"\x7fELF", "not a medium but a program"),
    (
        b"<",
        "not a medium that is read here but HTML, SVG or XML text",
    ),
    (b"{", "not a medium but JSON text"),
    (b"version https://", "not a medium but a Git LFS pointer"),
    (b"\xff\x0a", "JPEG XL, which is not read"),
    (b"\0\0\0\x0cJXL ", "JPEG XL, which is not read"),
    (b"\0\0\x01\0", "an icon, which is not read"),
    (b"8BPS", "a Photoshop document, which is not read"),
    (b"FLV\x01", "Flash video, which is not read"),
    (
        b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",
        "Windows Media, which is not read",
    ),
    (b"#!AMR", "AMR, which is not read"),
    (b"\0\0\x01\xba", "an MPEG program stream, which is not read"),
];

/// Reads what the medium's first bytes say it is.
pub(crate) fn read(span: Span<'_>, facts: &mut Facts) -> Result<(), Stop> {
    let head: [u8; HEAD] = span.head()?;
    match &head {
        [0xff, 0xd8, 0xff, ..] => picture(facts, "jpeg", |f| jpeg::read(span, f)),
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => {
            picture(facts, "png", |f| png::read(span, f))
        }
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => {
            picture(facts, "gif", |f| gif::read(span, f))
        }
        [b'R', b'I', b'F', b'F', _, _, _, _, form @ ..] => match form {
            [b'W', b'E', b'B', b'P', ..] => picture(facts, "webp", |f| webp::read(span, f)),
            [b'W', b'A', b'V', b'E', ..] => sound(facts, "wav", |f| wav::read(span, f)),
            [b'A', b'V', b'I', b' ', ..] => Err(Stop::Odd("AVI, which is not read")),
            _ => unknown(span, &head),
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
        ] => sound(facts, "wav", |f| wav::read(span, f)),
        [b'I', b'I', 42, 0, ..] | [b'M', b'M', 0, 42, ..] => {
            picture(facts, "tiff", |f| tiff::read(span, f))
        }
        [b'I', b'I', 43, 0, ..] | [b'M', b'M', 0, 43, ..] => {
            Err(Stop::Odd("BigTIFF, which is not read"))
        }
        [b'B', b'M', ..] if bmp::is_header(&head) => picture(facts, "bmp", |f| bmp::read(span, f)),
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => boxed(span, facts),
        // QuickTime files from before the brands.
        _ if mp4::begins(&head) => {
            facts.format = Some("mov");
            mp4::read(span, facts)
        }
        [0x1a, 0x45, 0xdf, 0xa3, ..] => webm::read(span, facts),
        [b'f', b'L', b'a', b'C', ..] => sound(facts, "flac", |f| flac::read(span, f)),
        [b'O', b'g', b'g', b'S', 0, ..] => {
            facts.format = Some("ogg");
            ogg::read(span, facts)
        }
        [b'I', b'D', b'3', 2..=4, ..] => tagged(span, facts),
        [0xff, second, ..] if second & 0xe0 == 0xe0 => mp3::read(span, facts),
        _ => unknown(span, &head),
    }
}

fn picture(
    facts: &mut Facts,
    format: &'static str,
    read: impl FnOnce(&mut Facts) -> Result<(), Stop>,
) -> Result<(), Stop> {
    of_kind(facts, Image, format, read)
}

fn sound(
    facts: &mut Facts,
    format: &'static str,
    read: impl FnOnce(&mut Facts) -> Result<(), Stop>,
) -> Result<(), Stop> {
    of_kind(facts, Audio, format, read)
}

fn of_kind(
    facts: &mut Facts,
    kind: MediaKind,
    format: &'static str,
    read: impl FnOnce(&mut Facts) -> Result<(), Stop>,
) -> Result<(), Stop> {
    facts.kind = Some(kind);
    facts.format = Some(format);
    read(facts)
}

/// ISO media files: pictures, videos and sounds, told apart by their brands.
fn boxed(span: Span<'_>, facts: &mut Facts) -> Result<(), Stop> {
    match brand(span)? {
        Brand::Picture(format, codec) => {
            facts.codec = codec;
            picture(facts, format, |f| heif::read(span, f))
        }
        Brand::Sound => sound(facts, "m4a", |f| mp4::read(span, f)),
        Brand::Movie(format) => {
            facts.format = Some(format);
            mp4::read(span, facts)
        }
    }
}

/// What the brands of an ISO media file stand for.
#[derive(Clone, Copy)]
enum Brand {
    Picture(&'static str, Option<&'static str>),
    Sound,
    Movie(&'static str),
}

/// Brands are four bytes each; no file has more of them than this.
const MOST_BRANDS: u64 = 64;

fn brand(span: Span<'_>) -> Result<Brand, Stop> {
    let size = u64::from(span.be32(0)?);
    let major = span.array(8)?;
    Ok(match &major {
        b"avif" | b"avis" => Brand::Picture("avif", Some("av1")),
        b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx" | b"hevm" | b"hevs" => {
            Brand::Picture("heic", Some("hevc"))
        }
        // Structure brands: the compatible brands name the codec.
        b"mif1" | b"mif2" | b"msf1" | b"miaf" | b"1pic" => {
            let ends = size.min(16 + 4 * MOST_BRANDS);
            for at in (16..ends.saturating_sub(3)).step_by(4) {
                match &span.array(at)? {
                    b"avif" | b"avis" => return Ok(Brand::Picture("avif", Some("av1"))),
                    b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx" => {
                        return Ok(Brand::Picture("heic", Some("hevc")));
                    }
                    _ => {}
                }
            }
            Brand::Picture("heif", None)
        }
        b"M4A " | b"M4B " | b"M4P " => Brand::Sound,
        b"qt  " => Brand::Movie("mov"),
        _ => Brand::Movie("mp4"),
    })
}

/// An ID3 tag, put before MP3 and sometimes before FLAC. With cover art it can be megabytes long,
/// and is jumped over.
fn tagged(span: Span<'_>, facts: &mut Facts) -> Result<(), Stop> {
    let mut start = 0;
    // Careless programs put one tag before another.
    for _ in 0..4 {
        let rest = span.from(start);
        if rest.head()? != *b"ID3" {
            break;
        }
        let [flags, a, b, c, d] = rest.array(5)?;
        if (a | b | c | d) & 0x80 != 0 {
            return Err(Stop::Odd("its ID3 tag has no length"));
        }
        let length = [a, b, c, d]
            .iter()
            .fold(0, |sum, byte| sum << 7 | u64::from(*byte));
        let footer = if flags & 0x10 == 0 { 0 } else { 10 };
        start += 10 + length + footer;
    }
    let rest = span.from(start);
    match &rest.head()? {
        b"fLaC" => sound(facts, "flac", |f| flac::read(rest, f)),
        _ => mp3::read(rest, facts),
    }
}

fn unknown(span: Span<'_>, head: &[u8; HEAD]) -> Result<(), Stop> {
    // White space and a byte order mark may stand before text.
    let text = head
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(head)
        .trim_ascii_start();
    let foreign = FOREIGN.iter().find(|(magic, _)| {
        magic.len() <= HEAD && (head.starts_with(magic) || text.starts_with(magic))
    });
    if let Some((_, why)) = foreign {
        return Err(Stop::Odd(why));
    }
    // A beginning that is cut off may still be one of a medium.
    span.u8(HEAD as u64 - 1)?;
    Err(Stop::Odd("not a medium of a known format"))
}
