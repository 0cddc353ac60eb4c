//! Which version of a file an answer belongs to.

use reqwest::header::{ETAG, HeaderMap, HeaderValue, LAST_MODIFIED};

/// What tells one version of a file from the next, so that parts of two are never mixed.
#[derive(Clone, Debug)]
pub struct EntityTag {
    etag: Option<HeaderValue>,
    modified: Option<HeaderValue>,
    total: Option<u64>,
}

impl EntityTag {
    pub fn of(headers: &HeaderMap, total: Option<u64>) -> Self {
        Self {
            etag: headers.get(ETAG).cloned(),
            modified: headers.get(LAST_MODIFIED).cloned(),
            total,
        }
    }

    /// What `If-Range` may carry: a strong tag, else the date. A weak tag (`W/…`) promises nothing
    /// about bytes.
    pub fn validator(&self) -> Option<&HeaderValue> {
        let strong = |tag: &&HeaderValue| tag.as_bytes().starts_with(b"\"");
        self.etag.as_ref().filter(strong).or(self.modified.as_ref())
    }

    /// Whether a later answer may be of this version; what only one of the two tells is no
    /// difference, since a partial answer may leave out what the one before has said.
    pub fn may_be(&self, later: &Self) -> bool {
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
        EntityTag::of(&headers, total)
    }

    const DAY: &str = "Fri, 20 Nov 2026 10:00:00 GMT";

    #[test]
    fn the_validator_is_a_strong_tag_or_the_date() {
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
    fn versions_differ_where_both_tell_and_disagree() {
        let first = version("\"a\"", DAY, Some(9));
        for same in [
            version("\"a\"", DAY, Some(9)),
            version("", "", None),
            version("\"a\"", "", None),
        ] {
            assert!(first.may_be(&same), "{same:?}");
        }
        for other in [
            version("\"b\"", DAY, Some(9)),
            version("W/\"a\"", "", None),
            version("", "Sat, 21 Nov 2026 10:00:00 GMT", None),
            version("\"a\"", DAY, Some(10)),
        ] {
            assert!(!first.may_be(&other), "{other:?}");
        }
    }
}
