//! Bytes that are written as digits without anything between them: base64, base32, hex and base 2.

use std::borrow::Cow;
use std::ops::Range;

use super::layer::{Layer, MIN_RUN, Runs, Span, is_text};
use super::noise::skip_noise;

/// Minimum number of base64 digits of as many bytes as are kept.
const MIN_DIGITS: usize = MIN_RUN * 4 / 3 + 1;

/// Stands for a byte that is no digit.
const NONE: u8 = 0xff;

/// An alphabet of digits.
struct Alphabet {
    /// Bits of a digit.
    bits: usize,
    /// The value of each byte.
    values: [u8; 256],
}

static BASE64: Alphabet = Alphabet::new(
    6,
    &[
        b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
        b"                                                              -_",
    ],
);

/// The alphabets within that of base64. Those of base32 are in one case each.
static WITHIN_BASE64: [Alphabet; 6] = [
    Alphabet::new(5, &[b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"]),
    Alphabet::new(5, &[b"abcdefghijklmnopqrstuvwxyz234567"]),
    Alphabet::new(5, &[b"0123456789ABCDEFGHIJKLMNOPQRSTUV"]),
    Alphabet::new(5, &[b"0123456789abcdefghijklmnopqrstuv"]),
    Alphabet::new(4, &[b"0123456789ABCDEF", b"          abcdef"]),
    Alphabet::new(1, &[b"01"]),
];

impl Alphabet {
    const fn new(bits: usize, rows: &[&[u8]]) -> Self {
        let mut values = [NONE; 256];
        let mut row = 0;
        while row < rows.len() {
            let mut at = 0;
            while at < rows[row].len() {
                if rows[row][at] != b' ' {
                    // Not more than 64 digits.
                    #[expect(clippy::cast_possible_truncation)]
                    let value = at as u8;
                    values[rows[row][at] as usize] = value;
                }
                at += 1;
            }
            row += 1;
        }
        Self { bits, values }
    }

    fn has(&self, byte: u8) -> bool {
        self.values[usize::from(byte)] != NONE
    }

    /// Minimum number of digits of as many bytes as are kept.
    fn min_digits(&self) -> usize {
        (MIN_RUN * 8).div_ceil(self.bits)
    }

    /// Returns the number of digits with which a byte may start.
    fn alignments(&self) -> usize {
        8 >> self.bits.trailing_zeros().min(3)
    }
}

/// Adds the texts that are written in digits of a layer, from `min` bytes on. A text at the end of its
/// digits may be cut, and is shorter.
pub(super) fn decode(layer: Layer<'_>, min: usize, runs: &mut Runs) {
    let bytes = layer.bytes();
    let mut start = 0;
    while start < bytes.len() {
        if !BASE64.has(bytes[start]) {
            start += 1;
            continue;
        }
        let end = end_of_digits(bytes, start);
        // Most words are too short, and need not be looked at again.
        if end - start >= MIN_DIGITS && layer.is_new(start..end) {
            Digits::new(layer, start..end).decode(min, runs);
        }
        start = end;
    }
}

/// Returns where the digits end that start at `start`. Between two may be what is between two characters of
/// a secret.
fn end_of_digits(bytes: &[u8], start: usize) -> usize {
    let mut at = start;
    loop {
        at += (bytes[at..].iter())
            .take_while(|byte| BASE64.has(**byte))
            .count();
        let behind = skip_noise(bytes, at);
        if behind == at || !bytes.get(behind).is_some_and(|byte| BASE64.has(*byte)) {
            return at;
        }
        at = behind;
    }
}

/// Digits in a row, without the line breaks between them.
struct Digits<'a> {
    layer: Layer<'a>,
    bytes: Cow<'a, [u8]>,
    places: Places,
}

/// The positions of digits in a layer.
enum Places {
    /// Of digits with nothing between them: that of the first.
    From(usize),
    Each(Vec<usize>),
}

impl<'a> Digits<'a> {
    fn new(layer: Layer<'a>, range: Range<usize>) -> Self {
        let bytes = layer.bytes();
        let (bytes, places) = if bytes[range.clone()].iter().all(|byte| BASE64.has(*byte)) {
            (
                Cow::Borrowed(&bytes[range.clone()]),
                Places::From(range.start),
            )
        } else {
            let places: Vec<usize> = range.filter(|at| BASE64.has(bytes[*at])).collect();
            let digits = places.iter().map(|at| bytes[*at]).collect();
            (Cow::Owned(digits), Places::Each(places))
        };
        Self {
            layer,
            bytes,
            places,
        }
    }

    /// Returns the span of a range of digits.
    fn span(&self, digits: Range<usize>) -> Span {
        let at = |digit: usize| match &self.places {
            Places::From(start) => start + digit,
            Places::Each(places) => places[digit],
        };
        let (first, last) = (at(digits.start), at(digits.end - 1));
        self.layer.span(first).with(self.layer.span(last))
    }

    fn decode(&self, min: usize, runs: &mut Runs) {
        self.decode_range(0..self.bytes.len(), &BASE64, min, runs);
        for alphabet in &WITHIN_BASE64 {
            for range in self.ranges(alphabet) {
                self.decode_range(range, alphabet, min, runs);
            }
        }
    }

    /// Returns the ranges of enough digits of an alphabet.
    fn ranges(&self, alphabet: &Alphabet) -> impl Iterator<Item = Range<usize>> {
        let min = alphabet.min_digits();
        let is_other = |digit: &u8| !alphabet.has(*digit);
        let mut start = 0;
        std::iter::from_fn(move || {
            while let Some(window) = self.bytes.get(start..start + min) {
                // Of so many digits the last other one decides.
                if let Some(other) = window.iter().rposition(is_other) {
                    start += other + 1;
                    continue;
                }
                let rest = &self.bytes[start + min..];
                let length = min + rest.iter().position(is_other).unwrap_or(rest.len());
                let range = start..start + length;
                start = range.end + 1;
                return Some(range);
            }
            None
        })
    }

    /// Decodes a range from each of the digits with which a byte may start.
    fn decode_range(&self, range: Range<usize>, alphabet: &Alphabet, min: usize, runs: &mut Runs) {
        for start in (range.clone()).take(alphabet.alignments()) {
            let bytes = Bytes {
                digits: &self.bytes[start..range.end],
                alphabet,
            };
            let span = |at: usize| {
                let digits = bytes.digits_of(at);
                self.span(start + digits.start..start + digits.end)
            };
            bytes.texts(min, |text| {
                text.clone()
                    .for_each(|at| runs.push(bytes.get(at), span(at)));
                runs.end();
                if alphabet.bits == 4 {
                    // A number in hex of which the low byte is the first.
                    text.rev().for_each(|at| runs.push(bytes.get(at), span(at)));
                    runs.end();
                }
            });
        }
    }
}

/// The bytes that digits are.
struct Bytes<'a> {
    digits: &'a [u8],
    alphabet: &'a Alphabet,
}

impl Bytes<'_> {
    fn len(&self) -> usize {
        self.digits.len() * self.alphabet.bits / 8
    }

    /// Returns the range of the digits with bits of a byte.
    fn digits_of(&self, at: usize) -> Range<usize> {
        let bits = self.alphabet.bits;
        at * 8 / bits..(at * 8 + 8).div_ceil(bits)
    }

    fn get(&self, at: usize) -> u8 {
        let digits = self.digits_of(at);
        let bits = self.alphabet.bits;
        let unused = digits.end * bits - (at * 8 + 8);
        let value = self.digits[digits].iter().fold(0_u32, |value, digit| {
            value << bits | u32::from(self.alphabet.values[usize::from(*digit)])
        });
        // The low eight bits.
        #[expect(clippy::cast_possible_truncation)]
        let byte = (value >> unused) as u8;
        byte
    }

    fn is_text(&self, at: usize) -> bool {
        is_text(self.get(at))
    }

    /// Calls `found` with each range of at least `min` bytes that is a text, and with a shorter one at the
    /// end. Any such range has each `min`th byte in it, so that few others are looked at.
    fn texts(&self, min: usize, mut found: impl FnMut(Range<usize>)) {
        let length = self.len();
        let mut from = 0;
        while from < length {
            // The last byte decides about the end.
            let at = (from + min - 1).min(length - 1);
            if !self.is_text(at) {
                from = at + 1;
                continue;
            }
            let other = (from..at).rev().find(|at| !self.is_text(*at));
            let start = other.map_or(from, |other| other + 1);
            let end = (at + 1..length).find(|at| !self.is_text(*at));
            let end = end.unwrap_or(length);
            let min = if end == length { MIN_RUN } else { min };
            if end - start >= min {
                found(start..end);
            }
            from = end + 1;
        }
    }
}
