//! Decoders of spellings, written apart from those of the crates.

use num_bigint::BigUint;

fn latin(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

/// Reads digits of base 16 or 2 in a row, with the bytes at each place where one may start.
pub(crate) fn dense(text: &str, base: u32) -> String {
    let text: String = text.split(['\r', '\n']).collect();
    let width = if base == 16 { 2 } else { 8 };
    let mut read = String::new();
    for row in text.split(|c: char| !c.is_digit(base)) {
        for start in 0..width.min(row.len()) {
            let chunks = row.as_bytes()[start..].chunks_exact(width);
            let byte = |chunk| u8::from_str_radix(str::from_utf8(chunk).unwrap(), base).unwrap();
            read += &latin(&chunks.map(byte).collect::<Vec<u8>>());
            read.push(BETWEEN);
        }
    }
    read
}

/// Reads all numbers of a text. What is not ASCII is between two lists of them.
pub(crate) fn numbers(text: &str, base: u32, is_low_first: bool) -> String {
    let mut read = String::new();
    for list in text.split(|c: char| !c.is_ascii()) {
        for word in list.split(|c: char| !c.is_ascii_alphanumeric()) {
            let word = word.strip_prefix("0x").unwrap_or(word);
            let Some(number) = BigUint::parse_bytes(word.as_bytes(), base) else {
                continue;
            };
            let bytes = if is_low_first {
                number.to_bytes_le()
            } else {
                number.to_bytes_be()
            };
            read += &latin(&bytes);
        }
        read.push(' ');
    }
    read
}

pub(crate) fn behind_colon(text: &str) -> &str {
    text.split_once(':').map_or(text, |(_, behind)| behind)
}

/// Stands between two readings of one text: a list in the first must not go on in the second.
const BETWEEN: char = '\u{b6}';

/// Reads base64 or base32, from each digit.
pub(crate) fn undigits(text: &str, alphabet: &[u8], bits: usize) -> String {
    let text: String = text.split(['\r', '\n']).collect();
    let value = |c: char| {
        let digit = u8::try_from(c).ok()?;
        alphabet.iter().position(|known| *known == digit)
    };
    let mut read = String::new();
    for row in text.split(|c: char| value(c).is_none()) {
        let stream: Vec<u8> = (row.chars())
            .flat_map(|c| {
                let value = value(c).unwrap();
                (0..bits)
                    .rev()
                    .map(move |bit| u8::from(value >> bit & 1 == 1))
            })
            .collect();
        if stream.len() < 64 {
            continue;
        }
        for start in 0..8 {
            let bytes = stream[start * bits..].chunks_exact(8);
            let byte = |chunk: &[u8]| chunk.iter().fold(0, |byte, bit| byte << 1 | bit);
            read += &latin(&bytes.map(byte).collect::<Vec<u8>>());
            read.push(BETWEEN);
        }
    }
    read
}

/// Replaces each escape that `escape` finds at the start of a text, with its length.
fn replace(text: &str, escape: impl Fn(&str) -> Option<(u32, usize)>) -> String {
    let mut read = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let found = escape(rest).and_then(|(code, length)| Some((char::from_u32(code)?, length)));
        let (c, length) = found.unwrap_or((c, c.len_utf8()));
        read.push(c);
        rest = &rest[length..];
    }
    read
}

fn code(text: &str, from: usize, to: usize, base: u32) -> Option<u32> {
    u32::from_str_radix(text.get(from..to)?, base).ok()
}

pub(crate) fn unpercent(text: &str) -> String {
    replace(text, |text| {
        text.starts_with('%').then_some(())?;
        Some((code(text, 1, 3, 16)?, 3))
    })
}

pub(crate) fn unmail(text: &str) -> String {
    replace(text, |text| {
        text.starts_with('=').then_some(())?;
        Some((code(text, 1, 3, 16)?, 3))
    })
}

pub(crate) fn unentity(text: &str) -> String {
    replace(text, |text| {
        let number = text.strip_prefix("&#")?.split_once(';')?.0;
        let length = number.len() + 3;
        let code = match number.strip_prefix('x') {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        Some((code, length))
    })
}

pub(crate) fn unbackslash(text: &str) -> String {
    replace(text, |text| {
        let escape = text.strip_prefix('\\')?;
        let kind = escape.chars().next()?;
        match kind {
            'u' if escape.starts_with("u{") => {
                let digits = escape[2..].split_once('}')?.0;
                Some((u32::from_str_radix(digits, 16).ok()?, digits.len() + 4))
            }
            'u' => Some((code(escape, 1, 5, 16)?, 6)),
            'x' => Some((code(escape, 1, 3, 16)?, 4)),
            '0'..='7' => Some((code(escape, 0, 3, 8)?, 4)),
            'n' => Some((10, 2)),
            'r' => Some((13, 2)),
            't' => Some((9, 2)),
            kind if kind.is_ascii_punctuation() => Some((kind.into(), 2)),
            _ => None,
        }
    })
}

/// Drops tags and colours.
pub(crate) fn untag(text: &str) -> String {
    let mut read = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let end = match c {
            '<' => rest.find('>'),
            '\x1b' => rest.find('m'),
            _ => None,
        };
        let is_short = end.filter(|end| *end < 40);
        if is_short.is_none() {
            read.push(c);
        }
        rest = &rest[is_short.map_or(c.len_utf8(), |end| end + 1)..];
    }
    read
}
