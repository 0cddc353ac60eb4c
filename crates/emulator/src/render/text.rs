//! Text in a picture: its characters, and where its lines lie.

use std::ops::{Range, RangeInclusive};

use font8x8::{
    BASIC_FONTS, BLOCK_FONTS, BOX_FONTS, GREEK_FONTS, HIRAGANA_FONTS, LATIN_FONTS, MISC_FONTS,
    UnicodeFonts,
};

/// Side of a glyph in font pixels.
pub(super) const GLYPH: usize = 8;

/// Distance from the top of one line to the top of the next, in font pixels.
pub(super) const LINE_PITCH: usize = 11;

/// Minimum number of characters in a line; a narrower area gets no text.
const MIN_COLUMNS: usize = 4;

/// Maximum length of a word that is kept in one piece; longer words are broken.
const MAX_WHOLE_WORD: usize = 24;

/// Ends a text that was cut.
const ELLIPSIS: char = '\u{2026}';

/// A character's pixels: a byte per row, lowest bit leftmost.
type Glyph = [u8; GLYPH];

const BLANK: Glyph = [0; GLYPH];
const ELLIPSIS_GLYPH: Glyph = [0, 0, 0, 0, 0, 0, 0b0010_1010, 0];
/// A hollow box for characters that the font does not have.
const MISSING: Glyph = [0x7E, 0x42, 0x42, 0x42, 0x42, 0x42, 0x7E, 0];

/// A rectangle of the picture, in pixels.
#[derive(Clone, Copy)]
pub(super) struct Area {
    pub(super) left: usize,
    pub(super) top: usize,
    pub(super) width: usize,
    pub(super) height: usize,
}

impl Area {
    /// Counts the characters of this scale that fit beside each other.
    pub(super) fn columns(&self, scale: usize) -> usize {
        self.width / (GLYPH * scale)
    }

    /// Counts the lines of this scale that fit below each other; the last one needs no gap below it.
    fn rows(&self, scale: usize) -> usize {
        (self.height + (LINE_PITCH - GLYPH) * scale) / (LINE_PITCH * scale)
    }
}

/// A line of text at its position in the picture.
pub(super) struct TextLine {
    left: usize,
    top: usize,
    pub(super) scale: usize,
    glyphs: Vec<Glyph>,
}

impl TextLine {
    /// Returns the horizontal pixel ranges that this line inks in picture row `y`.
    pub(super) fn runs(&self, y: usize) -> impl Iterator<Item = Range<usize>> {
        let row = y
            .checked_sub(self.top)
            .map_or(GLYPH, |below| below / self.scale);
        let glyphs = if row < GLYPH { &self.glyphs[..] } else { &[] };
        glyphs.iter().enumerate().flat_map(move |(column, glyph)| {
            let bits = glyph[row];
            let left = self.left + column * GLYPH * self.scale;
            (0..GLYPH)
                .filter(move |bit| bits >> bit & 1 == 1)
                .map(move |bit| left + bit * self.scale..left + (bit + 1) * self.scale)
        })
    }
}

/// Word-wraps `text` into `area` at the largest of `scales` at which all of it fits, and centres
/// it vertically. Text that does not fit at the smallest scale is cut and ends in an ellipsis.
pub(super) fn lay_out(text: &str, area: Area, scales: RangeInclusive<usize>) -> Vec<TextLine> {
    let words = text.split_whitespace().map(|word| word.chars().count());
    let max_word = words.max().unwrap_or(0).min(MAX_WHOLE_WORD);
    let min_scale = *scales.start();
    let (lines, scale) = scales
        .rev()
        .filter(|&scale| area.columns(scale) >= max_word)
        .chain([min_scale])
        .find_map(|scale| Some((wrap_whole(text, area, scale)?, scale)))
        .unwrap_or_else(|| (wrap_cut(text, area, min_scale), min_scale));
    centre(&lines, area, scale)
}

/// Returns the lines of `text` at this scale, if all of them fit.
fn wrap_whole(text: &str, area: Area, scale: usize) -> Option<Vec<String>> {
    let columns = area.columns(scale);
    if columns < MIN_COLUMNS {
        return None;
    }
    let rows = area.rows(scale);
    // One line more than fits is enough to see that the text is too long.
    let lines: Vec<_> = wrap(text, columns).take(rows + 1).collect();
    (lines.len() <= rows).then(|| lines.into_iter().map(String::from).collect())
}

/// Returns the lines of `text` that fit at this scale, the last one ending in an ellipsis.
fn wrap_cut(text: &str, area: Area, scale: usize) -> Vec<String> {
    let columns = area.columns(scale);
    if columns < MIN_COLUMNS {
        return Vec::new();
    }
    let lines = wrap(text, columns).take(area.rows(scale));
    let mut lines: Vec<_> = lines.map(String::from).collect();
    if let Some(last) = lines.last_mut() {
        *last = last.chars().take(columns - 1).collect();
        last.push(ELLIPSIS);
    }
    lines
}

/// Splits `text` into lines of at most `columns` (not 0) characters, between words if possible.
fn wrap(text: &str, columns: usize) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = rest.trim_start();
        let (line, after) = rest.split_at(line_end(rest, columns));
        rest = after;
        (!line.is_empty()).then_some(line.trim_end())
    })
}

/// Finds the end of the first line of `text`, which does not start with white space.
fn line_end(text: &str, columns: usize) -> usize {
    let mut last_gap = None;
    for (count, (at, c)) in text.char_indices().enumerate() {
        if c == '\n' {
            return at;
        }
        if c.is_whitespace() {
            last_gap = Some(at);
        }
        if count == columns {
            return last_gap.unwrap_or(at);
        }
    }
    text.len()
}

/// Positions wrapped lines in the vertical middle of `area`.
fn centre(lines: &[String], area: Area, scale: usize) -> Vec<TextLine> {
    let gap = (LINE_PITCH - GLYPH) * scale;
    let height = (lines.len() * LINE_PITCH * scale).saturating_sub(gap);
    let top = area.top + area.height.saturating_sub(height) / 2;
    let line = |(index, text): (usize, &String)| TextLine {
        left: area.left,
        top: top + index * LINE_PITCH * scale,
        scale,
        glyphs: text.chars().map(glyph).collect(),
    };
    lines.iter().enumerate().map(line).collect()
}

/// Returns the pixels of a character: its own, those of an ASCII look-alike, or a hollow box.
fn glyph(c: char) -> Glyph {
    let c = match c {
        ELLIPSIS => return ELLIPSIS_GLYPH,
        c if c.is_whitespace() => return BLANK,
        '\u{2018}' | '\u{2019}' => '\'',
        '\u{201C}' | '\u{201D}' => '"',
        '\u{2010}'..='\u{2015}' => '-',
        c => c,
    };
    BASIC_FONTS
        .get(c)
        .or_else(|| LATIN_FONTS.get(c))
        .or_else(|| GREEK_FONTS.get(c))
        .or_else(|| HIRAGANA_FONTS.get(c))
        .or_else(|| BOX_FONTS.get(c))
        .or_else(|| BLOCK_FONTS.get(c))
        .or_else(|| MISC_FONTS.get(c))
        // The font has empty pixels for control characters and unassigned code points.
        .filter(|glyph| *glyph != BLANK)
        .unwrap_or(MISSING)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str, columns: usize) -> Vec<&str> {
        wrap(text, columns).collect()
    }

    const AREA: Area = Area {
        left: 3,
        top: 5,
        width: 160,
        height: 41,
    };

    #[test]
    fn lines_wrap_between_words() {
        assert_eq!(lines("a red fox  jumps", 5), ["a red", "fox", "jumps"]);
        assert_eq!(lines("  one\r\n\n two ", 10), ["one", "two"]);
    }

    #[test]
    fn words_longer_than_a_line_are_broken() {
        assert_eq!(lines("abcdefgh ij", 3), ["abc", "def", "gh", "ij"]);
        assert_eq!(lines("\u{3042}\u{3044}\u{3046}", 2).len(), 2);
    }

    #[test]
    fn blank_text_has_no_lines() {
        assert!(lines("", 5).is_empty());
        assert!(lines(" \n\t\u{a0} ", 5).is_empty());
    }

    #[test]
    fn largest_scale_that_fits_is_chosen() {
        let short = lay_out("hi", AREA, 1..=3);
        assert_eq!((short.len(), short[0].scale), (1, 3));
        let long = lay_out("some twenty-five letters x", AREA, 1..=3);
        assert_eq!((long.len(), long[0].scale), (2, 1));
    }

    #[test]
    fn text_that_never_fits_is_cut() {
        let cut = lay_out(&"word ".repeat(20_000), AREA, 1..=3);
        assert_eq!(cut.len(), AREA.rows(1));
        assert_eq!(cut.last().unwrap().glyphs.last(), Some(&ELLIPSIS_GLYPH));
        assert!(cut.iter().all(|line| line.glyphs.len() <= AREA.columns(1)));
    }

    #[test]
    fn text_without_room_is_left_out() {
        let narrow = Area { width: 31, ..AREA };
        let flat = Area { height: 7, ..AREA };
        assert!(lay_out("hi", narrow, 1..=1).is_empty());
        assert!(lay_out("hi", flat, 1..=1).is_empty());
    }

    #[test]
    fn runs_follow_the_glyph_bits() {
        let line = TextLine {
            left: 10,
            top: 4,
            scale: 2,
            glyphs: vec![MISSING],
        };
        assert_eq!(line.runs(6).collect::<Vec<_>>(), [12..14, 22..24]);
        assert_eq!(line.runs(7).collect::<Vec<_>>(), [12..14, 22..24]);
        assert_eq!(line.runs(3).count() + line.runs(20).count(), 0);
    }

    #[test]
    fn characters_without_pixels_show_as_boxes() {
        for c in ['\u{1F600}', '\u{0}', '\u{7f}', '\u{fe0f}', '\u{4e2d}'] {
            assert_eq!(glyph(c), MISSING, "{c:?}");
        }
        for c in ['a', 'é', 'Ω', 'あ', '█', '’', '—'] {
            assert_ne!(glyph(c), MISSING, "{c:?}");
        }
        assert_eq!(glyph('\t'), BLANK);
    }
}
