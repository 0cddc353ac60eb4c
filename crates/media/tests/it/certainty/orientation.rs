//! Writes images whose orientation is in one of many places.

use fastrand::Rng;

use super::{Lie, Truth, noise, one};
use crate::encode::{jpeg, png, riff, tiff};

const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";

pub(super) fn write(rng: &mut Rng) -> Lie {
    let mut image = Image {
        exif: None,
        xmp: None,
        what: String::new(),
    };
    if rng.bool() {
        let turn = rng.u8(1..=8);
        let entry = rng.bool();
        image.exif = Some((entry.then_some(turn), rng.bool()));
    }
    if rng.bool() {
        let turn = (rng.u8(..4) > 0).then(|| rng.u8(1..=8));
        image.xmp = Some(Xmp { turn });
    }
    let truth = image
        .exif
        .and_then(|(turn, _)| turn)
        .or(image.xmp.and_then(|xmp| xmp.turn))
        .unwrap_or(1);
    let bytes = match rng.u8(..3) {
        0 => image.jpeg(rng),
        1 => image.png(rng),
        _ => image.webp(rng),
    };
    Lie {
        bytes,
        truth: Truth::Orientation(truth),
        what: image.what,
        is_local: false,
    }
}

/// XMP, and the orientation in it if there is one.
#[derive(Clone, Copy)]
struct Xmp {
    turn: Option<u8>,
}

struct Image {
    /// The orientation in EXIF data, if there is one, and the byte order.
    exif: Option<(Option<u8>, bool)>,
    xmp: Option<Xmp>,
    what: String,
}

impl Image {
    /// Returns the EXIF data, which may be broken.
    fn exif(&mut self, rng: &mut Rng) -> Option<Vec<u8>> {
        let (turn, little) = self.exif?;
        let turn = turn.map(|turn| (274, 3, u32::from(turn)));
        let entries: Vec<_> = [(256, 3, 70)].into_iter().chain(turn).collect();
        let mut bytes = tiff(little, 8, &entries);
        if rng.u8(..6) == 0 {
            self.what += "broken EXIF data ";
            bytes.truncate(rng.usize(..20));
        }
        Some(bytes)
    }

    /// Returns the XMP in one of its spellings.
    fn xmp(&mut self, rng: &mut Rng) -> Option<Vec<u8>> {
        let Xmp { turn } = self.xmp?;
        let prefix = one(rng, &["tiff", "t", "ns1"]);
        let declared = format!("xmlns:{prefix}=\"http://ns.adobe.com/tiff/1.0/\"");
        let inside = match (turn, rng.u8(..3)) {
            (None, 0) => String::new(),
            (None, _) => format!("<d {declared} {prefix}:Make=\"x\"/>"),
            (Some(turn), 0) => format!("<d {declared} {prefix}:Orientation=\"{turn}\"/>"),
            (Some(turn), 1) => format!("<d {prefix}:Orientation='{turn}' {declared}/>"),
            (Some(turn), _) => {
                format!("<d {declared}><{prefix}:Orientation>{turn}</{prefix}:Orientation></d>")
            }
        };
        Some(format!("<x:xmpmeta xmlns:x=\"adobe:ns:meta/\">{inside}</x:xmpmeta>").into_bytes())
    }

    fn jpeg(&mut self, rng: &mut Rng) -> Vec<u8> {
        let mut segments = vec![(0xe0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0".to_vec())];
        if let Some(exif) = self.exif(rng) {
            segments.push((0xe1, [&b"Exif\0\0"[..], &exif].concat()));
        }
        if let Some(xmp) = self.xmp(rng) {
            segments.push((0xe1, [XMP, &xmp].concat()));
        }
        let length = rng.usize(..20_000);
        segments.push((0xe2, noise(rng, length)));
        rng.shuffle(&mut segments);
        let mut bytes = jpeg(&segments, 0xc0, 70, 50);
        if rng.u8(..4) == 0 {
            // Bytes between the start and the first segment.
            let length = rng.usize(..12);
            bytes.splice(2..2, noise(rng, length));
        }
        bytes
    }

    fn png(&mut self, rng: &mut Rng) -> Vec<u8> {
        let mut chunks = Vec::new();
        if let Some(exif) = self.exif(rng) {
            chunks.push(match rng.u8(..5) {
                0 => (*b"eXIf", exif),
                _ => {
                    let name = one(rng, &["exif", "APP1"]);
                    text(
                        rng,
                        &format!("Raw profile type {name}"),
                        &raw(name, &[b"Exif\0\0", &*exif].concat()),
                    )
                }
            });
        }
        if let Some(xmp) = self.xmp(rng) {
            chunks.push(if rng.bool() {
                international(rng.bool(), "XML:com.adobe.xmp", &xmp)
            } else {
                text(rng, "Raw profile type xmp", &raw("xmp", &xmp))
            });
        }
        let length = rng.usize(..20_000);
        chunks.push((*b"tEXt", [&b"workflow\0"[..], &noise(rng, length)].concat()));
        rng.shuffle(&mut chunks);
        let before = rng.usize(..=chunks.len());
        let after = chunks.split_off(before);
        if rng.bool() {
            chunks.insert(0, (*one(rng, &[b"bKGD", b"tIME"]), vec![1; 6]));
        }
        let pixels = one(rng, &[1_000, 1_000, 8_192, 65_536]);
        for _ in 0..rng.usize(..20) {
            chunks.push((*b"IDAT", noise(rng, pixels)));
        }
        // The writer's own pixels are the last but one chunk.
        let whole = png(70, 50, &chunks);
        let end = whole.len() - 12;
        let behind = png(70, 50, &after);
        // Signature and header before, pixels and the end after.
        let behind = &behind[33..behind.len() - 32 - 12];
        [&whole[..end], behind, &whole[end..]].concat()
    }

    fn webp(&mut self, rng: &mut Rng) -> Vec<u8> {
        let length = rng.usize(..20_000);
        let mut chunks = vec![(*b"VP8 ", noise(rng, length))];
        let mut flags = 0;
        if let Some(exif) = self.exif(rng) {
            flags |= 8;
            let prefix: &[u8] = if rng.bool() { b"Exif\0\0" } else { b"" };
            chunks.push((*b"EXIF", [prefix, &exif].concat()));
        }
        if let Some(xmp) = self.xmp(rng) {
            flags |= 4;
            chunks.push((*b"XMP ", xmp));
        }
        chunks.insert(0, (*b"VP8X", vec![flags, 0, 0, 0, 69, 0, 0, 49, 0, 0]));
        riff(*b"RIFF", *b"WEBP", &chunks)
    }
}

/// Encodes bytes as ImageMagick does.
fn raw(name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut text = format!("\n{name}\n{:8}\n", bytes.len());
    for (index, byte) in bytes.iter().enumerate() {
        text += &format!("{byte:02x}");
        if index % 36 == 35 {
            text.push('\n');
        }
    }
    text.into_bytes()
}

/// Encodes a text in one of its three chunks.
fn text(rng: &mut Rng, keyword: &str, text: &[u8]) -> ([u8; 4], Vec<u8>) {
    match rng.u8(..4) {
        0 => (*b"tEXt", [keyword.as_bytes(), b"\0", text].concat()),
        1 => (
            *b"zTXt",
            [keyword.as_bytes(), b"\0\0", &zlib(text)].concat(),
        ),
        kind => international(kind == 2, keyword, text),
    }
}

fn international(is_compressed: bool, keyword: &str, text: &[u8]) -> ([u8; 4], Vec<u8>) {
    let flags = [0, u8::from(is_compressed), 0];
    let text = if is_compressed {
        zlib(text)
    } else {
        text.to_vec()
    };
    (
        *b"iTXt",
        [keyword.as_bytes(), &flags, b"en\0\0", &text].concat(),
    )
}

/// Encodes zlib data without compression.
fn zlib(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap();
    let (mut a, mut b) = (1_u32, 0_u32);
    for byte in bytes {
        a = (a + u32::from(*byte)) % 65_521;
        b = (b + a) % 65_521;
    }
    let mut out = vec![0x78, 0x01, 1];
    out.extend([length.to_le_bytes(), (!length).to_le_bytes()].concat());
    out.extend(bytes);
    out.extend((b << 16 | a).to_be_bytes());
    out
}
