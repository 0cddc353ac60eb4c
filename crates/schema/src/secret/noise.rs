//! Bytes that may be between any two characters of a secret.

use crate::invisible::is_ignorable;

/// Returns `true` for a byte of ASCII that is not seen.
fn is_ignorable_byte(byte: u8) -> bool {
    byte.is_ascii() && is_ignorable(char::from(byte))
}

/// Skips what may be between any two characters of a secret: line breaks with the white space behind them,
/// what is not seen, and the backslashes that a reading has left over.
pub(super) fn skip_noise(text: &[u8], mut at: usize) -> usize {
    let mut is_indent = false;
    while let Some(byte) = text.get(at) {
        is_indent |= matches!(byte, b'\n' | b'\r');
        let is_noise = *byte == b'\\' || is_ignorable_byte(*byte);
        if !(is_noise || is_indent && byte.is_ascii_whitespace()) {
            break;
        }
        at += 1;
    }
    at
}

/// Returns bytes without what a search for them skips.
pub(super) fn without_noise(bytes: &[u8]) -> Vec<u8> {
    let mut kept = Vec::new();
    let mut at = skip_noise(bytes, 0);
    while let Some(byte) = bytes.get(at) {
        kept.push(*byte);
        at = skip_noise(bytes, at + 1);
    }
    kept
}
