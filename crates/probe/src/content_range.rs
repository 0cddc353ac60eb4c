//! Parses the `Content-Range` header, which says which part of a file a response has.

use std::ops::Range;

/// The `Content-Range` of a response, in bytes (RFC 9110, section 14.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContentRange {
    /// Positions of the part's bytes in the file.
    pub range: Range<u64>,
    /// Size of the whole file in bytes, if the server sends it.
    pub total: Option<u64>,
}

impl ContentRange {
    /// Parses `bytes 0-99/1234` or `bytes 0-99/*`. Returns `None` for other texts and for
    /// impossible parts, such as one that ends after the file's end.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (unit, rest) = text.trim().split_once(' ')?;
        let (range, total) = rest.trim_start().split_once('/')?;
        let (first, last) = range.split_once('-')?;
        let (first, end) = (number(first)?, number(last)?.checked_add(1)?);
        let total = match total {
            "*" => None,
            total => Some(number(total)?),
        };
        let possible = first < end && total.is_none_or(|total| end <= total);
        (unit.eq_ignore_ascii_case("bytes") && possible).then_some(Self {
            range: first..end,
            total,
        })
    }
}

/// Parses a text of digits alone; `u64::from_str` would accept a sign too.
fn number(text: &str) -> Option<u64> {
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn valid_ranges_are_parsed() {
        for (text, range, total) in [
            ("bytes 0-99/1234", 0..100, Some(1234)),
            ("Bytes 5-5/6", 5..6, Some(6)),
            ("bytes 0-0/*", 0..1, None),
            (" bytes  7-9/10 ", 7..10, Some(10)),
        ] {
            let read = ContentRange::parse(text);
            assert_eq!(read, Some(ContentRange { range, total }), "{text}");
        }
    }

    #[test]
    fn impossible_ranges_and_other_texts_are_refused() {
        for text in [
            "",
            "bytes",
            "bytes 0-99",
            "bytes */1234",
            "bytes 9-5/10",
            "bytes 0-10/10",
            "bytes 0-99/",
            "bytes -99/100",
            "bytes +0-99/100",
            "bytes 0-99/-1",
            "bytes 0-18446744073709551615/*",
            "bytes 0-99999999999999999999/*",
            "lines 0-99/1234",
            "bytes 0-99,200-299/1234",
        ] {
            assert_eq!(ContentRange::parse(text), None, "{text:?}");
        }
    }
}
