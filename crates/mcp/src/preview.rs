//! Small previews of saved pictures.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::codecs::jpeg::JpegEncoder;
use image::{ImageReader, Limits};

/// Width and height of a preview in pixels, at most.
const MAX_SIDE: u32 = 384;
/// Quality of a preview, of 100.
const QUALITY: u8 = 70;
/// Memory that a picture may take; one that takes more has no preview.
const MAX_BYTES: u64 = 256 << 20;

/// Returns a small JPEG of a picture in base64, or nothing if it cannot be read.
pub(crate) fn preview(file: &Path) -> Option<String> {
    let mut reader = ImageReader::open(file).ok()?.with_guessed_format().ok()?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_BYTES);
    reader.limits(limits);
    let picture = reader
        .decode()
        .ok()?
        .thumbnail(MAX_SIDE, MAX_SIDE)
        .to_rgb8();
    let mut jpeg = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut jpeg, QUALITY);
    picture.write_with_encoder(encoder).ok()?;
    Some(STANDARD.encode(jpeg))
}
