//! The protocol sixel: six pixels of one colour in each character, one above the other.

use std::collections::{BTreeMap, BTreeSet};

use color_quant::NeuQuant;
use image::imageops::{dither, index_colors};
use image::{GrayImage, RgbaImage};

/// Number of colours that terminals with sixel support.
const COLOURS: usize = 256;
/// Number of pixels of a larger image that are sampled for its palette.
const SAMPLED_PIXELS: u32 = 50_000;
/// Height in pixels of the band that one line of characters draws.
const BAND_HEIGHT: u32 = 6;
/// The character without a pixel.
const EMPTY: u8 = b'?';
/// Minimum length of a run that is written with a count; a shorter one is shorter without it.
const MIN_RUN: usize = 4;
/// Minimum alpha of a pixel that is drawn.
const OPAQUE: u8 = 128;

/// Returns the escape sequence that shows an image pixel by pixel. Transparent pixels keep the
/// background (`P0;1`).
pub(super) fn sequence(picture: &RgbaImage) -> String {
    let mut colours = picture.clone();
    for pixel in colours.pixels_mut() {
        pixel.0[3] = u8::MAX;
    }
    let (width, height) = picture.dimensions();
    let every = (width * height / SAMPLED_PIXELS).clamp(1, 10);
    let palette = NeuQuant::new(every.cast_signed(), COLOURS, &colours);
    // The library's dithering accesses the neighbour of every pixel.
    if width > 1 {
        dither(&mut colours, &palette);
    }
    let numbers = index_colors(&colours, &palette);

    // `1;1`: square pixels.
    let mut sequence = format!("\x1bP0;1q\"1;1;{width};{height}");
    let used: BTreeSet<u8> = numbers.pixels().map(|number| number.0[0]).collect();
    for (number, colour) in palette.color_map_rgb().chunks(3).enumerate() {
        if u8::try_from(number).is_ok_and(|number| used.contains(&number)) {
            let channels: Vec<String> = colour.iter().map(|value| percent(*value)).collect();
            sequence += &format!("#{number};2;{}", channels.join(";"));
        }
    }
    for top in (0..height).step_by(BAND_HEIGHT as usize) {
        if top > 0 {
            sequence.push('-');
        }
        let lines: Vec<String> = band(picture, &numbers, top)
            .iter()
            .map(|(number, letters)| format!("#{number}{}", counted(letters)))
            .collect();
        sequence += &lines.join("$");
    }
    sequence + "\x1b\\"
}

/// Returns the characters of every colour in the band that starts at `top`.
fn band(picture: &RgbaImage, numbers: &GrayImage, top: u32) -> BTreeMap<u8, Vec<u8>> {
    let (width, height) = picture.dimensions();
    let mut letters = BTreeMap::new();
    for y in top..height.min(top + BAND_HEIGHT) {
        for x in (0..width).filter(|&x| picture[(x, y)].0[3] >= OPAQUE) {
            let line = letters
                .entry(numbers[(x, y)].0[0])
                .or_insert_with(|| vec![0; width as usize]);
            line[x as usize] |= 1 << (y - top);
        }
    }
    letters
}

/// Returns the characters for pixels, with counts for runs and without empty ones at the end.
fn counted(pixels: &[u8]) -> String {
    let mut counted = String::new();
    let mut runs = pixels.chunk_by(|a, b| a == b).peekable();
    while let Some(run) = runs.next() {
        if run[0] == 0 && runs.peek().is_none() {
            break;
        }
        let letter = char::from(EMPTY + run[0]);
        if run.len() < MIN_RUN {
            counted.extend(std::iter::repeat_n(letter, run.len()));
        } else {
            counted += &format!("!{}{letter}", run.len());
        }
    }
    counted
}

/// Returns a value of 0 to 255 as a percentage, rounded.
fn percent(value: u8) -> String {
    ((u32::from(value) * 100 + 127) / 255).to_string()
}

#[cfg(test)]
mod tests {
    use image::Rgba;

    use super::*;

    const RED: [u8; 4] = [255, 0, 0, 255];
    const BLUE: [u8; 4] = [0, 0, 255, 255];
    const CLEAR: [u8; 4] = [9, 9, 9, 0];

    /// Red, green and blue in percent; `None` where nothing is drawn.
    type Drawn = Option<[u8; 3]>;

    /// Renders a sequence as a terminal does, line by line.
    fn rendered(sequence: &str) -> Vec<Vec<Drawn>> {
        let inner = sequence.strip_prefix("\x1bP0;1q").unwrap();
        let inner = inner.strip_suffix("\x1b\\").unwrap();
        let (raster, mut rest) = inner
            .strip_prefix("\"1;1;")
            .unwrap()
            .split_at(inner.find('#').unwrap_or(inner.len()) - "\"1;1;".len());
        let (width, height) = raster.split_once(';').unwrap();
        let mut seen = vec![vec![None; width.parse().unwrap()]; height.parse().unwrap()];
        let mut colours: BTreeMap<usize, [u8; 3]> = BTreeMap::new();
        let (mut colour, mut x, mut top, mut count) = (0, 0, 0, 1);
        while let Some(letter) = rest.chars().next() {
            rest = &rest[1..];
            let end = rest.find(|c: char| !c.is_ascii_digit() && c != ';');
            let (digits, behind) = rest.split_at(end.unwrap_or(rest.len()));
            let numbers: Vec<usize> = digits.split(';').flat_map(str::parse).collect();
            match letter {
                '#' => {
                    colour = numbers[0];
                    if let [_, 2, channels @ ..] = &numbers[..] {
                        let channel = |at: usize| u8::try_from(channels[at]).unwrap();
                        colours.insert(colour, [channel(0), channel(1), channel(2)]);
                    }
                    rest = behind;
                }
                '!' => (count, rest) = (numbers[0], behind),
                '$' => x = 0,
                '-' => (x, top) = (0, top + 6),
                '?'..='~' => {
                    for _ in 0..std::mem::replace(&mut count, 1) {
                        for row in (0..6).filter(|row| (letter as u8 - b'?') >> row & 1 == 1) {
                            assert_eq!(seen[top + row][x], None, "drawn twice");
                            seen[top + row][x] = Some(colours[&colour]);
                        }
                        x += 1;
                    }
                }
                other => panic!("{other:?} in {sequence:?}"),
            }
        }
        seen
    }

    fn picture(width: u32, height: u32, colour: impl Fn(u32, u32) -> [u8; 4]) -> RgbaImage {
        RgbaImage::from_fn(width, height, |x, y| Rgba(colour(x, y)))
    }

    #[test]
    fn image_becomes_characters() {
        let flag = picture(8, 7, |x, _| if x < 5 { RED } else { BLUE });
        assert_eq!(
            sequence(&flag),
            "\x1bP0;1q\"1;1;8;7#28;2;100;0;0#40;2;0;0;100\
             #28!5~$#40!5?~~~-#28!5@$#40!5?@@@\x1b\\"
        );
    }

    #[test]
    fn every_pixel_is_drawn_once_in_its_colour() {
        for (width, height) in [(1, 1), (1, 20), (2, 6), (300, 1), (64, 48)] {
            let chosen = |x: u32, y: u32| [RED, BLUE, CLEAR][((x * x + 3 * y) % 7 % 3) as usize];
            let seen = rendered(&sequence(&picture(width, height, chosen)));
            assert_eq!(seen.len(), height as usize);
            for (y, line) in (0..).zip(&seen) {
                assert_eq!(line.len(), width as usize);
                for (x, found) in (0..).zip(line) {
                    let expected = match chosen(x, y) {
                        RED => Some([100, 0, 0]),
                        BLUE => Some([0, 0, 100]),
                        _ => None,
                    };
                    // From few pixels the library learns a colour only to a few percent.
                    let near = |found: [u8; 3], expected: [u8; 3]| {
                        found.iter().zip(expected).all(|(a, b)| a.abs_diff(b) <= 3)
                    };
                    assert!(
                        found.is_some() == expected.is_some()
                            && found.zip(expected).is_none_or(|(a, b)| near(a, b)),
                        "{x} {y} of {width} {height}: {found:?}, not {expected:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn dithering_preserves_colours_on_average() {
        let shade = |value: u32| u8::try_from(value).unwrap();
        let ramp = picture(120, 90, |x, y| {
            [shade(2 * x), shade(2 * y), shade(x + y), 255]
        });
        let seen = rendered(&sequence(&ramp));
        // The average over 8 x 8 pixels is the original colour, within a few percent.
        for (top, left) in [(0, 0), (40, 56), (80, 112), (8, 104)] {
            for channel in 0..3 {
                let (mut expected, mut found) = (0, 0);
                for (y, x) in (0..64).map(|at| (top + at / 8, left + at % 8)) {
                    expected += u32::from(ramp[(x, y)].0[channel]) * 100 / 255;
                    let drawn = seen[y as usize][x as usize].unwrap();
                    found += u32::from(drawn[channel]);
                }
                assert!(
                    expected.abs_diff(found) < 3 * 64,
                    "{left} {top}: {expected} {found}"
                );
            }
        }
    }

    #[test]
    fn runs_are_written_with_a_count() {
        assert_eq!(
            counted(&[1, 1, 1, 2, 2, 2, 2, 0, 0, 0, 0, 63, 0, 0]),
            "@@@!4A!4?~"
        );
        assert_eq!(counted(&[]), "");
    }
}
