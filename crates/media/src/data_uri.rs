//! Parses and encodes `data:` URIs (RFC 2397), which contain media themselves.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;

/// Maximum size of a request body in bytes, media in `data:` URIs included.
///
/// Another client of the service was seen to send this much; the service documents no limit.
pub const MAX_REQUEST_BYTES: usize = 64 << 20;

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
            is_base64: last.eq_ignore_ascii_case("base64"),
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
    fn encoded_length_is_exact() {
        for count in 0..10 {
            let uri = DataUri::encode("", &vec![7; count]);
            let data = uri.split_once(',').unwrap().1;
            assert_eq!(DataUri::encoded_length(count as u64), data.len() as u64);
        }
    }
}
