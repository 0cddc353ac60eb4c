//! Parses and encodes `data:` URIs (RFC 2397), which contain media themselves.

use std::borrow::Cow;

use base64::Engine;
use base64::alphabet;
use base64::engine::general_purpose::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use percent_encoding::percent_decode_str;

/// Maximum size of a request body in bytes, media in `data:` URIs included.
///
/// Another client of the service was seen to send this much; the service documents no limit.
pub const MAX_REQUEST_BYTES: usize = 64 << 20;

/// Base64 whose padding may be missing.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// A parsed `data:` URI.
///
/// ```
/// use runcomfy_media::DataUri;
///
/// let uri = DataUri::encode("image/gif", b"GIF89a");
/// assert_eq!(uri, "data:image/gif;base64,R0lGODlh");
/// let parsed = DataUri::parse(&uri).expect("the URI is valid");
/// assert_eq!(parsed.bytes().as_deref(), Some(&b"GIF89a"[..]));
/// assert!(DataUri::parse("https://example.com/a,b").is_none());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataUri<'a> {
    media_type: &'a str,
    is_base64: bool,
    data: &'a str,
}

impl<'a> DataUri<'a> {
    /// Parses a URI. Returns `None` if it has another scheme or no comma.
    #[must_use]
    pub fn parse(uri: &'a str) -> Option<Self> {
        let (scheme, rest) = uri.split_once(':')?;
        if !scheme.eq_ignore_ascii_case("data") {
            return None;
        }
        let (media_type, data) = rest.split_once(',')?;
        let last = media_type.rsplit(';').next().unwrap_or_default();
        Some(Self {
            media_type: media_type.split(';').next().unwrap_or_default(),
            is_base64: last.trim().eq_ignore_ascii_case("base64"),
            data,
        })
    }

    /// Decodes the media. Returns `None` if the encoding is invalid.
    #[must_use]
    pub fn bytes(&self) -> Option<Vec<u8>> {
        let data: Cow<'_, [u8]> = percent_decode_str(self.data).into();
        if self.is_base64 {
            STANDARD.decode(data).ok()
        } else {
            Some(data.into_owned())
        }
    }

    /// Decodes the media as browsers do: white space in base64 and missing padding are accepted, and so
    /// is the alphabet of URLs. Returns `None` if the encoding is invalid.
    ///
    /// ```
    /// # use runcomfy_media::DataUri;
    /// let uri = DataUri::parse("data:image/gif;base64,R0lGODlh AA").expect("the URI is valid");
    /// assert_eq!((uri.bytes(), uri.lenient_bytes()), (None, Some(b"GIF89a\0".to_vec())));
    /// ```
    #[must_use]
    pub fn lenient_bytes(&self) -> Option<Vec<u8>> {
        let data = percent_decode_str(self.data);
        if !self.is_base64 {
            return Some(data.collect());
        }
        let standard = |byte| match byte {
            b'-' => b'+',
            b'_' => b'/',
            byte => byte,
        };
        let digits = data.filter(|byte| !byte.is_ascii_whitespace());
        let digits: Vec<u8> = digits.map(standard).collect();
        LENIENT.decode(digits).ok()
    }

    /// Returns the media type, such as `image/png`, or `None` if the URI has none.
    #[must_use]
    pub fn media_type(&self) -> Option<&'a str> {
        Some(self.media_type).filter(|media_type| !media_type.is_empty())
    }

    /// Encodes media of a media type, such as `image/png`, as a URI.
    #[must_use]
    pub fn encode(media_type: &str, bytes: &[u8]) -> String {
        let mut uri = format!("data:{media_type};base64,");
        STANDARD.encode_string(bytes, &mut uri);
        uri
    }

    /// Returns the number of characters that `bytes` bytes have in a URI, after its comma.
    #[must_use]
    pub fn encoded_length(bytes: u64) -> u64 {
        bytes.div_ceil(3).saturating_mul(4)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_encoding_is_decoded() {
        for (uri, bytes) in [
            ("data:,a%20b", Some(&b"a b"[..])),
            ("data:text/plain;charset=utf-8,x", Some(b"x")),
            ("DATA:image/png;BASE64,AAEC", Some(&[0, 1, 2])),
            ("data:image/png;base64,AA%3D%3D", Some(&[0])),
            ("data:image/png;base64,A", None),
            ("data:image/png;base64,!!!!", None),
        ] {
            let parsed = DataUri::parse(uri).unwrap();
            assert_eq!(parsed.bytes().as_deref(), bytes, "{uri}");
        }
        for none in ["data:image/png;base64", "https://a/,", "a.png", ""] {
            assert_eq!(DataUri::parse(none), None, "{none}");
        }
    }

    #[test]
    fn media_type_is_read_with_and_without_parameters() {
        for (uri, media_type) in [
            ("data:,x", None),
            ("data:;base64,AA==", None),
            ("data:image/png,x", Some("image/png")),
            (
                "data:text/plain;charset=utf-8;base64,AA==",
                Some("text/plain"),
            ),
        ] {
            assert_eq!(DataUri::parse(uri).unwrap().media_type(), media_type);
        }
    }

    #[test]
    fn lenient_base64_is_that_of_browsers() {
        for (data, bytes) in [
            ("AAEC", Some(vec![0, 1, 2])),
            ("AA%3D%3D", Some(vec![0])),
            ("AA", Some(vec![0])),
            ("A A\nEC", Some(vec![0, 1, 2])),
            ("-_8=", Some(vec![0xfb, 0xff])),
            ("A", None),
            ("@@@@", None),
        ] {
            let uri = format!("data:image/png;base64,{data}");
            assert_eq!(
                DataUri::parse(&uri).unwrap().lenient_bytes(),
                bytes,
                "{data}"
            );
        }
        let text = DataUri::parse("data:,a%20+b").unwrap();
        assert_eq!(text.lenient_bytes().as_deref(), Some(&b"a +b"[..]));
    }

    #[test]
    fn encoded_length_is_exact() {
        for count in 0..10 {
            let uri = DataUri::encode("", &vec![7; count]);
            let data = uri.split_once(',').unwrap().1;
            assert_eq!(DataUri::encoded_length(count as u64), data.len() as u64);
        }
    }
}
