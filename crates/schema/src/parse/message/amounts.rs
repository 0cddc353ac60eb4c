//! Amounts in the message of a rule.

use crate::Quantity;

/// An amount as it is written, and all its possible meanings in the unit of the rule.
pub(super) struct Amount {
    pub(super) written: String,
    /// A quotient has more digits than people write, so it is compared as it is rounded.
    pub(super) quotient: Option<f64>,
    pub(super) meanings: Vec<f64>,
}

/// Factor of a unit.
enum Unit {
    /// Several factors, all of which are in use.
    Times(&'static [f64]),
    /// Unknown factor: `4K` is 3840 pixels, or 4096, or 4000.
    Unclear,
}

/// Returns the amounts of a text in lower case, or `None` if one of them is unclear.
pub(super) fn amounts(text: &str, quantity: &Quantity) -> Option<Vec<Amount>> {
    let mut found: Vec<Amount> = Vec::new();
    // "1 minute 30 seconds" is one amount.
    let mut total = 0.0;
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        rest = &rest[start..];
        let (mut amount, length) = amount(rest, quantity);
        rest = &rest[length..];
        match unit(rest, quantity) {
            Unit::Unclear => return None,
            Unit::Times(factors) => {
                let of = |meaning: f64| factors.iter().map(move |factor| meaning * factor);
                amount.meanings = amount.meanings.into_iter().flat_map(of).collect();
            }
        }
        total += amount.meanings.first().copied().unwrap_or_default();
        found.push(amount);
    }
    if let Some(last) = found.last_mut().filter(|_| is_time(quantity)) {
        last.meanings.push(total);
    }
    Some(found)
}

/// Returns the amount that a text begins with, without its unit, and its length in bytes.
fn amount(text: &str, quantity: &Quantity) -> (Amount, usize) {
    let (first, mut length) = leading(text);
    let mut meanings = vec![first];
    let mut quotient = None;
    let after = &text[length..];
    if let Some((separator, second, more)) = pair(after) {
        length += more;
        let ratio = matches!(quantity, Quantity::AspectRatio);
        match separator {
            ':' if !ratio => meanings.extend([second, first * 60.0 + second]),
            _ => meanings.clear(),
        }
        quotient = Some(first / second);
    } else if let Some((joined, more)) = grouped(text, length) {
        let parts = text[length..length + more].split_whitespace();
        meanings.extend(parts.filter_map(|part| part.parse::<f64>().ok()));
        meanings.insert(0, joined);
        length += more;
    } else if let Some((decimal, second, more)) = decimal_comma(text, length) {
        meanings = vec![decimal, first, second];
        length += more;
    } else if text[..length]
        .split_once('.')
        .is_some_and(|(_, f)| f.len() == 3)
    {
        // A point between thousands.
        meanings.push(first * 1_000.0);
    }
    let written = text[..length].to_owned();
    let amount = Amount {
        written,
        quotient,
        meanings,
    };
    (amount, length)
}

/// Parses `/3` or `:9` after a number, with or without spaces: the sign, the number and the length.
fn pair(text: &str) -> Option<(char, f64, usize)> {
    let trimmed = text.trim_start();
    let separator = trimmed.chars().next().filter(|c| ":/".contains(*c))?;
    let second = trimmed[1..].trim_start();
    if !second.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let (value, length) = leading(second);
    Some((separator, value, text.len() - second.len() + length))
}

/// Parses `1 024` as one number: its value and the length after the first digits.
fn grouped(text: &str, first: usize) -> Option<(f64, usize)> {
    let mut joined = text
        .get(..first)
        .filter(|digits| digits.len() <= 3)?
        .to_owned();
    let mut rest = &text[first..];
    while let Some(space) = rest.chars().next().filter(|c| c.is_whitespace()) {
        let group = &rest[space.len_utf8()..];
        let digits = group.bytes().take_while(u8::is_ascii_digit).count();
        if digits != 3 {
            break;
        }
        joined += &group[..3];
        rest = &group[3..];
    }
    let more = text.len() - first - rest.len();
    (more > 0).then_some((joined.parse().ok()?, more))
}

/// Parses `4,7` as one number: its value, that of its second part, and that part's length.
fn decimal_comma(text: &str, first: usize) -> Option<(f64, f64, usize)> {
    let after = text[first..].strip_prefix(',')?;
    let digits = after.bytes().take_while(u8::is_ascii_digit).count();
    let end = first + 1 + digits;
    let second = after[..digits].parse().ok()?;
    let whole = text[..end].replace(',', ".").parse().ok()?;
    Some((whole, second, 1 + digits))
}

/// Returns the decimal number that a text begins with, and its length in bytes.
fn leading(text: &str) -> (f64, usize) {
    let bytes = text.as_bytes();
    let digit = |i: usize| bytes.get(i).is_some_and(u8::is_ascii_digit);
    let mut end = 0;
    while digit(end)
        || (bytes.get(end) == Some(&b'.') && digit(end + 1))
        || (bytes.get(end) == Some(&b',') && (1..=3).all(|k| digit(end + k)) && !digit(end + 4))
    {
        end += 1;
    }
    // Two dots make no number; infinity equals no limit.
    (
        text[..end]
            .replace(',', "")
            .parse()
            .unwrap_or(f64::INFINITY),
        end,
    )
}

fn is_time(quantity: &Quantity) -> bool {
    match quantity {
        Quantity::DurationSeconds => true,
        Quantity::Other(name) => name.contains("second") || name.contains("duration"),
        _ => false,
    }
}

/// Returns the unit that a text begins with, relative to the quantity's own.
fn unit(text: &str, quantity: &Quantity) -> Unit {
    const KIBI: f64 = 1.0 / 1_024.0;
    const SAME: Unit = Unit::Times(&[1.0]);
    let word = text.trim_start_matches(|c: char| c.is_whitespace() || c == '-');
    let end = word.find(|c: char| !c.is_alphabetic());
    let word = &word[..end.unwrap_or(word.len())];
    match (quantity, word) {
        (Quantity::FileSizeMb, "k" | "kb" | "kib" | "kilobyte" | "kilobytes") => {
            Unit::Times(&[1e-3, KIBI])
        }
        (Quantity::FileSizeMb, "g" | "gb" | "gib" | "gigabyte" | "gigabytes") => {
            Unit::Times(&[1e3, 1_024.0])
        }
        (Quantity::FileSizeMb, "b" | "byte" | "bytes") => Unit::Times(&[1e-6, KIBI * KIBI]),
        (_, "h" | "hr" | "hrs" | "hour" | "hours") if is_time(quantity) => Unit::Times(&[3_600.0]),
        (_, "m" | "min" | "mins" | "minute" | "minutes") if is_time(quantity) => {
            Unit::Times(&[60.0])
        }
        (_, "ms" | "msec" | "millisecond" | "milliseconds") if is_time(quantity) => {
            Unit::Times(&[1e-3])
        }
        (_, "k" | "mp" | "megapixel" | "megapixels") => Unit::Unclear,
        _ if text.trim_start().starts_with('%') => Unit::Times(&[1.0, 0.01]),
        _ => SAME,
    }
}
