//! Bytes that are written as numbers with something between them, such as `[114, 0x6f, 107]`,
//! `chr(114)+chr(111)`, `72:6f:6b` or `6f72 006b`.

use std::ops::Range;

use super::layer::{GAP, Layer, MIN_RUN, OTHER, Runs, Span, is_text};

/// Maximum number of characters between two numbers: a comma, a line break and an indent, or the name
/// of a function.
const MAX_GAP: usize = 64;

/// Maximum number of words without a number between two numbers.
const MAX_FILLERS: usize = 3;

/// Maximum number of digits of a number: more than a long token has as one number.
const MAX_DIGITS: usize = 512;

/// The bases in which numbers without a prefix are read.
const BASES: [u8; 4] = [16, 10, 8, 2];

/// Adds the texts that are written as numbers in a layer.
pub(super) fn decode(layer: Layer<'_>, runs: &mut Runs) {
    let bytes = layer.bytes();
    let mut group = Group::default();
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        let mut kinds = 0;
        while let Some(kind) = bytes.get(at).map(|byte| KINDS[usize::from(*byte)])
            && kind & WORD != 0
        {
            kinds |= kind;
            at += 1;
        }
        if at > start {
            // A number has a digit, or letters of hex alone.
            let is_hex = kinds == HEX_LETTER && (at - start).is_multiple_of(2);
            let is_number = (kinds & DIGIT != 0 || is_hex) && !is_type(&bytes[start..at]);
            if !group.takes(start, is_number) {
                group.decode(layer, runs);
            }
            if is_number {
                group.add(start..at);
            } else {
                group.fillers += 1;
            }
        }
        if bytes
            .get(at)
            .is_some_and(|byte| matches!(*byte, GAP | OTHER))
        {
            group.decode(layer, runs);
        }
        at += 1;
    }
    group.decode(layer, runs);
}

const DIGIT: u8 = 1;
const HEX_LETTER: u8 = 2;
const OTHER_LETTER: u8 = 4;
const WORD: u8 = DIGIT | HEX_LETTER | OTHER_LETTER;

/// The kind of each byte.
static KINDS: [u8; 256] = {
    let mut kinds = [0; 256];
    let mut byte = 0_u8;
    while byte < 0x80 {
        kinds[byte as usize] = match byte {
            b'0'..=b'9' => DIGIT,
            b'a'..=b'f' | b'A'..=b'F' => HEX_LETTER,
            _ if byte.is_ascii_alphabetic() => OTHER_LETTER,
            _ => 0,
        };
        byte += 1;
    }
    kinds
};

/// The value of each digit in base 16; 255 of what is none.
static VALUES: [u8; 256] = {
    let mut values = [0xff; 256];
    let mut value = 0_u8;
    while value < 16 {
        let digit = b"0123456789abcdef"[value as usize];
        values[digit as usize] = value;
        values[digit.to_ascii_uppercase() as usize] = value;
        value += 1;
    }
    values
};

/// Words with numbers, and with little between them.
#[derive(Default)]
struct Group {
    words: Vec<Range<usize>>,
    /// Number of other words before each number.
    fillers_before: Vec<usize>,
    /// Number of bytes that the numbers are at most.
    max_bytes: usize,
    /// Number of other words behind the last number.
    fillers: usize,
}

impl Group {
    /// Returns `true` if a word may belong to the group.
    fn takes(&self, start: usize, is_number: bool) -> bool {
        let Some(last) = self.words.last() else {
            return true;
        };
        start - last.end <= MAX_GAP && (is_number || self.fillers < MAX_FILLERS)
    }

    fn add(&mut self, word: Range<usize>) {
        self.max_bytes += word.len().div_ceil(2);
        self.words.push(word);
        self.fillers_before.push(self.fillers);
        self.fillers = 0;
    }

    /// Adds the texts of the group, and starts a new one.
    fn decode(&mut self, layer: Layer<'_>, runs: &mut Runs) {
        if let (Some(first), Some(last)) = (self.words.first(), self.words.last())
            && self.max_bytes >= MIN_RUN
            && layer.is_new(first.start..last.end)
        {
            read(layer, &self.words, runs);
            let texts: Vec<_> = self.texts().collect();
            if texts.len() > 1 {
                for text in texts {
                    read(layer, text, runs);
                }
            }
            if self.words.len() >= 2 * MIN_RUN
                && let Some(values) = without_indexes(layer, &self.words)
            {
                read(layer, &values, runs);
            }
        }
        self.words.clear();
        self.fillers_before.clear();
        self.max_bytes = 0;
        self.fillers = 0;
    }

    /// Returns the numbers without the gaps that have more other words than the smallest: there one text
    /// may end and the next begin.
    fn texts(&self) -> impl Iterator<Item = &[Range<usize>]> {
        let gaps = self.fillers_before.get(1..).unwrap_or_default();
        let smallest = gaps.iter().min().copied().unwrap_or_default();
        let lengths = gaps
            .split(move |fillers| *fillers > smallest)
            .map(|gaps| gaps.len() + 1);
        let mut rest = &*self.words;
        lengths.map(move |length| {
            let (text, behind) = rest.split_at(length);
            rest = behind;
            text
        })
    }
}

/// Returns the bases in which a word may be part of a text as a number, as bits in the order of
/// [`BASES`]. It looks at few digits.
fn bases_of(word: &[u8]) -> u8 {
    if has_prefix(word) {
        return !0;
    }
    let is_byte = |digits: &[u8], base| value(digits, base).is_some_and(is_text);
    let digits = |base| {
        let start = word.iter().position(|byte| is_digit(*byte, base));
        let rest = &word[start.unwrap_or(word.len())..];
        let length = rest
            .iter()
            .take_while(|byte| is_digit(**byte, base))
            .count();
        &rest[..length]
    };
    let hex = digits(16);
    let (first, pairs) = hex.split_at(hex.len() % 2);
    let is_hex = pairs.chunks_exact(2).all(|pair| is_byte(pair, 16));
    let mut bases = u8::from(is_hex && (first.is_empty() || is_byte(first, 16)));
    let decimal = digits(10);
    for (index, base) in BASES.into_iter().enumerate().skip(1) {
        let is_number = decimal.iter().all(|byte| is_digit(*byte, base));
        // One of many digits is several bytes.
        if is_number && (base == 2 || decimal.len() > 3 || is_byte(decimal, base)) {
            bases |= 1 << index;
        }
    }
    bases
}

/// Reads numbers in each base, with the high byte first and with the low byte first.
fn read(layer: Layer<'_>, words: &[Range<usize>], runs: &mut Runs) {
    let bytes = layer.bytes();
    let bases: Vec<u8> = (words.iter())
        .map(|word| bases_of(&bytes[word.clone()]))
        .collect();
    for (index, base) in BASES.into_iter().enumerate() {
        let mut next = 0;
        for bases in bases.split(|bases| bases & 1 << index == 0) {
            let words = &words[next..next + bases.len()];
            next += bases.len() + 1;
            // Two digits are a byte at most.
            let max_bytes: usize = words.iter().map(|word| word.len().div_ceil(2)).sum();
            if max_bytes >= MIN_RUN && layer.is_new(words[0].start..words[words.len() - 1].end) {
                read_in_base(layer, words, base, runs);
            }
        }
    }
}

fn read_in_base(layer: Layer<'_>, words: &[Range<usize>], base: u8, runs: &mut Runs) {
    let mut number = Vec::new();
    // Bytes of a text in a row, and the same with each number reversed.
    let (mut bytes, mut reversed) = (Vec::new(), Vec::new());
    let mut end = |bytes: &mut Vec<(u8, Span)>| {
        if bytes.len() >= MIN_RUN {
            for (byte, span) in bytes.iter() {
                runs.push(*byte, *span);
            }
            runs.end();
        }
        bytes.clear();
    };
    for word in words {
        number.clear();
        let is_number = add_bytes(layer, word, base, &mut number).is_some();
        if is_number && number.iter().all(|(byte, _)| is_text(*byte)) {
            bytes.extend(&number);
            let whole = layer.span_of(word.clone());
            reversed.extend(number.iter().rev().map(|(byte, _)| (*byte, whole)));
        } else {
            end(&mut bytes);
            end(&mut reversed);
        }
    }
    end(&mut bytes);
    end(&mut reversed);
}

/// Adds the bytes of a number; `None` for a word that is no number in this base.
fn add_bytes(
    layer: Layer<'_>,
    word: &Range<usize>,
    base: u8,
    bytes: &mut Vec<(u8, Span)>,
) -> Option<()> {
    let (digits, base) = digits(&layer.bytes()[word.clone()], base)?;
    let digits = word.start + digits.start..word.start + digits.end;
    let width = match base {
        16 => 2,
        2 => 8,
        _ => {
            let span = layer.span_of(word.clone());
            let number = high_byte_first(&layer.bytes()[digits], base);
            bytes.extend(number.into_iter().map(|byte| (byte, span)));
            return Some(());
        }
    };
    // The first byte may have fewer digits.
    let mut start = digits.start;
    while start < digits.end {
        let end = digits.end - (digits.end - start - 1) / width * width;
        let byte = value(&layer.bytes()[start..end], base)?;
        // A prefix, and what is behind the number, belong to it.
        let from = if start == digits.start {
            word.start
        } else {
            start
        };
        let to = if end == digits.end { word.end } else { end };
        bytes.push((byte, layer.span_of(from..to)));
        start = end;
    }
    Some(())
}

/// Returns the digits of a word without a prefix such as `0x`, `x` or `U` and a suffix such as `u8` or
/// `h`, and their base.
fn digits(word: &[u8], base: u8) -> Option<(Range<usize>, u8)> {
    let (start, base) = match word.get(1) {
        Some(b'x' | b'X') if has_prefix(word) => (2, 16),
        Some(b'o' | b'O') if has_prefix(word) => (2, 8),
        Some(_) if has_prefix(word) => (2, 2),
        _ => (
            word.iter().position(|byte| is_digit(*byte, base.max(10)))?,
            base,
        ),
    };
    let rest = &word[start..];
    let length = rest
        .iter()
        .take_while(|byte| is_digit(**byte, base))
        .count();
    let is_whole = rest
        .get(length)
        .is_none_or(|behind| !behind.is_ascii_digit());
    let is_number = is_whole && (1..=MAX_DIGITS).contains(&length);
    is_number.then_some((start..start + length, base))
}

/// Returns `true` for the type of a number, as in `0x72_u8`.
fn is_type(word: &[u8]) -> bool {
    matches!(
        word,
        b"u8" | b"u16" | b"u32" | b"u64" | b"i8" | b"i16" | b"i32" | b"i64"
    )
}

/// Returns `true` for a word such as `0x72`.
fn has_prefix(word: &[u8]) -> bool {
    matches!(word, [b'0', b'x' | b'X' | b'o' | b'O' | b'b' | b'B', _, ..])
}

fn is_digit(byte: u8, base: u8) -> bool {
    VALUES[usize::from(byte)] < base
}

fn value(digits: &[u8], base: u8) -> Option<u8> {
    let mut value = 0_u8;
    for digit in digits {
        value = value
            .checked_mul(base)?
            .checked_add(VALUES[usize::from(*digit)])?;
    }
    Some(value)
}

/// Returns the bytes of a number of any size.
fn high_byte_first(digits: &[u8], base: u8) -> Vec<u8> {
    let mut bytes: Vec<u8> = Vec::with_capacity(digits.len() / 2 + 1);
    for digit in digits {
        let mut carry = u32::from(VALUES[usize::from(*digit)]);
        for byte in &mut bytes {
            carry += u32::from(*byte) * u32::from(base);
            // The low eight bits.
            *byte = (carry & 0xff) as u8;
            carry >>= 8;
        }
        if carry > 0 || bytes.is_empty() {
            bytes.push((carry & 0xff) as u8);
        }
    }
    bytes.reverse();
    bytes
}

/// Returns every second number where the others count them, as in `{"0": 114, "1": 111}`.
fn without_indexes(layer: Layer<'_>, words: &[Range<usize>]) -> Option<Vec<Range<usize>>> {
    let index = |word: &Range<usize>| -> Option<u32> {
        let text = str::from_utf8(&layer.bytes()[word.clone()]).ok()?;
        text.parse().ok()
    };
    let is_first = |word: &Range<usize>| matches!(index(word), Some(0 | 1));
    let words = &words[words.iter().position(is_first)?..];
    let pairs = (index(&words[0])?..).zip(words.chunks_exact(2));
    let counted = pairs.take_while(|(expected, pair)| index(&pair[0]) == Some(*expected));
    let values: Vec<_> = counted.map(|(_, pair)| pair[1].clone()).collect();
    (values.len() >= MIN_RUN).then_some(values)
}
