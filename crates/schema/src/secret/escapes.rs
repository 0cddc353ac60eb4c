//! The ways in which the escapes of a layer can be read.

use super::layer::{GAP, Layer, OTHER, Reading};
use crate::invisible::is_ignorable;
use crate::spelling::{Escapes, Resolver};

/// Returns the readings of a layer that differ from it. Some escapes can be read in two ways: `\0` and a
/// digit are two characters in some languages, `=72` is a letter in mails alone, and between `<` and `>` may
/// be markup, or not.
pub(super) fn readings(layer: Layer<'_>) -> Vec<Reading<'_>> {
    let mut readings: Vec<Reading<'_>> = Vec::new();
    let mut sets = Vec::new();
    let signs = signs(layer.bytes());
    if signs & ESCAPE != 0 {
        sets.push(Escapes::USUAL);
    }
    add_further(&mut sets, Escapes::USUAL, layer.bytes(), signs);
    let mut index = 0;
    while let Some(set) = sets.get(index).copied() {
        let (reading, resolver) = read(layer, set);
        let bytes = &reading.bytes;
        let mut signs = self::signs(bytes);
        signs |= if resolver.has_long_zero { LONG_ZERO } else { 0 };
        add_further(&mut sets, set, bytes, signs);
        let is_known = |known: &Reading<'_>| known.bytes == reading.bytes;
        if reading.is_changed() && !readings.iter().any(is_known) {
            readings.push(reading);
        }
        index += 1;
    }
    readings
}

/// Adds the sets that read a text in further ways.
fn add_further(sets: &mut Vec<Escapes>, set: Escapes, bytes: &[u8], signs: u8) {
    let further = [
        (signs & LONG_ZERO != 0, set.without_octal()),
        (
            signs & MAIL != 0 && has_escape_of_mail(bytes),
            set.with_mail(),
        ),
        (signs & MARKUP != 0, set.without_markup()),
    ];
    for (is_needed, set) in further {
        if is_needed && !sets.contains(&set) {
            sets.push(set);
        }
    }
}

/// Sign of a usual escape, a character other than ASCII, or one that is not seen.
const ESCAPE: u8 = 1;
/// Sign that an escape of a mail begins.
const MAIL: u8 = 2;
/// Sign that markup ends.
const MARKUP: u8 = 4;

/// Sign that an escape was read that may be two characters.
const LONG_ZERO: u8 = 8;

/// The sign that each byte is.
static SIGNS: [u8; 256] = {
    let mut signs = [0; 256];
    let mut byte = 0_u8;
    while byte < GAP {
        signs[byte as usize] = match byte {
            b'\\' | b'%' | b'&' | 0x80..=OTHER => ESCAPE,
            b'=' => MAIL,
            b'>' | b'*' | b'`' | 0x1b => MARKUP,
            b'\t' | b'\n' | b'\r' => 0,
            0..b' ' | 0x7f => ESCAPE,
            _ => 0,
        };
        byte += 1;
    }
    signs
};

/// Returns all signs in bytes. Most texts have none.
fn signs(bytes: &[u8]) -> u8 {
    let sign = |byte: &u8| SIGNS[usize::from(*byte)];
    bytes.iter().fold(0, |signs, byte| signs | sign(byte))
}

fn has_escape_of_mail(bytes: &[u8]) -> bool {
    let mut signs = (bytes.iter().enumerate()).filter(|(_, byte)| **byte == b'=');
    signs.any(|(at, _)| match bytes[at + 1..] {
        [b'\r' | b'\n', ..] => true,
        [high, low, ..] => high.is_ascii_hexdigit() && low.is_ascii_hexdigit(),
        _ => false,
    })
}

/// Reads a layer: what is between escapes is copied.
fn read(layer: Layer<'_>, escapes: Escapes) -> (Reading<'_>, Resolver) {
    let bytes = layer.bytes();
    let mut reading = Reading::new(layer);
    let mut resolver = Resolver::new(escapes);
    let mut at = 0;
    while at < bytes.len() {
        let is_plain = |byte: &u8| byte.is_ascii() && resolver.is_inert(char::from(*byte));
        let length = bytes[at..].iter().take_while(|byte| is_plain(byte)).count();
        if length > 0 {
            reading.copy(at..at + length);
            at += length;
        }
        while at < bytes.len() {
            let (char, length) = char_at(layer, at);
            resolver.add(at, at + length, char);
            at += length;
            if !resolver.is_open() {
                break;
            }
        }
        for spelled in resolver.finish() {
            if spelled.is_hidden() {
                reading.hidden.push(spelled.start..spelled.end);
            }
            reading.push(byte_of(spelled.char), spelled.start..spelled.end);
        }
    }
    (reading, resolver)
}

/// Returns the byte that stands for a character in a layer.
fn byte_of(char: char) -> u8 {
    match char {
        c if c.is_ascii() => u8::try_from(c).unwrap_or(OTHER),
        // Wide quotation marks: only in URLs they are others than those of ASCII.
        '\u{ff02}' => b'"',
        '\u{ff07}' => b'\'',
        '\u{ff40}' => b'`',
        char::REPLACEMENT_CHARACTER => GAP,
        c if is_ignorable(c) => 0,
        c if c.is_whitespace() => b' ',
        _ => OTHER,
    }
}

/// Returns a secret as it is in layers: as it is, and as its own escapes and markup are read there.
pub(super) fn patterns(secret: &str) -> Vec<Vec<u8>> {
    let mut patterns = vec![secret.as_bytes().to_vec()];
    for set in [Escapes::USUAL, Escapes::USUAL.with_mail()] {
        for set in [set, set.without_markup()] {
            let chars = Resolver::new(set).resolved(secret);
            let pattern = chars.iter().map(|spelled| byte_of(spelled.char)).collect();
            if !patterns.contains(&pattern) {
                patterns.push(pattern);
            }
        }
    }
    patterns
}

/// Returns a character of a layer, and its length.
fn char_at(layer: Layer<'_>, at: usize) -> (char, usize) {
    let byte = layer.bytes()[at];
    match layer {
        _ if byte.is_ascii() => (char::from(byte), 1),
        Layer::Text(text) => {
            let char = text[at..]
                .chars()
                .next()
                .unwrap_or(char::REPLACEMENT_CHARACTER);
            (char, char.len_utf8())
        }
        _ if byte == GAP => (char::REPLACEMENT_CHARACTER, 1),
        _ => (char::from(byte), 1),
    }
}
