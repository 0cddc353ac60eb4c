//! The few colours that stand for all those of a picture.

use std::cell::Cell;

use image::imageops::ColorMap;
use image::{Rgb, RgbImage};

/// As many as terminals with sixel keep.
const MOST_COLOURS: usize = 256;
/// Colours that agree in so many bits of each channel are one: the eye does not see the rest in 256.
const BITS: u32 = 5;

type Colour = [u8; 3];

/// At most 256 colours, and which of them is nearest to any other.
pub(super) struct Palette {
    colours: Vec<Colour>,
    /// For every place among all colours; found when it is asked for.
    nearest: Vec<Cell<Option<u8>>>,
}

impl Palette {
    /// Groups of neighbouring colours are halved, those first that differ most from their mean, until
    /// there are enough. A picture of few colours keeps each that the eye tells from the others.
    pub(super) fn of(picture: &RgbImage) -> Self {
        let mut groups = vec![Group::new(tones(picture))];
        while groups.len() < MOST_COLOURS {
            let widest = groups.iter_mut().max_by_key(|group| group.spread);
            let Some(half) = widest.and_then(Group::halve) else {
                break;
            };
            groups.push(half);
        }
        let palette = Self {
            colours: groups.iter().map(|group| group.colour).collect(),
            nearest: vec![Cell::new(None); 1 << (3 * BITS)],
        };
        for (group, number) in groups.iter().zip(0..=u8::MAX) {
            for tone in &group.tones {
                palette.nearest[place(tone.colour)].set(Some(number));
            }
        }
        palette
    }

    pub(super) fn colours(&self) -> &[Colour] {
        &self.colours
    }

    /// The number of the colour that stands for this one.
    pub(super) fn number(&self, colour: Colour) -> u8 {
        let nearest = &self.nearest[place(colour)];
        if let Some(number) = nearest.get() {
            return number;
        }
        let distance = |other: &Colour| -> u32 {
            let channels = other.iter().zip(colour);
            channels.map(|(a, b)| u32::from(a.abs_diff(b)).pow(2)).sum()
        };
        let numbered = self.colours.iter().zip(0..=u8::MAX);
        let found = numbered.min_by_key(|(other, _)| distance(other));
        let number = found.map_or(0, |(_, number)| number);
        nearest.set(Some(number));
        number
    }
}

impl ColorMap for Palette {
    type Color = Rgb<u8>;

    fn index_of(&self, colour: &Rgb<u8>) -> usize {
        self.number(colour.0).into()
    }

    fn map_color(&self, colour: &mut Rgb<u8>) {
        colour.0 = self.colours[self.index_of(colour)];
    }
}

/// Pixels of about one colour.
#[derive(Clone, Copy)]
struct Tone {
    colour: Colour,
    pixels: u64,
}

/// Tones that one colour stands for.
struct Group {
    tones: Vec<Tone>,
    /// Their mean, rounded down: never the highest value of a channel in which they differ.
    colour: Colour,
    /// In which they differ most, and by how much.
    channel: usize,
    spread: u64,
}

impl Group {
    fn new(tones: Vec<Tone>) -> Self {
        let pixels: u64 = tones.iter().map(|tone| tone.pixels).sum();
        let colour = [0, 1, 2].map(|channel| {
            let values = tones
                .iter()
                .map(|tone| tone.pixels * u64::from(tone.colour[channel]));
            mean(values.sum(), pixels)
        });
        let spread = |channel: usize| -> u64 {
            let squares = tones.iter().map(|tone| {
                let away = tone.colour[channel].abs_diff(colour[channel]);
                tone.pixels * u64::from(away).pow(2)
            });
            squares.sum()
        };
        let spreads = [0, 1, 2].map(|channel| (spread(channel), channel));
        let (spread, channel) = spreads.into_iter().max().unwrap_or_default();
        Self {
            tones,
            colour,
            channel,
            spread,
        }
    }

    /// Takes away what is above the mean; `None` where all are one.
    fn halve(&mut self) -> Option<Self> {
        let (channel, mean) = (self.channel, self.colour[self.channel]);
        let (above, below): (Vec<Tone>, Vec<Tone>) = self
            .tones
            .iter()
            .partition(|tone| tone.colour[channel] > mean);
        if above.is_empty() {
            return None;
        }
        *self = Self::new(below);
        Some(Self::new(above))
    }
}

fn tones(picture: &RgbImage) -> Vec<Tone> {
    let mut sums = vec![(0, [0; 3]); 1 << (3 * BITS)];
    for pixel in picture.pixels() {
        let (pixels, sum) = &mut sums[place(pixel.0)];
        *pixels += 1;
        for (sum, value) in sum.iter_mut().zip(pixel.0) {
            *sum += u64::from(value);
        }
    }
    let found = sums.into_iter().filter(|(pixels, _)| *pixels > 0);
    let tone = |(pixels, sum): (u64, [u64; 3])| Tone {
        colour: sum.map(|sum| mean(sum, pixels)),
        pixels,
    };
    found.map(tone).collect()
}

/// Rounded down; a mean of values of a channel is one, too.
fn mean(sum: u64, count: u64) -> u8 {
    let mean = sum.checked_div(count).unwrap_or_default();
    u8::try_from(mean).unwrap_or(u8::MAX)
}

/// Where a colour stands among all, coarsely.
fn place(colour: Colour) -> usize {
    colour.iter().fold(0, |place, value| {
        (place << BITS) | usize::from(value >> (8 - BITS))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(width: u32, height: u32, colour: impl Fn(u32, u32) -> Colour) -> RgbImage {
        RgbImage::from_fn(width, height, |x, y| Rgb(colour(x, y)))
    }

    #[test]
    fn few_colours_are_kept_as_they_are() {
        let grey = [100, 101, 102];
        let one = Palette::of(&picture(5, 3, |_, _| grey));
        assert_eq!(one.colours(), [grey]);
        assert_eq!(one.number([255, 0, 0]), 0);

        let three = [[250, 1, 2], [3, 4, 255], [255, 255, 255]];
        // One of them hardly ever.
        let palette = Palette::of(&picture(99, 99, |x, y| {
            three[usize::from(x == y) + usize::from(x + y == 0)]
        }));
        let mut found = palette.colours().to_vec();
        found.sort_unstable();
        assert_eq!(found, [three[1], three[0], three[2]]);
        for colour in three {
            assert_eq!(
                palette.colours()[usize::from(palette.number(colour))],
                colour
            );
        }
    }

    #[test]
    fn many_colours_are_256_and_each_is_near_its_own() {
        let shade = |value: u32| u8::try_from(value).unwrap();
        let picture = picture(256, 256, |x, y| [shade(x), shade(y), shade(x.midpoint(y))]);
        let palette = Palette::of(&picture);
        assert_eq!(palette.colours().len(), 256);
        for pixel in picture.pixels() {
            let mut mapped = *pixel;
            palette.map_color(&mut mapped);
            for (a, b) in mapped.0.iter().zip(pixel.0) {
                assert!(a.abs_diff(b) <= 24, "{pixel:?} became {mapped:?}");
            }
        }
    }

    #[test]
    fn a_colour_that_is_not_in_the_picture_becomes_its_neighbour() {
        let palette = Palette::of(&picture(2, 1, |x, _| [[0; 3], [255; 3]][x as usize]));
        let near = |colour| palette.colours()[usize::from(palette.number(colour))];
        assert_eq!(near([90, 100, 110]), [0; 3]);
        assert_eq!(near([160, 150, 140]), [255; 3]);
    }
}
