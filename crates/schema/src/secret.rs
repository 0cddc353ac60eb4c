//! A secret text that must appear in no other text.

use crate::is_invisible;
use crate::spelling::{MAX_ESCAPE, Spelling};

/// A secret, such as an API token, to be erased from the texts of others.
pub struct Secret {
    /// The secret as it is.
    text: String,
    /// The secret, and what base64 and a hex dump make of it.
    patterns: Vec<Vec<char>>,
}

/// Number of characters from which a text is erased. A shorter one is too likely part of ordinary
/// words: a token `a` would leave nothing of any text.
const MIN_CHARS: usize = 8;

impl Secret {
    /// Creates a secret. One of fewer than 8 characters is erased from nothing.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut patterns = Vec::new();
        if text.chars().count() >= MIN_CHARS {
            let spelling = Spelling::new(text);
            patterns.push(
                (0..spelling.len())
                    .filter_map(|i| spelling.char(i))
                    .collect(),
            );
            patterns.extend((0..3).map(|before| base64_within(text.as_bytes(), before)));
            patterns.push(hex(text.as_bytes()));
        }
        Self {
            text: text.to_owned(),
            patterns,
        }
    }

    /// Returns the bytes with `…` for the secret, however it is written: as it is, in capitals,
    /// escaped for JSON, a URL, HTML or a mail, broken into lines, in base64 or in hex. Invalid UTF-8
    /// stays.
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
        let plain = self.erase_plain(text);
        let usual = self.erase_spelled(Spelling::new, plain.as_deref().unwrap_or(text));
        let erased = usual.or(plain);
        let text = erased.as_deref().unwrap_or(text);
        // Mails may have any part of it as `=2D`.
        let is_mail = text.contains('=');
        let mail = is_mail.then(|| self.erase_spelled(Spelling::with_mail, text));
        mail.flatten().or(erased)
    }

    /// Erases the secret as it is. Behind a character that starts an escape it would not be found as
    /// spelled: `%5eCr3t`.
    fn erase_plain(&self, text: &str) -> Option<String> {
        let secret = self.text.as_bytes();
        let mut erased = String::new();
        let (mut shown, mut at) = (0, 0);
        while at + MIN_CHARS <= text.len() {
            // At the end of the text, which may be cut, the start of the secret suffices.
            let length = secret.len().min(text.len() - at);
            if text.as_bytes()[at..at + length].eq_ignore_ascii_case(&secret[..length])
                && text.is_char_boundary(at + length)
            {
                erased += &text[shown..at];
                erased.push('…');
                at += length;
                shown = at;
            } else {
                at += 1;
            }
        }
        if shown == 0 {
            return None;
        }
        erased += &text[shown..];
        Some(erased)
    }

    fn erase_spelled<'a>(
        &self,
        read: fn(&'a str) -> Spelling<'a>,
        text: &'a str,
    ) -> Option<String> {
        let spelling = read(text);
        let mut erased = String::new();
        let (mut shown, mut at) = (0, 0);
        while at < spelling.len() {
            let ends = self
                .patterns
                .iter()
                .map(|pattern| match_end(&spelling, at, pattern));
            at = match ends.flatten().max() {
                Some(end) => {
                    erased += &text[shown..spelling.start(at)];
                    erased.push('…');
                    shown = spelling.start(end);
                    end
                }
                None => at + 1,
            };
        }
        if shown == 0 {
            return None;
        }
        erased += &text[shown..];
        Some(erased)
    }
}

/// Returns where the pattern ends that starts at `start`. At the end of the text, its first
/// characters suffice: the text may be cut, also within an escape.
fn match_end(text: &Spelling<'_>, start: usize, pattern: &[char]) -> Option<usize> {
    let mut at = start;
    for (matched, expected) in pattern.iter().enumerate() {
        if matched > 0 {
            at = skip_breaks(text, at);
        }
        match text.char(at) {
            Some(c) if is_same(c, *expected) => at += 1,
            None if matched >= MIN_CHARS => return Some(at),
            Some('\\' | '%' | '&') if matched >= MIN_CHARS && text.len() - at < MAX_ESCAPE => {
                return Some(text.len());
            }
            _ => return None,
        }
    }
    Some(at)
}

/// Returns `true` for one letter in both cases, and for one digit of base64 in both alphabets.
fn is_same(found: char, expected: char) -> bool {
    found.eq_ignore_ascii_case(&expected) || matches!((found, expected), ('-', '+') | ('_', '/'))
}

/// Skips line breaks with the white space behind them, and what is not seen.
fn skip_breaks(text: &Spelling<'_>, mut at: usize) -> usize {
    let mut is_indent = false;
    while let Some(c) = text.char(at) {
        is_indent |= matches!(c, '\n' | '\r');
        if !(is_invisible(c) || is_indent && c.is_whitespace()) {
            break;
        }
        at += 1;
    }
    at
}

/// Returns the digits of base64 that depend on `bytes` alone, where `before` bytes precede them.
fn base64_within(bytes: &[u8], before: usize) -> Vec<char> {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bit = |index: usize| bytes[index / 8] >> (7 - index % 8) & 1;
    // Bits until the next digit starts.
    let skipped = (6 - before * 8 % 6) % 6;
    let bits: Vec<u8> = (skipped..bytes.len() * 8).map(bit).collect();
    let digit = |bits: &[u8]| {
        let index = bits.iter().fold(0, |index, bit| index << 1 | bit);
        char::from(DIGITS[usize::from(index)])
    };
    bits.chunks_exact(6).map(digit).collect()
}

/// Returns the bytes in hex.
fn hex(bytes: &[u8]) -> Vec<char> {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16);
    let digits = bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]);
    digits.flatten().collect()
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
            "t\0o\0k\0-\x005\0e\0C\0r\x003\0t\0/\0+\0x\0=",
            "tok=2D5eCr3t=2F=2Bx=3D",
            // hex of the token
            "746f6b2d3565437233742f2b783d",
            "746F6B2D3565437233742F2B783D",
            // base64 of the token, and of "ab:" and "a:" before it, without what neighbours change
            "dG9rLTVlQ3IzdC8reD",
        ] {
            let around = format!("before Bearer {text}, behind");
            assert_eq!(
                secret.erase_text(&around).as_deref(),
                Some("before Bearer …, behind"),
                "{text:?}"
            );
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
