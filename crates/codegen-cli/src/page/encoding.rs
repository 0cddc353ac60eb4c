//! Text encodings of saved pages.

use std::borrow::Cow;

use runcomfy_codegen::Position;

use super::error::PageError;

/// Decodes UTF-8, or UTF-16, which browsers and editors call "Unicode".
///
/// Nothing is guessed: a replaced character may be part of a property's name, and a name that the
/// service does not know is refused or, worse, ignored.
///
/// # Errors
/// Fails if the bytes are neither, with the position of the first wrong one.
pub(super) fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, PageError> {
    match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes).map(Cow::Owned),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes).map(Cow::Owned),
        // UTF-16 without a byte order mark: no page has a NUL as its first or second character.
        [_, 0, ..] => utf16(bytes, u16::from_le_bytes).map(Cow::Owned),
        [0, _, ..] => utf16(bytes, u16::from_be_bytes).map(Cow::Owned),
        _ => utf8(bytes).map(Cow::Borrowed),
    }
}

fn utf8(bytes: &[u8]) -> Result<&str, PageError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    std::str::from_utf8(bytes).map_err(|error| {
        let (before, after) = bytes.split_at(error.valid_up_to());
        let found = after.first().copied().unwrap_or_default();
        let before = std::str::from_utf8(before).unwrap_or_default();
        let found = format!("the byte 0x{found:02X}, which is not UTF-8");
        undecodable(before, &found)
    })
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, PageError> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let mut text = String::with_capacity(bytes.len() / 2);
    for c in char::decode_utf16(pairs.iter().map(|&pair| unit(pair))) {
        match c {
            Ok(c) => text.push(c),
            Err(error) => {
                let half = error.unpaired_surrogate();
                let found = format!("half of a character, 0x{half:04X}, in UTF-16");
                return Err(undecodable(&text, &found));
            }
        }
    }
    match rest {
        [] => Ok(text),
        _ => Err(undecodable(
            &text,
            "half of a character at the end, in UTF-16",
        )),
    }
}

fn undecodable(before: &str, found: &str) -> PageError {
    PageError {
        position: Some(Position::in_text(before, before.len())),
        message: format!("found {found}; save the page as UTF-8"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_encoding_gives_the_same_text() {
        let text = "{\"width×height\": \"🎨\"}";
        let units = || text.encode_utf16();
        let little: Vec<u8> = units().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = units().flat_map(u16::to_be_bytes).collect();
        for bytes in [
            text.as_bytes().to_vec(),
            [b"\xef\xbb\xbf", text.as_bytes()].concat(),
            [b"\xff\xfe", &*little].concat(),
            [b"\xfe\xff", &*big].concat(),
            little.clone(),
            big,
        ] {
            assert_eq!(decode(&bytes).as_deref(), Ok(text), "{bytes:x?}");
        }
        assert_eq!(decode(b"").as_deref(), Ok(""));
    }

    #[test]
    fn undecodable_bytes_report_their_position() {
        // Windows-1252.
        for (bytes, expected) in [
            (
                &b"a\n\"width\xd7height\""[..],
                "2:7: found the byte 0xD7, which is not UTF-8; save the page as UTF-8",
            ),
            (
                b"\xff\xfe\n\0x\0\x00\xd8y\0",
                "2:2: found half of a character, 0xD800, in UTF-16; save the page as UTF-8",
            ),
            (
                b"\xff\xfex\0y",
                "1:2: found half of a character at the end, in UTF-16; save the page as UTF-8",
            ),
        ] {
            let error = decode(bytes).map_err(|error| error.to_string());
            assert_eq!(error, Err(expected.to_owned()));
        }
    }
}
