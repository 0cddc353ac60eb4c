//! A secret text that must appear in no other text.

mod reading;

use std::ops::Range;

use crate::invisible::is_ignorable;
use crate::spelling::{Escapes, MAX_ESCAPE, resolved};
use reading::{DIGITS, ESCAPES, GAP, Unit, units};

/// A secret, such as an API token, to be erased from the texts of others.
///
/// A text is searched as it is, and in every reading of it: escapes resolved, base64, numbers and hex
/// decoded, and readings of readings.
pub struct Secret {
    /// The secret as it is, and with its own escapes resolved.
    patterns: Vec<Vec<char>>,
}

/// Number of characters from which a text is erased. A shorter one is too likely part of ordinary
/// words: a token `a` would leave nothing of any text.
const MIN_CHARS: usize = 8;

/// Maximum number of readings of digits within each other, such as base64 of hex.
const MAX_DEPTH: usize = 3;

/// Number of bytes of a long text that are read at a time, which bounds the memory.
const CHUNK: usize = 1 << 16;

/// Number of bytes that two chunks share: more than any spelling of a token has.
const OVERLAP: usize = 1 << 14;

impl Secret {
    /// Creates a secret. One of fewer than 8 characters is erased from nothing.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let own: Vec<char> = text.chars().collect();
        let plain = resolved(own.iter().copied().enumerate(), Escapes::USUAL);
        let plain: Vec<char> = plain.iter().map(|c| c.char).collect();
        let mut patterns = vec![own, plain];
        patterns.dedup();
        patterns.retain(|pattern| pattern.len() >= MIN_CHARS);
        Self { patterns }
    }

    /// Returns the bytes with `…` for the secret, however it is written: as it is, in capitals,
    /// escaped for JSON, a URL, HTML, a mail or a programming language, broken into lines, in base64,
    /// as numbers or in hex, and in these within each other. Invalid UTF-8 stays.
    #[must_use]
    pub fn erase(&self, bytes: Vec<u8>) -> Vec<u8> {
        let mut erased = Vec::new();
        let mut changed = false;
        for chunk in bytes.utf8_chunks() {
            let text = self.erase_text(chunk.valid());
            changed |= text.is_some();
            erased.extend_from_slice(text.as_deref().unwrap_or(chunk.valid()).as_bytes());
            erased.extend_from_slice(chunk.invalid());
        }
        if changed { erased } else { bytes }
    }

    /// Returns the text with `…` for the secret; `None` where it does not contain it.
    #[must_use]
    pub fn erase_text(&self, text: &str) -> Option<String> {
        if self.patterns.is_empty() || text.len() < MIN_CHARS {
            return None;
        }
        let mut found = Vec::new();
        let mut start = 0;
        loop {
            let end = boundary(text, start + CHUNK + OVERLAP);
            self.find(&units(&text[start..end], start), MAX_DEPTH, &mut found);
            if end == text.len() {
                break;
            }
            start = boundary(text, start + CHUNK);
        }
        without(text, found)
    }

    /// Adds the places of the secret in a text and all its readings.
    fn find(&self, text: &[Unit], depth: usize, found: &mut Vec<Range<usize>>) {
        self.search(text, found);
        self.find_in_digits(text, depth, found);
        let mut known: Vec<Vec<Unit>> = Vec::new();
        for read in ESCAPES {
            let Some(plain) = read(text) else { continue };
            if plain != text && !known.contains(&plain) {
                self.search(&plain, found);
                self.find_in_digits(&plain, depth, found);
                known.push(plain);
            }
        }
    }

    fn find_in_digits(&self, text: &[Unit], depth: usize, found: &mut Vec<Range<usize>>) {
        if depth == 0 {
            return;
        }
        for read in DIGITS {
            if let Some(bytes) = read(text) {
                self.find(&bytes, depth - 1, found);
            }
        }
    }

    /// Adds the places of the secret in a text as it is.
    fn search(&self, text: &[Unit], found: &mut Vec<Range<usize>>) {
        for pattern in &self.patterns {
            for (start, first) in text.iter().enumerate() {
                if is_same(first.char, pattern[0])
                    && let Some(end) = match_end(text, start, pattern)
                {
                    found.push(first.start..text[end - 1].end);
                }
            }
        }
    }
}

/// Returns the last start of a character up to a byte; the end of the text where that is first.
fn boundary(text: &str, at: usize) -> usize {
    let at = at.min(text.len());
    let is_start = |at: &usize| text.is_char_boundary(*at);
    (0..=at).rev().find(is_start).unwrap_or_default()
}

/// Returns the text with `…` in each of these places; `None` without any.
fn without(text: &str, mut places: Vec<Range<usize>>) -> Option<String> {
    if places.is_empty() {
        return None;
    }
    places.sort_unstable_by_key(|place| place.start);
    let mut erased = String::new();
    let mut shown = 0;
    for (index, place) in places.iter().enumerate() {
        if index == 0 || place.start >= shown {
            erased += &text[shown..place.start];
            erased.push('…');
        }
        shown = shown.max(place.end);
    }
    erased += &text[shown..];
    Some(erased)
}

/// Returns where the pattern ends that starts at `start`. At the end of the text, its first
/// characters suffice: the text may be cut, also within an escape.
fn match_end(text: &[Unit], start: usize, pattern: &[char]) -> Option<usize> {
    let mut at = start;
    for (matched, expected) in pattern.iter().enumerate() {
        if matched > 0 {
            at = skip_breaks(text, at);
        }
        match text.get(at).map(|unit| unit.char) {
            Some(c) if is_same(c, *expected) => at += 1,
            None | Some(GAP) if matched >= MIN_CHARS => return Some(at),
            Some('\\' | '%' | '&' | '=')
                if matched >= MIN_CHARS && text.len() - at < MAX_ESCAPE =>
            {
                return Some(text.len());
            }
            _ => return None,
        }
    }
    Some(at)
}

/// Returns `true` for one letter in both cases.
fn is_same(found: char, expected: char) -> bool {
    found.eq_ignore_ascii_case(&expected)
}

/// Skips line breaks with the white space behind them, and what is not seen.
fn skip_breaks(text: &[Unit], mut at: usize) -> usize {
    let mut is_indent = false;
    while let Some(unit) = text.get(at) {
        let c = unit.char;
        is_indent |= matches!(c, '\n' | '\r');
        if !(is_ignorable(c) || is_indent && c.is_whitespace()) {
            break;
        }
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secret_is_erased_in_any_spelling() {
        let secret = Secret::new("tok-5eCr3t/+x=");
        for text in [
            "tok-5eCr3t/+x=",
            "TOK-5ECR3T/+X=",
            "tok%2D5eCr3t%2F%2Bx%3D",
            "tok&hyphen;5eCr3t&sol;&plus;x&equals;",
            "tok\u{2010}5eCr3t/+x=",
            "tok%E2%80%905eCr3t/+x=",
            "ｔｏｋ－5eCr3t/+x=",
            "tok%252D5eCr3t/+x=",
            r"tok\u002d5eCr3t\/+x\u003d",
            "tok&#45;5eCr3t/+x=",
            "tok-5e\r\n  Cr3t/+x=",
            r"tok-5e\nCr3t/+x=",
            "tok-5e\u{200b}Cr3t/+x=",
            "tok\u{fe0f}-5e\u{34f}Cr3t\u{3164}/\u{e0100}+x\u{fff9}=",
            "t\0o\0k\0-\x005\0e\0C\0r\x003\0t\0/\0+\0x\0=",
            "tok=2D5eCr3t=2F=2Bx=3D",
            // hex of the token
            "746f6b2d3565437233742f2b783d",
            "746F6B2D3565437233742F2B783D",
            "74 6f 6b 2d 35 65 43 72 33 74 2f 2b 78 3d",
            "74:6F:6B:2D:35:65:43:72:33:74:2F:2B:78:3D",
            "0x746f6b2d3565437233742f2b783d",
            "116, 111, 107, 45, 53, 101, 67, 114, 51, 116, 47, 43, 120, 61",
            "0x74, 0x6f, 107, 0o55, 53, 101, 67, 0x72, 51,\n    116, 47, 43, 120, 61",
            "164 157 153 055 065 145 103 162 063 164 057 053 170 075",
            "01110100 01101111 01101011 00101101 00110101 01100101 01000011 01110010 00110011 \
             01110100 00101111 00101011 01111000 00111101",
            r"\164\157\153\55\65\145\103\162\63\164\57\53\170\75",
            r"t\0o\0k\0-\05\0e\0C\0r\03\0t\0/\0+\0x\0=",
            "=74=6F=6B=2D=35=65=43=72=33=74=2F=2B=78=3D",
            "tok=2D5eC=\r\n=72=33t/+x=3D",
            // base64 of the token, cut off
            "dG9rLTVlQ3IzdC8reD",
        ] {
            let around = format!("before Bearer {text}, behind");
            assert_eq!(
                secret.erase_text(&around).as_deref(),
                Some("before Bearer …, behind"),
                "{text:?}"
            );
        }
        // base64 of base64, and of hex
        for (text, shown) in [
            ("ZEc5ckxUVmxRM0l6ZEM4cmVEMD0=", "…0="),
            ("NzQ2ZjZiMmQzNTY1NDM3MjMzNzQyZjJiNzgzZA==", "…=="),
        ] {
            assert_eq!(secret.erase_text(text).as_deref(), Some(shown));
        }
        let secret_behind_escape = Secret::new("ef12ab34cd");
        for text in [
            "%ef12ab34cd",
            r"\x%ef12ab34cd",
            "key=ef12ab34cd",
            "&#ef12ab34cd",
        ] {
            let erased = secret_behind_escape.erase_text(text).unwrap_or_default();
            assert!(erased.ends_with('…'), "{text} {erased}");
        }
        for cut in ["", "\\", "\\u00", "%3", "&#51", "%25"] {
            let text = format!("no tok-5eCr{cut}");
            assert_eq!(secret.erase_text(&text).as_deref(), Some("no …"), "{text}");
        }
        assert_eq!(secret.erase_text("no tok-5eCr3 yet"), None);
    }

    #[test]
    fn base64_is_found_at_any_offset() {
        // `printf '%s' PREFIX5eCr3t-t0ken9 | base64`
        let secret = Secret::new("5eCr3t-t0ken9");
        for text in [
            "NWVDcjN0LXQwa2VuOQ==",
            "YTo1ZUNyM3QtdDBrZW45",
            "YWI6NWVDcjN0LXQwa2VuOQ==",
            "Ojo1ZUNyM3QtdDBrZW45Cg==",
        ] {
            let erased = secret
                .erase_text(text)
                .unwrap_or_else(|| panic!("{text} is unchanged"));
            assert!(erased.chars().count() < 9, "{text} {erased}");
        }
    }

    #[test]
    fn short_secret_is_erased_from_nothing() {
        assert_eq!(Secret::new("a").erase_text("a banana"), None);
        assert_eq!(Secret::new("1234567").erase_text("1234567"), None);
    }

    #[test]
    fn invalid_bytes_stay() {
        let secret = Secret::new("tok-5eCr3t");
        let erased = [b"\xff ", "…".as_bytes(), b" \xfe"].concat();
        assert_eq!(secret.erase(b"\xff tok-5eCr3t \xfe".to_vec()), erased);
        assert_eq!(secret.erase(b"\xff tok \xfe".to_vec()), b"\xff tok \xfe");
    }
}
