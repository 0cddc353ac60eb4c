//! The readings of a text: each undoes one way to write bytes, and keeps where they came from.

use crate::invisible::is_ignorable;
use crate::spelling::{Escapes, Spelled, resolved};

/// A character, and the bytes of the whole text that spell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unit {
    pub(super) char: char,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// A way to read a text; `None` where nothing is written that way.
type Read = fn(&[Unit]) -> Option<Vec<Unit>>;

/// Readings of escapes, however deep. `\0` and a digit are two characters in some languages, and
/// `=72` is a letter in mails alone.
pub(super) const ESCAPES: [Read; 4] = [
    |text| escapes(text, Escapes::USUAL),
    |text| escapes(text, Escapes::WITHOUT_OCTAL),
    |text| escapes(text, Escapes::MAIL),
    |text| escapes(text, Escapes::MAIL_WITHOUT_OCTAL),
];

/// Readings of bytes that are written as digits, such as `cm9r`, `726f6b` or `[114, 0x6f, 107]`.
pub(super) const DIGITS: [Read; 5] = [
    base64,
    |text| numbers(text, 16, Some(2)),
    |text| numbers(text, 10, None),
    |text| numbers(text, 8, None),
    |text| numbers(text, 2, Some(8)),
];

/// Prefixes of numbers in a base of their own, and the digits of each character.
const PREFIXES: [(&str, u32, Option<usize>); 3] =
    [("0x", 16, Some(2)), ("0o", 8, None), ("0b", 2, Some(8))];

/// Minimum number of characters in a row that are read from digits: words are digits too.
const MIN_RUN: usize = super::MIN_CHARS;

/// Maximum number of characters between two numbers: a comma, a line break and an indent.
const MAX_GAP: usize = 64;

/// Stands between two runs, and is part of no secret.
pub(super) const GAP: char = '\u{fffd}';

/// Returns the characters of a text that starts at a byte of the whole text.
pub(super) fn units(text: &str, start: usize) -> Vec<Unit> {
    let unit = |(at, char): (usize, char)| Unit {
        char,
        start: start + at,
        end: start + at + char.len_utf8(),
    };
    text.char_indices().map(unit).collect()
}

fn escapes(text: &[Unit], escapes: Escapes) -> Option<Vec<Unit>> {
    let chars = text.iter().map(|unit| unit.char);
    if !escapes.apply_to(&chars) {
        return None;
    }
    let chars = resolved(chars.enumerate(), escapes);
    let ends = chars.iter().skip(1).map(|next| next.start);
    let ends = ends.chain([text.len()]);
    let unit = |(c, end): (&Spelled, usize)| Unit {
        char: c.char,
        start: text[c.start].start,
        end: text[end - 1].end,
    };
    Some(chars.iter().zip(ends).map(unit).collect())
}

/// Collects characters in runs, and forgets those that are too short.
#[derive(Default)]
struct Runs {
    units: Vec<Unit>,
    /// Start of the current run.
    start: usize,
}

impl Runs {
    /// Adds a character; what no text contains ends the run.
    fn push(&mut self, unit: Unit) {
        let is_text = |c: char| matches!(c, ' '..='~' | '\0' | '\t' | '\n' | '\r');
        if is_text(unit.char) {
            self.units.push(unit);
        } else {
            self.end();
        }
    }

    fn end(&mut self) {
        if self.units.len() - self.start < MIN_RUN {
            self.units.truncate(self.start);
        } else if let Some(last) = self.units.last().copied() {
            self.units.push(Unit { char: GAP, ..last });
        }
        self.start = self.units.len();
    }

    fn finish(mut self) -> Option<Vec<Unit>> {
        self.end();
        (!self.units.is_empty()).then_some(self.units)
    }
}

/// Reads numbers with anything but letters and digits between them. Those without a prefix are in base
/// `radix`, and where they have a fixed `width`, several may be written as one.
fn numbers(text: &[Unit], radix: u32, width: Option<usize>) -> Option<Vec<Unit>> {
    let mut runs = Runs::default();
    let mut before = 0;
    for word in words(text) {
        let gap = &text[before..word.start];
        if gap.len() > MAX_GAP || gap.iter().any(|unit| unit.char == GAP) {
            runs.end();
        }
        before = word.end;
        let word = &text[word];
        let (digits, radix, width) = match prefix(word) {
            Some((length, radix, width)) => (&word[length..], radix, width),
            None => (word, radix, width),
        };
        let width = width.unwrap_or(digits.len()).max(1);
        // A prefix belongs to the first number.
        let mut start = word[0].start;
        for number in digits.chunks(width) {
            let end = number[number.len() - 1].end;
            match char_of(number, radix).filter(|_| number.len() == width) {
                Some(char) => runs.push(Unit { char, start, end }),
                None => runs.end(),
            }
            start = end;
        }
    }
    runs.finish()
}

/// Returns the words of letters and digits.
fn words(text: &[Unit]) -> impl Iterator<Item = std::ops::Range<usize>> {
    let is_part = |at: usize| text.get(at).is_some_and(|unit| unit.char.is_alphanumeric());
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = (at..text.len()).find(|at| is_part(*at))?;
        at = (start..text.len())
            .find(|at| !is_part(*at))
            .unwrap_or(text.len());
        Some(start..at)
    })
}

fn prefix(word: &[Unit]) -> Option<(usize, u32, Option<usize>)> {
    let starts = |prefix: &str| {
        let mut chars = word.iter().map(|unit| unit.char.to_ascii_lowercase());
        prefix.chars().all(|c| chars.next() == Some(c))
    };
    let &(prefix, radix, width) = PREFIXES.iter().find(|(prefix, ..)| starts(prefix))?;
    (word.len() > prefix.len()).then_some((prefix.len(), radix, width))
}

fn char_of(digits: &[Unit], radix: u32) -> Option<char> {
    // More digits than a byte has in base 2.
    if digits.len() > 8 {
        return None;
    }
    let number = digits.iter().try_fold(0_u32, |number, digit| {
        Some(number * radix + digit.char.to_digit(radix)?)
    });
    char::from_u32(number?)
}

/// Reads base64 in both alphabets, from each of the places where four digits may begin.
fn base64(text: &[Unit]) -> Option<Vec<Unit>> {
    let mut runs = Runs::default();
    let mut at = 0;
    let mut digits = Vec::new();
    while at < text.len() {
        digits.clear();
        let mut is_indent = false;
        while let Some(unit) = text.get(at) {
            if let Some(value) = base64_digit(unit.char) {
                digits.push((value, *unit));
                is_indent = false;
            } else {
                is_indent |= matches!(unit.char, '\n' | '\r');
                let is_break = is_ignorable(unit.char) || is_indent && unit.char.is_whitespace();
                if !is_break {
                    break;
                }
            }
            at += 1;
        }
        at += 1;
        // Three bytes of four digits.
        if digits.len() * 3 / 4 < MIN_RUN {
            continue;
        }
        for skipped in 0..4 {
            for quad in digits[skipped..].chunks(4) {
                push_bytes(&mut runs, quad);
            }
            runs.end();
        }
    }
    runs.finish()
}

fn push_bytes(runs: &mut Runs, quad: &[(u8, Unit)]) {
    for (shift, pair) in [2, 4, 6].into_iter().zip(quad.windows(2)) {
        let ((high, first), (low, last)) = (pair[0], pair[1]);
        runs.push(Unit {
            char: char::from(high << shift | low >> (6 - shift)),
            start: first.start,
            end: last.end,
        });
    }
}

fn base64_digit(c: char) -> Option<u8> {
    let byte = u8::try_from(c).ok()?;
    Some(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    })
}
