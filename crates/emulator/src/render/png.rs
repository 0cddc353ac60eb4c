//! PNG files: the scene as an indexed image of four bits per pixel.

use std::io::Write as _;
use std::ops::Range;

use png::{BitDepth, ColorType, Compression, Encoder, EncodingError};

use super::scene::{MAX_SIDE, Scene};

/// Number of pixels in a byte, at four bits each.
const PIXELS_PER_BYTE: usize = 2;

/// Draws a PNG file of this size that shows the caption. Each side is clamped to
/// `1..=`[`MAX_SIDE`].
pub(super) fn png(width: u32, height: u32, caption: &str) -> Vec<u8> {
    let (width, height) = (width.clamp(1, MAX_SIDE), height.clamp(1, MAX_SIDE));
    let footer = format!("{width}x{height}  emulated");
    let scene = Scene::new(width as usize, height as usize, caption, &footer);
    let mut file = Vec::new();
    // Writing fails only if the output does or if palette, sizes and rows contradict each other. A
    // `Vec` accepts every byte, and palette, sizes and rows come from one scene.
    write(&scene, &mut file).expect("an image written to memory");
    file
}

/// Streams the rows of `scene` through the encoder, so that one row is in memory at a time.
fn write(scene: &Scene, file: &mut Vec<u8>) -> Result<(), EncodingError> {
    let mut encoder = Encoder::new(file, scene.width() as u32, scene.height() as u32);
    encoder.set_color(ColorType::Indexed);
    encoder.set_depth(BitDepth::Four);
    encoder.set_palette(scene.palette().concat());
    // Stores the difference to the row above and compresses runs of zeros. Most rows repeat the
    // one above except at a few edges, so the fastest method compresses well.
    encoder.set_compression(Compression::Fastest);
    let mut writer = encoder.write_header()?;
    let mut output = writer.stream_writer()?;
    let mut row = vec![0; scene.width().div_ceil(PIXELS_PER_BYTE)];
    for y in 0..scene.height() {
        scene.paint_row(y, |run, colour| fill(&mut row, run, colour));
        output.write_all(&row)?;
    }
    output.finish()?;
    writer.finish()
}

/// Fills a range of pixels of a row with one colour. The left pixel of a byte is its high half.
fn fill(row: &mut [u8], mut run: Range<usize>, colour: u8) {
    if run.is_empty() {
        return;
    }
    if run.start % PIXELS_PER_BYTE == 1 {
        let byte = &mut row[run.start / PIXELS_PER_BYTE];
        *byte = *byte & 0xF0 | colour;
        run.start += 1;
    }
    if run.end % PIXELS_PER_BYTE == 1 {
        run.end -= 1;
        let byte = &mut row[run.end / PIXELS_PER_BYTE];
        *byte = *byte & 0x0F | colour << 4;
    }
    let whole = run.start / PIXELS_PER_BYTE..run.end / PIXELS_PER_BYTE;
    row[whole].fill(colour << 4 | colour);
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::super::scene::INK;
    use super::*;

    /// Decodes the size and the colour number of every pixel.
    fn decode(file: &[u8]) -> (usize, usize, Vec<u8>) {
        let mut decoder = ::png::Decoder::new(Cursor::new(file));
        decoder.set_transformations(::png::Transformations::IDENTITY);
        let mut reader = decoder.read_info().unwrap();
        let mut packed = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut packed).unwrap();
        let (width, height) = (reader.info().width as usize, reader.info().height as usize);
        let pixels = packed
            .chunks_exact(width.div_ceil(2))
            .flat_map(|row| {
                let halves = row.iter().flat_map(|byte| [byte >> 4, byte & 0x0F]);
                halves.take(width)
            })
            .collect();
        (width, height, pixels)
    }

    /// Counts the pixels that the caption inks.
    fn ink(file: &[u8]) -> usize {
        let pixels = decode(file).2;
        pixels.into_iter().filter(|pixel| *pixel == INK).count()
    }

    #[test]
    fn size_is_exactly_the_requested_one() {
        for (width, height) in [
            (1, 1),
            (2, 1),
            (1, 9),
            (17, 5),
            (64, 64),
            (333, 101),
            (1200, 40),
        ] {
            let file = png(width, height, "a caption of some words");
            let (got_width, got_height, pixels) = decode(&file);
            assert_eq!((got_width, got_height), (width as usize, height as usize));
            assert_eq!(pixels.len(), got_width * got_height);
        }
    }

    #[test]
    fn sizes_out_of_range_are_clamped() {
        assert_eq!(decode(&png(0, 0, "")).2.len(), 1);
        assert_eq!(decode(&png(u32::MAX, 1, "")).0, MAX_SIDE as usize);
    }

    #[test]
    fn caption_is_shown() {
        let empty = png(800, 500, "");
        let fox = png(800, 500, "a red fox");
        assert_eq!(ink(&empty), 0);
        assert!(ink(&fox) > 500);
        assert_ne!(ink(&fox), ink(&png(800, 500, "a red box")));
        assert_eq!(fox, png(800, 500, "a red fox"));
    }

    #[test]
    fn every_caption_is_accepted() {
        let long = "many words ".repeat(10_000);
        for caption in [
            "\u{1F600}\u{200d}\u{1F680}",
            "\0\x07\x1b[1m",
            &long,
            &"x".repeat(100_000),
        ] {
            assert!(ink(&png(256, 256, caption)) > 50);
        }
        assert_eq!(ink(&png(8, 8, &long)), 0);
    }

    #[test]
    fn nibbles_are_filled_exactly() {
        for (start, end) in (0..=8).flat_map(|start| (start..=8).map(move |end| (start, end))) {
            let mut row = [0; 4];
            fill(&mut row, start..end, 0xA);
            let pixels: Vec<_> = row
                .iter()
                .flat_map(|byte| [byte >> 4, byte & 0x0F])
                .collect();
            let expected = (0..8).map(|x| if (start..end).contains(&x) { 0xA } else { 0 });
            assert_eq!(pixels, expected.collect::<Vec<u8>>(), "{start}..{end}");
        }
    }
}
