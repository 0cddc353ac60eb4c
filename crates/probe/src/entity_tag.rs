//! Distinguishes the versions of a file on a server.

use reqwest::header::{ETAG, HeaderMap, HeaderValue, LAST_MODIFIED};

/// The headers that identify one version of a file, so that parts of two versions are never mixed.
#[derive(Clone, Debug)]
pub struct EntityTag {
    etag: Option<HeaderValue>,
    modified: Option<HeaderValue>,
    total: Option<u64>,
}

impl EntityTag {
    /// Reads `ETag` and `Last-Modified`; `total` is the size of the whole file in bytes, if known.
    pub fn from_headers(headers: &HeaderMap, total: Option<u64>) -> Self {
        Self {
            etag: headers.get(ETAG).cloned(),
            modified: headers.get(LAST_MODIFIED).cloned(),
            total,
        }
    }

    /// Returns the value for `If-Range`: a strong tag, else the date. A weak tag (`W/…`) promises
    /// nothing about bytes.
    pub fn validator(&self) -> Option<&HeaderValue> {
        let strong = |tag: &&HeaderValue| tag.as_bytes().starts_with(b"\"");
        self.etag.as_ref().filter(strong).or(self.modified.as_ref())
    }

    /// Returns `true` if a later response may be of this version.
    ///
    /// A header that only one of the two has makes no difference: a partial response may omit
    /// headers of the one before.
    pub fn may_match(&self, later: &Self) -> bool {
        fn agree<T: PartialEq>(one: Option<&T>, other: Option<&T>) -> bool {
            one.is_none() || other.is_none() || one == other
        }
        agree(self.etag.as_ref(), later.etag.as_ref())
            && agree(self.modified.as_ref(), later.modified.as_ref())
            && agree(self.total.as_ref(), later.total.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(etag: &str, modified: &str, total: Option<u64>) -> EntityTag {
        let mut headers = HeaderMap::new();
        for (name, value) in [(ETAG, etag), (LAST_MODIFIED, modified)] {
            if !value.is_empty() {
                headers.insert(name, value.parse().unwrap());
            }
        }
        EntityTag::from_headers(&headers, total)
    }

    const DAY: &str = "Fri, 20 Nov 2026 10:00:00 GMT";

    #[test]
    fn validator_is_a_strong_tag_or_the_date() {
        for (etag, modified, validator) in [
            ("\"a\"", DAY, Some("\"a\"")),
            ("W/\"a\"", DAY, Some(DAY)),
            ("W/\"a\"", "", None),
            ("", DAY, Some(DAY)),
            ("", "", None),
        ] {
            let version = version(etag, modified, None);
            let found = version.validator().map(|value| value.to_str().unwrap());
            assert_eq!(found, validator);
        }
    }

    #[test]
    fn versions_differ_where_known_headers_disagree() {
        let first = version("\"a\"", DAY, Some(9));
        for same in [
            version("\"a\"", DAY, Some(9)),
            version("", "", None),
            version("\"a\"", "", None),
        ] {
            assert!(first.may_match(&same), "{same:?}");
        }
        for other in [
            version("\"b\"", DAY, Some(9)),
            version("W/\"a\"", "", None),
            version("", "Sat, 21 Nov 2026 10:00:00 GMT", None),
            version("\"a\"", DAY, Some(10)),
        ] {
            assert!(!first.may_match(&other), "{other:?}");
        }
    }
}
