//! The picture of image and video files: a diagonal gradient in bands, the caption, a footer, and
//! for videos a progress bar.
//!
//! A scene is painted row by row in colour numbers of a small palette, so a format writer needs
//! memory for one row.

use std::ops::Range;

use super::text::{Area, GLYPH, LINE_PITCH, TextLine, lay_out};

/// Red, green and blue.
pub(super) type Rgb = [u8; 3];

/// Number of palette entries, which fit into four bits.
pub(super) const COLOURS: usize = BANDS + 3;

/// Number of bands of the gradient, which are the first entries of the palette.
const BANDS: usize = 13;
const SHADOW: u8 = BANDS as u8;
/// Colour number of the caption, and of nothing else.
pub(super) const INK: u8 = SHADOW + 1;
const FAINT_INK: u8 = SHADOW + 2;

/// Length of the picture's shorter side, in margins.
const MARGINS_PER_SIDE: usize = 16;
/// Length of the shorter side, in font pixels of the footer.
const FOOTER_DETAIL: usize = 400;
/// Minimum number of caption characters that fit into a line: the caption is not larger.
const MIN_CAPTION_COLUMNS: usize = 20;
/// Maximum number of caption characters that fit into a line: the caption is not smaller, except
/// for [`MIN_CAPTION_ROWS`].
const MAX_CAPTION_COLUMNS: usize = 56;
/// Minimum number of caption lines that fit into the picture.
const MIN_CAPTION_ROWS: usize = 3;

/// Maximum side of an image or video, in pixels. Longer sides are clamped.
pub(super) const MAX_SIDE: u32 = 16_384;

/// A composed picture.
pub(super) struct Scene {
    width: usize,
    height: usize,
    palette: [Rgb; COLOURS],
    caption: Vec<TextLine>,
    footer: Vec<TextLine>,
    /// Width of the filled part of the progress bar; images have no bar.
    progress: Option<usize>,
}

impl Scene {
    /// Composes a picture without a progress bar. Neither side may be 0.
    pub(super) fn new(width: usize, height: usize, caption: &str, footer: &str) -> Self {
        let margin = margin(width, height);
        let footer_scale = (width.min(height) / FOOTER_DETAIL).max(1);
        let inner = Area {
            left: margin,
            top: margin,
            width: width.saturating_sub(2 * margin),
            height: height.saturating_sub(2 * margin),
        };
        let (upper, lower) = split(inner, GLYPH * footer_scale, margin);
        Self {
            width,
            height,
            palette: palette(caption),
            caption: lay_out_caption(caption, upper),
            footer: lay_out(footer, lower, 1..=footer_scale),
            progress: None,
        }
    }

    /// Returns the width in pixels.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// Returns the height in pixels.
    pub(super) fn height(&self) -> usize {
        self.height
    }

    /// Returns the colours that [`Scene::paint_row`] refers to by number.
    pub(super) fn palette(&self) -> &[Rgb; COLOURS] {
        &self.palette
    }

    /// Shows a bar along the bottom edge, filled to `part` of `whole` (not 0).
    pub(super) fn set_progress(&mut self, part: usize, whole: usize) {
        self.progress = Some(self.width * part / whole);
    }

    /// Paints row `y` from back to front: `fill` gets pixel ranges of the row and their colours.
    pub(super) fn paint_row(&self, y: usize, mut fill: impl FnMut(Range<usize>, u8)) {
        for band in 0..BANDS {
            let (start, end) = (self.band_edge(band, y), self.band_edge(band + 1, y));
            fill(start..end, band as u8);
        }
        let bar_height = margin(self.width, self.height).div_ceil(2);
        if let Some(filled) = self.progress.filter(|_| y + bar_height >= self.height) {
            fill(0..filled, FAINT_INK);
            fill(filled..self.width, SHADOW);
        }
        for line in &self.caption {
            let drop = line.scale / 4;
            for run in line.runs(y.saturating_sub(drop)) {
                fill(run.start + drop..run.end + drop, SHADOW);
            }
        }
        for (lines, colour) in [(&self.caption, INK), (&self.footer, FAINT_INK)] {
            for run in lines.iter().flat_map(|line| line.runs(y)) {
                fill(run, colour);
            }
        }
    }

    /// Returns the start of `band` in row `y`; band edges are the lines on which `x + y` is constant.
    fn band_edge(&self, band: usize, y: usize) -> usize {
        let edge = (band * (self.width + self.height)).div_ceil(BANDS);
        edge.saturating_sub(y).min(self.width)
    }
}

/// Returns the width of the empty border around the text.
fn margin(width: usize, height: usize) -> usize {
    (width.min(height) / MARGINS_PER_SIDE).max(1)
}

/// Splits off a strip of at most this height at the lower end, with a gap above it.
fn split(area: Area, strip: usize, gap: usize) -> (Area, Area) {
    let strip = strip.min(area.height);
    let above = area.height - strip;
    let upper = Area {
        height: above.saturating_sub(gap),
        ..area
    };
    let lower = Area {
        top: area.top + above,
        height: strip,
        ..area
    };
    (upper, lower)
}

/// Lays out the caption at a scale that suits the picture.
fn lay_out_caption(caption: &str, area: Area) -> Vec<TextLine> {
    let max_scale = area.width / (GLYPH * MIN_CAPTION_COLUMNS);
    let min_scale = area.width / (GLYPH * MAX_CAPTION_COLUMNS);
    let min_scale = min_scale
        .min(area.height / (LINE_PITCH * MIN_CAPTION_ROWS))
        .max(1);
    lay_out(caption, area, min_scale..=max_scale.max(min_scale))
}

/// Derives colours from the caption: a gradient dark enough for light text, then the inks.
fn palette(caption: &str) -> [Rgb; COLOURS] {
    let seed = hash(caption.as_bytes());
    let hue = (seed % 360) as f32;
    let hue_span = 50.0 + (seed / 360 % 60) as f32;
    std::array::from_fn(|index| {
        let along = index as f32 / (BANDS - 1) as f32;
        match index as u8 {
            SHADOW => hsl(hue, 0.55, 0.10),
            INK => [255; 3],
            FAINT_INK => hsl(hue + hue_span, 0.50, 0.86),
            _ => hsl(hue + hue_span * along, 0.48, 0.17 + 0.22 * along),
        }
    })
}

/// Hashes with 64-bit FNV-1a, which, unlike the standard library's hasher, never changes.
pub(super) fn hash(bytes: &[u8]) -> u64 {
    const OFFSET_BASIS: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0100_0000_01b3;
    bytes.iter().fold(OFFSET_BASIS, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(PRIME)
    })
}

/// Converts hue in degrees, saturation and lightness in `0..=1` to RGB.
fn hsl(hue: f32, saturation: f32, lightness: f32) -> Rgb {
    let reach = saturation * lightness.min(1.0 - lightness);
    // Each channel is the same trapezoid over the twelve 30-degree steps of the colour circle, at
    // another offset: red begins at step 0, green at 8, blue at 4.
    [0.0, 8.0, 4.0].map(|shift| {
        let step = (shift + hue / 30.0) % 12.0;
        let height = (step - 3.0).min(9.0 - step).clamp(-1.0, 1.0);
        ((lightness - reach * height) * 255.0).round() as u8
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_covered_exactly_at_every_size() {
        let sides = [1, 2, 3, 7, 16, 33, 64, 101, 320, 2000];
        for (width, height) in sides.iter().flat_map(|w| sides.map(|h| (*w, h))) {
            let mut scene = Scene::new(width, height, "some words to wrap", "footer");
            scene.set_progress(1, 3);
            for y in [0, height / 3, height / 2, height - 1] {
                let mut painted = vec![false; width];
                scene.paint_row(y, |run, colour| {
                    assert!(usize::from(colour) < COLOURS);
                    painted[run].fill(true);
                });
                assert!(
                    painted.iter().all(|pixel| *pixel),
                    "{width}x{height} row {y}"
                );
            }
        }
    }

    #[test]
    fn progress_fills_the_bottom_row() {
        let mut scene = Scene::new(200, 100, "", "");
        scene.set_progress(1, 4);
        let mut runs = Vec::new();
        scene.paint_row(99, |run, colour| runs.push((run, colour)));
        assert_eq!(runs[BANDS..], [(0..50, FAINT_INK), (50..200, SHADOW)]);
    }

    #[test]
    fn primary_hues_are_primary_colours() {
        assert_eq!(hsl(0.0, 1.0, 0.5), [255, 0, 0]);
        assert_eq!(hsl(120.0, 1.0, 0.5), [0, 255, 0]);
        assert_eq!(hsl(240.0, 1.0, 0.5), [0, 0, 255]);
    }

    #[test]
    fn palette_depends_on_the_caption_only() {
        assert_eq!(palette("fox"), palette("fox"));
        assert_ne!(palette("fox"), palette("box"));
        assert_eq!(hash(b"a"), 0xaf63_dc4c_8601_ec8c);
    }
}
