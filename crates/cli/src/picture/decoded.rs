//! Decoding of images, scaled to the size shown.

use std::io::Cursor;

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};

use super::window::Window;

/// Maximum number of pixels: a small file may claim an image that fills the memory. An 8K image has 33
/// million.
const MAX_PIXELS: u64 = 40_000_000;
/// Maximum number of bytes for the pixels and the decoder.
const MAX_MEMORY: u64 = 256 << 20;

/// Decodes the first image of a file, applies its orientation and scales it down to the window.
/// Returns `None` if it is too large or cannot be decoded.
pub(super) fn read(file: &[u8], format: ImageFormat, window: Window) -> Option<DynamicImage> {
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_MEMORY);
    let mut reader = ImageReader::with_format(Cursor::new(file), format);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().ok()?;
    let (width, height) = decoder.dimensions();
    if !is_moderate(width, height, decoder.total_bytes()) {
        return None;
    }
    // An unreadable orientation is ignored.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let picture = DynamicImage::from_decoder(decoder).ok()?;
    // The orientation is applied after scaling, to fewer pixels.
    let (width, height) = if swaps(orientation) {
        let (width, height) = window.fitted((height, width));
        (height, width)
    } else {
        window.fitted((width, height))
    };
    let mut picture = if (width, height) == (picture.width(), picture.height()) {
        picture
    } else {
        picture.thumbnail_exact(width, height)
    };
    picture.apply_orientation(orientation);
    Some(picture)
}

fn is_moderate(width: u32, height: u32, bytes: u64) -> bool {
    u64::from(width) * u64::from(height) <= MAX_PIXELS && bytes <= MAX_MEMORY
}

/// Returns `true` if the orientation swaps width and height.
fn swaps(orientation: Orientation) -> bool {
    matches!(
        orientation,
        Orientation::Rotate90
            | Orientation::Rotate270
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH
    )
}

/// Encodes the image as a PNG file.
pub(super) fn png(picture: &DynamicImage) -> Option<Vec<u8>> {
    let mut file = Cursor::new(Vec::new());
    picture.write_to(&mut file, ImageFormat::Png).ok()?;
    Some(file.into_inner())
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;

    fn with_columns(columns: u16, file: &[u8], format: ImageFormat) -> Option<DynamicImage> {
        read(file, format, Window::with_columns(columns))
    }

    fn ramp(width: u32, height: u32) -> DynamicImage {
        let shade = |at: u32, side: u32| u8::try_from(at * 255 / side).unwrap();
        let pixel = |x, y| Rgb([shade(x, width), shade(y, height), 0]);
        image::RgbImage::from_fn(width, height, pixel).into()
    }

    #[test]
    fn only_a_large_image_is_scaled_down() {
        let small = ramp(64, 48);
        assert_eq!(
            with_columns(80, &png(&small).unwrap(), ImageFormat::Png),
            Some(small)
        );
        let large = with_columns(40, &png(&ramp(900, 600)).unwrap(), ImageFormat::Png).unwrap();
        assert_eq!((large.width(), large.height()), (400, 266));
        let middle = large.to_rgb8()[(200, 133)];
        assert!(
            (125..=130).contains(&middle[0]) && (125..=130).contains(&middle[1]),
            "{middle:?}"
        );
    }

    #[test]
    fn exif_orientation_is_applied() {
        let wide = DynamicImage::from(image::RgbImage::from_fn(900, 300, |x, _| {
            Rgb(if x < 450 { [255, 0, 0] } else { [0, 0, 255] })
        }));
        let mut file = Cursor::new(Vec::new());
        wide.write_to(&mut file, ImageFormat::Jpeg).unwrap();
        // After the file marker, EXIF with orientation 6: a quarter turn to the right.
        let exif = b"\xff\xe1\0\x22Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
        let mut file = file.into_inner();
        file.splice(2..2, exif.iter().copied());
        let turned = with_columns(80, &file, ImageFormat::Jpeg)
            .unwrap()
            .to_rgb8();
        assert_eq!(turned.dimensions(), (106, 320));
        let (top, bottom) = (turned[(53, 20)], turned[(53, 300)]);
        assert!(top[0] > 200 && bottom[2] > 200, "{top:?} {bottom:?}");
    }

    #[test]
    fn image_that_would_fill_the_memory_is_not_decoded() {
        assert!(is_moderate(7680, 4320, 4 * 7680 * 4320));
        assert!(!is_moderate(8000, 5001, 8000 * 5001));
        assert!(!is_moderate(u32::MAX, u32::MAX, u64::MAX));
        // Few pixels, but eight bytes for each.
        assert!(!is_moderate(7680, 4400, 8 * 7680 * 4400));
        // GIF has no checksum over its sides.
        let mut file = Cursor::new(Vec::new());
        ramp(64, 48).write_to(&mut file, ImageFormat::Gif).unwrap();
        let mut file = file.into_inner();
        assert!(with_columns(80, &file, ImageFormat::Gif).is_some());
        file[6..10].copy_from_slice(&[0xff; 4]);
        assert!(with_columns(80, &file, ImageFormat::Gif).is_none());
    }

    #[test]
    fn truncated_image_is_not_decoded() {
        let file = png(&ramp(64, 48)).unwrap();
        assert!(with_columns(80, &file[..file.len() / 2], ImageFormat::Png).is_none());
        assert!(with_columns(80, &[], ImageFormat::Jpeg).is_none());
    }
}
