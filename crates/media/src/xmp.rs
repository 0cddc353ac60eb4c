//! Finds the orientation in XMP, the text with which photo programs describe an image.

use crate::carrier::Carrier;
use crate::span::Span;
use crate::sparse::Stop;

/// Name of TIFF's properties, which every prefix of them is declared with.
const NAMESPACE: &[u8] = b"http://ns.adobe.com/tiff/1.0/";
const NAME: &[u8] = b":Orientation";

/// Prefix of XMP in a JPEG's segment and in a raw profile.
pub(crate) const PREFIX: &[u8; 29] = b"http://ns.adobe.com/xap/1.0/\0";

/// Maximum number of bytes that are read. Histories of edits can have megabytes.
pub(crate) const MAX_BYTES: usize = 64 << 10;

/// Reads the orientation of the text in `span`.
pub(crate) fn read(span: Span<'_>) -> Result<Carrier, Stop> {
    let text = span.copied(MAX_BYTES)?;
    let found = orientation(&text);
    let is_whole = span.len() <= MAX_BYTES as u64;
    Ok(match found {
        Carrier::Absent if !is_whole => Carrier::Unreadable,
        found => found,
    })
}

/// Returns the orientation that the text declares.
pub(crate) fn orientation(text: &[u8]) -> Carrier {
    // Other encodings than UTF-8 are allowed outside of JPEG, and are not read.
    if text.iter().take(64).any(|byte| *byte == 0) {
        return Carrier::Unreadable;
    }
    let mut found = Carrier::Absent;
    for at in positions(text, NAMESPACE) {
        // Before the name: `xmlns:tiff="`.
        let declared = text[..at].trim_ascii_end();
        let declared = declared.strip_suffix(b"\"").or(declared.strip_suffix(b"'"));
        let prefix = declared.and_then(|text| text.trim_ascii_end().strip_suffix(b"="));
        let prefix = prefix.map(<[u8]>::trim_ascii_end).unwrap_or_default();
        let start = prefix
            .iter()
            .rposition(|byte| !is_name(*byte))
            .map_or(0, |at| at + 1);
        let prefix = &prefix[start..];
        if prefix.is_empty() || prefix == b"xmlns" {
            // The namespace of names without a prefix, or in a comment.
            found = Carrier::Unreadable;
            continue;
        }
        for name in positions(text, &[prefix, NAME].concat()) {
            let before = name.checked_sub(1).and_then(|at| text.get(at));
            let is_whole = before.is_none_or(|byte| !is_name(*byte));
            let is_end_tag = before == Some(&b'/');
            if is_whole && !is_end_tag {
                return value(&text[name + prefix.len() + NAME.len()..]);
            }
        }
    }
    found
}

/// Parses the value after the property's name: `="6"` or `>6<`.
fn value(text: &[u8]) -> Carrier {
    let text = text.trim_ascii_start();
    let value = match text.split_first() {
        Some((b'=', rest)) => match rest.trim_ascii_start().split_first() {
            Some((b'"' | b'\'', rest)) => rest,
            _ => return Carrier::Unreadable,
        },
        Some((b'>', rest)) => rest,
        _ => return Carrier::Unreadable,
    };
    match value.trim_ascii_start() {
        [number @ b'1'..=b'8', next, ..] if !next.is_ascii_alphanumeric() => {
            Carrier::Turned(number - b'0')
        }
        _ => Carrier::Unreadable,
    }
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.') || !byte.is_ascii()
}

/// Returns the positions of `part` in `text`.
fn positions<'t>(text: &'t [u8], part: &[u8]) -> impl Iterator<Item = usize> + use<'t> {
    let part = part.to_vec();
    let all = text.windows(part.len()).enumerate();
    all.filter(move |(_, window)| *window == part)
        .map(|(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn orientation_of(inside: &str) -> Carrier {
        orientation(format!("<rdf:Description {inside}").as_bytes())
    }

    #[test]
    fn every_spelling_is_read() {
        for (text, found) in [
            (
                r#"xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/>"#,
                Carrier::Turned(6),
            ),
            (
                "xmlns:t = 'http://ns.adobe.com/tiff/1.0/'><t:Orientation> 8 </t:Orientation>",
                Carrier::Turned(8),
            ),
            (
                r#"tiff:Orientation = '3' xmlns:tiff="http://ns.adobe.com/tiff/1.0/">"#,
                Carrier::Turned(3),
            ),
            (
                r#"xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Make="x"/>"#,
                Carrier::Absent,
            ),
            (r#"tiff:Orientation="6""#, Carrier::Absent),
            (
                r#"xmlns:tiff="http://ns.adobe.com/tiff/1.0/" my-tiff:Orientation="6""#,
                Carrier::Absent,
            ),
            (
                r#"xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="&#54;""#,
                Carrier::Unreadable,
            ),
            (
                r#"xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="66""#,
                Carrier::Unreadable,
            ),
            (
                r#"xmlns="http://ns.adobe.com/tiff/1.0/"><Orientation>6"#,
                Carrier::Unreadable,
            ),
        ] {
            assert_eq!(orientation_of(text), found, "{text}");
        }
        assert_eq!(orientation(b"\xfe\xff\0<\0x"), Carrier::Unreadable);
    }
}
