//! Reads EXIF data and XMP from the texts of a PNG.

use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress, inflate_flags};

use crate::carrier::Carrier;
use crate::span::Span;
use crate::sparse::Stop;
use crate::{tiff, xmp};

/// Maximum number of bytes of a text that are read, before and after it is decompressed. The
/// orientation is at its start.
const MAX_BYTES: usize = xmp::MAX_BYTES;

/// The orientation in a text.
pub(crate) enum Profile {
    Exif(Carrier),
    Xmp(Carrier),
}

/// The meaning of a keyword.
#[derive(Clone, Copy)]
enum Keyword {
    /// Hexadecimal digits, as ImageMagick writes them.
    Raw,
    Xmp,
}

const KEYWORDS: [(&[u8], Keyword); 4] = [
    (b"Raw profile type exif\0", Keyword::Raw),
    (b"Raw profile type APP1\0", Keyword::Raw),
    (b"Raw profile type xmp\0", Keyword::Raw),
    (b"XML:com.adobe.xmp\0", Keyword::Xmp),
];

/// Reads a chunk of this kind: `tEXt`, `zTXt` or `iTXt`. Returns `None` for other texts.
pub(crate) fn read(kind: [u8; 4], body: Span<'_>) -> Result<Option<Profile>, Stop> {
    let head: [u8; 24] = body.head()?;
    let known = KEYWORDS.iter().find(|(name, _)| head.starts_with(name));
    let Some((name, keyword)) = known else {
        return Ok(None);
    };
    let text = text(kind, body.from(name.len() as u64))?;
    Ok(Some(match (keyword, text) {
        (Keyword::Xmp, None) => Profile::Xmp(Carrier::Unreadable),
        (Keyword::Xmp, Some(text)) => Profile::Xmp(whole(&text, xmp::orientation(&text))),
        (Keyword::Raw, text) => match text.as_deref().and_then(raw) {
            Some(bytes) => profile(&bytes),
            None => Profile::Exif(Carrier::Unreadable),
        },
    }))
}

/// Reads a raw profile, which may be either.
fn profile(bytes: &[u8]) -> Profile {
    let bytes = bytes.strip_prefix(xmp::PREFIX).unwrap_or(bytes);
    if bytes.trim_ascii_start().starts_with(b"<") {
        Profile::Xmp(whole(bytes, xmp::orientation(bytes)))
    } else {
        Profile::Exif(tiff::exif_in(
            bytes.strip_prefix(tiff::PREFIX).unwrap_or(bytes),
        ))
    }
}

/// Returns what was found in a text, of which more may follow.
fn whole(text: &[u8], found: Carrier) -> Carrier {
    match found {
        Carrier::Absent if text.len() >= MAX_BYTES / 2 => Carrier::Unreadable,
        found => found,
    }
}

/// Returns the text after a keyword, or `None` if it is invalid.
fn text(kind: [u8; 4], body: Span<'_>) -> Result<Option<Vec<u8>>, Stop> {
    let mut bytes = body.copied(MAX_BYTES)?;
    let (is_compressed, start) = match &kind {
        b"tEXt" => (false, Some(0)),
        // The method, of which there is only one.
        b"zTXt" => (true, Some(1)),
        // A flag and the method, then a language and the keyword in it.
        _ => {
            let mut ends = bytes
                .iter()
                .enumerate()
                .skip(2)
                .filter(|(_, byte)| **byte == 0);
            (bytes.first() == Some(&1), ends.nth(1).map(|(at, _)| at + 1))
        }
    };
    let Some(start) = start.filter(|start| *start <= bytes.len()) else {
        return Ok(None);
    };
    let text = bytes.split_off(start);
    Ok(if is_compressed {
        inflated(&text)
    } else {
        Some(text)
    })
}

/// Decompresses the first bytes of zlib data.
fn inflated(data: &[u8]) -> Option<Vec<u8>> {
    let mut text = vec![0; MAX_BYTES];
    let flags = inflate_flags::TINFL_FLAG_PARSE_ZLIB_HEADER
        | inflate_flags::TINFL_FLAG_HAS_MORE_INPUT
        | inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
    let mut state = Box::<DecompressorOxide>::default();
    let (status, _, length) = decompress(&mut state, data, &mut text, 0, flags);
    text.truncate(length);
    let is_valid = matches!(
        status,
        TINFLStatus::Done | TINFLStatus::HasMoreOutput | TINFLStatus::NeedsMoreInput
    );
    is_valid.then_some(text)
}

/// Decodes a raw profile: lines with its name and its length, then hexadecimal digits.
fn raw(text: &[u8]) -> Option<Vec<u8>> {
    let text = text.trim_ascii_start();
    let digits = text.splitn(3, |byte| *byte == b'\n').nth(2)?;
    let mut digits = digits.iter().filter(|byte| !byte.is_ascii_whitespace());
    let mut bytes = Vec::with_capacity(text.len() / 2);
    while let (Some(high), Some(low)) = (digits.next(), digits.next()) {
        let digit = |byte: u8| {
            char::from(byte)
                .to_digit(16)
                .and_then(|digit| u8::try_from(digit).ok())
        };
        bytes.push(digit(*high)? << 4 | digit(*low)?);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raw_profile_is_hexadecimal() {
        assert_eq!(
            raw(b"\nexif\n       4\n4578\n6966\n").as_deref(),
            Some(&b"Exif"[..])
        );
        assert_eq!(raw(b"\nexif\n       4\n45xx"), None);
        assert_eq!(raw(b"nothing"), None);
    }

    #[test]
    fn text_that_is_not_compressed_is_invalid() {
        assert_eq!(inflated(b"\x78\xff\xff"), None);
    }
}
